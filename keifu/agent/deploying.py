"""An agent brought to life: its data stored, an identity that leads to its file and its data, a key that may act.

The identity is the account's, so it goes with the token. What is done already is left as it is; the same call goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ethwire.constants import ZERO_ADDRESS
from keifu.accounts import actions as accounts
from keifu.agent.allowing import Allowance, encoded, grant_of
from keifu.agent.faults import ChoreFault
from keifu.agent.making import data_of, is_minted
from keifu.agent.plan import Plan
from keifu.agent.scene import Readable, Scene
from keifu.agents import actions as agents
from keifu.agents import find_agents
from keifu.chain.suite import ACCOUNT, IDENTITY, TOKEN
from keifu.inft import DataFolder
from keifu.inft.stores import Store, put_all

__all__ = ["Deployed", "deploy", "identity_of"]


@dataclass(frozen=True)
class Deployed:
    """An agent as it runs: its number in the registry, where each item of its data is, and until when its key acts."""

    agent: int
    addresses: tuple[str, ...]
    session_until: int


def deploy(
    scene: Scene, place: Path, plan: Plan, allowance: Allowance, uri: str = "", store: Store | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> Deployed:  # fmt: skip
    """Store the data, take an identity, let the key act, bind the identity to the token. `tell` hears of each step.

    A session that lives is left as it is: `keifu account grant` gives another one. Raises Revert, and ChoreFault for an
    agent that is not made, or is sold.
    """
    if not (is_minted(scene, plan) and scene.client.code(plan.account)):
        raise ChoreFault("no_account", f"the account {plan.account} is not made yet", "keifu agent create")
    if store is not None and not plan.addresses:
        source = data_of(place)
        folder = DataFolder.load(source)
        plan.addresses = put_all(store, source, len(folder.items))
        plan.keep(place)
        store.settle()
        tell("stored")
    agent = _identity(scene, plan, allowance, uri, tell)
    _bind(scene, plan, agent, tell)
    until = accounts.read_session(scene.client.at(plan.account, ACCOUNT), plan.session).valid_until
    plan.session_until = until
    plan.keep(place)
    return Deployed(agent, tuple(plan.addresses), until)


def identity_of(scene: Readable, account: str) -> int | None:
    """The number of an account's agent; None when it has none."""
    identity = scene.suite.at(scene.client, IDENTITY)
    if not identity.balanceOf(account):
        return None
    numbers = find_agents(scene.client, identity, scene.first_block)
    return next((number for number in numbers if identity.ownerOf(number) == account), None)


def _identity(scene: Scene, plan: Plan, allowance: Allowance, uri: str, tell: Callable[[str], None]) -> int:
    """One transaction for identity and session; none when both are there."""
    client, suite = scene.client, scene.suite
    session = accounts.read_session(client.at(plan.account, ACCOUNT), plan.session)
    agent, calls, done = identity_of(scene, plan.account), [], []
    if agent is None:
        calls.append(encoded(client, suite[IDENTITY], IDENTITY, "register", uri))
        done.append("identity")
    elif uri and suite.at(client, IDENTITY).tokenURI(agent) != uri:
        calls.append(encoded(client, suite[IDENTITY], IDENTITY, "setAgentURI", agent, uri))
        done.append("file")
    given = grant_of(suite[TOKEN], plan.session, client.now + allowance.seconds, allowance)
    if given.targets and not (session.alive and session.valid_until > client.now):
        calls.append(encoded(client, plan.account, ACCOUNT, "grant_session", given.args))
        done.append("session")
    if calls:
        accounts.execute(scene.chain, plan.account, calls)
    for step in done:
        tell(step)
    found = identity_of(scene, plan.account) if agent is None else agent
    assert found is not None  # the batch that registered it has happened
    return found


def _bind(scene: Scene, plan: Plan, agent: int, tell: Callable[[str], None]) -> None:
    """Bind by the token's owner, who acts for the identity's owner while it does, and not afterwards."""
    client, suite = scene.client, scene.suite
    identity = suite.at(client, IDENTITY)

    def approve(who: str) -> None:
        call = encoded(client, suite[IDENTITY], IDENTITY, "approve", who, agent)
        accounts.execute(scene.chain, plan.account, [call])

    if identity.bound_token(agent) != plan.token_id:
        approve(scene.chain.sender)
        agents.bind(scene.chain, suite, agent, plan.token_id)
        tell("data")
    if int(identity.getApproved(agent), 16):
        approve(ZERO_ADDRESS)
