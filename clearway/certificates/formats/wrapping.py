"""Taking the XML document out of what really arrives, and telling what had to be undone.

Seen in exchange: the plain document; its base64; base64 of UTF-16 after stray bytes; blanks
before the XML declaration; Latin-1 bytes that are declared UTF-8. Nothing here judges the content.

    unwrap(b"PD94bWwg...", remarks, limits)    # b"<rsm:SPSCertificate ..." in UTF-8
"""

from __future__ import annotations

import binascii
import codecs
import re
from typing import Final

from clearway.certificates.formats.remarks import Remarks
from clearway.errors import MalformedMessage
from clearway.wire.limits import Limits, require_size

# A length field, a byte order mark and the like; more than this is not a slip but another format.
_MOST_JUNK: Final = 64

_START: Final = re.compile(
    rb"<(?:\?xml\b|[A-Za-z_][\w.-]{0,40}:?SPSCertificate\b|SPSCertificate\b)"
)
_DECLARATION: Final = re.compile(r"\A<\?xml\s[^<>]{0,200}?\?>")
_ENCODING: Final = re.compile(r"""encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_=-]+")
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be")
_LEGACY: Final = re.compile(
    r"(?:iso-?8859-?\d{1,2}|latin-?1|windows-?125\d|cp125\d|us-ascii|ascii)"
)


def unwrap(data: bytes, remarks: Remarks, limits: Limits) -> bytes:
    """Return the document in UTF-8 without an XML declaration.

    Raises:
        MalformedMessage: there is no XML document in it, or its letters cannot be decoded.
        TooLarge: more bytes than `limits.size_bytes`.
    """
    require_size(data, limits)
    document = data if _start(data) else _from_base64(data, remarks)
    found = _start(document)
    if found is None:
        raise MalformedMessage(
            "The message holds no XML document; send an SPSCertificate in UTF-8, or its base64"
        )
    offset, encoding = found
    if b"<!doctype" in document[:offset].replace(b"\x00", b"").lower():
        raise MalformedMessage(
            "The message has a DOCTYPE. Document types and entities are not accepted; send the"
            " document without it"
        )
    junk = document[:offset].removeprefix(codecs.BOM_UTF8).strip(b"\x00 \t\r\n\xff\xfe")
    if junk or (offset and document[:offset].isspace()):
        remarks.add("CERT_S02", "", document[:offset][:16].hex(" "))
    return _decoded(document[offset:], encoding, remarks)


def _start(data: bytes) -> tuple[int, str] | None:
    """Return where the document begins and whether in UTF-8 or UTF-16; None: it does not.

    UTF-16 read one byte late looks like UTF-16 of the other order, so the earliest place counts.
    """
    if _START.match(data):
        return 0, "utf-8"
    starts = [
        (at, encoding)
        for encoding in _ENCODINGS
        for at in _angles(data, encoding)
        if _START.match(data[at : at + 512].decode(encoding, "ignore").encode())
    ]
    if starts:
        return min(starts)
    plain = data[: _MOST_JUNK + 1].removeprefix(codecs.BOM_UTF8).lstrip()
    if plain[:1] == b"<" and plain[1:2] != b"\x00":
        return data.index(b"<"), "utf-8"  # some other document: the reader will say which
    return None


def _angles(data: bytes, encoding: str) -> list[int]:
    """Return the places near the beginning where `<` stands in this encoding."""
    angle = "<".encode(encoding)
    window = data[: _MOST_JUNK + len(angle)]
    return [at for at in range(len(window)) if window.startswith(angle, at)]


def _from_base64(data: bytes, remarks: Remarks) -> bytes:
    text = b"".join(data.removeprefix(codecs.BOM_UTF8).replace(b"\x00", b"").split())
    if not _BASE64.fullmatch(text):
        raise MalformedMessage(
            "The message is neither an XML document nor base64; send an SPSCertificate in UTF-8"
        )
    padded = text.translate(_URL_SAFE) + b"=" * (-len(text) % 4)
    try:
        document = binascii.a2b_base64(padded, strict_mode=True)
    except binascii.Error as error:
        raise MalformedMessage(f"The base64 of the message is broken: {error}") from error
    remarks.add("CERT_S01", "")
    return document


def _decoded(document: bytes, encoding: str, remarks: Remarks) -> bytes:
    """Return the document in UTF-8, without its declaration."""
    declared = _declared(document, encoding)
    text = _text(document, encoding, declared, remarks)
    return _DECLARATION.sub("", text, count=1).strip().encode()


def _declared(document: bytes, encoding: str) -> str:
    declaration = _DECLARATION.match(document[:512].decode(encoding, "ignore"))
    found = _ENCODING.search(declaration[0]) if declaration else None
    return found[1].lower() if found else "utf-8"


def _text(document: bytes, encoding: str, declared: str, remarks: Remarks) -> str:
    if encoding != "utf-8":
        if not declared.startswith("utf-16"):
            remarks.add("CERT_S03", "", f"{encoding}, declared {declared}")
        return _strictly(document[: len(document) // 2 * 2], encoding)
    if declared in ("utf-8", "utf8"):
        return _utf8_or_western(document, remarks)
    if _LEGACY.fullmatch(declared):
        return _strictly(document, declared)
    remarks.add("CERT_S03", "", f"eight-bit letters, declared {declared}")
    return _utf8_or_western(document, remarks)


def _utf8_or_western(document: bytes, remarks: Remarks) -> str:
    """Return the text; bytes that are no UTF-8 are taken for windows-1252, and remarked."""
    try:
        return document.decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = document[error.start]
        remarks.add("CERT_S03", "", f"byte {error.start + 1:,} is 0x{wrong:02X}; read as Western")
        return _strictly(document, "windows-1252")


def _strictly(document: bytes, encoding: str) -> str:
    try:
        return document.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise MalformedMessage(
            f"The letters of the message are not {encoding}: {error}; send it as UTF-8"
        ) from error
