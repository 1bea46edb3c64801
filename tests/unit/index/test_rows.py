"""Events as rows: nothing that anybody logs stops the index, or is lost."""

from __future__ import annotations

import json

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.index.rows import Decoder
from keifu.index.tables import tables_of
from tests.unit.index.conftest import CONTRACTS, HUB, OPERATOR, OWNER, REGISTRY, logged, staked

DECODER = Decoder(CONTRACTS, tables_of(sorted(set(CONTRACTS.values()))))
ID, DIGEST = bytes(range(32)), b"\xaa" * 32


def registered(licence: str = "MIT") -> object:
    record = (OWNER, 1, DIGEST, bytes(32), bytes(32), bytes(32), "uri", licence, "1", [(1, ID)])
    return logged(REGISTRY, "Registered", {"id": ID, "author": OWNER, "digest": DIGEST, "record": record}, block=5)


def test_values_stand_in_the_order_of_the_columns():
    row = DECODER.row(staked(2**200, block=7, index=3))
    assert dict(zip((column.name for column in row.table.arguments), row.values, strict=True)) == {
        "operator": OPERATOR, "owner": OWNER, "amount": str(2**200), "shares": str(2**200),
    }  # fmt: skip


def test_a_struct_keeps_the_names_of_its_members():
    record = json.loads(DECODER.row(registered()).values[3])
    assert (record["author"], record["kind"], record["digest"], record["links"]) == (
        OWNER, 1, "0x" + DIGEST.hex(), [{"relation": 1, "parent": "0x" + ID.hex()}],
    )  # fmt: skip


def test_addresses_ids_digests_and_names_are_found_again_wherever_they_stand():
    mentions = DECODER.row(registered()).mentions
    assert mentions == {OWNER, "0x" + ID.hex(), "0x" + DIGEST.hex(), "uri", "MIT", "1"}


def test_nothing_and_zero_are_no_mentions():
    assert DECODER.row(staked(0, block=1, owner=ZERO_ADDRESS)).mentions == {OPERATOR}


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b"\xff\xfe", r"\xff\xfe"),
        (b"a\x00b", r"a\x00b"),
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),  # half of a pair, which is no UTF-8 either
        ("系譜".encode(), "系譜"),
    ],
)
def test_text_that_no_database_takes_is_kept_all_the_same(raw, kept):
    placeholder = "X" * len(raw)
    event = registered(placeholder)
    event.data = event.data.replace(placeholder.encode().hex(), raw.hex())
    assert json.loads(DECODER.row(event).values[3])["licence"] == kept


@pytest.mark.parametrize("topics", [[], ["0x" + "77" * 32]])
def test_a_log_that_no_abi_describes_is_kept_as_it_came(topics):
    event = staked(1, block=1)
    event.topics = topics
    row = DECODER.row(event)
    assert (row.table, row.contract, row.event) == (None, CONTRACTS[HUB], event)


def test_a_log_whose_data_is_too_short_is_kept_as_it_came():
    event = staked(1, block=1)
    event.data = event.data[:-2]
    assert DECODER.row(event).table is None
