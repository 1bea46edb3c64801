"""`keifu channel`: deposits that pay providers by vouchers, from opening to having the rest back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, BYTES32, DURATION, IN_FILE
from keifu.cli.usage import client_folder
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import InputError, UsageError

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.payments.actions import Claim
    from keifu.payments.wallet import KeptChannel

__all__ = ["cli"]

LARGEST_FILE = 16 << 20
_AMOUNT = click.IntRange(1)

cli = Noun(
    "channel",
    help="Open, fill, show and empty payment channels. Amounts are in the token's smallest unit.",
    example="keifu channel list",
)


@cli.verb("open", example="keifu channel open --to 0x… --amount 1000000 --role client", access=Access.SEND)
@click.option("--to", "receiver", type=ADDRESS, required=True, help="Who is paid.")
@click.option("--claimed-by", type=ADDRESS, help="Who claims for it.  [default: the receiver itself]")
@click.option("--token", type=ADDRESS, help="In what is paid.  [default: the suite's coin]")
@click.option("--signer", type=ADDRESS, help="Whose key signs vouchers, as of an API key.  [default: your own]")
@click.option("--delay", type=DURATION, default="1 day", show_default=True, help="Until a withdrawal is paid out.")
@click.option("--amount", type=_AMOUNT, required=True, help="The deposit.")
@client_folder
@json_option
def open_(
    session: RpcSession,
    receiver: str,
    claimed_by: str | None,
    token: str | None,
    signer: str | None,
    delay: int,
    amount: int,
    folder: Path | None,
    json_out: bool,
) -> None:
    """Open a channel by its first deposit, and keep it in --folder, from where `keifu infer` pays."""
    import secrets

    from keifu.chain.suite import CHANNELS, TOKEN
    from keifu.compute.client.store import Store, usual_folder
    from keifu.payments import Channel, Vouchers
    from keifu.payments.actions import deposit
    from keifu.payments.wallet import KeptChannel

    suite, own, chain = session.suite(CHANNELS, TOKEN), session.sender.lower(), session.client.chain_id
    authorizer = claimed_by or receiver
    channel = Channel(
        own, signer or own, receiver, authorizer, (token or suite[TOKEN]).lower(), delay, secrets.token_bytes(32)
    )
    contract = suite[CHANNELS]
    kept = KeptChannel(channel, Vouchers(chain, contract).channel_id(channel), chain, contract)
    with Store(folder or usual_folder(), beside=True) as store:
        store.keep_channel(kept)
        try:
            deposit(session.deployer, suite, channel, amount)
        except BaseException:
            store.forget_channel(kept.id)
            raise
    said = f"channel {kept.id.hex()} to {receiver} holds {amount}"
    emit({"channel": kept.id.hex(), "receiver": receiver, "amount": str(amount)}, said, json_out)


@cli.verb("deposit", example="keifu channel deposit 0x… --amount 500000 --role client", access=Access.SEND)
@click.argument("channel", type=BYTES32)
@click.option("--amount", type=_AMOUNT, required=True, help="What is added.")
@client_folder
@json_option
def deposit(session: RpcSession, channel: bytes, amount: int, folder: Path | None, json_out: bool) -> None:
    """Add to a channel of yours."""
    from keifu.chain.suite import CHANNELS
    from keifu.payments.actions import deposit as add

    kept = _kept(folder, channel)
    add(session.deployer, session.suite(CHANNELS), kept.channel, amount)
    _show(session, kept, json_out)


@cli.verb("show", example="keifu channel show 0x…", access=Access.READ)
@click.argument("channel", type=BYTES32)
@client_folder
@json_option
def show(session: RpcSession, channel: bytes, folder: Path | None, json_out: bool) -> None:
    """Show what a channel holds, what was claimed, and the most that its vouchers name."""
    _show(session, _kept(folder, channel), json_out)


@cli.verb("list", example="keifu channel list")
@client_folder
@json_option
def list_(folder: Path | None, json_out: bool) -> None:
    """List the channels that this client pays from, as it has kept them: no network is asked."""
    from keifu.compute.client.store import Store, usual_folder

    with Store(folder or usual_folder(), writes=False) as store:
        found = store.channels()
    if json_out:
        emit([_own(kept) for kept in found], "", json_out)
        return
    rows = [
        (kept.id.hex(), kept.channel.receiver, kept.channel.token, str(kept.charged), str(kept.signed))
        for kept in found
    ]
    table(("channel", "to", "token", "charged", "signed for"), rows, empty="no channel")


@cli.verb("withdraw", example="keifu channel withdraw 0x… --role client", access=Access.SEND)
@click.argument("channel", type=BYTES32)
@click.option("--amount", type=_AMOUNT, help="How much.  [default: all that is not claimed]")
@client_folder
@json_option
def withdraw(session: RpcSession, channel: bytes, amount: int | None, folder: Path | None, json_out: bool) -> None:
    """Ask a deposit back. The receiver can claim until the channel's delay is over; then `keifu channel finish`."""
    from keifu.chain.suite import CHANNELS
    from keifu.payments.actions import ask_back
    from keifu.payments.status import read_channel

    kept, suite = _kept(folder, channel), session.suite(CHANNELS)
    left = read_channel(suite.at(session.client, CHANNELS), kept.channel).available
    if not (amount or left):
        raise UsageError("nothing of the deposit is left", remedy="keifu channel show says what was claimed")
    ask_back(session.deployer, suite, kept.channel, amount or left)
    _show(session, kept, json_out)


@cli.verb("finish", example="keifu channel finish 0x… --role client", access=Access.SEND)
@click.argument("channel", type=BYTES32)
@client_folder
@json_option
def finish(session: RpcSession, channel: bytes, folder: Path | None, json_out: bool) -> None:
    """Take back what was asked for, once the delay is over."""
    from keifu.chain.suite import CHANNELS
    from keifu.payments.actions import take_back

    kept = _kept(folder, channel)
    take_back(session.deployer, session.suite(CHANNELS), kept.channel)
    _show(session, kept, json_out)


@cli.verb("claim", example="keifu channel claim claims.json --role receiver", access=Access.SEND)
@click.argument("file", type=IN_FILE)
@json_option
def claim(session: RpcSession, file: Path, json_out: bool) -> None:
    """Claim by the vouchers in FILE, x402's list of claims, as receiver or its authorizer. A node does it by itself."""
    from keifu.chain.suite import CHANNELS
    from keifu.payments.actions import claim as send
    from keifu.payments.status import read_channel

    claims, suite = _claims(file), session.suite(CHANNELS)
    send(session.deployer, suite, claims)
    channels = suite.at(session.client, CHANNELS)
    found = [read_channel(channels, item.channel) for item in claims]
    text = "\n".join(f"{item.channel_id.hex()}: {item.claimed} claimed" for item in found)
    emit([item.data() for item in found], text, json_out)


@cli.verb("settle", example="keifu channel settle --receiver 0x… --role receiver", access=Access.SEND)
@click.option("--receiver", type=ADDRESS, help="Who is paid.  [default: the account that signs]")
@click.option("--token", type=ADDRESS, help="In what.  [default: the suite's coin]")
@json_option
def settle(session: RpcSession, receiver: str | None, token: str | None, json_out: bool) -> None:
    """Have a receiver paid what was claimed for it, less the protocol's fee."""
    from keifu.chain.suite import CHANNELS, TOKEN
    from keifu.payments.actions import settle as send

    suite = session.suite(CHANNELS, TOKEN)
    whose = receiver or session.sender
    amount = send(session.deployer, suite, whose, token or suite[TOKEN])
    emit({"receiver": whose, "amount": str(amount)}, f"{whose}: {amount} settled, fee included", json_out)


def _kept(folder: Path | None, channel: bytes) -> KeptChannel:
    from keifu.compute.client.store import Store, usual_folder

    with Store(folder or usual_folder(), writes=False) as store:
        return store.channel(channel)


def _own(kept: KeptChannel) -> dict[str, Any]:
    from dataclasses import asdict

    config = asdict(kept.channel) | {"salt": "0x" + kept.channel.salt.hex()}
    amounts = {"charged": str(kept.charged), "signed": str(kept.signed)}
    return {"channel": kept.id.hex(), "chain": kept.chain_id, "contract": kept.contract, **config, **amounts}


def _show(session: RpcSession, kept: KeptChannel, json_out: bool) -> None:
    from keifu.chain.suite import CHANNELS
    from keifu.payments.status import read_channel

    found = read_channel(session.suite(CHANNELS).at(session.client, CHANNELS), kept.channel)
    lines = [
        f"channel: {kept.id.hex()}",
        f"to: {kept.channel.receiver} in {kept.channel.token}",
        f"deposit: {found.balance}, claimed {found.claimed}, left {found.available}",
        f"charged by receipts: {kept.charged}, vouchers name at most {kept.signed}",
        *([f"asked back: {found.asked_back}"] if found.asked_back else []),
    ]
    emit({**_own(kept), **found.data(), "channel": kept.id.hex()}, "\n".join(lines), json_out)


def _claims(file: Path) -> list[Claim]:
    import msgspec

    from keifu._files import read_bounded
    from keifu.payments import x402
    from keifu.payments.actions import Claim

    try:
        found = msgspec.json.decode(read_bounded(file, LARGEST_FILE, "a list of claims"), type=list[x402.Claim])
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is no list of claims: {error}", remedy="as x402 writes it") from error
    return [
        Claim(
            item.voucher.channel.channel,
            int(item.voucher.max_claimable_amount),
            bytes.fromhex(item.signature[2:]),
            int(item.total_claimed),
        )
        for item in found
    ]
