"""The links of chains on record: kept, found, held against what comes; on either engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete

from clearway.coldchain import links
from clearway.coldchain.chain import NOTHING, Break, Chain, Proof, follow
from clearway.coldchain.formats import signed
from clearway.coldchain.links import LinkDesk
from clearway.coldchain.model import Batch, Reading
from clearway.coldchain.packing import Arrival, heads_of, pack_group
from clearway.terms.transport import ContainerNumber

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HERE = ContainerNumber("CSQU3054383")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def history(device: str = "reefer-1", forked: bool = True) -> list[Arrival]:
    """Two starts of three batches, and a second version of the fourth."""
    made: list[Arrival] = []
    previous = NOTHING
    for number in range(6):
        boot_id, first = ("a", 10 * number) if number < 3 else ("b", 10 * (number - 3))
        made.append(_arrival(device, boot_id, first, previous, number))
        previous = signed.read(made[-1].envelope).digest
    if forked:
        before = signed.read(made[2].envelope).digest
        made.append(_arrival(device, "b", 0, before, 9))
    return made


def _arrival(device: str, boot_id: str, first: int, previous: bytes, number: int) -> Arrival:
    readings = tuple(
        Reading(seq, NOON + timedelta(hours=number, minutes=seq), supply_c=float(number))
        for seq in range(first, first + 10)
    )
    batch = Batch(device, HERE, boot_id, readings)
    envelope = signed.write(batch, previous, KEY, bytes(8))
    return Arrival(batch, NOON + timedelta(hours=10, minutes=number), envelope)


HISTORY = history()


def proof(arrival: Arrival) -> Proof:
    return Proof(signed.read(arrival.envelope).link)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as opened:
        yield opened
        opened.rollback()


@given(st.permutations(HISTORY), st.integers(1, 4))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_store_says_of_each_batch_what_the_whole_chain_says(
    connection: Connection, order: list[Arrival], together: int
) -> None:
    connection.execute(delete(links.link))
    whole = Chain()
    for low in range(0, len(order), together):
        desk, taken = LinkDesk(connection), []
        for arrival in order[low : low + together]:
            found = desk.follow("reefer-1", proof(arrival))
            after, expected = follow(whole, proof(arrival).link)
            assert sorted(one.kind for one in found) == sorted(one.kind for one in expected)
            if after is not whole:
                taken.append(arrival)
            whole = after
        if taken:
            links.keep(connection, heads_of(pack_group(taken)))
    assert set(links.list_links(connection, "reefer-1")) == set(whole.links)


def test_what_is_kept_is_found_with_both_times(connection: Connection) -> None:
    honest = HISTORY[:6]
    links.keep(connection, heads_of(pack_group(honest)))
    links.keep(connection, heads_of(pack_group(honest)))  # the same again changes nothing
    assert links.list_links(connection, "reefer-1") == [proof(one).link for one in honest]
    stamps = links.list_stamps(connection, "reefer-1", limit=2)
    assert stamps == [(one.batch.readings[-1].at, one.arrived_at) for one in honest[-2:]]
    assert links.signs(connection, "reefer-1") and not links.signs(connection, "reefer-2")
    assert links.list_gaps(connection, NOON + timedelta(days=1)) == []
    again = LinkDesk(connection).follow("reefer-1", proof(honest[3]))
    assert [one.kind for one in again] == [Break.REPEATED]


def test_what_is_missing_is_listed_from_when_it_was_missed(connection: Connection) -> None:
    links.keep(connection, heads_of(pack_group([HISTORY[0], HISTORY[2]])))
    (gap,) = links.list_gaps(connection, NOON + timedelta(days=1))
    assert (gap.device, gap.link) == ("reefer-1", proof(HISTORY[2]).link)
    assert gap.arrived_at == HISTORY[2].arrived_at
    assert links.count_gaps(connection, "reefer-1") == 1
    assert links.count_gaps(connection, "reefer-2") == 0
    assert links.list_gaps(connection, HISTORY[1].arrived_at) == []


def test_devices_do_not_see_each_other_s_chains(connection: Connection) -> None:
    links.keep(connection, heads_of(pack_group(HISTORY[:6])))
    other = history("reefer-2", forked=False)
    desk = LinkDesk(connection)
    assert all(desk.follow("reefer-2", proof(one)) == () for one in other)
