"""Seals: making and judging them, their codes, their sizes, and status lists.

Times are milliseconds of the processor, the median of many. Beside a verification stand the
libraries alone, in turns with it: base45, CBOR and the signature of OpenSSL, and nothing judged.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

import cbor2
import numpy as np
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from clearway.certificates.claims import Place
from clearway.certificates.formats import (
    credential,
    png,
    qr,
    seal,
    seal_text,
    sps_certificate,
    status_list,
)
from clearway.certificates.model import Certificate
from clearway.certificates.status import State
from clearway.certificates.trust.keys import AuthorityKey
from clearway.certificates.trust.model import TrustList, Usage
from clearway.certificates.verdict import Colour
from clearway.cli.bench.ephyto import NOW, certificate, open_office
from clearway.cli.bench.pairs import Figure, in_turns
from clearway.errors import InputError
from clearway.node.clock import entropy
from clearway.terms.period import Period

_PLACE: Final = Place("851-1", 481_516)
_DAY: Final = timedelta(days=1)
_UNTIL: Final = date(2026, 9, 14)
_SECRET: Final = bytes(range(16))
_CERTIFICATES: Final = 1_000_000
_SET: Final = 10_000
_TURNS: Final = 5


def measure_seal(quick: bool) -> list[Figure]:
    """Return times, sizes and versions of seals, codes, credentials and status lists."""
    rounds = 40 if quick else 400
    whole, _ = sps_certificate.read(sps_certificate.write(certificate(1)))
    with tempfile.TemporaryDirectory(prefix="clearway-bench-") as folder:
        office = open_office(Path(folder), entropy)
    key, trust = office.authority.seal_key, office.trust_list
    listed = _status_list(key)
    known = [status_list.verify(listed, trust, NOW)]
    figures = [_opening(listed, trust, rounds)]
    for with_lines in (False, True):
        figures += _of_seal(whole, key, trust, known, with_lines=with_lines, rounds=rounds)
    return [*figures, *_of_credential(whole, key, trust, rounds)]


def _of_seal(
    whole: Certificate, key: AuthorityKey, trust: TrustList, known: Any, *, with_lines: bool,
    rounds: int,
) -> list[Figure]:  # fmt: skip
    name = "inspection seal" if with_lines else "reference seal"

    def make() -> bytes:
        return seal.emit(whole, key, _PLACE, with_lines, secret=_SECRET, valid_until=_UNTIL)

    made = make()
    text = seal_text.text(made)
    code = qr.make(text)
    if seal.check(text, trust, known, NOW).colour is not Colour.GREEN:
        raise InputError("A seal of ours is not green: the bench would measure a refusal")
    ours_ms, bare_ms = in_turns(
        lambda: _ms(lambda: seal.check(text, trust, known, NOW), rounds // _TURNS),
        lambda: _ms(_bare(text, key), rounds // _TURNS),
        turns=_TURNS,
    )
    note = f"{len(made)} bytes, {len(text)} characters, version {code.version}"
    limit = 14 if with_lines else 10
    return [
        Figure(f"{name}: make, ms", _ms(make, rounds), note=note),
        Figure(f"{name}: verify from text, ms", ours_ms, "base45, CBOR, OpenSSL alone", bare_ms,
               "trust list and status list at hand; goal 1 ms"),
        Figure(f"{name}: QR version", code.version, "allowed", limit, "level M"),
        *_of_code(name, text, code, rounds),
    ]  # fmt: skip


def _of_code(name: str, text: str, code: qr.Code, rounds: int) -> list[Figure]:
    picture = code.png(4)
    grey = png.read(picture)
    only: Any = zxingcpp.BarcodeFormat.QRCode
    return [
        Figure(f"{name}: QR code made, as SVG, ms", _ms(lambda: qr.make(text).svg(), rounds)),
        Figure(f"{name}: QR code made, as PNG, ms", _ms(lambda: qr.make(text).png(4), rounds),
               note=f"{len(picture):,} bytes"),
        Figure(f"{name}: QR code read from PNG, ms", _ms(lambda: qr.read(picture), rounds),
               "zxing alone", _ms(lambda: zxingcpp.read_barcodes(grey, formats=only), rounds)),
    ]  # fmt: skip


def _of_credential(
    whole: Certificate, key: AuthorityKey, trust: TrustList, rounds: int
) -> list[Figure]:
    own = AuthorityKey(key.private, b"", key.country, Usage.CREDENTIAL)
    valid = Period(NOW - _DAY, NOW + 365 * _DAY)
    trusting = TrustList(
        trust.issuer, 2, trust.issued_at, trust.next_update, (own.trusted("NPPO", valid),)
    )

    def make() -> bytes:
        return credential.emit(whole, own, _PLACE, authority="NPPO", at=NOW)

    made = make()
    note = f"ecdsa-jcs-2019, {len(made):,} bytes"
    return [
        Figure("credential: make, ms", _ms(make, rounds), note=note),
        Figure("credential: verify, ms",
               _ms(lambda: credential.verify(made, trusting, NOW), rounds), note=note),
    ]  # fmt: skip


def _status_list(key: AuthorityKey) -> bytes:
    """Return a list of a million certificates, one in a hundred of them withdrawn or replaced."""
    chance = np.random.default_rng(8)
    kinds = chance.integers(State.WITHDRAWN, State.REPLACED, _SET, endpoint=True)
    places = chance.choice(_CERTIFICATES, _SET, replace=False)
    states = {
        int(index): State(int(kind))
        for index, kind in zip(places, kinds, strict=True)
        if index != _PLACE.index
    }
    return status_list.emit(_PLACE.list_id, states, key, issued_at=NOW, next_update=NOW + _DAY)


def _opening(listed: bytes, trust: TrustList, rounds: int) -> Figure:
    opened = _ms(lambda: status_list.verify(listed, trust, NOW), min(rounds, 40))
    return Figure(
        "status list of 1,000,000, 1 % set, bytes", len(listed), "goal", 20_000,
        f"verified and opened in {opened:.2f} ms, once for each list",
    )  # fmt: skip


def _bare(text: str, key: AuthorityKey) -> Callable[[], None]:
    """Return what takes a code apart and verifies its signature with the libraries alone."""
    public: Any = key.private.public_key()

    def verify() -> None:
        protected, _, payload, signature = cbor2.loads(seal_text.parse(text)).value
        r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
        signed = cbor2.dumps(["Signature1", protected, b"", payload])
        public.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
        cbor2.loads(payload)

    return verify


def _ms(work: Callable[[], object], rounds: int) -> float:
    """Return the median of single turns, in milliseconds of the processor; one turn warms up."""
    work()
    taken = []
    for _ in range(rounds):
        before = time.process_time_ns()
        work()
        taken.append(time.process_time_ns() - before)
    return median(taken) / 1e6
