"""Drafts and papers of certificates of ours, for the faces: made when asked for, not kept."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from clearway.certificates import tables as received
from clearway.certificates.formats import seal, seal_text
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.issuing import course, desk, drafting, tables
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.model import Application, Request
from clearway.certificates.lifecycle import require_usable
from clearway.certificates.model import Key
from clearway.certificates.printing.render import render
from clearway.clearance.cloning import DeclarationDraft, clone
from clearway.identity.model import Actor
from clearway.node.node import Node
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity

RE_EXPORT: Final = drafting.RE_EXPORT


def copy(node: Node, actor: Actor, key: Key) -> Request:
    """Return the request for another certificate like one of ours.

    Raises: NotFound: we did not issue it. Refused: this account may not see it.
    """
    held = _seen(node, actor, key)
    content = drafting.copy(held.content, profile_of(key.type_code))
    return Request(content, party=held.party)


def replacement(node: Node, actor: Actor, key: Key, reason: str) -> Request:
    """Return the request for a certificate in place of one of ours.

    Raises: NotFound, Refused: see `copy`. WrongState: it is no longer in force. RuleViolation: no
    reason is given.
    """
    held = _seen(node, actor, key)
    course.require(Step.REPLACE, held.stage, desk.name_of(held))
    made = drafting.replacement(
        held.content, reason, profile_of(key.type_code), held.request.originals
    )
    return Request(
        made.content, made.purpose, held.party, made.replaces, made.originals, made.attachments
    )


def re_export(node: Node, actor: Actor, key: Key, wanted: Mapping[int, Quantity]) -> Request:
    """Return the request for a re-export of goods that came under a certificate on file.

    Raises: NotFound: it is not on file. Refused: this account may not read it. WrongState: it is
    not in force. RuleViolation: no such line, or it is not in order.
    """
    node.policy.require(actor, "certificate.read", {"certificate": key.subject})
    with node.reading() as connection:
        record = received.get(connection, key)
    require_usable(record, profile_of(key.type_code))
    country = Country(node.settings.country)
    return drafting.re_export(record.certificate, wanted, country, profile_of(RE_EXPORT))


def declaration_draft(node: Node, actor: Actor, key: Key) -> DeclarationDraft:
    """Return an import declaration drafted from a certificate on file.

    Raises: NotFound: it is not on file. Refused: this account may not read it.
    """
    node.policy.require(actor, "certificate.read", {"certificate": key.subject})
    with node.reading() as connection:
        record = received.get(connection, key)
    return clone(record.certificate, profile_of(key.type_code))


def papers(node: Node, held: Application) -> dict[str, Any]:
    """Return what was issued, for the holder. Raises: NotFound: nothing was."""
    with node.reading() as connection:
        kept = tables.get_documents(connection, held)
    return {
        "certificate": held.subject,
        "stage": held.stage,
        "xml": _base64(kept.document),
        "digest": held.content.digest,
        "seal": _base64(kept.seal),
        "qr_text": seal_text.text(kept.seal) if kept.seal else "",
        "status_list": _place(kept.seal),
    }


def printed(node: Node, held: Application, language: str) -> dict[str, str]:
    """Return the certificate as PDF; an application is printed as a draft.

    Raises: BadTerm: no such language. InputError: a script that cannot be shown.
    """
    document, qr_text = None, None
    if held.issued is not None:
        with node.reading() as connection:
            kept = tables.get_documents(connection, held)
        document, qr_text = kept.document, seal_text.text(kept.seal) if kept.seal else None
    made = render(
        held.content,
        profile_of(held.type_code),
        language=language,
        now=node.clock(),
        seal_text=qr_text,
        xml=document,
        draft=held.issued is None,
        status=course.STATUS[held.stage],
    )
    return {"language": language, "pdf": _base64(made)}


def _seen(node: Node, actor: Actor, key: Key) -> Application:
    with node.reading() as connection:
        held = tables.get_issued(connection, key)
    desk.require_read(node.policy, actor, held)
    return held


def _place(kept: bytes) -> dict[str, Any] | None:
    """Return where a seal says that the status is told."""
    place = seal.read(kept).stated.place if kept else None
    return None if place is None else {"list": place.list_id, "index": place.index}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
