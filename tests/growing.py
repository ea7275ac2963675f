"""Growth, a function of a user's own, and postings of the corpus labelled with it: what user operations are, it is here."""

from __future__ import annotations

from typing import Any

from analyzer.analysis import Scheme
from analyzer.training.derive import derive

TOML = """\
[functions.growth]
prefix = "w"
name = { en = "Growth", es = "Crecimiento", zh = "增长" }

[subfunctions."w.users"]
name = { en = "User growth", es = "Crecimiento de usuarios", zh = "用户增长" }
terms = { es = ["fidelizacion", "recompra"] }

[subfunctions."w.data"]
name = { en = "Shop growth", es = "Crecimiento de la tienda", zh = "店铺增长" }

[titles.growth]
function = "growth"
es = ["growth"]
"""
SCHEME = Scheme((("growth", "w"),))
CODES = {"w.users", "w.data"}
_OURS = {"o.user": "w.users", "o.activity": "w.data"}


def relabelled(posting: dict[str, Any]) -> dict[str, Any]:
    """The posting with its user operations labelled as growth."""
    segments = [{**s, "codes": list(dict.fromkeys(_OURS.get(c, c) for c in s["codes"])), "phrases": []} for s in posting["segments"]]
    primary, functions = derive(segments, SCHEME)
    return {**posting, "segments": segments, "primary": primary, "functions": functions}


def chosen(postings: list[dict[str, Any]], growth: int, others: int) -> list[dict[str, Any]]:
    """So many postings that are growth's first of all, and others."""
    made = [relabelled(p) for p in postings]
    mine = [p for p in made if p["primary"] == "growth"][:growth]
    rest = [p for p in made if not CODES & {c for s in p["segments"] for c in s["codes"]}]
    return mine + rest[:: max(1, len(rest) // others)][:others]
