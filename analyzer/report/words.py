"""Names, statuses, reasons and figures in plain words, in English, Spanish and Chinese (`messages.toml`)."""

from __future__ import annotations

import functools
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from analyzer.analysis import FUNCTIONS
from analyzer.profiles import Profiles, load_profiles

UI_LANGUAGES = ("en", "es", "zh")
STRENGTHS = ((0.9, "highest"), (0.7, "high"), (0.2, "middle"), (0.1, "low"), (0.0, "lowest"))
"""From which probability on each word for it is used; no function that counts as part of the job (0.2 at least) is called unlikely."""
SURE = 0.6
"""A primary answer with a lower probability is told as `most likely`, not as a fact."""
_OVER = re.compile(r"over_(\d+)_(\w+)")


@functools.cache
def messages() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Section, key, language: the messages as the data file holds them."""
    return tomllib.loads((Path(__file__).parent / "messages.toml").read_text(encoding="utf-8"))


def locale_language(environment: Mapping[str, str] | None = None) -> str | None:
    """The interface language the user's locale names (LC_ALL, LC_MESSAGES, LANG), or None where it names none of ours."""
    environment = os.environ if environment is None else environment
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(variable, "")
        if value:
            language = re.split(r"[_.@-]", value)[0].lower()
            return language if language in UI_LANGUAGES else None
    return None


def choose_ui(said: str | None, posting: str | None) -> str:
    """The interface language: the one said, else the locale's, else the posting's own, else English."""
    return said or locale_language() or (posting if posting in UI_LANGUAGES else None) or "en"


LOOKS = ("marketing", "operations", "brand", "other", "general")
"""Functions with a look of their own, in colour and pattern; a user's own functions share one, `own`."""


class Words:
    """The words of one interface language."""

    def __init__(self, ui: str, profiles: Profiles | None = None) -> None:
        """`ui`: en, es or zh; raises ValueError for another one. profiles: of the model whose results are told."""
        self.profiles = profiles or load_profiles()
        if ui not in UI_LANGUAGES:
            raise ValueError(f"no words in the language {ui!r}; use one of {', '.join(UI_LANGUAGES)}")
        self.ui = ui

    def say(self, key: str, **values: object) -> str:
        """A message, such as `say("scores.heading")`, with its values filled in. Raises KeyError for an unknown one."""
        section, name = key.split(".", 1)
        return messages()[section][name][self.ui].format(**values)

    def _known(self, section: str, name: str) -> str | None:
        found = messages()[section].get(name)
        return found[self.ui] if found else None

    def name(self, code: str) -> str:
        """The name of a code (`o.user`), a function or a family; the code itself where no profile knows it."""
        return self.profiles.name(code, self.ui)

    def function_of(self, code: str) -> str:
        """The function of a code, or of the first of several as a tag shows them; `other` where no profile knows its prefix."""
        first = code.partition("+")[0]
        known = self.profiles.subfunctions
        prefix = first.partition(".")[0]
        return known[first].function if first in known else self.profiles.prefixes.get(prefix, "other")

    def none(self) -> str:
        """What a posting of another function's work is: none of the three, or of more where the profiles have more."""
        return self.say("title.none_own" if any(f not in FUNCTIONS for f in self.profiles.functions) else "title.none")

    def nothing(self, functions: Iterable[str], percent: str, sure: bool) -> str:
        """The headline of a posting that is mainly none of the functions it was scored for."""
        told = list(functions)
        key = "headline.none_own" if any(f not in FUNCTIONS for f in told) else "headline.none"
        return self.say(key if sure else f"{key}_unsure", percent=percent, functions=self.listed([self.inline(f) for f in told]))

    def look(self, function: str) -> str:
        """The class or colour a function is shown in."""
        return function if function in LOOKS else "own"

    def inline(self, function: str) -> str:
        """A function's name within a sentence: no capital in the middle of one."""
        name = self.none() if function == "none" else self.name(function)
        return name.lower() if function in FUNCTIONS and name == load_profiles().name(function, self.ui) else name

    def listed(self, items: list[str]) -> str:
        """Items as a list within a sentence."""
        return ("、" if self.ui == "zh" else ", ").join(items)

    def strength(self, probability: float) -> str:
        """A calibrated probability in words, such as `likely`."""
        return self.say(f"scores.{next(word for least, word in STRENGTHS if probability >= least)}")

    def percent(self, share: float) -> str:
        """A share between 0 and 1 as a whole percentage; never 0 or 100 for what is not exactly so."""
        whole = round(share * 100)
        shown = "<1" if whole == 0 and share > 0 else ">99" if whole == 100 and share < 1 else str(whole)
        return f"{shown}\u00a0%" if self.ui == "es" else f"{shown}%"

    def signed(self, value: float) -> str:
        """A number with its sign and two decimals, in the language's own decimal mark."""
        shown = f"{value:+.2f}".replace("-", "\u2212") if abs(value) >= 0.005 else "0.00"
        return shown.replace(".", ",") if self.ui == "es" else shown

    def language(self, code: str | None) -> str:
        """The name of a posting's language; its code where it has none here."""
        return self._known("language", code or "") or code or "?"

    def status(self, status: str) -> str:
        """What a status other than `ok` means, in one sentence."""
        return self._known("status", status) or self.say("status.failed")

    def advice(self, status: str) -> str:
        """What a user can do about a status other than `ok`."""
        return self._known("advice", status) or self.say("advice.failed")

    def review(self, reason: str) -> str:
        """A reason to look at a posting by hand, and what to do; an unknown one is shown as it is."""
        return self._known("review", reason) or reason.replace("_", " ")

    def reason(self, reason: str) -> str:
        """Why a posting has no result, in one sentence; an unknown reason is shown as it is."""
        over = _OVER.fullmatch(reason)
        if over and over.group(2) in ("characters", "segments"):
            return self.say(f"reason.over_{over.group(2)}", count=over.group(1))
        if self._known("language", reason):
            return self.say("reason.language", language=self.language(reason))
        return self._known("reason", reason) or reason.replace("_", " ")
