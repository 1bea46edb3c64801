"""`keifu agent create`, `take`, `fund`, `deploy` and `status`. The work is done in keifu/agent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._agents import ACCOUNT, NFT, TOKEN, other_registry
from keifu.cli._calls import LIMIT, TARGET
from keifu.cli._identity import IDENTITY
from keifu.cli._print import emit
from keifu.cli._store import CODE
from keifu.cli._types import COINS, DURATION, FOLDER, IN_FILE, IN_FOLDER, Text
from keifu.cli.inft_ask import data_store
from keifu.cli.inft_make import breed_options
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError
from keifu.spec.agent_limits import MAX_AGENT_URI
from keifu.spec.inft_limits import DATA_KINDS
from keifu.units import coins, day

if TYPE_CHECKING:
    from keifu.agent.plan import Plan
    from keifu.agent.scene import Scene
    from keifu.cli.session import Session

__all__ = ["create", "deploy", "fund", "place_argument", "scene_of", "status", "take"]

MAX_TARGETS, MAX_LIMITS, MAX_USES = 16, 4, 2**32 - 1
place_argument = click.argument("place", metavar="FOLDER", type=IN_FOLDER)


def scene_of(session: Session) -> Scene:
    """The chain, the owner, and this user's folders."""
    from keifu.agent.scene import Scene
    from keifu.compute.client.store import usual_folder as channels_folder
    from keifu.storage.client.ledger import usual_folder

    suite = session.suite(NFT, ACCOUNT, TOKEN, IDENTITY)
    return Scene(
        session.client, suite, session.deployer, session.sign, session.record.first_block, usual_folder(),
        channels_folder(), other_registry(session),
    )  # fmt: skip


@verb("create", example="keifu agent create prompt.txt --kind prompt --out planner --role author", access=Access.SEND)
@click.argument("files", type=IN_FILE, nargs=-1)
@click.option("--out", "place", type=FOLDER, required=True, help="Folder for the agent: its data and its keys.")
@click.option("--kind", "kinds", type=click.Choice(DATA_KINDS), multiple=True, help="What each file is, in order.")
@breed_options
@json_option
def create(
    session: Session, files: tuple[Path, ...], place: Path, kinds: tuple[str, ...], royalty: int, clones: int,
    generations: int, json_out: bool,
) -> None:  # fmt: skip
    """Make an agent: encrypt its files, mint their token, make the token's account. Interrupted, the same command goes
    on; files that are encrypted already need not be named again."""
    from keifu.agent.making import Breed
    from keifu.agent.making import create as make

    made = make(scene_of(session), place, files, kinds, Breed(royalty, clones, generations))
    _emit_plan(made, place, json_out)


@verb("take", example="keifu agent take sold --out planner --role buyer", access=Access.SEND)
@click.argument("bought", type=IN_FOLDER)
@click.option("--out", "place", type=FOLDER, required=True, help="New folder for the agent: its data and its keys.")
@json_option
def take(session: Session, bought: Path, place: Path, json_out: bool) -> None:
    """Take over an agent that you bought or had cloned, from the folder that `keifu inft receive` opened: its key is
    a new one, and its account is made if there is none."""
    from keifu.agent.making import take as make

    _emit_plan(make(scene_of(session), bought, place), place, json_out)


def _emit_plan(made: Plan, place: Path, json_out: bool) -> None:
    text = f"{made.account}\ntoken {made.token}; keep {place}"
    document = {"account": made.account, "token": made.token, "session": made.session, "folder": str(place)}
    emit(document, text, json_out)


@verb("fund", example="keifu agent fund planner --coins 50 --ether 0.1 --role author", access=Access.SEND)
@place_argument
@click.option("--coins", "amount", type=COINS, default="0", help="Coins of yours for the agent's account.")
@click.option("--ether", type=COINS, default="0", help="Ether of yours for the agent's key, which pays for gas.")
@json_option
def fund(session: Session, place: Path, amount: int, ether: int, json_out: bool) -> None:
    """Give an agent's account coins, and its key ether for its transactions."""
    if not amount and not ether:
        raise UsageError("nothing is given", remedy="--coins, --ether, or both")
    from keifu.agent.making import fund as give
    from keifu.agent.making import read_plan

    scene = scene_of(session)
    plan = read_plan(scene, place)
    give(scene, plan, amount, ether)
    parts = [f"{coins(given)} {what}" for given, what in ((amount, "coins"), (ether, "ether")) if given]
    document = {"account": plan.account, "session": plan.session, "coins": str(amount), "ether": str(ether)}
    emit(document, f"{' and '.join(parts)} given to {place}", json_out)


@verb("deploy", example="keifu agent deploy planner --uri https://example.org/agent.json --role author",
      access=Access.SEND)  # fmt: skip
@place_argument
@click.option("--uri", type=Text(MAX_AGENT_URI), default="", help="Where the file is that describes the agent.")
@click.option("--a-day", type=COINS, default="1", show_default=True, help="Coins that its key may pay a day.")
@click.option("--for", "length", type=DURATION, default="30 days", show_default=True, help="How long the key may act.")
@click.option("--uses", type=click.IntRange(1, MAX_USES), default=1_000, show_default=True, help="How often.")
@click.option("--target", "targets", type=TARGET, multiple=True,
              help="ADDRESS:FUNCTION that the key may call, or ADDRESS:approvable; repeatable.")  # fmt: skip
@click.option("--limit", "limits", type=LIMIT, multiple=True,
              help="TOKEN=AMOUNT, or ether=AMOUNT, that the account may lose a day; repeatable.")  # fmt: skip
@click.option("--store", "store_folder", type=FOLDER, help="Store the encrypted data in this folder.")
@click.option("--max-price", "most", type=COINS, help="Store it in the network, at most so many coins a file.")
@click.option("--store-for", type=DURATION, default="30 days", show_default=True, help="How long it is stored there.")
@click.option("--code", type=CODE, default="10+4", show_default=True, help="Shards of the data in the network.")
@json_option
def deploy(
    session: Session, place: Path, uri: str, a_day: int, length: int, uses: int,
    targets: tuple[tuple[str, str], ...], limits: tuple[tuple[str, int], ...], store_folder: Path | None,
    most: int | None, store_for: int, code: tuple[int, int], json_out: bool,
) -> None:  # fmt: skip
    """Bring an agent to life: store its data if you say where, register its identity, let its key act within limits,
    bind the identity to the token. What is done already stays as it is."""
    for what, given, greatest in (("targets", targets, MAX_TARGETS - 1), ("limits", limits, MAX_LIMITS - 1)):
        if len(given) > greatest:
            raise UsageError(f"{len(given)} {what}", remedy=f"a session has at most {greatest} beside paying")
    from keifu.accounts.session import Limit, Target
    from keifu.agent.allowing import Allowance
    from keifu.agent.deploying import deploy as bring
    from keifu.agent.making import read_plan

    def tell(step: str) -> None:
        if not json_out:
            click.echo(step)

    scene = scene_of(session)
    plan = read_plan(scene, place)
    allowance = Allowance(
        length, uses, a_day, [Target.named(*item) for item in targets], [Limit(*item) for item in limits]
    )
    store = data_store(session, store_folder, code, most, store_for) if store_folder or most is not None else None
    made = bring(scene, place, plan, allowance, uri, store, tell)
    text = f"agent {made.agent}; its key acts until {day(made.session_until)}"
    document = {"agent": made.agent, "addresses": list(made.addresses), "session_until": made.session_until}
    emit(document, text, json_out)


@verb("status", example="keifu agent status planner", access=Access.READ)
@place_argument
@json_option
def status(session: Session, place: Path, json_out: bool) -> None:
    """Show how an agent stands: its token, what its account has, what its key may still do."""
    from keifu.agent.plan import Plan
    from keifu.agent.scene import Ground
    from keifu.agent.standing import standing

    suite = session.suite(NFT, ACCOUNT, TOKEN, IDENTITY)
    found = standing(Ground(session.client, suite, session.record.first_block), Plan.read(place))
    emit(found.data(), "\n".join(found.lines), json_out)
