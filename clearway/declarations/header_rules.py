"""Rules on the declaration as a whole: who, where, when, and totals against items."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

from clearway.declarations.model import MOST_ITEMS, Declaration, Kind
from clearway.declarations.rule import Broken, rule
from clearway.terms.finding import Area, Level
from clearway.terms.transport import TRANSPORT_MODES

# A late supplementary declaration comes within weeks; nobody books a ship a year ahead.
_LONGEST_PAST = timedelta(days=60)
_LONGEST_AHEAD = timedelta(days=200)
# Scales differ and rounding adds up: half a kilogram, or one in a thousand.
_MASS_TOLERANCE_KG = Decimal("0.5")
_MASS_TOLERANCE_SHARE = Decimal("0.001")
# Invoices carry rounding and small charges that no item bears.
_INVOICE_TOLERANCE_SHARE = Decimal("0.01")
_SEA, _AIR = "1", "4"


@rule("DEC_R01", Level.SEVERE, Area.MANDATORY)
def declarant_has_a_number(declaration: Declaration, now: datetime) -> Broken:
    """The declarant has no party number (EORI or the like); Customs must know who declares."""
    if declaration.declarant.id is None:
        yield "declarant", {}


@rule("DEC_R02", Level.SEVERE, Area.MANDATORY)
def trader_is_named(declaration: Declaration, now: datetime) -> Broken:
    """The {role} is not named; give the party number, or name and address."""
    trader, role = declaration.importer, "importer"
    if declaration.kind is Kind.EXPORT:
        trader, role = declaration.exporter or declaration.declarant, "exporter"
    if declaration.kind is not Kind.TRANSIT and trader.id is None and not trader.name:
        yield role, {"role": role}


@rule("DEC_R03", Level.SEVERE)
def items_are_one_to_999(declaration: Declaration, now: datetime) -> Broken:
    """The declaration has {count} items; it must have 1 to 999. Split it if there are more."""
    count = len(declaration.items)
    if not 1 <= count <= MOST_ITEMS:
        yield "items", {"count": count}


@rule("DEC_R04", Level.SEVERE)
def item_numbers_count_up(declaration: Declaration, now: datetime) -> Broken:
    """Item number {number} stands where {expected} is due; number the items 1, 2, 3 and so on."""
    for place, item in enumerate(declaration.items):
        if item.number != place + 1:
            yield f"items[{place}].number", {"number": item.number, "expected": place + 1}


@rule("DEC_R05", Level.SEVERE)
def item_count_is_right(declaration: Declaration, now: datetime) -> Broken:
    """The declaration says it has {said} items, but {found} are there; an item may be lost."""
    said, found = declaration.item_count, len(declaration.items)
    if said is not None and said != found:
        yield "item_count", {"said": said, "found": found}


@rule("DEC_R08", Level.SEVERE)
def gross_mass_covers_all_items(declaration: Declaration, now: datetime) -> Broken:
    """The total gross mass {gross} kg is below {items} kg, the net mass of all items."""
    items = sum((item.net_mass_kg for item in declaration.items), Decimal(0))
    if items - declaration.gross_mass_kg > _tolerance_kg(items):
        yield "gross_mass_kg", {"gross": declaration.gross_mass_kg, "items": items}


@rule("DEC_R09", Level.WARNING)
def gross_mass_is_the_sum(declaration: Declaration, now: datetime) -> Broken:
    """The total gross mass is {gross} kg, but the items' gross masses add up to {items} kg."""
    masses = [item.gross_mass_kg for item in declaration.items if item.gross_mass_kg is not None]
    total = sum(masses, Decimal(0))
    apart = abs(total - declaration.gross_mass_kg)
    if masses and len(masses) == len(declaration.items) and apart > _tolerance_kg(total):
        yield "gross_mass_kg", {"gross": declaration.gross_mass_kg, "items": total}


@rule("DEC_R10", Level.SEVERE)
def packages_are_the_sum(declaration: Declaration, now: datetime) -> Broken:
    """The declaration has {packages} packages, but its items have {items}; make them agree."""
    items = sum(item.packages for item in declaration.items)
    if items != declaration.packages:
        yield "packages", {"packages": declaration.packages, "items": items}


@rule("DEC_R11", Level.WARNING)
def invoice_is_the_sum(declaration: Declaration, now: datetime) -> Broken:
    """The invoice total is {invoice}, but the prices of the items add up to {items}."""
    if any(item.value.currency != declaration.invoice.currency for item in declaration.items):
        return
    total = sum((item.value.amount for item in declaration.items), Decimal(0))
    apart = abs(total - declaration.invoice.amount)
    if apart > _INVOICE_TOLERANCE_SHARE * max(total, declaration.invoice.amount):
        yield "invoice", {"invoice": declaration.invoice, "items": total}


@rule("DEC_R12", Level.SEVERE)
def prices_are_in_one_currency(declaration: Declaration, now: datetime) -> Broken:
    """Item {item} is priced in {currency}, the invoice in {invoice}; use the invoice's currency."""
    invoice = declaration.invoice.currency
    for place, item in enumerate(declaration.items):
        if item.value.currency != invoice:
            values = {"item": item.number, "currency": item.value.currency, "invoice": invoice}
            yield f"items[{place}].value", values


@rule("DEC_R17", Level.SEVERE)
def containers_are_listed_once(declaration: Declaration, now: datetime) -> Broken:
    """Container {container} is listed twice; list each container once, with all its seals."""
    counts = Counter(container.number for container in declaration.containers)
    for place, container in enumerate(declaration.containers):
        if counts[container.number] > 1:
            counts[container.number] = 0
            yield f"containers[{place}].number", {"container": container.number}


@rule("DEC_R18", Level.WARNING)
def seals_are_on_one_container(declaration: Declaration, now: datetime) -> Broken:
    """Seal {seal} is listed twice; a seal closes one door only."""
    seals = Counter(seal for container in declaration.containers for seal in container.seals)
    for place, container in enumerate(declaration.containers):
        for seal in container.seals:
            if seals[seal] > 1:
                seals[seal] = 0
                yield f"containers[{place}].seals", {"seal": seal}


@rule("DEC_R19", Level.INFO)
def containers_are_sealed(declaration: Declaration, now: datetime) -> Broken:
    """Container {container} has no seal number; without one nobody can tell if it was opened."""
    for place, container in enumerate(declaration.containers):
        if not container.seals:
            yield f"containers[{place}].seals", {"container": container.number}


@rule("DEC_R20", Level.SEVERE)
def arrival_is_near(declaration: Declaration, now: datetime) -> Broken:
    """The expected arrival {arrival} lies too far from today; check the year and the month."""
    arrival = declaration.arrival_expected_at
    if arrival is not None and not now - _LONGEST_PAST <= arrival <= now + _LONGEST_AHEAD:
        yield "arrival_expected_at", {"arrival": f"{arrival:%Y-%m-%d}"}


@rule("DEC_R21", Level.WARNING)
def prelodged_goods_have_not_arrived(declaration: Declaration, now: datetime) -> Broken:
    """The type {type} is for goods not yet arrived, but arrival was expected at {arrival}."""
    arrival = declaration.arrival_expected_at
    if declaration.is_before_arrival and arrival is not None and arrival < now:
        shown = f"{arrival:%Y-%m-%d %H:%M} UTC"
        yield "additional_type", {"type": declaration.additional_type, "arrival": shown}


@rule("DEC_R28", Level.SEVERE)
def transport_mode_is_known(declaration: Declaration, now: datetime) -> Broken:
    """The transport mode {mode!r} is none of UN/ECE Recommendation 19: 1 sea, 2 rail, 3 road,
    4 air, 5 mail, 6 multimodal, 7 fixed, 8 inland waterway, 9 not applicable, 0 not specified.
    """
    mode = declaration.transport_mode
    if mode not in TRANSPORT_MODES and (mode or declaration.is_full):
        yield "transport_mode", {"mode": mode}


@rule("DEC_R29", Level.WARNING)
def vessel_is_named(declaration: Declaration, now: datetime) -> Broken:
    """The ship or flight is not named; without it the arrival cannot be matched."""
    if declaration.transport_mode in (_SEA, _AIR) and not declaration.vessel:
        arriving = declaration.transport_at_arrival or declaration.transport_at_departure
        if arriving is None or not arriving.id:
            yield "vessel", {}


@rule("DEC_R30", Level.SEVERE, Area.MANDATORY)
def mandate_is_stated(declaration: Declaration, now: datetime) -> Broken:
    """The declarant {declarant} acts for {trader}, but states no mandate; give the status
    2 (direct) or 3 (indirect representation).
    """
    declarant, trader = declaration.declarant.id, declaration.trader.id
    if declarant and trader and declarant != trader and not declaration.representative_status:
        yield "representative_status", {"declarant": declarant, "trader": trader}


@rule("DEC_R40", Level.WARNING, Area.MANDATORY)
def exports_have_a_destination(declaration: Declaration, now: datetime) -> Broken:
    """The country of destination is absent; it is needed for goods that leave."""
    stated = declaration.country_of_destination or any(
        item.country_of_destination for item in declaration.items
    )
    if declaration.kind is Kind.EXPORT and declaration.is_full and not stated:
        yield "country_of_destination", {}


@rule("DEC_R42", Level.INFO)
def transport_document_is_cited(declaration: Declaration, now: datetime) -> Broken:
    """No transport document is cited (N705 bill of lading, N740 air waybill, N730 road consignment
    note, N720 rail).
    """
    cited = {document.type for _, document in declaration.all_documents()}
    previous = {document.type for document in declaration.previous_documents}
    if declaration.kind is Kind.IMPORT and not any(
        kind[-3:] in ("703", "704", "705", "714", "720", "730", "740", "741", "750", "785")
        for kind in cited | previous
    ):
        yield "documents", {}


@rule("DEC_R46", Level.SEVERE, Area.MANDATORY)
def office_is_named(declaration: Declaration, now: datetime) -> Broken:
    """The customs office is absent; state where the declaration is lodged."""
    if not declaration.office:
        yield "office", {}


@rule("DEC_R47", Level.WARNING, Area.MANDATORY)
def goods_location_is_named(declaration: Declaration, now: datetime) -> Broken:
    """The location of the goods is absent; an officer must know where to find them."""
    if not declaration.goods_location and declaration.is_full:
        yield "goods_location", {}


@rule("DEC_R50", Level.INFO)
def consignment_has_a_reference(declaration: Declaration, now: datetime) -> Broken:
    """The declaration has no unique consignment reference (UCR); with one, certificates and
    arrivals find it at once.
    """
    if declaration.ucr is None:
        yield "ucr", {}


def _tolerance_kg(total: Decimal) -> Decimal:
    return max(_MASS_TOLERANCE_KG, total * _MASS_TOLERANCE_SHARE)


RULES = (
    declarant_has_a_number,
    trader_is_named,
    items_are_one_to_999,
    item_numbers_count_up,
    item_count_is_right,
    gross_mass_covers_all_items,
    gross_mass_is_the_sum,
    packages_are_the_sum,
    invoice_is_the_sum,
    prices_are_in_one_currency,
    containers_are_listed_once,
    seals_are_on_one_container,
    containers_are_sealed,
    arrival_is_near,
    prelodged_goods_have_not_arrived,
    transport_mode_is_known,
    vessel_is_named,
    mandate_is_stated,
    exports_have_a_destination,
    transport_document_is_cited,
    office_is_named,
    goods_location_is_named,
    consignment_has_a_reference,
)
