"""Channels that are paid into, claimed and paid back, and what the compute market promises their payer."""

from __future__ import annotations

from keifu.chain import ChainClient, Deployment, RpcDeployer
from keifu.chain.suite import CHANNELS, COMPUTE, TOKEN
from keifu.compute.promises import Cover
from keifu.compute.receipt import Receipts
from keifu.keys import Account
from keifu.local.roles import ROLES
from keifu.local.suite import warp
from keifu.payments import Channel, Claim, Vouchers
from keifu.payments.actions import ask_back, claim, deposit, refund, take_back
from keifu.staking import KeyKind, actions, key_consent
from keifu.units import COIN, DAY, HOUR
from tests.integration.index.story import sender

__all__ = ["pay_and_cover"]

DELAY = 900
LOCKED, CAP, RESTITUTION = 1_000 * COIN, 900 * COIN, 100 * COIN


def pay_and_cover(client: ChainClient, suite: Deployment) -> list[bytes]:
    """Two channels; the first one's cover was freed and stands again, the second one's ended with a demand."""
    payer, operator = sender(client, "buyer"), sender(client, "operator")
    vouchers = Vouchers(client.chain_id, suite[CHANNELS])
    channels = [
        Channel(
            payer.sender, payer.sender, operator.sender, operator.sender, suite[TOKEN], DELAY, salt.to_bytes(32, "big")
        )
        for salt in (1, 2)
    ]
    for channel in channels:
        deposit(payer, suite, channel, 10 * COIN)
        most = 4 * COIN
        signed = vouchers.sign(ROLES["buyer"].account, vouchers.channel_id(channel), most)
        claim(operator, suite, [Claim(channel, most, signed, most)])
    refund(operator, suite, channels[0], COIN)
    ask_back(payer, suite, channels[1], 2 * COIN)
    warp(client, DELAY)
    take_back(payer, suite, channels[1])
    ids = [vouchers.channel_id(channel) for channel in channels]
    _cover(client, suite, payer, operator, channels, ids)
    return ids


def _cover(
    client: ChainClient, suite: Deployment, payer: RpcDeployer, operator: RpcDeployer, channels: list[Channel],
    ids: list[bytes],
) -> None:  # fmt: skip
    market, key = suite.at(client, COMPUTE), Account.from_role("receipt key")
    domain = Receipts(client.chain_id, market.address).domain
    who, by = ROLES["operator"].account, ROLES["buyer"].account
    actions.lock(operator, suite, suite[COMPUTE], operator.sender, LOCKED)
    consent = key_consent(domain, operator.sender, key, KeyKind.RECEIPT)
    market.register_key(key.address, KeyKind.RECEIPT, consent, sender=who)
    market.set_cap(key.address, CAP, sender=who)
    suite.at(client, TOKEN).approve(market.address, 2**256 - 1, sender=by)

    def cover(place: int, days: int) -> None:
        made = Cover(ids[place], RESTITUTION, COIN, client.now + days * DAY, client.now + HOUR)
        market.cover(channels[place].values, made.args, operator.sender, made.sign(domain, key), sender=by)

    cover(0, 20)
    market.release(ids[0], operator.sender, sender=by)
    cover(0, 30)
    cover(1, 30)
    market.demand(channels[1].values, operator.sender, COIN, b"a request", sender=by)
    warp(client, market.answer_window() + 1)
    market.close(ids[1], operator.sender, sender=by)
    market.demand(channels[0].values, operator.sender, COIN, b"another one", sender=by)
