"""Postings of our own and helpers that the web tests share."""

from __future__ import annotations

import time

from starlette.testclient import TestClient

from analyzer.web import WebSettings, create_app

ZH = (
    "岗位职责：\n1、负责会员体系搭建，提升用户留存；\n2、策划并执行平台促销活动，跟进数据并复盘；\n3、撰写品牌故事，配合新品发布会。\n"
    "任职要求：\n本科及以上学历，两年以上经验。\n福利：五险一金，双休。"
)
ES = (
    "Funciones:\n- Gestionar las cuentas de Instagram y hacer crecer la comunidad de seguidores.\n- Planificar campañas de publicidad "
    "para dar a conocer la marca.\n- Enviar promociones a los clientes registrados para que vuelvan a comprar.\nRequisitos:\n- Dos años de "
    "experiencia en redes sociales.\nOfrecemos contrato indefinido."
)


def wait_ready(client: TestClient, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < until, client.get("/readyz").text
        time.sleep(0.1)


def opened(**settings: object) -> TestClient:
    """A client whose server runs once it is entered."""
    made = WebSettings.from_env(**{"workers": 1, **settings})  # type: ignore[arg-type]
    return TestClient(create_app(made), base_url="http://localhost", follow_redirects=False)
