"""Which columns of a scored table are the user's labels: titles, ids, and what the report is broken down by."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

KINDS = {
    "department": (
        "部门", "所属部门", "部门名称", "所在部门", "用人部门", "招聘部门", "需求部门", "部門", "departamento", "nombredepartamento",
        "area", "department", "departmentname", "dept", "team", "equipo",
    ),
    "company": (
        "公司", "公司名称", "所属公司", "企业", "企业名称", "招聘单位", "单位名称", "empresa", "nombreempresa",
        "nombredelaempresa", "compania", "company", "companyname", "employer",
    ),
    "city": (
        "城市", "所在城市", "工作城市", "工作地点", "工作地", "地点", "地区", "所在地", "ciudad", "ubicacion", "localidad", "provincia",
        "city", "location",
    ),
    "month": (
        "月份", "日期", "发布日期", "发布时间", "发布月份", "招聘日期", "更新日期", "更新时间", "fecha", "fechadepublicacion",
        "fechapublicacion", "fechaoferta", "mes", "date", "month", "published", "publishdate", "publisheddate",
        "publicationdate", "publishedat", "postedat", "posteddate", "dateposted", "postdate",
    ),
}  # fmt: skip
"""Names, in normal form, of columns that a table is broken down by where the user names none."""
TITLES = ("岗位名", "职位名", "职务名称", "招聘职位名称", "nombrepuesto", "nombredelaoferta", "titulopuesto", "titulooferta")
"""Names of titles beside those that `score` finds by itself."""
IDS = (
    "id", "jobid", "postingid", "offerid", "idoferta", "idpuesto", "idempleo", "codigo", "referencia", "ref", "编号", "职位编号",
    "岗位编号", "职位id", "岗位id", "uuid",
)  # fmt: skip
"""Names of columns whose values tell postings apart, the plainest first."""
_DATES, _DATED = ("fecha", "date"), ("日期", "月份")
"""What the name of a column with dates begins with, and ends with, where the user names it."""


@dataclass(frozen=True)
class Labels:
    """The columns that are read beside ours; by: what the table is broken down by; months: those of it that hold dates."""

    title: str | None = None
    by: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    id: str | None = None
    guessed: tuple[str, ...] = ()

    def said(self, records: bool = False) -> str:
        """What is read from where, for one line."""
        none = "titles as scored" if records else "no column of titles (name it with --title)"
        parts = [f"titles from {self.title!r}" if self.title is not None else none]
        listed = ", ".join(map(repr, self.by))
        parts.append(f"broken down by {listed}" if self.by else "nothing to break it down by (name columns with --by)")
        parts += [f"ids from {self.id!r}"] if self.id is not None else []
        return ", ".join(parts) + (f" (found by name: {', '.join(self.guessed)})" if self.guessed else "")


def find_labels(columns: Sequence[str], theirs: Sequence[str], by: Sequence[str], title: str | None, where: str) -> Labels:
    """The labels of a table. columns: all that may be named; theirs: those that are not ours, among which is looked by name.

    Raises ColumnError where one that was named is not there.
    """
    from analyzer.bulk.columns import COMMAND, TITLE, no_column, normal

    for option, name in [*(("by", b) for b in by), *([("title", title)] if title is not None else [])]:
        if name not in columns:
            raise no_column(name, columns, where, COMMAND.format(option))
    forms = {normal(h): h for h in reversed(theirs)}
    found = [h for names in KINDS.values() for h in theirs if normal(h) in names]
    guessed = ["by"] if not by and found else []
    titled = title
    if titled is None:
        titled = next((forms[n] for n in (*TITLE, *TITLES) if n in forms), None)
        guessed += ["title"] if titled is not None else []
    named = next((forms[n] for n in IDS if n in forms), None)
    guessed += ["id"] if named is not None else []
    chosen = tuple(dict.fromkeys(by or found))
    months = tuple(c for c in chosen if normal(c) in KINDS["month"] or normal(c).startswith(_DATES) or normal(c).endswith(_DATED))
    return Labels(titled, chosen, months, named, tuple(guessed))


def is_city(column: str) -> bool:
    """Whether a column's name says that it holds places, whose work is not compared."""
    from analyzer.bulk.columns import normal

    return normal(column) in KINDS["city"]


def fold(value: str) -> str:
    """A label without differences that nobody means: width of characters, number of blanks."""
    return " ".join(unicodedata.normalize("NFKC", value).split())
