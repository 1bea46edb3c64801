"""Tools that read: balances, agents and sessions, locks, grants, records and their ancestry, deals, channels, orders,
receipts, what runs where, and what it costs. Each answer is of the newest block; what is proved says so."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import msgspec

from keifu.accounts import actions as accounts
from keifu.agent.mcp.tools import Tool
from keifu.agent.mcp.words import (
    Address,
    Count,
    Hash,
    Limit,
    Number,
    OptionalAddress,
    Words,
)
from keifu.agent.plan import Plan
from keifu.agent.scene import Ground
from keifu.agent.standing import standing
from keifu.agents import find_agents, read_agent
from keifu.chain.suite import (
    ACCOUNT,
    CHANNELS,
    GRANTS,
    HUB,
    IDENTITY,
    NFT,
    ORDERS,
    REPUTATION,
    TOKEN,
)
from keifu.compute.client.capture import Captured, exchange_of
from keifu.compute.client.checks import Expected, check_reply
from keifu.compute.client.side import chain_side
from keifu.compute.market.orders import open_order
from keifu.cost.reading import read_report
from keifu.errors import InputError, UsageError
from keifu.grants import Reader as GrantReader
from keifu.inft import read_token
from keifu.payments.status import find_channel, read_channel
from keifu.provenance.bundle import Bundle
from keifu.provenance.bundle_file import decode_parts
from keifu.provenance.lineage import Lineage, walk
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Logged, Provenance
from keifu.provenance.trust import Trust
from keifu.provenance.verify import check_block, check_lineage
from keifu.staking import actions as staking
from keifu.staking.status import find_services, read_operator
from keifu.storage.client.market import Market

__all__ = ["Reads"]

LONGEST_BUNDLE, LONGEST_BODY, LONGEST_RECEIPT = 768 << 10, 128 << 10, 16 << 10  # characters
LOOKED_AT = 1_000  # agents, one after another
LARGEST_ANCESTRY = 1_000  # records: more would be no answer, and strangers link as many as they like
ESCROW, REGISTRY, ENVIRONMENTS = "VestingEscrow", "ProvenanceRegistry", "Environments"


class _Nothing(Words, frozen=True):
    """No argument."""


class _Account(Words, frozen=True):
    account: OptionalAddress = ""


class _Of(Words, frozen=True):
    number: Number


class _Token(Words, frozen=True):
    token: Hash


class _Session(Words, frozen=True):
    account: Address
    key: Address


class _Agents(Words, frozen=True):
    owner: OptionalAddress = ""
    skip: Count = 0
    limit: Limit = 20


class _Operator(Words, frozen=True):
    operator: Address


class _Stake(Words, frozen=True):
    operator: Address
    account: OptionalAddress = ""


class _Id(Words, frozen=True):
    id: Hash


class _Ancestry(Words, frozen=True):
    id: Hash
    depth: Annotated[int, msgspec.Meta(ge=0, le=128, description="Links to follow; 0 for all")] = 0


class _Bundle(Words, frozen=True):
    bundle: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_BUNDLE, description="The file in base64")]
    block: Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{64}$", description="Hash of a block that you trust")]


class _Reply(Words, frozen=True):
    request: Annotated[str, msgspec.Meta(max_length=LONGEST_BODY, description="Body of the request, as it was sent")]
    response: Annotated[str, msgspec.Meta(max_length=LONGEST_BODY, description="Body of the answer, as it came")]
    receipt: Annotated[
        str, msgspec.Meta(max_length=LONGEST_RECEIPT, description="The answer's header with the receipt")
    ]
    operator: Address


@dataclass(frozen=True)
class Reads:
    """Over one chain; of the agent of `plan`, where one is served. `results` is the file of the benchmarks."""

    ground: Ground
    plan: Plan | None = None
    trust: Trust | None = None
    results: Path = Path("benchmarks/results.json")

    def tools(self) -> Iterator[Tool]:
        for run, takes, title, description in (
            (self._balance, _Account, "Balance", "Coins and ether of an account, wei; the agent's own by default."),
            (self._agent_status, _Nothing, "This agent", "How the agent stands that this server is for: its token, its"
             " account's money, and what its key may still do within its session."),
            (self._agents, _Agents, "Agents", "Registered agents: number, owner, file, wallet, token; oldest first."),
            (self._agent, _Of, "Agent", "One registered agent, with the clients and edition of its reputation."),
            (self._token, _Token, "Intelligent NFT", "A token of an agent: owner, data, royalty, clones, leases."),
            (self._session, _Session, "Session", "What is left of a key's session of an account, and what it spent."),
            (self._locks, _Operator, "Locks", "An operator's own coins behind each service, its delegators and terms."),
            (self._position, _Stake, "Stake", "What an account has with an operator: its worth, rewards, what leaves."),
            (self._vesting_grant, _Of, "Vesting grant", "A grant of VestingEscrow: its terms, and what is due now."),
            (self._programme, _Of, "Grant programme", "Money and terms of a grant programme."),
            (self._proposal, _Of, "Grant proposal", "A proposal to a grant programme: committee, votes, milestones."),
            (self._record, _Id, "Record", "A record of the provenance registry, proved against the newest block."),
            (self._ancestry, _Ancestry, "Ancestry", "What a record was made from, each ancestor proved; withdrawn ones"
             " and those that are missing are named."),
            (self._verify_bundle, _Bundle, "Verify a bundle", "Check a file of `keifu prov bundle` against a block that"
             " you trust: every proof in it, and that no ancestor was withdrawn."),
            (self._environment, _Id, "Environment", "What an environment runs, proved, and whether its policy holds."),
            (self._deal, _Id, "Storage deal", "A deal of the storage market; gwei, or units of its token."),
            (self._channel, _Id, "Payment channel", "A payment channel: deposit, claimed, asked back."),
            (self._order, _Of, "Compute order", "An order of the compute market, and where it stands."),
            (self._verify_reply, _Reply, "Verify an answer", "Compare an AI answer with its receipt, byte by byte, and"
             " the receipt with the operator's key and the registry. Each check has a line."),
            (self._cost, _Nothing, "Cost", "What payments, answers, storage and records cost here and elsewhere."),
        ):  # fmt: skip
            name = run.__name__.removeprefix("_")
            yield Tool(name, title, description, takes, run)

    def where(self) -> str:
        """What answers are of."""
        client = self.ground.client
        return f"chain {client.chain_id}, block {client.rpc.block_number()}"

    # accounts and agents -------------------------------------------------------------------------------------------

    def _balance(self, said: _Account) -> Any:
        who = self._own(said.account)
        coins = self._at(TOKEN).balanceOf(who)
        return {"account": who, "coins": str(coins), "ether": str(self.ground.client.balance(who))}

    def _agent_status(self, _: _Nothing) -> Any:
        if self.plan is None:
            raise UsageError("this server is for no agent", remedy="start it with an agent's folder")
        return standing(self.ground, self.plan).data()

    def _agents(self, said: _Agents) -> Any:
        """Of an owner's, so many are looked at in one call at most: `next` is where to go on."""
        identity, place = self._at(IDENTITY), said.skip
        found: list[dict[str, Any]] = []
        numbers = find_agents(self.ground.client, identity, self.ground.first_block)
        for number in numbers[said.skip : said.skip + LOOKED_AT]:
            if len(found) == said.limit:
                break
            place += 1
            if not said.owner or identity.ownerOf(number) == said.owner.lower():
                found.append(read_agent(identity, number).document())
        return {"registered": len(numbers), "next": place if place < len(numbers) else None, "agents": found}

    def _agent(self, said: _Of) -> Any:
        found, reputation = read_agent(self._at(IDENTITY), said.number), self._at(REPUTATION)
        edition, since, _ = reputation.edition_of(said.number)
        clients = list(reputation.getClients(said.number))
        return {**found.document(), "edition": edition, "counts_since": since, "clients": clients}

    def _token(self, said: _Token) -> Any:
        return read_token(self._at(NFT), int(said.token, 16)).data()

    def _session(self, said: _Session) -> Any:
        if not self.ground.client.code(said.account):
            raise UsageError(f"{said.account} is no account that is made", remedy="look at its address")
        account = self.ground.client.at(said.account, ACCOUNT)
        found = accounts.read_session(account, said.key)
        spent, limit = account.spent(said.key, self.ground.suite[TOKEN])
        return {**found.data(), "coins_spent": str(spent), "coins_limit": str(limit)}

    # money ---------------------------------------------------------------------------------------------------------

    def _locks(self, said: _Operator) -> Any:
        hub = self._at(HUB)
        services = find_services(self.ground.client, hub, self.ground.first_block)
        locks = {service: str(hub.lock_of(service, said.operator)) for service in services}
        return {**read_operator(hub, said.operator, services).data(), "locks": locks}

    def _position(self, said: _Stake) -> Any:
        found = staking.position(self._at(HUB), said.operator, self._own(said.account), self.ground.client.now)
        tickets = [{"amount": str(ticket.amount), "at": ticket.at} for ticket in found.tickets]
        amounts = {name: str(getattr(found, name)) for name in ("shares", "worth", "rewards")}
        return {"operator": said.operator, **amounts, "leaving": tickets}

    def _vesting_grant(self, said: _Of) -> Any:
        escrow = self._at(ESCROW)
        terms = escrow.plan(said.number)
        if not int(terms[0], 16):
            raise UsageError(f"there is no grant {said.number}", remedy="name its number in VestingEscrow")
        names = ("beneficiary", "revoker", "total", "start", "step", "steps", "cliff")
        paid, due = escrow.paid(said.number), escrow.claimable(said.number)
        found = dict(zip(names, terms, strict=False))
        return {**found, "total": str(found["total"]), "paid": str(paid), "claimable": str(due)}

    def _programme(self, said: _Of) -> Any:
        return self._grants.programme(said.number)

    def _proposal(self, said: _Of) -> Any:
        return self._grants.proposal(said.number)

    def _channel(self, said: _Id) -> Any:
        client, channels = self.ground.client, self._at(CHANNELS)
        channel = find_channel(client, channels, _bytes(said.id), self.ground.first_block)
        return {**vars(channel), **read_channel(channels, channel).data()}

    # records -------------------------------------------------------------------------------------------------------

    def _record(self, said: _Id) -> Any:
        proved = self._proved
        graph = proved.lineage(_bytes(said.id), depth=1)
        [found] = [item for item in graph.to_json()["records"] if item["id"] == graph.root.hex()]
        return {**found, "block": check_block(proved.block).to_json(), "proved": True}

    def _ancestry(self, said: _Ancestry) -> Any:
        proved = self._proved
        graph = proved.lineage(_bytes(said.id), depth=said.depth, contents=_Bounded(proved.source, LARGEST_ANCESTRY))
        return {**graph.to_json(), "block": check_block(proved.block).to_json(), "proved": True, **_sound(graph)}

    def _verify_bundle(self, said: _Bundle) -> Any:
        try:
            data = base64.b64decode(said.bundle, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InputError("the bundle is no base64", remedy="encode the whole file") from error
        bundle = Bundle(decode_parts(data))
        verified = bundle.verify(msgspec.structs.replace(self._trusted, block=said.block.lower()))
        graph = walk(verified, bundle.parts.root)
        return {**graph.to_json(), "block": verified.number, "time": verified.time, "verified": True, **_sound(graph)}

    def _environment(self, said: _Id) -> Any:
        proved = self._proved
        made, entry = proved.production(_bytes(said.id))
        runs = (
            None if entry is None else {"id": entry.id, "status": entry.status.word, "record": entry.record.to_json()}
        )
        return {
            "owner": made.owner, "promotion": made.seq, "policy_holds": made.ok, "runs": runs, "proved": True,
            "block": check_block(proved.block).to_json(),
        }  # fmt: skip

    # storage and answers -------------------------------------------------------------------------------------------

    def _deal(self, said: _Id) -> Any:
        market = Market(self.ground.client, self.ground.suite, self.ground.first_block)
        return {"id": said.id, **market.require_deal(_bytes(said.id)).data()}

    def _order(self, said: _Of) -> Any:
        order = open_order(self._at(ORDERS), said.number)
        return {**order.data(), "state": order.state(self.ground.client.now)}

    def _verify_reply(self, said: _Reply) -> Any:
        ground = self.ground
        side = chain_side(ground.client, ground.suite, ground.first_block, self.trust)
        captured = Captured(said.request.encode(), said.receipt, said.response.encode(), is_stream=False)
        expected = Expected(side.chain_id, side.market, said.operator.lower())
        found = check_reply(exchange_of(captured), expected, side.sources)
        return {"holds": all(item.ok for item in found), "checks": [item.to_json() for item in found]}

    def _cost(self, _: _Nothing) -> Any:
        return read_report(self.results).data()

    # what they share -----------------------------------------------------------------------------------------------

    def _at(self, name: str) -> Any:
        return self.ground.suite.at(self.ground.client, name)

    def _own(self, account: str) -> str:
        if account:
            return account.lower()
        if self.plan is None:
            raise UsageError("which account?", remedy="name one: this server is for no agent")
        return self.plan.account

    @property
    def _grants(self) -> GrantReader:
        return GrantReader(self.ground.client, self._at(GRANTS), self.ground.first_block)

    @cached_property
    def _trusted(self) -> Trust:
        """The trust file's, or else what the deployment's record says."""
        suite = self.ground.suite
        own = Trust(self.ground.client.chain_id, suite[REGISTRY], suite[ENVIRONMENTS])
        return self.trust or own

    @property
    def _proved(self) -> Proved:
        suite, first = self.ground.suite, self.ground.first_block
        return Proved(
            Provenance(self.ground.client, suite[REGISTRY], suite[ENVIRONMENTS], first_block=first), self._trusted
        )


@dataclass
class _Bounded:
    """Contents of so many records at most."""

    source: Provenance
    left: int

    def contents(self, record_ids: Sequence[bytes]) -> dict[bytes, Logged]:
        self.left -= len(record_ids)
        if self.left < 0:
            raise UsageError(f"more than {LARGEST_ANCESTRY:,} records", remedy="ask for a smaller depth")
        return self.source.contents(record_ids)


def _sound(graph: Lineage) -> dict[str, Any]:
    finding = check_lineage(graph)
    return {"sound": finding.ok, "why": finding.detail}


def _bytes(digits: str) -> bytes:
    return bytes.fromhex(digits.removeprefix("0x"))
