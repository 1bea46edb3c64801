"""Whose events count beside the suite's own contracts: accounts that the suite's registry made of the suite's code."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from keifu.chain.follower import ANYWHERE, Source
from keifu.index.api import Api
from keifu.index.database import open_database
from keifu.index.made import Rows, source_of
from keifu.index.reading import Question, events_of
from keifu.index.sessions import sessions_of
from keifu.index.store import Store, Suite
from keifu.index.tables import tables_of
from keifu.serving import Request
from tests.unit.index.conftest import OWNER, SUITE, block_hash, logged

REGISTRY, CODE, MADE, OTHER = ("0x" + digit * 40 for digit in "4567")
KEY, PAYEE, NFT = ("0x" + digit * 40 for digit in "def")
CONTRACTS = {REGISTRY: "AccountRegistry", CODE: "AgentAccount"}
TARGETS, LIMITS = [(PAYEE, bytes(4))], [(PAYEE, 2**104 - 1)]


@pytest.fixture
def store(empty):
    with closing(open_database(empty)) as database:
        store = Store(database, Suite(SUITE.chain_id, SUITE.genesis, CONTRACTS, {REGISTRY: 7}))
        store.claim()
        yield store


def made(account, *, block, index=0, code=CODE, chain_id=SUITE.chain_id):
    said = {"account": account, "implementation": code, "salt": bytes(32), "chainId": chain_id, "tokenContract": NFT}
    return log(REGISTRY, "ERC6551AccountCreated", {**said, "tokenId": 1}, block=block, index=index)


def granted(account, *, block, index=0, number=1, uses=3):
    said = {"key": KEY, "number": number, "valid_after": 0, "valid_until": 99, "uses": uses, "period": 60}
    return log(account, "SessionGranted", {**said, "targets": TARGETS, "limits": LIMITS}, block=block, index=index)


def used(account, *, block, index=0):
    said = {"key": KEY, "to": PAYEE, "value": 1, "selector": bytes(4)}
    return log(account, "SessionUsed", said, block=block, index=index)


def log(address, event, args, *, block, index):
    return logged(address, event, args, block=block, index=index, contract=CONTRACTS.get(address, "AgentAccount"))


def take(store, *events):
    with store.database.transaction():
        store.write(list(Rows(store).of(events)), events[-1].number, block_hash(events[-1].number))


def listed(store, event="SessionGranted"):
    return [item["address"] for item in events_of(store, Question(store.by_event["AgentAccount", event])).events]


def test_what_accounts_log_is_asked_for_anywhere_from_the_registry_s_block_on():
    topics = frozenset(table.topic for table in tables_of(["AgentAccount"]))
    assert source_of(Suite(1, "0x", CONTRACTS, {REGISTRY: 7})) == Source(ANYWHERE, 7, topics)


def test_a_suite_without_accounts_asks_for_nothing_more():
    assert source_of(Suite(1, "0x", {REGISTRY: "AccountRegistry"})) is None


def test_an_account_s_events_count_in_the_block_in_which_it_was_made_and_later(store):
    take(store, made(MADE, block=8), granted(MADE, block=8, index=1))
    take(store, granted(MADE, block=9, number=2))
    assert listed(store) == [MADE, MADE]


@pytest.mark.parametrize("forged", [{}, {"code": "0x" + "9" * 40}, {"chain_id": 5}])
def test_nobody_else_s_events_count(store, forged):
    """A stranger's, that of another code which the registry was asked to make, and of a token of another chain."""
    known = [made(OTHER, block=8, index=1, **forged)] if forged else []
    take(store, made(MADE, block=8), *known, granted(OTHER, block=8, index=2), granted(MADE, block=8, index=3))
    take(store, granted(OTHER, block=9))
    assert listed(store) == [MADE]


def test_a_log_of_the_registry_s_kind_by_a_stranger_makes_no_account(store):
    forged = logged(
        OTHER, "ERC6551AccountCreated",
        {"account": OTHER, "implementation": CODE, "salt": bytes(32), "chainId": SUITE.chain_id, "tokenContract": NFT,
         "tokenId": 1}, block=8, contract="AccountRegistry",
    )  # fmt: skip
    take(store, forged, granted(OTHER, block=8, index=1))
    assert (listed(store), store.database.query("SELECT count(*) FROM event")) == ([], [(0,)])


def test_an_account_whose_making_was_reorganised_away_is_a_stranger_again(store):
    take(store, made(MADE, block=8), granted(MADE, block=8, index=1))
    with store.database.transaction():
        store.revert(8)
    take(store, granted(MADE, block=8, index=1))
    assert listed(store) == []


ENDOWMENTS = "0x" + "8" * 40


@pytest.fixture
def endowing(empty):
    with closing(open_database(empty)) as database:
        suite = Suite(SUITE.chain_id, SUITE.genesis, {**CONTRACTS, ENDOWMENTS: "StorageEndowment"}, {ENDOWMENTS: 3})
        store = Store(database, suite)
        store.claim()
        yield store


def founded(place, *, block, by=ENDOWMENTS):
    return endowed(by, "Founded", {"endowment": place, "founder": OWNER, "heir": OWNER}, block=block)


def opened(place, *, block, number=1):
    said = {"number": number, "deal": bytes(31) + b"\1", "opener": OWNER, "price": 9, "end": 40}
    return endowed(place, "TermOpened", said, block=block, index=1)


def endowed(address, event, args, *, block, index=0):
    return logged(address, event, args, block=block, index=index, contract="StorageEndowment")


def test_terms_count_of_endowments_that_the_suite_founded_alone(endowing):
    """Not of a stranger, nor of one that says itself that it was founded."""
    take(endowing, founded(MADE, block=8), opened(MADE, block=8))
    take(endowing, founded(OTHER, block=9, by=OTHER), opened(OTHER, block=9), opened(MADE, block=9, number=2))
    table = endowing.by_event["StorageEndowment", "TermOpened"]
    found = events_of(endowing, Question(table, {"address": MADE})).events
    assert [item["args"]["number"] for item in found] == ["1", "2"]
    assert len(events_of(endowing, Question(table)).events) == 2


def test_accounts_and_endowments_are_kept_apart(endowing):
    """Each is read by the events of what it is."""
    take(endowing, founded(MADE, block=8), made(OTHER, block=8, index=1))
    take(endowing, opened(MADE, block=9), granted(OTHER, block=9, index=2))
    assert listed(endowing) == [OTHER]
    assert endowing.database.query("SELECT address FROM storage_endowment_term_opened") == [(MADE,)]


def test_what_endowments_log_is_asked_for_with_what_accounts_do_but_their_making_once():
    kinds = {table.event: table.topic for table in tables_of(["StorageEndowment"])}
    asked = source_of(Suite(1, "0x", {ENDOWMENTS: "StorageEndowment"}, {ENDOWMENTS: 3}))
    assert asked == Source(ANYWHERE, 3, frozenset(kinds[name] for name in ("TermOpened", "StandIn", "WoundUp")))
    both = source_of(Suite(1, "0x", {**CONTRACTS, ENDOWMENTS: "StorageEndowment"}, {REGISTRY: 7, ENDOWMENTS: 3}))
    assert (both.first_block, len(both.topics)) == (3, 3 + len(tables_of(["AgentAccount"])))


def test_an_account_is_found_by_its_address_and_by_a_key(store):
    take(store, made(MADE, block=8), granted(MADE, block=8, index=1))
    for mentioned, count in ((MADE, 2), (KEY, 1)):
        assert len(events_of(store, Question(mentions=mentioned)).events) == count


def test_uses_belong_to_the_grant_that_stood(store):
    take(
        store, made(MADE, block=8), granted(MADE, block=8, index=1), used(MADE, block=9), used(MADE, block=9, index=1),
        granted(MADE, block=9, index=2, number=2), used(MADE, block=9, index=3),
        log(MADE, "SessionRevoked", {"key": KEY}, block=10, index=0),
    )  # fmt: skip
    newest, first = sessions_of(store, MADE, 9)
    assert (first.used, first.left, first.replaced, first.revoked) == (2, 1, (9, 2), None)
    assert (newest.used, newest.replaced, newest.revoked) == (1, None, (10, 0))
    assert (first.terms, newest.terms) == ((1, 0, 99, 1, 60), (0, 0, 0, 0, 0))
    assert sessions_of(store, MADE, 9, OWNER) == []


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_ten_thousand_accounts_are_found_by_their_index(store):
    """Neither a lookup of who logged, nor one of a key's sessions, reads a whole table."""
    plans = [
        ("SELECT account FROM account_registry_erc6551_account_created WHERE account IN ('a') AND implementation = 'b'"
         " AND \"chainId\" = '1'"),
        "SELECT count(*) FROM agent_account_session_used WHERE address = 'a' AND key = 'b'"
        " AND (block_number, log_index) > (1, 2)",
    ]  # fmt: skip
    for sql in plans:
        [*_, plan] = store.database.query(f"EXPLAIN QUERY PLAN {sql}")[0]
        assert plan.startswith("SEARCH")
        assert "account_created by account" in plan or "session_used by address and key" in plan


def test_lists_of_accounts_are_asked_for_by_address_and_key(store, empty):
    take(
        store, made(MADE, block=8), made(OTHER, block=8, index=1), granted(MADE, block=8, index=2),
        granted(OTHER, block=8, index=3),
    )  # fmt: skip
    table = "/v1/events/AgentAccount/SessionGranted"
    with closing(Api(empty)) as api:
        answers = [api(Request("GET", table, query, {})) for query in (
            (("address", MADE), ("key", KEY)), (("key", KEY),), (("to", MADE),),
        )]  # fmt: skip
    assert [answer.status for answer in answers] == [200, 200, 400]
    assert [len(json.loads(answer.body)["data"]) for answer in answers[:2]] == [1, 2]
