"""Makes `docs/design/seal-vectors.json`: seals good and bad, with the verdict that each must get.

python -m tests.certificates.seal_vectors > docs/design/seal-vectors.json
"""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from clearway.certificates.claims import Claims
from clearway.certificates.formats import base45, seal, seal_claims, seal_text, status_list
from clearway.certificates.model import Certificate
from clearway.certificates.status import State
from clearway.certificates.trust.model import TrustList, Usage
from clearway.certificates.verdict import Verdict
from clearway.ledger import cose
from clearway.ledger.fact import encode
from clearway.terms.period import Period

from . import sealing
from .sealing import AT, CERTIFICATE, KEY, PLACE, SECRET, STRANGER, TRUST, VALID

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Vector:
    """One seal and what is at hand when it is judged."""

    name: str
    text: str
    trust: str = "current"
    status: tuple[str, ...] = ("current",)
    at: datetime = AT
    document: str = ""
    about: str = ""


@dataclass(frozen=True)
class Material:
    """Lists and documents by name."""

    trust: dict[str, TrustList | None] = field(default_factory=dict)
    status: dict[str, bytes] = field(default_factory=dict)
    documents: dict[str, Certificate] = field(default_factory=dict)


def material() -> Material:
    other = sealing.fixed(number="EC-2026-000124")
    return Material(
        trust={
            "current": TRUST,
            "none": None,
            "without the key": sealing.trust(sealing.trusted(STRANGER)),
            "out of date": replace(TRUST, next_update=AT - timedelta(hours=1)),
            "key revoked": sealing.trust(sealing.trusted(revoked_at=AT - timedelta(days=2))),
            "key of another kind": sealing.trust(sealing.trusted(type_codes=("861",))),
            "key expired": sealing.trust(sealing.trusted(valid=Period(VALID.start, AT - 4 * WEEK))),
            "key for documents": sealing.trust(sealing.trusted(usage=Usage.XML)),
        },
        status={
            "current": sealing.list_bytes(),
            "withdrawn": sealing.list_bytes({PLACE.index: State.WITHDRAWN}),
            "replaced": sealing.list_bytes({PLACE.index: State.REPLACED}),
            "suspended": sealing.list_bytes({PLACE.index: State.SUSPENDED}),
            "out of date": sealing.list_bytes(
                issued_at=AT - timedelta(days=3), next_update=AT - timedelta(days=2)
            ),
            "old and withdrawn": sealing.list_bytes(
                {PLACE.index: State.WITHDRAWN},
                issued_at=AT - timedelta(days=3),
                next_update=AT - timedelta(days=2),
            ),
            "another list": sealing.list_bytes(list_id="S2"),
        },
        documents={"the sealed one": CERTIFICATE, "another": other},
    )


def vectors() -> list[Vector]:
    reference = seal_text.text(sealing.sealed())
    inspection = seal_text.text(sealing.sealed(with_lines=True))
    bearer = seal_text.text(sealing.sealed(is_bearer=True))
    return [
        Vector("reference", reference),
        Vector("inspection", inspection),
        Vector("bearer", bearer, about="shows the secret itself (claim 12)"),
        Vector("with its document", reference, document="the sealed one"),
        Vector("newest list counts", reference, status=("out of date", "current")),
        Vector("compressed although longer", forced_zlib(sealing.sealed())),
        *(Vector(f"trust list: {name}", reference, trust=name) for name in list(_BAD_TRUST)),
        *(Vector(f"status list: {name}", reference, status=(name,)) for name in _BAD_STATUS),
        Vector("no status list", reference, status=()),
        Vector("names no status list", seal_text.text(sealing.sealed(place=None))),
        Vector("index beyond the list", changed(place=replace(PLACE, index=1 << 20))),
        Vector(
            "expired", reference, at=datetime(2026, 9, 15, 0, 1, tzinfo=AT.tzinfo), trust="current"
        ),
        Vector("dated later than now", changed(issued=date(2026, 3, 22))),
        Vector("dated on the key's first day", changed(issued=date(2026, 1, 1))),
        Vector("dated before the key", changed(issued=date(2025, 12, 31))),
        Vector("sealed as withdrawn", changed(status="40")),
        Vector("another document", reference, document="another"),
        Vector("signed by a stranger", stranger()),
        Vector("signature changed", flipped(sealing.sealed(), -1)),
        Vector("claims changed", flipped(sealing.sealed(), 40)),
        Vector("another country's key", another_country()),
        *(Vector(name, text) for name, text in broken(reference)),
    ]


_BAD_TRUST = (
    "none",
    "without the key",
    "out of date",
    "key revoked",
    "key of another kind",
    "key for documents",
    "key expired",
)
_BAD_STATUS = (
    "withdrawn",
    "replaced",
    "suspended",
    "out of date",
    "old and withdrawn",
    "another list",
)


def changed(**claims: Any) -> str:
    whole = seal.claims_of(CERTIFICATE, PLACE, secret=SECRET, valid_until=sealing.UNTIL)
    return seal_text.text(seal.sign(replace(whole, **claims), KEY))


def forced_zlib(message: bytes) -> str:
    import zlib

    return seal_text.PREFIX + base45.encode(zlib.compress(message, 0))


def flipped(message: bytes, place: int) -> str:
    other = bytearray(message)
    other[place] ^= 1
    return seal_text.text(bytes(other))


def signed_anyhow(claims: Claims, key_id: bytes, seed: int) -> str:
    private: Any = sealing.authority_key(seed).private
    return seal_text.text(cose.sign_es256(seal_claims.write(claims), private, {cose.KID: key_id}))


def stranger() -> str:
    """Return a seal that names the authority's key and is signed with another."""
    whole = seal.claims_of(CERTIFICATE, PLACE, secret=SECRET)
    return signed_anyhow(whole, KEY.key_id, 2)


def another_country() -> str:
    whole = seal.claims_of(CERTIFICATE, PLACE, secret=SECRET)
    return signed_anyhow(replace(whole, issuing_country=sealing.Country("KE")), KEY.key_id, 1)


def broken(good: str) -> list[tuple[str, str]]:
    """Return what is no seal at all."""
    message = seal_text.parse(good)
    claims = seal_claims.write(seal.claims_of(CERTIFICATE, PLACE))
    private: Any = KEY.private
    newer = cose.sign_es256(b"\xa1\x00\x02", private, {cose.KID: KEY.key_id})
    twice = cose.sign_es256(claims + claims, private, {cose.KID: KEY.key_id})
    return [
        ("no prefix", good.removeprefix("CW1:")),
        ("prefix of another form", good.replace("CW1:", "HC1:", 1)),
        ("small letters", good.lower()),
        ("cut short", good[:-5]),
        ("not base45", good[:-1] + "_"),
        ("bytes after the end", seal_text.text(message + b"\x00")),
        ("form 2", seal_text.text(newer)),
        ("claims twice", seal_text.text(twice)),
        ("a bomb", bomb()),
        ("empty", "CW1:"),
    ]


def bomb() -> str:
    import zlib

    return seal_text.PREFIX + base45.encode(zlib.compress(bytes(400_000), 9))


def judged(vector: Vector, hand: Material) -> Verdict:
    """Return our verdict."""
    trust = hand.trust[vector.trust]
    lists = [status_list.verify(hand.status[name], TRUST, AT) for name in vector.status]
    document = hand.documents[vector.document] if vector.document else None
    return seal.check(vector.text, trust, lists, vector.at, document=document)


def as_json() -> str:
    """Return the file."""
    hand = material()
    return json.dumps(
        {
            "form": "clearway-seal-vectors/1",
            "keys": {"EC": public_jwk(KEY), "stranger": public_jwk(STRANGER)},
            "trust_lists": {name: plain_trust(each) for name, each in hand.trust.items() if each},
            "status_lists": {
                name: base64.b64encode(each).decode() for name, each in hand.status.items()
            },
            "content_digests": {name: each.content_digest for name, each in hand.documents.items()},
            "claims": json.loads(
                encode(seal.read(seal_text.text(sealing.sealed(with_lines=True))).stated)
            ),
            "vectors": [entry(vector, judged(vector, hand)) for vector in vectors()],
        },
        indent=1,
        ensure_ascii=False,
    )


def entry(vector: Vector, verdict: Verdict) -> dict[str, Any]:
    return {
        "name": vector.name,
        "text": vector.text,
        "trust_list": vector.trust,
        "status_lists": list(vector.status),
        "at": vector.at.isoformat().replace("+00:00", "Z"),
        **({"document": vector.document} if vector.document else {}),
        "colour": verdict.colour,
        "codes": [answer.reason.code for answer in verdict.answers],
        "is_certified": verdict.certified is not None,
    }


def plain_trust(trust: TrustList) -> Any:
    """Return a trust list's content; the signed form has a page of its own."""
    return {
        "issued_at": trust.issued_at.isoformat(),
        "next_update": trust.next_update.isoformat(),
        "keys": [
            {
                "authority": key.authority,
                "country": key.country,
                "type_codes": list(key.type_codes),
                "usage": key.usage,
                "algorithm": key.algorithm,
                "public": base64.b64encode(key.public).decode(),
                "key_id": key.key_id.hex(),
                "valid_from": key.valid.start.isoformat(),
                "valid_until": key.valid.end and key.valid.end.isoformat(),
                "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
            }
            for key in trust.keys
        ],
    }


def public_jwk(key: sealing.AuthorityKey) -> dict[str, str]:
    return {"key_id": key.key_id.hex(), "spki": base64.b64encode(key.public).decode()}


if __name__ == "__main__":
    sys.stdout.write(as_json() + "\n")
