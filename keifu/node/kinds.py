"""The kinds of nodes, by name. A kind's work is imported when a node of it is run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from keifu.errors import UsageError
from keifu.node.settings import (
    AttestorSettings,
    ComputeSettings,
    JurorSettings,
    KeeperSettings,
    NodeSettings,
    NotarySettings,
    OperatorSettings,
    ReExecutorSettings,
    RelayerSettings,
    StorageSettings,
    WatcherSettings,
)
from keifu.node.work import Work

__all__ = ["KINDS", "Kind", "kind_of"]


@dataclass(frozen=True)
class Kind:
    """One kind: what it is told, and where its work is, as "module:class". One that `saves_memory` has its key file
    opened by another process."""

    name: str
    settings: type[NodeSettings]
    place: str
    saves_memory: bool = False

    @property
    def work(self) -> type[Work]:
        module, _, name = self.place.partition(":")
        found: type[Work] = getattr(import_module(module), name)
        return found


KINDS = (
    Kind("operator", OperatorSettings, "keifu.node.operator.work:Operator"),
    Kind("watcher", WatcherSettings, "keifu.node.watcher.work:Watcher"),
    Kind("juror", JurorSettings, "keifu.node.juror.work:Juror"),
    Kind("keeper", KeeperSettings, "keifu.node.keeper.work:Keeper"),
    Kind("compute", ComputeSettings, "keifu.node.compute.work:Compute"),
    Kind("relayer", RelayerSettings, "keifu.node.relayer.work:Relayer"),
    Kind("storage", StorageSettings, "keifu.node.storage.work:Storage", saves_memory=True),
    Kind("attestor", AttestorSettings, "keifu.node.attestor.work:Attestor"),
    Kind("reexecutor", ReExecutorSettings, "keifu.node.reexecutor.work:ReExecutor"),
    Kind("notary", NotarySettings, "keifu.node.notary.work:Notary"),
)


def kind_of(name: str) -> Kind:
    """Raises UsageError."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise UsageError(f"no kind of node is called {name!r}", remedy=", ".join(kind.name for kind in KINDS))
