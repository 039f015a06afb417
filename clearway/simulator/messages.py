"""What the traders, carriers and terminals of a day send: bytes for the doors, never truth.

Declarations go through the writers of the desk itself, in WCO XML or in JSON, as the broker's
software has it; journeys and movements are JSON, readings too but for loggers of the old kind.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearway.declarations.formats import json as json_form
from clearway.declarations.formats import wco
from clearway.declarations.model import Container, Declaration, Document, Item, Kind, Packaging
from clearway.declarations.model import Party as DeclaredParty
from clearway.simulator.certificates import Paper
from clearway.simulator.consignments import Box, Consignment, Firm, Line
from clearway.simulator.loggers import Log
from clearway.simulator.places import AIR, SEA
from clearway.simulator.reefers import Unit
from clearway.simulator.streams import share
from clearway.simulator.tariff import GENERAL, PREFERENTIAL, Tariff
from clearway.terms.goods import HsCode
from clearway.terms.identifiers import Lrn, PartyId, Ucr
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country
from clearway.terms.transport import ContainerNumber, SealNumber

XML, JSON, CSV = "application/xml", "application/json", "text/csv"
_CSV_SHARE = 0.12
_CELLS = (
    "at", "supply_c", "return_c", "pulp_c", "ambient_c", "powered", "door_open", "set_point_c",
)  # fmt: skip
_PLACE = {SEA: "T1", "3": "G1", AIR: "C1"}
# Bill of lading, road consignment note, air waybill.
_WAYBILL = {SEA: "N705", "3": "N730", AIR: "N740"}
_VESSEL_ID = {SEA: "11", "3": "30", AIR: "40"}


def declaration_of(
    consignment: Consignment, papers: tuple[Paper, ...], tariff: Tariff
) -> Declaration:
    """Return what is declared of a consignment.

    Args:
        papers: the certificates that it names.
        tariff: of the border; names its currency and the proof of a preferential origin.
    """
    items = tuple(_item(consignment, line, papers, tariff) for line in consignment.lines)
    gross = sum((line.declared_gross_kg for line in consignment.lines), Decimal(0))
    total = sum((line.declared_value for line in consignment.lines), Decimal(0))
    return Declaration(
        kind=Kind.IMPORT,
        additional_type="D" if consignment.is_declared_before_arrival else "A",
        lrn=Lrn(consignment.lrn),
        ucr=_ucr(consignment),
        declarant=_party(consignment.broker),
        importer=_party(consignment.importer),
        exporter=_party(consignment.exporter),
        representative=_party(consignment.broker),
        representative_status="2",
        office=consignment.office,
        goods_location=location_of(consignment),
        transport_mode=consignment.transport,
        vessel=consignment.vessel,
        vessel_id_type=_VESSEL_ID[consignment.transport],
        arrival_expected_at=consignment.arrives_at,
        country_of_dispatch=Country(consignment.lines[0].dispatch),
        country_of_destination=Country(consignment.importer.country),
        invoice=Money(total, Currency(consignment.currency)),
        gross_mass_kg=gross,
        packages=sum(line.declared_packages for line in consignment.lines),
        item_count=len(items),
        items=items,
        containers=_containers(consignment),
        documents=_documents(consignment),
        incoterm="CIF",
        nature_of_transaction="1",
    )


def _ucr(consignment: Consignment) -> Ucr:
    year = consignment.lodged_at.year % 10
    return Ucr(f"{year}{consignment.importer.id}-{consignment.lrn[-12:]}")


def _containers(consignment: Consignment) -> tuple[Container, ...]:
    return tuple(
        Container(ContainerNumber(box.number), (SealNumber(box.seal),)) for box in consignment.boxes
    )


def _documents(consignment: Consignment) -> tuple[Document, ...]:
    """Return invoice and transport document."""
    return (
        Document("N380", f"INV-{consignment.lrn}"),
        Document(_WAYBILL[consignment.transport], f"TD-{consignment.lrn}"),
    )


def location_of(consignment: Consignment) -> str:
    """Return where the goods can be looked at, in the office's own code."""
    country, office = consignment.importer.country, consignment.office
    return f"{country}AU{office}{_PLACE[consignment.transport]}"


def _party(firm: Firm) -> DeclaredParty:
    return DeclaredParty(
        id=PartyId(firm.id),
        name=firm.name,
        country=Country(firm.country),
        address="Trade street 1",
        city="Market town",
        postcode="1000",
    )


def _item(consignment: Consignment, line: Line, papers: tuple[Paper, ...], tariff: Tariff) -> Item:
    named = tuple(
        Document(f"N{paper.type_code}", paper.number, Country(paper.country), (line.number,))
        for paper in papers
        if line.goods.certificate == paper.type_code
    )
    if line.prefers:
        proof = f"OD-{line.declared_origin}-{consignment.lrn[-12:]}"
        named += (Document(tariff.proof, proof, Country(line.declared_origin)),)
    return Item(
        number=line.number,
        hs=HsCode(str(line.declared.hs)),
        description=line.description,
        origin=Country(line.declared_origin),
        preference=PREFERENTIAL if line.prefers else GENERAL,
        preferential_origin=Country(line.declared_origin) if line.prefers else None,
        procedure="4000",
        net_mass_kg=line.declared_mass_kg,
        gross_mass_kg=line.declared_gross_kg,
        value=Money(line.declared_value, Currency(consignment.currency)),
        statistical_value=Money(line.declared_value_usd, Currency(tariff.currency)),
        packages=line.declared_packages,
        packaging=(Packaging(line.declared.package_type, line.declared_packages, "as addressed"),),
        containers=(ContainerNumber(line.container),) if line.container else (),
        documents=named,
        valuation_method="1",
        country_of_dispatch=Country(line.dispatch),
    )


def write_declaration(declaration: Declaration, content_type: str) -> bytes:
    """Return the declaration as the broker's software writes it."""
    return wco.write(declaration) if content_type == XML else json_form.write(declaration)


def journey_of(unit: Unit) -> bytes:
    """Return what the carrier tells when a unit was loaded."""
    return _json(
        {
            "container": unit.container,
            "commodity": unit.goods.commodity,
            "loaded_at": instant(unit.loaded_s).isoformat(),
            "set_point_c": unit.ordered_c,
            "loaded_pulp_c": round(unit.loaded_pulp_c, 1) if unit.has_probe else None,
        }
    )


def readings_of(log: Log, container: str, rows: NDArray[np.int64]) -> bytes:
    """Return one batch of a logger: the readings at `rows`, in the order of their numbers."""
    return _json(
        {
            "device": log.device,
            "container": container,
            "boot_id": log.boot_id,
            "readings": [_reading(log, row) for row in np.sort(rows).tolist()],
        }
    )


def sends_csv(seed: int, container: str) -> bool:
    """Return whether a container's logger is of the old kind whose files people upload."""
    return share(seed, "csv", container) < _CSV_SHARE


def csv_of(log: Log, rows: NDArray[np.int64]) -> bytes:
    """Return the readings at `rows` as a logger's file."""
    lines = [",".join(_CELLS)]
    for row in np.sort(rows).tolist():
        told = _reading(log, row)
        told |= {"powered": "on" if told["powered"] else "off"}
        told |= {"door_open": "open" if told["door_open"] else "closed"}
        lines.append(",".join(str(told.get(cell, "")) for cell in _CELLS))
    return "\n".join(lines).encode()


def _reading(log: Log, row: int) -> dict[str, Any]:
    reading: dict[str, Any] = {
        "seq": int(log.seq[row]),
        "at": instant(float(log.stamped_s[row])).isoformat(),
        "supply_c": float(log.supply_c[row]),
        "return_c": float(log.return_c[row]),
        "ambient_c": float(log.ambient_c[row]),
        "powered": bool(log.powered[row]),
        "door_open": bool(log.door_open[row]),
        "set_point_c": float(log.set_point_c[row]),
    }
    if not np.isnan(log.pulp_c[row]):
        reading["pulp_c"] = float(log.pulp_c[row])
    return reading


def arrival_of(container: str, office: str, at: datetime, vessel: str) -> bytes:
    """Return what a terminal tells when a container comes."""
    return _json(
        {"event": "arrived", "container": container, "office": office, "at": at.isoformat(),
         "vessel": vessel}
    )  # fmt: skip


def departure_of(container: str, office: str, at: datetime) -> bytes:
    """Return what a terminal tells when a container leaves."""
    return _json(
        {"event": "departed", "container": container, "office": office, "at": at.isoformat()}
    )


def seal_of(box: Box, office: str, at: datetime, *, intact: bool) -> bytes:
    """Return what a terminal tells when it has looked at a seal."""
    return _json(
        {"event": "seal_checked", "container": box.number, "office": office, "at": at.isoformat(),
         "seal": box.seal, "intact": intact}
    )  # fmt: skip


def presentation_of(place: str, at: datetime) -> bytes:
    """Return what a shed tells when goods outside containers come."""
    return _json({"at": at.isoformat(), "place": place})


def party_of(firm: Firm) -> bytes:
    """Return the registration of a trader."""
    return _json({"id": firm.id, "name": firm.name, "country": firm.country})


def mandate_of(importer: Firm, broker: Firm, since: datetime) -> bytes:
    """Return an importer's mandate to its broker."""
    until = since + timedelta(days=365)
    return _json(
        {"from": importer.id, "to": broker.id, "valid_from": since.isoformat(),
         "valid_until": until.isoformat()}
    )  # fmt: skip


def instant(seconds: float) -> datetime:
    """Return the aware UTC instant of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
