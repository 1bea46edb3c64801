"""`keifu node`: make, run, look at and end nodes. The work is done in keifu/node."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._options import DEFAULT_NODE
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, COINS, DURATION, ENDPOINT, FOLDER, Text
from keifu.cli.verbs import Noun, json_option
from keifu.errors import CheckFailed
from keifu.units import DAY, counted

if TYPE_CHECKING:
    from keifu.chain import RpcDeployer
    from keifu.node.chain import NodeChain
    from keifu.node.settings import Chosen, NodeSettings
    from keifu.node.setup import Made, Wish

__all__ = ["cli"]

OWNER_PAGES = {"operator": "127.0.0.1:9650", "watcher": "127.0.0.1:9660"}
HEARTBEATS = "127.0.0.1:9651"
BINDING = 30 * DAY
DRAIN_SECONDS = 60
LONGEST_VALUE = 400

folder_argument = click.argument("folder", type=FOLDER)


class Listen(click.ParamType):
    """Host and port."""

    name = "host:port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        host, _, port = str(value).rpartition(":")
        if not host or not port.isdecimal() or int(port) >= 1 << 16:
            self.fail(f"{value!r} is no address to listen on: 127.0.0.1:9650", param, ctx)
        return str(value)


class Setting(click.ParamType):
    """NAME=VALUE of the configuration."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name, equals, _ = str(value).partition("=")
        if not equals or not name.replace(".", "").replace("_", "").isalnum():
            self.fail(f"{value!r} is not NAME=VALUE: http.listen=127.0.0.1:9650", param, ctx)
        return str(value)


LISTEN, SETTING = Listen(), Setting()

cli = Noun(
    "node",
    help="Make and run nodes: an operator serves signed heartbeats, a watcher reports false ones.",
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
cli.add_command(operator)
cli.add_command(watcher)
settings_option = click.option(
    "--set", "flags", type=SETTING, multiple=True, metavar="NAME=VALUE",
    help="Set a value of the configuration for this call; repeatable.",
)  # fmt: skip


def _making(kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What every kind is told when it is made."""
    options = [
        click.option(
            "--owner-pages", type=LISTEN, default=OWNER_PAGES[kind], show_default=True,
            help="Where health, status and metrics are, for you alone.",
        ),
        click.option(
            "--rpc", type=ENDPOINT, envvar="KEIFU_RPC", show_envvar=True, default=DEFAULT_NODE, show_default=True,
            help="Address of the chain's node, or several with commas between.",
        ),
        click.option(
            "--deployments", type=FOLDER, envvar="KEIFU_DEPLOYMENTS", show_envvar=True,
            help="Folder that says where the contracts are.",
        ),
        click.option(
            "--key-file", type=click.Path(dir_okay=False, path_type=Path),
            help="Encrypted key file of the node.  [default: a new one in the folder]",
        ),
        click.option("--role", type=Text(64), default="", help="Sign with a role's key: on a local chain only."),
    ]  # fmt: skip

    def making(body: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            body = option(body)
        return body

    return making


def _show_made(kind: str, made: Made, json_out: bool) -> None:
    document = {"folder": str(made.folder), "account": made.account, "files": list(made.files)}
    text = (
        f"made {made.folder}: {', '.join(made.files)}\nthe node signs with {made.account}\n"
        f"next: keifu node {kind} doctor {made.folder}"
    )
    emit(document, text, json_out)


def _make(kind: str, folder: Path, json_out: bool, wish: Wish) -> None:
    from keifu.node.kinds import kind_of
    from keifu.node.setup import make_node

    _show_made(kind, make_node(kind_of(kind), folder, wish), json_out)


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
@_making("operator")
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
    _make("operator", folder, json_out, wish)


@operator.verb("bind", example="keifu node operator bind ./node --for '30 days' --key-file operator.json")
@folder_argument
@click.option(
    "--for", "seconds", type=DURATION, default=str(BINDING), help="How long you promise it for.  [default: 30 days]"
)
@click.option("--most", type=COINS, help="Lock no more coins than this.")
@click.option("--key-file", type=click.Path(dir_okay=False, path_type=Path), help="Encrypted key file of the operator.")
@click.option("--role", type=Text(64), default="", help="The operator is this role: on a local chain only.")
@json_option
def operator_bind(
    folder: Path, seconds: int, most: int | None, key_file: Path | None, role: str, json_out: bool
) -> None:
    """Promise, with the operator's own key, that the node's heartbeats are true; locks the coins that answer for it."""
    from contextlib import ExitStack

    from keifu.node.chain import open_key
    from keifu.node.operator.standing import bind
    from keifu.units import coins, day

    with ExitStack() as held:
        settings, chain, deployer = _as_operator(folder, key_file, role, held)
        node = open_key(settings.key, folder, is_local=chain.is_local)
        environment = bytes.fromhex(settings.operator.environment)
        standing = bind(chain, deployer, node, environment, chain.client.now + seconds, most=most)
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
    from keifu.node.settings import KeySettings

    settings = _settings("operator", folder)[0]
    chain = open_chain(settings.chain, held)
    account = open_key(KeySettings(file=key_file, role=role), Path.cwd(), is_local=chain.is_local)
    return settings, chain, RpcDeployer(chain.client, account, chain.record.factory)


def _settings(kind: str, folder: Path, flags: tuple[str, ...] = ()) -> tuple[NodeSettings, list[Chosen]]:
    from keifu.node.kinds import kind_of
    from keifu.node.settings import load_settings

    return load_settings(kind_of(kind).settings, folder, flags)


@watcher.verb("init", example="keifu node watcher init ./watcher --poll '5 seconds'")
@folder_argument
@click.option("--poll", type=DURATION, default="5", help="How often each operator is asked.  [default: 5 seconds]")
@click.option("--receiver", type=ADDRESS, help="Who gets the rewards.  [default: the node's own account]")
@_making("watcher")
@json_option
def watcher_init(
    folder: Path, poll: int, receiver: str | None, owner_pages: str, json_out: bool, **common: Any
) -> None:
    """Make a node's folder: its configuration, a key, and a unit for systemd."""
    from keifu.node.setup import Wish

    own = {"receiver": receiver} if receiver else {}
    _make("watcher", folder, json_out, Wish(listen=owner_pages, own={**own, "poll": f"{poll} seconds"}, **common))


@watcher.verb("exit", example="keifu node watcher exit ./watcher")
@folder_argument
@json_option
def watcher_exit(folder: Path, json_out: bool) -> None:
    """Pay out what the service owes to the node's account; the node has to be stopped, and its reports ended."""
    from keifu.node.watcher.leaving import leave
    from keifu.units import coins

    paid, receiver = leave(folder, _settings("watcher", folder)[0])
    text = f"{coins(paid)} coins were paid to {receiver}" if paid else "nothing was owed"
    emit({"paid": str(paid), "receiver": receiver}, text, json_out)


# what every kind has -----------------------------------------------------------------------------------------------


def _add_common(noun: Noun, kind: str) -> None:
    """run, status, doctor and drain, which are the same for each kind."""

    @noun.verb("run", example=f"keifu node {kind} run ./node")
    @folder_argument
    @settings_option
    @click.option("--show-config", is_flag=True, help="Print every value and where it comes from, and do not run.")
    @click.option("--json", "json_out", is_flag=True, help="Write the log, or the configuration, as JSON.")
    def run(folder: Path, flags: tuple[str, ...], show_config: bool, json_out: bool) -> None:
        """Run the node until Ctrl-C or SIGTERM, which it answers by ending what has begun."""
        if show_config:
            _show_config(_settings(kind, folder, flags)[1], json_out)
            return
        from keifu.node.kinds import kind_of
        from keifu.node.runtime import Runtime

        Runtime(kind_of(kind), folder, (*flags, *(["log.format=json"] if json_out else []))).run()

    @noun.verb("status", example=f"keifu node {kind} status ./node")
    @folder_argument
    @json_option
    def status(folder: Path, json_out: bool) -> None:
        """Show how the node is that runs from a folder; exit status 3 when none does."""
        from keifu.node.control import status_of

        found = status_of(folder, kind)
        emit(found, "\n".join(f"{name}: {value}" for name, value in found.items()), json_out)

    @noun.verb("doctor", example=f"keifu node {kind} doctor ./node")
    @folder_argument
    @settings_option
    @json_option
    def doctor(folder: Path, flags: tuple[str, ...], json_out: bool) -> None:
        """Check all that the node needs, and say the remedy of what is wrong; exit status 1 when anything is."""
        from keifu.node.doctor import examine
        from keifu.node.kinds import kind_of

        found = examine(kind_of(kind), folder, flags)
        if json_out:
            emit({"checks": [check.data() for check in found]}, "", json_out)
        else:
            rows = [("ok" if check.holds else "WRONG", check.what, _words(check)) for check in found]
            table(("", "", ""), rows)
        if wrong := [check for check in found if not check.holds]:
            raise CheckFailed(f"{counted(len(wrong), 'check')} failed: {', '.join(check.what for check in wrong)}")

    @noun.verb("drain", example=f"keifu node {kind} drain ./node")
    @folder_argument
    @click.option(
        "--wait", type=click.IntRange(1), default=DRAIN_SECONDS, show_default=True, help="Seconds to wait for its end."
    )
    @json_option
    def drain(folder: Path, wait: int, json_out: bool) -> None:
        """Have the node end in order, and wait until it has."""
        from keifu.node.control import drain as end

        ran = end(folder, wait)
        emit({"ran": ran}, "the node has ended" if ran else f"no node runs from {folder}", json_out)


def _words(check: Any) -> str:
    return check.detail if check.holds or not check.remedy else f"{check.detail} ({check.remedy})"


def _show_config(chosen: list[Chosen], json_out: bool) -> None:
    from keifu.node.logs import shown_config

    rows = [(item.name, shown_config(item), item.source) for item in chosen]
    document = {name: {"value": value, "source": source} for name, value, source in rows}
    if json_out:
        emit(document, "", json_out)
    else:
        table(("value", "is", "from"), rows)


_add_common(operator, "operator")
_add_common(watcher, "watcher")
