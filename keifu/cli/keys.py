"""`keifu keys`: the key agent, and hot keys of operators. The work is done in keifu/keys and keifu/staking."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, COINS, IN_FILE
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import EnvironmentFault, UsageError
from keifu.units import coins, counted, day

if TYPE_CHECKING:
    from keifu.cli.session import Session

__all__ = ["cli"]

HEARTBEATS, COMPUTE = "HeartbeatService", "ComputeMarket"
KINDS = ("heartbeat", "receipt", "transaction")

cli = Noun(
    "keys",
    help="Open key files once for all commands and nodes, and name an operator's hot keys.",
    example="keifu keys agent node/key.json",
)


@cli.verb("agent", example="keifu keys agent node/key.json watcher/key.json")
@click.argument("files", type=IN_FILE, nargs=-1, required=True)
@json_option
def agent(files: tuple[Path, ...], json_out: bool) -> None:
    """Open key files, and sign for every command and node of this user until Ctrl-C or SIGTERM."""
    import threading
    from contextlib import ExitStack

    from keifu.chain.held import hold
    from keifu.keys.agent import Agent, harden
    from keifu.keys.keystore import load_account, password

    path, word = _place(), password()
    with ExitStack() as held:
        hold(held, path.with_suffix(".lock"), _taken, use="the key agent")
        harden()
        accounts = [load_account(file, word) for file in files]
        served = Agent(path, accounts, lambda why: click.echo(f"refused: {why}", err=True))
        held.callback(served.close)
        keys = [account.address for account in accounts]
        emit({"socket": str(path), "keys": keys}, f"signs with {', '.join(keys)}\nlistens on {path}", json_out)
        thread = threading.Thread(target=served.serve, daemon=True)
        thread.start()
        thread.join()


def _place() -> Path:
    from keifu.chain.held import agent_socket

    path = agent_socket()
    if path is None:
        raise UsageError("KEIFU_AGENT says off", remedy="unset KEIFU_AGENT, or let it name a socket")
    return path


def _taken(holder: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"another key agent runs{f', process {holder}' if holder else ''}",
        remedy="end it first, and name all key files at once",
    )


@cli.verb("list", example="keifu keys list")
@json_option
def list_keys(json_out: bool) -> None:
    """List the keys that the agent has; exit status 3 when none runs."""
    from keifu.keys.agent import agent_keys

    path = _place()
    found = agent_keys(path)
    emit({"socket": str(path), "keys": found}, "\n".join(found), json_out)


# hot keys ----------------------------------------------------------------------------------------------------------


@cli.verb("name", example="keifu keys name hot.json --kind receipt --key-file operator.json", access=Access.SEND)
@click.argument("hot", type=IN_FILE)
@click.option("--kind", type=click.Choice(KINDS), default=KINDS[0], show_default=True, help="What the key signs.")
@click.option("--hot-password", type=IN_FILE, help="File with the hot key's password.  [default: as the cold key's]")
@json_option
def name(session: Session, hot: Path, kind: str, hot_password: Path | None, json_out: bool) -> None:
    """Let a hot key speak for you, the operator: it agrees by its signature, and moves nothing."""
    from keifu.chain.held import agent_socket
    from keifu.compute.market.refusals import explained
    from keifu.keys.keystore import password, read_password
    from keifu.keys.unlock import unlock
    from keifu.staking.hotkeys import KeyKind, name_key

    suite = session.suite(COMPUTE if kind == "receipt" else HEARTBEATS)
    key = unlock(hot, agent_socket(), lambda: read_password(hot_password) if hot_password else password())
    with explained():
        name_key(session.deployer, suite, session.client.chain_id, key, KeyKind[kind.upper()])
    emit({"key": key.address, "kind": kind}, f"{key.address} speaks for {session.sender}: {kind}", json_out)


@cli.verb("cap", example="keifu keys cap 0x… 5000 --key-file operator.json", access=Access.SEND)
@click.argument("key", type=ADDRESS)
@click.argument("most", type=COINS)
@json_option
def cap(session: Session, key: str, most: int, json_out: bool) -> None:
    """Say how many coins of your lock promises of a receipt key may hold at a time: none until you do."""
    from keifu.compute.market.refusals import explained
    from keifu.staking.hotkeys import set_cap

    with explained():
        set_cap(session.deployer, session.suite(COMPUTE), key, most)
    emit({"key": key, "cap": str(most)}, f"promises of {key} may hold {coins(most)} coins", json_out)


@cli.verb("retire", example="keifu keys retire 0x… --key-file operator.json", access=Access.SEND)
@click.argument("key", type=ADDRESS)
@json_option
def retire(session: Session, key: str, json_out: bool) -> None:
    """End a hot key for ever: what it signs of a later time counts for nobody."""
    from keifu.staking.hotkeys import retire_key

    retire_key(session.deployer, session.suite(HEARTBEATS), key)
    emit({"key": key}, f"{key} speaks for nobody any more", json_out)


@cli.verb("named", example="keifu keys named --of 0x…", access=Access.READ)
@click.option("--of", "operator", type=ADDRESS, required=True, help="Whose keys.")
@json_option
def named(session: Session, operator: str, json_out: bool) -> None:
    """List the hot keys that an operator has ever named: what each signs, since when and until when."""
    from keifu.staking.hotkeys import keys_of

    found = keys_of(session.client, session.suite(HEARTBEATS), operator, session.record.first_block)
    if json_out:
        emit({"operator": operator, "keys": [key.data() for key in found]}, "", json_out)
        return
    rows = [
        (
            key.key,
            key.kind.name.lower(),
            day(key.since),
            day(key.until) if key.until else "",
            f"{coins(key.held)} of {coins(key.cap)}" if key.cap or key.held else "",
        )
        for key in found
    ]
    table(("key", "signs", "since", "until", "coins held"), rows, empty=f"{operator} has named {counted(0, 'key')}")
