"""`keifu agent serve` and `card`: tools for assistants, and what an agent says of itself. The work is done in
keifu/agent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu._files import read_bounded
from keifu.cli._agents import ACCOUNT, NFT, TOKEN
from keifu.cli._identity import IDENTITY
from keifu.cli._print import emit
from keifu.cli._types import COINS, FOLDER, IN_FILE, IN_FOLDER, Text
from keifu.cli.agent_life import place_argument
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import InputError, UsageError

if TYPE_CHECKING:
    from keifu.agent.card import Profile, Skill
    from keifu.agent.mcp.serving import Serving
    from keifu.agent.plan import Plan
    from keifu.agent.scene import Ground
    from keifu.cli.session import Session

__all__ = ["card", "serve"]

LOCAL, USUAL_PORT = "127.0.0.1", 8643
SHORTEST_TOKEN, LONGEST_TOKEN = 16, 1 << 10
SHORT, LONG = 200, 2_000
RESULTS = Path("benchmarks/results.json")


@verb("serve", example="keifu agent serve planner --spend", access=Access.READ)
@click.argument("place", metavar="[FOLDER]", type=IN_FOLDER, required=False)
@click.option("--spend", is_flag=True, help="Offer tools that pay, too, within the session of the agent's key.")
@click.option("--most", type=COINS, default="0", help="Coins that one payment or approval names at most.")
@click.option("--http", is_flag=True, help="Answer over HTTP, instead of standard input and output.")
@click.option("--host", default=LOCAL, show_default=True, help="With --http: address to listen on; others see it then.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=USUAL_PORT, show_default=True, help="Port; 0 takes a free one."
)
@click.option(
    "--name", "names", multiple=True, metavar="HOST", help="Name that a proxy in front gives this server; repeatable."
)
@click.option("--token", "token_file", type=IN_FILE, help="File of a secret that clients have to send (Bearer).")
@click.option("--trust", type=IN_FILE, help="Trust file: what is proved is compared with it.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="What the benchmarks measured.")
@json_option
def serve(
    session: Session, place: Path | None, spend: bool, most: int, http: bool, host: str, port: int,
    names: tuple[str, ...], token_file: Path | None, trust: Path | None, results: Path, json_out: bool,
) -> None:  # fmt: skip
    """Serve the system's reads as tools for assistants (MCP), of an agent where FOLDER has one; with --spend also what
    its key may do. The contract holds the key's limits. Over HTTP spending wants --token."""
    if spend and place is None:
        raise UsageError("--spend without an agent", remedy="name the agent's folder")
    if http and spend and token_file is None:
        raise UsageError("over HTTP anybody on this machine could spend", remedy="--token FILE")
    token = _token(token_file)
    serving = _serving(session, place, spend, most, trust, results)
    if not http:
        from keifu.agent.mcp.lines import serve_lines
        from keifu.agent.mcp.serving import protocol_of

        serve_lines(protocol_of(serving), sys.stdin.buffer, sys.stdout.buffer)
        return
    import asyncio

    from keifu.agent.mcp.serving import site_of
    from keifu.agent.mcp.web import MCP_PATH, serve_web

    def started(url: str) -> None:
        emit({"url": url}, f"tools at {url} until Ctrl-C", json_out)

    site = site_of(serving, frozenset(name.lower() for name in (*names, host)), token)
    asyncio.run(serve_web(site, host, port, lambda url: started(url + MCP_PATH)))


@verb("card", example='keifu agent card planner --name Planner --description "Plans journeys." --out public',
      access=Access.READ)  # fmt: skip
@place_argument
@click.option("--name", type=Text(SHORT), help="How the agent is called; as it was, if it is left out.")
@click.option("--description", type=Text(LONG), help="What it does.")
@click.option("--image", type=Text(LONG), help="Address of a picture.")
@click.option("--mcp", type=Text(LONG), help="Where its tools are: https://…/mcp.")
@click.option("--a2a", type=Text(LONG), help="Where it speaks A2A itself.")
@click.option("--web", type=Text(LONG), help="Its page.")
@click.option("--skill", "skills", type=Text(LONG), multiple=True, help="ID: WORDS of what it can do; repeatable.")
@click.option("--out", type=FOLDER, help="Folder of a web site: both documents are written there.")
@json_option
def card(
    session: Session, place: Path, name: str | None, description: str | None, image: str | None, mcp: str | None,
    a2a: str | None, web: str | None, skills: tuple[str, ...], out: Path | None,
    json_out: bool,
) -> None:  # fmt: skip
    """Describe an agent once, and write both documents of it: A2A's card and ERC-8004's registration file. The
    description stays in FOLDER; with --out alone they are written anew, as after a new identity."""
    from keifu.agent.card import PROFILE_FILE, write_documents
    from keifu.agent.mcp.serving import registrations_of

    plan, path = _plan(place), place / PROFILE_FILE
    services = {"MCP": mcp, "A2A": a2a, "web": web}
    made = _profile(path, {"name": name, "description": description, "image": image}, services, skills)
    made.require_readable()
    registrations = registrations_of(_ground(session), plan)
    written = write_documents(out, made, registrations) if out else []
    made.save(path)
    files = [str(item) for item in (path, *written)]
    emit({"files": files, "registrations": registrations}, "\n".join(files), json_out)


def _profile(
    path: Path, words: dict[str, str | None], services: dict[str, str | None], skills: tuple[str, ...]
) -> Profile:
    """What was said before, with what is said now in its place."""
    import msgspec

    from keifu.agent.card import Profile, Service

    given = {name: text for name, text in words.items() if text is not None}
    if not path.exists() and not {"name", "description"} <= given.keys():
        raise UsageError("an agent has a name and a description", remedy="--name, --description")
    old = Profile.load(path) if path.exists() else Profile(given["name"], given["description"])
    kept = [item for item in old.services if services.get(item.name) is None]
    new = [Service(name, url) for name, url in services.items() if url]
    said = tuple(map(_skill, skills)) or old.skills
    return msgspec.structs.replace(old, services=(*new, *kept), skills=said, **given)


def _skill(text: str) -> Skill:
    """Raises UsageError for one without a name."""
    from keifu.agent.card import Skill

    name, colon, words = text.partition(":")
    if not (colon and name.strip() and words.strip()):
        raise UsageError(f"{text[:40]!r} is no skill", remedy="ID: WORDS")
    return Skill(name.strip(), name.strip(), words.strip(), (name.strip(),))


def _serving(
    session: Session, place: Path | None, spend: bool, most: int, trust: Path | None, results: Path
) -> Serving:
    from keifu.agent.mcp.reads import Reads
    from keifu.agent.mcp.serving import Serving
    from keifu.provenance.trust import Trust, trust_file

    plan, known = _plan(place) if place else None, trust or trust_file()
    pinned = Trust.read(known) if trust or known.exists() else None
    return Serving(Reads(_ground(session), plan, pinned, results), place, spend, most)


def _plan(place: Path) -> Plan:
    from keifu.agent.plan import Plan

    return Plan.read(place)


def _ground(session: Session) -> Ground:
    from keifu.agent.scene import Ground

    suite = session.suite(NFT, ACCOUNT, TOKEN, IDENTITY)
    return Ground(session.client, suite, session.record.first_block)


def _token(path: Path | None) -> str:
    """Raises InputError for one that can be guessed, or that no header can carry."""
    if path is None:
        return ""
    text = read_bounded(path, LONGEST_TOKEN, "a token").decode("latin-1").strip()
    if len(text) < SHORTEST_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        raise InputError(f"{path} holds no token", remedy=f"{SHORTEST_TOKEN} signs or more, as `openssl rand -hex 32`")
    return text
