"""What a person is told about a refusal of the market, covers as they travel, and receipts that contradict."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from keifu.abi import Log
from keifu.abi import Receipt as Sent
from keifu.chain import Deployment
from keifu.chain.suite import COMPUTE
from keifu.compute.market import REMEDIES, SignedCover, explained, orders, sign_cover
from keifu.compute.market.refusals import place_of
from keifu.compute.market.reports import contradictions, report
from keifu.compute.promises import Cover
from keifu.compute.receipt import Evidence, Receipt, Receipts
from keifu.errors import EnvironmentFault, InputError, Revert, UsageError
from keifu.keys import Account
from keifu.units import COIN

ROOT = Path(__file__).parents[3] / "contracts"
SOURCES = [
    *(ROOT / "compute").rglob("*.vy"),
    *(ROOT / "lib" / name for name in ("hotkeys.vy", "key_caps.vy", "payouts.vy")),
]
# Of constructors: whoever deploys reads them, nobody who calls.
AT_DEPLOYMENT = {
    "compute: channels is no contract",
    "compute: heartbeats is no contract",
    "compute: hub is no contract",
    "compute: no allowance",
    "compute: no bond",
    "compute: no reward",
    "compute: no time to answer",
    "orders: market is no contract",
    "orders: no allowance",
    "orders: no bond",
    "orders: no time to answer",
    "payouts: token is no contract",
}
ZERO = bytes(32)
HASHES = (ZERO,) * 6
RECEIPT = Receipt(b"\x01" * 32, 1, ZERO, 0, *HASHES, 1, 1, 1, 1, Evidence.UNVERIFIED, 1)
RECEIPTS = Receipts(31_337, "0x" + "3a" * 20)
OWN, OTHER = "0x" + "0c" * 20, "0x" + "0d" * 20
KEY = Account.from_role("receipt key")
COVER = Cover(b"\x01" * 32, 20 * COIN, COIN, 2_000_000_000, 1_900_000_000)


def reasons() -> set[str]:
    found = (re.findall(r'"((?:compute|orders|caps|keys|payouts): [^"]+)"', path.read_text()) for path in SOURCES)
    return {reason for part in found for reason in part}


def test_every_refusal_that_a_person_can_cause_has_a_remedy() -> None:
    assert set(REMEDIES) == reasons() - AT_DEPLOYMENT
    assert all(REMEDIES.values())


def test_a_refusal_keeps_its_reason_and_gets_a_remedy() -> None:
    with pytest.raises(Revert) as caught, explained():
        raise Revert("compute: lock too small")
    assert (caught.value.reason, caught.value.remedy) == (
        "compute: lock too small",
        "lock more coins behind ComputeMarket, or settle promises that are over",
    )
    with pytest.raises(Revert, match="reverted: token: balance too low") as caught, explained():
        raise Revert("token: balance too low")
    assert caught.value.remedy == ""


def test_a_suite_without_a_market_is_said_so() -> None:
    with pytest.raises(EnvironmentFault, match="no ComputeMarket is recorded"):
        place_of(Deployment(), COMPUTE)


def test_a_cover_travels_and_shows_its_key() -> None:
    signed = sign_cover(RECEIPTS.domain, KEY, "0x" + "0b" * 20, COVER)
    again = SignedCover.decode(signed.encode())
    assert again == signed
    assert again.signer(RECEIPTS.domain) == KEY.address.lower()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channelId", "0x01"),
        ("channelId", "no hex"),
        ("restitution", "-1"),
        ("restitution", str(2**96)),
        ("restitution", "1" * 500),
        ("price", "٣"),
        ("price", ""),
        ("last", -1),
        ("last", 2**40),
        ("deadline", "soon"),
        ("signature", "0x"),
        ("more", 1),
    ],
)
def test_what_is_no_cover_is_refused(name: str, value: object) -> None:
    document = msgspec.json.decode(sign_cover(RECEIPTS.domain, KEY, "0x" + "0b" * 20, COVER).encode())
    with pytest.raises(InputError, match="this is no signed cover"):
        SignedCover.decode(msgspec.json.encode(document | {name: value}))


@pytest.mark.parametrize("text", ["", "[]", "null", "[" * 5_000])
def test_what_is_no_document_is_no_cover(text: str) -> None:
    with pytest.raises(InputError, match="this is no signed cover"):
        SignedCover.decode(text)


def test_two_receipts_of_one_number_contradict() -> None:
    second = replace(RECEIPT, response_hash=b"\x02" * 32)
    others = replace(RECEIPT, number=2), replace(RECEIPT, channel_id=ZERO)
    signed = RECEIPTS.sign(KEY, [RECEIPT, *others, RECEIPT, second])
    [(first, other)] = contradictions(signed)
    assert (first.receipt, other.receipt) == (RECEIPT, second)


def test_a_report_is_of_one_receipt_with_a_record_or_of_two() -> None:
    [signed] = RECEIPTS.sign(KEY, [RECEIPT])
    with pytest.raises(UsageError, match="1 receipts without a record"):
        report(None, Deployment(), [signed])


@pytest.mark.parametrize(("payer", "credited"), [(OWN, 12), (OTHER, 5)])
def test_a_reporter_s_credit_is_the_reward_and_what_it_gets_as_the_payer(payer: str, credited: int) -> None:
    """Whatever else is credited to it, or paid out, in the same blocks."""
    signed = RECEIPTS.sign(KEY, [RECEIPT, replace(RECEIPT, response_hash=b"\x02" * 32)])
    said = {"channel": RECEIPT.channel_id, "operator": OTHER, "reward": 5, "restitution": 7}
    credits = iter([1_000, 3])
    chain: Any = SimpleNamespace(
        sender=OWN,
        transact=lambda *_: Sent(logs=[Log("0x", "Reported", said)]),
        call=lambda _, contract, function, *of: (
            next(credits) if function == "credits" else [payer] if of == (RECEIPT.channel_id, OTHER) else ["0x"]
        ),
    )
    assert report(chain, Deployment({COMPUTE: "0x"}), signed) == credited


def test_an_order_has_requests() -> None:
    with pytest.raises(UsageError, match="0 requests in an order"):
        orders.request_tree([])
    assert len(orders.request_tree([b"one", b"two"])) == 2
