"""`keifu node juror` and `keifu node keeper`: nodes that serve the court. The work is done in keifu/node."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from keifu.cli._node import acting, add_common, folder_argument, leaving, make, making, settings_of
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, DURATION, Text
from keifu.cli.verbs import Noun, json_option
from keifu.units import coins

__all__ = ["juror", "keeper"]

LONGEST_COMMAND = 400

juror = Noun(
    "juror",
    help="Tell which seats were drawn, and vote in time as you or a rule decided.",
    example="keifu node juror run /srv/juror",
)
keeper = Noun(
    "keeper",
    help="Bring the blocks that draw juries, and open epochs, when that pays.",
    example="keifu node keeper run /srv/keeper",
)


# juror -------------------------------------------------------------------------------------------------------------


@juror.verb("init", example="keifu node juror init ./juror --rule 'python /srv/rule.py'")
@folder_argument
@click.option("--poll", type=DURATION, default="15", help="How often the court is looked at.  [default: 15 seconds]")
@click.option(
    "--rule", type=Text(LONGEST_COMMAND), default="",
    help="Program that gets a case as JSON and prints guilty, innocent or undecided.",
)  # fmt: skip
@making("juror")
@json_option
def juror_init(folder: Path, poll: int, rule: str, owner_pages: str, json_out: bool, **common: Any) -> None:
    """Make a node's folder: its configuration, a key, and a unit for systemd."""
    from keifu.node.setup import Wish

    own: dict[str, Any] = {"rule": shlex.split(rule)} if rule else {}
    make("juror", folder, json_out, Wish(listen=owner_pages, own={**own, "poll": f"{poll} seconds"}, **common))


@juror.verb("decide", example="keifu node juror decide ./juror 7 guilty")
@folder_argument
@click.argument("case", type=click.IntRange(1))
@click.argument("vote", type=click.Choice(["guilty", "innocent"]))
@click.option(
    "--hearing", type=click.IntRange(0, 1), default=0, show_default=True, help="Which one: 0 first jury, 1 re-hearing."
)
@json_option
def juror_decide(folder: Path, case: int, vote: str, hearing: int, json_out: bool) -> None:
    """Say what the node votes in a case; a vote that was sealed is not changed any more."""
    from keifu.node.juror.decisions import decide, require_open

    settings: Any = settings_of("juror", folder)[0]
    require_open(folder, case, hearing)
    decide(folder / settings.juror.decisions, case, hearing, vote == "guilty")
    emit({"case": case, "hearing": hearing, "vote": vote}, f"the node votes {vote} in case {case}", json_out)


@juror.verb("exit", example="keifu node juror exit ./juror")
@folder_argument
@json_option
def juror_exit(folder: Path, json_out: bool) -> None:
    """Ask the juror's coins back, or take them out once earlier cases are over; the node has to be stopped."""
    from keifu.node.juror.leaving import leave

    leaving("juror", folder, leave, json_out)


# keeper ------------------------------------------------------------------------------------------------------------


@keeper.verb("init", example="keifu node keeper init ./keeper")
@folder_argument
@click.option("--poll", type=DURATION, default="15", help="How often the chain is looked at.  [default: 15 seconds]")
@making("keeper")
@json_option
def keeper_init(folder: Path, poll: int, owner_pages: str, json_out: bool, **common: Any) -> None:
    """Make a node's folder: its configuration, a key, and a unit for systemd."""
    from keifu.node.setup import Wish

    make("keeper", folder, json_out, Wish(listen=owner_pages, own={"poll": f"{poll} seconds"}, **common))


@keeper.verb("exit", example="keifu node keeper exit ./keeper --to 0x…")
@folder_argument
@click.option("--to", type=ADDRESS, required=True, help="Who gets the ether.")
@json_option
def keeper_exit(folder: Path, to: str, json_out: bool) -> None:
    """Send what the keeper's account has to somebody else; the node has to be stopped, and its jobs ended."""
    from contextlib import ExitStack

    from keifu.node.fence import note_used
    from keifu.node.keeper.leaving import leave

    with ExitStack() as held:
        chain, deployer = acting("keeper", folder, held)
        sent = leave(chain, deployer, to)
        note_used(folder, chain, deployer.sender)
    emit(
        {"sent": str(sent), "to": to},
        f"{coins(sent)} ether were sent to {to}" if sent else "nothing is there",
        json_out,
    )


add_common(juror, "juror")
add_common(keeper, "keeper")
