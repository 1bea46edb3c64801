"""Tables follow the packaged ABI, and fit every database."""

from __future__ import annotations

from keifu.abi import load, names
from keifu.index.tables import PROVENANCE, Kind, kind_of, snake, tables_of

LONGEST_NAME = 63  # bytes, in PostgreSQL: what is longer is cut off
TABLES = tables_of(names())


def test_every_event_of_every_contract_has_one_table():
    events = {(name, event.name) for name in names() for event in load(name).interface.events}
    assert {(table.contract, table.event) for table in TABLES} == events
    assert len({table.name for table in TABLES}) == len(TABLES) == len(events)


def test_a_table_finds_its_logs_by_the_topic_of_the_abi():
    topics = {(name, event.name): event.topic.hex() for name in names() for event in load(name).interface.events}
    assert {(table.contract, table.event): table.topic[2:] for table in TABLES} == topics


def test_arguments_keep_the_names_and_the_order_of_the_abi():
    for table in TABLES:
        inputs = load(table.contract).interface.event(table.event).inputs
        assert [(item.name, item.type, item.indexed) for item in table.arguments] == [
            (name, _short(table, name, kind), indexed) for name, kind, indexed in inputs
        ]


def _short(table, name, kind):
    """Structs are spelled out in a topic, and called `tuple` in the ABI."""
    return next(parameter.type for parameter, _ in table.inputs if parameter.name == name) if "(" in kind else kind


def test_no_argument_hides_a_column_of_provenance_and_every_name_fits():
    provenance = {column.name for column in PROVENANCE}
    for table in TABLES:
        columns = [column.name.lower() for column in table.arguments]
        assert len({*columns, *provenance}) == len(columns) + len(provenance), table.name
        longest = max(
            [table.name, *(f"{table.name} by {item.name}" for item in table.arguments if item.indexed)], key=len
        )
        assert len(longest) <= LONGEST_NAME, longest


def test_what_json_cannot_hold_exactly_is_no_integer():
    assert [kind_of(kind) for kind in ("uint48", "uint56", "int128", "uint256")] == [Kind.INTEGER, *[Kind.NUMBER] * 3]


def test_what_takes_more_than_a_word_is_a_hash_when_it_is_indexed():
    assert [kind_of("tuple[]"), kind_of("tuple[]", indexed=True)] == [Kind.JSON, Kind.TEXT]


def test_names_are_split_where_words_begin():
    assert [snake(name) for name in ("StakingHub", "ERC6551AccountCreated", "TGEDistributor", "IntelligentNFT")] == [
        "staking_hub", "erc6551_account_created", "tge_distributor", "intelligent_nft",
    ]  # fmt: skip
