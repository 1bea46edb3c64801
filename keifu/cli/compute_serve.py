"""`keifu compute serve` and what else operators do at the market. The work is done in keifu/compute/market."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._market import AMOUNT, environment_option, market_of, suite_of
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, BYTES32, COINS, DURATION, Text
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError
from keifu.units import coins, day

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.compute.market import Announced, ServiceState
    from keifu.compute.promises import Offer

__all__ = ["end", "lock", "prices", "serve", "settle", "show", "unlock", "withdraw"]

LONGEST_ENDPOINT = 256


def _priced(usual: int | None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What answers cost; `usual` is for who does not say."""
    word = "  [default: as now]" if usual is None else f"  [default: {usual}]"

    def add(body: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option("--credit", type=AMOUNT, default=usual, help=f"Unpaid work that a channel may have.{word}"),
            click.option("--million-out", type=AMOUNT, default=usual, help=f"Price of a million units out.{word}"),
            click.option("--million-in", type=AMOUNT, default=usual, help=f"Price of a million units in.{word}"),
            click.option(
                "--request", type=AMOUNT, default=usual, help=f"Price of a request, in the token's smallest unit.{word}"
            ),
        ):
            body = option(body)
        return body

    return add


def _promises(body: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--channel", "channels", type=BYTES32, multiple=True, help="Channel whose cover is over."),
        click.option(
            "--environment", "environments", type=BYTES32, multiple=True, help="Environment whose service is over."
        ),
    ):
        body = option(body)
    return body


@verb("serve", example="keifu compute serve --endpoint https://… --request 1000 --role operator", access=Access.SEND)
@environment_option
@click.option("--endpoint", type=Text(LONGEST_ENDPOINT), required=True, help="Where clients find it.")
@_priced(0)
@click.option("--interval", type=DURATION, default="1 hour", help="Longest time between two claims.  [default: 1 hour]")
@click.option("--token", type=ADDRESS, help="In what channels pay.  [default: the suite's coin]")
@click.option("--for", "seconds", type=DURATION, default="30 days", help="How long you promise it.  [default: 30 days]")
@json_option
def serve(
    session: Session,
    environment: bytes,
    endpoint: str,
    request: int,
    million_in: int,
    million_out: int,
    credit: int,
    interval: int,
    token: str | None,
    seconds: int,
    json_out: bool,
) -> None:
    """Promise, as an operator, that your receipts about an environment are true, or prolong that promise. Its first
    offer counts at once, another one a day later. For an environment, heartbeats have to bind you as long."""
    from keifu.chain.suite import TOKEN
    from keifu.compute.market import read_service, services
    from keifu.compute.promises import Offer

    suite = suite_of(session)
    offer = Offer(token or suite[TOKEN], request, million_in, million_out, credit, interval)
    services.serve(session.deployer, suite, environment, offer, endpoint, session.client.now + seconds)
    state = read_service(market_of(session), session.sender, environment)
    said = f"{session.sender} answers for its receipts until {day(state.last)} with {coins(state.reserve)} coins"
    document = {"operator": session.sender, "environment": environment.hex(), **state.data(), "offer": offer.data()}
    emit(document, said, json_out)


@verb("prices", example="keifu compute prices --request 2000 --role operator", access=Access.SEND)
@environment_option
@_priced(None)
@json_option
def prices(
    session: Session,
    environment: bytes,
    request: int | None,
    million_in: int | None,
    million_out: int | None,
    credit: int | None,
    json_out: bool,
) -> None:
    """Announce other prices of your running service: they count a day later. What you do not name stays."""
    from keifu.compute.market import offers_of, services
    from keifu.compute.market.services import served_of

    wanted = {"request": request, "input_units": million_in, "output_units": million_out, "credit": credit}
    changes = {name: value for name, value in wanted.items() if value is not None}
    if not changes:
        raise UsageError("no price is named", remedy="--request, --million-in, --million-out or --credit")
    where = (session.client, market_of(session), session.sender, environment, session.record.first_block)
    offers, served = offers_of(*where), served_of(*where)
    if not offers or served is None:
        raise UsageError(f"{session.sender} serves no such environment", remedy="keifu compute serve")
    offer = _changed(offers[-1].offer, changes)
    since = services.change_offer(session.deployer, suite_of(session), environment, offer, served.endpoint)
    emit({"offer": offer.data(), "since": since}, f"{_words(offer)}, from {day(since)} on", json_out)


@verb("end", example="keifu compute end --role operator", access=Access.SEND)
@environment_option
@click.option("--of", "operator", type=ADDRESS, help="Whose service, once the market is removed.  [default: yours]")
@json_option
def end(session: Session, environment: bytes, operator: str | None, json_out: bool) -> None:
    """End your service early. What it reserves stays reserved for the evidence window."""
    from keifu.compute.market import read_service, services

    whose = operator or session.sender
    services.end(session.deployer, suite_of(session), environment, whose)
    state = read_service(market_of(session), whose, environment)
    said = f"ended; {coins(state.reserve)} coins are free after {day(state.until)}: keifu compute settle"
    emit({"operator": whose, "environment": environment.hex(), **state.data()}, said, json_out)


@verb("settle", example="keifu compute settle --environment 0x… --of 0x… --role operator", access=Access.SEND)
@_promises
@click.option("--of", "operator", type=ADDRESS, help="Whose promises.  [default: yours]")
@json_option
def settle(
    session: Session,
    environments: tuple[bytes, ...],
    channels: tuple[bytes, ...],
    operator: str | None,
    json_out: bool,
) -> None:
    """Free what an operator's services and covers reserve whose evidence windows are over."""
    from keifu.compute.market import services

    if not environments and not channels:
        raise UsageError("no promise is named", remedy="--environment or --channel")
    whose = operator or session.sender
    services.settle(session.deployer, suite_of(session), whose, environments, channels)
    reserved = market_of(session).reserved(whose)
    emit({"operator": whose, "reserved": str(reserved)}, f"{coins(reserved)} coins stay reserved", json_out)


@verb("lock", example="keifu compute lock 1000 --role operator", access=Access.SEND)
@click.argument("amount", type=COINS)
@json_option
def lock(session: Session, amount: int, json_out: bool) -> None:
    """Put coins of yours behind your promises at the market. Register as an operator first: keifu staking register."""
    from keifu.compute.market import services

    whole = services.lock_coins(session.deployer, suite_of(session), amount)
    document = {"operator": session.sender, "locked": str(whole)}
    emit(document, f"{coins(whole)} coins of {session.sender} are locked behind the market", json_out)


@verb("unlock", example="keifu compute unlock 500 --role operator", access=Access.SEND)
@click.argument("amount", type=COINS)
@_promises
@json_option
def unlock(
    session: Session, amount: int, environments: tuple[bytes, ...], channels: tuple[bytes, ...], json_out: bool
) -> None:
    """Take coins back that no promise needs, after settling what you name."""
    from keifu.chain.suite import COMPUTE, HUB
    from keifu.compute.market import services

    suite = suite_of(session)
    services.unlock(session.deployer, suite, amount, environments, channels)
    left = suite.at(session.client, HUB).lock_of(suite[COMPUTE], session.sender)
    emit({"operator": session.sender, "locked": str(left)}, f"{coins(left)} coins stay locked", json_out)


@verb("withdraw", example="keifu compute withdraw --role operator", access=Access.SEND)
@click.option("--to", "receiver", type=ADDRESS, help="Who is paid.  [default: you]")
@json_option
def withdraw(session: Session, receiver: str | None, json_out: bool) -> None:
    """Withdraw what the market and its orders have credited to you: rewards, restitutions, bonds and fees."""
    from keifu.chain.suite import COMPUTE, ORDERS
    from keifu.compute.market import services

    whose = receiver or session.sender
    paid = services.withdraw_each(session.deployer, suite_of(session), whose, (COMPUTE, ORDERS))
    said = f"{coins(paid)} coins were paid to {whose}" if paid else "nothing was credited"
    emit({"paid": str(paid), "receiver": whose}, said, json_out)


@verb("show", example="keifu compute show --of 0x…", access=Access.READ)
@click.option("--of", "operator", type=ADDRESS, required=True, help="Whose services.")
@json_option
def show(session: Session, operator: str, json_out: bool) -> None:
    """Show what an operator serves: until when, where, and for how much now and soon, and the coins behind it."""
    from keifu.chain.logs import find_events
    from keifu.chain.suite import COMPUTE, HUB
    from keifu.compute.market import offers_of, read_service
    from keifu.compute.market.services import served_of

    suite, market, first = suite_of(session), market_of(session), session.record.first_block
    served = find_events(session.client, market, "Served", first, operator=operator)
    environments = list(dict.fromkeys(bytes(log.args["environment"]) for log in served))
    locked = suite.at(session.client, HUB).lock_of(suite[COMPUTE], operator)
    reserved, credited = market.reserved(operator), market.credits(operator)
    found = []
    lines = [f"{coins(locked)} coins locked, {coins(reserved)} reserved, {coins(credited)} credited"]
    for environment in environments:
        where = (session.client, market, operator, environment, first)
        state, offers, said = read_service(market, operator, environment), offers_of(*where), served_of(*where)
        endpoint = said.endpoint if said else ""
        offered = [item.data() for item in offers]
        found.append({"environment": environment.hex(), **state.data(), "endpoint": endpoint, "offers": offered})
        lines += _service_lines(environment, state, endpoint, offers, session.client.now)
    amounts = {"locked": str(locked), "reserved": str(reserved), "credited": str(credited)}
    emit({"operator": operator, **amounts, "services": found}, "\n".join(lines), json_out)


def _service_lines(
    environment: bytes, state: ServiceState, endpoint: str, offers: list[Announced], now: int
) -> list[str]:
    name = environment.hex() if any(environment) else "no environment"
    if not state.runs(now) or state.last == now:  # a block without successors is a local chain's now for long
        return [f"{name}: not served now"]
    lines = [f"{name}: until {day(state.last)} at {endpoint}, {coins(state.reserve)} coins answer for it"]
    current = [item for item in offers if item.since <= now][-1:]
    later = [item for item in offers if item.since > now]
    lines += [f"  {_words(item.offer)}" for item in current]
    return lines + [f"  {_words(item.offer)}, from {day(item.since)} on" for item in later]


def _words(offer: Offer) -> str:
    units = f"{offer.input_units} a million units in, {offer.output_units} out"
    return f"{offer.request} a request, {units}; credit {offer.credit}; in {offer.token}"


def _changed(offer: Offer, changes: dict[str, Any]) -> Offer:
    from dataclasses import replace

    return replace(offer, **changes)
