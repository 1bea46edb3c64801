"""`keifu account`: accounts of tokens, their sessions, and calls that anybody brings. The work is done in
keifu/accounts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu._files import read_bounded
from keifu.cli._agents import ACCOUNT, NFT, account_place, other_registry, token_argument, token_number
from keifu.cli._calls import CALLED, LIMIT, TARGET, calling, calls_of
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, BYTES32, DURATION, IN_FILE, OUT_PATH, Id
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import InputError, UsageError
from keifu.units import coins, counted, day

if TYPE_CHECKING:
    from keifu.accounts.session import Call
    from keifu.cli.session import Session

__all__ = ["cli"]

LARGEST_MESSAGE = 16 << 20  # bytes
MAX_TARGETS, MAX_LIMITS, MAX_USES = 16, 4, 2**32 - 1

cli = Noun(
    "account",
    help="Act through the account of a token, and let keys act through it within limits.",
    example="keifu account show 3fa1",
)
key_option = click.option("--key", type=ADDRESS, required=True, help="Address of the session's key.")


@cli.verb("create", example="keifu account create 3fa1 --role author", access=Access.SEND)
@token_argument
@json_option
def create(session: Session, token: Id, json_out: bool) -> None:
    """Make the account of a token, unless it is there. Anybody may, and only the token's owner acts through it."""
    from keifu.accounts import actions
    from keifu.accounts.identity import Token

    suite, number = session.suite(NFT, ACCOUNT), token_number(session, token)
    named = Token(session.client.chain_id, suite[NFT], number)
    address = actions.create(session.deployer, suite, named, other_registry(session))
    emit({"account": address, "token": f"{number:064x}"}, address, json_out)


@cli.verb("show", example="keifu account show 3fa1 --key 0x…", access=Access.READ)
@token_argument
@click.option("--key", type=ADDRESS, help="Show also what is left of this key's session.")
@json_option
def show(session: Session, token: Id, key: str | None, json_out: bool) -> None:
    """Show a token's account: where it is, who acts through it, what it has, and a key's session."""
    from keifu.accounts import actions

    address = _account(session, token)
    account = session.client.at(address, ACCOUNT)
    found, suite = actions.read_account(account), session.suite("KeifuToken")
    ether, has = session.client.balance(address), suite.at(session.client, "KeifuToken").balanceOf(address)
    document = {**found.data(), "ether": str(ether), "coins": str(has)}
    lines = [
        f"account    {address}",
        f"token      {found.token.number:064x}",
        f"owner      {found.owner}",
        f"has        {coins(ether)} ether, {coins(has)} coins",
        f"state      {found.state}",
    ]
    if key is not None:
        given = actions.read_session(account, key)
        document["session"] = given.data()
        until = f"{counted(given.uses, 'use')} left until {day(given.valid_until)}"
        lines.append(f"session    {until if given.alive else 'none that lives'}")
    emit(document, "\n".join(lines), json_out)


@cli.verb("execute", example='keifu account execute 3fa1 --to 0x… --call "transfer(address,uint256)" --arg 0x… '
          '--arg 5coins --role author', access=Access.SEND)  # fmt: skip
@token_argument
@calling
@json_option
def execute(session: Session, token: Id, json_out: bool, **called: CALLED) -> None:
    """Make a call, or a batch of which all or none happen, as the token's owner."""
    calls = calls_of(**called)
    from keifu.accounts import actions

    address = _account(session, token)
    actions.execute(session.deployer, address, calls)
    emit({"account": address, "calls": len(calls)}, f"{counted(len(calls), 'call')} made by {address}", json_out)


@cli.verb("grant", example='keifu account grant 3fa1 --key 0x… --for "7 days" --uses 100 --target '
          '"0x…:transfer(address,uint256)" --limit 0x…=5 --role author', access=Access.SEND)  # fmt: skip
@token_argument
@key_option
@click.option("--for", "length", type=DURATION, required=True, help="How long the session lasts.")
@click.option("--uses", type=click.IntRange(1, MAX_USES), required=True, help="How many calls it has.")
@click.option("--period", type=DURATION, default="1 day", show_default=True, help="Over which the limits count.")
@click.option("--target", "targets", type=TARGET, multiple=True, required=True,
              help="ADDRESS:FUNCTION that the key may call, ADDRESS for plain payments, or ADDRESS:approvable; "
              "repeatable.")  # fmt: skip
@click.option("--limit", "limits", type=LIMIT, multiple=True,
              help="TOKEN=AMOUNT, or ether=AMOUNT, that the account may lose in a period; repeatable.")  # fmt: skip
@json_option
def grant(
    session: Session,
    token: Id,
    key: str,
    length: int,
    uses: int,
    period: int,
    targets: tuple[tuple[str, str], ...],
    limits: tuple[tuple[str, int], ...],
    json_out: bool,
) -> None:
    """Let a key act through a token's account within limits, at once revocable; the sale of the token ends it."""
    for what, given, most in (("targets", targets, MAX_TARGETS), ("limits", limits, MAX_LIMITS)):
        if len(given) > most:
            raise UsageError(f"{len(given)} {what}", remedy=f"a session has at most {most}")
    from keifu.accounts import actions
    from keifu.accounts.session import Grant, Limit, Target

    address = _account(session, token)
    until = session.client.now + length
    made = Grant(key, until, uses, period, [Target.named(*item) for item in targets], [Limit(*item) for item in limits])
    actions.grant(session.deployer, address, made)
    message = f"{key} may act through {address} until {day(until)}: {counted(uses, 'call')}"
    emit({"account": address, "key": key, "valid_until": until, "uses": uses}, message, json_out)


@cli.verb("revoke", example="keifu account revoke 3fa1 --key 0x… --role author", access=Access.SEND)
@token_argument
@key_option
@json_option
def revoke(session: Session, token: Id, key: str, json_out: bool) -> None:
    """End a key's session at once, as the token's owner or as the key itself."""
    from keifu.accounts import actions

    address = _account(session, token)
    actions.revoke(session.deployer, address, key)
    emit({"account": address, "key": key}, f"the session of {key} is over", json_out)


@cli.verb("run", example='keifu account run 3fa1 --to 0x… --call "transfer(address,uint256)" --arg 0x… --arg 1coins '
          '--role agent', access=Access.SEND)  # fmt: skip
@token_argument
@calling
@json_option
def run(session: Session, token: Id, json_out: bool, **called: CALLED) -> None:
    """Make a call within your session."""
    calls = _single(calls_of(**called))
    from keifu.accounts import actions

    address = _account(session, token)
    actions.run_session(session.deployer, address, calls[0])
    emit({"account": address, "key": session.sender}, f"called {calls[0].to} through {address}", json_out)


@cli.verb("sign", example="keifu account sign 3fa1 --to 0x… --value 1 --out intent.json --role author",
          access=Access.SEND)  # fmt: skip
@token_argument
@calling
@click.option("--out", type=OUT_PATH, required=True, help="New file for what is signed.")
@click.option(
    "--session", "of_session", is_flag=True, help="Sign a call of your session, instead of the owner's batch."
)
@click.option("--expires", type=DURATION, default="1 hour", show_default=True, help="How long it may be brought.")
@json_option
def sign(
    session: Session, token: Id, out: Path, of_session: bool, expires: int, json_out: bool, **called: CALLED
) -> None:
    """Sign calls that anybody may bring, once: you need no ether for them."""
    if out.exists():
        raise InputError(f"{out} is there already", remedy="choose another file")
    calls = calls_of(**called)
    from keifu.accounts import actions

    address, chain = _account(session, token), session.deployer
    deadline = session.client.now + expires
    if of_session:
        intent = actions.sign_session(
            chain, session.client.chain_id, address, _single(calls)[0], deadline, session.sign
        )
    else:
        intent = actions.sign_batch(chain, session.client.chain_id, address, calls, deadline, session.sign)
    intent.save(out)
    document = {"file": str(out), "signer": intent.signer, "nonce": intent.nonce, "deadline": deadline}
    emit(document, f"signed {counted(len(calls), 'call')}, to be brought until {day(deadline)}: {out}", json_out)


@cli.verb("sign-message", example="keifu account sign-message 3fa1 --file login.txt --role author", access=Access.SEND)
@token_argument
@click.option("--file", "path", type=IN_FILE, help="The message, byte by byte, as a dApp's login shows it.")
@click.option("--hash", "digest", type=BYTES32, help="Instead of a message: the hash that the dApp checks.")
@json_option
def sign_message(session: Session, token: Id, path: Path | None, digest: bytes | None, json_out: bool) -> None:
    """Sign a message in the name of a token's account, as its owner; print the signature for `isValidSignature`.

    It is worth nothing once the token is sold, and for any other account.
    """
    if (path is None) == (digest is None):
        raise UsageError("what is signed?", remedy="--file FILE, or --hash HASH")
    from keifu.accounts import actions
    from keifu.keys import message_digest

    said = digest or message_digest(read_bounded(path, LARGEST_MESSAGE, "a message") if path else b"")
    address = _account(session, token)
    signature = actions.sign_statement(session.deployer, session.client.chain_id, address, said, session.sign)
    document = {"account": address, "hash": said.hex(), "signature": "0x" + signature.hex()}
    emit(document, document["signature"], json_out)


@cli.verb("relay", example="keifu account relay intent.json --role node", access=Access.SEND)
@click.argument("path", metavar="INTENT", type=IN_FILE)
@json_option
def relay(session: Session, path: Path, json_out: bool) -> None:
    """Bring calls that somebody has signed, and pay for their gas."""
    from keifu.accounts import actions

    intent = actions.Intent.load(path)
    session.require_code(intent.account, "the token's account")
    actions.relay(session.deployer, session.client.chain_id, intent)
    message = f"{counted(len(intent.calls), 'call')} of {intent.signer} made by {intent.account}"
    emit({"account": intent.account, "signer": intent.signer, "calls": len(intent.calls)}, message, json_out)


@cli.verb("cancel", example="keifu account cancel 3fa1 --role author", access=Access.SEND)
@token_argument
@json_option
def cancel(session: Session, token: Id, json_out: bool) -> None:
    """Make everything that you have signed so far for a token's account worthless."""
    from keifu.accounts import actions

    address = _account(session, token)
    nonce = actions.cancel(session.deployer, address)
    emit({"account": address, "nonce": nonce}, f"what was signed before nonce {nonce} is worthless", json_out)


def _account(session: Session, token: Id) -> str:
    """Where a token's account is. Raises UsageError when nobody has made it."""
    number = token_number(session, token)
    address = account_place(session, number)
    if not session.client.code(address):
        raise UsageError(f"the account of token {number:064x} is not made yet", remedy="keifu account create TOKEN")
    return address


def _single(calls: Sequence[Call]) -> Sequence[Call]:
    """Raises UsageError for a batch: a session makes one call at a time."""
    if len(calls) != 1:
        raise UsageError(f"{len(calls)} calls", remedy="a session makes one call at a time")
    return calls
