"""Postings on a desk, read by no model: what one would say of them is written here."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.analysis import ANSWERS, FUNCTIONS, Analysis, Duty, Zone, function_of
from analyzer.training.desk import Entry

PILE = (
    (
        ("C", "", "Somos una cadena de panaderías."),
        ("D", "m.pr", "Redactar notas de prensa."),
        ("D", "o.store", "Llevar la tienda online."),
    ),
    (("H", "", "岗位职责："), ("D", "o.user", "负责会员体系搭建，提升用户留存；"), ("D", "n.sales", "拜访客户。<b>&")),
    (("D", "b.strategy", "Definir el posicionamiento de la marca."), ("R", "", "Dos años de experiencia.")),
)


def entry(lines: Sequence[tuple[str, str, str]], name: str, **fields: object) -> Entry:
    """An entry of lines (zone, code, text), with the reading that says so."""
    text, zones, duties = "", [], []
    for zone, code, line in lines:
        text += "\n" * bool(text)
        at = (len(text), len(text) + len(line))
        zones.append(Zone(*at, zone))
        if code:
            duties.append(Duty(*at, line, function_of(code), code, ((code, 1.0),), 0.4, dict.fromkeys(FUNCTIONS, 0.1)))
        text += line
    language = "zh" if any(c > "一" for c in text) else "es"
    result = Analysis(
        "ok",
        language,
        "test",
        primary="marketing",
        probability=dict.fromkeys(ANSWERS, 0.25),
        scores=dict.fromkeys(FUNCTIONS, 0.5),
        duties=tuple(duties),
        zones=tuple(zones),
        reasons=("close_scores",),
    )
    return Entry({"id": name, "text": text, **fields}, result, "close scores, close_scores")


def pile() -> list[Entry]:
    """Three of them."""
    return [entry(lines, f"p{n}", title=f"Puesto {n}") for n, lines in enumerate(PILE, 1)]
