"""Receipts whose text is odd are refused, also where the digits in it give the root that the header has."""

from __future__ import annotations

import pytest

from keifu.chain.follower import Event, Receipt
from keifu.chain.follower.receipts import receipts_root

pytestmark = pytest.mark.case("tools-12")

ODD = ["", "zz", "0x", "-0x1", "0x1_0", "0x1g", "0x" + "f" * 70, "0x" + "é" * 64, "zz" + "11" * 32, "zz" + "aa" * 20]
WORD, TX, ADDRESS = "0x" + "11" * 32, "0x" + "22" * 32, "0x" + "aa" * 20


def root_of(receipt: Receipt) -> str:
    """ "" when it is refused; nothing but a ValueError may say so."""
    try:
        return receipts_root([receipt])
    except ValueError:
        return ""


@pytest.mark.parametrize(
    "field", ["type", "status", "cumulative_gas_used", "logs_bloom", "root", "data", "address", "topics"]
)
def test_an_odd_receipt_does_not_give_the_root(field):
    def receipt() -> Receipt:
        log = Event(ADDRESS, [WORD], "0x", "0x1", WORD, TX, "0x0", "0x0")
        return Receipt("0x5208", "0x" + "00" * 256, [log], status="0x1")

    honest = root_of(receipt())
    assert honest
    for value in ODD:
        changed = receipt()
        target = changed.logs[0] if field in {"data", "address", "topics"} else changed
        setattr(target, field, [value] if field == "topics" else value)
        if (field, value) == ("data", "0x"):
            continue
        assert root_of(changed) != honest
