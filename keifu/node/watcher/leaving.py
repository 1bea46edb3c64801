"""Winding up a watcher: what its reports have earned is paid out."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from keifu.chain import RpcDeployer
from keifu.chain.finality import final_depth
from keifu.chain.firsts import paid_out
from keifu.chain.suite import HEARTBEATS
from keifu.errors import CheckFailed
from keifu.node.chain import open_chain, open_key
from keifu.node.fence import note_used
from keifu.node.filing import under_way
from keifu.node.folder import NodeFolder, owner_of
from keifu.node.settings import NodeSettings, WatcherSettings

__all__ = ["leave"]


def leave(path: Path, settings: NodeSettings) -> tuple[int, str]:
    """Pay out the node's credit; wei, and who got them. Raises EnvironmentFault while the node runs, CheckFailed while
    reports are under way."""
    assert isinstance(settings, WatcherSettings)
    folder = NodeFolder(path)
    account = open_key(settings.key, path, is_local=final_depth(settings.chain.id) == 0)
    receiver = settings.watcher.receiver or account.address
    with ExitStack() as held:
        chain = open_chain(settings.chain, held)
        folder.claim(held, chain.id, account.address)
        if folder.database_file.exists():
            database = folder.open_database(held, owner_of("watcher", chain, account.address))
            if count := under_way(database):
                raise CheckFailed(
                    f"{count} of its reports are under way", remedy=f"let them end: keifu node watcher run {path}"
                )
        deployer = RpcDeployer(chain.client, account, chain.record.factory)
        due = paid_out(deployer, chain.suite[HEARTBEATS], HEARTBEATS, receiver)
        if due:
            note_used(path, chain, account.address)
        return due, receiver
