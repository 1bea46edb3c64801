"""How each part is run."""

from __future__ import annotations

import sys

from ethwire.anvil import anvil_command
from keifu.network.folder import Network, NetworkFolder, Part
from keifu.network.kinds import API, CHAIN, EXPLORER, INDEX, WATCHER

__all__ = ["MINE_SECONDS", "command_of"]

MINE_SECONDS = 10  # after which a chain where nothing happens mines a block, so that heartbeats stay new
KEIFU = [sys.executable, "-m", "keifu"]


def command_of(folder: NetworkFolder, network: Network, part: Part) -> list[str]:
    """The command line of a part."""
    port = part.url.rpartition(":")[2]
    if part.kind == CHAIN:
        return [
            *anvil_command(port=int(port), chain_id=network.chain_id),
            *("--load-state", str(folder.chain_state), "--cache-path", str(folder.chain_cache)),
            *("--block-time", str(MINE_SECONDS), "--mixed-mining"),
        ]
    if part.kind == INDEX:
        chain = ["--rpc", network.rpc, "--deployments", network.deployments]
        return [*KEIFU, "index", "run", "--db", str(folder.index), *chain]
    if part.kind in (API, EXPLORER):
        noun = "index" if part.kind == API else "explorer"
        watchers = [item.url for item in network.parts if item.kind == WATCHER and part.kind == EXPLORER]
        asked = [text for url in watchers for text in ("--heartbeats", url)]
        asked += ["--verify-with", network.rpc, "--deployments", network.deployments] if part.kind == EXPLORER else []
        return [*KEIFU, noun, "serve", "--db", str(folder.index), "--port", port, *asked]
    return [*KEIFU, "node", part.kind, "run", str(folder.node(part.name)), "--json"]
