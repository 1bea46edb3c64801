"""`keifu agent`: what clients say of agents. The work is done in keifu/agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keifu.cli._identity import REPUTATION, SCORE, agent_argument, registries, reputation
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, BYTES32, Text
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError
from keifu.spec.agent_limits import MAX_ENDPOINT, MAX_NAMED, MAX_TAG, MAX_URI
from keifu.units import counted

if TYPE_CHECKING:
    from keifu.cli.session import Session

__all__ = ["carry", "feedback", "note_change", "respond", "reviews", "revoke", "summary"]

number_argument = click.argument("number", type=click.IntRange(1, 2**64 - 1))
hash_option = click.option("--hash", "digest", type=BYTES32, default=bytes(32), help="Hash of the file at --uri.")


@verb("feedback", example="keifu agent feedback 0 --value 87 --tag quality --role buyer", access=Access.SEND)
@agent_argument
@click.option("--value", type=SCORE, required=True, help="How well it did, as 87 or -0.5; what it means, the tag says.")
@click.option("--tag", type=Text(MAX_TAG), default="", help="What the value is of.")
@click.option("--tag2", type=Text(MAX_TAG), default="", help="A second word for that.")
@click.option("--endpoint", type=Text(MAX_ENDPOINT), default="", help="Where the agent was used.")
@click.option("--uri", type=Text(MAX_URI), default="", help="Where a file is that says more.")
@hash_option
@json_option
def feedback(
    session: Session,
    agent: int,
    value: tuple[int, int],
    tag: str,
    tag2: str,
    endpoint: str,
    uri: str,
    digest: bytes,
    json_out: bool,
) -> None:
    """Say how an agent did, as its client. Who owns it, or may act for it, cannot."""
    from keifu.agents import actions

    suite = registries(session, REPUTATION)
    more = {"tags": (tag, tag2), "endpoint": endpoint, "uri": uri, "digest": digest}
    number = actions.give_feedback(session.deployer, suite, agent, *value, **more)  # type: ignore[arg-type]
    document = {"agent": agent, "client": session.sender, "number": number}
    emit(document, f"feedback {number} of {session.sender} about agent {agent}", json_out)


@verb("revoke", example="keifu agent revoke 0 1 --role buyer", access=Access.SEND)
@agent_argument
@number_argument
@json_option
def revoke(session: Session, agent: int, number: int, json_out: bool) -> None:
    """Take back what you have said of an agent: it stays readable, and counts no more."""
    from keifu.agents import actions

    actions.revoke_feedback(session.deployer, registries(session, REPUTATION), agent, number)
    emit({"agent": agent, "number": number}, f"feedback {number} about agent {agent} counts no more", json_out)


@verb("respond", example="keifu agent respond 0 1 --client 0x… --uri https://example.org/answer.json --role author",
      access=Access.SEND)  # fmt: skip
@agent_argument
@number_argument
@click.option("--client", type=ADDRESS, required=True, help="Whose feedback it is.")
@click.option("--uri", type=Text(MAX_URI), required=True, help="Where the response is.")
@hash_option
@json_option
def respond(session: Session, agent: int, number: int, client: str, uri: str, digest: bytes, json_out: bool) -> None:
    """Respond to what a client said of an agent. Anybody may."""
    from keifu.agents import actions

    actions.respond(session.deployer, registries(session, REPUTATION), agent, client, number, uri, digest)
    document = {"agent": agent, "client": client, "number": number, "uri": uri}
    emit(document, f"responded to feedback {number} of {client} about agent {agent}", json_out)


@verb("reviews", example="keifu agent reviews 0 --json", access=Access.READ)
@agent_argument
@click.option("--client", "clients", type=ADDRESS, multiple=True, help="Only of this client; repeatable.")
@json_option
def reviews(session: Session, agent: int, clients: tuple[str, ...], json_out: bool) -> None:
    """List what clients said of an agent, also what was revoked and what is of earlier data."""
    _require_few(clients)
    from keifu.agents.status import read_reviews
    from keifu.keys import checksum

    said = reputation(session)
    since = said.edition_of(agent)[1]
    found = read_reviews(said, agent, clients)
    if json_out:
        emit({"counts_since": since, "reviews": [review.document() for review in found]}, "", json_out)
        return
    rows = [
        (
            checksum(review.client),
            str(review.number),
            str(review.value),
            " ".join(filter(None, review.tags)),
            "revoked" if review.revoked else "counts" if review.edition >= since else "of earlier data",
        )
        for review in found
    ]
    table(("client", "number", "value", "tags", "state"), rows, empty="nobody has spoken of it")


@verb("summary", example="keifu agent summary 0 --client 0x… --tag quality", access=Access.READ)
@agent_argument
@click.option("--client", "clients", type=ADDRESS, multiple=True, required=True,
              help="A client that you trust; repeatable.")  # fmt: skip
@click.option("--tag", type=Text(MAX_TAG), default="", help="Only values of this.")
@click.option("--tag2", type=Text(MAX_TAG), default="", help="Only with this second word.")
@json_option
def summary(session: Session, agent: int, clients: tuple[str, ...], tag: str, tag2: str, json_out: bool) -> None:
    """Show the mean of what the named clients said of an agent's data of now.

    Anybody can speak of an agent, also its owner's friends: name those that you trust.
    """
    _require_few(clients)
    from keifu.agents.status import summary as read_summary

    count, mean = read_summary(reputation(session), agent, clients, tag, tag2)
    document = {"agent": agent, "count": count, "mean": str(mean) if count else None}
    message = f"{mean} is the mean of {counted(count, 'value')}" if count else "these clients said nothing that counts"
    emit(document, message, json_out)


@verb("note-change", example="keifu agent note-change 0 --role buyer", access=Access.SEND)
@agent_argument
@json_option
def note_change(session: Session, agent: int, json_out: bool) -> None:
    """Note that an agent has other data than before: its summaries begin anew. Anybody may."""
    from keifu.agents import actions

    actions.note_change(session.deployer, registries(session, REPUTATION), agent)
    emit({"agent": agent}, f"what was said of agent {agent} before counts no more", json_out)


@verb("carry", example="keifu agent carry 0 --uri https://example.org/why.md --role author", access=Access.SEND)
@agent_argument
@click.option("--uri", type=Text(MAX_URI), required=True, help="Where you say why.")
@hash_option
@json_option
def carry(session: Session, agent: int, uri: str, digest: bytes, json_out: bool) -> None:
    """Say in public, as its owner, that an agent's new data deserves the reputation of the old, and why."""
    from keifu.agents import actions

    since = actions.carry(session.deployer, registries(session, REPUTATION), agent, uri, digest)
    message = f"feedback about agent {agent} counts since edition {since} of its data"
    emit({"agent": agent, "counts_since": since, "uri": uri}, message, json_out)


def _require_few(clients: tuple[str, ...]) -> None:
    if len(clients) > MAX_NAMED:
        raise UsageError(f"{len(clients)} clients", remedy=f"name at most {MAX_NAMED}")
