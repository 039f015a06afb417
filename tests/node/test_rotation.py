"""Our own keys are replaced: what was proved holds on, and no crash leaves half a rotation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.cli import partners
from clearway.cli.rotating import replace_lost, rotate
from clearway.cli.setup import OWNER, first_administrator
from clearway.errors import StorageFailure, TryLater, VerificationError, WrongState
from clearway.identity.actions.open_account import open_account
from clearway.identity.agencies import KeyKind
from clearway.identity.model import ActorKind, Role
from clearway.ledger import receipt as receipts
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.database import open_reader
from clearway.ledger.former import read_keys
from clearway.ledger.note import Signer, open_note
from clearway.ledger.verify import verify_store
from clearway.node import rotation
from clearway.node.clock import entropy, utc_now
from clearway.node.files import Folder
from clearway.node.node import Node, create
from clearway.settings import Settings


def settings_of(folder: Path, name: str = "customs") -> tuple[Settings, Path]:
    settings = replace(Settings(), data_directory=folder, node_name=f"{name}.example/border")
    create(settings, entropy)
    first_administrator(settings)
    file = folder.with_suffix(".toml")
    file.write_text(f'data_directory = "{folder}"\nnode_name = "{settings.node_name}"\n')
    return settings, file


@pytest.fixture
def place(tmp_path: Path) -> tuple[Settings, Path]:
    return settings_of(tmp_path / "node")


@contextmanager
def running(settings: Settings) -> Iterator[Node]:
    with Node.open(settings, clock=utc_now, entropy=entropy) as node:
        yield node


def grow(node: Node, count: int = 20) -> list[bytes]:
    """Record facts, many at once; return their receipts."""
    names = [f"a{entropy(5).hex()}" for _ in range(count)]
    waiting = [
        node.act(
            OWNER,
            lambda act, name=name: open_account(
                act, name, ActorKind.OFFICER, "customs", [Role.AUDITOR]
            ),
        )
        for name in names
    ]
    outcomes = [future.result() for future in waiting]
    return [node.receipt(one.facts[0], one.salts[0]) for one in outcomes]


def holds(receipt: bytes, keys: str) -> bool:
    try:
        receipts.verify(receipts.parse(receipt), read_keys(keys))
    except VerificationError:
        return False
    return True


def test_receipts_of_all_keys_verify_with_the_list(place: tuple[Settings, Path]) -> None:
    settings, file = place
    kept: list[bytes] = []
    first = Folder.of(settings).vkey.read_text()
    for _ in range(2):
        with running(settings) as node:
            kept += grow(node)
        rotate(file, "log", end=False, at_once=False)
        with running(settings) as node:
            overlapping = grow(node)
            assert len(node.log.signing) == 2
        kept += overlapping
        ended = rotate(file, "log", end=True, at_once=False)
    assert all(holds(each, first) for each in kept[:40]), "the first key signed beside the second"
    with running(settings) as node:
        newest = grow(node)
        listed = node.vkeys
    assert listed.splitlines()[1] == f"{ended.key} until size {ended.size}"
    assert len(read_keys(listed)) == 3
    assert all(holds(each, listed) for each in (*kept, *newest))
    assert not any(holds(each, first) for each in newest)
    folder = Folder.of(settings)
    engine = open_reader(folder.store)
    with engine.begin() as connection:
        report = verify_store(connection, settings.node_name, folder.verifiers())
        alone = verify_store(connection, settings.node_name, folder.verifiers()[:1])
    engine.dispose()
    assert report.holds
    assert not alone.holds, "without the former keys the old checkpoints are nobody's"


def test_a_key_in_wrong_hands_signs_nothing_more_that_counts(place: tuple[Settings, Path]) -> None:
    settings, file = place
    stolen = Folder.of(settings).signer()
    with running(settings) as node:
        before = grow(node)
    done = rotate(file, "log", end=False, at_once=True)
    keys = Folder.of(settings).verifiers()
    forged = stolen.sign(Checkpoint(stolen.name, done.size + 1, b"\0" * 32).marshal())
    with pytest.raises(VerificationError, match="No known key"):
        open_note(forged, keys)
    with running(settings) as node:
        assert [each.vkey for each in node.log.signing] == [done.key]
        assert all(holds(each, node.vkeys) for each in (*before, *grow(node)))
    assert not Folder.of(settings).old_key.exists()


def test_a_log_goes_on_after_its_key_was_lost(place: tuple[Settings, Path]) -> None:
    settings, file = place
    with running(settings) as node:
        before = grow(node, 3)
    with pytest.raises(WrongState, match="is there"):
        replace_lost(file)
    Folder.of(settings).key.unlink()
    done = replace_lost(file)
    with running(settings) as node:
        assert node.log.verifier.vkey == done.key
        assert all(holds(each, node.vkeys) for each in (*before, *grow(node, 3)))
    assert f" until size {done.size}\n" in Folder.of(settings).vkey.read_text()


def test_one_rotation_at_a_time_and_never_under_a_running_node(
    place: tuple[Settings, Path],
) -> None:
    settings, file = place
    with running(settings), pytest.raises(TryLater):
        rotate(file, "log", end=False, at_once=False)
    for kind in ("log", "witness", "hpke", "tls"):
        with pytest.raises(WrongState):
            rotate(file, kind, end=True, at_once=False)
        rotate(file, kind, end=False, at_once=False)
        with pytest.raises(WrongState):
            rotate(file, kind, end=False, at_once=False)
        with running(settings):
            pass
        rotate(file, kind, end=True, at_once=False)


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("fatal", range(1, 6))
def test_a_crash_at_any_step_leaves_the_old_keys_or_the_new_ones(
    place: tuple[Settings, Path], monkeypatch: pytest.MonkeyPatch, fatal: int, at_once: bool
) -> None:
    settings, file = place
    with running(settings) as node:
        before = grow(node, 2)
    old = Folder.of(settings).signer().verifier.vkey
    steps = 0

    def breaks(step: Callable[..., None]) -> Callable[..., None]:
        def run(*words: object, **named: object) -> None:
            nonlocal steps
            steps += 1
            if steps == fatal:
                raise OSError("the power went")
            step(*words, **named)

        return run

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "write_durably", breaks(rotation.write_durably))
        patch.setattr(Path, "unlink", breaks(Path.unlink))
        if steps_of(at_once) >= fatal:
            with pytest.raises(StorageFailure):
                rotate(file, "log", end=False, at_once=at_once)
        else:
            rotate(file, "log", end=False, at_once=at_once)
    with running(settings) as node:
        vkeys = [each.vkey for each in node.log.signing]
        after = grow(node, 2)
        listed = node.vkeys
    assert all(holds(each, listed) for each in (*before, *after))
    began = fatal > 2
    assert (vkeys[0] == old) is not began
    assert len(vkeys) == (2 if began and not at_once else 1)
    assert not list(settings.data_directory.glob("*.next.key"))


def steps_of(at_once: bool) -> int:
    """Write the next key, write the list, keep the former key, write the key, forget the next."""
    return 4 if at_once else 5


def test_partners_follow_without_a_call_and_know_where_the_old_key_ended(
    place: tuple[Settings, Path], tmp_path: Path
) -> None:
    settings, file = place
    other = settings_of(tmp_path / "other", "plants")[1]

    def take(size: int | None = None) -> int:
        card = tmp_path / "card.json"
        card.write_bytes(partners.own_card(file)[0])
        signed = partners.read_card(other, card)
        return partners.rotate(other, signed, size, is_compared=False)

    card = tmp_path / "card.json"
    card.write_bytes(partners.own_card(file)[0])
    partners.add(other, partners.read_card(other, card), ())
    for kind in ("log", "witness", "hpke", "tls"):
        rotate(file, kind, end=False, at_once=False)
    assert take() == 6, "a log key and a witness key come; sealing key and certificate change"
    for kind in ("witness", "tls", "hpke"):
        rotate(file, kind, end=True, at_once=False)
    size = rotate(file, "log", end=True, at_once=False).size
    assert take(size) == 2
    (agency,) = partners.agencies_of(other)
    limits = [key.until_size for key in agency.keys if key.kind is KeyKind.LOG]
    assert sorted(limits, key=lambda limit: limit is None) == [size, None]
    present = Folder.of(settings)
    assert agency.witness_vkeys == (
        next(k.text for k in reversed(agency.keys) if k.kind is KeyKind.WITNESS and not k.until),
    )
    assert Signer.from_skey(present.key.read_text().strip()).verifier.vkey in agency.log_vkeys


def test_what_was_sealed_to_the_former_key_still_opens(place: tuple[Settings, Path]) -> None:
    settings, file = place
    with running(settings) as node:
        old = node.keys.hpke_key
    rotate(file, "hpke", end=False, at_once=False)
    with running(settings) as node:
        new, former = node.keys.recipients
        assert former.public.text == old
        assert node.keys.hpke_key == new.public.text != old
    rotate(file, "hpke", end=True, at_once=False)
    with running(settings) as node:
        assert node.keys.recipients == (new,)
