"""Receipts whose text is odd are refused, also where the digits in it give the root that the header has."""

from __future__ import annotations

import pytest

from keifu.chain.follower import Block, Event, Receipt, Source, _checks, _filter
from keifu.chain.follower.receipts import receipts_root
from keifu.errors import Contradiction

pytestmark = pytest.mark.case("tools-12")

ODD = ["", "zz", "0x", "-0x1", "0x1_0", "0x1g", "0x" + "f" * 70, "0x" + "é" * 64, "zz" + "11" * 32, "zz" + "aa" * 20]
WORD, TX, ADDRESS = "0x" + "11" * 32, "0x" + "22" * 32, "0x" + "aa" * 20


@pytest.mark.parametrize(
    "field", ["type", "status", "cumulative_gas_used", "logs_bloom", "root", "data", "address", "topics"]
)
def test_an_odd_receipt_is_a_contradiction(field):
    def receipt() -> Receipt:
        log = Event(ADDRESS, [WORD], "0x", "0x1", WORD, TX, "0x0", "0x0")
        return Receipt("0x5208", "0x" + "00" * 256, [log], status="0x1")

    block = Block(1, WORD, WORD, 0, 0, receipts_root([receipt()]), None)
    wanted = _filter.Filter([Source(ADDRESS)])
    assert len(_checks.proved_logs(block, [receipt()], wanted, "url")) == 1
    for value in ODD:
        changed = receipt()
        target = changed.logs[0] if field in {"data", "address", "topics"} else changed
        setattr(target, field, [value] if field == "topics" else value)
        if (field, value) == ("data", "0x"):
            continue
        with pytest.raises(Contradiction, match="the receipts of block 1 from url are wrong"):
            _checks.proved_logs(block, [changed], wanted, "url")
