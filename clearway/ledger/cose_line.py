"""The signature of a COSE Receipt (RFC 9942), carried as one more line of a signed note.

    — customs.example/border <base64 of key id, the 8 letters "RFC 9942", and the COSE signature>

A COSE Receipt is signed over the tree's root, not over the checkpoint's text, so it needs a
signature of its own. The log makes it with the same key, and it travels in the note, where others
ignore it (type 0xff of C2SP signed-note). So whoever holds a receipt can turn it into COSE and back
without the log. The two messages of one key cannot be mixed up: what COSE signs begins with byte
0x84, which no UTF-8 text does.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import cbor2

from clearway.errors import VerificationError
from clearway.ledger import ed25519
from clearway.ledger.checkpoint import Checkpoint, parse
from clearway.ledger.keys import KEY_ID_SIZE, Ed25519Verifier, Verifier, to_base64
from clearway.ledger.note import Signer, add_lines, split_note

_IDENTIFIER = b"\xffclearway-cose-receipt/1"
_MARK = b"RFC 9942"
_SIZE = len(_MARK) + ed25519.SIGNATURE_SIZE
_ALG, _KID, _CWT_CLAIMS, _ISSUER, _VDS = 1, 4, 15, 1, 395
_EDDSA, _RFC9162_SHA256 = -8, 1


def add(note: str, signer: Signer) -> str:
    """Return the note with the log's COSE signature; a note that has it comes back as it was.

    Raises: VerificationError: the note is no checkpoint of this signer's log.
    """
    text, _ = split_note(note)
    head = parse(text)
    if head.origin != signer.name:
        raise VerificationError(
            f"{signer.name!r} cannot sign a COSE receipt of the log {head.origin!r}"
        )
    signature = signer.sign_bytes(_message(head, signer.verifier))
    encoded = to_base64(key_id(signer.verifier) + _MARK + signature)
    return add_lines(note, [f"\u2014 {signer.name} {encoded}\n"])


def find(note: str, head: Checkpoint) -> tuple[bytes, bytes] | None:
    """Return the protected header and UNVERIFIED COSE signature that the note carries, if any."""
    for name, id_, value in split_note(note)[1]:
        if name == head.origin and len(value) == _SIZE and value.startswith(_MARK):
            return protected_header(head.origin, id_), value[len(_MARK) :]
    return None


def verify(note: str, head: Checkpoint, verifiers: Iterable[Verifier]) -> None:
    """Check the COSE line of each known log key that the note bears; most notes bear none.

    Raises: VerificationError: one does not hold.
    """
    if note.count(f"\u2014 {head.origin} ") < 2:
        return  # only its plain signature; do not take the note apart once more
    own = {
        key_id(verifier): verifier
        for verifier in verifiers
        if isinstance(verifier, Ed25519Verifier) and verifier.name == head.origin
    }
    for name, id_, value in split_note(note)[1]:
        verifier = own.get(id_) if name == head.origin else None
        if verifier is not None:
            if not value.startswith(_MARK):
                raise VerificationError(f"The COSE line of {name!r} is not in form")
            signature = value[len(_MARK) :]
            ed25519.verify(verifier.public_key, signature, _message(head, verifier))


def key_id(verifier: Ed25519Verifier) -> bytes:
    """Return the 4 bytes that tell this line, and the `kid` of the COSE Receipt."""
    name = verifier.name.encode()
    return sha256(name + b"\n" + _IDENTIFIER + verifier.public_key).digest()[:KEY_ID_SIZE]


def protected_header(origin: str, kid: bytes) -> bytes:
    """Return the signed header of a COSE Receipt of this log, in its one encoding."""
    header = {_ALG: _EDDSA, _KID: kid, _CWT_CLAIMS: {_ISSUER: origin}, _VDS: _RFC9162_SHA256}
    return cbor2.dumps(header, canonical=True)


def _message(head: Checkpoint, verifier: Ed25519Verifier) -> bytes:
    protected = protected_header(head.origin, key_id(verifier))
    return cbor2.dumps(["Signature1", protected, b"", head.root])
