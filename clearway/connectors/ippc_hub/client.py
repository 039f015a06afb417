"""Calling a hub: the operations a country needs, over X.509 mutual TLS with a pinned authority.

    with HubClient(url, tls.client_context(certificate, key, authority)) as hub:
        outcome = hub.deliver(envelope)          # OnItsWay | NotDelivered | RefusedByHub
        for header in hub.headers(): ...

What the hub says is a value; that nothing can be known (the link, a busy hub, an answer that cannot
be read) is `Unreachable`, and the same call may be made again: a delivery that is repeated is the
same delivery. A validator that cannot be reached says `Unknown`, never that a certificate is valid.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, TypeAlias

import httpx

from clearway.connectors.ippc_hub.formats import soap
from clearway.connectors.ippc_hub.formats.operations import BY_NAME
from clearway.connectors.ippc_hub.model import (
    Channel,
    Envelope,
    Header,
    Nppo,
    PhytoEnvelope,
    Receipt,
    ReferenceDatum,
    ResponseEnvelope,
    Tracking,
    ValidationResult,
)
from clearway.errors import InputError, TryLater
from clearway.terms.finding import Level

_MOST_ANSWER: Final = 24 << 20
_BUSY: Final = frozenset({408, 425, 429, 502, 503, 504})


class Unreachable(TryLater):
    """Nothing is known: the link failed, the hub is busy, or its answer cannot be read."""

    code = "hub_unreachable"
    title = "The hub cannot be reached"


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """The hub has it and will hand it out; `header` bears its number."""

    header: Header


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """The hub says that it cannot be delivered: print it; `reason` is for people."""

    header: Header
    reason: str


@dataclass(frozen=True, slots=True)
class RefusedByHub:
    """The hub refuses it as it is; the same again would be refused again."""

    reason: str


Delivery: TypeAlias = OnItsWay | NotDelivered | RefusedByHub


@dataclass(frozen=True, slots=True)
class Valid:
    """The validator answered, and found nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """The validator found something."""

    results: tuple[ValidationResult, ...]

    @property
    def is_severe(self) -> bool:
        """Whether any of it refuses the certificate."""
        return any(each.level == Level.SEVERE for each in self.results)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The validator did not answer, so nothing is known. It is not valid."""

    reason: str


Validation: TypeAlias = Valid | Found | Unknown


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a hub may take: for a connection, and between two pieces of an answer."""

    connect_s: float = 10.0
    read_s: float = 30.0


class HubClient:
    """One hub, over connections that are kept; use as a context manager.

    Args:
        url: of the service, https.
        context: with our certificate and the hub's authority (`tls.client_context`).
    """

    def __init__(self, url: str, context: ssl.SSLContext, patience: Patience = Patience()) -> None:
        if not url.startswith("https://"):
            raise InputError(f"The address of a hub is https, not {url[:80]!r}")
        self._url = url
        self._http = httpx.Client(
            verify=context,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(patience.read_s, connect=patience.connect_s),
        )

    def __enter__(self) -> HubClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def deliver(self, envelope: Envelope) -> Delivery:
        """Send a certificate. Raises: Unreachable: send the same again later."""
        return self._deliver("DeliverEnvelope", envelope)

    def validate_and_deliver(self, envelope: Envelope) -> Delivery:
        """Send a certificate if the hub finds nothing severe. Raises: as `deliver`."""
        return self._deliver("ValidateAndDeliverEnvelope", envelope)

    def deliver_structured(self, envelope: PhytoEnvelope) -> Delivery:
        """Send a certificate as elements. A signature inside may not survive it."""
        return self._deliver("DeliverPhytoEnvelope", envelope)

    def respond(self, envelope: ResponseEnvelope) -> Delivery:
        """Send an answer to an exporting country (SPSAcknowledgement). Raises: as `deliver`."""
        return self._deliver("DeliverCountryResponseEnvelope", envelope)

    def validate(self, text: str) -> Validation:
        """Let the hub judge a certificate; `Unknown` when it does not answer."""
        try:
            results = self.call("ValidatePhytoXML", text)
        except (Unreachable, soap.Fault) as error:
            return Unknown(error.detail)
        return Found(results) if results else Valid()

    def tracking(self, hub_number: str) -> Header:
        """Return how far an envelope came; `EnvelopeNotExists` is a tracking too."""
        return self._header("GetEnvelopeTrackingInfo", hub_number)

    def under_delivery(self) -> tuple[Header, ...]:
        """Return what we sent and nobody answered yet."""
        return tuple(self.call("GetUnderDeliveryEnvelope"))

    def update_tracking(self, header: Header) -> None:
        """Tell a sender how far an envelope to us came, in the form of a header."""
        self.call("SetTrackingInfoUpdate", header)

    def headers(self, country: str = "") -> tuple[Header, ...]:
        """Return what waits for us, at most as much as the hub gives at once."""
        return tuple(self.call("GetImportEnvelopeHeaders", country))

    def pull(self, hub_number: str) -> Envelope:
        """Return one envelope. Keep it durably before it is acknowledged."""
        found = self.call("PULLSingleImportEnvelope", hub_number)
        if not isinstance(found, Envelope):
            raise Unreachable(f"The hub gave no envelope under {hub_number}")
        return found

    def pull_all(self) -> tuple[Envelope, ...]:
        """Return several envelopes whole; better take headers and pull one by one."""
        return tuple(self.call("PULLImportEnvelope"))

    def acknowledge(self, hub_number: str) -> None:
        """Say that an envelope is kept, durably."""
        self.call("AcknowledgeEnvelopeReceipt", hub_number)

    def acknowledge_with_warning(self, hub_number: str, warning: str) -> None:
        """Say that it is kept, and what was found on it."""
        self.call("AdvancedAcknowledgeEnvelopeReceipt", Receipt(hub_number, warning))

    def acknowledge_failed(self, hub_number: str, reason: str) -> None:
        """Say that it came and cannot be read."""
        self.call("AcknowledgeFailedEnvelopeReceipt", Receipt(hub_number, reason))

    def members(self) -> tuple[Nppo, ...]:
        """Return who takes part, what each can receive, and with what each signs."""
        return tuple(self.call("GetActiveNppos"))

    def profile(self) -> Nppo:
        """Return what the hub knows of us."""
        found = self.call("GetProfile")
        if not isinstance(found, Nppo):
            raise Unreachable("The hub gave no profile")
        return found

    def channels(self) -> tuple[Channel, ...]:
        """Return other exchanges that the hub reaches."""
        return tuple(self.call("GetAvailableChannels"))

    def list(self, operation: str) -> tuple[ReferenceDatum, ...]:
        """Return a code list, by the operation that gives it, such as `GetPackageTypes`."""
        return tuple(self.call(operation))

    def call(self, name: str, value: Any = None) -> Any:
        """Call any operation; return what it gives.

        Raises: soap.Fault: the hub itself refuses. Unreachable: nothing is known.
        """
        operation = BY_NAME[name]
        request = soap.emit_request(operation, value)
        headers = {
            "content-type": "text/xml; charset=utf-8",
            "soapaction": f'"{operation.soap_action}"',
        }
        try:
            status, answer = self._post(request, headers)
            return soap.parse_response(operation, answer)
        except (httpx.HTTPError, OSError) as error:
            raise Unreachable(f"{self._url}: {type(error).__name__}: {error}") from error
        except soap.Fault as error:
            if status in _BUSY or not error.is_hubs:
                raise Unreachable(f"The hub says ({status}): {error.detail}") from error
            raise
        except InputError as error:
            raise Unreachable(
                f"The answer of the hub ({status}) cannot be read: {error.detail}"
            ) from error

    def _post(self, request: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Return status and body, read piece by piece; a longer one is not read to its end."""
        with self._http.stream("POST", self._url, content=request, headers=headers) as answer:
            taken = bytearray()
            for piece in answer.iter_bytes():
                taken += piece
                if len(taken) > _MOST_ANSWER:
                    raise Unreachable(f"The hub sends over {_MOST_ANSWER:,} bytes")
            return answer.status_code, bytes(taken)

    def _deliver(self, name: str, envelope: Header) -> Delivery:
        try:
            header = self._header(name, envelope)
        except soap.Fault as error:
            return RefusedByHub(error.detail)
        if header.tracking in (Tracking.FAILED, Tracking.NOT_EXISTS):
            return NotDelivered(header, header.error or "The hub gave no reason.")
        return OnItsWay(header)

    def _header(self, name: str, value: Any) -> Header:
        found = self.call(name, value)
        if not isinstance(found, Header):
            raise Unreachable(f"The hub gave no header in answer to {name}")
        return found
