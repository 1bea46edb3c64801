"""Rounds of the operator's node: look at what is promoted, hash the bytes, sign, serve.

It signs that it runs an artefact only while the bytes that it has hashed are those of a promotion that no
reorganisation takes away. A heartbeat's time is that of the newest block.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from ethwire.rpc import quantity
from keifu.chain.header import Header
from keifu.chain.suite import HEARTBEATS
from keifu.errors import CheckFailed, EnvironmentFault
from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.node.final import newest_final
from keifu.node.operator.artefacts import Artefacts
from keifu.node.operator.production import Promotion, Promotions
from keifu.node.operator.rehearing import Rehearing
from keifu.node.operator.standing import standing_of
from keifu.node.settings import NodeSettings, OperatorSettings
from keifu.node.web import Page, json_page
from keifu.node.work import Body, Check, Work
from keifu.provenance import Heartbeat, environments_domain, heartbeat_digest
from keifu.provenance.heartbeats import line_of
from keifu.staking import KeyKind
from keifu.units import day

__all__ = ["Operator"]

LINES = "application/jsonl; charset=utf-8"
SOON_SECONDS = 0.25  # while a transaction is awaited
AGAIN_SECONDS = 60.0  # until missing or changed bytes are looked for again


@dataclass(frozen=True)
class _Loaded:
    """Bytes that were hashed: under which promotion, where, and when (of the monotonic clock)."""

    promotion: Promotion
    path: Path
    at: float


class Operator(Work):
    """One environment, one node's key."""

    def __init__(self, body: Body, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(body)
        settings: OperatorSettings = body.settings
        self._settings, self._clock = settings.operator, clock
        self._environment = bytes.fromhex(self._settings.environment)
        self._promotions = Promotions(body.chain, self._environment, body.database)
        self._artefacts = Artefacts(self._settings.artefacts, self._settings.documents, body.folder.path)
        self._service = body.chain.suite.at(body.chain.client, HEARTBEATS)
        self._domain = environments_domain(body.chain.id, body.chain.suite["Environments"])
        self._wanted: Promotion | None = None
        self._loaded: _Loaded | None = None
        self._hashing: Future[_Loaded | str] | None = None
        self._hash_again_at = 0.0
        self._rehearing = Rehearing(body, lambda: self._operator, calls=self._settings.rehear)
        self._is_calling = False  # whether its cases are to be looked at again, without another block
        self._trouble = "nothing is loaded yet"
        self._head = ""
        self._signed_at = 0
        self._line = b""
        self._operator = ""
        self._hasher = ThreadPoolExecutor(1, thread_name_prefix="hash")
        self._beats = body.metrics.counter("heartbeats", "Heartbeats that were signed.")
        self._rehashed = body.metrics.counter("digests", "Times that the bytes were hashed, by outcome.", "outcome")
        self._seq = body.metrics.gauge("promotion_seq", "Number of the promotion whose bytes are loaded.")
        self._beat_time = body.metrics.gauge("heartbeat_time_seconds", "Time in the newest heartbeat, unix seconds.")

    @staticmethod
    def listens(settings: NodeSettings) -> str:
        assert isinstance(settings, OperatorSettings)
        return settings.operator.listen

    @staticmethod
    def checks(settings: NodeSettings, chain: NodeChain, account: Account) -> Iterator[Check]:
        assert isinstance(settings, OperatorSettings)
        standing = standing_of(chain, account.address, bytes.fromhex(settings.operator.environment))
        if standing.is_bound:
            yield Check("binding", True, f"operator {standing.operator} until {day(standing.last)}")
        else:
            detail = f"operator {standing.operator} has promised nothing about the environment"
            yield Check("binding", False, detail, "keifu node operator bind FOLDER --for '30 days'")
        need = f"{standing.locked_words} locked, {standing.needed_words} needed"
        remedy = f"keifu staking lock --service {chain.suite['HeartbeatService']} --amount {standing.missing_words}"
        yield Check("lock", standing.missing == 0, need, "" if standing.missing == 0 else remedy)

    # life ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Raises CheckFailed when none of the artefacts is what the environment runs."""
        self._wanted = self._promotions.current()
        if self._wanted is None:
            raise CheckFailed(
                f"nothing was ever promoted to environment {self._settings.environment}",
                remedy="promote an artefact there: keifu prov promote",
            )
        loaded = self._hash(self._wanted)
        if isinstance(loaded, str):
            raise CheckFailed(
                f"promotion {self._wanted.seq} is not among the artefacts: {loaded}",
                remedy="put the promoted bytes there, or promote these: keifu prov promote",
            )
        self._take(loaded)
        standing = standing_of(self.body.chain, self.body.account.address, self._environment)
        self._operator = standing.operator
        if not standing.is_bound:
            self.body.log.warning("nothing is at stake: the operator is not bound", operator=standing.operator)
        self._sign(self.body.chain.newest())

    def step(self) -> float:
        newest = self.body.chain.newest()
        self.body.metrics.head.set(quantity(newest.number, "the newest block's number"))
        if newest.hash != self._head:
            self._require_named(newest)
            self._look()
            self._head = newest.hash
            self._is_calling = True
        self._collect()
        self._plan()
        self._sign(newest)
        if self._is_calling:
            self._rehearing.look(newest_final(self.body.chain))
        self._is_calling = self._rehearing.go_on()
        if self._is_calling:
            return SOON_SECONDS
        return float(self._settings.poll) if self._hashing is None else min(1.0, float(self._settings.poll))

    def drain(self) -> bool:
        """What was signed stays true; a re-hearing that is being called is called."""
        return not self._rehearing.go_on()

    def close(self) -> None:
        self._hasher.shutdown(cancel_futures=True)
        self._rehearing.close()

    # what runs -----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        found = self._promotions.current()
        if found is None or self._wanted is None:
            return
        if found.seq != self._wanted.seq:
            self.body.log.info("promoted", seq=found.seq, artefact=found.entry.id.hex())
            self._hash_again_at = 0.0
        self._wanted = found

    def _require_named(self, newest: Header) -> None:
        """Raises EnvironmentFault when the key speaks for the operator no more: another machine's took its place."""
        now = quantity(newest.timestamp, "the newest block's time")
        me = self.body.account.address
        operator = self._service.operator_of(me, KeyKind.HEARTBEAT, now)
        if operator == ZERO_ADDRESS:
            raise EnvironmentFault(
                f"key {me} of this node was retired: another machine acts for {self._operator}",
                remedy="run the other one; or make this node anew with another key",
            )
        self._operator = operator

    def _plan(self) -> None:
        """Hash when another promotion is wanted, or the last time is too long ago."""
        if self._hashing is not None or self._wanted is None or self._clock() < self._hash_again_at:
            return
        self._hash_again_at = self._clock() + AGAIN_SECONDS
        self._hashing = self._hasher.submit(self._hash, self._wanted)

    def _hash(self, promotion: Promotion) -> _Loaded | str:
        """The artefact of a promotion, or why it is not there."""
        path, why = self._artefacts.find(promotion.entry)
        return why if path is None else _Loaded(promotion, path, self._clock())

    def _collect(self) -> None:
        if self._hashing is None or not self._hashing.done():
            return
        done, self._hashing = self._hashing.result(), None
        if isinstance(done, _Loaded):
            self._take(done)
            return
        self._rehashed.labels("not as promoted").inc()
        self._trouble = f"the bytes of promotion {self._wanted.seq if self._wanted else 0} are not here: {done}"
        self.body.log.error("not as promoted: nothing is signed", why=done)
        seq = self._wanted.seq if self._wanted else 0
        self.body.alerts.tell(f"not as promoted {seq} at {self._signed_at}", self._trouble, seq=seq)
        self._loaded, self._line = None, b""

    def _take(self, loaded: _Loaded) -> None:
        self._rehashed.labels("as promoted").inc()
        is_wanted = self._wanted is not None and self._wanted.seq == loaded.promotion.seq
        self._hash_again_at = loaded.at + self._settings.recheck if is_wanted else 0.0
        is_new = self._loaded is None or self._loaded.promotion.seq != loaded.promotion.seq
        self._loaded, self._trouble = loaded, ""
        self._seq.set(loaded.promotion.seq)
        if is_new:
            digest = loaded.promotion.entry.record.digest.hex()
            self.body.log.info("loaded", seq=loaded.promotion.seq, digest=digest, path=str(loaded.path))
            self._signed_at = 0  # the next heartbeat comes at once

    # what is said --------------------------------------------------------------------------------------------------

    def _sign(self, newest: Header) -> None:
        """Sign once for each time of a newest block."""
        if self._loaded is None or self._wanted is None:
            return
        now = quantity(newest.timestamp, "the newest block's time")
        if now <= self._signed_at:
            return
        seq, digest = self._loaded.promotion.seq, self._loaded.promotion.entry.record.digest
        if not self._promotions.may_sign(seq, digest):
            self._trouble = f"another digest was signed under number {seq} before: nothing is signed under it any more"
            self.body.log.error("two digests of one number", seq=seq, digest=digest.hex())
            self._loaded, self._line = None, b""
            return
        said = Heartbeat(self.body.account.address.lower(), self._environment, seq, digest, now)
        signature = self.body.account.sign(heartbeat_digest(self._domain, said))
        self._line = line_of(said, signature).encode() + b"\n"
        self._signed_at = now
        self._beats.inc()
        self._beat_time.set(now)

    def trouble(self) -> str:
        if self._trouble or self._wanted is None or self._loaded is None:
            return self._trouble
        if self._loaded.promotion.seq != self._wanted.seq:
            return f"promotion {self._wanted.seq} is being loaded, {self._loaded.promotion.seq} is served"
        return self._wanted.trouble or self._rehearing.trouble

    def facts(self) -> dict[str, Any]:
        loaded, wanted = self._loaded, self._wanted
        return {
            "environment": self._settings.environment,
            "operator": self._operator,
            "promoted": wanted.seq if wanted else 0,
            "loaded": loaded.promotion.seq if loaded else 0,
            "digest": loaded.promotion.entry.record.digest.hex() if loaded else "",
            "path": str(loaded.path) if loaded else "",
            "heartbeat": self._signed_at,
            "cases": self._rehearing.facts(),
        }

    def pages(self) -> Mapping[str, Callable[[], Page]]:
        return {"/heartbeats": self._heartbeats, "/": self._description}

    def _heartbeats(self) -> Page:
        line = self._line
        return Page(line, LINES) if line else Page(b"", LINES, 503)

    def _description(self) -> Page:
        known = {key: self.facts()[key] for key in ("environment", "operator", "loaded", "digest")}
        return json_page({"node": self.body.account.address, **known, "heartbeats": "/heartbeats"})
