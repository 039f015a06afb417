"""Two agencies from the first handshake to the proof that one of them has two histories.

Real nodes, real listeners with mutual TLS on loopback; the cards that they exchange are files.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import pytest
import structlog
from typer.testing import CliRunner

from clearway.cli import store
from clearway.cli.app import app
from clearway.cli.partner_server import PartnerServer
from clearway.cli.partners import agencies_of, card_of, forks, policy_for, signed_card
from clearway.cli.setup import OWNER
from clearway.connectors.peer import evidence
from clearway.connectors.peer.client import Patience
from clearway.connectors.peer.facts import DoubleUsed, FactReceived
from clearway.errors import VerificationError
from clearway.identity import card as cards
from clearway.identity.actions.admit_agency import admit_agency
from clearway.identity.agencies import id_of
from clearway.identity.tables_agencies import get_agency, list_forks
from clearway.ledger import disclosure
from clearway.ledger import receipt as receipts
from clearway.ledger.fact import BY_FIELD, decode
from clearway.ledger.order import double_use
from clearway.ledger.order.model import Use, UseBatch
from clearway.ledger.quorum import Quorum
from clearway.node import evidence as files
from clearway.node.clock import entropy, utc_now
from clearway.node.exchange import Pace, standings, take_once
from clearway.node.monitoring import Monitoring
from clearway.node.node import Node, create
from clearway.node.partnership import Partnership
from clearway.node.rebuild import facts
from clearway.settings import Settings

QUICK, SHORT = Pace(wait_s=0, least_s=0), Patience(2, 2, 5)
RULES = ("order.*", "parcel.weighed/1", "parcel.counted/1 fields number where body.country=XB")


@dataclass(frozen=True, slots=True)
class Weighed:
    TYPE: ClassVar[str] = "parcel.weighed/1"
    number: int


@dataclass(frozen=True, slots=True)
class Counted:
    TYPE: ClassVar[str] = "parcel.counted/1"
    FORM: ClassVar[int] = BY_FIELD
    number: int
    country: str
    holder: str


class House:
    """One agency, running: its node and the door that its card names."""

    def __init__(self, folder: Path, name: str, port: int = 0, **more: Any) -> None:
        settings = replace(
            Settings(),
            data_directory=folder,
            node_name=f"{name}.example/log",
            witness_seconds=0,
            **more,
        )
        if not folder.exists():
            create(settings, entropy)
        self.file = folder.parent / f"{folder.name}.toml"
        self.file.write_text(f'data_directory = "{folder}"\n')
        self.stack = ExitStack()
        self.node = self.stack.enter_context(Node.open(settings, clock=utc_now, entropy=entropy))
        self.partnership = Partnership(self.node)
        listening = socket.create_server(("127.0.0.1", port))
        self.server = self.stack.enter_context(PartnerServer(self.partnership, listening))
        self.id = id_of(self.node.log.origin)

    def card(self) -> bytes:
        url = f"https://127.0.0.1:{self.server.port}"
        signers, keys = self.node.folder.signers(), self.node.keys
        settings = replace(self.node.settings, public_url=url)
        return signed_card(card_of(settings, signers, keys), signers, keys)

    def admit(self, card: bytes, *rules: str) -> None:
        own = (self.node.log.verifier.vkey, *self.node.keys.public)
        origin = self.node.log.origin
        signed = cards.parse(card)
        self.node.act(
            OWNER,
            lambda act: admit_agency(
                act, signed, own_origin=origin, own_keys=own, entitlements=rules
            ),
        ).result()

    def record(self, *bodies: Any) -> None:
        def act(tx: Any) -> None:
            for body in bodies:
                tx.append(body, subject="parcel:1", issuer="customs", actor="system:test")

        self.node.committer.submit("test", act).result()

    def ask_witnesses(self) -> str:
        self.node.witnessing.round(is_patient=False)
        return self.node.witnessing.standings()[0].error

    def take(self) -> dict[str, int | str]:
        return take_once(self.partnership, pace=QUICK, patience=SHORT)

    def standing(self) -> Any:
        with self.node.reading() as connection:
            return standings(connection, utc_now())[0]

    def look(self) -> Any:
        monitoring = Monitoring(self.node, 0)
        with self.node.reading() as connection:
            (other,) = [get_agency(connection, one.id) for one in self.partnership.partners()]
        return monitoring.look_into(other)

    def received(self) -> list[FactReceived]:
        with self.node.reading() as connection:
            found = [one for one in facts(connection) if one.type == FactReceived.TYPE]
        return [decode(one.body, FactReceived) for one in found]


@pytest.fixture(scope="module", autouse=True)
def plain_log() -> None:
    structlog.configure(
        processors=[structlog.processors.KeyValueRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(50),
    )


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[tuple[House, House]]:
    """Customs and plant health, which have exchanged their cards."""
    customs, plants = House(tmp_path / "customs", "customs"), House(tmp_path / "plants", "plants")
    with plants.stack, customs.stack:  # whoever asks closes first
        plants.admit(customs.card())
        customs.admit(plants.card(), *RULES)
        # Each fetches the other's certificate from its door: the first call of one of the two is
        # refused, since the other side has not seen its certificate yet.
        assert isinstance(customs.take()[plants.id], str)
        yield customs, plants


@pytest.mark.slow
def test_from_the_cards_to_the_evidence_of_a_fork(
    houses: tuple[House, House], tmp_path: Path
) -> None:
    customs, plants = houses
    customs.record(*map(Weighed, range(3)), Counted(7, "XB", "CANARY-holder"))
    assert plants.take() == {customs.id: 4}
    assert plants.standing().cosigned_to == 0, "taken at once, but pending"

    assert customs.ask_witnesses() == ""  # over the same door, by the certificate of the card
    assert plants.take() == {customs.id: 0}
    assert plants.standing().cosigned_to == plants.standing().taken_to, "marked cosigned later"
    customs.record(*map(Weighed, range(3, 6)))
    assert customs.ask_witnesses() == ""
    assert plants.take() == {customs.id: 3}
    assert plants.standing().cosigned_to == plants.standing().taken_to, "cosigned from the start"
    assert plants.look().holds

    policy = Quorum.parse(policy_for(plants.file, customs.id))
    origin = customs.node.log.origin
    came = plants.received()
    assert not any("CANARY" in one.opened or "CANARY" in one.body for one in came)
    with plants.node.reading() as connection:
        for one in came:
            if one.opened:
                told = evidence.disclosure_of(connection, origin, one.seq)
                shown = disclosure.verify(disclosure.parse(told.marshal()), policy)
                assert shown.fields == {"type": '"parcel.counted/1"', "/number": "7"}
            else:
                kept = evidence.receipt_of(connection, origin, one.seq).marshal()
                proved = receipts.verify(receipts.parse(kept), policy)
                assert (proved.fact.type, proved.standing) == (Weighed.TYPE, "cosigned")

    vkey, port = customs.node.log.verifier.vkey, customs.server.port
    customs.stack.close()
    shutil.copytree(tmp_path / "customs", tmp_path / "again")
    honest = House(tmp_path / "customs", "customs", port)
    with honest.stack:
        honest.record(*map(Weighed, range(6, 9)))
        assert plants.look().holds
    twin = House(tmp_path / "again", "customs", port)
    with twin.stack:
        twin.record(*map(Weighed, range(90, 95)))  # the same key, another history
        found = plants.look()
        assert found.forks and not found.holds
        assert plants.look().forks
    with plants.node.reading() as connection:
        assert len(list_forks(connection)) == 1, "one fact for one fork"
        (written,) = files.write_evidence(connection, tmp_path / "plants")
    verify = ["ledger", "fork", "verify", str(written)]
    assert CliRunner().invoke(app, [*verify, "--key", vkey]).exit_code == 0
    stranger = plants.node.log.verifier.vkey
    assert CliRunner().invoke(app, [*verify, "--key", stranger]).exit_code != 0
    assert [one["agency"] for one in forks(plants.file)] == [customs.id]
    listed = CliRunner().invoke(app, ["partner", "list", "--settings", str(plants.file)])
    assert listed.exit_code == 0 and "FORKED" in listed.stdout
    assert [one.id for one in agencies_of(plants.file)] == [customs.id]


def test_one_thing_used_under_two_orders_is_found_and_proved(
    houses: tuple[House, House], tmp_path: Path
) -> None:
    customs, plants = houses
    thing, other = sha256(b"certificate 851 KE 26-1").digest(), sha256(b"another").digest()
    for one, name in ((customs, "customs"), (plants, "plants")):
        uses = (Use(sha256(name.encode()).digest(), name), Use(thing, name))
        draw = Use(other, name, 5)  # of a quota that is unknown, and drawn on by many
        for batch in (UseBatch(name.encode().ljust(16), uses), UseBatch(bytes(16), (draw,))):
            one.node.act(
                OWNER, lambda act, one=one, batch=batch: one.node.ordering.use(act, batch)
            ).result()
    assert plants.take() == {customs.id: 4}
    monitoring = Monitoring(plants.node, 0)
    for _ in range(2):
        monitoring.tell_double_uses()
    with plants.node.reading() as connection:
        told = [one for one in facts(connection) if one.type == DoubleUsed.TYPE]
    assert [decode(one.body, DoubleUsed).nullifier for one in told] == [thing.hex()]
    (written,) = monitoring.write_evidence()
    assert monitoring.write_evidence() == []
    listed = CliRunner().invoke(app, ["partner", "list", "--json", "--settings", str(plants.file)])
    assert written.name in listed.stdout
    verify = ["ledger", "double-use", "verify", str(written)]
    keys = [word for one in houses for word in ("--key", one.node.log.verifier.vkey)]
    assert CliRunner().invoke(app, [*verify, *keys]).exit_code == 0
    assert CliRunner().invoke(app, [*verify, *keys[:2]]).exit_code != 0
    found = double_use.parse(written.read_bytes())
    verifiers = [one.node.log.verifier for one in houses]
    for lie in (
        replace(found, nullifier=other),
        replace(found, second=found.first),
        replace(found, second=double_use.Made(found.first.asked, found.second.answered)),
        replace(found, second=double_use.Made(found.second.answered, found.second.asked)),
    ):
        with pytest.raises(VerificationError):
            double_use.verify(lie, verifiers)
    plants.stack.close()
    assert store.rebuild(plants.file, keep=False, progress=False).changed == ()
