"""Fixed folds that leak nothing: whole author batches, and no company or near copy on both sides of a fold.

Each fold also holds one sector and, where postings tell theirs, one country out whole. A part of the postings in
traditional script or with lost characters stands apart: in no fold, for a test of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from analyzer.errors import CorpusError
from analyzer.training.rules import UNSORTED, Rules
from analyzer.training.shingles import near_copies
from analyzer.training.tables import Record, by_language, noisy

FOLDS = 5
ALIKE = 0.3
"""Jaccard similarity from which two postings must not stand on both sides: lower than what counts as a copy."""
LARGEST_SECTOR = 0.04
"""Largest share of a language's postings that a held-out sector may have, so that enough is left to learn from."""
FILE = "splits.json"


def make_splits(postings: Sequence[Record], rules: Rules, folds: int = FOLDS) -> dict[str, Any]:
    """Folds of every language: the same for the same postings, on every machine.

    Raises CorpusError where a language has fewer batches (or, without batches, fewer companies) than folds.
    """
    return {"folds": folds, "languages": {lang: _language(mine, rules, folds) for lang, mine in by_language(postings).items()}}


def stands_apart(posting: Record) -> bool:
    """Whether a posting is kept for a test of its own: half of those in traditional script or with lost characters, by their id."""
    hard = posting.get("script") == "hant" or (posting["language"] == "zh" and noisy(posting["text"]))
    return hard and _even(str(posting["id"]))


def _language(postings: Sequence[Record], rules: Rules, folds: int) -> dict[str, Any]:
    apart = sorted(str(p["id"]) for p in postings if stands_apart(p))
    batches = _batches_of_folds(Counter(_batch(p) for p in postings), folds)
    sectors = _held_out(Counter(s for p in postings if (s := rules.sector(p)) != UNSORTED), folds, LARGEST_SECTOR * len(postings))
    countries = _held_out(Counter(str(p["country"]) for p in postings if p.get("country")), folds, 0.5 * len(postings), skip=1)
    kept = [p for p in postings if p["id"] not in set(apart)]
    kin = _kin(postings)
    out = []
    for number, mine in enumerate(batches):
        sector = sectors[number] if number < len(sectors) else None
        country = countries[number] if number < len(countries) else None
        test = {p["id"] for p in kept if _batch(p) in mine}
        unseen = {p["id"] for p in kept if (sector and rules.sector(p) == sector) or (country and p.get("country") == country)}
        near = {other for p in test for other in kin[p]}
        train = sorted(p["id"] for p in kept if p["id"] not in test | unseen | near)
        held = {"sector": sector, "country": country, "postings": sorted(unseen)}
        out.append({"batches": sorted(mine), "held_out": held, "test": sorted(test), "train": train})
    return {"hash": postings_hash(postings), "apart": apart, "folds": out}


def _even(id: str) -> bool:
    return hashlib.sha256(f"apart {id}".encode()).digest()[0] % 2 == 0


def _batch(posting: Record) -> str:
    """The author batch, else the company, else the posting itself."""
    return str(posting.get("batch") or posting.get("company") or posting["id"])


def _batches_of_folds(sizes: Mapping[str, int], folds: int) -> list[set[str]]:
    """Whole batches dealt to folds, the largest first, each to the fold that holds least."""
    if len(sizes) < folds:
        raise CorpusError(f"{len(sizes)} author batches or companies cannot make {folds} folds: give each posting its `batch` or `company`")
    dealt: list[set[str]] = [set() for _ in range(folds)]
    for name in sorted(sizes, key=lambda n: (-sizes[n], n)):
        min(dealt, key=lambda fold: sum(sizes[n] for n in fold)).add(name)
    return dealt


def _held_out(sizes: Mapping[str, int], folds: int, largest: float, skip: int = 0) -> list[str]:
    """The `folds` commonest names that hold `largest` postings or fewer; `skip` leaves the very commonest in."""
    names = sorted(sizes, key=lambda n: (-sizes[n], n))[skip:]
    return [n for n in names if sizes[n] <= largest][:folds]


def _kin(postings: Sequence[Record]) -> dict[str, set[str]]:
    """For each posting those of the same company and those much like it."""
    kin: dict[str, set[str]] = {str(p["id"]): set() for p in postings}
    companies: dict[str, list[str]] = defaultdict(list)
    for p in postings:
        if p.get("company"):
            companies[str(p["company"])].append(str(p["id"]))
    groups = list(companies.values())
    if postings:
        pairs = near_copies([p["text"] for p in postings], str(postings[0]["language"]), ALIKE)
        groups += [[str(postings[i]["id"]), str(postings[j]["id"])] for i, j, _ in pairs]
    for group in groups:
        for id in group:
            kin[id].update(other for other in group if other != id)
    return kin


def postings_hash(postings: Sequence[Record]) -> str:
    """A hash of labelled postings, independent of their order and of how their files are laid out."""
    lines = sorted(json.dumps(p, ensure_ascii=False, sort_keys=True) for p in postings)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write_splits(splits: Mapping[str, Any], path: Path) -> None:
    """Write the folds as JSON, the same bytes for the same folds."""
    path.write_text(json.dumps(splits, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_splits(path: Path) -> dict[str, Any]:
    """Read what `write_splits` wrote. Raises CorpusError where it is missing or not whole."""
    try:
        splits: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for language in splits["languages"].values():
            _ = (
                language["hash"],
                language["apart"],
                [(f["test"], f["train"], f["held_out"]["postings"], f["batches"]) for f in language["folds"]],
            )
    except FileNotFoundError:
        raise CorpusError(f"no {path.name} in {path.parent}: make it with `jd-analyzer corpus split {path.parent}`") from None
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(f"{path.name} is not whole ({error}): make it anew with `jd-analyzer corpus split {path.parent}`") from None
    return splits


def split_problems(postings: Sequence[Record], splits: Mapping[str, Any], rules: Rules) -> Iterator[str]:
    """Whatever makes recorded folds leak, or not fit the postings any more."""
    langs = by_language(postings)
    for language in sorted(set(langs) ^ set(splits["languages"])):
        yield f"{language}: in the corpus or in the folds, but not in both"
    for language, mine in langs.items():
        if language in splits["languages"]:
            for message in _language_problems(mine, splits["languages"][language], rules):
                yield f"{language}: {message}"


def _language_problems(postings: Sequence[Record], recorded: Mapping[str, Any], rules: Rules) -> Iterator[str]:
    if postings_hash(postings) != recorded["hash"]:
        yield "the postings are not those the folds were made of (hash): make the folds anew"
    by_id = {str(p["id"]): p for p in postings}
    places = Counter(id for fold in recorded["folds"] for id in fold["test"]) + Counter(recorded["apart"])
    if wrong := sorted(id for id in {*by_id, *places} if places[id] != 1 or id not in by_id):
        yield f"{len(wrong)} postings are in no test part, in several, or not in the corpus: {', '.join(wrong[:5])}"
    kin = _kin(postings)
    for number, fold in enumerate(recorded["folds"], 1):
        test, train = set(fold["test"]) & set(by_id), set(fold["train"]) & set(by_id)
        leaks = {
            "are in both parts": test & train,
            "are in the training part, and apart": train & set(recorded["apart"]),
            "share a company or much of their text with the test part": {id for id in train if kin[id] & test},
            "are of a batch of the test part": {id for id in train if _batch(by_id[id]) in {_batch(by_id[t]) for t in test}},
            "are of the held-out sector": {id for id in train if rules.sector(by_id[id]) == fold["held_out"]["sector"]},
            "are of the held-out country": {id for id in train if (c := by_id[id].get("country")) and c == fold["held_out"]["country"]},
        }
        yield from (
            f"fold {number}: {len(ids)} training postings {what}: {', '.join(sorted(ids)[:5])}" for what, ids in leaks.items() if ids
        )
