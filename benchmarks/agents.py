"""Registries of agents (ERC-8004). The deployed ones come in no package, so nothing is measured beside them."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks._lab import Lab
from benchmarks._rows import Measure, Row
from keifu.abi import Contract
from keifu.abi.eip712 import AGENT_WALLET
from keifu.agents import identity_domain
from keifu.inft import token_id_of
from keifu.keys import keccak256

__all__ = ["ROWS"]

URI = "https://example.org/agent.json"
AGENT, TOKENS = 0, 2  # the owner's first agent; its tokens
SOON = 240  # seconds, until when a wallet's signature counts: the registry takes five minutes at the most
WORTH, DECIMALS, ANSWER = 87, 0, 100


@dataclass(frozen=True)
class Agents:
    """The three registries; an agent with data of which a client spoke before, and a validator that answered before."""

    nft: Contract
    identity: Contract
    reputation: Contract
    validation: Contract

    def say(self, lab: Lab) -> int:
        args = AGENT, WORTH, DECIMALS, "uptime", "", URI, "", keccak256(b"file")
        return lab.gas(self.reputation.giveFeedback(*args, sender=lab.account("bench client")))

    def ask(self, lab: Lab, number: int) -> int:
        args = lab.account("bench validator"), AGENT, URI, _request(number)
        return lab.gas(self.validation.validationRequest(*args, sender=lab.deployer))

    def answer(self, lab: Lab, number: int) -> int:
        args = _request(number), ANSWER, URI, keccak256(b"answer"), "audit"
        return lab.gas(self.validation.validationResponse(*args, sender=lab.account("bench validator")))


def _request(number: int) -> bytes:
    return keccak256(b"request %d" % number)


def _agents(lab: Lab) -> Agents:
    owner = lab.deployer
    nft = lab.deploy("IntelligentNFT", owner, "")
    identity = lab.deploy("AgentIdentity", nft)
    agents = Agents(nft, identity, lab.deploy("AgentReputation", identity), lab.deploy("AgentValidation", identity))
    for salt in range(TOKENS):
        nft.mint_data(owner, salt, [keccak256(b"data %d" % salt)], 0, False, 0, 0, 0, sender=owner)
    identity.register(URI, sender=owner)
    identity.bind_data(AGENT, token_id_of(owner.address, 0), sender=owner)
    agents.say(lab)
    agents.ask(lab, 0)
    agents.answer(lab, 0)
    return agents


def _register(lab: Lab) -> int:
    agents = lab.shared(_agents)
    with lab.undo():
        return lab.gas(agents.identity.register(URI, sender=lab.deployer))


def _wallet(lab: Lab) -> int:
    agents, wallet = lab.shared(_agents), lab.account("bench wallet")
    with lab.undo():
        domain = identity_domain(lab.client.chain_id, agents.identity.address)
        until = lab.anvil.now + SOON
        signature = domain.sign(wallet, AGENT_WALLET, AGENT, wallet.address, lab.deployer.address, until)
        return lab.gas(agents.identity.setAgentWallet(AGENT, wallet, until, signature, sender=lab.deployer))


def _bind(lab: Lab) -> int:
    agents = lab.shared(_agents)
    with lab.undo():
        token_id = token_id_of(lab.deployer.address, 1)
        return lab.gas(agents.identity.bind_data(AGENT, token_id, sender=lab.deployer))


def _feedback(lab: Lab) -> int:
    agents = lab.shared(_agents)
    with lab.undo():
        return agents.say(lab)


def _request_validation(lab: Lab) -> int:
    agents = lab.shared(_agents)
    with lab.undo():
        return agents.ask(lab, 1)


def _response(lab: Lab) -> int:
    agents = lab.shared(_agents)
    with lab.undo():
        agents.ask(lab, 1)
        return agents.answer(lab, 1)


def _row(name: str, take: Measure, how: str) -> Row:
    return Row(f"gas.agent_{name}", take, f"{how}; no peer")


ROWS = (
    _row("register", _register, "an agent of an owner that has one, with a file of 30 characters"),
    _row("wallet", _wallet, "a wallet that signed becomes the agent's"),
    _row("bind", _bind, "an agent's data is another token's, which no agent has"),
    _row("feedback", _feedback, "a client speaks of an agent again, with one tag"),
    _row("request", _request_validation, "an owner asks a validator that was asked before"),
    _row("response", _response, "the validator answers, with a tag"),
)
