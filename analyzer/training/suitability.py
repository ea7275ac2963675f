"""What is wrong with labelled data before anything is learned from it, each with the row it stands in."""

from __future__ import annotations

import collections
import re
from collections.abc import Sequence

from analyzer.analysis import ANSWERS
from analyzer.training.corpus import Posting
from analyzer.training.groups import fingerprint, near_copies
from analyzer.training.labelled import Problem
from analyzer.training.personal import personal_data

FEW = 5
"""Postings of a label under which a warning says that little can be learned of it."""
_CONTACT = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*|(?:https?://|www\.)[^\s，。；、）)】]+|\+?\d(?:[ ().-]{0,2}\d){8,14}", re.ASCII)


def check(postings: Sequence[Posting], alone: bool = True) -> list[Problem]:
    """Problems of the data as a whole: one label only, too few of one, the same text with two labels.

    alone: nothing else is learned from, so that one label only cannot be used.
    """
    problems: list[Problem] = []
    for language in sorted({p["language"] for p in postings}):
        mine = [p for p in postings if p["language"] == language]
        counts = collections.Counter(p["primary"] for p in mine)
        if len(counts) == 1:
            only = next(iter(counts))
            message = f"all {len(mine)} postings are labelled {only!r}: a model needs at least two answers to tell apart"
            problems.append(Problem("one_label", f"language {language}", message, fatal=alone))
        for label in dict.fromkeys([*ANSWERS, *sorted(counts)]):
            if len(counts) > 1 and counts[label] < FEW:
                message = f"only {counts[label]} of {len(mine)} postings are labelled {label!r}: {FEW} or more are needed to learn anything"
                problems.append(Problem("few", f"language {language}", message, fatal=False))
        problems.extend(_conflicts(mine))
    return problems


def _conflicts(postings: Sequence[Posting]) -> list[Problem]:
    """Copies of one text with different labels: whichever is right, the other one is not."""
    firsts = near_copies([p["text"] for p in postings])
    problems = []
    for n, first in enumerate(firsts):
        one, other = postings[first], postings[n]
        if n != first and one["primary"] != other["primary"]:
            kind = "the same text" if fingerprint(one["text"]) == fingerprint(other["text"]) else "nearly the same text"
            place = one.get("where") or one["id"]
            message = f"labelled {other['primary']!r}, but {place} holds {kind} labelled {one['primary']!r}: correct one of them"
            problems.append(Problem("conflict", str(other.get("where") or other["id"]), message, fatal=False))
    return problems


def leaks(train: Sequence[Posting], test: Sequence[Posting]) -> list[Problem]:
    """Postings of the test data that training data holds too, as they are or nearly so: figures from them flatter."""
    both = [*train, *test]
    firsts = near_copies([p["text"] for p in both])
    problems = []
    for n in range(len(train), len(both)):
        if firsts[n] < len(train):
            seen = both[firsts[n]]
            message = f"is {seen.get('where') or seen['id']} of the training data again: leave it out of the test"
            problems.append(Problem("leak", str(both[n].get("where") or both[n]["id"]), message, fatal=False))
    return problems


def seen_before(fingerprints: Sequence[str], postings: Sequence[Posting]) -> list[Problem]:
    """Postings whose fingerprints a model's training data holds."""
    known = set(fingerprints)
    message = "the model learned from this very text: figures from it flatter"
    return [Problem("leak", str(p.get("where") or p["id"]), message, fatal=False) for p in postings if seen_mark(p["text"]) in known]


def seen_mark(text: str) -> str:
    """The fingerprint by which a model knows the texts it learned from, contacts left out."""
    return fingerprint(without_contacts(text))


def without_contacts(text: str) -> str:
    """Addresses, links, telephones, accounts and identity numbers blanked, at the same length: nothing of them is learned."""
    spans = [m.span() for m in _CONTACT.finditer(text)] + [(start, end) for _, start, end in personal_data(text)]
    for start, end in spans:
        found = text[start:end]
        mark = "@" if "@" in found else "/" if found[:1] in "hw" else "0"
        text = text[:start] + mark * (end - start) + text[end:]
    return text
