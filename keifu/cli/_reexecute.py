"""What commands about re-execution share: a tolerance, the suite, and how a demand is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from keifu.units import counted

if TYPE_CHECKING:
    from keifu.chain import Deployment
    from keifu.cli.session import Session
    from keifu.reexecution.reading import Demand, Promise, Reading
    from keifu.reexecution.tolerance import Tolerance

__all__ = ["SUITE", "described", "reading_of", "suite_of", "tolerance_of", "tolerance_options"]

SUITE = ("ReExecution", "AlignmentCourt", "ComputeMarket", "StakingHub", "KeifuToken", "Channels")
WORDS = ("nothing", "agrees", "differs", "unreadable")


def tolerance_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """--rule, --absolute and --relative."""
    for option in (
        click.option("--relative", type=float, default=0.0, help="The same as a part of one's own number."),
        click.option("--absolute", type=float, default=0.0, help="How far a number may be from one's own."),
        click.option(
            "--rule", type=click.Choice(["numbers", "text"]), default="numbers", show_default=True,
            help="What is compared: numbers within both parts, or texts letter by letter.",
        ),
    ):  # fmt: skip
        body = option(body)
    return body


def tolerance_of(rule: str, absolute: float, relative: float) -> Tolerance:
    """Raises UsageError for one that judges nothing."""
    from keifu.reexecution.tolerance import Rule, Tolerance

    return Tolerance(Rule.NUMBERS if rule == "numbers" else Rule.TEXT, absolute, relative)


def suite_of(session: Session) -> Deployment:
    return session.suite(*SUITE)


def reading_of(session: Session) -> Reading:
    from keifu.reexecution.reading import Reading

    return Reading(session.client, suite_of(session), session.record.first_block)


def described(reading: Reading, demand: Demand, promise: Promise) -> tuple[dict[str, Any], str]:
    """A demand as JSON, and in words: what is due, and what each member said."""
    from keifu.reexecution.actions import standing
    from keifu.reexecution.steps import Step

    due = standing(reading, demand, promise, reading.client.now)
    seats = reading.seats(demand, promise)
    rows = [
        {"seat": place, "executor": seat.executor, "sealed": any(seat.seal), "word": WORDS[seat.word],
         "settled": seat.is_settled}
        for place, seat in enumerate(seats)
    ]  # fmt: skip
    document = {**demand.data(), "next": str(due.step), "until": due.until, "seats": rows}
    said = [f"demand {demand.id} of promise {promise.number}, receipt {demand.number} of its channel", due.words]
    said += [f"  seat {row['seat']} {row['executor']}: {_seat_words(row)}" for row in rows]
    if due.step == Step.SEED and (block := reading.seed_block(demand)):
        said.append(_seed_words(demand.id, block, block + 1 - reading.client.rpc.block_number()))
    return document, "\n".join(said)


def _seed_words(demand: int, block: int, missing: int) -> str:
    """What is done about a seed that its contract does not have yet."""
    if missing < 1:
        return f"  block {block:,} makes the seed, and is there: keifu reexecute settle {demand} brings it"
    return (
        f"  block {block:,} makes the seed, it is {counted(missing, 'block')} away; on a local chain:"
        f' keifu chain warp "1 hour" --blocks {missing}'
    )


def _seat_words(row: dict[str, Any]) -> str:
    if row["word"] != WORDS[0]:
        return str(row["word"])
    return "has sealed a word" if row["sealed"] else "has said nothing"
