"""`keifu reexecute offer`, `accept` and what else is done about promises. The work is done in keifu/reexecution."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._market import channel_of
from keifu.cli._print import emit
from keifu.cli._reexecute import reading_of, suite_of, tolerance_of, tolerance_options
from keifu.cli._types import BYTES32, COINS, DURATION
from keifu.cli.usage import client_folder
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, InputError, UsageError
from keifu.units import coins, counted, day, typed

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.reexecution.reading import Promise

__all__ = ["accept", "lock", "offer", "promise", "release", "unlock"]

LARGEST_PANEL = 7


@verb("lock", example="keifu reexecute lock 3000 --role provider", access=Access.SEND)
@click.argument("amount", type=COINS)
@json_option
def lock(session: RpcSession, amount: int, json_out: bool) -> None:
    """Put AMOUNT coins of yours behind your promises about float models, or your slots as a re-executor."""
    from keifu.chain.suite import REEXECUTION
    from keifu.staking.actions import lock as locked

    suite = suite_of(session)
    total = locked(session.deployer, suite, suite[REEXECUTION], session.sender, amount)
    emit({"locked": str(total)}, f"{coins(total)} coins are locked behind re-execution", json_out)


@verb(
    "offer",
    example="keifu reexecute offer 0x… --digest 0x… --absolute 0.001 --relative 0.01 --role provider",
    access=Access.SEND,
)
@click.argument("channel", type=BYTES32)
@click.option("--digest", type=BYTES32, required=True, help="Digest of the model's weights, as receipts name it.")
@tolerance_options
@click.option("--panel", type=click.IntRange(3, LARGEST_PANEL), default=5, show_default=True, help="Members.")
@click.option("--needed", type=click.IntRange(2, LARGEST_PANEL), default=3, show_default=True,
              help="How many have to find a difference.")  # fmt: skip
@click.option("--fee", type=COINS, default="8", help="Coins of a member that answers.  [default: 8]")
@click.option("--restitution", type=COINS, default="800", help="Coins after a conviction.  [default: 800]")
@click.option("--price", type=COINS, default="0", help="Coins for the whole time.  [default: 0]")
@click.option("--for", "seconds", type=DURATION, default="30 days", help="How long it holds.  [default: 30 days]")
@json_option
def offer(
    session: RpcSession,
    channel: bytes,
    digest: bytes,
    rule: str,
    absolute: float,
    relative: float,
    panel: int,
    needed: int,
    fee: int,
    restitution: int,
    price: int,
    seconds: int,
    json_out: bool,
) -> None:
    """Offer the payer of CHANNEL that your answers of a model are what it makes, within a tolerance. It is accepted
    within three days, and holds from then on."""
    from keifu.reexecution import actions
    from keifu.reexecution.reading import Terms

    tolerance = tolerance_of(rule, absolute, relative)
    last = session.client.now + seconds
    terms = Terms(digest, tolerance.encoded, panel, needed, fee, restitution, price, last)
    number = actions.offer(session.deployer, suite_of(session), channel_of(session, channel), terms)
    facts = {"promise": number, "pool": terms.pool.hex(), "last": last}
    cost = f" --most {typed(price)}" if price else ""
    emit(facts, f"promise {number} is offered; the client: keifu reexecute accept {number}{cost}", json_out)


@verb("accept", example="keifu reexecute accept 1 --most 10 --role client", access=Access.SEND)
@click.argument("number", type=click.IntRange(1))
@click.option("--most", type=COINS, default="0", help="Coins that it may cost.  [default: 0]")
@click.option("--pool", "least", type=click.IntRange(0), default=0, help="Mature slots of others that its pool has.")
@client_folder
@json_option
def accept(session: RpcSession, number: int, most: int, least: int, folder: Path | None, json_out: bool) -> None:
    """Take promise NUMBER, and pay its price. From the next second on receipts count for it; the client's folder keeps
    its number, and answers are shown as re-executed while it stands."""
    from keifu.compute.client.store import Store, usual_folder
    from keifu.reexecution import actions
    from keifu.reexecution.tolerance import Tolerance

    reading, suite = reading_of(session), suite_of(session)
    found = reading.promise(number)
    if found.terms.price > most:
        raise CheckFailed(f"it costs {coins(found.terms.price)} coins, not {coins(most)}", remedy="--most COINS")
    Tolerance.decode(found.terms.tolerance)  # what nobody here can compare is refused before it is paid for
    with Store(folder or usual_folder(), beside=True) as store:
        if not found.since:
            actions.accept(session.deployer, suite, found, max(least, found.terms.panel))
        elif found.client != session.sender.lower():
            raise UsageError(f"promise {number} is {found.client}'s", remedy="sign with the key of its client")
        store.keep_promise(number)
    found = reading.promise(number)
    emit(found.data(), f"promise {number} holds until {day(found.terms.last)}", json_out)


@verb("promise", example="keifu reexecute promise 1", access=Access.READ)
@click.argument("number", type=click.IntRange(1))
@json_option
def promise(session: RpcSession, number: int, json_out: bool) -> None:
    """Show promise NUMBER: of whom, about which model, judged how, and how many slots could judge it now."""
    from keifu.reexecution.reading import mature

    reading = reading_of(session)
    found = reading.promise(number)
    slots = reading.slots(found.terms.pool)
    count = sum(1 for _ in mature(slots, session.client.now, (found.operator, found.client)))
    lines = [
        f"promise {number} of {found.operator} to {found.client}: {found.state}",
        f"  model {found.terms.digest.hex()}, {_rule(found)}",
        f"  {found.terms.needed} of {found.terms.panel} members, {coins(found.terms.fee)} coins each;"
        f" {coins(found.terms.restitution)} coins after a conviction",
        _times(found),
        f"  its pool {found.terms.pool.hex()} has {counted(count, 'slot')} that could judge it now",
    ]
    emit({**found.data(), "mature": count}, "\n".join(lines), json_out)


@verb("release", example="keifu reexecute release 1 --role client", access=Access.SEND)
@click.argument("number", type=click.IntRange(1))
@json_option
def release(session: RpcSession, number: int, json_out: bool) -> None:
    """Free promise NUMBER at once, as its client."""
    from keifu.reexecution import actions

    actions.release(session.deployer, suite_of(session), number)
    emit({"promise": number}, f"promise {number} is over", json_out)


@verb("unlock", example="keifu reexecute unlock 3000 --role provider", access=Access.SEND)
@click.argument("amount", type=COINS)
@click.option("--settle", "over", type=click.IntRange(1), multiple=True, help="Promise whose time is over; repeatable.")
@json_option
def unlock(session: RpcSession, amount: int, over: tuple[int, ...], json_out: bool) -> None:
    """Take AMOUNT coins of your lock back that nothing reserves."""
    from keifu.reexecution import actions

    paid = actions.unlock(session.deployer, suite_of(session), amount, over)
    emit({"paid": str(paid)}, f"{coins(paid)} coins were paid to {session.sender}", json_out)


def _times(found: Promise) -> str:
    if not found.since:
        return (
            f"  {coins(found.terms.price)} coins for receipts until {day(found.terms.last)}; it can be accepted until"
            f" {day(found.until)}"
        )
    return f"  receipts until {day(found.terms.last)}, demands until {day(found.until)}"


def _rule(found: Promise) -> str:
    try:
        return found.terms.rule.words
    except InputError as error:
        return error.message
