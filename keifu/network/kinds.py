"""The kinds of parts that a network has, in one table: how many, what each needs, and how it is run and asked.

A later kind joins by a row. What a row needs of the chain is a function that is imported when a network is made.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["API", "ATTESTOR", "CHAIN", "EXPLORER", "INDEX", "NODES", "WATCHER", "NodeRow", "node_row"]

CHAIN, INDEX, API, EXPLORER, WATCHER = "chain", "index", "api", "explorer", "watcher"
ATTESTOR = "attestor"


@dataclass(frozen=True)
class NodeRow:
    """A kind of node: how many unless somebody says so, and what one needs."""

    kind: str
    usual: int
    purpose: str
    place: str  # "module:function" that prepares its account on the chain and says its settings
    coins: int = 0
    serves: bool = False  # strangers, on a port of its own
    promoted: bool = False  # what an environment runs

    @property
    def option(self) -> str:
        """How many of them, on the command line: a word of what they do has no plural."""
        return f"--{_PLURALS.get(self.kind, f'{self.kind}s')}"


_PLURALS = {"compute": "compute", "storage": "storage", "notary": "notaries"}
NODES = (
    NodeRow(
        "operator", 3, "serve the promoted model", "keifu.network.nodes:operator", 3_000, serves=True, promoted=True
    ),
    NodeRow(WATCHER, 2, "report false heartbeats", "keifu.network.nodes:watcher"),
    NodeRow("juror", 0, "judge cases as their owner decides", "keifu.network.nodes:juror", coins=20_000),
    NodeRow("keeper", 0, "draw juries and open epochs for the tips", "keifu.network.nodes:keeper"),
    NodeRow("compute", 0, "answer by the promoted model for pay", "keifu.network.nodes:compute", 3_000, True, True),
    NodeRow("relayer", 0, "bring signed payments to the chain", "keifu.network.nodes:relayer", serves=True),
    NodeRow("storage", 0, "keep shards of others for pay", "keifu.network.nodes:storage", 110, serves=True),
    NodeRow(ATTESTOR, 0, "attest transfers of agents' data", "keifu.network.nodes:attestor", serves=True),
    NodeRow("notary", 0, "sign the chain's headers for other chains", "keifu.network.nodes:notary", 2_300, serves=True),
)


def node_row(kind: str) -> NodeRow | None:
    """The row of a kind of node; None for a part that is no node."""
    return next((row for row in NODES if row.kind == kind), None)
