"""The client's own side of every answer: which chain and market count, and from where keys and promotions are known."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from keifu.chain import ChainClient, Deployment
from keifu.chain.clock import clock_of
from keifu.chain.suite import CHANNELS, DISPUTES, REEXECUTION
from keifu.compute.client.onchain import OnChain
from keifu.compute.client.sources import Pinned, Sources
from keifu.errors import EnvironmentFault, UsageError
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Provenance
from keifu.provenance.trust import Trust
from keifu.reexecution.reading import Reading

__all__ = ["COMPUTE", "Side", "chain_side", "pinned_side"]

COMPUTE, REGISTRY, ENVIRONMENTS = "ComputeMarket", "ProvenanceRegistry", "Environments"


@dataclass(frozen=True)
class Side:
    """Chain and market whose receipts count, and where the channels are that pay."""

    chain_id: int
    market: str
    channels: str
    sources: Sources
    now: Callable[[], float] = time.time  # by which receipts are on time


def pinned_side(trust: Trust | None) -> Side:
    """From a trust file alone. Raises UsageError when it pins no market."""
    if trust is None or not trust.compute:
        raise UsageError("no trust file pins a market", remedy="keifu trust init --provider OPERATOR")
    return Side(trust.chain, trust.compute.market, trust.compute.channels, Pinned(trust.compute))


def chain_side(client: ChainClient, suite: Deployment, first_block: int, trust: Trust | None) -> Side:
    """From a chain and its record; a trust file is compared with them. Raises EnvironmentFault when the suite has no
    market, CheckFailed when trust file and record differ."""
    for name in (COMPUTE, CHANNELS):
        if name not in suite.addresses:
            raise EnvironmentFault(
                f"no {name} is recorded for chain {client.chain_id}", remedy="name the record of a suite that has one"
            )
    market, channels = suite[COMPUTE], suite[CHANNELS]
    if trust is not None:
        trust.accept("the deployment's record", chain=client.chain_id, market=market, channels=channels)
    source = Provenance(client, suite[REGISTRY], suite[ENVIRONMENTS], first_block=first_block)
    sources = OnChain(
        lambda: Proved.now(source) if trust is None else Proved(source, trust),
        suite.at(client, COMPUTE),
        time.monotonic,
        suite.at(client, DISPUTES) if DISPUTES in suite.addresses else None,
        Reading(client, suite, first_block) if REEXECUTION in suite.addresses else None,
    )
    return Side(client.chain_id, market, channels, sources, clock_of(client))
