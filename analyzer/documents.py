"""The text of a document: plain text in any usual encoding, HTML, DOCX or PDF, told apart by content, not by name.

A plain text is given back as it is, line ends included, so that offsets into it are offsets into the user's file. From
the other kinds the text is taken out, one block a line; offsets then count characters of `Document.text`.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.errors import DocumentDamaged, DocumentError, DocumentTooLarge, DocumentUnsupported, DocumentWithoutText
from analyzer.settings import LIMITS, Limits

TEXT, HTML, DOCX, PDF = "text", "html", "docx", "pdf"
ENCODINGS = ("gb18030", "big5", "cp1252", "utf_16_le", "utf_16_be")
"""What Chinese and Spanish files come in where they are not UTF-8."""
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.doc, .xls); save it as .docx or as text"),
    (b"{\\rtf", "an RTF file; save it as .docx or as text"),
    (b"\x89PNG", "a picture; type its text, or run text recognition (OCR) over it"),
    (b"\xff\xd8\xff", "a picture; type its text, or run text recognition (OCR) over it"),
    (b"GIF8", "a picture; type its text, or run text recognition (OCR) over it"),
    (b"\x1f\x8b", "a compressed file; unpack it first"),
    (b"7z\xbc\xaf", "an archive; unpack it first"),
    (b"Rar!", "an archive; unpack it first"),
    (b"PAR1", "a Parquet table; use `jd-analyzer score` for tables"),
    (b"SQLite format 3", "a database, not a document"),
    (b"\x7fELF", "a program, not a document"),
    (b"MZ\x90\x00", "a program, not a document"),
)
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,30})|<\?xml[^>]{0,100}?encoding=[\"']([\w-]{2,30})", re.IGNORECASE
)
_HTML_START = re.compile(
    r"\s*(?:<!--.{0,2000}?-->\s*|<\?xml[^>]*\?>\s*)*<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE | re.DOTALL
)
_HTML_TAG = re.compile(r"</?(?:p|div|ul|ol|li|br|h[1-6]|span|table|tr|td|section|article|strong|b)(?:\s[^<>]{0,500})?/?>", re.IGNORECASE)
_HTML_SHARE = 60
"""A text without an HTML head is HTML where it begins with a tag and has one a so many characters, on average."""
_BLOCK_NAMES = (
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul"
)
_UNSEEN_NAMES = "script style template head noscript svg math canvas iframe object audio video select datalist button textarea input nav"
_BLOCK, _UNSEEN = frozenset(_BLOCK_NAMES.split()), frozenset(_UNSEEN_NAMES.split())


@dataclass(frozen=True)
class Document:
    """text: what there is to analyse; kind: text, html, docx or pdf; encoding: of the bytes, where they were text."""

    text: str
    kind: str
    encoding: str | None = None

    @property
    def verbatim(self) -> bool:
        """Whether `text` is the file's own text, so that offsets into it are offsets into the file."""
        return self.kind == TEXT


def read_file(path: Path, limits: Limits = LIMITS) -> Document:
    """The text of a file. Raises a DocumentError (JD-410 to JD-414) that says what is wrong and what to do."""
    name = path.name
    try:
        with path.open("rb") as file:
            data = file.read(limits.max_file_bytes + 1)
    except OSError as error:
        raise DocumentError(f"{name}: cannot be read ({error.strerror or error}); check the path and your rights to it") from None
    return read_bytes(data, name, limits)


def read_bytes(data: bytes, name: str = "input", limits: Limits = LIMITS) -> Document:
    """The text of a document's bytes; `name` is for messages. Raises a DocumentError as `read_file` does."""
    if len(data) > limits.max_file_bytes:
        raise DocumentTooLarge(f"{name}: over {limits.max_file_bytes:,} bytes; cut out the posting, or use `jd-analyzer score` for tables")
    if b"%PDF-" in data[:1024]:
        return Document(_guarded(_pdf_text, data, name, "PDF", limits), PDF)
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return Document(_guarded(_docx_text, data, name, "DOCX", limits), DOCX)
    for magic, what in _FOREIGN:
        if data.startswith(magic):
            raise DocumentUnsupported(f"{name}: {what}; text, HTML, DOCX and PDF are read")
    text, encoding = _decoded(data, name)
    if _is_html(text):
        return Document(html_text(text), HTML, encoding)
    return Document(text, TEXT, encoding)


def _guarded(read: Callable[[bytes, str, Limits], str], data: bytes, name: str, kind: str, limits: Limits) -> str:
    """What a library reads from a file; whatever it raises over a broken one becomes one clear error."""
    try:
        return read(data, name, limits)
    except DocumentError:
        raise
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise DocumentDamaged(
            f"{name}: a damaged {kind} file ({type(error).__name__}); open it and save it anew, or copy its text"
        ) from None


# ---------------------------------------------------------------- plain text


def _decoded(data: bytes, name: str) -> tuple[str, str]:
    """Bytes as text, and the encoding they were in."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), encoding
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(data, name)
    if text.count("\0") > 0.2 * len(text):  # UTF-16 of Latin text is sound UTF-8 too, with every other byte zero
        return _guessed(data, name)
    return text, "utf-8"


def _guessed(data: bytes, name: str) -> tuple[str, str]:
    declared = _META_CHARSET.search(data[:4096])
    if declared:
        try:
            encoding = (declared.group(1) or declared.group(2)).decode("ascii")
            encoding = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "latin1": "cp1252"}.get(encoding.lower(), encoding)
            return data.decode(encoding), encoding
        except (LookupError, ValueError):
            pass  # the page names an encoding it is not in: look at the bytes
    damaged = data.decode("utf-8", "replace")
    if damaged.count("\ufffd") <= 0.01 * len(damaged):  # a few broken bytes in a UTF-8 text
        return damaged, "utf-8"
    from charset_normalizer import from_bytes

    found = from_bytes(data, cp_isolation=list(ENCODINGS)).best()
    if found is None or _mostly_control(str(found)):
        raise DocumentUnsupported(f"{name}: not a text, HTML, DOCX or PDF file; give one of these, or paste the text with --text")
    return str(found), str(found.encoding)


def _mostly_control(text: str) -> bool:
    sample = text[:20_000]
    return sum(c < " " and c not in "\t\n\r\f\v" for c in sample) > 0.02 * len(sample)


# ---------------------------------------------------------------- HTML


def _is_html(text: str) -> bool:
    if _HTML_START.match(text):
        return True
    head = text[:20_000].strip()
    return bool(_HTML_TAG.match(head)) and len(_HTML_TAG.findall(head)) * _HTML_SHARE >= len(head)


def html_text(source: str) -> str:
    """What a reader sees of an HTML page, one block a line; scripts, styles, forms' controls and navigation left out."""
    from lxml import html

    if not source.strip():
        return ""
    # bytes, since lxml refuses a string that carries an encoding declaration; NUL ends its parser's input
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    root = html.document_fromstring(source.replace("\0", "\ufffd").encode("utf-8", "replace"), parser=parser, ensure_head_body=True)
    body = root.find("body")
    return re.sub(r"\n{2,}", "\n", _tidy("".join(_seen(root if body is None else body))))


def _seen(root: Any) -> Iterator[str]:
    """The visible text under an element, with line breaks round its blocks; without recursion, so depth is no matter."""
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        element, closing = stack.pop()
        tag = element.tag if isinstance(element.tag, str) else ""
        block = tag in _BLOCK
        if closing:
            if block:
                yield "\n"
            yield _squeezed(element.tail, element) if element is not root else ""
            continue
        hidden = not tag or tag in _UNSEEN or element.get("hidden") is not None
        if tag == "br" or (block and not hidden):
            yield "\n"
        stack.append((element, True))
        if not hidden:
            yield _squeezed(element.text, element)
            stack.extend((child, False) for child in reversed(element))


def _squeezed(text: str | None, element: Any) -> str:
    if not text:
        return ""
    return text if element.tag == "pre" else re.sub(r"[ \t\r\n\f]+", " ", text)


def _tidy(text: str) -> str:
    """No spaces at the ends of lines, one empty line at most."""
    lines = [re.sub(r"[ \t]+", " ", line).strip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


# ---------------------------------------------------------------- DOCX

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def _docx_text(data: bytes, name: str, limits: Limits) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    names = {p.filename for p in parts}
    if "word/document.xml" not in names:
        hint = (
            "a spreadsheet; use `jd-analyzer score` for tables"
            if "xl/workbook.xml" in names
            else "an archive or a file of another program, not a DOCX"
        )
        raise DocumentUnsupported(f"{name}: {hint}; text, HTML, DOCX and PDF are read")
    if sum(p.file_size for p in parts) > limits.max_unpacked_bytes:
        raise DocumentTooLarge(f"{name}: unpacks to over {limits.max_unpacked_bytes:,} bytes; copy its text into a file of its own")
    import docx

    body = docx.Document(io.BytesIO(data)).element.body
    text = _tidy("".join(_docx_pieces(body)))
    if not text.strip():
        raise DocumentWithoutText(f"{name}: holds no text, perhaps pictures only; type the text, or run text recognition (OCR) over it")
    return text


def _docx_pieces(body: Any) -> Iterator[str]:
    """Every text of the body in reading order: paragraphs, tables, text boxes; deleted text is not in it."""
    for element in body.iter():
        tag = element.tag
        if tag == _W + "p":
            yield "\n"
        elif tag == _W + "t" and element.text and next(element.iterancestors(_FALLBACK), None) is None:
            yield element.text
        elif tag in (_W + "br", _W + "cr"):
            yield "\n"
        elif tag == _W + "tab":
            yield " "


# ---------------------------------------------------------------- PDF


def _pdf_text(data: bytes, name: str, limits: Limits) -> str:
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its notes on broken files would stand among our output
    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not _opened(reader):
        raise DocumentDamaged(f"{name}: locked by a password; save it without one, or copy its text")
    if len(reader.pages) > limits.max_pages:
        raise DocumentTooLarge(f"{name}: over {limits.max_pages} pages; cut out the posting's pages")
    text = _unwrapped(_tidy("\n".join(page.extract_text() for page in reader.pages)))
    if not text.strip():
        raise DocumentWithoutText(
            f"{name}: a PDF without text, perhaps scanned pages; run text recognition (OCR) over it, or type the text"
        )
    return text


def _opened(reader: Any) -> bool:
    """Whether an encrypted PDF opens without a password, as many do that only forbid printing."""
    try:
        return bool(reader.decrypt(""))
    except Exception:
        return False


_ITEM = re.compile(r"[•●○◦▪■□◆◇★✓✔➢➤·\-–—*]|\(?（?\d{1,2}\s?[、．.)）]|[①-⑳]|[一二三四五六七八九十]{1,3}、|【")
_ENDED = re.compile(r"[。；！？.;!?:：】]$")


def _unwrapped(text: str) -> str:
    """Lines that a page's width broke, joined: a full line without an end mark goes on in the next one."""
    lines = text.split("\n")
    widest = max(map(_width, lines), default=0)
    out: list[str] = []
    for before, line in zip(["", *lines], lines, strict=False):
        full = _width(before) >= max(40, 0.75 * widest)
        if out and full and line and not _ENDED.search(before) and not _ITEM.match(line):
            out[-1] += line if _wide(before[-1]) or _wide(line[0]) else " " + line
        else:
            out.append(line)
    return "\n".join(out)


def _wide(character: str) -> bool:
    return "\u2e80" <= character <= "\uffef"


def _width(line: str) -> int:
    return sum(2 if _wide(c) else 1 for c in line)
