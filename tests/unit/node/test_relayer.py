"""What a relayer may spend, what it takes for it, and what one intent is called."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from ethwire.constants import ETHER
from keifu.abi import Contract, load
from keifu.chain.suite import PERMIT2
from keifu.errors import InputError
from keifu.keys import Account
from keifu.node.relayer.refunds import Refunds
from keifu.node.relayer.spending import HOUR, Spending
from keifu.node.sections import RelayerWork
from keifu.payments.actions import MAX_CLAIMS
from keifu.payments.book import Held, Refused
from keifu.payments.channel import Channel, Vouchers
from keifu.payments.facilitator import PERMIT_EXTENSION, permit_of, read_asked
from keifu.payments.intents import signed_intent
from keifu.payments.onchain import Onchain
from keifu.payments.x402 import (
    SCHEME,
    Config,
    DepositPayload,
    Payment,
    Requirements,
    SettlePayload,
    VoucherFields,
    VoucherPayload,
    encode,
    network_of,
)

CHAIN, ADDRESS = 31_337, "0x" + "4b" * 20
PAYER, RELAYER, TOKEN = Account.from_role("payer"), Account.from_role("relayer").address, "0x" + "5c" * 20
VOUCHERS = Vouchers(CHAIN, ADDRESS)
ONE, OTHER = "0x" + "01" * 20, "0x" + "02" * 20
BOUNDS = {"free_each": 10, "free_all": 15, "most_gas": 100}


def work(**own: Any) -> RelayerWork:
    return RelayerWork(listen="127.0.0.1:0", **own)


# spending ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def now() -> list[float]:
    return [1_000_000.0]


@pytest.fixture
def spending(now: list[float]) -> Callable[..., Spending]:
    """Opens the same database again and again."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    return lambda **own: Spending(database, work(**(BOUNDS | own)), lambda: now[0])


def refused(spending: Spending, *wanted: Any) -> bool:
    try:
        spending.require(*wanted)
    except Refused as error:
        return error.code == "relayer_budget"
    return False


def test_each_bound_holds_to_the_wei(spending):
    found = spending()
    assert [refused(found, ONE, 10, free) for free in (0, 10, 11)] == [False, False, True]
    assert [refused(found, ONE, gas, 0) for gas in (100, 101)] == [False, True]
    found.note("a", ONE, 10, 10, None)
    assert [refused(found, ONE, 1, free) for free in (0, 1)] == [False, True]  # its own hour is used up
    assert [refused(found, OTHER, 10, free) for free in (5, 6)] == [False, True]  # and most of everybody's
    assert [refused(found, OTHER, gas, 0) for gas in (90, 91)] == [False, True]


def test_what_is_paid_for_takes_nothing_of_what_is_given_away(spending):
    found = spending()
    found.note("paid", ONE, 50, 0, b"\x01" * 32)
    assert not refused(found, ONE, 10, 10)
    assert found.hour == (50, 0)


def test_an_hour_later_all_is_there_again_and_a_restart_gives_nothing(spending, now):
    spending().note("a", ONE, 10, 10, None)
    assert refused(spending(), ONE, 1, 1)
    now[0] += HOUR
    assert refused(spending(), ONE, 1, 1)
    now[0] += 1
    assert not refused(spending(), ONE, 10, 10)


def test_what_ended_long_ago_is_forgotten_and_what_is_new_is_kept(spending, now):
    found = spending()
    found.note("a", ONE, 1, 1, b"\x01" * 32)
    found.forget("a")
    assert found.refunding(b"\x01" * 32) == ["a"]
    now[0] += HOUR + 1
    assert found.old() == ["a"]
    found.forget("a")
    assert (found.old(), found.refunding(b"\x01" * 32)) == ([], [])


# refunds -------------------------------------------------------------------------------------------------------------


class Chain:
    """Channels that hold what the test says."""

    def __init__(self, held: Held) -> None:
        self._held = held

    def held(self, channel_id: bytes) -> Held:
        return self._held


def channel(**other: Any) -> Channel:
    own = Channel(PAYER.address.lower(), PAYER.address.lower(), RELAYER.lower(), RELAYER.lower(), TOKEN, 900, bytes(32))
    return replace(own, **other)


def header(most: int, of: Channel | None = None, by: Account = PAYER) -> str:
    of = of or channel()
    signature = VOUCHERS.sign(by, VOUCHERS.channel_id(of), most)
    voucher = VoucherFields("0x" + VOUCHERS.channel_id(of).hex(), str(most), "0x" + signature.hex())
    accepted = Requirements(SCHEME, network_of(CHAIN), TOKEN, "0", RELAYER, 60)
    return encode(Payment(VoucherPayload(Config.of(of), voucher), accepted))


def refunds(held: Held, **own: Any) -> Refunds:
    settings = work(**({"per_ether": 4_000 * ETHER, "most_refund": 1_000} | own))
    return Refunds(Chain(held), VOUCHERS, settings, RELAYER, TOKEN)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("held", "most", "cap"),
    [
        (Held(500, 0), 300, 300),  # what is signed
        (Held(200, 0), 300, 200),  # what there is
        (Held(500, 100), 300, 200),  # what was claimed before is not taken again
        (Held(500, 0, 250), 300, 250),  # what its payer asked back is gone
        (Held(5_000, 0), 3_000, 1_000),  # the relayer's own bound
    ],
)
def test_what_may_be_taken(held, most, cap):
    offered = refunds(held).offered(header(most))
    assert (offered.start, offered.cap) == (held.claimed, cap)
    assert offered.taking(7).total == held.claimed + 7


@pytest.mark.parametrize(
    ("held", "given"),
    [
        (Held(0, 0), header(10)),
        (Held(500, 10), header(10)),
        (Held(500, 0, 500), header(10)),
        (Held(500, 0), header(10, channel(receiver=ONE))),
        (Held(500, 0), header(10, channel(receiver_authorizer=ONE))),
        (Held(500, 0), header(10, channel(token=ONE))),
        (Held(500, 0), header(10, by=Account.from_role("a stranger"))),
        (Held(500, 0), "nothing"),
        (Held(500, 0), encode(Payment(SettlePayload(ONE, TOKEN), Requirements(SCHEME, "", TOKEN, "0", ONE, 1)))),
    ],
)
def test_what_cannot_be_claimed_is_no_refund(held, given):
    with pytest.raises(Refused) as found:
        refunds(held).offered(given)
    assert found.value.code == "relayer_refund"


def test_the_price_is_that_of_the_gas_with_its_margin_rounded_up():
    found = refunds(Held(0, 0), per_ether=3, margin=1.0)
    assert [found.price(gas) for gas in (0, 1, ETHER, ETHER + 1)] == [0, 1, 3, 4]
    assert refunds(Held(0, 0), per_ether=4, margin=1.25).price(ETHER) == 5
    assert found.covered(3) == ETHER
    nothing = refunds(Held(0, 0), per_ether=0)
    assert (nothing.terms, nothing.covered(5)) == (None, 0)
    with pytest.raises(Refused, match="takes no refunds"):
        nothing.offered(header(10))


# intents -------------------------------------------------------------------------------------------------------------


class Earnings:
    """Answers what a receiver has claimed, and that none of it is settled."""

    def at(self, address: str, name: str) -> Contract:
        return Contract(address, load(name).interface, self)  # type: ignore[arg-type]

    def view(self, *_: Any) -> tuple[int, int]:
        return 9, 0


def onchain() -> Onchain:
    return Onchain(Earnings(), ADDRESS, (ONE, OTHER))  # type: ignore[arg-type]


def payment(payload: dict[str, Any], extensions: Any = None) -> Payment:
    wanted = {
        "scheme": SCHEME, "network": network_of(CHAIN), "asset": TOKEN, "amount": "1", "payTo": RELAYER,
        "maxTimeoutSeconds": 60,
    }  # fmt: skip
    made = {"payload": payload, "accepted": wanted, "extensions": extensions}
    body = msgspec.json.encode({"paymentPayload": made, "paymentRequirements": wanted})
    return read_asked(body).payment_payload


def claim(total: int, salt: int = 0, signature: str = "0x" + "11" * 65) -> dict[str, Any]:
    config = msgspec.to_builtins(Config.of(channel(salt=salt.to_bytes(32, "big"))))
    return {
        "voucher": {"channel": config, "maxClaimableAmount": "100"}, "signature": signature, "totalClaimed": str(total)
    }  # fmt: skip


def deposit(**other: Any) -> dict[str, Any]:
    config = msgspec.to_builtins(Config.of(channel()))
    voucher = {"channelId": "0x" + bytes(32).hex(), "maxClaimableAmount": "1", "signature": "0x"}
    permitted = {"token": TOKEN, "amount": "5"}
    permit = {
        "from": PAYER.address, "permitted": permitted, "spender": OTHER, "nonce": "1", "deadline": "2",
        "witness": {"channelId": "0x" + bytes(32).hex()}, "signature": "0x" + "22" * 65,
    }  # fmt: skip
    own = {"amount": "5", "authorization": {"permit2Authorization": permit}}
    return {"type": "deposit", "channelConfig": config, "voucher": voucher, "deposit": own, **other}


def id_of(payload: dict[str, Any], extensions: Any = None) -> str:
    return signed_intent(payment(payload, extensions), onchain(), VOUCHERS).id


def batch(*claims: dict[str, Any], signed: str = "0x33") -> dict[str, Any]:
    return {"type": "claim", "claims": list(claims), "claimAuthorizerSignature": signed}


def test_an_intent_is_called_by_what_takes_effect():
    assert id_of(batch(claim(5))) == id_of(batch(claim(5, signature="0x" + "44" * 65), signed="0x55"))
    assert len({id_of(batch(claim(5))), id_of(batch(claim(6))), id_of(batch(claim(5, salt=1)))}) == 3
    refund = deposit(type="refund", amount="1", refundNonce="0", refundAuthorizerSignature="0x33")
    assert (
        id_of(refund) == id_of({**refund, "refundAuthorizerSignature": "0x44"}) != id_of({**refund, "refundNonce": "1"})
    )
    assert id_of(deposit()) == id_of(deposit(), permit_extension())
    assert id_of({"type": "settle", "receiver": ONE, "token": TOKEN}).endswith(" 9")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (deposit(type="voucher"), "payload_type"),
        (deposit(deposit={"amount": "5", "authorization": {}}), "payload_type"),
        (batch(), "claim_payload"),
        (batch(*[claim(5)] * (MAX_CLAIMS + 1)), "claim_payload"),
        ({"type": "claim", "claims": [claim(5)]}, "authorizer_not_configured"),
        (deposit(type="refund"), "refund_payload"),
        (deposit(type="refund", amount="1", refundNonce="0"), "authorizer_not_configured"),
        (
            deposit(type="refund", amount="1", refundNonce="0", refundAuthorizerSignature="0x33", claims=[claim(5)]),
            "authorizer_not_configured",
        ),
        (deposit(type="refund", amount="1", refundNonce="9" * 78, refundAuthorizerSignature="0x33"), "payload_type"),
    ],
)
def test_what_is_no_intent_is_refused_by_x402s_code(payload, code):
    with pytest.raises(Refused) as found:
        id_of(payload)
    assert found.value.code == code


def permit_extension(**other: Any) -> dict[str, Any]:
    info = {
        "from": PAYER.address, "asset": TOKEN, "spender": PERMIT2, "amount": "5", "nonce": "0", "deadline": "9",
        "signature": "0x" + "11" * 64 + "00", "version": "1", **other,
    }  # fmt: skip
    return {PERMIT_EXTENSION: {"info": info}}


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"from": ONE}, "eip2612_owner_mismatch"),
        ({"asset": ONE}, "eip2612_owner_mismatch"),
        ({"spender": ONE}, "eip2612_spender_mismatch"),
        ({"amount": "6"}, "eip2612_amount_mismatch"),
        ({"signature": "0x11"}, "eip2612_invalid_format"),
        ({"signature": "none"}, "eip2612_invalid_format"),
        ({"deadline": "soon"}, "eip2612_invalid_format"),
    ],
)
def test_a_permit_that_is_not_this_deposit_s_is_refused(other, code):
    with pytest.raises(Refused) as found:
        id_of(deposit(), permit_extension(**other))
    assert found.value.code == code


@pytest.mark.parametrize("extensions", [None, {}, {PERMIT_EXTENSION: None}, {PERMIT_EXTENSION: {"info": {"from": 1}}}])
def test_a_permit_that_cannot_be_read_is_none(extensions):
    made = payment(deposit(), extensions)
    assert isinstance(made.payload, DepositPayload)
    assert permit_of(made, made.payload) == b""


@pytest.mark.parametrize("body", [b"", b"[]", b"[" * 100_000, b"\xff", b'{"paymentPayload": {}}'])
def test_a_request_that_cannot_be_read_is_refused(body):
    with pytest.raises(InputError, match="the request cannot be read"):
        read_asked(body)
