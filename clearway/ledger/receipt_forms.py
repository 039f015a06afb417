"""The three forms of a receipt, told apart by their first bytes; all hold the same.

json        clearway-receipt/1 (`receipt.py`)
tlog-proof  C2SP tlog-proof with the opening as extra data (`tlog_proof.py`)
cose        COSE Receipt of RFC 9942 with the opening beside it (`cose_receipt.py`)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from clearway.ledger import cose_receipt, receipt, tlog_proof
from clearway.ledger.receipt import Receipt

Form = Literal["json", "tlog-proof", "cose"]
FORMS: tuple[Form, ...] = get_args(Form)

_WRITERS: dict[Form, Callable[[Receipt], bytes]] = {
    "json": Receipt.marshal,
    "tlog-proof": tlog_proof.write,
    "cose": cose_receipt.write,
}
_READERS: dict[Form, Callable[[bytes], Receipt]] = {
    "json": receipt.parse,
    "tlog-proof": tlog_proof.read,
    "cose": cose_receipt.read,
}
_TAG_18 = b"\xd2"


def form_of(data: bytes) -> Form:
    """Return the form that the first bytes claim; JSON where they claim no other."""
    if data.startswith(_TAG_18):
        return "cose"
    return "tlog-proof" if data.startswith(b"c2sp.org/") else "json"


def read(data: bytes) -> Receipt:
    """Read a receipt in any form; nothing in it is verified.

    Raises: TooLarge, MalformedMessage.
    """
    return _READERS[form_of(data)](data)


def write(receipt: Receipt, form: Form) -> bytes:
    """Return the receipt in a form.

    Raises: VerificationError: COSE is wanted, and the log has not signed for it.
    """
    return _WRITERS[form](receipt)
