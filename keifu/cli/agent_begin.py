"""`keifu agent plan` and `begin`: ten chores from one signature. The work is done in keifu/agent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._agents import ACCOUNT, NFT, other_registry
from keifu.cli._print import emit
from keifu.cli._store import CODE
from keifu.cli._types import ADDRESS, COINS, DURATION, ENDPOINT, ENDPOINTS, FOLDER, IN_FILE, IN_FOLDER, Text
from keifu.cli.agent_life import scene_of
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError
from keifu.spec.inft_limits import DATA_KINDS
from keifu.units import COIN, coins, counted

if TYPE_CHECKING:
    from keifu.agent.chores import Chore
    from keifu.agent.wishes import Mind, Rented, Staked, Wishes
    from keifu.cli.session import Session

__all__ = ["begin", "plan"]

LONGEST_TEXT = 2_000


@verb("plan", example="keifu agent plan prompt.txt --kind prompt --out planner --role author", access=Access.SEND)
@click.argument("files", type=IN_FILE, nargs=-1, required=True)
@click.option("--out", "place", type=FOLDER, required=True, help="New folder for the agent: its data and its keys.")
@click.option("--kind", "kinds", type=click.Choice(DATA_KINDS), multiple=True, help="What each file is, in order.")
@json_option
def plan(session: Session, files: tuple[Path, ...], place: Path, kinds: tuple[str, ...], json_out: bool) -> None:
    """Encrypt a new agent's files, and print where its account will be. Nothing is sent: a grant can name it now."""
    from keifu.agent.plan import make_plan

    suite = session.suite(NFT, ACCOUNT)
    made = make_plan(place, suite, session.client.chain_id, session.sender, files, kinds, other_registry(session))
    text = f"{made.account}\ntoken {made.token}; keep {place}"
    emit({"account": made.account, "token": made.token, "session": made.session}, text, json_out)


def _wishes(body: Callable[..., Any]) -> Callable[..., Any]:
    """What the owner wants."""
    for option in (
        click.option("--session-limit", type=COINS, default="1", show_default=True, help="Coins that it pays a day."),
        click.option(
            "--session-for",
            type=DURATION,
            default="30 days",
            show_default=True,
            help="How long the agent's key may act.",
        ),
        click.option("--ask", "path", type=IN_FILE, help="JSON of a whole request instead of the question."),
        click.option(
            "--endpoint",
            type=click.Choice(ENDPOINTS),
            default="chat/completions",
            show_default=True,
            help="What the request is for.",
        ),
        click.option("--question", type=Text(LONGEST_TEXT), default="Who are you?", help="What the agent asks first."),
        click.option("--most", type=click.IntRange(1), default=COIN, help="Wei that one answer may cost."),
        click.option("--deposit", type=COINS, default="1", show_default=True, help="Coins that pay for answers."),
        click.option("--model", type=Text(200), default="promoted", show_default=True, help="The provider's model."),
        click.option("--operator", type=ADDRESS, help="Whose receipts count, with --provider."),
        click.option("--provider", type=ENDPOINT, help="Who answers the agent; without one nothing is asked."),
        click.option("--max-price", type=COINS, help="Coins at most for storing the data; without it nothing is."),
        click.option("--store-for", type=DURATION, default="30 days", show_default=True, help="How long it is stored."),
        click.option("--code", type=CODE, default="10+4", show_default=True, help="Shards of the stored data."),
        click.option("--stake", type=COINS, help="Coins to stake, with --stake-with."),
        click.option("--stake-with", type=ADDRESS, help="The operator with whom."),
        click.option("--uri", type=Text(LONGEST_TEXT), default="", help="Where the file is that describes the agent."),
        click.option("--most-refund", type=COINS, default="1", show_default=True, help="Coins at most for the gas."),
        click.option("--relayer", type=ENDPOINT, required=True, help="Who brings what you sign."),
        click.option("--grant", type=click.IntRange(1), required=True, help="Number of the account's vesting grant."),
    ):
        body = option(body)
    return body


@verb("begin", example="keifu agent begin planner --grant 1 --relayer http://… --role author", access=Access.SEND)
@click.argument("place", metavar="FOLDER", type=IN_FOLDER)
@_wishes
@json_option
def begin(session: Session, place: Path, json_out: bool, **wished: Any) -> None:
    """Mint the agent of FOLDER, make its account, and have a relayer bring the rest by one signature of yours: claim
    the grant, pay for the gas, take an identity, stake, store, deposit, let the agent's key act. Then it asks its first
    question. Whatever interrupts it, the same command goes on; nothing is signed or paid twice.
    """
    wishes = _read(**wished)
    from keifu.agent.chores import CHORES, Chores
    from keifu.agent.plan import load_plan

    found = load_plan(place, session.client.chain_id, session.sender)

    def tell(chore: Chore) -> None:
        if not json_out:
            number = CHORES.index(chore.name) + 1 if chore.name in CHORES else ""
            click.echo(f"{number:>2} {chore.name:<12} {chore.detail or f'{chore.seconds:.2f} s'}")

    done = Chores(scene_of(session), place, found, wishes, tell).run()
    document = {
        "token": done.token, "account": done.account, "session": done.session, "seconds": done.seconds,
        "refund": done.refund, "address": done.address,
    }  # fmt: skip
    words = f"{counted(len(CHORES), 'chore')} by one signature; the relayer was paid {coins(int(done.refund))} coins"
    emit(document, f"{words}\n{done.account}", json_out)


def _read(
    *, grant: int, relayer: str, most_refund: int, uri: str, session_for: int, session_limit: int, **parts: Any
) -> Wishes:
    """Raises UsageError for options that mean nothing without another."""
    for name, other in (("stake", "stake_with"), ("stake_with", "stake"), ("provider", "operator")):
        if parts[name] is not None and parts[other] is None:
            raise UsageError(
                f"--{name.replace('_', '-')} without --{other.replace('_', '-')}", remedy="give both, or none"
            )
    from keifu.agent.wishes import Wishes

    return Wishes(
        grant, relayer, most_refund, uri, _staked(**parts), _rented(**parts), _mind(**parts), session_for, session_limit
    )


def _staked(stake: int | None, stake_with: str | None, **_: Any) -> Staked | None:
    from keifu.agent.wishes import Staked

    return Staked(stake_with, stake) if stake and stake_with else None


def _rented(code: tuple[int, int], store_for: int, max_price: int | None, **_: Any) -> Rented | None:
    from keifu.agent.wishes import Rented

    return None if max_price is None else Rented(code, store_for, max_price)


def _mind(
    provider: str | None,
    operator: str | None,
    model: str,
    deposit: int,
    most: int,
    question: str,
    path: Path | None,
    endpoint: str,
    **_: Any,
) -> Mind | None:
    from keifu.agent.wishes import Mind
    from keifu.cli.infer import request_in

    if not (provider and operator):
        return None
    request = request_in(path) if path else question
    return Mind(provider, operator, model, deposit, most, request, endpoint)
