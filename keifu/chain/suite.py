"""Which contracts the suite has, in which order they are made and what their constructors are given.

This is the only place that says how the contracts are wired: deployment follows it, verification compares with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ethwire.constants import GWEI, ZERO_ADDRESS
from keifu.chain.parameters import Params
from keifu.spec.drand_rounds import KEY as EVMNET_KEY
from keifu.units import COIN

__all__ = [
    "ACCOUNT",
    "ACCOUNT_REGISTRY",
    "CHANNELS",
    "COMPUTE",
    "COURT",
    "DISPUTES",
    "DISTRIBUTOR",
    "ERC3009_COLLECTOR",
    "FACTORY",
    "GAME",
    "GRANTS",
    "GRANT_ESCROW",
    "GRANT_WITNESS",
    "HEARTBEATS",
    "HUB",
    "IDENTITY",
    "INSURANCE",
    "MARKET",
    "NFT",
    "ORDERS",
    "PERMIT2",
    "PERMIT2_COLLECTOR",
    "PROOF_VALIDATOR",
    "RECORD_PROOF",
    "REEXECUTION",
    "REGISTRY",
    "REPUTATION",
    "SEEDS",
    "STORAGE",
    "STORAGE_DEALS",
    "STORAGE_ENDOWMENT",
    "STORAGE_REPAIRS",
    "TIMELOCK",
    "TOKEN",
    "VALIDATION",
    "VERIFIER",
    "Step",
    "parameter_of",
    "suite",
]

FACTORY = "Create3Factory"
TOKEN, TIMELOCK, HUB, DISTRIBUTOR = "KeifuToken", "Timelock", "StakingHub", "TGEDistributor"
INSURANCE, COURT, HEARTBEATS = "Insurance", "AlignmentCourt", "HeartbeatService"
VERIFIER, NFT, MARKET = "DataVerifier", "IntelligentNFT", "AgentMarket"
ACCOUNT_REGISTRY, ACCOUNT = "AccountRegistry", "AgentAccount"
IDENTITY, REPUTATION, VALIDATION = "AgentIdentity", "AgentReputation", "AgentValidation"
REGISTRY, PROOF_VALIDATOR, RECORD_PROOF = "ProvenanceRegistry", "ProofValidator", "RecordProof"
CHANNELS = "Channels"
ERC3009_COLLECTOR, PERMIT2_COLLECTOR = "Erc3009DepositCollector", "Permit2DepositCollector"
COMPUTE, ORDERS = "ComputeMarket", "ComputeOrders"
DISPUTES, GAME, REEXECUTION = "InferenceDisputes", "InferenceGame", "ReExecution"
WEIGHT_VERIFIERS = ("InferenceVerifier", "AttentionVerifier", "TraceVerifier", "PictureVerifier", "EncoderVerifier")
STORAGE, STORAGE_DEALS, STORAGE_REPAIRS = "StorageMarket", "StorageDeals", "StorageRepairs"
STORAGE_ENDOWMENT = "StorageEndowment"
GRANTS, GRANT_ESCROW, GRANT_WITNESS = "GrantProgram", "GrantEscrow", "GrantWitness"

# Contracts that make seeds, by where these come from.
SEEDS = {"prevrandao": "Randomness", "drand": "DrandRandomness", "commit-reveal": "CommitRevealRandomness"}
EVMNET_GENESIS, EVMNET_PERIOD = 1_727_521_075, 3  # of drand's network for EVM chains, unix seconds and seconds

PERMIT2 = "0x000000000022d473030f116ddee9f6b43ac78ba3"  # Uniswap's, at the same address on every chain

# Constructor arguments that a parameter of another name chooses.
_PARAMETERS = {
    (TOKEN, "holder"): "treasury",
    (TIMELOCK, "min_delay"): "timelock_delay",
    (HUB, "emission_start"): "emission_delay",
    (HUB, "emission_epochs"): "emission_duration",
    ("Randomness", "stride"): "seed_stride",
    ("DrandRandomness", "stride"): "seed_stride",
    ("CommitRevealRandomness", "bond"): "seed_bond",
    ("CommitRevealRandomness", "length"): "epoch_length",
    (HEARTBEATS, "restitution"): "heartbeat_restitution",
    (HEARTBEATS, "evidence_window"): "heartbeat_window",
    (NFT, "base_uri"): "agents_uri",
    (COMPUTE, "reward"): "compute_reward",
    (COMPUTE, "evidence_window"): "compute_window",
    (COMPUTE, "answer_window"): "answer_window",
    (COMPUTE, "bond"): "demand_bond",
    (ORDERS, "answer_window"): "answer_window",
    (ORDERS, "bond"): "demand_bond",
    (GAME, "window"): "dispute_turn",
    (DISPUTES, "evidence_window"): "compute_window",
    (DISPUTES, "bond"): "dispute_bond",
    (REEXECUTION, "evidence_window"): "compute_window",
    (STORAGE, "epoch_seconds"): "storage_epoch",
    (STORAGE, "window"): "storage_window",
    (STORAGE, "leaf_buffer"): "storage_buffer",
    (STORAGE, "tip"): "storage_tip",
    (STORAGE_REPAIRS, "demand_fee"): "storage_fee",
}
_OWN_NAMES = {
    (TIMELOCK, "proposers"),
    (TIMELOCK, "executors"),
    (HUB, "insurance"),
    (HUB, "treasury"),
    (HUB, "unbonding"),
    (HUB, "epoch_length"),
    (COURT, "randomness"),
    (COURT, "daily_blocks"),
    (VERIFIER, "signers_needed"),
}


@dataclass(frozen=True)
class Step:
    """One contract to make. The address follows from the deploying account and the label."""

    contract: str
    arguments: tuple[Any, ...]
    label: str


def suite(params: Params, address_of: Callable[[str], str]) -> Iterator[Step]:
    """Every contract in order. `address_of(label)` says where a contract is, or will be; `params` names everybody
    (see `Params.by`). Addresses go in as constructor arguments; there are no setters."""

    def at(name: str) -> str:
        return address_of(label_of(name, params.label))

    def step(name: str, *arguments: Any) -> Step:
        return Step(name, arguments, label_of(name, params.label))

    token, timelock, hub = at(TOKEN), at(TIMELOCK), at(HUB)
    yield step(TOKEN, params.treasury)
    yield step(TIMELOCK, params.timelock_delay, list(params.proposers), list(params.executors), ZERO_ADDRESS)
    if not params.insurance:
        yield step(INSURANCE, token, hub, timelock)
    times = params.unbonding, params.epoch_length, params.emission_start, params.emission_epochs
    yield step(HUB, token, timelock, params.insurance or at(INSURANCE), params.treasury, *times)
    if not params.randomness:
        yield step(SEEDS[params.seeds], *_seed_terms(params, token, timelock, params.insurance or at(INSURANCE)))
    randomness = params.randomness or at(SEEDS[params.seeds])
    yield step(COURT, token, hub, randomness, params.daily_blocks)
    yield step("VestingEscrow", token, hub)
    yield step(REGISTRY)
    yield step("Environments", at(REGISTRY))
    yield step(HEARTBEATS, token, hub, at("Environments"), params.restitution, params.heartbeat_window)
    if not params.account_registry:
        yield step(ACCOUNT_REGISTRY)
    yield step(ACCOUNT)
    yield step(VERIFIER, token, hub, timelock, params.signers_needed)
    yield step(NFT, at(VERIFIER), params.agents_uri)
    yield step(MARKET, token, at(NFT), at(VERIFIER), timelock)
    identity = params.identity_registry or at(IDENTITY)
    if not params.identity_registry:  # where ERC-8004's own is, its registry of reputations is, too
        yield step(IDENTITY, at(NFT))
        yield step(REPUTATION, identity)
    yield step(VALIDATION, identity)
    yield step(PROOF_VALIDATOR, at(VALIDATION), at(COURT), at(REGISTRY))
    yield step(CHANNELS, token, hub, timelock, params.treasury)
    yield step(ERC3009_COLLECTOR, at(CHANNELS))
    yield step(PERMIT2_COLLECTOR, at(CHANNELS), PERMIT2)
    windows = params.compute_window, params.answer_window
    bond = params.demand_bond * COIN
    yield step(COMPUTE, token, hub, at(HEARTBEATS), at(CHANNELS), params.compute_reward * COIN, *windows, bond)
    yield step(ORDERS, at(COMPUTE), params.answer_window, bond)
    yield from _later_services(params, at, step)
    if (grants := params.distribution) is not None:
        terms = (grants.root, grants.allocation, grants.start, grants.step, grants.steps, grants.sweep_after)
        yield step(DISTRIBUTOR, token, hub, *terms, timelock)


def _later_services(params: Params, at: Callable[[str], str], step: Callable[..., Step]) -> Iterator[Step]:
    """What stands on markets, registry and hub: disputes, storage, proofs of records, grants."""
    token, hub = at(TOKEN), at(HUB)
    for verifier in WEIGHT_VERIFIERS:
        yield step(verifier)
    yield step(GAME, at(COMPUTE), [at(verifier) for verifier in WEIGHT_VERIFIERS], params.dispute_turn)
    yield step(DISPUTES, at(COMPUTE), at(GAME), params.compute_window, params.dispute_bond * COIN)
    yield step(REEXECUTION, at(COMPUTE), at(COURT), params.compute_window)
    rhythm = params.storage_epoch, params.storage_window
    amounts = params.storage_buffer * GWEI, params.storage_tip * COIN
    randomness = params.randomness or at(SEEDS[params.seeds])
    yield step(STORAGE, token, hub, randomness, at(STORAGE_DEALS), *rhythm, *amounts)
    yield step(STORAGE_DEALS, at(STORAGE), at(STORAGE_REPAIRS), at(CHANNELS))
    yield step(STORAGE_REPAIRS, at(STORAGE_DEALS), params.storage_fee * COIN)
    yield step(STORAGE_ENDOWMENT, at(STORAGE_DEALS))
    yield step(RECORD_PROOF, token, hub)
    yield step(GRANT_ESCROW, token)
    yield step(GRANT_WITNESS, hub, at(REGISTRY))
    yield step(GRANTS, at(GRANT_WITNESS), at(TIMELOCK))


def _seed_terms(params: Params, token: str, timelock: str, insurance: str) -> tuple[Any, ...]:
    if params.seeds == "drand":
        return list(EVMNET_KEY), EVMNET_GENESIS, EVMNET_PERIOD, params.seed_stride
    if params.seeds == "commit-reveal":
        return token, timelock, insurance, params.seed_bond * COIN, params.epoch_length
    return params.seed_stride, 0


def label_of(name: str, label: str) -> str:
    """What the address of a contract follows from, beside the deploying account."""
    return f"{label}/{name}" if label else name


def parameter_of(contract: str, argument: str) -> str:
    """What a reader calls a constructor's argument: the parameter that chooses it, else contract and argument."""
    if (contract, argument) in _OWN_NAMES:
        return argument
    return _PARAMETERS.get((contract, argument), f"{contract}.{argument}")
