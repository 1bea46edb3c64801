"""What the API answers, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from keifu.errors import EnvironmentFault
from keifu.index.api import Api
from keifu.index.database import open_database
from keifu.index.store import Store
from keifu.serving import Request, Response
from tests.unit.index.conftest import HUB, OPERATOR, OWNER, REGISTRY, SUITE, block_hash, logged, staked, write

ID = b"\x03" * 32


@contextmanager
def serving(blank: Path, folder: Path) -> Iterator[tuple[Api, Store]]:
    path = shutil.copy(blank, folder)
    with closing(open_database(str(path))) as database, closing(Api(str(path))) as api:
        store = Store(database, SUITE)
        declared = {"account": OWNER, "name": "the name of somebody"}
        write(
            store,
            *(staked(block, block=block) for block in range(1, 6)),
            logged(REGISTRY, "StatusChanged", {"id": ID, "status": 2, "reason": "because"}, block=6),
            logged(REGISTRY, "NameClaimed", declared, block=7),
        )
        yield api, store


@pytest.fixture(scope="module")
def api(blank, tmp_path_factory):
    """Over an index that no test changes."""
    with serving(blank, tmp_path_factory.mktemp("read")) as (api, _):
        yield api


@pytest.fixture
def changing(blank, tmp_path):
    """An API, and the tables behind it to change."""
    with serving(blank, tmp_path) as both:
        yield both


def ask(api: Api, target: str) -> tuple[int, dict]:
    response = get(api, target)
    return response.status, json.loads(response.body)


def get(api: Api, target: str) -> Response:
    path, _, query = target.partition("?")
    fields = tuple(tuple(item.split("=", 1)) for item in query.split("&")) if query else ()
    return api(Request("GET", path, fields))


def blocks(document: dict) -> list[int]:
    return [event["block_number"] for event in document["data"]]


@pytest.mark.parametrize(
    ("target", "right"),
    [
        ("/v1/events", [1, 2, 3, 4, 5, 6, 7]),
        ("/v1/events?order=desc&limit=2", [7, 6]),
        ("/v1/events?contract=ProvenanceRegistry", [6, 7]),
        ("/v1/events?event=Staked&from_block=2&to_block=3", [2, 3]),
        ("/v1/events?contract=StakingHub&event=Staked&from_block=5", [5]),
        ("/v1/events/StakingHub/Staked?limit=1", [1]),
        (f"/v1/events/StakingHub/Staked?operator={OPERATOR}&order=desc&limit=1", [5]),
        (f"/v1/events/StakingHub/Staked?operator={OWNER}", []),
        (f"/v1/events/ProvenanceRegistry/StatusChanged?id=0x{ID.hex()}", [6]),
        (f"/v1/search?value={OPERATOR.upper().replace('X', 'x')}", [5, 4, 3, 2, 1]),
        (f"/v1/search?value={ID.hex()}", [6]),
        (f"/v1/search?value=sha256:{ID.hex()}", [6]),
        ("/v1/search?value=the name of somebody", [7]),
        ("/v1/search?value=nobody", []),
    ],
)
def test_lists_hold_what_was_asked_for(api, target, right):
    status, document = ask(api, target)
    assert (status, blocks(document), document["block"]) == (200, right, {"number": 7, "hash": block_hash(7)})


def test_a_transaction_is_found_with_all_its_events(api):
    transaction = staked(3, block=3).transaction_hash
    for target in (f"/v1/search?value={transaction}", f"/v1/events?transaction_hash={transaction}"):
        assert blocks(ask(api, target)[1]) == [3]


def test_pages_are_chained_by_their_cursor(api):
    _, first = ask(api, "/v1/events?limit=4")
    _, second = ask(api, f"/v1/events?limit=4&cursor={first['next']}")
    assert (blocks(first), blocks(second), second["next"]) == ([1, 2, 3, 4], [5, 6, 7], None)


@pytest.mark.parametrize(
    ("target", "detail", "remedy"),
    [
        ("/v1/events?colour=red", "colour is no filter here", "there are: contract, event"),
        ("/v1/events?contract=Nobody", "contract is 'Nobody'", "one of KeifuToken, ProvenanceRegistry, StakingHub"),
        ("/v1/events?contract=KeifuToken&event=Staked", "KeifuToken logs no Staked", "/v1/tables says what it logs"),
        ("/v1/events?limit=1&limit=2", "limit is given twice", "give it once"),
        ("/v1/events?limit=501", "limit is '501'", "1 to 500"),
        ("/v1/events?limit=many", "limit is 'many'", "a whole number"),
        ("/v1/events?from_block=-1", "from_block is '-1'", "0 to"),
        ("/v1/events?order=up", "order is 'up'", "one of asc, desc"),
        ("/v1/events?cursor=AAAA", "that is no cursor", "take `next` of an answer as it is"),
        ("/v1/events?transaction_hash=0x12", "transaction_hash is '0x12'", "0x and 64 hex digits"),
        ("/v1/events/StakingHub/Staked?amount=1", "amount is no filter here", "there are: operator, owner"),
        ("/v1/events/StakingHub/Staked?owner=me", "owner is 'me'", "0x and 40 hex digits"),
        ("/v1/events/StakingHub/Unstaked?ticket=x", "ticket is 'x'", "a whole number"),
        ("/v1/search", "value is missing", "an address, id"),
        ("/v1/search?value=", "value is ''", "1 to 256 characters"),
        ("/v1/status?x=1", "x is no filter here", "there are: none"),
    ],
)
def test_what_is_not_understood_is_refused(api, target, detail, remedy):
    status, document = ask(api, target)
    assert (status, detail in document["detail"], remedy in document["remedy"]) == (400, True, True), document


def test_a_cursor_of_another_list_is_refused(api):
    cursor = ask(api, "/v1/events?limit=1")[1]["next"]
    for target in (f"/v1/events?order=desc&cursor={cursor}", f"/v1/events/StakingHub/Staked?cursor={cursor}"):
        status, document = ask(api, target)
        assert (status, "of another list" in document["detail"]) == (400, True)


def test_a_cursor_that_a_reorganisation_took_away_is_gone(changing):
    api, store = changing
    cursor = ask(api, "/v1/events?limit=3")[1]["next"]
    with store.database.transaction():
        store.revert(3)
        store.stand_at(2, block_hash(2))
    status, document = ask(api, f"/v1/events?limit=3&cursor={cursor}")
    assert (status, "block 3" in document["detail"]) == (410, True)


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1", "/v1/events/StakingHub", "/v1/events/No/Staked", "/v1/events/a/b/c"]
)
def test_an_address_that_is_not_there_is_not_found(api, path):
    assert ask(api, path)[0] == 404


def test_the_etag_changes_with_whatever_is_written(changing):
    api, store = changing
    seen = [get(api, "/v1/events").etag]
    write(store, staked(1, block=8))
    seen.append(get(api, "/v1/events").etag)
    write(store, at=9)
    seen.append(get(api, "/v1/events").etag)
    with store.database.transaction():
        store.revert(8)
        store.stand_at(7, block_hash(7))
    seen.append(get(api, "/v1/events").etag)
    assert (len(set(seen)), get(api, "/v1/status").etag) == (4, seen[-1])


def test_the_status_says_of_what_the_index_is_and_not_where(changing):
    api, store = changing
    store.set(unproved='[{"block": 3, "url": "http://node", "why": "no receipts"}]', pending=2)
    _, document = ask(api, "/v1/status")
    facts = document["data"]
    assert (facts["chain_id"], facts["contracts"][HUB], facts["events"], facts["pending"]) == (
        31_337,
        "StakingHub",
        7,
        2,
    )
    assert (facts["unproved"][0]["why"], "database" in facts) == ("no receipts", False)


def test_the_description_has_every_path_and_every_path_is_answered(api):
    document = json.loads(get(api, "/openapi.json").body)
    assert len(document["paths"]) == 4 + len(ask(api, "/v1/tables")[1]["data"])
    for path, item in document["paths"].items():
        needed = "?value=x" if any(one["required"] for one in item["get"]["parameters"]) else ""
        assert ask(api, f"{path}{needed}")[0] == 200, path
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert references == document["components"]["schemas"].keys()


def test_the_filters_that_are_described_are_those_that_are_taken(api):
    for path, item in json.loads(get(api, "/openapi.json").body)["paths"].items():
        _, refused = ask(api, f"{path}?nothing=1" + ("&value=x" if path.endswith("search") else ""))
        taken = set(refused["remedy"].removeprefix("there are: ").split(", ")) - {"none"}
        assert taken == {one["name"] for one in item["get"]["parameters"]}, path


def test_the_page_needs_no_script_and_nothing_from_elsewhere(api):
    response = get(api, "/")
    text = response.body.decode()
    assert (response.status, response.content_type) == (200, "text/html; charset=utf-8")
    assert re.findall(r"<script|https?://|@import|url\(", text) == []
    assert "/v1/events/StakingHub/Staked" in text
    assert response.policy.startswith("default-src 'none'")


def test_contracts_that_are_added_are_served_without_a_restart(changing):
    api, store = changing
    more = type(SUITE)(SUITE.chain_id, SUITE.genesis, {**SUITE.contracts, "0x" + "4" * 40: "Insurance"})
    Store(store.database, more).claim()
    assert ask(api, "/v1/events/Insurance/Refunded")[0] == 200


def test_a_database_that_was_out_of_reach_is_opened_again(changing):
    api, _ = changing
    assert ask(api, "/v1/events")[0] == 200
    api._readers.store.database.close()
    assert [ask(api, "/v1/events")[0] for _ in range(2)] == [503, 200]


def test_a_place_without_an_index_is_told_before_anything_is_served(tmp_path):
    with pytest.raises(EnvironmentFault, match="there is no database"):
        Api(str(tmp_path / "none"))
