"""AgentIdentity, AgentReputation and AgentValidation: agents that are sold, bound and spoken of."""

from __future__ import annotations

import pickle

from audit.systems._differential import Differential
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import AGENT_WALLET
from keifu.agents import identity_domain
from keifu.keys import keccak256
from keifu.spec.agent_limits import LARGEST
from keifu.spec.agents import Agents

OWNERS, CLIENTS = ("owner", "buyer"), ("client", "other client")
NUMBERS = (0, 1, 2, 0, 1, 7)  # of agents; the last is never made
VALUES = (80, -3, 999, 5, LARGEST, -LARGEST, LARGEST + 1, -LARGEST - 1)
TAGS = ("", "uptime", "speed")
REQUESTS = tuple(keccak256(b"request %d" % number) for number in range(4))
DEADLINES = (300, 1, 0, -1, 301)
FORGERIES = ("", "", "", "other key", "other agent", "other owner", "other deadline")


class AgentRegistries(Differential):
    """Two owners with tokens, two clients, and a validator."""

    contracts = ("AgentIdentity", "AgentReputation", "AgentValidation")
    actors = (*OWNERS, *CLIENTS, "validator")

    def setup(self, evm: LocalEvm) -> None:
        deployer = evm.account("deployer")
        nft = evm.deploy("IntelligentNFT", deployer, "", sender=deployer)
        identity = evm.deploy("AgentIdentity", nft, sender=deployer)
        self.bind(
            nft=nft,
            identity=identity,
            reputation=evm.deploy("AgentReputation", identity, sender=deployer),
            validation=evm.deploy("AgentValidation", identity, sender=deployer),
        )
        self.keys_of = {self[role]: evm.account(role) for role in self.actors}
        owners: dict[int, str] = {}
        for salt, role in enumerate(("owner", "owner", "buyer")):
            made = nft.mint_data(self[role], salt, [keccak256(b"data %d" % salt)], 0, False, 0, 0, 0, sender=self[role])
            owners[int(made.value)] = self[role]
        self.tokens = [*owners, 0]
        self.data_of = {token: int.from_bytes(nft.data_hash_of(token), "big") for token in owners} | {0: 0}
        book = Agents(owners)
        for agent, role in enumerate(OWNERS):
            identity.register("", sender=self[role])
            book.register(self[role])
            identity.bind_data(agent, self.tokens[2 * agent], sender=self[role])
            book.bind(self[role], agent, self.tokens[2 * agent])
        self.domain = identity_domain(evm.chain_id, identity.address)
        self.opening = pickle.dumps(book)

    def start(self) -> None:
        self.model: Agents = self.revived(self.opening)

    # identity ---------------------------------------------------------------------------------------------------------

    @action(sender=OWNERS)
    def register(self, who: str) -> Steps:
        order = self.tx("identity.register", "uri", sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.register(who), order=order, atomic=True)

    @action("", Choice(NUMBERS), Choice((*OWNERS, "")), weight=4)
    def transfer(self, who: str, agent: int, role: str) -> Steps:
        to = self[role] if role else ZERO_ADDRESS
        owner = self.model.owner(agent)
        order = self.tx("identity.transferFrom", owner, to, agent, sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.transfer(who, to, agent), order=order, atomic=True)
        if done is not None and self.sometimes():
            self.emitted("identity.MetadataSet", agentId=agent, metadataKey="agentWallet", metadataValue=b"")

    @action("", Choice(NUMBERS), Choice((*OWNERS, *CLIENTS)), sender=(*OWNERS, "client"), weight=2)
    def approve(self, who: str, agent: int, role: str) -> Steps:
        order = self.tx("identity.approve", self[role], agent, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.approve(who, self[role], agent), order=order, atomic=True)

    @action("", Choice((*OWNERS, "client")), Choice((True, False)), sender=OWNERS)
    def set_operator(self, who: str, role: str, yes: bool) -> Steps:
        order = self.tx("identity.setApprovalForAll", self[role], yes, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.set_operator(who, self[role], yes=yes), order=order, atomic=True)

    @action(
        "", Choice(NUMBERS), Choice(("client", "validator")), Choice(DEADLINES), Choice(FORGERIES),
        sender=(*OWNERS, *OWNERS, "client"), weight=6,
    )  # fmt: skip
    def set_wallet(self, who: str, agent: int, role: str, life: int, forgery: str) -> Steps:
        wallet, deadline, owner = self[role], self.now + life, self.model.owner(agent)
        signer = self.keys_of[self["owner"] if forgery == "other key" else wallet]
        said = (agent + (forgery == "other agent"), wallet, self["client"] if forgery == "other owner" else owner)
        signature = self.domain.sign(signer, AGENT_WALLET, *said, deadline - (forgery == "other deadline"))
        order = self.tx("identity.setAgentWallet", agent, wallet, deadline, signature, sender=who, raw_outcome=True)
        yield from self.both(
            lambda m: m.set_wallet(who, agent, wallet, deadline, signed=not forgery), order=order, atomic=True
        )

    @action("", Choice(NUMBERS), weight=2)
    def unset_wallet(self, who: str, agent: int) -> Steps:
        order = self.tx("identity.unsetAgentWallet", agent, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.unset_wallet(who, agent), order=order, atomic=True)

    @action("", Choice(NUMBERS), Choice("tokens"), sender=(*OWNERS, *OWNERS, "client"), weight=8)
    def bind_data(self, who: str, agent: int, token: int) -> Steps:
        order = self.tx("identity.bind_data", agent, token, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.bind(who, agent, token), order=order, atomic=True)

    @action("", Choice("tokens"), sender=OWNERS)
    def burn(self, who: str, token: int) -> Steps:
        if token:
            order = self.tx("nft.burn", token, sender=who, raw_outcome=True)
            yield from self.both(lambda m: m.burn(who, token), order=order, atomic=True)

    # reputation -------------------------------------------------------------------------------------------------------

    @action(
        "", Choice(NUMBERS), Choice(VALUES), Choice((0, 2, 0, 18, 19)), Choice(TAGS),
        sender=(*CLIENTS, *CLIENTS, "owner"), weight=14,
    )  # fmt: skip
    def say(self, who: str, agent: int, value: int, decimals: int, tag: str) -> Steps:
        args = (agent, value, decimals, tag, "", "", "", bytes(32))
        order = self.tx("reputation.giveFeedback", *args, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.say(who, agent, value, decimals, tag), order=order, atomic=True)

    @action("", Choice(NUMBERS), Choice((1, 2, 0, 3)), sender=CLIENTS, weight=5)
    def take_back(self, who: str, agent: int, index: int) -> Steps:
        order = self.tx("reputation.revokeFeedback", agent, index, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.take_back(who, agent, index), order=order, atomic=True)

    @action("", Choice(NUMBERS), Choice(CLIENTS), Choice((1, 2, 0)), weight=4)
    def respond(self, who: str, agent: int, role: str, index: int) -> Steps:
        args = (agent, self[role], index, "uri", bytes(32))
        order = self.tx("reputation.appendResponse", *args, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.respond(who, agent, self[role], index), order=order, atomic=True)

    @action("", Choice(NUMBERS), weight=4)
    def note_change(self, who: str, agent: int) -> Steps:
        order = self.tx("reputation.note_change", agent, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.note_change(agent), order=order, atomic=True)

    @action("", Choice(NUMBERS), sender=(*OWNERS, *OWNERS, "client"), weight=6)
    def carry(self, who: str, agent: int) -> Steps:
        order = self.tx("reputation.carry", agent, "why", bytes(32), sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.carry(who, agent), order=order, atomic=True)

    # validation -------------------------------------------------------------------------------------------------------

    @action("", Choice(NUMBERS), Choice(("validator", "client")), Choice(REQUESTS), weight=6)
    def request(self, who: str, agent: int, role: str, request: bytes) -> Steps:
        order = self.tx("validation.validationRequest", self[role], agent, "", request, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.ask(who, agent, self[role], request), order=order, atomic=True)

    @action(
        "", Choice(REQUESTS), Choice((100, 0, 55, 101)), Choice(TAGS),
        sender=("validator", "validator", "client", "owner"), weight=6,
    )  # fmt: skip
    def reply(self, who: str, request: bytes, response: int, tag: str) -> Steps:
        args = (request, response, "", bytes(32), tag)
        order = self.tx("validation.validationResponse", *args, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.answer(who, request, response, tag), order=order, atomic=True)

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("IDN-1", at_end=True)
    def owners_are_the_log_s(self) -> bool:
        """An agent has one owner, and whoever may act for it is known."""
        model = self.model
        for agent in range(model.count()):
            if self.ask("identity.ownerOf", agent) != int(model.owner(agent), 16):
                return False
            for who in self.addresses:
                if self.ask("identity.isAuthorizedOrOwner", who, agent) != int(model.is_authorized(who, agent)):
                    return False
        owners = [model.owner(agent) for agent in range(model.count())]
        return all(self.ask("identity.balanceOf", who) == owners.count(who) for who in self.addresses)

    @invariant("IDN-2", at_end=True)
    def wallets_are_of_this_owners_time(self) -> bool:
        """A wallet counts from its signature to the transfer."""
        agents = range(self.model.count())
        return all(self.ask("identity.getAgentWallet", agent) == int(self.model.wallet(agent), 16) for agent in agents)

    @invariant("IDN-3", at_end=True)
    def data_is_the_tokens(self) -> bool:
        """An agent's data is what its token has."""
        model = self.model
        for agent in range(model.count()):
            if self.ask("identity.bound_token", agent) != model.token_of(agent):
                return False
            if self.ask("identity.data_of", agent) != self.data_of[model.data(agent)]:
                return False
        return True

    @invariant("REP-3", at_end=True)
    def summaries_are_the_log_s(self) -> bool:
        """A summary is the mean of what counts; REP-4 and REP-5: of the data of now and what was carried."""
        clients = [self[role] for role in CLIENTS]
        for agent in range(self.model.count()):
            for tag in TAGS:
                count, mean, decimals = self.model.summary(agent, clients, tag)
                wanted = int(mean * 10**decimals)
                if abs(wanted) >= 2**127:
                    if not self.refuses("reputation.getSummary", agent, clients, tag, ""):
                        return False
                    continue
                found = self.answer("reputation.getSummary", agent, clients, tag, "")
                if tuple(found) != (count, wanted, decimals):
                    return False
            for client in clients:
                if self.ask("reputation.getLastIndex", agent, client) != len(self.model.spoken(agent, client)):
                    return False
                for who in ("", *clients):
                    named = [who] if who else []
                    found = self.ask("reputation.getResponseCount", agent, client, 0, named)
                    if found != self.model.responses(agent, client, who):
                        return False
        return True

    @invariant("VAL-3", at_end=True)
    def validations_are_the_log_s(self) -> bool:
        """A summary is the mean of the last answers to requests about an agent."""
        validator = self["validator"]
        for agent in range(self.model.count()):
            for named in ([], [validator]):
                answers = self.model.answers(agent, named)
                mean = sum(answers) // len(answers) if answers else 0
                if tuple(self.answer("validation.getSummary", agent, named, "")) != (len(answers), mean):
                    return False
        return True


__all__ = ["AgentRegistries"]
