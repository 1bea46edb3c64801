"""`keifu node`: make, run, look at and end nodes. The work is done in keifu/node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._node import LISTEN, add_common, folder_argument, make, making, settings_of
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, BYTES32, COINS, DURATION, IN_FOLDER, Text
from keifu.cli.node_attestor import attestor
from keifu.cli.node_compute import compute
from keifu.cli.node_court import juror, keeper
from keifu.cli.node_notary import notary
from keifu.cli.node_reexecutor import reexecutor
from keifu.cli.node_relayer import relayer
from keifu.cli.node_storage import storage
from keifu.cli.verbs import Noun, json_option
from keifu.units import DAY

if TYPE_CHECKING:
    from keifu.chain import RpcDeployer
    from keifu.node.chain import NodeChain

__all__ = ["cli"]

HEARTBEATS = "127.0.0.1:9651"
BINDING = 30 * DAY
LONGEST_VALUE = 400

cli = Noun(
    "node",
    help="Make and run nodes: operators, watchers, jurors, keepers, compute and storage nodes, relayers, attestors, "
    "notaries, re-executors.",
    example="keifu node operator status /srv/keifu",
)
operator = Noun(
    "operator",
    help="Serve signed heartbeats of the artefact that an environment runs.",
    example="keifu node operator run /srv/keifu",
)
watcher = Noun(
    "watcher",
    help="Ask every bound operator for its heartbeats, and report false ones.",
    example="keifu node watcher run /srv/watcher",
)
for noun in (operator, watcher, juror, keeper, compute, relayer, storage, attestor, notary, reexecutor):
    cli.add_command(noun)


@operator.verb(
    "init",
    example="keifu node operator init ./node --environment production --owner 0x… --artefacts '/srv/models/*'",
)
@folder_argument
@click.option("--environment", type=Text(64), required=True, help="Id of the environment, or its name with --owner.")
@click.option("--owner", type=ADDRESS, help="Owner of the environment, when it is given by name.")
@click.option(
    "--artefacts", type=Text(LONGEST_VALUE), multiple=True, required=True,
    help="Folder or file of an artefact, a star stands for any name; repeatable.",
)  # fmt: skip
@click.option("--listen", type=LISTEN, default=HEARTBEATS, show_default=True, help="Where anybody gets the heartbeats.")
@making("operator")
@json_option
def operator_init(
    folder: Path,
    environment: str,
    owner: str | None,
    artefacts: tuple[str, ...],
    listen: str,
    owner_pages: str,
    json_out: bool,
    **common: Any,
) -> None:
    """Make a node's folder: its configuration, a key, and a unit for systemd."""
    from keifu.node.setup import Wish

    own = {"artefacts": [str(Path(item).absolute()) for item in artefacts], "listen": listen}
    wish = Wish(listen=owner_pages, environment=environment, owner=owner or "", own=own, **common)
    make("operator", folder, json_out, wish)


@operator.verb("bind", example="keifu node operator bind ./node --for '30 days' --key-file operator.json")
@folder_argument
@click.option(
    "--for", "seconds", type=DURATION, default=str(BINDING), help="How long you promise it for.  [default: 30 days]"
)
@click.option("--most", type=COINS, help="Lock no more coins than this.")
@click.option(
    "--retire", type=ADDRESS, multiple=True,
    help="Key whose place the node's takes, and which ends; repeatable.  [default: as `restore` says]",
)  # fmt: skip
@click.option("--key-file", type=click.Path(dir_okay=False, path_type=Path), help="Encrypted key file of the operator.")
@click.option("--role", type=Text(64), default="", help="The operator is this role: on a local chain only.")
@json_option
def operator_bind(
    folder: Path,
    seconds: int,
    most: int | None,
    retire: tuple[str, ...],
    key_file: Path | None,
    role: str,
    json_out: bool,
) -> None:
    """Promise, with the operator's own key, that the node's heartbeats are true; locks the coins that answer for it."""
    from contextlib import ExitStack

    from keifu.node.backup import replaced
    from keifu.node.chain import open_key
    from keifu.node.operator.standing import bind
    from keifu.units import coins, day

    with ExitStack() as held:
        settings, chain, deployer = _as_operator(folder, key_file, role, held)
        node = open_key(settings.key, folder, is_local=chain.is_local)
        environment = bytes.fromhex(settings.operator.environment)
        last, ended = chain.client.now + seconds, retire or replaced(folder)
        standing = bind(chain, deployer, node, environment, last, most=most, retire=ended)
    document = {"operator": standing.operator, "last": standing.last, "reserve": str(standing.reserve)}
    text = f"{standing.operator} answers for it until {day(standing.last)} with {coins(standing.reserve)} coins"
    emit(document, text, json_out)


@operator.verb("exit", example="keifu node operator exit ./node --key-file operator.json")
@folder_argument
@click.option("--key-file", type=click.Path(dir_okay=False, path_type=Path), help="Encrypted key file of the operator.")
@click.option("--role", type=Text(64), default="", help="The operator is this role: on a local chain only.")
@json_option
def operator_exit(folder: Path, key_file: Path | None, role: str, json_out: bool) -> None:
    """End the binding, or take the coins back once its evidence window is over; the node has to be stopped."""
    from contextlib import ExitStack

    from keifu.node.control import require_stopped
    from keifu.node.operator.standing import leave

    require_stopped(folder, "operator")
    with ExitStack() as held:
        settings, chain, deployer = _as_operator(folder, key_file, role, held)
        done = leave(chain, deployer, bytes.fromhex(settings.operator.environment))
    emit({"done": done}, done, json_out)


def _as_operator(folder: Path, key_file: Path | None, role: str, held: Any) -> tuple[Any, NodeChain, RpcDeployer]:
    """The node's settings, its chain, and a sender with the operator's own key."""
    from keifu.chain import RpcDeployer
    from keifu.node.chain import open_chain, open_key
    from keifu.node.sections import KeySettings

    settings = settings_of("operator", folder)[0]
    chain = open_chain(settings.chain, held)
    account = open_key(KeySettings(file=key_file, role=role), Path.cwd(), is_local=chain.is_local)
    return settings, chain, RpcDeployer(chain.client, account, chain.record.factory)


@watcher.verb("init", example="keifu node watcher init ./watcher --poll '5 seconds'")
@folder_argument
@click.option("--poll", type=DURATION, default="5", help="How often each operator is asked.  [default: 5 seconds]")
@click.option("--receiver", type=ADDRESS, help="Who gets the rewards.  [default: the node's own account]")
@click.option("--canaries", type=IN_FOLDER, help="Buy canaries of this model: its folder, as promoted.")
@click.option(
    "--texts", type=IN_FOLDER, help="Ordinary texts, from which their questions are cut; or JSON files of pictures."
)
@click.option("--environment", type=BYTES32, help="Environment whose providers are asked, by its id.")
@click.option("--every", type=DURATION, default="1 hour", help="Between two for one provider.  [default: 1 hour]")
@click.option("--most", type=COINS, default="0.01", help="Coins that one answer may cost.  [default: 0.01]")
@click.option("--day", type=COINS, default="1", help="Coins for all answers and covers of a day.  [default: 1]")
@click.option("--deposit", type=COINS, default="1", help="Coins put into each provider's channel.  [default: 1]")
@click.option("--restitution", type=COINS, default="10", help="Coins that a cover promises.  [default: 10]")
@making("watcher")
@json_option
def watcher_init(
    folder: Path,
    poll: int,
    receiver: str | None,
    canaries: Path | None,
    texts: Path | None,
    environment: bytes | None,
    every: int,
    most: int,
    day: int,
    deposit: int,
    restitution: int,
    owner_pages: str,
    json_out: bool,
    **common: Any,
) -> None:
    """Make a node's folder: its configuration, a key, and a unit for systemd. With --canaries it gets a second key,
    which buys answers as any client does, at moments that are drawn. What the model does not give is disputed."""
    from keifu.node.setup import Wish
    from keifu.node.watcher.making import CANARY_KEY, canary_section

    amounts = {"most": most, "day": day, "deposit": deposit, "restitution": restitution}
    own: dict[str, Any] = {"receiver": receiver} if receiver else {}
    own |= canary_section(canaries, texts, environment, every=every, **amounts)
    wish = Wish(
        listen=owner_pages, own={**own, "poll": f"{poll} seconds"}, second_key=CANARY_KEY if canaries else "", **common
    )  # fmt: skip
    make("watcher", folder, json_out, wish)


@watcher.verb("exit", example="keifu node watcher exit ./watcher")
@folder_argument
@json_option
def watcher_exit(folder: Path, json_out: bool) -> None:
    """Pay out what the service owes to the node's account; the node has to be stopped, and its reports ended."""
    from keifu.node.watcher.leaving import leave
    from keifu.units import coins

    paid, receiver = leave(folder, settings_of("watcher", folder)[0])
    text = f"{coins(paid)} coins were paid to {receiver}" if paid else "nothing was owed"
    emit({"paid": str(paid), "receiver": receiver}, text, json_out)


add_common(operator, "operator")
add_common(watcher, "watcher")
