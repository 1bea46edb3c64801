"""Agents at their edges: the set-up with lists that are nearly full, and what the identity registry takes and says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.systems._constructors import Deployment, variations
from audit.systems._hub import number
from audit.systems._hub_edges import way
from audit.systems._inft_edges import received
from audit.systems._wallet_signatures import MOODS, forms
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, System
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import AGENT_WALLET
from keifu.agents import identity_domain
from keifu.keys import keccak256
from keifu.spec.agent_limits import LONGEST_CONSENT, WALLET_KEY

__all__ = ["BUSY", "CLIENTS", "FULL", "PLAIN", "READABLE", "REQUESTED", "IdentityEdges", "request_of"]

# Agents: one with data, one of which a client spoke as often as one call reads, one with as many clients as one call
# lists, each of which spoke once, and one with as many requests.
PLAIN, BUSY, FULL, REQUESTED = range(4)
READABLE, CLIENTS, REQUESTS = 1_000, 200, 500
URI = "https://example.org/agent.json"
INTERFACES = ("01ffc9a7", "80ac58cd", "5b5e139f", "49064906")
VERSION = "2.0.0"
NO_AGENT, UNAUTHORIZED, REFUSES = "inft: no such token", "identity: not authorized", "inft: receiver refuses"
TAKE, REFUSE, MUMBLE = range(3)  # moods of a receiver


def request_of(place: int) -> bytes:
    return keccak256(b"request %d" % place)


class IdentityEdges(System):
    """Short ways of owners, from four agents of one owner."""

    actors = ("owner", "buyer", "client", "other client", "validator", "stranger")
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        owner = self["owner"]
        nft = evm.deploy("IntelligentNFT", owner, "", sender=owner)
        identity = evm.deploy("AgentIdentity", nft, sender=owner)
        self.bind(
            nft=nft,
            identity=identity,
            reputation=evm.deploy("AgentReputation", identity, sender=owner),
            validation=evm.deploy("AgentValidation", identity, sender=owner),
            receiver=evm.deploy("TokenReceiver", sender=owner),
            wallet=evm.deploy("HostileERC1271", sender=owner),
            signing=evm.deploy("ContractWallet", self["client"], sender=owner),
        )
        self.tokens = []
        for salt, role in enumerate(("owner", "owner", "buyer")):
            made = nft.mint_data(self[role], salt, [keccak256(b"data %d" % salt)], 0, False, 0, 0, 0, sender=self[role])
            self.tokens.append(int(made.value))
        for _ in range(REQUESTED + 1):
            identity.register(URI, sender=owner)
        identity.bind_data(PLAIN, self.tokens[0], sender=owner)
        for said in range(READABLE):
            self.speak(BUSY, self["client"], said % 3)
        for client in range(CLIENTS):
            self.speak(FULL, f"0x{client + 1:040x}", client)
        for place in range(REQUESTS):
            args = self["validator"], REQUESTED, "", request_of(place)
            self.contract("validation").validationRequest(*args, sender=owner)
        self.domain = identity_domain(evm.chain_id, identity.address)
        self.keys_of = {role: evm.account(role) for role in self.actors}

    def speak(self, agent: int, client: str, value: int) -> None:
        args = agent, value, 0, "", "", "", "", bytes(32)
        self.contract("reputation").giveFeedback(*args, sender=client)

    def start(self) -> None:
        self.began = self.now

    def constructors(self) -> Iterator[Deployment]:
        for name, at, reason in (
            ("AgentIdentity", "nft", "identity: no collection"),
            ("AgentReputation", "identity", "reputation: no identity registry"),
            ("AgentValidation", "identity", "validation: no identity registry"),
        ):
            yield from variations(name, (self[at],), (0, ZERO_ADDRESS, reason))

    def identity(self, function: str, *args: Any, sender: str = "owner", fails: str | None = None) -> Any:
        return self.tx(f"identity.{function}", *args, sender=self[sender], fails=fails)

    def view(self, target: str, *args: Any) -> Any:
        name, _, function = target.partition(".")
        return getattr(self.contract(name), function)(*args)

    def refused(self, reason: str, target: str, *args: Any) -> bool:
        """Whether a view reverts with just that reason."""
        return self.refuses(target, *args) and self.evm.revert().reason == reason

    # identity ---------------------------------------------------------------------------------------------------------

    @way()
    def what_it_is(self, who: str) -> Steps:
        """Names, version, interfaces, and what is said of an agent that there is not."""
        assert (self.view("identity.name"), self.view("identity.symbol")) == ("AgentIdentity", "AGENT")
        for registry in ("identity", "reputation", "validation"):
            assert self.view(f"{registry}.getVersion") == VERSION
        for registry in ("reputation", "validation"):
            assert self.view(f"{registry}.getIdentityRegistry").lower() == self["identity"]
        assert self.view("identity.collection").lower() == self["nft"]
        _, name, version, chain, contract, *_ = self.view("identity.eip712Domain")
        assert (name, version, chain) == ("ERC8004IdentityRegistry", "1", self.evm.chain_id)
        assert contract.lower() == self["identity"]
        assert all(self.view("identity.supportsInterface", bytes.fromhex(one)) for one in INTERFACES)
        assert not self.view("identity.supportsInterface", b"\xff" * 4)
        for call in ("tokenURI", "data_of", "ownerOf", "getApproved", "transfer_count"):
            assert self.refused(NO_AGENT, f"identity.{call}", 7), call
        assert self.refused(NO_AGENT, "identity.isAuthorizedOrOwner", self["owner"], 7)
        assert self.refuses("identity.balanceOf", ZERO_ADDRESS)
        assert (self.ask("identity.getAgentWallet", 7), self.ask("identity.bound_token", 7)) == (0, 0)
        for call, args in (
            ("setMetadata", ("k", b"v")), ("setAgentURI", ("",)), ("unsetAgentWallet", ()), ("bind_data", (0,)),
        ):  # fmt: skip
            yield self.identity(call, 7, *args, fails=NO_AGENT)
        yield self.identity("register", "")
        self.emitted("identity.MetadataUpdate", count=0)

    @way(Choice(("owner", "stranger")))
    def registers(self, who: str, role: str) -> Steps:
        """Numbered in order, with its file, its metadata, and the caller as wallet."""
        caller, wallet = self[role], bytes.fromhex(self[role][2:])
        before = self.ask("identity.balanceOf", caller)
        reserved = "identity: key is reserved"
        yield self.identity("register", URI, [(WALLET_KEY, b"")], sender=role, fails=reserved)
        agent = number((yield self.identity("register", URI, [("a", b"1"), ("b", b"2")], sender=role)))
        assert agent == REQUESTED + 1
        self.emitted("identity.Registered", agentId=agent, agentURI=URI, owner=caller)
        self.emitted("identity.MetadataUpdate", _tokenId=agent)
        self.emitted("identity.Transfer", from_=ZERO_ADDRESS, to=caller, tokenId=agent)
        self.emitted("identity.MetadataSet", count=3, agentId=agent, metadataKey="b", metadataValue=b"2")
        assert self.view("identity.tokenURI", agent) == URI
        assert (self.view("identity.getMetadata", agent, "a"), self.view("identity.getMetadata", agent, "c")) == (
            b"1",
            b"",
        )
        assert self.view("identity.getMetadata", agent, WALLET_KEY) == wallet
        assert self.ask("identity.getAgentWallet", agent) == int(caller, 16)
        assert self.ask("identity.balanceOf", caller) == before + 1
        assert self.ask("identity.ownerOf", agent) == int(caller, 16)
        assert number((yield self.identity("register", "", sender=role))) == agent + 1
        self.emitted("identity.MetadataSet", agentId=agent + 1, metadataKey=WALLET_KEY, metadataValue=wallet)
        yield self.identity("register", "x", sender=role)
        assert self.view("identity.tokenURI", agent + 2) == "x"

    @way()
    def a_contract_registers(self, who: str) -> Steps:
        """It is asked whether it takes its agent."""
        call = self.contract("identity").register.encode("", [])
        for mood in (REFUSE, MUMBLE):
            yield self.tx("receiver.arm", mood, ZERO_ADDRESS, b"", sender=self["stranger"])
            yield self.tx("receiver.visit", self["identity"], call, sender=self["stranger"], fails=REFUSES)
        yield self.tx("receiver.arm", TAKE, ZERO_ADDRESS, b"", sender=self["stranger"])
        yield self.tx("receiver.visit", self["identity"], call, sender=self["stranger"])
        assert self.ask("identity.ownerOf", REQUESTED + 1) == int(self["receiver"], 16)

    @way(Choice(("owner", "operator", "approved", "stranger")))
    def writes(self, who: str, by: str) -> Steps:
        """Owner, operator and approved account write what describes an agent; nobody else."""
        sender = by if by in ("owner", "stranger") else "buyer"
        if by == "operator":
            yield self.identity("setApprovalForAll", self["buyer"], True)
        if by == "approved":
            yield self.identity("approve", self["buyer"], PLAIN)
        fails = UNAUTHORIZED if by == "stranger" else None
        assert self.view("identity.isAuthorizedOrOwner", self[sender], PLAIN) == (fails is None)
        yield self.identity("setMetadata", PLAIN, "k", b"v", sender=sender, fails=fails)
        if fails is None:
            self.emitted("identity.MetadataSet", agentId=PLAIN, metadataKey="k", metadataValue=b"v")
            assert self.view("identity.getMetadata", PLAIN, "k") == b"v"
        reserved = fails or "identity: key is reserved"
        yield self.identity("setMetadata", PLAIN, WALLET_KEY, b"v", sender=sender, fails=reserved)
        yield self.identity("setAgentURI", PLAIN, "ipfs://x", sender=sender, fails=fails)
        if fails is None:
            self.emitted("identity.URIUpdated", agentId=PLAIN, newURI="ipfs://x", updatedBy=self[sender])
            self.emitted("identity.MetadataUpdate", _tokenId=PLAIN)
            assert self.view("identity.tokenURI", PLAIN) == "ipfs://x"
        yield self.identity("unsetAgentWallet", PLAIN, sender=sender, fails=fails)
        if fails is None:
            self.emitted("identity.MetadataSet", agentId=PLAIN, metadataKey=WALLET_KEY, metadataValue=b"")
            assert self.ask("identity.getAgentWallet", PLAIN) == 0
            assert self.view("identity.getMetadata", PLAIN, WALLET_KEY) == b""
        yield self.identity("approve", self["client"], PLAIN)

    @way(Choice((0, 1, LONGEST_CONSENT, LONGEST_CONSENT + 1, -1)))
    def consents(self, who: str, life: int) -> Steps:
        """A wallet's signature counts until its deadline, for this agent and owner."""
        wallet, deadline = self["client"], self.now + life
        key = self.keys_of["client"]

        def signed(agent: int = PLAIN, owner: str = "owner", until: int = deadline) -> bytes:
            signature: bytes = self.domain.sign(key, AGENT_WALLET, agent, wallet, self[owner], until)
            return signature

        reason: str | None
        late = {-1: "identity: signature has expired", LONGEST_CONSENT + 1: "identity: deadline too far"}.get(life)
        yield self.identity("setAgentWallet", PLAIN, ZERO_ADDRESS, deadline, signed(), fails="identity: no wallet")
        for other in (signed(agent=BUSY), signed(owner="buyer"), signed(until=deadline + 1)):
            reason = late or "identity: wallet has not signed"
            yield self.identity("setAgentWallet", PLAIN, wallet, deadline, other, fails=reason)
        args = PLAIN, wallet, deadline, signed()
        said = PLAIN, wallet, self["owner"], deadline
        for signature, counts in forms(self.domain, key, self.keys_of["stranger"], AGENT_WALLET, *said):
            with self.evm.anchor():
                reason = late or (None if counts else "identity: wallet has not signed")
                yield self.identity("setAgentWallet", *args[:3], signature, fails=reason)
        for mood, counts in MOODS.items():
            yield self.tx("wallet.set_mood", mood, sender=self["stranger"])
            reason = late or (None if counts else "identity: wallet has not signed")
            yield self.identity("setAgentWallet", PLAIN, self["wallet"], deadline, b"", fails=reason)
        asked = PLAIN, self["signing"], self["owner"], deadline
        for by, counts in (("client", True), ("stranger", False)):
            reason = late or (None if counts else "identity: wallet has not signed")
            signature = self.domain.sign(self.keys_of[by], AGENT_WALLET, *asked)
            yield self.identity("setAgentWallet", PLAIN, self["signing"], deadline, signature, fails=reason)
        yield self.identity("setAgentWallet", *args, sender="stranger", fails=UNAUTHORIZED)
        yield self.identity("setAgentWallet", *args, fails=late)
        if late:
            return
        raw = bytes.fromhex(wallet[2:])
        self.emitted("identity.MetadataSet", agentId=PLAIN, metadataKey=WALLET_KEY, metadataValue=raw)
        assert self.ask("identity.getAgentWallet", PLAIN) == int(wallet, 16)
        yield self.identity("transferFrom", self["owner"], self["buyer"], PLAIN)
        self.emitted("identity.MetadataSet", agentId=PLAIN, metadataKey=WALLET_KEY, metadataValue=b"")
        self.emitted("identity.Transfer", from_=self["owner"], to=self["buyer"], tokenId=PLAIN)
        assert self.ask("identity.getAgentWallet", PLAIN) == 0
        assert self.ask("identity.transfer_count", PLAIN) == 1
        again = signed(owner="buyer")
        yield self.identity("setAgentWallet", PLAIN, wallet, deadline, again, sender="buyer")
        assert self.ask("identity.getAgentWallet", PLAIN) == int(wallet, 16)

    @way(Choice((TAKE, REFUSE, MUMBLE)))
    def moves(self, who: str, mood: int) -> Steps:
        """A contract is asked by the safe call alone; nobody moves what is not its own."""
        owner, buyer, receiver = self["owner"], self["buyer"], self["receiver"]
        not_mover = "inft: not the owner or approved"
        yield self.tx("receiver.arm", mood, ZERO_ADDRESS, b"", sender=owner)
        for name, data in (("transferFrom", ()), ("safeTransferFrom", (b"",))):
            yield self.identity(name, owner, buyer, PLAIN, *data, sender="stranger", fails=not_mover)
            yield self.identity(name, buyer, owner, PLAIN, *data, fails="inft: not the owner's token")
            yield self.identity(name, owner, ZERO_ADDRESS, PLAIN, *data, fails="inft: no receiver")
        with self.evm.anchor():
            yield self.identity("approve", buyer, PLAIN)
            args = owner, receiver, PLAIN, b"why"
            yield self.identity("safeTransferFrom", *args, sender="buyer", fails=REFUSES if mood else None)
            if not mood:
                assert bytes(self.view("receiver.seen_call")) == received(buyer, owner, PLAIN, b"why")
        with self.evm.anchor():
            yield self.identity("safeTransferFrom", owner, buyer, PLAIN, b"")
            self.emitted("identity.Transfer", from_=owner, to=buyer, tokenId=PLAIN)
        yield self.identity("transferFrom", owner, receiver, PLAIN)

    @way()
    def approvals(self, who: str) -> Steps:
        owner, buyer, client = self["owner"], self["buyer"], self["client"]
        no_operator = "inft: not the owner or an operator"
        yield self.identity("approve", client, PLAIN, sender="client", fails=no_operator)
        yield self.identity("approve", client, PLAIN)
        self.emitted("identity.Approval", owner=owner, approved=client, tokenId=PLAIN)
        assert self.ask("identity.getApproved", PLAIN) == int(client, 16)
        yield self.identity("setApprovalForAll", buyer, True)
        self.emitted("identity.ApprovalForAll", owner=owner, operator=buyer, approved=True)
        assert self.view("identity.isApprovedForAll", owner, buyer)
        yield self.identity("transferFrom", owner, buyer, PLAIN, sender="client")
        assert self.ask("identity.getApproved", PLAIN) == 0
        assert (self.ask("identity.balanceOf", owner), self.ask("identity.balanceOf", buyer)) == (REQUESTED, 1)

    @way()
    def binds(self, who: str) -> Steps:
        """An agent's data is its owner's token's; the agent that was bound last has it."""
        first, second, other = self.tokens
        data = self.view("nft.data_hash_of", first)
        assert self.view("identity.data_of", PLAIN) == data
        assert (self.ask("identity.data_of", BUSY), self.ask("identity.bound_token", BUSY)) == (0, 0)
        yield self.identity("bind_data", PLAIN, second, sender="stranger", fails=UNAUTHORIZED)
        yield self.identity("bind_data", PLAIN, other, fails="identity: not the token's owner")
        yield self.identity("bind_data", BUSY, first)
        self.emitted("identity.DataBound", agent_id=BUSY, token_id=first)
        assert (self.ask("identity.bound_token", PLAIN), self.ask("identity.bound_token", BUSY)) == (0, first)
        assert self.ask("identity.data_of", PLAIN) == 0
        yield self.identity("bind_data", PLAIN, second)
        assert self.view("identity.data_of", PLAIN) == self.view("nft.data_hash_of", second)
        yield self.identity("bind_data", PLAIN, 0)
        self.emitted("identity.DataBound", agent_id=PLAIN, token_id=0)
        assert (self.ask("identity.data_of", PLAIN), self.ask("identity.bound_token", PLAIN)) == (0, 0)
        yield self.tx("nft.burn", first, sender=self["owner"])
        assert (self.ask("identity.data_of", BUSY), self.ask("identity.bound_token", BUSY)) == (0, first)
