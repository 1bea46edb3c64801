"""Payment channels: deposits, and the claim of fifty channels with its settlement, on the oldest fork and the newest.

The receiver is an operator of the hub with coins of its own and of a delegator at work, so that its fee is shared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks._lab import NEWEST, Lab, on_both
from benchmarks._rows import Quoted, Row
from keifu.abi import Contract
from keifu.errors import CheckFailed
from keifu.keys import Account, Domain
from keifu.payments import Channel, Claim, Vouchers, sign_authorization
from keifu.payments.deposits import COIN_DOMAIN
from keifu.units import COIN, DAY

__all__ = ["ROWS"]

CLIENTS = 50
INFERENCES = 10_000  # that one voucher pays
FEE = 50  # basis points
FUNDS, DEPOSIT, VOUCHER = 100 * COIN, 50 * COIN, COIN
LOCKED, DELEGATED = 1_000 * COIN, 500 * COIN
NOTICE = 29 * DAY  # until a multiple counts
ENOUGH = 2**256 - 1


@dataclass(frozen=True)
class World:
    """Channels of fifty clients with one receiver, from each of which something was claimed and settled."""

    token: Contract
    channels: Contract
    vouchers: Vouchers
    receiver: Account
    clients: dict[Account, Channel]

    def claims(self, total: int, *, short: bool = True) -> list[tuple[object, ...]]:
        """A voucher of every client, signed as x402's clients do; `short` as our providers send it on."""
        rows: list[tuple[object, ...]] = []
        for client, channel in self.clients.items():
            signature = self.vouchers.sign(client, self.vouchers.channel_id(channel), total)
            claim = Claim(channel, total, signature, total)
            rows.append(claim.args if short else (claim.args[0], signature, total))
        return rows


def _world(lab: Lab) -> World:
    owner, receiver, service = lab.deployer, lab.account("bench receiver"), lab.account("bench service")
    token = lab.deploy("KeifuToken", owner)
    hub = lab.deploy("StakingHub", token, owner, owner, owner, 14 * DAY, DAY, 30, 10)
    channels = lab.deploy("Channels", token, hub, owner, owner)
    channels.setFee(FEE, sender=owner)
    hub.list_service(service, DAY, 4, sender=owner)
    for account in (receiver, delegator := lab.account("bench delegator")):
        token.transfer(account, LOCKED, sender=owner)
        token.approve(hub, ENOUGH, sender=account)
    hub.register_operator(1_000, "", sender=receiver)
    hub.lock(service, receiver, LOCKED, sender=receiver)
    hub.set_multiple(service, 4, sender=receiver)
    lab.anvil.warp(NOTICE)
    hub.poke(receiver, service, sender=receiver)
    hub.bind(receiver, LOCKED, sender=service)
    hub.stake(receiver, DELEGATED, 0, 0, sender=delegator)
    lab.anvil.warp(2 * DAY)
    clients: dict[Account, Channel] = {}
    for number in range(CLIENTS):
        client = lab.account(f"bench client {number}")
        token.transfer(client, FUNDS, sender=owner)
        token.approve(channels, ENOUGH, sender=client)
        parts = (client.address, client.address, receiver.address, receiver.address, token.address)
        clients[client] = channel = Channel(*parts, DAY, bytes(32))
        channels.deposit(channel.values, DEPOSIT, channels, b"", sender=client)
    world = World(token, channels, Vouchers(lab.client.chain_id, channels.address), receiver, clients)
    channels.claim(world.claims(VOUCHER), True, sender=receiver)
    return world


def _redeemed(lab: Lab, *, epoch: bool = False) -> float:
    """Claimed and paid in one call, a client."""
    world = lab.shared(_world)
    with lab.undo():
        if epoch:
            lab.anvil.warp(DAY)
        receipt = world.channels.claim(world.claims(2 * VOUCHER), True, sender=world.receiver)
        return _checked(world, lab.gas(receipt))


def _epoch(lab: Lab) -> float:
    return _redeemed(lab, epoch=True)


def _in_two_calls(lab: Lab) -> float:
    """By x402's own two calls, with signatures in the form in which its clients send them."""
    world = lab.shared(_world)
    with lab.undo():
        rows = world.claims(2 * VOUCHER, short=False)
        gas = lab.gas(world.channels.claim(rows, sender=world.receiver))
        settled = world.channels.settle(world.receiver, world.token, sender=world.receiver)
        return _checked(world, gas + lab.gas(settled))


def _of_an_inference(redeemed: Callable[[Lab], float]) -> Callable[[Lab], float]:
    return lambda lab: redeemed(lab) / INFERENCES


def _checked(world: World, gas: int) -> float:
    claimed, settled = world.channels.receivers(world.receiver, world.token)
    if claimed != settled or claimed != CLIENTS * 2 * VOUCHER:
        raise CheckFailed(f"{claimed} wei were claimed and {settled} settled")
    return gas / CLIENTS


def _deposit(lab: Lab) -> float:
    world = lab.shared(_world)
    client, channel = next(iter(world.clients.items()))
    with lab.undo():
        deposit = world.channels.deposit(channel.values, 5 * COIN, world.channels, b"", sender=client)
        return lab.gas(deposit)


def _deposit_3009(lab: Lab) -> float:
    world = lab.shared(_world)
    client, channel = next(iter(world.clients.items()))
    with lab.undo():
        collector = lab.deploy("Erc3009DepositCollector", world.channels)
        signed = sign_authorization(
            Domain(*COIN_DOMAIN, lab.client.chain_id, world.token),
            client.address,
            collector.address,
            world.vouchers.channel_id(channel),
            5 * COIN,
            until=lab.anvil.now + DAY,
            salt=int.from_bytes(bytes(range(1, 33)), "big"),
            sign=client.sign,
        )
        args = (channel.values, signed.amount, collector, signed.data)
        return lab.gas(world.channels.deposit(*args, sender=lab.account("bench relayer")))


_HOW = (
    f"{CLIENTS} channels of one receiver, an operator with a delegator; fee of half a percent to the hub; claimed and"
    f" paid in one call, signatures sent on in EIP-2098's form; the larger of cancun and {NEWEST}"
)

ROWS = (
    Row(
        "gas.voucher_50",
        on_both(_redeemed),
        _HOW,
        also=(
            ("gas on cancun", _redeemed),
            ("by x402's two calls with signatures of 65 bytes", _in_two_calls),
        ),
    ),
    Row("gas.voucher_50_epoch", on_both(_epoch), "the same in the first call of an epoch", also=(("cancun", _epoch),)),
    Row(
        "gas.inference",
        _of_an_inference(on_both(_epoch)),
        f"a client's share of that claim in the first call of an epoch, over {INFERENCES:,} answers",
        also=(("by x402's two calls", _of_an_inference(_in_two_calls)),),
    ),
    Row(
        "gas.deposit",
        on_both(_deposit),
        f"by allowance, a second deposit; the larger of cancun and {NEWEST}",
        Quoted(51_245, "The Graph's PaymentsEscrow"),
        also=(("gas on cancun", _deposit),),
    ),
    Row(
        "gas.deposit_3009",
        on_both(_deposit_3009),
        f"by signature, brought by another; a second deposit; the larger of cancun and {NEWEST}",
        also=(("gas on cancun", _deposit_3009),),
    ),
)
