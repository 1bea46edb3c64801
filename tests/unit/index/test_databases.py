"""One suite over both databases: what is written is read, undone, summed and refused in the same way."""

from __future__ import annotations

from contextlib import closing

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.errors import ChainMismatch, EnvironmentFault, InputError
from keifu.index.database import open_database
from keifu.index.figures import figures
from keifu.index.reading import MOST, Moved, Question, events_of
from keifu.index.store import FORMAT, Store, Suite
from tests.unit.index.conftest import (
    CONTRACTS,
    HUB,
    OPERATOR,
    OWNER,
    REGISTRY,
    SERVICE,
    SUITE,
    TOKEN,
    block_hash,
    logged,
    staked,
    write,
)  # fmt: skip


def places(page) -> list[tuple[int, int]]:
    return [(event["block_number"], event["log_index"]) for event in page.events]


def table(store, contract="StakingHub", event="Staked"):
    return store.by_event[contract, event]


# what is written ----------------------------------------------------------------------------------------------------


def test_an_event_comes_back_with_where_it_is_from(store):
    write(store, event := staked(2**255, block=9, index=4))
    assert events_of(store, Question()).events == [
        {
            "block_number": 9, "log_index": 4, "block_hash": block_hash(9), "block_time": 1_700_000_009,
            "transaction_hash": event.transaction_hash, "transaction_index": 4, "address": HUB,
            "contract": "StakingHub", "event": "Staked",
            "args": {"operator": OPERATOR, "owner": OWNER, "amount": str(2**255), "shares": str(2**255)},
        }
    ]  # fmt: skip


def test_every_kind_of_column_comes_back_as_it_was(store):
    attested = {
        "attester": OWNER, "schema": b"\x01" * 32, "subject": b"\x02" * 32, "edition": 1, "expiry": 2**63,
        "revocable": True, "reference": bytes(32), "data": bytes(32),
    }  # fmt: skip
    status = {"id": b"\x03" * 32, "status": 2, "reason": "a \"quoted\" 'reason' with % and ?"}
    write(
        store,
        logged(REGISTRY, "Attested", attested, block=1),
        logged(REGISTRY, "StatusChanged", status, block=1, index=1),
    )
    first, second = (event["args"] for event in events_of(store, Question()).events)
    assert (first["revocable"], first["expiry"], first["schema"]) == (True, str(2**63), "0x" + "01" * 32)
    assert (second["status"], second["reason"]) == (2, status["reason"])


def test_an_event_that_no_abi_describes_is_listed_as_it_came(store):
    event = staked(1, block=2)
    event.topics = ["0x" + "77" * 32]
    write(store, event)
    [found] = events_of(store, Question()).events
    assert (found["event"], found["topics"], found["data"]) == (None, event.topics, event.data)


def test_the_same_event_twice_is_there_once(store):
    write(store, staked(5, block=1))
    write(store, staked(5, block=1))
    assert store.standing()[1]["events"] == 1


def test_nothing_of_a_transaction_that_fails_is_kept(store):
    write(store, staked(5, block=1))

    def fail() -> None:
        with store.database.transaction():
            store.revert(0)
            store.stand_at(7, block_hash(7))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (store.standing()[1]["events"], store.position.number) == (1, 1)


def test_what_is_undone_is_gone_from_every_table(store):
    odd = staked(3, block=3, index=1)
    odd.topics = ["0x" + "77" * 32]
    write(store, *(staked(block, block=block) for block in (1, 2, 3)), odd)
    with store.database.transaction():
        store.revert(2)
        store.stand_at(1, block_hash(1))
    assert places(events_of(store, Question())) == [(1, 0)]
    assert places(events_of(store, Question(mentions=OWNER))) == [(1, 0)]
    for name in ("event", "block", "undecoded", "staking_hub_staked"):
        rows = store.database.query(f'SELECT count(*) FROM "{name}"')  # noqa: S608 - our names
        assert rows == [(0 if name == "undecoded" else 1,)], name


# what is read -------------------------------------------------------------------------------------------------------


def test_pages_hold_every_event_once_in_either_order(store):
    write(store, *(staked(1, block=block, index=index) for block in range(1, 6) for index in range(3)))
    for newest_first in (False, True):
        question, seen = Question(limit=4, newest_first=newest_first), []
        while True:
            page = events_of(store, question)
            seen += places(page)
            if page.next is None:
                break
            question = Question(limit=4, newest_first=newest_first, cursor=page.next)
        assert seen == sorted(set(seen), reverse=newest_first)
        assert len(seen) == 15


def test_a_page_goes_on_where_it_ended_whatever_came_meanwhile(store):
    write(store, *(staked(1, block=block) for block in (1, 2, 3)))
    newest, oldest = (events_of(store, Question(limit=2, newest_first=way)) for way in (True, False))
    write(store, *(staked(1, block=block) for block in (4, 5)))
    assert places(events_of(store, Question(limit=9, newest_first=True, cursor=newest.next))) == [(1, 0)]
    assert places(events_of(store, Question(limit=9, cursor=oldest.next))) == [(3, 0), (4, 0), (5, 0)]


def test_a_cursor_whose_block_was_reorganised_away_is_refused(store):
    write(store, *(staked(1, block=block) for block in (1, 2, 3)))
    page = events_of(store, Question(limit=2))
    with store.database.transaction():
        store.revert(2)
    with pytest.raises(Moved, match="block 2, where the page before ended, was reorganised away"):
        events_of(store, Question(limit=2, cursor=page.next))
    write(store, staked(1, block=2, fork=1), staked(1, block=3, fork=1), fork=1)
    with pytest.raises(Moved, match="reorganised away"):
        events_of(store, Question(limit=2, cursor=page.next))


def test_filters_leave_what_fits(store):
    write(
        store,
        staked(1, block=1),
        staked(2, block=2, owner=SERVICE),
        logged(TOKEN, "Transfer", {"from": OWNER, "to": SERVICE, "value": 5}, block=3),
    )
    for question, right in [
        (Question(where={"contract": "KeifuToken"}), [(3, 0)]),
        (Question(where={"contract": "StakingHub", "event": "Staked"}), [(1, 0), (2, 0)]),
        (Question(table=table(store), where={"owner": SERVICE}), [(2, 0)]),
        (Question(table=table(store, "KeifuToken", "Transfer"), where={"from": OWNER}), [(3, 0)]),
        (Question(mentions=SERVICE), [(2, 0), (3, 0)]),
        (Question(mentions=SERVICE, from_block=3), [(3, 0)]),
        (Question(from_block=2, to_block=2), [(2, 0)]),
        (Question(mentions="nobody"), []),
    ]:
        assert places(events_of(store, question)) == right, question


@pytest.mark.parametrize("limit", [0, -1, MOST + 1])
def test_a_limit_out_of_bounds_is_refused(store, limit):
    with pytest.raises(InputError, match=f"limit is {limit}"):
        events_of(store, Question(limit=limit))


def test_figures_are_exact_sums_of_what_was_logged(store):
    whole = 10**27
    locked = {"service": SERVICE, "operator": OPERATOR, "payer": OWNER, "amount": whole + 1}
    taken = {"service": SERVICE, "operator": OPERATOR, "damages": 3, "penalty": 4, "delegated": 0}
    write(
        store,
        logged(TOKEN, "Transfer", {"from": ZERO_ADDRESS, "to": OWNER, "value": whole}, block=1),
        logged(TOKEN, "Transfer", {"from": OWNER, "to": HUB, "value": 7}, block=1, index=1),
        logged(HUB, "Locked", locked, block=2),
        logged(HUB, "Slashed", taken, block=2, index=1),
        staked(whole + 7, block=3),
        logged(REGISTRY, "StatusChanged", {"id": b"\x03" * 32, "status": 3, "reason": ""}, block=4),
    )
    found = {figure.name: figure.expected for figure in figures(store, 10)}
    assert found == {
        "KeifuToken.totalSupply()": whole,
        f"KeifuToken.balanceOf({HUB})": 7,
        f"KeifuToken.balanceOf({OWNER})": whole - 7,
        f"StakingHub.lock_of({SERVICE}, {OPERATOR})": whole + 1 - 7,
        f"StakingHub.operator_state({OPERATOR})": whole + 7,
        f"StakingHub.position({OPERATOR}, {OWNER})": whole + 7,
        f"ProvenanceRegistry.status_of({'0x' + '03' * 32})": 3,
    }


# whose it is --------------------------------------------------------------------------------------------------------


def test_a_database_is_opened_again_as_what_it_is(store, place):
    write(store, staked(1, block=3))
    with closing(open_database(place, read_only=True)) as again:
        read = Store.read(again)
        assert (read.suite.chain_id, dict(read.suite.contracts), read.position) == (31_337, CONTRACTS, store.position)


def test_a_reader_writes_nothing(store, place):
    with closing(open_database(place, read_only=True)) as again, pytest.raises(EnvironmentFault, match="read"):
        again.execute("DELETE FROM meta")
    assert store.meta("chain_id") == "31337"


def test_contracts_may_be_added(store, database):
    more = Suite(31_337, SUITE.genesis, {**CONTRACTS, "0x" + "4" * 40: "Insurance"})
    Store(database, more).claim()
    assert store.contracts_changed()
    assert Store.read(database).by_event["Insurance", "Refunded"]


@pytest.mark.parametrize(
    "other",
    [
        Suite(1, SUITE.genesis, CONTRACTS),
        Suite(31_337, "0x" + "8" * 64, CONTRACTS),
        Suite(31_337, SUITE.genesis, {"0x" + "5" * 40: "KeifuToken"}),
    ],
    ids=["chain", "genesis", "deployment"],
)
def test_the_database_of_another_deployment_is_refused_and_stays_as_it_was(store, database, other):
    with pytest.raises(ChainMismatch, match="is the index of"):
        Store(database, other).claim()
    assert not store.contracts_changed()


def test_a_database_of_a_newer_version_is_refused(store, database):
    store.set(format=FORMAT + 1)
    for use in (Store(database, SUITE).claim, lambda: Store.read(database)):
        with pytest.raises(EnvironmentFault, match=rf"a newer version of Keifu wrote .* \(format {FORMAT + 1}"):
            use()


def test_a_database_whose_tables_are_of_another_abi_is_refused(store, database):
    store.set(**{"shape of StakingHub": "another"})
    with pytest.raises(EnvironmentFault, match="made from another version's ABI of StakingHub"):
        Store(database, SUITE).claim()


def test_a_database_of_something_else_is_refused(empty):
    with closing(open_database(empty)) as database:
        database.execute("CREATE TABLE recipe (name TEXT)")
        with pytest.raises(EnvironmentFault, match="holds recipe, which no index has"):
            Store(database, SUITE).claim()


def test_an_empty_database_holds_no_index(empty):
    with closing(open_database(empty)) as database, pytest.raises(EnvironmentFault, match="holds no index"):
        Store.read(database)
