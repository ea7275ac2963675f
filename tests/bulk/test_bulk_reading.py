from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from bulk_tools import cells, opened, texts, write_csv

from analyzer.bulk.columns import Columns, find_columns
from analyzer.bulk.encoding import look
from analyzer.bulk.files import Reading, examine, examine_stream, find_sources
from analyzer.bulk.readers import read
from analyzer.bulk.streams import Source
from analyzer.errors import ColumnError, TableError
from analyzer.settings import TABLE_LIMITS

ZH = [["1", "品牌经理", "负责品牌定位，\n统一对外口径；"], ["2", "運營專員", "負責會員體系「搭建」, 提升留存"]] * 20
ES = [
    ["1", "Señor de marca", 'Definir la "imagen" de la marca;\nañadir campañas'],
    ["2", "Jefe", "Gestión de acción y público, año a año"],
] * 20


@pytest.mark.parametrize(
    ("rows", "encoding"),
    [(ZH, "utf-8"), (ZH, "utf-8-sig"), (ZH, "gb18030"), (ZH, "gbk"), (ZH, "utf-16"), (ES, "cp1252"), (ES, "utf-8"), (ES, "latin-1")],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_are_found(tmp_path: Path, rows: list[list[str]], encoding: str, delimiter: str) -> None:
    path = write_csv(tmp_path / "t.csv", ["id", "title", "description"], rows, encoding, delimiter=delimiter)
    table, chunks = opened(path)
    assert cells(chunks) == rows
    assert table.header == ("id", "title", "description")
    assert table.dialect and table.dialect.delimiter == delimiter
    assert table.encoding and table.encoding.damaged == 0
    assert [len(c) for c in chunks] == [7, 7, 7, 7, 7, 5]
    assert [c.first for c in chunks] == [0, 7, 14, 21, 28, 35]


def test_big5_is_found_and_can_be_named(tmp_path: Path) -> None:
    rows = [["一", "負責會員體系建立，提升用戶留存", "台北"], ["二", "策劃品牌年度發表會，統一對外口徑", "高雄"]] * 10
    path = write_csv(tmp_path / "t.csv", ["編號", "職位描述", "地點"], rows, "big5")
    table, chunks = opened(path)
    assert cells(chunks) == rows
    assert table.encoding and table.encoding.name.startswith("big5")
    assert table.columns.text == ("職位描述",)
    assert cells(opened(path, encoding="big5")[1]) == rows


def test_encoding_that_the_head_does_not_show_is_confirmed_on_the_whole_file(tmp_path: Path) -> None:
    rows = [[str(n), "plain ascii text of a posting"] for n in range(20_000)] + [["x", "gestión de campañas, año tras año"]] * 30
    path = write_csv(tmp_path / "t.csv", ["id", "text"], rows, "cp1252")
    assert path.stat().st_size > TABLE_LIMITS.head_bytes
    table, chunks = opened(path)
    assert table.encoding and table.encoding.name == "cp1252"
    assert cells(chunks)[-1] == ["x", "gestión de campañas, año tras año"]


def test_few_damaged_bytes_are_told_with_line_and_byte(tmp_path: Path) -> None:
    data = "id,text\n" + "".join(f"{n},负责会员运营\n" for n in range(100))
    whole = data.encode()
    at = whole.index("负".encode(), 900)
    path = tmp_path / "t.csv"
    path.write_bytes(whole[:at] + b"\xff" + whole[at + 1 :])
    table, chunks = opened(path)
    assert table.encoding and table.encoding.name == "utf-8"
    assert (table.encoding.line, table.encoding.byte) == (whole[:at].count(b"\n") + 1, at)
    faults = [(c.first + n, why) for c in chunks for n, why in c.faults.items()]
    assert faults == [(whole[:at].count(b"\n") - 1, "undecodable_bytes")]
    assert f"line {table.encoding.line} at byte {at}" in table.said()


def test_one_row_that_no_encoding_decodes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,text\n1," + bytes(b for b in range(0x81, 0xFF) if b != 0x85) * 2 + b"\xff\n")
    with pytest.raises(TableError, match="name its encoding with --encoding"):
        opened(path)


def test_what_no_encoding_decodes_is_refused_with_line_byte_and_advice(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", ["id", "text"], [["1", "负责会员运营"]] * 50, "gb18030")
    with pytest.raises(TableError, match=r"line 2 at byte 11; name its encoding with --encoding"):
        opened(path, encoding="utf-8")
    with pytest.raises(TableError, match="no encoding is called 'utf-88'"):
        opened(path, encoding="utf-88")


def test_rows_too_short_and_too_long_are_marked_and_keep_their_cells(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,title,text\n1,a,one\n2,b\n3,c,x,y,z\n\n4,d,four,,\n5,e,five\n", encoding="utf-8")
    _, chunks = opened(path)
    assert cells(chunks) == [["1", "a", "one"], ["2", "b", ""], ["3", "c", "x,y,z"], ["4", "d", "four"], ["5", "e", "five"]]
    assert chunks[0].faults == {1: "row_too_short", 2: "row_too_long"}


def test_backslash_and_single_quotes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text,city\n" + '1,"he said \\"yes\\", twice",x\n' * 30, encoding="utf-8")
    assert cells(opened(path)[1])[0] == ["1", 'he said "yes", twice', "x"]
    path.write_text("id,text,city\n" + "1,'one, two',x\n" * 30, encoding="utf-8")
    assert cells(opened(path)[1])[0] == ["1", "one, two", "x"]


def test_packed_files_and_their_damage(tmp_path: Path) -> None:
    plain = write_csv(tmp_path / "t.csv", ["id", "title", "description"], ZH)
    data = plain.read_bytes()
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(data))
    frames = zstandard.ZstdCompressor()
    (tmp_path / "t.csv.zst").write_bytes(frames.compress(data[:500]) + frames.compress(data[500:]))
    assert cells(opened(tmp_path / "t.csv.gz")[1]) == ZH
    assert cells(opened(tmp_path / "t.csv.zst")[1]) == ZH
    for name in ("t.csv.gz", "t.csv.zst"):
        cut = tmp_path / f"cut-{name}"
        cut.write_bytes((tmp_path / name).read_bytes()[:-15])
        with pytest.raises(TableError, match="compressed data ends early or is damaged near byte"):
            opened(cut)


def test_jsonl_lines_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    lines = ['{"text": "负责运营", "n": 1.50}', "", '{"text": "b", "extra": [1]}', "not json"]
    path.write_text("\n".join(lines), encoding="utf-8")
    table, chunks = opened(path)
    assert table.header == ("text", "n", "extra")
    assert cells(chunks) == [lines[0], lines[2], lines[3]]
    path.write_text("[" + lines[0] + "]", encoding="utf-8")
    with pytest.raises(TableError, match="one JSON array"):
        opened(path)


def test_xlsx_by_chunks_with_types(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "notes"
    page = book.create_sheet("职位")
    page.append(["编号", "职位描述", "月薪"])
    for n in range(20):
        page.append([n, f"负责运营 {n}", 1.5 * n])
    path = tmp_path / "t.xlsx"
    book.save(path)
    table, chunks = opened(path)
    assert (table.sheet, table.columns.text) == ("职位", ("职位描述",))
    assert cells(chunks)[3] == [3, "负责运营 3", 4.5]
    assert [len(c) for c in chunks] == [7, 7, 6]
    with pytest.raises(TableError, match="no sheet 'x'; it has 'notes', '职位'"):
        opened(path, sheet="x")
    path.write_bytes(path.read_bytes()[:800])
    with pytest.raises(TableError, match="no whole XLSX file"):
        opened(path)


def test_parquet_by_batches(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"descripción": texts(20), "n": list(range(20))}), path)
    table, chunks = opened(path)
    assert table.columns.text == ("descripción",)
    assert [len(c) for c in chunks] == [7, 7, 6]
    assert chunks[1].batch.column(1).to_pylist() == list(range(7, 14))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(TableError, match="no whole Parquet file"):
        opened(path)


def test_content_wins_over_the_name(tmp_path: Path) -> None:
    path = tmp_path / "really.csv"
    pq.write_table(pa.table({"text": ["a"]}), path)
    assert examine(Source(path), Reading()).kind == "parquet"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    with pytest.raises(TableError, match=r"save it as \.xlsx"):
        examine(Source(path), Reading())
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("t.csv", "id,text\n1,x\n")
    with pytest.raises(TableError, match="ZIP archive; unpack it"):
        examine(Source(path), Reading())
    path.write_bytes(b"")
    with pytest.raises(TableError, match="is empty"):
        examine(Source(path), Reading())


def test_folders_are_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.csv", "a.jsonl", "notes.md", "sub/c.tsv.gz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [s.name for s in find_sources([tmp_path])] == ["a.jsonl", "b.csv", str(Path("sub/c.tsv.gz"))]
    for name in ("~$b.xlsx", "._b.csv", ".hidden.csv", ".git/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert len(find_sources([tmp_path])) == 3
    assert find_sources([tmp_path / ".hidden.csv"])[0].name == ".hidden.csv"
    with pytest.raises(TableError, match="is not there"):
        find_sources([tmp_path / "none.csv"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(TableError, match="holds no table"):
        find_sources([tmp_path / "empty"])


@pytest.mark.parametrize(
    ("header", "text", "title"),
    [
        (["公司", "职位名称", "岗位职责", "任职要求"], "岗位职责", "职位名称"),
        (["ID", "Job Title", "Job Description"], "Job Description", "Job Title"),
        (["título", "Descripción", "empresa"], "Descripción", "título"),
        (["jd", "公司"], "jd", None),
        (["puesto", "contenido"], "contenido", "puesto"),
        (["ＪＤ", "cargo"], "ＪＤ", "cargo"),
    ],
)
def test_columns_are_found_by_name(header: list[str], text: str, title: str | None) -> None:
    found = find_columns(header, Columns(), "t.csv")
    assert (found.text, found.title, found.id, found.language) == ((text,), title, None, None)
    assert "found by name: text" in found.said()


def test_an_only_column_is_taken_where_its_name_is_one(tmp_path: Path) -> None:
    assert find_columns(["anything"], Columns(), "t.csv").said() == "text from 'anything' (the only column)"
    path = tmp_path / "n.csv"
    path.write_text("负责品牌定位与品牌规划；\nFunciones: gestionar la marca\n", encoding="utf-8")
    with pytest.raises(
        ColumnError, match=r"its first row is no name of a column: '负责品牌定位与品牌规划；'. Put a row with the columns' names"
    ):
        opened(path)
    assert len(cells(opened(path, columns=Columns(("负责品牌定位与品牌规划；",)))[1])) == 1
    path.write_text("id,title,text\n1,a,b\n", encoding="utf-8")
    with pytest.raises(ColumnError, match=r"'id,title,text'.*--delimiter"):
        opened(path, delimiter=";")


def test_a_posting_pasted_for_a_path_is_told() -> None:
    with pytest.raises(TableError, match=r"^JD-\d+: 负责品牌.{70,80}… cannot be looked at \(.*\); check the path"):
        find_sources(["负责品牌定位与规划；" * 60])


def test_columns_that_are_not_there_or_not_plain_are_told() -> None:
    with pytest.raises(
        ColumnError, match=r"no column 'descripcion' \(--text\); did you mean 'descripción'\? Its columns: 'a', 'descripción'"
    ):
        find_columns(["a", "descripción"], Columns(("descripcion",)), "t.csv")
    with pytest.raises(ColumnError, match="no column is plainly the posting's text; name it with --text"):
        find_columns(["a", "b"], Columns(), "t.csv")
    with pytest.raises(ColumnError, match="name it with --text"):
        find_columns(["text", "b"], Columns(), "t.csv", guess=False)
    assert find_columns(["id", "language", "text"], Columns(), "t").id is None


def test_stdin_is_told_by_its_head() -> None:
    table = examine_stream("id;descripción\n1;añadir campañas\n".encode("cp1252"), True, Reading(encoding="cp1252"))
    assert (table.kind, table.header) == ("csv", ("id", "descripción"))
    assert examine_stream(json.dumps({"text": "a"}).encode() + b"\n", True, Reading()).kind == "jsonl"
    with pytest.raises(TableError, match="stdin takes CSV and JSONL"):
        examine_stream(b"PAR1....", True, Reading())


def test_bad_bytes_late_in_a_stream_cost_their_rows_alone() -> None:
    good = b"1,ok\n" * 5000
    table = examine_stream(b"id,text\n1,ok\n", False, Reading())
    source = Source(None)
    chunks = list(read(table, 0, source, TABLE_LIMITS, io.BytesIO(b"id,text\n" + good + b"2,\xff\xfe\n" + good)))
    assert [(c.first + n, why) for c in chunks for n, why in c.faults.items()] == [(5000, "undecodable_bytes")]
    assert "the first in line 5002" in source.notes[0]
    other = io.BytesIO(b"id,text\n" + good + "3,负责会员运营\n".encode("gb18030") * 100)
    with pytest.raises(TableError, match=r"is not utf-8: 51 rows do not decode, the first in line 5002; .* give the file's path"):
        list(read(table, 0, Source(None), TABLE_LIMITS, other))


@pytest.mark.parametrize("encoding", [None, "utf-8"])
def test_a_row_of_another_encoding_costs_itself_alone(tmp_path: Path, encoding: str | None) -> None:
    rows = [f"{n},负责品牌定位与品牌规划，统一对外口径；策划品牌年度发布会\n".encode("gb18030" if n == 2 else "utf-8") for n in range(4)]
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,text\n" + b"".join(rows))
    table, chunks = opened(path, encoding=encoding)
    assert table.encoding and (table.encoding.name, table.encoding.line, table.encoding.lines) == ("utf-8", 4, 1)
    assert chunks[0].faults == {2: "undecodable_bytes"}
    assert chunks[0].rows[3][1] == "负责品牌定位与品牌规划，统一对外口径；策划品牌年度发布会"


def test_the_hash_follows_the_content(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", ["id", "text"], [["1", "负责运营"]])
    first = look(Source(path))
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert look(Source(packed)).digest == first.digest
    path.write_bytes(path.read_bytes() + b"2,x\n")
    assert look(Source(path)).digest != first.digest


LINES = (
    "Gestión de campañas y atención al público; diseño de imagen",
    "¡Estamos creciendo! Buscamos a alguien con más de 3 años",
    "Analizar la competencia · proponer «ideas» y acción",
)


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850"])
@pytest.mark.parametrize("lines", [LINES[:1], LINES[1:2], LINES * 20])
def test_spanish_of_windows_macs_and_dos_is_told_apart(tmp_path: Path, lines: tuple[str, ...], encoding: str) -> None:
    rows = [[str(n), line] for n, line in enumerate(lines)]
    path = write_csv(tmp_path / "t.csv", ["id", "jd"], rows, encoding)
    table, chunks = opened(path)
    assert table.encoding and table.encoding.name == encoding
    assert cells(chunks) == rows
    assert examine_stream(path.read_bytes(), True, Reading()).encoding == table.encoding


def test_where_nothing_tells_the_encodings_apart_it_is_that_of_windows(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", ["id", "jd"], [["1", "don’t worry"], ["2", "a – b"]], "cp1252")
    assert cells(opened(path)[1]) == [["1", "don’t worry"], ["2", "a – b"]]


def test_excels_first_line_that_tells_the_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('sep=;\nid;text\n1;負責, 運營\n2;"open\n', encoding="utf-8-sig")
    source = Source(path)
    table = examine(source, Reading())
    assert (table.header, cells(list(read(table, 0, source)))) == (("id", "text"), [["1", "負責, 運營"], ["2", '"open']])
    assert "row 2, which begins in line 4" in source.notes[0]


def test_utf_32_empty_marks_and_json_over_several_lines(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", ["id", "text"], [["1", "负责运营"]] * 5, "utf-32")
    assert cells(opened(path)[1]) == [["1", "负责运营"]] * 5
    path.write_bytes(b"\xef\xbb\xbf")
    with pytest.raises(TableError, match="is empty"):
        opened(path)
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"text": "a"}, indent=1), encoding="utf-8")
    with pytest.raises(TableError, match=r"no JSON object in its first lines; .* \(jq -c \."):
        opened(path)


def test_a_column_named_twice_is_read_once_and_a_sheet_of_a_csv_is_told(tmp_path: Path) -> None:
    assert find_columns(["a", "b"], Columns(("a", "b", "a")), "t").text == ("a", "b")
    source = Source(write_csv(tmp_path / "t.csv", ["id", "text"], [["1", "x"]]))
    examine(source, Reading(sheet="s"))
    assert source.notes == ["t.csv: --sheet is for XLSX and was not needed here"]
