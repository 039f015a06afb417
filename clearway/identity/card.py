"""An agency's card: its names, keys and addresses in one signed JSON file, to hand to a partner.

    {
      "card": "{\"form\":\"clearway-card/1\",\"name\":\"Customs\",\"country\":\"KE\", ...}",
      "note": "clearway-card/1\n0\n<SHA-256 of card, base64>\n\n— customs.example/border <base64>\n"
    }

The note has the form of a checkpoint, so that log keys and witness keys of every type can sign it,
and is none: no log has the origin `clearway-card/1`, and no log of size 0 has that root. Each log
and witness key on the card signs it, which shows that they are in the hands of who wrote it. It
does not show who that is: the two agencies compare `fingerprint` by voice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec

from clearway.errors import MalformedMessage, TooLarge, VerificationError
from clearway.identity.agencies import id_of
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.keys import MAX_NAME_SIZE, is_cosigner, read_vkey
from clearway.ledger.note import Verifier, open_note, split_note
from clearway.ledger.sealed import PublicKey
from clearway.terms.places import Country

FORM = "clearway-card/1"
MAX_SIZE = 64 * 1024
MAX_KEYS = 8
_MAX_TEXT = 200
_MAX_URL = 500
# The groups that people read to each other: 5 digits, 10 times, over 160 bits.
_GROUPS = 10
_SHA256 = re.compile(r"[0-9a-f]{64}")


class _Wire(msgspec.Struct, forbid_unknown_fields=True):
    card: str
    note: str


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a card says, in the order in which it is written.

    Args:
        form: `clearway-card/1`.
        origin: identity of the log; at least one of `log_vkeys` bears this name.
        hpke_key: what others seal to (`ledger.sealed.PublicKey.text`); empty: none.
        tls_fingerprint: SHA-256 of the TLS certificate, hex; empty: none.
        url, witness_url: empty: none.
    """

    form: str
    name: str
    country: str
    origin: str
    log_vkeys: tuple[str, ...]
    witness_vkeys: tuple[str, ...]
    hpke_key: str
    tls_fingerprint: str
    url: str
    witness_url: str

    @property
    def agency(self) -> str:
        """Id of the agency."""
        return id_of(self.origin)


@dataclass(frozen=True, slots=True)
class SignedCard:
    """A card whose own keys signed it.

    Args:
        signed_by: vkeys that signed: all of the card, and known older ones.
    """

    card: Card
    text: str
    signed_by: frozenset[str]


def emit(card: Card, sign: Iterable[Callable[[str], str]]) -> bytes:
    """Return the file.

    Args:
        sign: for each key of the card, what makes its signature line of a text.
    """
    text = msgspec.json.encode(card).decode()
    head = _head(text)
    lines = "".join(line(head) for line in sign)
    plain = msgspec.json.encode(_Wire(text, f"{head}\n{lines}"))
    return msgspec.json.format(plain, indent=2) + b"\n"


def parse(data: bytes, known: Iterable[str] = ()) -> SignedCard:
    """Return what a card says, once each of its keys is seen to have signed it.

    Args:
        known: vkeys that were known before and may have signed it too, as at a rotation.

    Raises: TooLarge: over 64 KiB. MalformedMessage: not of this form. VerificationError: a key of
    the card did not sign it.
    """
    if len(data) > MAX_SIZE:
        raise TooLarge(f"An agency's card has at most {MAX_SIZE} bytes; this one has {len(data)}")
    try:
        wire = msgspec.json.decode(data, type=_Wire)
        card = msgspec.json.decode(wire.card, type=Card)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise MalformedMessage(f"This is not an agency's card: {error}") from error
    own = _require_form(card)
    if split_note(wire.note)[0] != _head(wire.card):
        raise VerificationError("The card's note is not about this card")
    keys = {key.vkey: key for key in (*own, *map(read_vkey, known))}
    opened = open_note(wire.note, keys.values())
    signed = {(one.name, one.key_id) for one in opened.signatures}
    missing = [key.vkey for key in own if (key.name, key.key_id) not in signed]
    if missing:
        raise VerificationError(f"The card is not signed by its own key {missing[0]}")
    by = frozenset(vkey for vkey, key in keys.items() if (key.name, key.key_id) in signed)
    return SignedCard(card, wire.card, by)


def fingerprint(card: Card) -> str:
    """Return 10 groups of 5 digits over the origin and all keys, to be compared by voice."""
    content = (
        FORM, card.origin, *card.log_vkeys, *card.witness_vkeys, card.hpke_key,
        card.tls_fingerprint,
    )  # fmt: skip
    number = int.from_bytes(sha256("\n".join(content).encode()).digest(), "big")
    return " ".join(f"{number // 100_000**place % 100_000:05}" for place in range(_GROUPS))


def _head(text: str) -> str:
    return Checkpoint(FORM, 0, sha256(text.encode()).digest()).marshal()


def _require_form(card: Card) -> list[Verifier]:
    """Return the card's keys. Raises: MalformedMessage, VerificationError: a key not in form."""
    if card.form != FORM:
        raise MalformedMessage(f"This card is of the form {card.form[:40]!r}, not {FORM!r}")
    Country(card.country)
    for name, value, limit in (
        ("name", card.name, _MAX_TEXT), ("origin", card.origin, MAX_NAME_SIZE),
    ):  # fmt: skip
        if not value.strip() or len(value) > limit or not value.isprintable():
            raise MalformedMessage(f"The card's {name} must be 1 to {limit} printable characters")
    for url in (card.url, card.witness_url):
        require_url(url)
    if not 1 <= len(card.log_vkeys) <= MAX_KEYS or len(card.witness_vkeys) > MAX_KEYS:
        raise MalformedMessage(f"A card has 1 to {MAX_KEYS} log keys, and at most as many others")
    if card.hpke_key:
        PublicKey.parse(card.hpke_key)
    if card.tls_fingerprint and not _SHA256.fullmatch(card.tls_fingerprint):
        raise MalformedMessage("The card's tls_fingerprint is not a SHA-256 in hexadecimal")
    return _keys(card)


def _keys(card: Card) -> list[Verifier]:
    logs = [read_vkey(text) for text in card.log_vkeys]
    witnesses = [read_vkey(text) for text in card.witness_vkeys]
    if any(key.name != card.origin for key in logs):
        raise MalformedMessage("A log key on a card bears the name of its log's origin")
    if not all(map(is_cosigner, witnesses)):
        raise MalformedMessage("A witness key on a card is of type 0x04 or 0x06")
    keys = [*logs, *witnesses]
    if len({key.public_key for key in keys}) != len(keys):
        raise MalformedMessage("Each key on a card serves one purpose only")
    return keys


def require_url(url: str) -> None:
    """Refuse what is no address of a door. Raises: MalformedMessage."""
    if not url:
        return
    try:
        parts = urlsplit(url)
        is_door = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_door = False
    if not is_door or len(url) > _MAX_URL or parts.username or parts.query or parts.fragment:
        raise MalformedMessage(
            f"The address {url[:80]!r} must be http(s)://host[:port][/path], up to {_MAX_URL}"
            " characters"
        )
