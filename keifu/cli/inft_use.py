"""`keifu inft`: who may use a token's data, and who may attest its transfers. The work is done in keifu/inft."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._agents import NFT, TOKEN, VERIFIER, contract, first_block, token_argument, token_number
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, COINS, DURATION, Id
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, UsageError
from keifu.spec.inft_limits import LONGEST_LEASE, LONGEST_OFFER, MAX_QUOTA
from keifu.units import coins, counted, day, duration

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.inft.status import LeaseOffer

__all__ = [
    "assistant", "attestors", "authorize", "burn", "join", "lease", "lease_options", "name_attestor", "offer",
    "require_short", "revoke", "show_lease", "use",
]  # fmt: skip


def lease_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """On what terms a token's data is leased."""
    for option in (
        click.option(
            "--open", "opened", type=DURATION, default="90 days", show_default=True, help="How long the offer stands."
        ),
        click.option("--scope", type=click.IntRange(1, 255), help="A bit for each data item.  [default: all items]"),
        click.option("--uses", type=click.IntRange(1, MAX_QUOTA), required=True, help="How many uses it has."),
        click.option("--for", "length", type=DURATION, required=True, help="How long a lease lasts; 180 days at most."),
        click.option("--price", type=COINS, required=True, help="Coins of a lease."),
    ):
        body = option(body)
    return body


def require_short(length: int, opened: int) -> None:
    """Raises UsageError for terms that no token takes."""
    for option, value, longest in (("--for", length, LONGEST_LEASE), ("--open", opened, LONGEST_OFFER)):
        if value > longest:
            raise UsageError(f"{option} is longer than {duration(longest)}", remedy=f"at most {duration(longest)}")


def show_lease(terms: LeaseOffer, number: int, json_out: bool) -> None:
    said = f"{counted(terms.quota, 'use')} in {duration(terms.duration)} for {coins(terms.price)} coins"
    document = {"token": f"{number:064x}", "price": str(terms.price), "open_until": terms.open_until}
    emit(document, f"{said}, until {day(terms.open_until)}", json_out)


user_option = click.option("--user", type=ADDRESS, required=True, help="Who may use the data.")


@verb("authorize", example="keifu inft authorize 3fa1 --user 0x… --role author", access=Access.SEND)
@token_argument
@user_option
@json_option
def authorize(session: Session, token: Id, user: str, json_out: bool) -> None:
    """Let somebody use a token's data for nothing; it ends when the token changes hands."""
    from keifu.inft import actions

    suite, number = session.suite(NFT), token_number(session, token)
    actions.authorize(session.deployer, suite, number, user)
    emit({"token": f"{number:064x}", "user": user}, f"{user} may use the data until the token changes hands", json_out)


@verb("revoke", example="keifu inft revoke 3fa1 --user 0x… --role author", access=Access.SEND)
@token_argument
@user_option
@json_option
def revoke(session: Session, token: Id, user: str, json_out: bool) -> None:
    """End a free authorisation; a lease that was paid for is not touched."""
    from keifu.inft import actions

    suite, number = session.suite(NFT), token_number(session, token)
    actions.revoke(session.deployer, suite, number, user)
    emit({"token": f"{number:064x}", "user": user}, f"{user} may not use the data for nothing any more", json_out)


@verb("assistant", example="keifu inft assistant 0x… --role buyer", access=Access.SEND)
@click.argument("assistant", type=ADDRESS)
@json_option
def assistant(session: Session, assistant: str, json_out: bool) -> None:
    """Let somebody agree to transfers in your place; 0x0000…0000 lets nobody any more."""
    from keifu.inft import actions

    actions.delegate_access(session.deployer, session.suite(NFT), assistant)
    nobody = not int(assistant, 16)
    message = "nobody agrees" if nobody else f"{assistant} may agree"
    emit({"assistant": assistant}, f"{message} to transfers in the place of {session.sender}", json_out)


@verb("burn", example="keifu inft burn 3fa1 --yes --role author", access=Access.SEND)
@token_argument
@click.option("--yes", is_flag=True, help="Burn it without asking.")
@json_option
def burn(session: Session, token: Id, yes: bool, json_out: bool) -> None:
    """End a token for ever: nobody owns it, and its account obeys nobody. A leased one stays until its leases end."""
    from keifu.inft import actions

    suite, number = session.suite(NFT), token_number(session, token)
    if not yes:
        click.confirm(f"End token {number:064x} for ever?", abort=True, err=json_out)
    actions.burn(session.deployer, suite, number)
    emit({"token": f"{number:064x}"}, f"token {number:064x} is no more", json_out)


@verb("offer-lease", example='keifu inft offer-lease 3fa1 --price 5 --for "30 days" --uses 1000 --role author',
      access=Access.SEND)  # fmt: skip
@token_argument
@lease_options
@json_option
def offer(
    session: Session, token: Id, price: int, length: int, uses: int, scope: int | None, opened: int, json_out: bool
) -> None:
    """Let anybody lease a token's data on these terms; a lease is honoured by whoever buys the token."""
    require_short(length, opened)
    from keifu.inft import actions
    from keifu.inft.status import LeaseOffer

    suite, number = session.suite(NFT, TOKEN), token_number(session, token)
    items = len(contract(session, NFT).intelligentDataOf(number))
    terms = LeaseOffer.of(price, suite[TOKEN], length, uses, session.client.now + opened, items, scope or 0)
    actions.offer_lease(session.deployer, suite, number, terms)
    show_lease(terms, number, json_out)


@verb("lease", example="keifu inft lease 3fa1 --price 5 --role delegator", access=Access.SEND)
@token_argument
@click.option("--price", type=COINS, required=True, help="Coins that you have seen in the offer: no more is paid.")
@json_option
def lease(session: Session, token: Id, price: int, json_out: bool) -> None:
    """Pay for a lease on the terms that are offered now; it holds whoever owns the token later."""
    from keifu.inft import actions
    from keifu.inft.status import read_token

    suite, number = session.suite(NFT, TOKEN), token_number(session, token)
    terms = read_token(contract(session, NFT), number).offer
    if not terms.open_until:
        raise CheckFailed(f"no lease of token {number:064x} is offered", remedy="ask its owner")
    if terms.price != price:
        raise CheckFailed(
            f"the offer is {coins(terms.price)} coins, not {coins(price)}", remedy="keifu inft show TOKEN"
        )
    ends = actions.lease(session.deployer, suite, number, terms)
    message = f"leased until {day(ends)}: {counted(terms.quota, 'use')}"
    emit({"token": f"{number:064x}", "expires_at": ends, "quota": terms.quota}, message, json_out)


@verb("use", example="keifu inft use 3fa1 --uses 3 --role delegator", access=Access.SEND)
@token_argument
@click.option("--uses", type=click.IntRange(1, MAX_QUOTA), default=1, show_default=True, help="How many.")
@json_option
def use(session: Session, token: Id, uses: int, json_out: bool) -> None:
    """Count uses of your lease, as whoever runs the data asks before it answers."""
    from keifu.inft import actions

    suite, number = session.suite(NFT), token_number(session, token)
    left = actions.record_use(session.deployer, suite, number, uses)
    emit({"token": f"{number:064x}", "left": left}, f"{counted(left, 'use')} left", json_out)


@verb("attestors", example="keifu inft attestors --json", access=Access.READ)
@json_option
def attestors(session: Session, json_out: bool) -> None:
    """List who may sign transfers of private data, with how many coins, and how many have to sign."""
    from keifu.inft.status import find_attestors
    from keifu.keys import checksum

    verifier = contract(session, VERIFIER)
    needed: int = verifier.signers_needed()
    hub = contract(session, "StakingHub")
    found = find_attestors(session.client, verifier, hub, first_block(session, VERIFIER))
    if json_out:
        emit({"needed": needed, "attestors": [attestor.data() for attestor in found]}, "", json_out)
        return
    rows = [
        (checksum(row.attestor), coins(row.mature), coins(row.pending), coins(row.reserved), row.url) for row in found
    ]
    table(("attestor", "counts", "pending", "reserved", "asked at"), rows, empty="no attestor is named")
    click.echo(f"{needed} have to sign a transfer")


@verb("name-attestor", example="keifu inft name-attestor 0x… --role deployer", access=Access.SEND)
@click.argument("attestor", type=ADDRESS)
@json_option
def name_attestor(session: Session, attestor: str, json_out: bool) -> None:
    """Name an attestor through the timelock: run it again after the delay. Seven epochs later its coins may count."""
    from keifu.staking.owner import TIMELOCK, queue_or_execute

    suite = session.suite(VERIFIER, TIMELOCK)
    ready = queue_or_execute(session.client, session.deployer, suite, VERIFIER, "name_attestor", attestor)
    message = f"queued; run this again from {day(ready)} on" if ready else f"{attestor} is named"
    emit({"attestor": attestor, "named": not ready, "ready": ready}, message, json_out)


@verb("join", example='keifu inft join --role "first attestor"', access=Access.SEND)
@json_option
def join(session: Session, json_out: bool) -> None:
    """Let all that you have locked behind the verifier count, seven epochs from now."""
    suite = session.suite(VERIFIER, "StakingHub")
    session.deployer.call(suite[VERIFIER], VERIFIER, "join")
    _, pending, counts_from, *_ = session.deployer.call(suite[VERIFIER], VERIFIER, "attestor", session.sender)
    since: int = session.deployer.call(suite["StakingHub"], "StakingHub", "epoch_start", counts_from)
    message = f"{coins(pending)} coins count from {day(since)} on"
    emit({"attestor": session.sender, "pending": str(pending), "since": since}, message, json_out)
