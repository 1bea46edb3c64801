"""What every noun of `keifu node` has: options of `init`, and run, status, doctor and drain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._options import DEFAULT_NODE
from keifu.cli._print import emit, facts_lines, table
from keifu.cli._types import ADDRESS, ENDPOINT, FOLDER, IN_FILE, MOMENT, OUT_PATH, Text
from keifu.cli.verbs import Noun, json_option
from keifu.errors import CheckFailed
from keifu.units import counted

if TYPE_CHECKING:
    from contextlib import ExitStack

    from keifu.chain import RpcDeployer
    from keifu.node.chain import NodeChain
    from keifu.node.juror.leaving import Left
    from keifu.node.settings import Chosen, NodeSettings
    from keifu.node.setup import Made, Wish

__all__ = ["LISTEN", "acting", "add_common", "folder_argument", "leaving", "make", "making", "settings_of"]

OWNER_PAGES = {
    "operator": "127.0.0.1:9650",
    "watcher": "127.0.0.1:9660",
    "juror": "127.0.0.1:9670",
    "keeper": "127.0.0.1:9680",
    "compute": "127.0.0.1:9690",
    "relayer": "127.0.0.1:9700",
    "storage": "127.0.0.1:9710",
    "attestor": "127.0.0.1:9720",
    "notary": "127.0.0.1:9740",
    "reexecutor": "127.0.0.1:9750",
}
DRAIN_SECONDS = 60

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

settings_option = click.option(
    "--set", "flags", type=SETTING, multiple=True, metavar="NAME=VALUE",
    help="Set a value of the configuration for this call; repeatable.",
)  # fmt: skip


def making(kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
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
        click.option("--webhook", type=ENDPOINT, help="Where alerts go, as JSON."),
    ]  # fmt: skip

    def with_options(body: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            body = option(body)
        return body

    return with_options


def _show_made(kind: str, made: Made, json_out: bool) -> None:
    document = {"folder": str(made.folder), "account": made.account, "files": list(made.files)}
    text = (
        f"made {made.folder}: {', '.join(made.files)}\nthe node signs with {made.account}\n"
        f"next: keifu node {kind} doctor {made.folder}"
    )
    emit(document, text, json_out)


def make(kind: str, folder: Path, json_out: bool, wish: Wish) -> None:
    from keifu.node.kinds import kind_of
    from keifu.node.setup import make_node

    _show_made(kind, make_node(kind_of(kind), folder, wish), json_out)


def settings_of(kind: str, folder: Path, flags: tuple[str, ...] = ()) -> tuple[NodeSettings, list[Chosen]]:
    from keifu.node.kinds import kind_of
    from keifu.node.settings import load_settings

    return load_settings(kind_of(kind).settings, folder, flags)


def acting(kind: str, folder: Path, held: ExitStack) -> tuple[NodeChain, RpcDeployer]:
    """The chain, and a sender with the key of a node that does not run. Raises EnvironmentFault while it does."""
    from keifu.chain import RpcDeployer
    from keifu.node.chain import open_chain, open_key
    from keifu.node.control import require_stopped
    from keifu.node.folder import NodeFolder

    require_stopped(folder, kind)
    settings = settings_of(kind, folder)[0]
    chain = open_chain(settings.chain, held)
    account = open_key(settings.key, folder, is_local=chain.is_local)
    NodeFolder(folder).claim(held, chain.id, account.address)
    return chain, RpcDeployer(chain.client, account, chain.record.factory)


def leaving(
    kind: str, folder: Path, leave: Callable[[NodeChain, RpcDeployer], Left], json_out: bool, meanwhile: str = ""
) -> None:
    """Ask back, or pay out, what a node that does not run has locked; what was done is said, and what is left to do
    while coins are leaving."""
    from contextlib import ExitStack

    from keifu.node.fence import note_used
    from keifu.units import coins, day

    with ExitStack() as held:
        chain, deployer = acting(kind, folder, held)
        done = leave(chain, deployer)
        note_used(folder, chain, deployer.sender)
    text = f"{coins(done.paid)} coins were paid out"
    if not done.paid:
        text = f"{coins(done.leaving)} coins are leaving: call this again after {day(done.release_at)}"
    if done.leaving and meanwhile:
        text += f"\n{meanwhile}"
    emit(done.data(), text, json_out)


# what every kind has -----------------------------------------------------------------------------------------------


def add_common(noun: Noun, kind: str) -> None:
    """run, status, doctor and drain, which are the same for each kind."""

    @noun.verb("run", example=f"keifu node {kind} run ./node")
    @folder_argument
    @settings_option
    @click.option("--show-config", is_flag=True, help="Print every value and where it comes from, and do not run.")
    @click.option(
        "--take-over", is_flag=True, help="Act from here, though the folder or its key acted elsewhere: that has ended."
    )
    @click.option("--json", "json_out", is_flag=True, help="Write the log, or the configuration, as JSON.")
    def run(folder: Path, flags: tuple[str, ...], show_config: bool, take_over: bool, json_out: bool) -> None:
        """Run the node until Ctrl-C or SIGTERM, which it answers by ending what has begun."""
        if show_config:
            _show_config(settings_of(kind, folder, flags)[1], json_out)
            return
        from keifu.node.kinds import kind_of
        from keifu.node.runtime import Runtime

        own = ["log.format=json"] if json_out else []
        Runtime(kind_of(kind), folder, (*flags, *own), takes_over=take_over).run()

    @noun.verb("status", example=f"keifu node {kind} status ./node")
    @folder_argument
    @json_option
    def status(folder: Path, json_out: bool) -> None:
        """Show how the node is that runs from a folder; exit status 3 when none does."""
        from keifu.node.control import status_of

        found = status_of(folder, kind)
        emit(found, "\n".join(facts_lines(found)), json_out)

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

    _add_keeping(noun, kind)


def _add_keeping(noun: Noun, kind: str) -> None:
    """backup, restore and statement, which are the same for each kind."""

    @noun.verb("backup", example=f"keifu node {kind} backup ./node node.backup")
    @folder_argument
    @click.argument("target", type=OUT_PATH)
    @json_option
    def save(folder: Path, target: Path, json_out: bool) -> None:
        """Write configuration and databases into one file, never the key; the node may run."""
        from keifu.node.backup import backup
        from keifu.node.kinds import kind_of

        files = backup(kind_of(kind), folder, target)
        emit({"backup": str(target), "files": list(files)}, f"{target}: {', '.join(files)}", json_out)

    @noun.verb("restore", example=f"keifu node {kind} restore node.backup ./node")
    @click.argument("source", type=IN_FILE)
    @folder_argument
    @click.option(
        "--key-file", type=click.Path(dir_okay=False, path_type=Path),
        help="Encrypted key file of the node.  [default: a new one in the folder]",
    )  # fmt: skip
    @click.option("--role", type=Text(64), default="", help="Sign with a role's key: on a local chain only.")
    @json_option
    def bring_back(source: Path, folder: Path, key_file: Path | None, role: str, json_out: bool) -> None:
        """Make a node of a backup, on this machine or another, with a key of its own."""
        from keifu.node.backup import restore
        from keifu.node.kinds import kind_of

        made = restore(kind_of(kind), source, folder, key_file=key_file, role=role)
        document = {"folder": str(made.folder), "account": made.account, "replaces": made.replaces}
        text = f"made {made.folder}\nthe node signs with {made.account}"
        emit(document, text + (f", in the place of {made.replaces}" if made.replaces else ""), json_out)

    @noun.verb("statement", example=f"keifu node {kind} statement ./node --since 2026-11-01 --until 2026-12-01")
    @folder_argument
    @click.option("--since", type=MOMENT, required=True, help="First moment of the period.")
    @click.option("--until", type=MOMENT, required=True, help="First moment after it.")
    @click.option("--of", "account", type=ADDRESS, help="Whose account.  [default: the node's own]")
    @json_option
    def statement(folder: Path, since: int, until: int, account: str | None, json_out: bool) -> None:
        """Write what an account had, got and paid in a period as CSV; its rows add up."""
        from contextlib import ExitStack

        from keifu.node.chain import account_of, open_chain
        from keifu.node.statement import COLUMNS, statement, to_csv

        settings = settings_of(kind, folder)[0]
        with ExitStack() as held:
            chain = open_chain(settings.chain, held)
            rows = statement(chain, folder, account or account_of(folder, settings.key), since, until)
        document = {"rows": [dict(zip(COLUMNS, row.cells(), strict=True)) for row in rows]}
        emit(document, to_csv(rows).rstrip("\n"), json_out)


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
