"""Seals: what they say, how large they are, and what is refused."""

from __future__ import annotations

import dataclasses
import zlib
from datetime import date
from decimal import Decimal
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from clearway.certificates import single_use
from clearway.certificates.claims import Place
from clearway.certificates.formats import base45, qr, seal, seal_claims, seal_text
from clearway.certificates.model import Certificate
from clearway.certificates.parts import Equipment, Party, Text
from clearway.certificates.trust.keys import AuthorityKey
from clearway.certificates.trust.model import Usage
from clearway.errors import BadTerm, InputError, MalformedMessage, RuleViolation, TooLarge
from clearway.ledger import cose
from clearway.ledger.order import nullifier
from clearway.terms.goods import HsPrefix
from clearway.terms.quantity import Quantity, UnitCode

from . import sealing
from .conftest import line
from .sealing import CERTIFICATE, KEY, PLACE, SECRET
from .strategies import certificates

PUBLIC = KEY.private.public_key()


def claims(data: bytes) -> Any:
    assert isinstance(PUBLIC, ec.EllipticCurvePublicKey)
    return seal.signed_claims(seal.read(data), PUBLIC)


def varied() -> Certificate:
    """Return a certificate of three different lines with long names, containers and seals."""
    names = (
        "Chrysanthemum morifolium hort.",
        "Solanum lycopersicum var. cerasiforme",
        "Persea americana",
    )
    codes = ("0603140000", "0702000000", "0804400010")
    lines = tuple(
        line(n, hs=(HsPrefix(code),), scientific_names=(Text(name),), packagings=())
        for n, (name, code) in enumerate(zip(names, codes, strict=True), 1)
    )
    return dataclasses.replace(
        CERTIFICATE,
        number="EC-GYE-PC-2026-0001234",
        lines=lines,
        consignor=Party("Exportadora de Frutas y Flores del Litoral Ecuatoriano S.A."),
        consignee=Party("Rotterdam Harbour Fruit and Flower Terminal B.V."),
        equipment=(Equipment("CSQU3054383", ("G2382564", "EC0099887")), Equipment("MSCU6639870")),
    )


def test_a_reference_seal_says_what_the_document_is() -> None:
    found = claims(sealing.sealed())
    assert found.key == CERTIFICATE.key
    assert found.number == "EC-2026-000123"
    assert found.importing_country == "NL"
    assert found.issued == date(2026, 3, 14)
    assert found.valid_until == sealing.UNTIL
    assert found.content_digest.hex() == CERTIFICATE.content_digest
    assert found.place == PLACE
    assert found.inspection is None


def test_an_inspection_seal_says_the_goods_in_short() -> None:
    shown = claims(sealing.sealed(with_lines=True)).inspection
    assert [each.number for each in shown.lines] == [1, 2, 3]
    assert shown.lines[0].hs == "080440"
    assert shown.lines[0].name == "Persea americana"
    assert shown.lines[0].net_grams == 1_000_500
    assert shown.lines[0].packages == 250
    assert (shown.consignor, shown.consignee) == ("Frutas del Sur", "Harbour Fruit")
    assert shown.containers == (("CSQU3054383", "G2382564"),)


def test_three_different_lines_with_long_names_fit_version_fourteen() -> None:
    data = sealing.sealed(with_lines=True, of=varied())
    text = seal_text.text(data)
    assert qr.make(text).version <= 14
    shown = claims(data).inspection
    assert len(shown.lines) == 3 and shown.container_count == 2
    assert shown.consignor.endswith("…")
    assert all(each.net_grams and each.hs for each in shown.lines)


def test_a_long_number_still_fits_version_ten() -> None:
    whole = dataclasses.replace(CERTIFICATE, number="EC-GYE-PC-2026-0001234")
    text = seal_text.text(sealing.sealed(of=whole, place=Place("S10", 1_048_575)))
    assert qr.make(text).version <= 10


def test_a_number_that_is_too_long_for_the_code_is_refused_and_says_so() -> None:
    whole = dataclasses.replace(CERTIFICATE, number="EC-" + bytes(range(160, 190)).hex())
    with pytest.raises(TooLarge, match="shorten the number"):
        sealing.sealed(of=whole)


@given(certificates)
@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_the_inspection_seal_of_any_certificate_fits_and_is_read_back(whole: Certificate) -> None:
    whole = dataclasses.replace(whole, issuing_country=KEY.country, content_digest="ab" * 32)
    data = sealing.sealed(with_lines=True, of=whole)
    assert len(seal_text.text(data)) <= seal_text.INSPECTION_CHARACTERS
    found = claims(data)
    assert found.inspection.line_count == len(whole.lines)
    assert seal_claims.read(seal_claims.write(found)) == found


def wide(seed: int) -> str:
    """Return a name that no compression makes short, four bytes a character."""
    return "".join(chr(0x20000 + (seed * 7_919 + place * 5_923) % 40_000) for place in range(40))


def test_names_of_four_bytes_a_character_show_fewer_lines_and_their_count() -> None:
    names = tuple(
        line(
            n,
            scientific_names=(),
            common_names=(),
            descriptions=(Text(wide(n)),),
            hs=(HsPrefix("0603110000"),),
            net_mass=Quantity(Decimal(9_000_000_000_000), UnitCode("KGM")),
        )
        for n in (10_001, 10_002, 10_003)
    )
    party = dataclasses.replace(CERTIFICATE.consignor, name=wide(1))
    other = dataclasses.replace(CERTIFICATE.consignee, name=wide(2))
    whole = dataclasses.replace(
        CERTIFICATE,
        lines=names,
        consignor=party,
        consignee=other,
        number="EC-2026-x9Kq7LmZ2RtBw4Vd",
    )
    data = sealing.sealed(with_lines=True, of=whole)
    shown = claims(data).inspection
    assert len(seal_text.text(data)) <= seal_text.INSPECTION_CHARACTERS
    assert (0 < len(shown.lines) < 3, shown.line_count) == (True, 3)


def test_ten_lines_show_three_and_their_count() -> None:
    many = dataclasses.replace(CERTIFICATE, lines=tuple(line(n) for n in range(1, 11)))
    shown = claims(sealing.sealed(with_lines=True, of=many)).inspection
    assert (len(shown.lines), shown.line_count) == (3, 10)


def test_a_mass_is_shown_in_whole_grams_whatever_its_unit() -> None:
    tonnes = line(1, net_mass=Quantity(Decimal("1.2345678"), UnitCode("TNE")))
    whole = dataclasses.replace(CERTIFICATE, lines=(tonnes, line(2, net_mass=None)))
    shown = claims(sealing.sealed(with_lines=True, of=whole)).inspection
    assert [each.net_grams for each in shown.lines] == [1_234_568, None]


def test_the_same_certificate_gives_the_same_seal() -> None:
    assert sealing.sealed() == sealing.sealed()


def test_it_is_compressed_only_where_that_is_shorter() -> None:
    for with_lines in (False, True):
        data = sealing.sealed(with_lines=with_lines)
        packed = base45.decode(seal_text.text(data).removeprefix("CW1:"))
        assert len(packed) == min(len(data), len(zlib.compress(data, 9)))


def test_what_was_not_issued_is_not_sealed() -> None:
    for change in ({"content_digest": ""}, {"issued": None}):
        with pytest.raises(RuleViolation, match="issued certificate"):
            sealing.sealed(of=dataclasses.replace(CERTIFICATE, **change))


def test_only_a_key_of_p256_and_of_the_country_seals() -> None:
    other = AuthorityKey(ec.derive_private_key(5, ec.SECP384R1()), b"", KEY.country, Usage.SEAL)
    with pytest.raises(RuleViolation, match="P-256"):
        sealing.sealed(key=other)
    with pytest.raises(RuleViolation, match="cannot seal"):
        sealing.sealed(key=sealing.authority_key(3, "KE"))


# --- the secret


def test_a_seal_commits_to_the_secret_and_does_not_show_it() -> None:
    data = sealing.sealed()
    assert SECRET not in data
    assert claims(data).secret is None
    assert claims(data).secret_digest == single_use.commit(SECRET)


def test_a_bearer_seal_shows_it() -> None:
    found = claims(sealing.sealed(is_bearer=True))
    assert found.secret == SECRET
    assert single_use.nullifiers(found, (1,)) == [
        single_use.line_nullifier(SECRET, 1, date(2026, 3, 14))
    ]


def test_the_lines_of_a_certificate_have_nullifiers_that_nobody_can_link() -> None:
    found = claims(sealing.sealed())
    made = single_use.nullifiers(found, (1, 2, 3), SECRET)
    assert len(set(made)) == 3 and all(len(each) == 32 for each in made)
    assert made[0] == nullifier.of("certificate-line/2026", single_use.line_secret(SECRET, 1))


def test_other_content_under_the_same_secret_meets_the_same_nullifier() -> None:
    """Else a second document could be used beside the first."""
    other = dataclasses.replace(CERTIFICATE, content_digest="cd" * 32)
    one, two = (claims(sealing.sealed(of=each)) for each in (CERTIFICATE, other))
    assert one.content_digest != two.content_digest
    assert single_use.nullifiers(one, (2,), SECRET) == single_use.nullifiers(two, (2,), SECRET)


def test_another_secret_than_that_of_the_seal_is_refused() -> None:
    found = claims(sealing.sealed())
    with pytest.raises(single_use.VerificationError, match="not that of the seal"):
        single_use.nullifiers(found, (1,), bytes(16))
    with pytest.raises(single_use.VerificationError, match="shows no secret"):
        single_use.nullifiers(found, (1,))
    with pytest.raises(single_use.VerificationError, match="commits to no secret"):
        single_use.nullifiers(claims(sealing.sealed(secret=None)), (1,), SECRET)
    with pytest.raises(BadTerm):
        single_use.nullifiers(found, (-1,), SECRET)
    with pytest.raises(BadTerm):
        single_use.commit(b"short")


# --- strangers' bytes


def signed(payload: bytes, **header: Any) -> bytes:
    private: Any = KEY.private
    return cose.sign_es256(payload, private, header.get("header", {cose.KID: KEY.key_id}))


def plain() -> dict[int, Any]:
    message = seal.read(sealing.sealed(with_lines=True)).message
    assert message.payload is not None
    return dict(cbor2.loads(message.payload))


WRONG: list[tuple[int, Any]] = [
    (0, 2), (0, True), (0, "1"), (1, "EX"), (1, "ec"), (1, 7), (2, ""), (2, "N" * 71), (2, b"N"),
    (2, "line\nbreak"), (3, "XYZ"), (4, -1), (4, 1.5), (4, 3_000_000), (4, True), (6, "2026-03-14"),
    (6, None), (7, 851), (8, "7000"), (9, b"short"), (9, "ab" * 32), (10, ["S1"]), (10, ["S1", -1]),
    (10, ["S" * 17, 1]), (10, ["S1", 1 << 40]), (10, {"S1": 1}), (11, bytes(15)), (12, bytes(17)),
    (13, [[1, "08", "x", 1]]), (13, [[1, "08", "x", 1, 1]] * 4), (13, "lines"), (14, 2), (14, None),
    (13, [[1, 804, "x", 1, 1]]), (13, [[1, "08", "x", -5, 1]]), (15, ""), (16, "x" * 41),
    (17, [["A"] * 6]), (17, [[]]), (17, ["CSQU3054383"]), (18, -1), (18, 0), (5, 1), (19, 1),
    ("2", "x"), (-1, 0),
]  # fmt: skip


@pytest.mark.parametrize(("label", "value"), WRONG)
def test_a_signed_claim_of_another_kind_or_size_is_refused(label: Any, value: Any) -> None:
    """Even the authority's own signature does not make nonsense readable."""
    with pytest.raises(MalformedMessage):
        seal.read(signed(cbor2.dumps(plain() | {label: value})))


def test_the_control_of_that_is_read() -> None:
    assert seal.read(signed(cbor2.dumps(plain()))).stated.number == CERTIFICATE.number


@pytest.mark.parametrize("label", [0, 1, 2, 6, 7, 8, 9, 14])
def test_a_seal_without_a_claim_that_must_be_is_refused(label: int) -> None:
    less = {key: value for key, value in plain().items() if key != label}
    with pytest.raises(MalformedMessage):
        seal.read(signed(cbor2.dumps(less)))


def test_secret_and_commitment_together_are_refused() -> None:
    with pytest.raises(MalformedMessage, match="not both"):
        seal.read(signed(cbor2.dumps(plain() | {12: SECRET})))


@pytest.mark.parametrize(
    "header", [{}, {4: b"short"}, {4: "text5678"}, {4: bytes(8), 3: "x"}, {4: bytes(8), 2: [4]}]
)
def test_another_header_is_refused(header: dict[int, Any]) -> None:
    with pytest.raises(MalformedMessage):
        seal.read(signed(cbor2.dumps(plain()), header=header))


def test_an_unsigned_header_and_a_payload_elsewhere_are_refused() -> None:
    parts = cbor2.loads(sealing.sealed()).value
    for changed in ([parts[0], {4: b"x"}, *parts[2:]], [*parts[:2], None, parts[3]]):
        with pytest.raises(MalformedMessage):
            seal.read(cbor2.dumps(cbor2.CBORTag(18, list(changed))))


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xd2", b"\x9f" * 50, bytes(5_000), b"x\x9c"])
def test_what_is_no_seal_is_refused(data: bytes) -> None:
    with pytest.raises((MalformedMessage, TooLarge)):
        seal.read(seal_text.PREFIX + base45.encode(data))
    with pytest.raises((MalformedMessage, TooLarge)):
        seal.read(data)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=400))
def test_any_text_is_refused_or_read_and_never_crashes(text: str) -> None:
    try:
        seal.read("CW1:" + text)
    except InputError:
        return


@given(st.binary(max_size=300))
def test_any_payload_is_refused_or_read_and_never_crashes(payload: bytes) -> None:
    try:
        seal_claims.read(payload)
    except InputError:
        return


def test_a_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(bytes(60_000_000), 9)[:2_000]
    with pytest.raises(TooLarge, match="after decompression"):
        seal.read(seal_text.PREFIX + base45.encode(bomb))
