"""The goods themselves: the library, treatments held against probes, and in whose hands they lost.

GET /v1/reefers/CSQU3054383/treatments/citrus_medfly_1.4_16d?offset=USDA1:0.1&offset=USDA2:0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer
from clearway.api.problems import RESPONSES
from clearway.api.work import look
from clearway.coldchain import commodities, kinetic_rows, tables, treatment_schedules
from clearway.coldchain.formats.json import MOST_PROBES
from clearway.coldchain.treatment_proof import Proof, verify
from clearway.errors import BadTerm
from clearway.insight import live

router = APIRouter(prefix="/v1", tags=["cold chain"], responses=RESPONSES)


@router.get("/commodities")
async def list_commodities(node: TheNode, actor: TheActor) -> Response:
    """List the library of commodities, each figure with its source."""
    node.policy.require(actor, "coldchain.read", {})
    return answer(list(commodities.library().values()))


@router.get("/commodities/{code}")
async def commodity(code: str, node: TheNode, actor: TheActor) -> Response:
    """Return one commodity by its code."""
    node.policy.require(actor, "coldchain.read", {})
    return answer(commodities.get(code[:60]))


@router.get("/kinetics")
async def list_kinetics(node: TheNode, actor: TheActor) -> Response:
    """List the library of kinetics."""
    node.policy.require(actor, "coldchain.read", {})
    return answer(list(kinetic_rows.rows().values()))


@router.get("/treatments")
async def list_treatments(node: TheNode, actor: TheActor) -> Response:
    """List the schedule of treatments."""
    node.policy.require(actor, "coldchain.read", {})
    return answer(list(treatment_schedules.schedules().values()))


@router.get("/reefers/{container}/treatments/{schedule}")
async def treatment(
    container: str,
    schedule: str,
    node: TheNode,
    actor: TheActor,
    since: Annotated[
        datetime | None, Query(description="From when it was given; with zone.")
    ] = None,
    until: Annotated[datetime | None, Query(description="To when; with zone.")] = None,
    offset: Annotated[
        list[str] | None,
        Query(description="What a probe showed in melting ice, such as USDA1:0.1", max_length=40),
    ] = None,
) -> Response:
    """Hold a treatment of the schedule against every probe of a container: pass, fail, or why not.

    Without any `offset` the record of the calibration counts as missing.
    """
    node.policy.require(actor, "coldchain.read", {"container": container})
    row, offsets_c = treatment_schedules.get(schedule[:60]), _offsets(offset)
    started, ended = _in_utc("since", since), _in_utc("until", until)

    def query() -> Proof:
        with node.reading() as connection:
            unit = tables.get_unit(connection, container)
        loaded_at = None if unit.journey is None else unit.journey.loaded_at
        readings = node.archiving.readings(container, since=started or loaded_at, until=ended)
        claimed = None if started is None or ended is None else ended - started
        return verify(readings, row.protocol, offsets_c=offsets_c, claimed=claimed)

    return answer({"schedule": row, "proof": await look(node, actor, query)})


@router.get("/reefers/{container}/custody")
async def custody(container: str, node: TheNode, actor: TheActor) -> Response:
    """Return in whose hands the goods lost how many days of life; the shares are the total."""
    node.policy.require(actor, "coldchain.read", {"container": container})

    def query() -> object:
        with node.reading() as connection:
            unit = tables.get_unit(connection, container)
        since = None if unit.journey is None else unit.journey.loaded_at
        readings = node.archiving.readings(container, since=since)
        with node.reading() as connection:
            return live.loss_in(connection, unit, readings, node.clock())

    return answer(await look(node, actor, query))


def _in_utc(name: str, at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        rule = "needs a zone, such as 2026-03-02T12:00:00Z"
        raise BadTerm(name, at.isoformat(), rule, field=name)
    try:
        return None if at is None else at.astimezone(UTC)
    except OverflowError as error:
        rule = "must lie within the years 1 to 9999 in UTC"
        raise BadTerm(name, str(at), rule, field=name) from error


def _offsets(given: Sequence[str] | None) -> Mapping[str, float] | None:
    if given is None:
        return None
    rule = f"must be PROBE:DEGREES, such as USDA1:0.1, each probe once, at most {MOST_PROBES}"
    if len(given) > MOST_PROBES:
        raise BadTerm("offset", len(given), rule, field="offset")
    found: dict[str, float] = {}
    for text in given:
        name, _, degrees = text.partition(":")
        try:
            value = float(degrees)
        except ValueError as error:
            raise BadTerm("offset", text, rule, field="offset") from error
        if not name or name in found or not -5.0 <= value <= 5.0:
            raise BadTerm("offset", text, rule, field="offset")
        found[name] = value
    return found
