"""This node among its partners: who they are, what is sealed for them and opened of theirs.

Its keys are those of `keys.py`, the partners' certificates those of `links.py`.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from clearway.connectors.peer import give, tls
from clearway.connectors.peer.model import Partner
from clearway.connectors.peer.partners import find_by_certificate, list_partners
from clearway.errors import NotFound, StorageFailure, VerificationError
from clearway.identity import rules_agencies, tables_agencies
from clearway.identity.agencies import Agency, AgencyKey, KeyKind, Status, id_of
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger import sealed
from clearway.ledger.note import Signer
from clearway.ledger.quorum import Quorum
from clearway.node.keys import Keys
from clearway.node.node import Node
from clearway.settings import Settings
from clearway.terms.places import Country

WORKER = Actor(ActorKind.SYSTEM, "exchange", "customs", frozenset({Role.WORKER}))
_MOST_CERTIFICATES = 1_024


class Partnership:
    """What the exchange needs of an open node, for giving and for taking."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.signer: Signer = node.folder.signer()
        self.certificates = node.links.certificates
        self.tls_key, self.tls_certificate = node.folder.tls_key, node.folder.tls_certificate

    @property
    def recipient(self) -> str:
        """The key that partners seal to, as our card bears it."""
        return self.node.keys.hpke_key

    @property
    def fingerprint(self) -> str:
        """SHA-256 of our TLS certificate, as our card bears it."""
        return tls.fingerprint_of(_read(self.tls_certificate))

    def note_for(self, first: int, known: int) -> str:
        """Return the checkpoint for a batch: cosigned, unless the partner knows a newer one."""
        cosigned = self.node.witnessing.cosigned_size
        if cosigned > first and cosigned >= known:
            return self.node.witnessing.note_for(first)
        return self.node.log.note

    def seal_for(self, partner: Partner, content: bytes, context: bytes) -> bytes:
        """Seal content for one partner alone. Raises: Refused: its card bears no key to seal to."""
        key = give.require_part(partner)
        return sealed.seal(content, {partner.origin: key}, context, entropy=self.node.entropy)

    def unseal(self, content: bytes, context: bytes) -> bytes:
        """Open what a partner sealed for us.

        Raises: VerificationError: it is not for us, or of another batch. MalformedMessage.
        """
        for key in self.node.keys.recipients:
            with suppress(NotFound, VerificationError):
                return sealed.open_sealed(content, self.node.log.origin, key, context)
        raise VerificationError("The content is not sealed for us and this batch")

    def quorum_for(self, partner: Partner) -> Quorum:
        """Return what must cosign a partner's checkpoints, by the votes so far.

        Raises: NotFound: it is no agency here.
        """
        node = self.node
        with node.reading() as connection:
            agency = tables_agencies.get_agency(connection, partner.id)
            agencies = tables_agencies.list_agencies(connection)
            decisions = tables_agencies.list_decisions(connection)
        own = own_agency(node.settings, node.log.origin, node.keys, node.wall())
        return Quorum.parse(rules_agencies.policy_for(agency, agencies, own, decisions))

    def partners(self) -> tuple[Partner, ...]:
        """Return every agency that takes part now."""
        with self.node.reading() as connection:
            return list_partners(connection, self.node.wall())

    def partner_by_certificate(self, der: bytes) -> Partner | None:
        """Return whose TLS certificate this is now, None when it is nobody's."""
        with self.node.reading() as connection:
            return find_by_certificate(connection, tls.fingerprint(der), self.node.wall())

    def trusted(self) -> list[str]:
        """Return the certificates at hand of all who take part."""
        found = [pem for one in self.partners() for pem in self.certificates.of(one.fingerprints)]
        return found[:_MOST_CERTIFICATES]


def own_agency(settings: Settings, origin: str, keys: Keys, at: datetime) -> Agency:
    """Return this node as its partners know it, as far as it is a witness."""
    return Agency(
        id=id_of(origin),
        name=settings.agency_name or origin,
        country=Country(settings.country),
        origin=origin,
        keys=tuple(AgencyKey(KeyKind.WITNESS, text, at) for text in keys.witness_vkeys),
        url="",
        witness_url="",
        status=Status.JOINED,
        entitlements=(),
        joined_at=at,
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise StorageFailure(f"{os.fspath(path)} cannot be read: {error.strerror}") from error
