"""How an agent stands: whose it is, what its account has, what its key may still do, who leases it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keifu.accounts import actions as accounts
from keifu.agent.deploying import identity_of
from keifu.agent.plan import Plan
from keifu.agent.scene import Readable
from keifu.chain.suite import ACCOUNT, IDENTITY, NFT, TOKEN
from keifu.errors import UsageError
from keifu.inft import TokenStatus, read_token
from keifu.units import coins, counted, day

__all__ = ["SessionLeft", "Standing", "standing"]


@dataclass(frozen=True)
class SessionLeft:
    """What the agent's key may still do. Amounts are wei of the suite's coin, of this period."""

    key: str
    alive: bool
    until: int
    uses: int
    spent: int
    limit: int
    ether: int  # that the key has for its transactions


@dataclass(frozen=True)
class Standing:
    """One agent. `token` is None before the mint, `agent` before it has an identity. Amounts are wei."""

    number: str
    token: TokenStatus | None
    account: str
    account_made: bool
    coins: int
    ether: int
    agent: int | None
    uri: str
    bound: bool
    session: SessionLeft
    addresses: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        session = {**vars(self.session), **_texts(self.session, "spent", "limit", "ether")}
        token = self.token.data() if self.token else None
        return {**vars(self), **_texts(self, "coins", "ether"), "token": token, "session": session}

    @property
    def lines(self) -> list[str]:
        """For people."""
        token, session = self.token, self.session
        left = f"{counted(session.uses, 'call')} until {day(session.until)}, {coins(session.spent)} of"
        left += f" {coins(session.limit)} coins spent in this period; the key has {coins(session.ether)} ether"
        fields = {
            "token": self.number if token else f"{self.number}, not minted yet",
            "owner": token.owner if token else "",
            "account": self.account + ("" if self.account_made else ", not made yet"),
            "has": f"{coins(self.coins)} coins, {coins(self.ether)} ether",
            "agent": "not registered yet" if self.agent is None else f"{self.agent} {self.uri}".rstrip(),
            "data": "bound to the token" if self.bound else "",
            "session": left if session.alive else "none",
            "lease": f"until {day(token.leased_until)}" if token and token.leased_until else "",
            "stored": " ".join(self.addresses),
        }
        return [f"{name:<9}{text}" for name, text in fields.items() if text]


def standing(scene: Readable, plan: Plan) -> Standing:
    """How the agent of a plan stands now; also before its mint, and when it is somebody else's."""
    client, suite = scene.client, scene.suite
    try:
        token = read_token(suite.at(client, NFT), plan.token_id)
    except UsageError:
        token = None
    made = bool(client.code(plan.account))
    agent = identity_of(scene, plan.account)
    identity = suite.at(client, IDENTITY)
    return Standing(
        number=plan.token,
        token=token,
        account=plan.account,
        account_made=made,
        coins=suite.at(client, TOKEN).balanceOf(plan.account),
        ether=client.balance(plan.account),
        agent=agent,
        uri="" if agent is None else identity.tokenURI(agent),
        bound=agent is not None and identity.bound_token(agent) == plan.token_id,
        session=_session(scene, plan, made=made),
        addresses=(*([plan.address] if plan.address else []), *plan.addresses),
    )


def _session(scene: Readable, plan: Plan, *, made: bool) -> SessionLeft:
    client, key = scene.client, plan.session
    if not made:
        return SessionLeft(key, False, 0, 0, 0, 0, client.balance(key))
    account = client.at(plan.account, ACCOUNT)
    found = accounts.read_session(account, key)
    alive = found.alive and found.valid_until > client.now
    spent, limit = account.spent(key, scene.suite[TOKEN]) if alive else (0, 0)
    return SessionLeft(key, alive, found.valid_until, found.uses, spent, limit, client.balance(key))


def _texts(found: Any, *names: str) -> dict[str, str]:
    return {name: str(getattr(found, name)) for name in names}
