"""`keifu compute cover` and what else is done about covers of channels. The work is done in keifu/compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._compute import side_of
from keifu.cli._market import bytes_of, channel_of, market_of, operator_option, suite_of
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, BYTES32, COINS, DURATION, IN_FILE, OUT_PATH
from keifu.cli.usage import client_folder
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, UsageError
from keifu.units import coins, day

if TYPE_CHECKING:
    from keifu.abi import Contract
    from keifu.cli.session import RpcSession
    from keifu.compute.client.covering import Covers
    from keifu.compute.market import CoverState
    from keifu.payments.wallet import KeptChannel

__all__ = ["cover", "covered", "release", "sign"]


def _for_disputes(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--disputes", is_flag=True, help="For wrong tokens, which you dispute, not for the rest.")(body)


def _contract(disputes: bool) -> str:
    from keifu.chain.suite import COMPUTE, DISPUTES

    return DISPUTES if disputes else COMPUTE


def _contract_of(session: RpcSession, disputes: bool) -> Contract:
    name = _contract(disputes)
    return session.suite(name).at(session.client, name)


@verb(
    "cover",
    example="keifu compute cover 0x… --operator 0x… --restitution 100 --most 2 --provider http://… --role client",
    access=Access.SEND,
)
@click.argument("channel", type=BYTES32)
@operator_option
@click.option("--restitution", type=COINS, required=True, help="Coins that the channel's payer gets.")
@click.option("--most", type=COINS, required=True, help="Coins that the cover may cost.")
@click.option("--provider", "url", metavar="URL", help="The provider's address, which is asked for it.")
@click.option("--signed", type=IN_FILE, help="What the provider signed, instead of asking for it.")
@_for_disputes
@client_folder
@json_option
def cover(
    session: RpcSession,
    channel: bytes,
    operator: str,
    restitution: int,
    most: int,
    url: str | None,
    signed: Path | None,
    disputes: bool,
    folder: Path | None,
    json_out: bool,
) -> None:
    """Have CHANNEL covered by its provider's coins, and pay for it: if the provider breaks its word, the payer gets the
    restitution. The provider is asked with the key that signs the channel's vouchers."""
    from keifu.compute.client.client import Provider
    from keifu.compute.market import SignedCover, covers

    if (url is None) == (signed is None):
        raise UsageError("a cover is asked of a --provider, or in a --signed file", remedy="give one of them")
    if url is not None and not url.startswith(("http://", "https://")):
        raise UsageError(f"--provider {url} is no address of a provider", remedy="http://HOST:PORT")
    given = SignedCover.decode(bytes_of(signed, "a signed cover")) if signed else None
    provider = Provider(url or "", operator)
    with _covers(session, channel, folder, _contract(disputes)) as (asked, kept):
        wanted = given or asked.ask(provider, kept, restitution)
        asked.check(provider, kept, wanted, restitution=restitution, most=most)
        covers.open_cover(session.deployer, suite_of(session), kept.channel, wanted, _contract(disputes))
        _show(asked.state(provider, kept), channel, operator, json_out)


@verb("covered", example="keifu compute covered 0x… --operator 0x…", access=Access.READ)
@click.argument("channel", type=BYTES32)
@operator_option
@_for_disputes
@json_option
def covered(session: RpcSession, channel: bytes, operator: str, disputes: bool, json_out: bool) -> None:
    """Show what CHANNEL's payer gets if the operator breaks its word, and until when. Exit status 1 for no cover."""
    from keifu.compute.market import read_cover

    state = read_cover(_contract_of(session, disputes), channel, operator)
    _show(state, channel, operator, json_out)
    if not state.reserve:
        raise CheckFailed(f"{operator} covers no channel {channel.hex()} now", remedy="keifu compute cover")


@verb(
    "sign-cover",
    example="keifu compute sign-cover 0x… --restitution 100 --price 2 --out cover.json --key-file receipts.json",
    access=Access.SEND,
)
@click.argument("channel", type=BYTES32)
@click.option("--restitution", type=COINS, required=True, help="Coins that the channel's payer gets.")
@click.option("--price", type=COINS, default="0", help="Coins that the cover costs.  [default: 0]")
@click.option("--for", "seconds", type=DURATION, default="30 days", help="How long it holds.  [default: 30 days]")
@click.option("--good-for", type=DURATION, default="1 hour", help="How long it can be opened.  [default: 1 hour]")
@click.option("--operator", type=ADDRESS, help="Operator whose promise it is.  [default: whose key you have]")
@click.option("--out", type=OUT_PATH, help="File to write.  [default: standard output]")
@json_option
def sign(
    session: RpcSession,
    channel: bytes,
    restitution: int,
    price: int,
    seconds: int,
    good_for: int,
    operator: str | None,
    out: Path | None,
    json_out: bool,
) -> None:
    """Sign a cover of CHANNEL with your receipt key: whoever has it opens it once, and pays its price. A node does it
    by itself."""
    from keifu.chain.suite import COMPUTE
    from keifu.compute.market import sign_cover
    from keifu.compute.promises import Cover
    from keifu.compute.receipt import Receipts
    from keifu.staking.hotkeys import KeyKind

    suite, now = suite_of(session), session.client.now
    named = market_of(session).operator_of(session.account.address, int(KeyKind.RECEIPT), now).lower()
    if not int(named, 16) or (operator and operator != named):
        raise UsageError(
            f"{session.account.address} signs no receipts for {operator or 'anybody'}",
            remedy="keifu keys name FILE --kind receipt, by the operator",
        )
    receipts = Receipts(session.client.chain_id, suite[COMPUTE])
    signed = sign_cover(
        receipts.domain, session.account, named, Cover(channel, restitution, price, now + seconds, now + good_for)
    )
    text = signed.encode().decode()
    if out is None:
        click.echo(text)
        return
    out.write_text(text + "\n")
    facts = {"file": str(out), "operator": named, "restitution": str(restitution), "price": str(price)}
    emit(
        facts, f"{out}: {coins(restitution)} coins for {coins(price)}, to be opened by {day(now + good_for)}", json_out
    )


@verb("release", example="keifu compute release 0x… --operator 0x… --role client", access=Access.SEND)
@click.argument("channel", type=BYTES32)
@operator_option
@_for_disputes
@json_option
def release(session: RpcSession, channel: bytes, operator: str, disputes: bool, json_out: bool) -> None:
    """Free the cover of CHANNEL at once, as its payer: you have nothing to claim."""
    from keifu.compute.market import covers

    covers.release(session.deployer, suite_of(session), channel, operator, _contract(disputes))
    emit({"channel": channel.hex(), "operator": operator}, f"{channel.hex()} is not covered any more", json_out)


def _show(state: CoverState, channel: bytes, operator: str, json_out: bool) -> None:
    said = (
        f"{state.payer} gets {coins(state.restitution)} coins if {operator} breaks its word before {day(state.last)}"
        if state.reserve
        else "no cover"
    )
    emit({"channel": channel.hex(), "operator": operator, **state.data()}, said, json_out)


@contextmanager
def _covers(
    session: RpcSession, channel: bytes, folder: Path | None, contract: str
) -> Iterator[tuple[Covers, KeptChannel]]:
    """For a channel as the chain has it: another program than this client may have opened it."""
    from keifu.chain.suite import CHANNELS
    from keifu.compute.client.client import ComputeClient
    from keifu.compute.client.covering import Covers
    from keifu.compute.client.store import Store, usual_folder
    from keifu.payments.wallet import KeptChannel, Terms, Wallet

    side = side_of(session, None, offline=False)
    kept = KeptChannel(channel_of(session, channel), channel, side.chain_id, suite_of(session)[CHANNELS])
    with Store(folder or usual_folder(), beside=True) as store:
        wallet = Wallet(session.account, store, Terms(side.chain_id, side.channels, side.market, 0))
        with ComputeClient(wallet, side.sources, now=side.now) as client:
            yield Covers(client, session.client, suite_of(session), contract), kept
