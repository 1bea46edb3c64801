"""`keifu agent`: who an agent is, which data and which wallet it has. The work is done in keifu/agents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._agents import first_block, token_argument, token_number
from keifu.cli._identity import IDENTITY, agent_argument, identity, is_own, registries, reputation, require_own
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, IN_FILE, OUT_PATH, Id, Text
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import InputError, UsageError
from keifu.spec.agent_limits import LONGEST_CONSENT, MAX_AGENT_URI, MAX_KEY, MAX_VALUE, WALLET_KEY
from keifu.units import counted

if TYPE_CHECKING:
    from keifu.agents.status import AgentStatus
    from keifu.cli.session import Session

__all__ = [
    "agents", "agree_wallet", "bind", "describe", "register", "set_wallet", "show", "transfer", "unbind",
    "unset_wallet",
]  # fmt: skip

SHOWN = 16  # digits of a token's number in a list


@verb("register", example="keifu agent register --uri https://example.org/agent.json --role author",
      access=Access.SEND)  # fmt: skip
@click.option("--uri", type=Text(MAX_AGENT_URI), default="", help="Where the file is that describes the agent.")
@json_option
def register(session: Session, uri: str, json_out: bool) -> None:
    """Make an agent of yours, whose wallet you are; print its number."""
    from keifu.agents import actions

    agent = actions.register(session.deployer, registries(session, IDENTITY), uri)
    emit({"agent": agent, "owner": session.sender, "uri": uri}, f"agent {agent}", json_out)


@verb("list", example="keifu agent list --json", access=Access.READ)
@click.option("--owner", type=ADDRESS, help="Only those of this account.")
@json_option
def agents(session: Session, owner: str | None, json_out: bool) -> None:
    """List every agent, its owner, the token whose data it has, and the file that describes it."""
    from keifu.agents.status import find_agents, read_agent
    from keifu.keys import checksum

    contract, own = identity(session), is_own(session)
    start = first_block(session, IDENTITY) if own else 0
    found = [read_agent(contract, number, own=own) for number in find_agents(session.client, contract, start)]
    found = [agent for agent in found if owner in (None, agent.owner)]
    if json_out:
        emit({"agents": [agent.document() for agent in found]}, "", json_out)
        return
    rows = [(str(agent.agent), checksum(agent.owner), _token(agent)[:SHOWN], agent.uri) for agent in found]
    table(("agent", "owner", "token", "file"), rows, empty="no agent is registered")


@verb("show", example="keifu agent show 0", access=Access.READ)
@agent_argument
@click.option("--key", type=Text(MAX_KEY), help="Show also what stands under this key of its metadata.")
@json_option
def show(session: Session, agent: int, key: str | None, json_out: bool) -> None:
    """Show an agent: owner, file, wallet, data, since when what is said of it counts, and how many clients spoke."""
    from keifu.agents.status import read_agent

    contract, own = identity(session), is_own(session)
    found = read_agent(contract, agent, own=own)
    document: dict[str, Any] = found.document()
    lines = [
        f"agent    {agent}",
        f"owner    {found.owner}",
        f"file     {found.uri or 'none'}",
        f"wallet   {found.wallet if found.has_wallet else 'none'}",
    ]
    if own:
        said = reputation(session)
        edition, since, _ = said.edition_of(agent)
        clients = len(said.getClients(agent))
        document |= {"edition": edition, "counts_since": since, "clients": clients}
        data = f"{found.data.hex()} of token {_token(found)}" if found.has_data else "none"
        lines += [
            f"data     {data}",
            f"edition  {edition} of its data; feedback counts since edition {since}",
            f"clients  {counted(clients, 'client')} spoke of it",
        ]
    if key is not None:
        value = bytes(contract.getMetadata(agent, key))
        document["value"] = value.hex()
        lines.append(f"{key} {value.decode(errors='replace') if value.isascii() else '0x' + value.hex()}")
    emit(document, "\n".join(lines), json_out)


@verb("describe", example="keifu agent describe 0 --uri https://example.org/v2.json --role author",
      access=Access.SEND)  # fmt: skip
@agent_argument
@click.option("--uri", type=Text(MAX_AGENT_URI), help="Where the file is that describes the agent.")
@click.option("--key", type=Text(MAX_KEY), help="A key of the agent's metadata to write; with --value.")
@click.option("--value", type=Text(MAX_VALUE), help="What is to stand there.")
@json_option
def describe(session: Session, agent: int, uri: str | None, key: str | None, value: str | None, json_out: bool) -> None:
    """Say where the file is that describes an agent, or write one of its values."""
    if (key is None) != (value is None) or (uri is None) == (key is None):
        raise UsageError("what is written?", remedy="--uri URI, or --key KEY --value VALUE")
    if key == WALLET_KEY:
        raise UsageError(f"only a wallet's consent writes {WALLET_KEY}", remedy="keifu agent set-wallet")
    from keifu.agents import actions

    suite = registries(session, IDENTITY)
    if uri is not None:
        actions.describe(session.deployer, suite, agent, uri)
        emit({"agent": agent, "uri": uri}, f"agent {agent} is described at {uri}", json_out)
    elif key is not None and value is not None:
        actions.set_metadata(session.deployer, suite, agent, key, value.encode())
        emit({"agent": agent, "key": key, "value": value}, f"{key} of agent {agent} is {value}", json_out)


@verb("bind", example="keifu agent bind 0 3fa1 --role author", access=Access.SEND)
@agent_argument
@token_argument
@json_option
def bind(session: Session, agent: int, token: Id, json_out: bool) -> None:
    """Let an agent's data be that of a token which you own, too; another agent with that token has none any more."""
    from keifu.agents import actions

    suite, number = registries(session, IDENTITY), token_number(session, token)
    require_own(session)
    actions.bind(session.deployer, suite, agent, number)
    emit({"agent": agent, "token": f"{number:064x}"}, f"agent {agent} has the data of token {number:064x}", json_out)


@verb("unbind", example="keifu agent unbind 0 --role author", access=Access.SEND)
@agent_argument
@json_option
def unbind(session: Session, agent: int, json_out: bool) -> None:
    """Let an agent's data be that of no token any more."""
    from keifu.agents import actions

    suite = registries(session, IDENTITY)
    require_own(session)
    actions.bind(session.deployer, suite, agent, 0)
    emit({"agent": agent, "token": ""}, f"agent {agent} has no data", json_out)


@verb("agree-wallet", example="keifu agent agree-wallet 0 --out wallet.json --role node", access=Access.SEND)
@agent_argument
@click.option("--out", type=OUT_PATH, required=True, help="New file for your consent.")
@json_option
def agree_wallet(session: Session, agent: int, out: Path, json_out: bool) -> None:
    """Agree to be an agent's wallet: you act and are paid for it. Its owner has five minutes to bring your consent."""
    if out.exists():
        raise InputError(f"{out} is there already", remedy="choose another file")
    from keifu.agents.status import read_agent
    from keifu.agents.wallet import agree

    registry = identity(session)
    found = read_agent(registry, agent, own=is_own(session))
    deadline = session.client.now + LONGEST_CONSENT
    chain_id = session.client.chain_id
    consent = agree(chain_id, registry.address, agent, session.sender, found.owner, deadline, session.sign)
    consent.save(out)
    document = {"file": str(out), "agent": agent, "wallet": consent.wallet, "owner": found.owner, "deadline": deadline}
    emit(document, f"{consent.wallet} agrees to be the wallet of agent {agent}, within 5 minutes: {out}", json_out)


@verb("set-wallet", example="keifu agent set-wallet wallet.json --role author", access=Access.SEND)
@click.argument("consent", type=IN_FILE)
@json_option
def set_wallet(session: Session, consent: Path, json_out: bool) -> None:
    """Give an agent the wallet that has agreed; a transfer of the agent ends it."""
    from keifu.agents import WalletConsent, actions

    found = WalletConsent.load(consent)
    suite = registries(session, IDENTITY)
    actions.set_wallet(session.deployer, suite, session.client.chain_id, found)
    message = f"the wallet of agent {found.agent} is {found.wallet}"
    emit({"agent": found.agent, "wallet": found.wallet}, message, json_out)


@verb("unset-wallet", example="keifu agent unset-wallet 0 --role author", access=Access.SEND)
@agent_argument
@json_option
def unset_wallet(session: Session, agent: int, json_out: bool) -> None:
    """Leave an agent without a wallet."""
    from keifu.agents import actions

    actions.unset_wallet(session.deployer, registries(session, IDENTITY), agent)
    emit({"agent": agent}, f"agent {agent} has no wallet", json_out)


@verb("transfer", example="keifu agent transfer 0 --to 0x… --role author", access=Access.SEND)
@agent_argument
@click.option("--to", type=ADDRESS, required=True, help="Who gets it.")
@json_option
def transfer(session: Session, agent: int, to: str, json_out: bool) -> None:
    """Give an agent away; it keeps its file and what was said of it, and its wallet is none any more."""
    from keifu.agents import actions

    actions.transfer(session.deployer, registries(session, IDENTITY), agent, to)
    emit({"agent": agent, "owner": to}, f"agent {agent} is owned by {to}", json_out)


def _token(agent: AgentStatus) -> str:
    return f"{agent.token:064x}" if agent.token else "none"
