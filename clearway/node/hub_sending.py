"""Sends what was issued to a hub, and learns what became of it.

Each certificate whose newest word is due (`issuing.tables.list_to_dispatch`) is delivered; only
then its dispatch is a fact. Killed between the two, the same envelope is sent again, and the hub
answers it as before.
"""

from __future__ import annotations

import hashlib
import random
from typing import Final

import structlog

from clearway.certificates.actions.dispatch import dispatch
from clearway.certificates.actions.report_delivery import report_delivery
from clearway.certificates.formats import sps_certificate
from clearway.certificates.issuing import course
from clearway.certificates.issuing import tables as issuing
from clearway.certificates.issuing.course import Delivery
from clearway.certificates.issuing.model import Application
from clearway.certificates.issuing.preparing import restated
from clearway.certificates.model import Key, Status
from clearway.connectors.ippc_hub import tables, word
from clearway.connectors.ippc_hub.client import NotDelivered, OnItsWay, RefusedByHub
from clearway.connectors.ippc_hub.model import Envelope, Forwarding
from clearway.errors import BadTerm, InputError, NotFound, Refused, WrongState
from clearway.node.hub_desk import HubDesk, Report
from clearway.policy.act import Act

logger = structlog.get_logger()
_MOST_DUE: Final = 100
_MOST_AWAITED: Final = 2_000
_MOST_QUESTIONS: Final = 200


class Sending:
    """What goes out through one hub."""

    def __init__(self, desk: HubDesk) -> None:
        self._desk = desk

    def send(self, report: Report) -> None:
        """Deliver what is due. Raises: Unreachable: the rest stays due."""
        with self._desk.node.reading() as connection:
            due = issuing.list_to_dispatch(connection, limit=_MOST_DUE)
        for summary in due:
            try:
                self._tell(summary.number, report)
            except (InputError, NotFound, Refused) as error:
                report.left += 1
                logger.warning("hub_not_sent", application=summary.number, detail=error.detail)

    def _tell(self, number: str, report: Report) -> None:
        """Deliver the newest word of one certificate, then record it."""
        held, envelope = self._due(number)
        if held.key is None or held.delivery is not Delivery.DUE:
            return
        try:
            self._deliver(held.key, envelope, report)
        except WrongState:
            # It was ended while its envelope was under way: the importer must hear of that too.
            ended, word_of_end = self._due(number)
            if ended.stage is held.stage:
                raise
            self._desk.client.deliver(word_of_end)
            logger.warning("hub_overtaken", certificate=held.key.subject, stage=str(ended.stage))

    def _due(self, number: str) -> tuple[Application, Envelope]:
        with self._desk.node.reading() as connection:
            held = issuing.get_application(connection, number)
            return held, self._envelope(held, issuing.get_documents(connection, held).document)

    def _envelope(self, held: Application, document: bytes) -> Envelope:
        """Return what must be told of a certificate of ours now.

        The signed document never changes; that it is withdrawn or replaced is told by the same
        certificate in its new status, unsigned: the hub's channel proves it, and the same bytes
        come out each time, as a repeated delivery must.
        """
        issued = held.issued
        if issued is None or issued.importing_country is None:
            raise WrongState(f"The application {held.number} has no certificate that goes abroad")
        status = course.STATUS[held.stage]
        if status is not Status.ISSUED:
            document = sps_certificate.write(restated(issued, status))
        return Envelope(
            from_=str(self._desk.country),
            to=str(issued.importing_country),
            certificate_type=_numeric(issued.type_code),
            certificate_status=int(status),
            nppo_number=issued.number,
            forwardings=tuple(Forwarding(str(each)) for each in issued.transit_countries),
            content=document.decode(),
        )

    def _deliver(self, key: Key, envelope: Envelope, report: Report) -> None:
        """Deliver, then record. Raises: Unreachable: nothing is recorded, it stays due."""
        outcome = self._desk.client.deliver(envelope)
        digest = hashlib.sha256(envelope.content.encode()).hexdigest()
        if isinstance(outcome, OnItsWay):
            number, reason = outcome.header.hub_number, ""
            report.sent += 1
        elif isinstance(outcome, NotDelivered):
            number, reason = outcome.header.hub_number, outcome.reason
            report.on_paper += 1
        else:
            number, reason = "", outcome.reason
            report.refused += 1
        known = word.delivery_of(outcome.header) if not isinstance(outcome, RefusedByHub) else None
        after = Delivery.FAILED if reason else known

        def record(act: Act) -> None:
            dispatch(act, key, "hub", hub_number=number, digest=digest)
            if after is not None:
                report_delivery(act, key, after, hub_number=number, message=reason[: word.LONGEST])

        self._desk.act(record)
        if reason:
            logger.warning("hub_not_delivered", certificate=key.subject, reason=reason)

    def learn(self, report: Report) -> None:
        """Bring home what the hub knows of envelopes of ours. Raises: Unreachable."""
        with self._desk.node.reading() as connection:
            awaited = tables.list_awaited(connection, limit=_MOST_AWAITED)
        if not awaited:
            return
        pending = {each.hub_number for each in self._desk.client.under_delivery()}
        news = [each for each in awaited if each.hub_number not in pending]
        random.shuffle(news)  # what the hub never tells of must not hide the others for ever
        for each in news[:_MOST_QUESTIONS]:
            header = self._desk.client.tracking(each.hub_number)
            delivery = word.delivery_of(header)
            if delivery is not None:
                self._learn(each, delivery, word.reason_of(header))
                report.learned += 1

    def _learn(self, awaited: tables.Awaited, delivery: Delivery, reason: str) -> None:
        key = Key.parse(awaited.certificate)
        try:
            self._desk.act(
                lambda act: report_delivery(
                    act, key, delivery, hub_number=awaited.hub_number, message=reason
                )
            )
        except WrongState as error:
            logger.warning("hub_report", certificate=awaited.certificate, detail=error.detail)


def _numeric(type_code: str) -> int:
    """Return a kind as the hub's header bears it. Raises: BadTerm: it is no number."""
    if not (type_code.isascii() and type_code.isdigit()):
        raise BadTerm("TypeCode", type_code, "must be a number of UNECE 1001 to go by a hub")
    return int(type_code)
