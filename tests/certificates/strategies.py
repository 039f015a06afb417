"""Certificates that an authority could write, for property tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from clearway.certificates.model import Certificate, CertificateLine
from clearway.certificates.parts import (
    Characteristic,
    Classification,
    Equipment,
    Location,
    Measure,
    Note,
    Origin,
    Packaging,
    Party,
    Precision,
    Signatory,
    Stated,
    Text,
    Transport,
    Treatment,
)
from clearway.terms.goods import HsPrefix
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode

from .conftest import PHYTO

_LETTERS = st.characters(
    codec="utf-8", categories=("L", "N", "P", "S"), exclude_characters="\ufffe\uffff"
)
_PLACEHOLDERS = {"null", "(null)", "ninguno", "ninguna", "vacio", "vacío", "undefined"}

words = st.text(_LETTERS, min_size=1, max_size=12)
texts = (
    st.lists(words, min_size=1, max_size=5)
    .map(" ".join)
    .filter(lambda text: any(map(str.isalnum, text)) and text.casefold() not in _PLACEHOLDERS)
    .filter(lambda text: " ".join(text.split()) == text)
)
maybe = st.one_of(st.just(""), texts)
languages = st.sampled_from(["", "en", "fr", "ar"])
text_values = st.builds(Text, texts, languages)
several = st.lists(text_values, max_size=2).map(tuple)
described = st.lists(text_values, min_size=1, max_size=2).map(tuple)
countries = st.sampled_from(["EC", "KE", "NL", "CN", "NA"]).map(Country)

moments = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
zones = st.integers(-12 * 4, 14 * 4).map(
    lambda quarters: timezone(timedelta(minutes=15 * quarters))
)


@st.composite
def stated(draw: st.DrawFn) -> Stated:
    at = draw(moments)
    shape = draw(st.sampled_from(["instant", "local", "day"]))
    if shape == "instant":
        return Stated(at.astimezone(draw(zones)).isoformat(), at, Precision.INSTANT)
    if shape == "local":
        return Stated(at.replace(tzinfo=None).isoformat(), at, Precision.LOCAL)
    day = at.replace(hour=0, minute=0, second=0)
    return Stated(day.date().isoformat(), day, Precision.DAY)


numbers = st.decimals(0, 10**12, places=4, allow_nan=False, allow_infinity=False)


def quantities(*units: str) -> st.SearchStrategy[Quantity]:
    return st.builds(Quantity, numbers, st.sampled_from(units).map(UnitCode))


def optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(st.none(), strategy)


parties = st.builds(
    Party,
    name=texts,
    id=maybe,
    registration=maybe,
    address=st.lists(texts, max_size=5).map(tuple),
    city=maybe,
    postcode=maybe,
    country=optional(countries),
    country_name=maybe,
    subdivision=maybe,
    person=maybe,
)
places = st.builds(Location, code=maybe, name=texts)
treatments = st.builds(
    Treatment,
    type=texts,
    subtype=maybe,
    description=several,
    agents=st.lists(texts, max_size=2).map(tuple),
    concentration=optional(st.builds(Measure, numbers, st.sampled_from(["KX", "GQ"]))),
    temperature=optional(quantities("CEL", "FAH")),
    duration=optional(quantities("HUR", "DAY")),
    started=optional(stated()),
    ended=optional(stated()),
    information=several,
    others=st.lists(
        st.builds(
            Characteristic,
            st.just("XX1"),
            texts,
            optional(st.builds(Measure, numbers, st.just("A1"))),
        ),
        max_size=1,
    ).map(tuple),
)
equipment = st.lists(
    st.builds(Equipment, texts, st.lists(texts, max_size=2).map(tuple)), max_size=2
).map(tuple)


def notes(subjects: dict[str, str]) -> st.SearchStrategy[tuple[Note, ...]]:
    known = [subject for subject, kind in subjects.items() if not kind.startswith("other_quantity")]
    return st.lists(
        st.sampled_from(known).flatmap(
            lambda subject: st.builds(
                Note, st.just(subject), texts, st.just(subjects[subject]), maybe, languages
            )
        ),
        max_size=2,
    ).map(tuple)


lines = st.builds(
    CertificateLine,
    number=st.integers(0, 99_999),
    hs=st.lists(st.sampled_from(["080440", "0805", "0603110000"]).map(HsPrefix), max_size=2).map(
        tuple
    ),
    descriptions=described,
    common_names=several,
    scientific_names=several,
    intended_uses=several,
    batches=st.lists(texts, max_size=2).map(tuple),
    net_mass=optional(quantities("KGM", "TNE", "LBR")),
    gross_mass=optional(quantities("KGM")),
    net_volume=optional(quantities("LTR", "MTQ")),
    gross_volume=optional(quantities("MTQ")),
    quantity=optional(quantities("H87", "DZN")),
    packagings=st.lists(
        st.builds(Packaging, st.sampled_from("1234"), st.sampled_from(["CT", "BG", "BX"]), numbers),
        max_size=2,
    ).map(tuple),
    classifications=st.lists(
        st.builds(Classification, st.sampled_from(["EPPO", "IPPCPCC"]), texts, texts, languages),
        max_size=2,
    ).map(tuple),
    origins=st.lists(
        st.builds(Origin, countries, st.lists(texts, max_size=2).map(tuple)), max_size=2
    ).map(tuple),
    equipment=equipment,
    treatments=st.lists(treatments, max_size=2).map(tuple),
    notes=notes(PHYTO.line_subjects),
)
certificates = st.builds(
    Certificate,
    number=st.from_regex(r"[A-Z]{2}[-/ ][0-9]{4}[-/][A-Za-z0-9]{1,20}", fullmatch=True),
    type_code=st.sampled_from(["851", "657", "853", "861", "626"]),
    status=st.sampled_from(["39", "40", "44", "47", "70"]),
    issuing_country=countries,
    importing_country=countries,
    issued=stated(),
    issuer=parties,
    consignor=parties,
    consignee=parties,
    lines=st.lists(lines, min_size=1, max_size=3).map(tuple),
    title=described,
    equipment=equipment,
    transit_countries=st.lists(countries, max_size=2).map(tuple),
    loading_place=optional(places),
    entry_point=optional(places),
    examination_place=maybe,
    transports=st.lists(
        st.builds(Transport, st.sampled_from(["", "1", "4"]), maybe, texts), max_size=2
    ).map(tuple),
    signatories=st.lists(
        st.builds(Signatory, stated(), optional(places), parties, described), min_size=1, max_size=2
    ).map(tuple),
    notes=notes(PHYTO.subjects),
    consignment_id=maybe,
)
