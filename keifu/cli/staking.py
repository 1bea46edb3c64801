"""`keifu staking`: what operators and delegators do. The work is done in keifu/staking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, COINS, DURATION, Text
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import CheckFailed, UsageError
from keifu.units import coins, day, duration

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.staking.actions import Withdrawal
    from keifu.staking.status import ServiceStatus

__all__ = ["cli"]

SUITE = ("StakingHub", "KeifuToken")
INSURANCE = "Insurance"
MAX_COMMISSION_BPS = 10_000
MAX_METADATA_BYTES = 256
MAX_MULTIPLE = 4

cli = Noun("staking", help="Lock, delegate, collect rewards and leave.", example="keifu staking status")
service_option = click.option("--service", type=ADDRESS, required=True, help="Address of the service.")
operator_option = click.option("--operator", type=ADDRESS, required=True, help="Address of the operator.")


@cli.verb("status", example="keifu staking status --json", access=Access.READ)
@json_option
def status(session: Session, json_out: bool) -> None:
    """Show what every operator has at stake, and how much more can be delegated to it."""
    from keifu.keys import checksum
    from keifu.staking import find_operators, find_services, read_operators

    hub, first = session.suite(SUITE[0]).at(session.client, SUITE[0]), session.record.first_block
    services = find_services(session.client, hub, first)
    found = read_operators(hub, find_operators(session.client, hub, first), services)
    if json_out:
        emit({"operators": [operator.data() for operator in found]}, "", json_out)
        return
    columns = ("operator", "locked", "bound", "delegated", "room", "leaving", "commission", "share price")
    rows = [
        (
            checksum(row.operator),
            coins(row.locked),
            coins(row.bound),
            coins(row.delegated),
            coins(row.capacity),
            coins(row.unbonding),
            f"{row.commission_bps / 100:.2f} %",
            f"{row.price:.6f}",
        )
        for row in found
    ]
    table(columns, rows, empty="no operator has registered")


@cli.verb("services", example="keifu staking services --json", access=Access.READ)
@json_option
def services(session: Session, json_out: bool) -> None:
    """Show every service that operators can put coins behind, with its terms."""
    from keifu.keys import checksum
    from keifu.staking import find_services, read_services

    hub = session.suite(SUITE[0]).at(session.client, SUITE[0])
    listed = find_services(session.client, hub, session.record.first_block)
    found = read_services(session.client, hub, listed)
    if json_out:
        emit({"services": [service.data() for service in found]}, "", json_out)
        return
    names = {address: name for name, address in session.record.contracts.items()}
    columns = ("service", "name", "horizon", "evidence window", "decided by", "multiple", "restitution", "removed")
    rows = [
        (
            checksum(row.service),
            names.get(row.service, ""),
            duration(row.horizon),
            "" if row.evidence_window is None else duration(row.evidence_window),
            "" if row.rounds is None else names.get(row.court, row.court) if row.court else "itself",
            f"up to {row.max_multiple}" if row.max_multiple else "none",
            _restitution(row),
            day(row.removed) if row.removed else "",
        )
        for row in found
    ]
    table(columns, rows, empty="no service was ever listed")


@cli.verb("refunds", example="keifu staking refunds --service 0x… --json", access=Access.READ)
@service_option
@json_option
def refunds(session: Session, service: str, json_out: bool) -> None:
    """Compute from the hub's log who lost what to a service, and the list by which the insurance gives it back. The
    status is 1 when another list was opened."""
    from keifu.keys import checksum
    from keifu.staking import read_refunds

    suite = session.suite(SUITE[0], INSURANCE)
    hub, insurance = (suite.at(session.client, name) for name in (SUITE[0], INSURANCE))
    found = read_refunds(session.client, hub, insurance, service, session.record.first_block)
    if found.opened not in (b"", found.root):
        raise CheckFailed(
            f"{service}: the list with root 0x{found.opened.hex()} was opened; the log gives 0x{found.root.hex()}",
            remedy="compare both: keifu staking refunds --json writes the list that the log gives",
        )
    if json_out:
        emit(found.data(), "", json_out)
        return
    rows = [(checksum(loser), coins(int(found.lost[loser])), coins(wei)) for loser, wei in sorted(found.rows.items())]
    table(("loser", "lost", "gets back"), rows, empty=f"{service} took nothing that can be given back")
    if rows:
        until = f"from {day(found.over_at)} on" if found.over_at else "once it was removed and its horizon is over"
        state = "this list is open" if found.opened else f"it can be opened {until}"
        click.echo(f"root 0x{found.root.hex()}, {found.amount} wei: {state}")


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


@cli.verb("register", example="keifu staking register --commission 500 --role operator", access=Access.SEND)
@click.option(
    "--commission", "commission_bps", type=click.IntRange(0, MAX_COMMISSION_BPS), default=500, show_default=True,
    help="Part of the delegators' rewards, in basis points.",
)  # fmt: skip
@click.option("--metadata", type=Text(MAX_METADATA_BYTES), default="", help="URI of a description.")
@json_option
def register(session: Session, commission_bps: int, metadata: str, json_out: bool) -> None:
    """Become an operator, or announce other terms."""
    from keifu.staking import actions

    actions.register(session.deployer, session.suite(*SUITE), commission_bps, metadata)
    document = {"operator": session.sender, "commission_bps": commission_bps}
    emit(document, f"{session.sender} is an operator with a commission of {commission_bps / 100:.2f} %", json_out)


@cli.verb("lock", example="keifu staking lock --service 0x… --amount 1000 --role operator", access=Access.SEND)
@service_option
@click.option("--amount", type=COINS, required=True, help="Coins to put behind the service.")
@click.option("--operator", type=ADDRESS, help="Whose lock grows.  [default: the sender's]")
@json_option
def lock(session: Session, service: str, amount: int, operator: str | None, json_out: bool) -> None:
    """Lock your coins behind a service: they back your promises there, and only the service can free them."""
    from keifu.staking import actions

    _require_some(amount)
    who = operator or session.sender
    locked = actions.lock(session.deployer, session.suite(*SUITE), service, who, amount)
    document = {"service": service, "operator": who, "amount": str(amount), "locked": str(locked)}
    emit(document, f"{coins(amount)} coins locked behind {service}; {coins(locked)} coins are there now", json_out)


@cli.verb(
    "set-multiple", example="keifu staking set-multiple --service 0x… --multiple 2 --role operator", access=Access.SEND
)
@service_option
@click.option(
    "--multiple",
    type=click.IntRange(0, MAX_MULTIPLE),
    required=True,
    help="How many times your penalty your delegators may lose.",
)
@json_option
def set_multiple(session: Session, service: str, multiple: int, json_out: bool) -> None:
    """Choose your multiple at a service: how many times your penalty your delegators may lose, and so how many coins
    can be delegated."""
    from keifu.staking import actions

    since = actions.set_multiple(session.deployer, session.suite(*SUITE), service, multiple)
    message = f"delegators stand behind {service} with {multiple} times the penalty; that counts from {day(since)} on"
    emit({"service": service, "multiple": multiple, "since": since}, message, json_out)


@cli.verb("take-back", example="keifu staking take-back --service 0x… --role operator", access=Access.SEND)
@service_option
@json_option
def take_back(session: Session, service: str, json_out: bool) -> None:
    """Take your lock back from a service that was removed, once its horizon is over."""
    from keifu.staking import actions

    paid = actions.take_back(session.deployer, session.suite(*SUITE), service)
    emit({"service": service, "paid": str(paid)}, f"{coins(paid)} coins paid", json_out)


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


@cli.verb("reward", example="keifu staking reward --operator 0x… --amount 70 --role deployer", access=Access.SEND)
@operator_option
@click.option("--amount", type=COINS, required=True, help="Coins to pay.")
@json_option
def reward(session: Session, operator: str, amount: int, json_out: bool) -> None:
    """Pay a fee to an operator and its delegators: coins that were staked for the whole epoch share it at its end."""
    from keifu.staking import actions

    _require_some(amount)
    actions.reward(session.deployer, session.suite(*SUITE), operator, amount)
    emit({"operator": operator, "amount": str(amount)}, f"{coins(amount)} coins paid to {operator}", json_out)


@cli.verb("rewards", example="keifu staking rewards --operator 0x… --role delegator", access=Access.SEND)
@operator_option
@json_option
def rewards(session: Session, operator: str, json_out: bool) -> None:
    """Claim the rewards that your stake with an operator has earned."""
    from keifu.staking import actions

    paid = actions.claim_rewards(session.deployer, session.suite(*SUITE), operator)
    message = f"{coins(paid)} coins of rewards paid" if paid else "no rewards are due now"
    emit({"operator": operator, "paid": str(paid)}, message, json_out)


@cli.verb("collect", example="keifu staking collect --role operator", access=Access.SEND)
@json_option
def collect(session: Session, json_out: bool) -> None:
    """Collect your credit: coins that a service freed, rewards, commission, or damages for a service."""
    from keifu.staking import actions

    paid = actions.collect(session.deployer, session.suite(*SUITE))
    emit({"paid": str(paid)}, f"{coins(paid)} coins paid" if paid else "nothing is due now", json_out)


@cli.verb(
    "list-service",
    example='keifu staking list-service --service 0x… --horizon "26 days" --max-multiple 4 --role deployer',
    access=Access.SEND,
)
@service_option
@click.option("--horizon", type=DURATION, required=True, help="Longest time from a fault to its slash.")
@click.option(
    "--max-multiple", type=click.IntRange(0, MAX_MULTIPLE), default=0, show_default=True,
    help="Highest multiple that operators may choose there.",
)  # fmt: skip
@json_option
def list_service(session: Session, service: str, horizon: int, max_multiple: int, json_out: bool) -> None:
    """List a service through the timelock, so that operators can lock coins behind it: run it again after the delay."""
    from keifu.chain.services import require_horizon
    from keifu.staking.owner import TIMELOCK, queue_or_execute

    suite = session.suite(SUITE[0], TIMELOCK)
    session.require_code(service, "a service")
    require_horizon(session.deployer, service, horizon)
    terms = (service, horizon, max_multiple)
    ready = queue_or_execute(session.client, session.deployer, suite, SUITE[0], "list_service", *terms)
    message = f"queued; run this again from {day(ready)} on" if ready else f"{service} is listed"
    emit({"service": service, "listed": not ready, "ready": ready}, message, json_out)


@cli.verb("remove-service", example="keifu staking remove-service --service 0x… --role deployer", access=Access.SEND)
@service_option
@json_option
def remove_service(session: Session, service: str, json_out: bool) -> None:
    """Remove a service through the timelock: it can make no new promises. Run it again after the delay."""
    from keifu.staking.owner import TIMELOCK, queue_or_execute

    suite = session.suite(SUITE[0], TIMELOCK)
    ready = queue_or_execute(session.client, session.deployer, suite, SUITE[0], "remove_service", service)
    message = f"queued; run this again from {day(ready)} on" if ready else f"{service} is removed"
    emit({"service": service, "removed": not ready, "ready": ready}, message, json_out)


@cli.verb("withdraw", example="keifu staking withdraw --operator 0x… --role delegator", access=Access.SEND)
@operator_option
@json_option
def withdraw(session: Session, operator: str, json_out: bool) -> None:
    """Withdraw everything of your stake with an operator that has matured."""
    from keifu.staking import actions

    suite = session.suite(*SUITE)
    done = actions.withdraw(session.deployer, suite, operator, session.client.now)
    emit(
        {"paid": str(done.paid), **_waiting(done)},
        "\n".join([f"{coins(done.paid)} coins paid out", *_lines(done)]),
        json_out,
    )


@cli.verb("exit", example="keifu staking exit --operator 0x… --role delegator", access=Access.SEND)
@operator_option
@json_option
def leave(session: Session, operator: str, json_out: bool) -> None:
    """Claim rewards, ask for all your stake, and withdraw what has matured; run it again later for the rest."""
    from keifu.staking import actions

    suite = session.suite(*SUITE)
    done = actions.leave(session.deployer, suite, operator, session.client.now)
    lines = [f"{coins(done.asked)} coins asked for, {coins(done.paid)} paid out", *_lines(done)]
    emit({"asked": str(done.asked), "paid": str(done.paid), **_waiting(done)}, "\n".join(lines), json_out)


def _restitution(service: ServiceStatus) -> str:
    """What a client can get of a promise there, at least and at most."""
    if not service.largest:
        return ""
    least = service.smallest or 0
    return (
        f"{coins(service.largest)} coins"
        if least == service.largest
        else f"{coins(least)} to {coins(service.largest)} coins"
    )


def _require_some(amount: int) -> None:
    if amount <= 0:
        raise UsageError("--amount is zero", remedy="give an amount of coins above zero")


def _waiting(done: Withdrawal) -> dict[str, Any]:
    return {"waiting": [ticket.data() for ticket in done.waiting]}


def _lines(done: Withdrawal) -> list[str]:
    return [f"{coins(ticket.amount)} coins can be withdrawn from {day(ticket.at)} on" for ticket in done.waiting]
