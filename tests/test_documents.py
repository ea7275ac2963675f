"""Text out of files: kinds told by content, encodings, broken and hostile files."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.documents import html_text, read_bytes, read_file
from analyzer.errors import AnalyzerError, DocumentDamaged, DocumentError, DocumentTooLarge, DocumentUnsupported, DocumentWithoutText
from analyzer.settings import Limits

ZH = "岗位职责：\n1、负责会员体系搭建，提升用户留存；\n2、策划线上活动。\n任职要求：本科以上学历。"
TRADITIONAL = "崗位職責：\n1、負責會員體系搭建，提升用戶留存；\n2、策劃線上活動。"
ES = "Funciones:\n- Gestión de las redes sociales de la compañía.\n- Diseñar campañas de captación.\nRequisitos: inglés alto."


def pdf(lines: list[str], per_page: int = 40) -> bytes:
    """A small PDF whose text can be taken out: every character has its code point as its glyph number."""
    objects: list[bytes] = []

    def add(body: bytes) -> int:
        objects.append(body)
        return len(objects)

    used = sorted({c for line in lines for c in line})
    pairs = "\n".join(f"<{ord(c):04X}> <{ord(c):04X}>" for c in used)
    table = (
        f"begincmap\n1 begincodespacerange <0000> <FFFF> endcodespacerange\n{len(used)} beginbfchar\n{pairs}\nendbfchar\nendcmap".encode()
    )
    unicode = add(b"<< /Length %d >>\nstream\n" % len(table) + table + b"\nendstream")
    system = b"<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
    descendant = add(b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo %s /DW 1000 >>" % system)
    font = add(
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>"
        % (descendant, unicode)
    )
    parent = len(objects) + 2 * -(-len(lines) // per_page) + 1
    kids = []
    for at in range(0, len(lines), per_page):
        drawn = "".join(
            f"1 0 0 1 50 {800 - 18 * n} Tm <{''.join(f'{ord(c):04X}' for c in line)}> Tj\n"
            for n, line in enumerate(lines[at : at + per_page])
        )
        stream = f"BT /F 10 Tf\n{drawn}ET".encode()
        content = add(b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream")
        kids.append(
            add(
                b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 600 850] /Contents %d 0 R /Resources << /Font << /F %d 0 R >> >> >>"
                % (parent, content, font)
            )
        )
    pages = add(b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(b"%d 0 R" % k for k in kids)))
    assert pages == parent
    catalog = add(b"<< /Type /Catalog /Pages %d 0 R >>" % pages)
    out, starts = b"%PDF-1.5\n", []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    xref = b"".join(b"%010d 00000 n \n" % s for s in starts)
    trailer = b"trailer << /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, catalog, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + xref + trailer


def written(document: object) -> bytes:
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ZH, "gb18030"),
        (ZH, "gbk"),
        (ZH, "utf-8"),
        (ZH, "utf-16"),
        (ZH, "utf-16-le"),
        (TRADITIONAL, "big5"),
        (ES, "latin-1"),
        (ES, "cp1252"),
        (ES, "utf-8-sig"),
        (ES, "utf-16-le"),
    ],
)
def test_text_in_usual_encodings(text: str, encoding: str) -> None:
    document = read_bytes(text.encode(encoding))
    assert document.text == text
    assert document.kind == "text"
    assert document.verbatim


def test_a_few_broken_bytes_do_not_change_the_encoding() -> None:
    data = (ES * 5).encode() + b"\xff"
    document = read_bytes(data)
    assert document.text == ES * 5 + "\ufffd"
    assert document.encoding == "utf-8"


def test_plain_text_is_kept_as_it_is(tmp_path: Path) -> None:
    text = "  Funciones:\r\n\tGestionar\r\n\r\n\r\n<3 y 5 > 2\x00 fin  \n"
    path = tmp_path / "oferta.pdf"  # the name says nothing
    path.write_bytes(text.encode())
    assert read_file(path).text == text


PAGE = """<!DOCTYPE html><html><head><title>no</title><style>p{}</style></head><body><nav>Inicio</nav>
<h2>Funciones</h2><ul><li>Gestionar <b>redes</b>
 sociales</li><li>Dise&ntilde;ar&nbsp;piezas</li></ul><script>var a = "<p>no</p>";</script><p hidden>no</p>
<table><tr><td>Zona</td><td>Lima</td></tr></table>Uno<br>Dos<!-- no --></body></html>"""


def test_html_page() -> None:
    document = read_bytes(PAGE.encode())
    assert document.kind == "html"
    assert [line for line in document.text.split("\n") if line] == [
        "Funciones",
        "Gestionar redes sociales",
        "Diseñar\u00a0piezas",
        "Zona",
        "Lima",
        "Uno",
        "Dos",
    ]


def test_html_fragment_and_text_with_angle_brackets() -> None:
    assert read_bytes(b"<p>Gestionar redes</p><p>Vender</p>").text.split() == ["Gestionar", "redes", "Vender"]
    assert read_bytes(b"a < b, <nombre> y <div> en una frase larga que no es ninguna pagina de la red").kind == "text"


def test_html_in_the_encoding_it_names() -> None:
    data = f'<html><head><meta charset="gb2312"></head><body><p>{ZH}</p></body></html>'.encode("gb18030")
    document = read_bytes(data)
    assert "负责会员体系搭建" in document.text
    assert document.encoding == "gb18030"
    wrong = f'<html><head><meta charset="utf-8"></head><body><p>{ZH}</p></body></html>'.encode("gb18030")
    assert "负责会员体系搭建" in read_bytes(wrong).text


def test_html_nested_without_end() -> None:
    text = html_text("<html><body>" + "<div>" * 50_000 + "Gestionar redes")
    assert isinstance(text, str)  # libxml2 stops at its own depth; neither a crash nor a traceback


def test_docx_with_table_text_box_and_deleted_text() -> None:
    document = docx.Document()
    document.add_paragraph("岗位职责")
    document.add_paragraph("负责品牌策划", style="List Bullet")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "地点", "杭州"
    last = document.add_paragraph()
    last.add_run("结束")
    run = last.add_run("删除")
    run._r.getchildren()[0].tag = run._r.getchildren()[0].tag.replace("}t", "}delText")
    text = read_bytes(written(document), "x.txt").text
    assert [line for line in text.split("\n") if line] == ["岗位职责", "负责品牌策划", "地点", "杭州", "结束"]


def test_docx_without_text_other_archive_and_broken_one() -> None:
    with pytest.raises(DocumentWithoutText, match="JD-414"):
        read_bytes(written(docx.Document()), "leer.docx")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(DocumentUnsupported, match="jd-analyzer score"):
        read_bytes(out.getvalue(), "t.docx")
    whole = written(docx.Document())
    with pytest.raises(DocumentDamaged, match="JD-413"):
        read_bytes(whole[: len(whole) // 2], "halb.docx")


def test_docx_that_unpacks_to_too_much() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 3_000_000)
    with pytest.raises(DocumentTooLarge, match="2,000,000"):
        read_bytes(out.getvalue(), "bombe.docx", Limits(max_unpacked_bytes=2_000_000))


def test_pdf_text_and_broken_lines() -> None:
    whole = "Coordinar las campañas de la marca con las agencias y con el equipo"
    document = read_bytes(pdf(["Funciones:", whole, "comercial de cada país.", "- Vender", "岗位职责：", "1、负责品牌策划"]), "x")
    assert document.kind == "pdf"
    assert document.text.split("\n") == ["Funciones:", whole + " comercial de cada país.", "- Vender", "岗位职责：", "1、负责品牌策划"]


def test_pdf_without_text_locked_broken_and_long() -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(DocumentWithoutText, match="OCR"):
        read_bytes(out.getvalue(), "scan.pdf")
    writer.encrypt("geheim", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(DocumentDamaged, match="password"):
        read_bytes(out.getvalue(), "zu.pdf")
    with pytest.raises(DocumentDamaged, match="JD-413"):
        read_bytes(b"%PDF-1.4\nnothing else", "kaputt.pdf")
    with pytest.raises(DocumentTooLarge, match="2 pages"):
        read_bytes(pdf(["a", "b", "c"], per_page=1), "lang.pdf", Limits(max_pages=2))


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "docx"),
        (b"{\\rtf1 Gestionar}", "RTF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "OCR"),
        (b"\x1f\x8b\x08\0" + bytes(range(256)), "unpack"),
        (bytes(range(256)) * 40, "not a text"),
    ],
)
def test_files_that_hold_no_posting(data: bytes, hint: str) -> None:
    with pytest.raises(DocumentUnsupported, match=hint):
        read_bytes(data, "x.txt")


def test_too_large_and_missing(tmp_path: Path) -> None:
    path = tmp_path / "gross.txt"
    path.write_bytes(b"a" * 101)
    with pytest.raises(DocumentTooLarge, match=r"gross\.txt"):
        read_file(path, Limits(max_file_bytes=100))
    with pytest.raises(DocumentError, match="JD-410"):
        read_file(tmp_path / "nicht-da.txt")


@given(st.binary(max_size=400), st.sampled_from([b"", b"%PDF-1.7\n", b"PK\x03\x04", b"<html><body>", b"\xff\xfe", b"\xfe\xff"]))
def test_any_bytes_give_a_text_or_a_clear_error(data: bytes, begin: bytes) -> None:
    try:
        document = read_bytes(begin + data, "x")
    except AnalyzerError as error:
        assert str(error).startswith("JD-41")
    else:
        document.text.encode("utf-8", "surrogatepass")
