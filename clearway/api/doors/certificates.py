"""Certificates: hand them in, see what is on file and what is left of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer, cursor_of, place_of
from clearway.api.problems import RESPONSES, plain_problem
from clearway.api.work import look, perform
from clearway.certificates import tables
from clearway.certificates.actions.receive import Conflict, Received
from clearway.certificates.formats import schema as schemas
from clearway.certificates.intake import Examined, examine
from clearway.certificates.model import Channel, Key, Provenance
from clearway.certificates.record import Record
from clearway.certificates.trust import tables as trust
from clearway.clearance.actions.receive_certificate import receive_certificate
from clearway.identity.model import Actor, ActorKind, Role
from clearway.policy.act import Act
from clearway.terms.places import Country

router = APIRouter(prefix="/v1/certificates", tags=["certificates"], responses=RESPONSES)
_AUTHORITY = "nppo_"


@router.post("", status_code=201)
async def receive(request: Request, node: TheNode, actor: TheActor) -> Response:
    """Take in a certificate (SPSCertificate:17 as XML, or its base64).

    Remarks on it do not keep it off the file. Other content under a number on file is an alarm and
    is answered 409. The receipt proves what was filed.
    """
    body = await request.body()
    provenance = provenance_of(actor)
    country = Country(node.settings.country)

    def prepare() -> Callable[[Act], tuple[Examined, Received | Conflict]]:
        with node.reading() as connection:
            held = trust.find(connection)
        found = examine(
            body,
            provenance,
            country=country,
            now=node.clock(),
            trust_list=None if held is None else held.trust_list,
            schema=schemas.held(node.settings.certificate_schemas),
        )
        return lambda hand: (
            found,
            receive_certificate(
                hand, found.certificate, found.findings, body, provenance, found.verdict
            ),
        )

    outcome = await perform(node, actor, prepare)
    found, received = outcome.result
    if isinstance(received, Conflict):
        return plain_problem(
            "conflicting_certificate",
            "Other content under this number",
            409,
            f"Certificate {received.key.number} is on file with other content; an alarm was"
            " recorded. A correction bears a new number and names the one that it replaces",
            seq=received.seq,
        )
    data = {
        "type_code": found.certificate.type_code,
        "country": found.certificate.issuing_country,
        "number": found.certificate.number,
        "status": found.certificate.status,
        "findings": found.findings,
        "verdict": found.verdict,
        "seq": received.seq,
    }
    return answer(data, status=201, receipt=node.stored_receipt(received.seq))


@router.get("")
async def certificates(
    node: TheNode,
    actor: TheActor,
    status: Annotated[str | None, Query(max_length=3)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List certificates on file, the latest received first."""
    node.policy.require(actor, "certificate.read", {})
    before = place_of(cursor)

    def query() -> tuple[Record, ...]:
        with node.reading() as connection:
            return tables.list_certificates(connection, limit=limit, before=before, status=status)

    found = await look(node, actor, query)
    following = cursor_of(found[-1].seq) if len(found) == limit else None
    return answer(found, following=following)


@router.get("/{type_code}/{country}/{number:path}")
async def certificate(
    type_code: str, country: str, number: str, node: TheNode, actor: TheActor
) -> Response:
    """Return a certificate on file: the version that counts, its proof, what is left of it."""
    key = Key.of(type_code, Country(country), number)
    node.policy.require(actor, "certificate.read", {"certificate": key.subject})

    def query() -> Record:
        with node.reading() as connection:
            return tables.get(connection, key)

    return answer(await look(node, actor, query))


def provenance_of(actor: Actor) -> Provenance:
    """Return what this door proves of a message: the account that brought it.

    An authority abroad has an account of the agency `nppo_<country>` with the role of certifying
    officer; what it brings comes from that country.
    """
    if Role.CERTIFYING_OFFICER in actor.roles and actor.agency.startswith(_AUTHORITY):
        return Provenance(Channel.PEER, actor.agency.removeprefix(_AUTHORITY).upper())
    if actor.kind is ActorKind.OFFICER:
        return Provenance(Channel.OFFICER, actor.reference)
    return Provenance(Channel.UPLOAD, actor.reference)
