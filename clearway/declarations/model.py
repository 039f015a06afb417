"""A goods declaration in our words: WCO Data Model 3.6 (DEC), with EU data elements (DE) as guide.

Values that have a standard bear our own types; what a declarant may write freely is text. A reader
in `formats/` makes a `Declaration` of a message, `rules` judge it, `facts` carry it unchanged.
Paths to a field are written as `items[1].net_mass_kg`: they count from 0, as the JSON form does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from clearway.terms.goods import HsCode
from clearway.terms.identifiers import Lrn, PartyId, Ucr
from clearway.terms.money import Money
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity
from clearway.terms.transport import ContainerNumber, SealNumber

# What the HS calls nothing by name; statistics (UN Comtrade) use it for goods without a code.
UNSPECIFIED_GOODS = HsCode("999999")

# WCO DM, EU and national systems all draw the line here.
MOST_ITEMS = 999

# Additional types of declaration (DE 1/2).
_FULL = frozenset("ADXYZ")
_BEFORE_ARRIVAL = frozenset("DEFK")


class Kind(StrEnum):
    """What the declaration asks for (DE 1/1)."""

    IMPORT = "import"
    EXPORT = "export"
    TRANSIT = "transit"


@dataclass(frozen=True, slots=True)
class Party:
    """A person or firm named in the declaration; often by `id` alone.

    Args:
        id: its number at Customs (EORI or the like); None: named in words only.
        address: street and number, or a box; `city` and `postcode` stand apart.
    """

    id: PartyId | None = None
    name: str = ""
    country: Country | None = None
    address: str = ""
    city: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """A container (ISO 6346) and the seals on it."""

    number: ContainerNumber
    seals: tuple[SealNumber, ...] = ()


@dataclass(frozen=True, slots=True)
class Equipment:
    """Transport equipment that has no ISO 6346 number: a trailer, a swap body, an air unit."""

    id: str
    seals: tuple[SealNumber, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A certificate, licence, authorisation or invoice that goes with the goods (DE 2/3).

    Args:
        type: category and type in one, such as `N851` (phytosanitary certificate) or `C085`.
        number: as its issuer wrote it; "" where none is needed (see `status`).
        issuer_country: country of the issuing authority.
        lines: lines of that document which cover the goods; empty: all of them.
        status: whether it is attached, exempt or waived (LPCO exemption code), such as `AE`.
        reason: why it is waived, or what it says, in words.
        valid_until: aware UTC.
        quantity: how much of it these goods use up.
    """

    type: str
    number: str = ""
    issuer_country: Country | None = None
    lines: tuple[int, ...] = ()
    status: str = ""
    reason: str = ""
    valid_until: datetime | None = None
    quantity: Quantity | None = None


@dataclass(frozen=True, slots=True)
class PreviousDocument:
    """What these goods came under before: a summary declaration, a transit, a bill (DE 2/1).

    Args:
        category: X summary declaration, Y initial declaration, Z other.
        line: item of that document; 0: the whole.
    """

    category: str
    type: str
    number: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """Additional information: a code, and words where the code asks for them (DE 2/2)."""

    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Packaging:
    """Packages of one kind (DE 6/9 to 6/11).

    Args:
        type: UN/ECE Recommendation 21, such as `CT`.
    """

    type: str
    count: int
    marks: str = ""


@dataclass(frozen=True, slots=True)
class DutyTaxFee:
    """What the declarant reckons for one tax (DE 4/3 to 4/8).

    Args:
        type: such as `A00` (customs duty) or `B00` (value added tax); "": all of them.
        payment_method: one letter.
    """

    type: str = ""
    payment_method: str = ""
    base: Quantity | None = None
    assessed: Money | None = None
    payable: Money | None = None


@dataclass(frozen=True, slots=True)
class Classification:
    """A code beside the HS code: additional tariff (TRA), national (GN), or CUS (CV)."""

    type: str
    code: str


@dataclass(frozen=True, slots=True)
class Authorisation:
    """An authorisation that the declarant relies on, and who holds it (DE 3/39)."""

    type: str
    holder: PartyId


@dataclass(frozen=True, slots=True)
class Guarantee:
    """The security for the duties (DE 8/2, 8/3)."""

    type: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class TransportMeans:
    """A ship, aircraft or vehicle inland (DE 7/7, 7/9).

    Args:
        id_type: how it is named: 10 IMO number, 11 name of the vessel, 30 road vehicle, 40 flight.
        mode: UN/ECE Recommendation 19.
    """

    id: str = ""
    id_type: str = ""
    mode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Goods of one kind (DE group 6).

    Args:
        number: 1, 2, 3 ... in the declaration's own order.
        hs: HS code of 6 to 10 digits.
        origin: non-preferential country of origin.
        preferential_origin: country whose preference is claimed, if it is another.
        preference: preference code, such as `100` (none claimed) or `300`.
        procedure: four digits: procedure asked for and previous one, such as `4000`.
        net_mass_kg, gross_mass_kg: kilograms.
        quantity: supplementary quantity.
        value: price paid for this item, in the currency of the invoice.
        statistical_value: in the currency of the administration.
        packages: packages of this item; 0: packed together with another.
        containers: which of the declaration's containers it is in; empty: any of them.
        valuation_method: 1 transaction value, 2 identical goods ... 6.
        dangerous_goods: UN numbers.
    """

    number: int
    hs: HsCode
    description: str
    origin: Country
    procedure: str
    net_mass_kg: Decimal
    value: Money
    packages: int
    gross_mass_kg: Decimal | None = None
    preference: str = ""
    preferential_origin: Country | None = None
    quantity: Quantity | None = None
    statistical_value: Money | None = None
    customs_value: Money | None = None
    containers: tuple[ContainerNumber, ...] = ()
    documents: tuple[Document, ...] = ()
    previous_documents: tuple[PreviousDocument, ...] = ()
    statements: tuple[Statement, ...] = ()
    packaging: tuple[Packaging, ...] = ()
    additional_procedures: tuple[str, ...] = ()
    additional_codes: tuple[Classification, ...] = ()
    duties: tuple[DutyTaxFee, ...] = ()
    quota: str = ""
    valuation_method: str = ""
    country_of_dispatch: Country | None = None
    country_of_destination: Country | None = None
    nature_of_transaction: str = ""
    dangerous_goods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a trader declares to Customs about one consignment.

    Args:
        kind: import, export or transit.
        additional_type: A standard, B and C simplified, D to F the same before arrival, J and K
            for goods without a customs procedure, X to Z supplementary (DE 1/2).
        lrn: the declarant's own reference, unique for that declarant.
        ucr: unique consignment reference.
        representative_status: 2 direct, 3 indirect representation.
        office: customs office of lodgement, such as `KEMBA`.
        goods_location: where the goods can be examined, in the office's own code.
        transport_mode: mode at the border, one digit of UN/ECE Recommendation 19.
        vessel: name or number of the means of transport that crosses the border.
        arrival_expected_at: aware UTC.
        invoice: total price, in the currency of the invoice.
        gross_mass_kg: of the whole consignment, kilograms.
        packages: of the whole consignment.
        item_count: how many items the declarant counted; None: not stated.
        incoterm: delivery terms, such as `CIF`.
    """

    kind: Kind
    lrn: Lrn
    declarant: Party
    importer: Party
    office: str
    goods_location: str
    transport_mode: str
    country_of_dispatch: Country
    invoice: Money
    gross_mass_kg: Decimal
    packages: int
    items: tuple[Item, ...]
    additional_type: str = "A"
    ucr: Ucr | None = None
    exporter: Party | None = None
    representative: Party | None = None
    representative_status: str = ""
    consignee: Party | None = None
    carrier: Party | None = None
    vessel: str = ""
    vessel_id_type: str = ""
    vessel_country: Country | None = None
    transport_at_arrival: TransportMeans | None = None
    transport_at_departure: TransportMeans | None = None
    arrival_expected_at: datetime | None = None
    country_of_destination: Country | None = None
    itinerary: tuple[Country, ...] = ()
    containers: tuple[Container, ...] = ()
    equipment: tuple[Equipment, ...] = ()
    documents: tuple[Document, ...] = ()
    previous_documents: tuple[PreviousDocument, ...] = ()
    statements: tuple[Statement, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()
    guarantees: tuple[Guarantee, ...] = ()
    item_count: int | None = None
    incoterm: str = ""
    incoterm_place: str = ""
    nature_of_transaction: str = ""
    freight: Money | None = None
    warehouse: str = ""
    supervising_office: str = ""
    presentation_office: str = ""
    exit_office: str = ""

    @property
    def parties(self) -> tuple[Party, ...]:
        """Everyone whom the declaration names, the declarant first."""
        others = (self.importer, self.exporter, self.representative, self.consignee, self.carrier)
        return (self.declarant, *(party for party in others if party is not None))

    @property
    def trader(self) -> Party:
        """The party that the goods are for (imports) or from (exports)."""
        if self.kind is Kind.EXPORT and self.exporter is not None:
            return self.exporter
        return self.importer

    @property
    def is_full(self) -> bool:
        """Whether it must be complete: not simplified, and not for goods without procedure."""
        return self.additional_type in _FULL

    @property
    def is_before_arrival(self) -> bool:
        """Whether it is lodged before the goods arrive."""
        return self.additional_type in _BEFORE_ARRIVAL

    def all_documents(self) -> Iterator[tuple[str, Document]]:
        """Yield every document with its path, those of the header first."""
        for place, document in enumerate(self.documents):
            yield f"documents[{place}]", document
        for item_place, item in enumerate(self.items):
            for place, document in enumerate(item.documents):
                yield f"items[{item_place}].documents[{place}]", document
