"""Takes what comes through a hub: kept first, acknowledged then.

Headers, then one envelope at a time. It is read and judged outside the transaction, filed with our
word on it in ONE transaction, and acknowledged after that. Killed between the two, the word is said
again. One envelope that cannot be taken never holds up another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import structlog

from clearway.certificates.actions.receive import Conflict
from clearway.certificates.actions.reject import reject
from clearway.certificates.actions.report_delivery import report_delivery
from clearway.certificates.intake import Examined, examine
from clearway.certificates.issuing.course import Delivery
from clearway.certificates.model import Channel, Key, Provenance, Status
from clearway.certificates.trust import tables as trust
from clearway.clearance.actions.receive_certificate import receive_certificate
from clearway.connectors.ippc_hub import tables, word
from clearway.connectors.ippc_hub.actions.take_in import take_in
from clearway.connectors.ippc_hub.client import Unreachable
from clearway.connectors.ippc_hub.formats import acknowledgement, soap
from clearway.connectors.ippc_hub.model import Envelope, Header
from clearway.connectors.ippc_hub.word import Kind, Word
from clearway.errors import InputError, MustStop, NotFound, WrongState
from clearway.node.hub_desk import HubDesk, Report
from clearway.policy.act import Act
from clearway.terms.places import Country

logger = structlog.get_logger()
# An answer that cannot be read so often will not be read the next time either.
_TRIES: Final = 5


class Taking:
    """What comes in through one hub."""

    def __init__(self, desk: HubDesk) -> None:
        self._desk = desk
        self._failed: dict[str, int] = {}

    def take(self, report: Report) -> None:
        """Take all that waits. Raises: Unreachable: the link. MustStop: our store."""
        for header in self._desk.client.headers():
            try:
                said = self._known(header) or self._take(header, report)
                self._say(header.hub_number, said)
                self._failed.pop(header.hub_number, None)
            except MustStop:
                raise
            except soap.Fault as error:
                report.left += 1
                logger.warning("hub_envelope", number=header.hub_number, detail=error.detail)
            except Unreachable as error:
                self._give_up_if_hopeless(header, error, report)

    def _known(self, header: Header) -> Word | None:
        with self._desk.node.reading() as connection:
            return tables.find_word(connection, header.hub_number)

    def _take(self, header: Header, report: Report) -> Word:
        """Read, judge, file and record; return our word, which is durable now."""
        envelope = replace(self._desk.client.pull(header.hub_number), hub_number=header.hub_number)
        content = envelope.content.encode()
        try:
            if acknowledgement.is_one(content):
                said = self._take_answer(envelope, acknowledgement.read(content))
                report.answers += 1
                return said
            sender = Provenance(Channel.HUB, str(Country(envelope.from_)))
            with self._desk.node.reading() as connection:
                held = trust.find(connection)
            examined = examine(
                content,
                sender,
                country=self._desk.country,
                now=self._desk.node.clock(),
                trust_list=None if held is None else held.trust_list,
            )
            said = self._desk.act(lambda act: self._file(act, envelope, examined, sender))
        except InputError as error:
            reason = word.unreadable(error.detail)
            report.unreadable += 1
            return self._desk.act(lambda act: take_in(act, envelope, reason))
        report.taken += 1
        return said

    def _file(self, act: Act, envelope: Envelope, examined: Examined, sender: Provenance) -> Word:
        content = envelope.content.encode()
        filed = receive_certificate(
            act, examined.certificate, examined.findings, content, sender, examined.verdict
        )
        alarm = ""
        if isinstance(filed, Conflict):
            alarm = "Other content is on file under this number; both authorities must look into it"
        said = word.word_on(examined.findings, alarm=alarm)
        return take_in(act, envelope, said, certificate=filed.key.subject, seq=filed.seq)

    def _take_answer(self, envelope: Envelope, said: acknowledgement.Acknowledgement) -> Word:
        """Bring an importing country's answer to the certificate of ours that it is about."""
        key = Key.of(str(envelope.certificate_type), str(self._desk.country), envelope.nppo_number)
        sender = Country(envelope.from_)

        def record(act: Act) -> Word:
            if said.status == Status.REJECTED:
                reject(act, key, sender, said.reason, reference=envelope.hub_number)
            else:
                report_delivery(act, key, Delivery.ACKNOWLEDGED, message=said.reason)
            return take_in(act, envelope, Word(Kind.TAKEN), certificate=key.subject)

        try:
            return self._desk.act(record)
        except (NotFound, WrongState, InputError) as error:
            late = Word(Kind.WARNINGS, error.detail[: word.LONGEST])
            return self._desk.act(lambda act: take_in(act, envelope, late))

    def _say(self, number: str, said: Word) -> None:
        """Acknowledge. Raises: soap.Fault, Unreachable: the same word is said the next time."""
        if said.kind is Kind.TAKEN:
            self._desk.client.acknowledge(number)
        elif said.kind is Kind.WARNINGS:
            self._desk.client.acknowledge_with_warning(number, said.message)
        else:
            self._desk.client.acknowledge_failed(number, said.message)

    def _give_up_if_hopeless(self, header: Header, error: Unreachable, report: Report) -> None:
        """Tell a sender that its envelope cannot be read, after it failed alone again and again.

        Raises: Unreachable: it is the link that fails, not the envelope.
        """
        if not isinstance(error.__cause__, InputError):
            raise error
        report.left += 1
        tries = self._failed.get(header.hub_number, 0) + 1
        self._failed[header.hub_number] = tries
        logger.warning("hub_envelope", number=header.hub_number, tries=tries, detail=error.detail)
        if tries < _TRIES:
            return
        empty = Envelope(
            header.from_,
            header.to,
            header.certificate_type,
            header.certificate_status,
            header.nppo_number,
            header.hub_number,
        )
        said = self._desk.act(lambda act: take_in(act, empty, word.unreadable(error.detail)))
        self._say(header.hub_number, said)
        report.unreadable += 1
