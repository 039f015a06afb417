"""Certificates on paper: the version on file that counts, as PDF."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from clearway.api.access import TheActor, TheNode
from clearway.api.problems import RESPONSES
from clearway.api.work import look
from clearway.certificates import tables
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.formats.remarks import Remarks
from clearway.certificates.formats.sps_certificate import LIMITS
from clearway.certificates.formats.wrapping import unwrap
from clearway.certificates.model import Key, Status
from clearway.certificates.printing.render import render
from clearway.certificates.record import Record
from clearway.node.node import Node
from clearway.terms.places import Country


class Pdf(Response):
    """A PDF document."""

    media_type = "application/pdf"


router = APIRouter(prefix="/v1/certificates", tags=["certificates"], responses=RESPONSES)


@router.get("/{type_code}/{country}/{number:path}/pdf", response_class=Pdf)
async def pdf(
    type_code: str,
    country: str,
    number: str,
    node: TheNode,
    actor: TheActor,
    language: Annotated[str, Query(pattern="^[a-z]{2}$")] = "en",
) -> Response:
    """Return a certificate on file as it is printed: PDF/A-3 with the document enclosed.

    What has no force (withdrawn, replaced, in dispute ...) says so across each page. A certificate
    that came in bears no seal of ours.
    """
    key = Key.of(type_code, Country(country), number)
    node.policy.require(actor, "certificate.read", {"certificate": key.subject})

    def query() -> bytes:
        with node.reading() as connection:
            record = tables.get(connection, key)
            original = tables.get_original(connection, record)
        return printed(node, record, original, language)

    headers = {"Content-Disposition": 'inline; filename="certificate.pdf"'}
    return Pdf(await look(node, actor, query), headers=headers)


def printed(node: Node, record: Record, original: bytes, language: str) -> bytes:
    """Return the print of a version on file.

    Args:
        original: the message as received; enclosed byte for byte, or out of its wrapping.
    """
    document = original
    if not original.startswith(b"<"):
        document = unwrap(original, Remarks(), LIMITS)
    return render(
        record.certificate,
        profile_of(record.key.type_code),
        language=language,
        now=node.clock(),
        xml=document,
        # Of two that contradict each other neither can be used: nothing on file has that status.
        status=Status.ABSENT if record.is_disputed else record.status,
    )
