"""The function profiles as data: what marketing, operations and brand are, their sub-functions, words and steps.

`load_profiles()` gives the packaged ones, `load_profiles(Path("mine.toml"))` those with a user's file laid over.
A user's file has the packaged files' shape and holds only what is new or different:

    [functions.marketing]              # rename
    name = { zh = "市场部" }

    [subfunctions."m.podcast"]         # add a sub-function: its code begins with the function's prefix
    name = { en = "Podcasts", es = "Pódcast", zh = "播客" }
    terms = { zh = ["播客"], es = ["podcast"] }

    [functions.sustainability]         # add a function
    prefix = "s"
    name = { en = "Sustainability" }

    [titles.mine]                      # words of titles
    function = "sustainability"
    es = ["sostenibilidad"]

    [steps.10]                         # add a step, or give an old one's number to add cues
    name = { en = "Measure" }
    cues = { es = ["medicion de marca"] }

Names, terms and evidence are in use at once; scores of a new function or code come after retraining, which
`Profiles.notes()` says. `except` takes longer words that only look like a term, or a packaged term to be dropped.
Case, accents and full-width letters of users' terms are put right; Chinese terms must be in simplified script, as
the texts they are matched in are.

Reading happens at the first call, not at import.
"""

from __future__ import annotations

import functools
from pathlib import Path

from analyzer.errors import ProfileError
from analyzer.profiles.matching import Match, TermMatcher, covered_steps, step_matcher, term_matcher, title_function, title_matcher
from analyzer.profiles.reading import normal_term, read_profiles
from analyzer.profiles.schema import Function, Goal, Overlap, Profiles, Step, SubFunction, Synonyms, Terms, Text, TitleWords

__all__ = [
    "Function", "Goal", "Match", "Overlap", "ProfileError", "Profiles", "Step", "SubFunction", "Synonyms", "TermMatcher", "Terms", "Text",
    "TitleWords", "covered_steps", "load_profiles", "normal_term", "step_matcher", "term_matcher", "title_function", "title_matcher",
]  # fmt: skip

PACKAGED = ("functions.toml", "families.toml", "departments.toml", "steps.toml")


def load_profiles(*extra: Path) -> Profiles:
    """The packaged profiles, with the users' TOML files `extra` laid over them in order.

    Without `extra` the same object is given every time; with it the files are read anew. Raises ProfileError, naming
    the file, the entry and the key, where a file does not fit the schema.
    """
    return _read(extra) if extra else _packaged()


def _read(extra: tuple[Path, ...]) -> Profiles:
    here = Path(__file__).parent
    return read_profiles([here / name for name in PACKAGED], [Path(path) for path in extra])


@functools.cache
def _packaged() -> Profiles:
    return _read(())
