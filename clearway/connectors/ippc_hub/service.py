"""Which action answers which operation, and where it runs.

Reading and judging a certificate (ValidatePhytoXML, ValidateAndDeliverEnvelope) happens before the
transaction; what changes a letter goes to the store's writer and is answered after its commit;
lists come from the directory and from files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from clearway.certificates.formats import sps_certificate
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.model import Channel, Provenance
from clearway.certificates.rules import Desk as Judging
from clearway.certificates.rules import check
from clearway.connectors.ippc_hub import reference, rules
from clearway.connectors.ippc_hub.actions import acknowledge, collect, deliver
from clearway.connectors.ippc_hub.actions.desk import Desk
from clearway.connectors.ippc_hub.directory import Directory, Member
from clearway.connectors.ippc_hub.model import Envelope, Header, ValidationResult
from clearway.connectors.ippc_hub.store import Store
from clearway.errors import InputError
from clearway.terms.finding import Area, Finding, Level
from clearway.terms.places import Country

Action = Callable[[Desk, Any], Any]

_CHANGES: Final[dict[str, Action]] = {
    "DeliverEnvelope": deliver.deliver,
    "DeliverPhytoEnvelope": deliver.deliver_structured,
    "DeliverCountryResponseEnvelope": deliver.deliver_response,
    "AcknowledgeEnvelopeReceipt": acknowledge.acknowledge,
    "AdvancedAcknowledgeEnvelopeReceipt": acknowledge.acknowledge_with_warning,
    "AcknowledgeFailedEnvelopeReceipt": acknowledge.acknowledge_failed,
    "SetTrackingInfoUpdate": acknowledge.update_tracking,
}
_QUESTIONS: Final[dict[str, Action]] = {
    "GetImportEnvelopeHeaders": collect.list_headers,
    "PULLSingleImportEnvelope": collect.pull,
    "PULLImportEnvelope": lambda desk, _: collect.pull_all(desk),
    "GetEnvelopeTrackingInfo": collect.track,
    "GetUnderDeliveryEnvelope": lambda desk, _: collect.list_under_delivery(desk),
}


class Service:
    """The hub, behind its door.

    Args:
        store: open.
        directory: who takes part.
        clock: gives the aware UTC instant.
        lists: code lists by operation.
    """

    def __init__(
        self,
        store: Store,
        directory: Directory,
        clock: Callable[[], datetime],
        lists: reference.Lists | None = None,
    ) -> None:
        self.store, self.directory, self.clock = store, directory, clock
        self._lists = reference.sample() if lists is None else lists

    async def answer(self, caller: Member, name: str, value: Any) -> Any:
        """Return what an operation gives; what it changed is durable by then.

        Raises: what the actions raise. TryLater: too much waits.
        """
        if name in _CHANGES:
            return await self._change(caller, _CHANGES[name], value)
        if name == "ValidateAndDeliverEnvelope":
            return await self._validate_and_deliver(caller, value)
        if name == "ValidatePhytoXML":
            return await asyncio.to_thread(self.validate, value)
        if name in _QUESTIONS:
            return await asyncio.to_thread(self._ask, caller, _QUESTIONS[name], value)
        return self._list(caller, name)

    def validate(self, text: str, header: Header | None = None) -> tuple[ValidationResult, ...]:
        """Return the findings on a certificate in the Hub's terms; none: it is sound.

        Args:
            header: of its envelope; None: it is judged as what it says that it is.
        """
        try:
            certificate, read = sps_certificate.read(text.encode())
            importer = Country(header.to) if header else certificate.importing_country
            exporter = Country(header.from_) if header else certificate.issuing_country
            desk = Judging(
                profile_of(certificate.type_code),
                importer or exporter,
                self.clock(),
                Provenance(Channel.HUB, exporter),
            )
            findings = (*read, *check(certificate, desk))
        except InputError as error:
            findings = _unreadable(error)
        return rules.results_of(findings)

    async def _validate_and_deliver(self, caller: Member, envelope: Envelope) -> Header:
        header = rules.normal(envelope)
        rules.require_sender(caller, header)
        rules.require_content(caller, envelope.content.encode())
        found = await asyncio.to_thread(self.validate, envelope.content, header)
        severe = rules.severe_of(found)
        if severe:
            return deliver.refuse(envelope, severe)
        return await self._change(caller, deliver.deliver, envelope)  # type: ignore[no-any-return]

    async def _change(self, caller: Member, action: Action, value: Any) -> Any:
        now = self.clock()
        future = self.store.submit(
            caller.country,
            lambda connection: action(Desk(connection, self.directory, caller, now), value),
        )
        return await asyncio.wrap_future(future)

    def _ask(self, caller: Member, action: Action, value: Any) -> Any:
        with self.store.reading() as connection:
            return action(Desk(connection, self.directory, caller, self.clock()), value)

    def _list(self, caller: Member, name: str) -> Any:
        if name == "GetActiveNppos":
            return tuple(map(rules.nppo_of, self.directory.members))
        if name == "GetProfile":
            return rules.nppo_of(caller)
        if name == "GetAvailableChannels":
            return self.directory.channels
        return self._lists[name]


def _unreadable(error: InputError) -> tuple[Finding, ...]:
    found = getattr(error, "findings", ())
    return found or (Finding("HUB_V01", Area.SCHEMA, Level.SEVERE, "", error.detail),)
