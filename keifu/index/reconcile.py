"""Comparing the tables with the contracts: each figure with the view that shows the same, at the block of the index.

The follower proves logs by receipts. This is the second line, which needs no logs: an endpoint that left events out, or
that lies in its views, contradicts the tables or another endpoint, and is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ethwire.rpc import Rpc, octets
from keifu.abi import load
from keifu.chain.header import Header
from keifu.errors import AbiError, ChainMismatch, EnvironmentFault, Revert, RpcError
from keifu.index.figures import Figure, figures
from keifu.index.store import Position, Store

__all__ = ["USUAL_MOST", "Difference", "Report", "reconcile"]

USUAL_MOST = 500  # members of each group, those that changed last
CALLS_A_BATCH = 100


@dataclass(frozen=True)
class Difference:
    """A figure for which an endpoint's view says something else."""

    figure: str
    tables: str
    view: str
    url: str

    @property
    def message(self) -> str:
        return f"{self.figure}: {self.tables} by the events, {self.view} by the view of {self.url}"


@dataclass(frozen=True)
class Report:
    """`compared` counts figures by group; `suspect` says in words whom the differences accuse, empty without any."""

    position: Position
    compared: Mapping[str, int]
    differences: Sequence[Difference] = field(default=())
    suspect: str = ""


def reconcile(store: Store, rpc: Rpc, most: int = USUAL_MOST) -> Report:
    """Compare at the block where the index stands. Raises ChainMismatch when an endpoint serves another chain, and
    EnvironmentFault when the index is empty, or its block is not on the endpoint's chain."""
    with store.database.snapshot():
        position, wanted = store.position, list(figures(store, most))
    if not position.hash:
        raise EnvironmentFault(f"{store.database.name} has no block yet", remedy="`keifu index run` fills it")
    said = {endpoint.url: _answers(endpoint, wanted, position, store.suite.chain_id) for endpoint in rpc.endpoints}
    compared = Counter(
        figure.group for number, figure in enumerate(wanted) if any(said[url][number] is not None for url in said)
    )
    differences = [
        Difference(figure.name, _text(figure.expected), _text(answers[number]), url)
        for number, figure in enumerate(wanted)
        for url, answers in said.items()
        if answers[number] is not None and answers[number] != figure.expected
    ]
    return Report(position, dict(compared), differences, _suspect(differences, list(said)))


def _answers(rpc: Rpc, wanted: Sequence[Figure], position: Position, chain_id: int) -> list[Any]:
    """What one endpoint's views say; None where its answer is no figure to compare with."""
    if (actual := rpc.chain_id()) != chain_id:
        raise ChainMismatch(f"{rpc.url} serves chain {actual}, not {chain_id}", remedy="name the node of that chain")
    block = rpc.call_as(Header, "eth_getBlockByNumber", hex(position.number), False)
    if block.hash != position.hash:
        raise EnvironmentFault(
            f"block {position.number} of {rpc.url} is {block.hash}, the index has {position.hash}",
            remedy="let `keifu index run` go on: a reorganisation is undone; else the endpoint serves another chain",
        )
    at = {"blockHash": position.hash}
    found: list[Any] = []
    for first in range(0, len(wanted), CALLS_A_BATCH):
        part = wanted[first : first + CALLS_A_BATCH]
        calls = [("eth_call", [{"to": item.address, "data": "0x" + _encoded(item).hex()}, at]) for item in part]
        found += [_value(item, answer, rpc.url) for item, answer in zip(part, rpc.batch(calls), strict=True)]
    return found


def _encoded(figure: Figure) -> bytes:
    return load(figure.contract).interface.function(figure.function).encode(figure.arguments)


def _value(figure: Figure, answer: Any, url: str) -> Any:
    if isinstance(answer, Revert):
        return f"a refusal: {answer.reason}"
    if isinstance(answer, RpcError):
        raise answer
    function = load(figure.contract).interface.function(figure.function)
    try:
        return figure.pick(function.decode(octets(answer, figure.function, url)))
    except AbiError:
        return "something that is no answer"


def _suspect(differences: Sequence[Difference], urls: Sequence[str]) -> str:
    """Endpoints that contradict both the events and each other are accused themselves, the source of events else."""
    if not differences:
        return ""
    accused = sorted({item.url for item in differences})
    if len(accused) < len(urls):
        return f"{', '.join(accused)} contradicts the events and the other endpoints"
    if len(urls) > 1:
        return "every endpoint contradicts the events: they were lost or changed before they came into the tables"
    return f"either {urls[0]} lies, or events were lost before they came into the tables: name a second endpoint"


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
