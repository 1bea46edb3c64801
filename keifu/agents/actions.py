"""What agents' owners, clients and validators do, over any deployer.

`suite` says where the contracts are; under `AgentIdentity` stands the registry that the agents are in, whoever made it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from keifu.agents.wallet import WalletConsent
from keifu.chain import Deployer, Deployment
from keifu.chain.firsts import unless_done
from keifu.chain.logs import said_in
from keifu.chain.suite import IDENTITY, PROOF_VALIDATOR, REGISTRY, REPUTATION, VALIDATION
from keifu.errors import CheckFailed, UsageError
from keifu.provenance import Kind, Record, RegistryDomain, Status

__all__ = [
    "Audit",
    "answer",
    "answer_audit",
    "answer_faults",
    "ask",
    "ask_about_audit",
    "ask_about_faults",
    "bind",
    "carry",
    "describe",
    "give_feedback",
    "note_change",
    "record_data",
    "register",
    "respond",
    "revoke_feedback",
    "set_metadata",
    "set_wallet",
    "transfer",
    "unset_wallet",
]

NO_HASH = bytes(32)


# who an agent is ----------------------------------------------------------------------------------------------------


def register(chain: Deployer, suite: Deployment, uri: str = "") -> int:
    """Make an agent of the sender's; its number. `uri` is where the file is that describes it. Raises Revert."""
    return int(said_in(chain.transact(suite[IDENTITY], IDENTITY, "register", uri), "Registered")["agentId"])


def describe(chain: Deployer, suite: Deployment, agent: int, uri: str) -> None:
    """Say where the file is that describes an agent. Raises Revert."""
    chain.call(suite[IDENTITY], IDENTITY, "setAgentURI", agent, uri)


def set_metadata(chain: Deployer, suite: Deployment, agent: int, key: str, value: bytes) -> None:
    """Write one of an agent's values. Raises Revert."""
    chain.call(suite[IDENTITY], IDENTITY, "setMetadata", agent, key, value)


def bind(chain: Deployer, suite: Deployment, agent: int, token_id: int) -> None:
    """Let an agent's data be that of the sender's token; of none with 0. Raises Revert."""
    chain.call(suite[IDENTITY], IDENTITY, "bind_data", agent, token_id)


def transfer(chain: Deployer, suite: Deployment, agent: int, receiver: str) -> None:
    """Give an agent away; its wallet is none any more. Raises Revert."""
    owner = chain.call(suite[IDENTITY], IDENTITY, "ownerOf", agent)
    chain.call(suite[IDENTITY], IDENTITY, "safeTransferFrom", owner, receiver, agent)


def set_wallet(chain: Deployer, suite: Deployment, chain_id: int, consent: WalletConsent) -> None:
    """Give an agent the wallet that has agreed. Raises UsageError for a consent of another chain or registry,
    CheckFailed for one that comes too late, and Revert."""
    here = (chain_id, suite[IDENTITY].lower())
    if (consent.chain_id, consent.registry.lower()) != here:
        where = f"registry {consent.registry} of chain {consent.chain_id}"
        raise UsageError(f"the wallet agreed for {where}", remedy=f"here it is {here[1]} of chain {chain_id}")
    if consent.deadline < chain.now:
        raise CheckFailed("the wallet's consent has expired", remedy="keifu agent agree-wallet once more")
    signature = bytes.fromhex(consent.signature)
    arguments = (consent.agent, consent.wallet, consent.deadline, signature)
    chain.call(suite[IDENTITY], IDENTITY, "setAgentWallet", *arguments)


def unset_wallet(chain: Deployer, suite: Deployment, agent: int) -> None:
    """Leave an agent without a wallet. Raises Revert."""
    chain.call(suite[IDENTITY], IDENTITY, "unsetAgentWallet", agent)


# what is said of it -------------------------------------------------------------------------------------------------


def give_feedback(
    chain: Deployer,
    suite: Deployment,
    agent: int,
    value: int,
    decimals: int = 0,
    *,
    tags: tuple[str, str] = ("", ""),
    endpoint: str = "",
    uri: str = "",
    digest: bytes = NO_HASH,
) -> int:
    """Say how an agent did, as its client; the feedback's number. `digest` is of the file at `uri`. Raises Revert."""
    arguments = (agent, value, decimals, *tags, endpoint, uri, digest)
    receipt = chain.transact(suite[REPUTATION], REPUTATION, "giveFeedback", *arguments)
    return int(said_in(receipt, "NewFeedback")["feedbackIndex"])


def revoke_feedback(chain: Deployer, suite: Deployment, agent: int, number: int) -> None:
    """Take back what the sender said: it counts no more. Raises Revert."""
    chain.call(suite[REPUTATION], REPUTATION, "revokeFeedback", agent, number)


def respond(
    chain: Deployer, suite: Deployment, agent: int, client: str, number: int, uri: str, digest: bytes = NO_HASH
) -> None:
    """Respond to what a client said, with the file at `uri`. Raises Revert."""
    chain.call(suite[REPUTATION], REPUTATION, "appendResponse", agent, client, number, uri, digest)


def note_change(chain: Deployer, suite: Deployment, agent: int) -> None:
    """Note that an agent has other data than before: its summaries begin anew. Anybody may. Raises Revert."""
    chain.call(suite[REPUTATION], REPUTATION, "note_change", agent)


def carry(chain: Deployer, suite: Deployment, agent: int, uri: str, digest: bytes = NO_HASH) -> int:
    """Say in public that the agent's new data deserves the reputation of the old, and why; the first edition of its
    data whose feedback counts now. Raises Revert."""
    chain.call(suite[REPUTATION], REPUTATION, "carry", agent, uri, digest)
    since: int = chain.call(suite[REPUTATION], REPUTATION, "edition_of", agent)[1]
    return since


# what validators answer ---------------------------------------------------------------------------------------------


def ask(chain: Deployer, suite: Deployment, agent: int, validator: str, request: bytes, uri: str = "") -> None:
    """Ask a validator about the sender's agent; `request` commits to what is asked. Raises Revert."""
    chain.call(suite[VALIDATION], VALIDATION, "validationRequest", validator, agent, uri, request)


def answer(
    chain: Deployer,
    suite: Deployment,
    request: bytes,
    response: int,
    *,
    uri: str = "",
    digest: bytes = NO_HASH,
    tag: str = "",
) -> None:
    """Answer as the validator that was asked, from 0 to 100; a later answer takes the place of this one. Raises
    Revert."""
    chain.call(suite[VALIDATION], VALIDATION, "validationResponse", request, response, uri, digest, tag)


def record_data(chain: Deployer, suite: Deployment, chain_id: int, agent: int) -> bytes:
    """Register a record of the data that an agent has now, for attestations about it; its id. Raises CheckFailed for an
    agent without data, and Revert."""
    data = bytes(chain.call(suite[IDENTITY], IDENTITY, "data_of", agent))
    if data == NO_HASH:
        raise CheckFailed(f"agent {agent} has no data", remedy="keifu agent bind AGENT TOKEN")
    record = Record(chain.sender, Kind.AGENT, data)
    registry, known = suite[REGISTRY], RegistryDomain(chain_id, suite[REGISTRY]).record_id(record)
    register = partial(chain.call, registry, REGISTRY, "register", record.args)
    unless_done(register, lambda: chain.call(registry, REGISTRY, "status_of", known) == Status.ACTIVE)
    chain.call(registry, REGISTRY, "store_links", [record.args])
    return known


@dataclass(frozen=True)
class Audit:
    """What is asked about an audit: whose attestation under which schema, about which record of the agent's data."""

    attester: str
    schema: bytes
    record: tuple[Any, ...]  # as `keifu.provenance.Record.args` gives it
    record_id: bytes


def ask_about_faults(chain: Deployer, suite: Deployment, agent: int, operator: str, salt: bytes = NO_HASH) -> bytes:
    """Ask `ProofValidator` whether the court has convicted an agent's operator; the request. Raises Revert."""
    return _ask_validator(chain, suite, agent, "fault_request", agent, operator, salt)


def answer_faults(
    chain: Deployer, suite: Deployment, agent: int, operator: str, salt: bytes = NO_HASH, case: int | None = None
) -> int:
    """Let `ProofValidator` answer: 0 with the court's case that convicted the operator, else 100. Anybody may. Raises
    Revert when there is no such conviction, and when a fault was shown before."""
    if case is None:
        _let_answer(chain, suite, "answer_clean", agent, operator, salt)
        return 100
    _let_answer(chain, suite, "answer_fault", agent, operator, salt, case)
    return 0


def ask_about_audit(chain: Deployer, suite: Deployment, agent: int, about: Audit, salt: bytes = NO_HASH) -> bytes:
    """Ask `ProofValidator` whether an attestation about the agent's data stands; the request. Raises Revert."""
    terms = (about.attester, about.schema, about.record_id)
    return _ask_validator(chain, suite, agent, "audit_request", agent, *terms, salt)


def answer_audit(chain: Deployer, suite: Deployment, agent: int, about: Audit, salt: bytes = NO_HASH) -> int:
    """Let `ProofValidator` answer: 100 if the attestation stands and is about the data of now, else 0. Anybody may.
    Raises Revert."""
    terms = (about.attester, about.schema, about.record, salt)
    response: int = chain.simulate(suite[PROOF_VALIDATOR], PROOF_VALIDATOR, "answer_audit", agent, *terms)
    _let_answer(chain, suite, "answer_audit", agent, *terms)
    return response


def _ask_validator(chain: Deployer, suite: Deployment, agent: int, function: str, *terms: Any) -> bytes:
    request = bytes(chain.call(suite[PROOF_VALIDATOR], PROOF_VALIDATOR, function, *terms))
    ask(chain, suite, agent, suite[PROOF_VALIDATOR], request)
    return request


def _let_answer(chain: Deployer, suite: Deployment, function: str, *terms: Any) -> None:
    chain.call(suite[PROOF_VALIDATOR], PROOF_VALIDATOR, function, *terms)
