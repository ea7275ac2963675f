"""Which column holds the posting's text and which its title: told by their names where these are plain."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.errors import ColumnError

TEXT = (
    "职位描述", "岗位描述", "岗位职责", "工作职责", "工作内容", "职责描述", "职位职责", "主要职责", "职责",
    "工作描述", "招聘内容", "职位详情", "岗位详情", "职位信息",
    "職位描述", "崗位職責", "工作內容", "職責", "内容", "內容", "正文", "描述", "文本",
    "jobdescription", "jobdesc", "jd", "jdtext", "description", "postingtext", "jobtext", "text", "responsibilities", "duties",
    "body", "content",
    "descripciondelpuesto", "descripciondeloferta", "descripciondelaoferta", "descripciondelempleo", "descripcion", "descripcionpuesto",
    "texto", "funciones", "responsabilidades", "tareas", "contenido", "oferta",
)  # fmt: skip
"""Names of text columns in normal form, the plainest first."""
TITLE = (
    "职位名称", "岗位名称", "职位", "岗位", "职务", "招聘岗位", "招聘职位", "標題", "標题", "标题", "職位名稱", "職位", "崗位", "職稱",
    "jobtitle", "title", "position", "positionname", "jobname", "role",
    "titulodelpuesto", "titulodeloferta", "titulodelaoferta", "titulo", "puesto", "nombredelpuesto", "cargo", "vacante", "denominacion",
)  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """The columns that are read: several of text are joined. `guessed` are the roles found by name, not named by the user.

    only: the text's column was taken since there is no other.
    """

    text: tuple[str, ...] = ()
    title: str | None = None
    id: str | None = None
    language: str | None = None
    guessed: tuple[str, ...] = ()
    only: bool = False

    def said(self) -> str:
        """One line that says what is read from where."""
        parts = [f"text from {' + '.join(repr(t) for t in self.text)}"]
        parts += [
            f"{role} from {name!r}"
            for role, name in (("title", self.title), ("id", self.id), ("language", self.language))
            if name is not None
        ]
        found = f" (found by name: {', '.join(self.guessed)})" if self.guessed else ""
        found += " (the only column)" if self.only else ""
        return ", ".join(parts) + found


def normal(name: object) -> str:
    """A column's name without case, accents, width, spaces and marks."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", str(name))).casefold()
    return re.sub(r"[\W_]+", "", "".join(c for c in folded if not unicodedata.combining(c)))


COMMAND, PYTHON = "--{}", "{}="
"""How users name an argument, in a terminal and in Python."""


def asked_for(text: object, title: object = None, language: object = None) -> Columns:
    """The columns that a call in Python names, each by whatever labels it; text: one, several, or none of them.

    Raises ColumnError for what is no name, such as the column itself.
    """
    several = text if isinstance(text, list | tuple) else () if text is None else (text,)
    for name in (*several, title, language):
        if name is not None and not isinstance(name, str | int):
            raise ColumnError(f"columns are given by their names (text=, title=, language=), not as {type(name).__name__}")
    named = [None if name is None else str(name) for name in (title, language)]
    return Columns(tuple(map(str, several)), title=named[0], language=named[1])


def find_columns(header: Sequence[str], asked: Columns, where: str, guess: bool = True, argument: str = COMMAND) -> Columns:
    """The columns of one table. asked: what the user named; the rest is looked for, but for id and language, which are never guessed.

    argument: how this user names one, COMMAND or PYTHON.

    Raises ColumnError where a named column is not there or no text column is plain, listing what there is.
    """
    for role, name in [*(("text", t) for t in asked.text), ("title", asked.title), ("id", asked.id), ("language", asked.language)]:
        if name is not None and name not in header:
            raise no_column(name, header, where, argument.format(role))
    text, title, only = asked.text, asked.title, False
    guessed: list[str] = []
    if not text:
        text, only = _text(header, where, guess, argument.format("text"))
        guessed += [] if only else ["text"]
    if title is None and guess:
        title = next((c for c in _named(header, TITLE) if c not in text and c != asked.id), None)
        guessed += ["title"] if title is not None else []
    return Columns(tuple(dict.fromkeys(text)), title, asked.id, asked.language, tuple(guessed), only)


def no_column(name: str, header: Sequence[str], where: str, argument: str) -> ColumnError:
    """What to say of a column that a user named and that is not there; argument: how it was named."""
    near = difflib.get_close_matches(name, header, 1, 0.6) or [h for h in header if normal(h) == normal(name)]
    hint = f"; did you mean {near[0]!r}?" if near else ";"
    return ColumnError(f"{where} has no column {name!r} ({argument}){hint} Its columns: {listed(header)}")


def _text(header: Sequence[str], where: str, guess: bool, argument: str) -> tuple[tuple[str, ...], bool]:
    """The text's column, and whether it was taken for want of another."""
    if {"status", "primary", "raw", "rest", "duties", "model"} <= set(header):
        raise ColumnError(f"{where} holds results, not postings; score what it was made from, or name its text with {argument}")
    named = _named(header, TEXT) if guess else []
    if named:
        return (named[0],), False
    if len(header) == 1:
        return (header[0],), True
    raise ColumnError(
        f"{where}: no column is plainly the posting's text; name it with {argument}, once for each where it lies in several. "
        f"Its columns: {listed(header)} "
        "(a table needs a first row with the names of its columns)"
    )


def name_like(name: str) -> bool:
    """Whether this may be a column's name: short, no sentence, and not several names with a delimiter between."""
    return bool(name.strip()) and len(name) <= 40 and len(name.split()) <= 6 and not re.search(r"[,;|\t\n\r，；。：:！？!]|\.\s*$", name)


def check_name(header: Sequence[str], columns: Columns, where: str) -> None:
    """Raise ColumnError where the only column, taken unasked, has what is hardly a name, as where a table has no row of names."""
    if columns.only and not name_like(header[0]):
        raise ColumnError(
            f"{where}: its first row is no name of a column: {listed(header)}. Put a row with the columns' names above it "
            "(for one column of postings: text); if it is a name, give it with --text; if it holds several, say what stands between "
            "them with --delimiter"
        )


def _named(header: Sequence[str], names: Sequence[str]) -> list[str]:
    """Columns with one of these names, the plainest name first."""
    forms: dict[str, str] = {}
    for column in header:
        forms.setdefault(normal(column), column)
    return [forms[n] for n in names if n in forms]


def listed(header: Sequence[str]) -> str:
    """Names of columns for a message."""
    if not header:
        return "none"
    shown = [repr(h if len(h) < 40 else h[:37] + "...") for h in header[:30]]
    return ", ".join(shown) + (f" and {len(header) - 30} more" if len(header) > 30 else "")
