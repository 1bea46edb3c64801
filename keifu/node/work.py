"""What a kind of node is: its work, done in rounds by the runtime, with all that every kind gets."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keifu.chain.sender import Policy, Sender
from keifu.keys import Account
from keifu.node.alerts import Alerts
from keifu.node.chain import NodeChain
from keifu.node.folder import NodeFolder
from keifu.node.logs import Log, Secrets
from keifu.node.metrics import Metrics
from keifu.node.settings import NodeSettings
from keifu.node.web import Background, Page

__all__ = ["Body", "Check", "Work"]


@dataclass(frozen=True)
class Check:
    """One thing that a node needs, and whether it has it; the remedy where it has not."""

    what: str
    holds: bool
    detail: str = ""
    remedy: str = ""

    def data(self) -> dict[str, Any]:
        return {"check": self.what, "ok": self.holds, "detail": self.detail, "remedy": self.remedy}


@dataclass(frozen=True)
class Body:
    """What every kind works with. The database is the node's own; only the thread of the rounds writes to it."""

    settings: Any  # of the kind: a NodeSettings
    folder: NodeFolder
    chain: NodeChain
    account: Account
    log: Log
    metrics: Metrics
    background: Background
    database: sqlite3.Connection
    alerts: Alerts
    alone_since: int = 0  # the account's next nonce when this folder first acted
    secrets: Secrets | None = None  # what no log may show

    def sender(self, deployment: str) -> Sender:
        """Sends with the node's key, and with nobody else who does. Raises EnvironmentFault when somebody does."""
        policy = Policy(alone_since=self.alone_since)
        return Sender(self.folder.sender_file, self.chain.rpc, self.account, deployment=deployment, policy=policy)

    def tell_trouble(self, sender: Sender, before: str) -> str:
        """Why transactions wait; the log has it once, when it is another reason than `before`."""
        if sender.trouble not in ("", before):
            self.log.warning("a transaction waits", why=sender.trouble)
        return sender.trouble


class Work(ABC):
    """What one kind does. The runtime calls `begin` once, `step` until it is told to stop, `drain` until that says so,
    and `close` in any case. An RpcError or CheckFailed of a step is an endpoint's fault, and the next step goes on."""

    def __init__(self, body: Body) -> None:
        self.body = body

    @staticmethod
    def listens(settings: NodeSettings) -> str:
        """Where strangers are served; "" for nowhere."""
        del settings
        return ""

    @staticmethod
    def checks(settings: NodeSettings, chain: NodeChain, account: Account) -> Iterator[Check]:
        """What the doctor looks at for this kind alone."""
        del settings, chain, account
        yield from ()

    @abstractmethod
    def begin(self) -> None:
        """Once, before the first step. Raises what forbids the start."""

    @abstractmethod
    def step(self) -> float:
        """Do what is due; seconds until there may be more."""

    @abstractmethod
    def trouble(self) -> str:
        """Why the node does not do all that its kind does; "" when it does."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """For the status page, as JSON. Called from another thread."""

    def pages(self) -> Mapping[str, Callable[[], Page]]:
        """What strangers are served. Called from another thread."""
        return {}

    def owner_pages(self) -> Mapping[str, Callable[[], Page]]:
        """What the owner is served beside health, status and metrics. Called from another thread."""
        return {}

    def drain(self) -> bool:
        """One round of winding down; True when nothing that has begun is left."""
        return True

    @abstractmethod
    def close(self) -> None:
        """Let go of what was opened."""
