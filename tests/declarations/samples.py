"""A consignment of bananas from Ecuador, and any declaration that the wire forms can carry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from clearway.declarations.model import (
    Authorisation,
    Classification,
    Container,
    Declaration,
    Document,
    DutyTaxFee,
    Equipment,
    Guarantee,
    Item,
    Kind,
    Packaging,
    Party,
    PreviousDocument,
    Statement,
    TransportMeans,
)
from clearway.terms.goods import HsCode
from clearway.terms.identifiers import Lrn, PartyId, Ucr
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode
from clearway.terms.transport import ContainerNumber, SealNumber

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BROKER, IMPORTER = PartyId("KEP051234567Z"), PartyId("KEP059999999Z")
CONTAINER = ContainerNumber("CSQU3054383")


def usd(amount: str) -> Money:
    return Money(Decimal(amount), Currency("USD"))


def item(number: int = 1, **changed: Any) -> Item:
    values: dict[str, Any] = {
        "number": number,
        "hs": HsCode("080390"),
        "description": "Fresh Cavendish bananas",
        "origin": Country("EC"),
        "procedure": "4000",
        "net_mass_kg": Decimal("18000.5"),
        "gross_mass_kg": Decimal("19000"),
        "value": usd("8400.00"),
        "packages": 1000,
        "preference": "100",
        "containers": (CONTAINER,),
        "documents": (
            Document("N851", f"EC-2026-{number}", Country("EC"), (1,)),
            Document("N380", "INV-77"),
        ),
        "packaging": (Packaging("CT", 1000, "BONITA"),),
    }
    return Item(**values | changed)


def bananas(**changed: Any) -> Declaration:
    """A declaration on which no rule remarks anything."""
    values: dict[str, Any] = {
        "kind": Kind.IMPORT,
        "lrn": Lrn("B-2026-17"),
        "ucr": Ucr("6KE0123456789-AB12"),
        "declarant": Party(BROKER, "Broker Ltd", Country("KE")),
        "importer": Party(IMPORTER, "Importer Ltd", Country("KE"), "1 Moi Avenue", "Mombasa"),
        "exporter": Party(None, "Bananeros SA", Country("EC"), "Av. 9", "Guayaquil"),
        "representative_status": "2",
        "office": "KEMBA",
        "goods_location": "KEAUMBABERTH5",
        "transport_mode": "1",
        "vessel": "MSC AURORA",
        "arrival_expected_at": datetime(2026, 3, 4, 6, 30, tzinfo=UTC),
        "country_of_dispatch": Country("EC"),
        "invoice": usd("8400.00"),
        "gross_mass_kg": Decimal("19000"),
        "packages": 1000,
        "items": (item(),),
        "item_count": 1,
        "containers": (Container(CONTAINER, (SealNumber("EC-4711"),)),),
        "documents": (Document("N705", "MSCU1234567"),),
        "incoterm": "CIF",
        "incoterm_place": "KEMBA",
    }
    return Declaration(**values | changed)


def with_item(**changed: Any) -> Declaration:
    """The bananas with something changed in their one item."""
    return bananas(items=(item(**changed),))


def three_items(**changed: Any) -> Declaration:
    return bananas(
        items=(item(1), item(2), item(3)),
        item_count=3,
        packages=3000,
        gross_mass_kg=Decimal("57000"),
        invoice=usd("25200.00"),
        **changed,
    )


def _codes(alphabet: str, least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most)


_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"
_PRINTABLE = st.characters(categories=("L", "N", "P", "S"), exclude_characters="\u00ad")


def _words(longest: int) -> st.SearchStrategy[str]:
    return st.text(_PRINTABLE, min_size=1, max_size=longest)


def _maybe(strategy: st.SearchStrategy[Any], nothing: Any = None) -> st.SearchStrategy[Any]:
    return st.just(nothing) | strategy


def _few(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(strategy, max_size=2).map(tuple)


masses = st.decimals(0, 10**9, places=6)
amounts = st.decimals(0, 10**12, places=3)
countries = st.sampled_from(["KE", "EC", "GB", "ZA", "JP", "US"]).map(Country)
moneys = st.builds(Money, amounts, st.sampled_from(["USD", "KES", "JPY"]).map(Currency))
quantities = st.builds(Quantity, masses, st.sampled_from(["KGM", "LTR", "H87"]).map(UnitCode))
instants = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(
    lambda naive: naive.replace(microsecond=0, tzinfo=UTC)
)
containers = st.integers(0, 999_999).map(lambda n: ContainerNumber.build(f"MSKU{n:06d}"))
seals = _codes(_UPPER + _DIGITS, 1, 35).map(SealNumber)
party_ids = _codes(_UPPER + _DIGITS, 1, 15).map(lambda rest: PartyId(f"KE{rest}"))
parties = st.builds(
    Party,
    id=_maybe(party_ids),
    name=_words(70),
    country=_maybe(countries),
    address=_maybe(_words(70), ""),
    city=_maybe(_words(35), ""),
    postcode=_maybe(_words(9), ""),
)
documents = st.builds(
    Document,
    type=_codes(_UPPER + _DIGITS, 2, 4),
    number=_words(70),
    issuer_country=_maybe(countries),
    lines=_few(st.integers(0, 999)),
    status=_maybe(_codes(_UPPER, 2, 2), ""),
    reason=_maybe(_words(35), ""),
    valid_until=_maybe(instants),
    quantity=_maybe(quantities),
)
previous_documents = st.builds(
    PreviousDocument,
    category=st.sampled_from("XYZ"),
    type=_codes(_DIGITS, 3, 3),
    number=_words(70),
    line=st.integers(0, 99_999),
)
statements = st.builds(
    Statement, _codes(_DIGITS, 1, 17), _maybe(st.text(_PRINTABLE, min_size=1, max_size=60), "")
)
packaging = st.lists(
    st.builds(Packaging, _codes(_UPPER, 2, 2), st.integers(0, 99_999), _maybe(_words(60), "")),
    max_size=2,
).map(tuple)
duties = st.builds(
    DutyTaxFee,
    type=_codes(_UPPER, 1, 3),
    payment_method=_maybe(_codes(_UPPER, 1, 1), ""),
    base=_maybe(quantities),
    assessed=_maybe(moneys),
    payable=_maybe(moneys),
)
means = st.builds(
    TransportMeans, _words(35), _maybe(_codes(_DIGITS, 2, 2), ""), _maybe(_codes(_DIGITS, 1, 1), "")
)
hs_codes = st.builds(
    "{}{}".format, st.sampled_from(["0803", "8703", "9018"]), _codes(_DIGITS, 2, 6)
).map(HsCode)
items = st.builds(
    Item,
    number=st.integers(1, 999),
    hs=hs_codes,
    description=_words(512),
    origin=countries,
    procedure=_codes(_DIGITS, 4, 4),
    net_mass_kg=masses,
    value=moneys,
    packages=st.integers(0, 99_999),
    gross_mass_kg=_maybe(masses),
    preference=_maybe(_codes("1234", 3, 3), ""),
    preferential_origin=_maybe(countries),
    quantity=_maybe(quantities),
    statistical_value=_maybe(moneys),
    customs_value=_maybe(moneys),
    containers=_few(containers),
    documents=_few(documents),
    previous_documents=_few(previous_documents),
    statements=_few(statements),
    packaging=packaging,
    additional_procedures=_few(_codes(_DIGITS + _UPPER, 3, 3)),
    additional_codes=_few(
        st.builds(Classification, st.sampled_from(["GN", "TRA", "CV"]), _codes(_UPPER, 1, 4))
    ),
    duties=_few(duties),
    quota=_maybe(_codes(_DIGITS, 6, 6), ""),
    valuation_method=_maybe(_codes("123456", 1, 1), ""),
    country_of_dispatch=_maybe(countries),
    country_of_destination=_maybe(countries),
    nature_of_transaction=_maybe(_codes(_DIGITS, 1, 2), ""),
    dangerous_goods=_few(_codes(_DIGITS, 4, 4)),
).map(
    lambda made: (
        replace(made, packages=sum(each.count for each in made.packaging))
        if made.packaging
        else made
    )
)
declarations = st.builds(
    Declaration,
    kind=st.sampled_from(Kind),
    lrn=st.text("!#$%&'()*+,-./:;<=>?@AZaz09", min_size=1, max_size=35).map(Lrn),
    declarant=parties,
    importer=parties,
    office=_codes(_UPPER + _DIGITS, 1, 17),
    goods_location=_words(200),
    transport_mode=_codes(_DIGITS, 1, 1),
    country_of_dispatch=countries,
    invoice=moneys,
    gross_mass_kg=masses,
    packages=st.integers(0, 99_999_999),
    items=st.lists(items, min_size=1, max_size=2).map(tuple),
    additional_type=_codes(_UPPER, 1, 1),
    ucr=_maybe(st.just(Ucr("6KE0123456789-AB12"))),
    exporter=_maybe(parties),
    representative=_maybe(parties),
    representative_status=_maybe(st.sampled_from("23"), ""),
    consignee=_maybe(parties),
    carrier=_maybe(parties),
    vessel=_maybe(_words(35), ""),
    vessel_id_type=_maybe(_codes(_DIGITS, 2, 2), ""),
    vessel_country=_maybe(countries),
    transport_at_arrival=_maybe(means),
    transport_at_departure=_maybe(means),
    arrival_expected_at=_maybe(instants),
    country_of_destination=_maybe(countries),
    itinerary=_few(countries),
    containers=_few(st.builds(Container, containers, _few(seals))),
    equipment=_few(st.builds(Equipment, _codes(_UPPER + _DIGITS, 1, 9), _few(seals))),
    documents=_few(documents),
    previous_documents=_few(previous_documents),
    statements=_few(statements),
    authorisations=_few(st.builds(Authorisation, _codes(_UPPER, 1, 4), party_ids)),
    guarantees=_few(st.builds(Guarantee, _codes(_DIGITS, 1, 1), _maybe(_words(70), ""))),
    item_count=_maybe(st.integers(0, 99_999)),
    incoterm=_maybe(_codes(_UPPER, 3, 3), ""),
    incoterm_place=_maybe(_words(17), ""),
    nature_of_transaction=_maybe(_codes(_DIGITS, 1, 2), ""),
    freight=_maybe(moneys),
    warehouse=_maybe(_codes(_UPPER + _DIGITS, 1, 36), ""),
    supervising_office=_maybe(_codes(_UPPER, 1, 8), ""),
    presentation_office=_maybe(_codes(_UPPER, 1, 8), ""),
    exit_office=_maybe(_codes(_UPPER, 1, 8), ""),
)
