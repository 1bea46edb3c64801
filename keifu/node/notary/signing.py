"""Signing final headers of the other chain, as long as coins answer for that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ethwire.eip712 import Domain
from ethwire.rpc import quantity
from keifu.chain.sender import Sender, State
from keifu.chain.suite import HUB, RECORD_PROOF
from keifu.keys import Account
from keifu.node.alerts import Alerts
from keifu.node.chain import NodeChain
from keifu.node.notary.book import Book
from keifu.node.once import Once
from keifu.node.sections import NotaryWork
from keifu.provenance.signed_headers import SignedHeader, record_proof_domain
from keifu.units import coins

__all__ = ["Desk", "Signer", "Standing", "standing_of"]

PROLONGED_AT = 2  # when so much of the term is left, as its part


@dataclass(frozen=True)
class Standing:
    """An attestor's promise and its lock. Times in unix seconds, amounts in wei."""

    since: int
    last: int
    until: int
    reserve: int
    locked: int
    needed: int
    now: int

    @property
    def was_taken(self) -> bool:
        """It contradicted itself, and somebody showed that."""
        return self.last > 0 and not self.reserve and self.now <= self.until

    @property
    def answers(self) -> bool:
        return self.reserve > 0 and self.since <= self.now <= self.last

    @property
    def trouble(self) -> str:
        """Why this attestor's word counts for nothing; "" when it does, or will when it has bound itself."""
        if self.was_taken:
            return "its reserve was taken: its key signed two headers of one number, so it signs no more"
        if not self.reserve and self.locked < self.needed:
            return f"{coins(self.locked)} coins are behind its word, {coins(self.needed)} are needed"
        return ""

    def is_due(self, term: int) -> bool:
        """Whether to promise, or to prolong that."""
        return not self.trouble and (not self.reserve or self.last - self.now < term // PROLONGED_AT)


def standing_of(chain: NodeChain, attestor: str) -> Standing:
    """As of the newest block. Raises RpcError."""
    proofs, hub = (chain.suite.at(chain.client, name) for name in (RECORD_PROOF, HUB))
    since, last, until, reserve = proofs.binding(attestor)
    needed = proofs.REWARD() * 5 // 4 + proofs.PENALTY()
    locked = hub.lock_of(proofs.address, attestor)
    now = quantity(chain.newest().timestamp, "the newest block's time")
    return Standing(since, last, until, reserve, locked, needed, now)


class Other(Protocol):
    """The other chain, as `Foreign` gives it."""

    def final(self, every: int) -> int: ...
    def head(self) -> int: ...
    def hash_of(self, number: int) -> bytes: ...


class Signer:
    """Signs what is final there. Raises RpcError and CheckFailed where the other chain does not answer as it should."""

    def __init__(self, foreign: Other, book: Book, domain: Domain, account: Account, every: int) -> None:
        self._foreign, self._book, self._every = foreign, book, every
        self._domain, self._account = domain, account
        self.trouble = ""  # why nothing is signed any more

    def begin(self) -> None:
        """A book that does not know what was signed before begins above the newest block."""
        if self._book.floor is None:
            self._book.begin(self._foreign.head())

    def next(self, now: int) -> SignedHeader | None:
        """The newest final block that is one of ours, unless it was signed. `now` is of the chain where it is used."""
        number = self._foreign.final(self._every)
        self.trouble = self._changed(number)
        if self.trouble or not self._book.may_sign(number):
            return None
        block = self._foreign.hash_of(number)
        return self._book.sign(number, block, now, lambda header: header.sign(self._domain, self._account))

    def _changed(self, final: int) -> str:
        """Why the chain is not the one that was signed: no later block of it is signed then."""
        newest = self._book.newest()
        if newest is None:
            return ""
        number = newest.header.number
        if final < number:
            return f"the other chain is final up to block {final}, and block {number} was signed"
        if self._foreign.hash_of(number) != newest.header.block_hash:
            return f"the other chain has another block {number} than the one that was signed"
        return ""


class Desk:
    """Of one attestor, whose key is its account."""

    def __init__(
        self, chain: NodeChain, account: Account, foreign: Other, book: Book, sender: Sender, alerts: Alerts,
        own: NotaryWork,
    ) -> None:  # fmt: skip
        self._chain, self._account, self._own = chain, account, own
        self._proofs = chain.suite.at(chain.client, RECORD_PROOF)
        self._promise = Once(chain, sender, alerts, self._proofs.address, "notary", RECORD_PROOF)
        domain = record_proof_domain(chain.id, self._proofs.address)
        self._signer = Signer(foreign, book, domain, account, own.every)
        self._idle = ""
        self.reserve = 0

    @property
    def idle(self) -> str:
        """Why nothing is signed; "" when it is."""
        return self._idle or self._signer.trouble

    def look(self) -> SignedHeader | None:
        """One round: promise where that is due, and sign what is. Raises RpcError, CheckFailed."""
        standing = standing_of(self._chain, self._account.address)
        state = self._promised(standing) if standing.is_due(self._own.term) else None
        self.reserve = standing.reserve
        waits = "its promise failed" if state in (State.FAILED, State.REFUSED) else "its promise has not begun yet"
        self._idle = standing.trouble or ("" if standing.answers else waits)
        self._signer.begin()
        return None if self._idle else self._signer.next(standing.now)

    def _promised(self, standing: Standing) -> State | None:
        """By the last day that it follows on: the time of the newest block, which a promise counts from, is another one
        in each round until the promise is in a block."""
        last = standing.now + self._own.term
        return self._promise.sent(f"a promise after {standing.last}", lambda: self._proofs.bind.encode(last))
