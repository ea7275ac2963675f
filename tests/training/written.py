"""Small labelled postings for the tests of the corpus tools, written for them."""

from __future__ import annotations

from typing import Any

from analyzer.training.exchange_text import read_markup
from analyzer.training.labels import judged

ZH = """=== zh-t-001
language: zh
batch: zh-t
title: 会员运营
industry: 宠物
seniority: junior
company_kind: shop
company: 某猫粮小店
script: hans
register: plain
deceptive: false
steps: 4
---
H| 岗位职责：
D o.user #loyalty| 1、搭建会员等级，搭建积分规则，减少老客流失；
P| 搭建 > 会员等级; @9:11 > 积分规则; purpose 减少老客流失
D+ m.channel+o.user #partners| 2、联系附近宠物医院互放优惠券，把客人
&| 加进会员群；
P| 联系 > 附近宠物医院 [m.channel]; 加进 > 会员群 [o.user]
.
R| 有会员群管理经验😺优先；
X_| 简历发至 hr@example.com
"""
ES = """=== es-t-001
language: es
batch: es-t
title: Ejecutiva de marca
industry: mascotas
seniority: mid
company_kind: sme
company: fábrica de correas
country: UY
register: plain
deceptive: true
---
C| Hacemos correas en Salto desde 1998.
H| Tareas:
D n.sales| - Visitar veterinarias y cerrar pedidos.
P| Visitar > veterinarias; cerrar > pedidos
D n.sales+m.planning| - Armar el catálogo y cobrar las facturas.
B| 40 horas por semana.
"""


def posting(markup: str, path: Any) -> dict[str, Any]:
    """The one posting of a markup text, by way of a file in the folder `path`."""
    file = path / "one.txt"
    file.write_text(markup, encoding="utf-8")
    return next(iter(read_markup(file)))


def simple(id: str, duties: list[tuple[str, str]], language: str = "es", **fields: Any) -> dict[str, Any]:
    """A posting of duties alone, one a line: (code, text)."""
    text, segments = "", []
    for code, line in duties:
        text += "\n" * bool(text)
        segments.append({"start": len(text), "end": len(text) + len(line), "zone": "D", "codes": [code]})
        text += line
    return {"id": id, "language": language, "text": text, **judged(segments, {}), **fields, "segments": segments}
