"""The JSON form of a declaration, field by field (docs/design/json-declaration.md).

Each class stands for the class of the same name in `model`, with the same field names; validating
one gives an object of the model. Unknown fields are refused: a misspelt name would otherwise lose
what it was meant to say.
"""

from __future__ import annotations

from typing import Annotated as A
from typing import Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from clearway.declarations import model
from clearway.declarations.formats.json_types import (
    Amount,
    ContainerNumber,
    Country,
    Currency,
    HsCode,
    Instant,
    Lrn,
    Mass,
    PartyId,
    SealNumber,
    Ucr,
    UnitCode,
    coded,
    refusal,
    several,
    words,
)
from clearway.errors import BadTerm
from clearway.terms import money, quantity

FORMAT = "clearway.declaration/1"
_Code3 = A[str, coded("[0-9A-Za-z]{1,3}")]
_Code4 = A[str, coded("[0-9A-Za-z]{1,4}")]
_Office = A[str, coded("[0-9A-Z]{1,17}")]


class _Form(BaseModel):
    """Strict: no unknown fields, no conversions between text and numbers."""

    model_config = ConfigDict(extra="forbid", strict=True)
    MODEL: ClassVar[Any]


def _lift(form: _Form) -> Any:
    """Return the object of the model that a form stands for."""
    try:
        return form.MODEL(**form.__dict__)
    except BadTerm as error:
        raise refusal(str(error.fields["rule"])) from error


_lifted = AfterValidator(_lift)


class _Money(_Form):
    MODEL = money.Money
    amount: Amount
    currency: Currency


class _Quantity(_Form):
    MODEL = quantity.Quantity
    value: Mass
    unit: UnitCode


Money = A[_Money, _lifted]
Quantity = A[_Quantity, _lifted]


class _Party(_Form):
    MODEL = model.Party
    id: PartyId | None = None
    name: A[str, words(70)] = ""
    country: Country | None = None
    address: A[str, words(70)] = ""
    city: A[str, words(35)] = ""
    postcode: A[str, words(9)] = ""


class _Container(_Form):
    MODEL = model.Container
    number: ContainerNumber
    seals: A[tuple[SealNumber, ...], several(99)] = ()


class _Equipment(_Form):
    MODEL = model.Equipment
    id: A[str, words(17)]
    seals: A[tuple[SealNumber, ...], several(99)] = ()


class _Document(_Form):
    MODEL = model.Document
    type: A[str, coded("[0-9A-Z][0-9A-Z]{1,3}")]
    number: A[str, words(70)] = ""
    issuer_country: Country | None = None
    lines: A[tuple[A[int, Field(ge=0, le=999)], ...], several(40)] = ()
    status: _Code3 = ""
    reason: A[str, words(35)] = ""
    valid_until: Instant | None = None
    quantity: Quantity | None = None


class _PreviousDocument(_Form):
    MODEL = model.PreviousDocument
    category: _Code3
    type: _Code3
    number: A[str, words(70)]
    line: A[int, Field(ge=0, le=99_999)] = 0


class _Statement(_Form):
    MODEL = model.Statement
    code: A[str, coded("[0-9A-Za-z]{1,17}")]
    text: A[str, words(512)] = ""


class _Packaging(_Form):
    MODEL = model.Packaging
    type: A[str, coded("[0-9A-Z]{2}")]
    count: A[int, Field(ge=0, le=99_999_999)]
    marks: A[str, words(512)] = ""


class _DutyTaxFee(_Form):
    MODEL = model.DutyTaxFee
    type: _Code3 = ""
    payment_method: A[str, coded("[A-Za-z]")] = ""
    base: Quantity | None = None
    assessed: Money | None = None
    payable: Money | None = None


class _Classification(_Form):
    MODEL = model.Classification
    type: _Code3
    code: A[str, coded("[0-9A-Za-z-]{1,18}")]


class _Authorisation(_Form):
    MODEL = model.Authorisation
    type: _Code4
    holder: PartyId


class _Guarantee(_Form):
    MODEL = model.Guarantee
    type: _Code3
    reference: A[str, words(70)] = ""


class _TransportMeans(_Form):
    MODEL = model.TransportMeans
    id: A[str, words(35)] = ""
    id_type: A[str, coded("[0-9A-Za-z]{1,17}")] = ""
    mode: A[str, coded("[0-9]")] = ""


Party = A[_Party, _lifted]
Container = A[_Container, _lifted]
Equipment = A[_Equipment, _lifted]
Document = A[_Document, _lifted]
PreviousDocument = A[_PreviousDocument, _lifted]
Statement = A[_Statement, _lifted]
Packaging = A[_Packaging, _lifted]
DutyTaxFee = A[_DutyTaxFee, _lifted]
Classification = A[_Classification, _lifted]
Authorisation = A[_Authorisation, _lifted]
Guarantee = A[_Guarantee, _lifted]
TransportMeans = A[_TransportMeans, _lifted]


class _Item(_Form):
    MODEL = model.Item
    number: A[int, Field(ge=1, le=model.MOST_ITEMS)]
    hs: HsCode
    description: A[str, words(512)]
    origin: Country
    procedure: A[str, coded("[0-9A-Z]{4}")]
    net_mass_kg: Mass
    value: Money
    packages: A[int, Field(ge=0, le=99_999_999)]
    gross_mass_kg: Mass | None = None
    preference: A[str, coded("[0-9]{3}")] = ""
    preferential_origin: Country | None = None
    quantity: Quantity | None = None
    statistical_value: Money | None = None
    customs_value: Money | None = None
    containers: A[tuple[ContainerNumber, ...], several(99)] = ()
    documents: A[tuple[Document, ...], several(99)] = ()
    previous_documents: A[tuple[PreviousDocument, ...], several(99)] = ()
    statements: A[tuple[Statement, ...], several(99)] = ()
    packaging: A[tuple[Packaging, ...], several(99)] = ()
    additional_procedures: A[tuple[A[str, coded("[0-9A-Z]{3}")], ...], several(99)] = ()
    additional_codes: A[tuple[Classification, ...], several(99)] = ()
    duties: A[tuple[DutyTaxFee, ...], several(99)] = ()
    quota: A[str, coded("[0-9]{1,17}")] = ""
    valuation_method: A[str, coded("[1-6]")] = ""
    country_of_dispatch: Country | None = None
    country_of_destination: Country | None = None
    nature_of_transaction: A[str, coded("[0-9]{1,2}")] = ""
    dangerous_goods: A[tuple[A[str, coded("[0-9]{4}")], ...], several(99)] = ()


Item = A[_Item, _lifted]


class DeclarationForm(_Form):
    """A declaration."""

    MODEL = model.Declaration
    format: Literal["clearway.declaration/1"] = Field(exclude=True)
    kind: A[Literal["import", "export", "transit"], AfterValidator(lambda text: model.Kind(text))]
    lrn: Lrn
    declarant: Party
    importer: Party
    office: _Office
    goods_location: A[str, words(200)]
    transport_mode: A[str, coded("[0-9]")]
    country_of_dispatch: Country
    invoice: Money
    gross_mass_kg: Mass
    packages: A[int, Field(ge=0, le=99_999_999)]
    items: A[tuple[Item, ...], several(model.MOST_ITEMS)]
    additional_type: A[str, coded("[A-Z]")] = "A"
    ucr: Ucr | None = None
    exporter: Party | None = None
    representative: Party | None = None
    representative_status: A[str, coded("[23]")] = ""
    consignee: Party | None = None
    carrier: Party | None = None
    vessel: A[str, words(35)] = ""
    vessel_id_type: A[str, coded("[0-9A-Za-z]{1,17}")] = ""
    vessel_country: Country | None = None
    transport_at_arrival: TransportMeans | None = None
    transport_at_departure: TransportMeans | None = None
    arrival_expected_at: Instant | None = None
    country_of_destination: Country | None = None
    itinerary: A[tuple[Country, ...], several(99)] = ()
    containers: A[tuple[Container, ...], several(999)] = ()
    equipment: A[tuple[Equipment, ...], several(999)] = ()
    documents: A[tuple[Document, ...], several(99)] = ()
    previous_documents: A[tuple[PreviousDocument, ...], several(999)] = ()
    statements: A[tuple[Statement, ...], several(99)] = ()
    authorisations: A[tuple[Authorisation, ...], several(99)] = ()
    guarantees: A[tuple[Guarantee, ...], several(99)] = ()
    item_count: A[int, Field(ge=0, le=99_999)] | None = None
    incoterm: A[str, coded("[A-Z]{3}")] = ""
    incoterm_place: A[str, words(17)] = ""
    nature_of_transaction: A[str, coded("[0-9]{1,2}")] = ""
    freight: Money | None = None
    warehouse: A[str, coded("[0-9A-Z]{1,36}")] = ""
    supervising_office: _Office = ""
    presentation_office: _Office = ""
    exit_office: _Office = ""
