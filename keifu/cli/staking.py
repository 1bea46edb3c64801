"""`keifu staking`: what operators and delegators do. Thin: what is done stands in keifu/staking."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, COINS, DURATION, Text
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import UsageError
from keifu.units import coins, day

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.staking.actions import Withdrawal

__all__ = ["cli"]

SUITE = ("StakingHub", "KeifuToken")
MAX_COMMISSION_BPS = 10_000
MAX_METADATA_BYTES = 256
MAX_PAYOUT_BPS = 8_000

cli = Noun("staking", help="Bond, delegate, collect rewards and leave.", example="keifu staking status")
service_option = click.option("--service", type=ADDRESS, required=True, help="Address of the service.")
operator_option = click.option("--operator", type=ADDRESS, required=True, help="Address of the operator.")


@cli.verb("status", example="keifu staking status --json", access=Access.READ)
@json_option
def status(session: Session, json_out: bool) -> None:
    """Show what every operator has at stake."""
    from keifu.keys import checksum
    from keifu.staking import find_operators, read_operators

    hub = session.suite(SUITE[0]).at(session.client, SUITE[0])
    first_block = session.record.creations[SUITE[0]].block
    found = read_operators(hub, find_operators(session.client, hub, first_block=first_block))
    if json_out:
        emit({"operators": [operator.data() for operator in found]}, "", json_out)
        return
    columns = ("operator", "bond", "delegated", "leaving", "committed", "commission", "share price", "jailed")
    rows = [
        (
            checksum(row.operator),
            coins(row.bond),
            coins(row.delegated),
            coins(row.unbonding + row.bond_leaving),
            coins(row.committed),
            f"{row.commission_bps / 100:.2f} %",
            f"{row.price:.6f}",
            "yes" if row.jailed else "",
        )
        for row in found
    ]
    table(columns, rows, empty="no operator has registered")


@cli.verb("position", example="keifu staking position --operator 0x… --of 0x…", access=Access.READ)
@operator_option
@click.option("--of", "owner", type=ADDRESS, required=True, help="Whose stake.")
@json_option
def position(session: Session, operator: str, owner: str, json_out: bool) -> None:
    """Show what an account has staked with an operator, its rewards, and what is leaving."""
    from keifu.staking import actions

    found = actions.position(session.suite(SUITE[0]).at(session.client, SUITE[0]), operator, owner, session.client.now)
    waiting = [ticket.data() for ticket in found.tickets]
    document = {"shares": str(found.shares), "worth": str(found.worth), "rewards": str(found.rewards)}
    lines = [
        f"{coins(found.worth)} coins staked ({coins(found.shares)} shares), {coins(found.rewards)} coins of rewards"
    ]
    lines += [f"{coins(ticket.amount)} coins leave on {day(ticket.at)}" for ticket in found.tickets]
    emit({**document, "tickets": waiting}, "\n".join(lines), json_out)


@cli.verb("register", example="keifu staking register --bond 1000 --commission 500 --role operator", access=Access.SEND)
@click.option(
    "--commission", "commission_bps", type=click.IntRange(0, MAX_COMMISSION_BPS), default=500, show_default=True,
    help="Part of the delegators' rewards, in basis points.",
)  # fmt: skip
@click.option("--metadata", type=Text(MAX_METADATA_BYTES), default="", help="URI of a description.")
@click.option("--bond", type=COINS, default="0", help="Coins to add to the own bond.")
@json_option
def register(session: Session, commission_bps: int, metadata: str, bond: int, json_out: bool) -> None:
    """Become an operator or change one's terms, and add to the own bond."""
    from keifu.staking import actions

    suite = session.suite(*SUITE)
    actions.register(session.deployer, suite, commission_bps, metadata, bond)
    document = {"operator": session.sender, "commission_bps": commission_bps, "bond_added": str(bond)}
    emit(document, f"{session.sender} is an operator; {coins(bond)} coins were added to its bond", json_out)


@cli.verb("unbond", example="keifu staking unbond --amount 100 --role operator", access=Access.SEND)
@click.option("--amount", type=COINS, required=True, help="Coins to take out of the own bond.")
@json_option
def unbond(session: Session, amount: int, json_out: bool) -> None:
    """Begin to take coins out of the own bond; `withdraw` pays them when they have matured."""
    from keifu.staking import actions

    _require_some(amount)
    at = actions.unbond(session.deployer, session.suite(*SUITE), amount)
    emit({"amount": str(amount), "at": at}, f"{coins(amount)} coins can be withdrawn from {day(at)} on", json_out)


@cli.verb("delegate", example="keifu staking delegate --operator 0x… --amount 100 --role delegator", access=Access.SEND)
@operator_option
@click.option("--amount", type=COINS, required=True, help="Coins to stake.")
@json_option
def delegate(session: Session, operator: str, amount: int, json_out: bool) -> None:
    """Stake coins with an operator."""
    from keifu.staking import actions

    _require_some(amount)
    shares = actions.delegate(session.deployer, session.suite(*SUITE), operator, amount)
    document = {"operator": operator, "amount": str(amount), "shares": str(shares)}
    emit(document, f"{coins(amount)} coins staked with {operator}; {coins(shares)} shares held there now", json_out)


@cli.verb("commit", example="keifu staking commit --service 0x… --amount 500 --role operator", access=Access.SEND)
@service_option
@click.option("--amount", type=COINS, required=True, help="Coins more that the service may take.")
@json_option
def commit(session: Session, service: str, amount: int, json_out: bool) -> None:
    """Promise a service a part of one's stake, which it may take for a fault."""
    from keifu.staking import actions

    _change_commitment(actions.commit, "more", session, service, amount, json_out)


@cli.verb("uncommit", example="keifu staking uncommit --service 0x… --amount 500 --role operator", access=Access.SEND)
@service_option
@click.option("--amount", type=COINS, required=True, help="Coins less that the service may take.")
@json_option
def uncommit(session: Session, service: str, amount: int, json_out: bool) -> None:
    """Take a promise back, after the time that the service needs to prove a fault."""
    from keifu.staking import actions

    _change_commitment(actions.uncommit, "less", session, service, amount, json_out)


def _change_commitment(
    change: Callable[..., int], direction: str, session: Session, service: str, amount: int, json_out: bool
) -> None:
    """Send a change of a commitment, and say since when it counts."""
    _require_some(amount)
    since = change(session.deployer, session.suite(*SUITE), service, amount)
    told = f"{coins(amount)} coins {direction} are committed to {service}; that counts from {day(since)} on"
    emit({"service": service, "amount": str(amount), "since": since}, told, json_out)


@cli.verb("reward", example="keifu staking reward --operator 0x… --amount 70 --role deployer", access=Access.SEND)
@operator_option
@click.option("--amount", type=COINS, required=True, help="Coins to pay.")
@json_option
def reward(session: Session, operator: str, amount: int, json_out: bool) -> None:
    """Pay a fee to an operator and its delegators: they earn it over the next epoch."""
    from keifu.staking import actions

    _require_some(amount)
    actions.reward(session.deployer, session.suite(*SUITE), operator, amount)
    emit({"operator": operator, "amount": str(amount)}, f"{coins(amount)} coins paid to {operator}", json_out)


@cli.verb("rewards", example="keifu staking rewards --operator 0x… --role delegator", access=Access.SEND)
@operator_option
@json_option
def rewards(session: Session, operator: str, json_out: bool) -> None:
    """Claim the rewards that one's stake with an operator has earned."""
    from keifu.staking import actions

    paid = actions.claim_rewards(session.deployer, session.suite(*SUITE), operator)
    told = f"{coins(paid)} coins of rewards paid" if paid else "no rewards are due now"
    emit({"operator": operator, "paid": str(paid)}, told, json_out)


@cli.verb("collect", example="keifu staking collect --role operator", access=Access.SEND)
@json_option
def collect(session: Session, json_out: bool) -> None:
    """Collect one's credit: commission, the bond's rewards, restitution, a prover's part."""
    from keifu.staking import actions

    paid = actions.collect(session.deployer, session.suite(*SUITE))
    emit({"paid": str(paid)}, f"{coins(paid)} coins paid" if paid else "nothing is due now", json_out)


@cli.verb("unjail", example="keifu staking unjail --role operator", access=Access.SEND)
@json_option
def unjail(session: Session, json_out: bool) -> None:
    """Take delegations again after a slash, once the jail time is over and the bond is whole."""
    session.deployer.call(session.suite(*SUITE)[SUITE[0]], SUITE[0], "unjail")
    emit({"operator": session.sender}, f"{session.sender} takes delegations again", json_out)


@cli.verb(
    "list-service",
    example='keifu staking list-service --service 0x… --horizon "11 days" --role deployer',
    access=Access.SEND,
)
@service_option
@click.option("--horizon", type=DURATION, required=True, help="Longest time from a fault to its executed slash.")
@click.option(
    "--victim", "victim_bps", type=click.IntRange(0, MAX_PAYOUT_BPS), default=0, show_default=True,
    help="Part of a slashed bond for the victim, in basis points.",
)  # fmt: skip
@click.option(
    "--prover", "prover_bps", type=click.IntRange(0, MAX_PAYOUT_BPS), default=0, show_default=True,
    help="Part of a slashed bond for whoever proved the fault, in basis points.",
)  # fmt: skip
@click.option("--arbiter", type=ADDRESS, help="Who may slash in the service's name, such as the court.")
@json_option
def list_service(
    session: Session,
    service: str,
    horizon: int,
    victim_bps: int,
    prover_bps: int,
    arbiter: str | None,
    json_out: bool,
) -> None:
    """Let operators commit to a service, through the timelock: run it again after the delay."""
    from ethwire.constants import ZERO_ADDRESS
    from keifu.staking.owner import TIMELOCK, queue_or_execute

    suite = session.suite(SUITE[0], TIMELOCK)
    terms = (service, horizon, victim_bps, prover_bps, arbiter or ZERO_ADDRESS)
    ready = queue_or_execute(session.client, session.deployer, suite, SUITE[0], "list_service", *terms)
    told = f"queued; run this again from {day(ready)} on" if ready else f"{service} is listed"
    emit({"service": service, "listed": not ready, "ready": ready}, told, json_out)


@cli.verb("withdraw", example="keifu staking withdraw --operator 0x… --role delegator", access=Access.SEND)
@operator_option
@json_option
def withdraw(session: Session, operator: str, json_out: bool) -> None:
    """Take out everything that has matured: stake with an operator, and the own bond there."""
    from keifu.staking import actions

    suite = session.suite(*SUITE)
    done = actions.withdraw(session.deployer, suite, operator, session.client.now)
    emit(
        {"paid": str(done.paid), **_waiting(done)},
        "\n".join([f"{coins(done.paid)} coins paid out", *_told(done)]),
        json_out,
    )


@cli.verb("exit", example="keifu staking exit --operator 0x… --role delegator", access=Access.SEND)
@operator_option
@json_option
def leave(session: Session, operator: str, json_out: bool) -> None:
    """Ask for everything at an operator and withdraw what has matured; run it again later for the rest."""
    from keifu.staking import actions

    suite = session.suite(*SUITE)
    done = actions.leave(session.deployer, suite, operator, session.client.now)
    lines = [f"{coins(done.asked)} coins asked for, {coins(done.paid)} paid out", *_told(done)]
    emit({"asked": str(done.asked), "paid": str(done.paid), **_waiting(done)}, "\n".join(lines), json_out)


def _require_some(amount: int) -> None:
    if amount <= 0:
        raise UsageError("--amount is zero", remedy="give an amount of coins above zero")


def _waiting(done: Withdrawal) -> dict[str, Any]:
    return {"waiting": [ticket.data() for ticket in done.waiting]}


def _told(done: Withdrawal) -> list[str]:
    return [f"{coins(ticket.amount)} coins can be withdrawn from {day(ticket.at)} on" for ticket in done.waiting]
