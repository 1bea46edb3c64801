"""`keifu up`, `status`, `logs` and `down`: a local network as processes. The work is done in keifu/network."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit, table
from keifu.cli._types import BYTES32, ENDPOINT, FOLDER, Text
from keifu.cli.verbs import json_option, verb
from keifu.errors import CheckFailed, EnvironmentFault, UsageError
from keifu.network.kinds import NODES
from keifu.units import counted

if TYPE_CHECKING:
    from keifu.network.control import Standing
    from keifu.network.folder import Network, NetworkFolder

__all__ = ["down", "logs", "status", "up"]

MOST = 100  # nodes of one kind
LONGEST_VALUE = 400
READY_SECONDS = 120
LAST_PORT = 65_535

folder_option = click.option(
    "--folder", type=FOLDER, envvar="KEIFU_NETWORK", show_envvar=True,
    help="Folder of the network.  [default: network in this user's state folder]",
)  # fmt: skip


def _count_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """How many nodes of each kind there are."""
    for row in reversed(NODES):
        body = click.option(
            row.option, row.kind, type=click.IntRange(0, MOST), metavar="N",
            help=f"Nodes that {row.purpose}.  [default: {row.usual}]",
        )(body)  # fmt: skip
    return body


@verb("up", example="keifu up --operators 3 --watchers 2")
@_count_options
@folder_option
@click.option("--first-port", type=click.IntRange(1_024, LAST_PORT), help="First port; the parts take the next ones.")
@click.option("--rpc", type=ENDPOINT, help="Use this chain instead of one of the network's own.")
@click.option("--deployments", type=FOLDER, help="With --rpc: folder that says where the contracts are on that chain.")
@click.option("--environment", type=BYTES32, help="With --rpc: id of the environment that the operators serve.")
@click.option(
    "--artefacts", type=Text(LONGEST_VALUE), help="With --environment: what they serve; a star stands for any name."
)
@click.option(
    "--with-grants", is_flag=True, help="Add a distribution for the named accounts, and an operator with stake."
)
@click.option("--foreground", is_flag=True, help="Keep it in this process until Ctrl-C instead of the background.")
@click.option(
    "--wait", type=click.IntRange(0), default=READY_SECONDS, show_default=True,
    help="Seconds to wait until every part is ready.",
)  # fmt: skip
@json_option
def up(folder: Path | None, foreground: bool, wait: int, json_out: bool, **wishes: Any) -> None:
    """Start a network: a chain with the suite, operators that serve a promoted model, watchers, an index with its API.

    What was made stays in the folder: after `keifu down`, or a crash, `keifu up` goes on where it was.
    """
    _require_together(wishes)
    from keifu.network.folder import NetworkFolder, usual_folder

    place = NetworkFolder(folder or usual_folder())
    if (holder := place.holder()) is not None:
        raise EnvironmentFault(f"the network in {place.path} runs, process {holder}", remedy="keifu status, keifu down")
    _make_or_find(place, wishes)
    if foreground:
        from keifu.network.supervisor import Supervisor

        Supervisor(place).run()
        return
    from keifu.network.control import begin, wait_until_ready

    network = place.load()
    _tell(place, network, wait_until_ready(place, network, begin(place), wait), json_out)


def _require_together(wishes: dict[str, Any]) -> None:
    """Raises UsageError for options that mean nothing without another."""
    for name, other in (("deployments", "rpc"), ("environment", "rpc"), ("artefacts", "environment")):
        if wishes[name] is not None and wishes[other] is None:
            raise UsageError(f"--{name} is for --{other}", remedy=f"give --{other}, too")
    if wishes["rpc"] and wishes["with_grants"]:
        raise UsageError("--with-grants is for a chain of the network's own", remedy="leave --rpc or --with-grants out")
    if wishes["environment"] is not None and wishes["artefacts"] is None:
        raise UsageError("--environment without what is served there", remedy="--artefacts PATH")


def _make_or_find(place: NetworkFolder, wishes: dict[str, Any]) -> None:
    """Make the network unless it is there; one that is there is not changed."""
    counts = {row.kind: wishes[row.kind] for row in NODES if wishes[row.kind] is not None}
    if place.is_made:
        network = place.load()
        differing = [
            f"{row.option} {counts[row.kind]}"
            for row in NODES
            if row.kind in counts and network.count(row.kind) != counts[row.kind]
        ]
        differing += [f"--{name}" for name in ("rpc", "environment", "artefacts", "deployments") if wishes[name]]
        differing += ["--with-grants"] if wishes["with_grants"] and not network.grants else []
        if differing:
            raise UsageError(
                f"{place.path} holds a network that was made otherwise than {' '.join(differing)}",
                remedy="keifu up without it goes on with that one; another --folder makes another",
            )
        return
    from keifu.network.making import Wanted, make

    environment = wishes["environment"]
    make(
        place,
        Wanted(
            counts,
            rpc=wishes["rpc"] or "",
            deployments=wishes["deployments"],
            environment=environment.hex() if environment else "",
            artefacts=wishes["artefacts"] or "",
            first_port=wishes["first_port"] or 0,
            with_grants=wishes["with_grants"],
        ),
    )


@verb("status", example="keifu status")
@folder_option
@json_option
def status(folder: Path | None, json_out: bool) -> None:
    """Show what of the network runs, since when, where, and how it is; exit status 1 when a part is not well."""
    place, network = _network(folder)
    from keifu.network.control import standing

    _tell(place, network, standing(place, network), json_out)


@verb("logs", example="keifu logs operator-1 --follow")
@click.argument("part", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on with what is written from now on, until Ctrl-C.")
@click.option(
    "--lines", "last", type=click.IntRange(0, 100_000), default=20, show_default=True, help="Last lines of each log."
)
@folder_option
@json_option
def logs(part: str | None, follow: bool, last: int, folder: Path | None, json_out: bool) -> None:
    """Show what the parts of the network have written, or one of them."""
    import json

    from keifu.network.control import SUPERVISOR, lines

    place, network = _network(folder)
    known = [*(item.name for item in network.parts), SUPERVISOR]
    if part is not None and part not in known:
        raise UsageError(f"the network has no part {part!r}", remedy=", ".join(known))
    names = known if part is None else [part]
    for name, line in lines(place, names, last, follow=follow):
        if json_out:
            click.echo(json.dumps({"part": name, "line": line}))
        else:
            click.echo(line if part else f"{name}: {line}")


@verb("down", example="keifu down")
@folder_option
@click.option("--remove", is_flag=True, help="Remove the folder as well, with the chain and all keys in it.")
@json_option
def down(folder: Path | None, remove: bool, json_out: bool) -> None:
    """End every process of the network, and no other; `keifu up` goes on with it later."""
    place, _ = _network(folder)
    from keifu.network.control import down as end

    ran = end(place)
    if remove:
        shutil.rmtree(place.path)
    text = f"{', '.join(ran)}: ended" if ran else "nothing ran"
    emit({"ended": ran, "removed": remove}, f"{text}; {place.path} is {'removed' if remove else 'kept'}", json_out)


def _network(folder: Path | None) -> tuple[NetworkFolder, Network]:
    from keifu.network.folder import NetworkFolder, usual_folder

    place = NetworkFolder(folder or usual_folder())
    return place, place.load()


def _tell(place: NetworkFolder, network: Network, found: list[Standing], json_out: bool) -> None:
    import shlex
    import time

    from keifu.units import duration

    document = {
        "folder": str(place.path), "supervisor": place.holder(), "chain_id": network.chain_id, "rpc": network.rpc,
        "environment": network.environment, "env": network.exports, "parts": [item.data() for item in found],
    }  # fmt: skip
    if json_out:
        emit(document, "", json_out)
    else:
        rows = [
            (
                item.name,
                item.health,
                duration(int(time.time() - item.since)) if item.since else "",
                str(item.process or ""),
                str(item.restarts),
                item.address,
            )
            for item in found
        ]
        table(("part", "health", "runs since", "process", "restarts", "address"), rows)
        exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in network.exports.items())
        click.echo(f"\n{exports}\n\nenvironment {network.environment or '(none)'}; folder {place.path}")
    if wrong := [item.name for item in found if not item.is_well]:
        raise CheckFailed(
            f"{counted(len(wrong), 'part')} not well: {', '.join(wrong)}", remedy="keifu logs PART; keifu up"
        )
