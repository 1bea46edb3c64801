"""Covers that the node signs: on stated terms, within the cap of its receipt key and its operator's lock.

A signature opens one cover, whoever brings it, so it is on the disk before it is given out, and counts against the cap
until it is opened or its deadline is over. Who asks again gets the same one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Protocol

import msgspec

from ethwire.eip712 import Domain
from keifu.abi import Contract
from keifu.chain.suite import HUB
from keifu.compute.market.covers import CoverState, SignedCover, read_cover, sign_cover
from keifu.compute.promises import LARGEST_COVER, SMALLEST_COVER, Cover, needed_for
from keifu.keys import Account as Key
from keifu.node.chain import NodeChain
from keifu.node.compute.questions import Questions
from keifu.node.sections import CoverWork
from keifu.payments.book import Account, Refused
from keifu.units import coins

__all__ = ["Covering", "Promising"]

GOOD_SECONDS = 600  # in which a signed cover is opened
FULL = 10_000  # basis points
LONGEST_QUEUE = 64  # who ask at a time
_TABLE = """CREATE TABLE IF NOT EXISTS compute_cover (channel BLOB NOT NULL, restitution TEXT NOT NULL,
  price TEXT NOT NULL, last INTEGER NOT NULL, deadline INTEGER NOT NULL, signature BLOB NOT NULL,
  kind TEXT NOT NULL DEFAULT '', PRIMARY KEY (channel, restitution, price, last, deadline)) WITHOUT ROWID"""


class Promising(Protocol):
    """Whose promises are signed, and whether they can be."""

    operator: str

    @property
    def blind(self) -> str: ...

    @property
    def is_leaving(self) -> bool: ...


class Covering:
    """`sign` is of the answering thread, `step` of the rounds."""

    def __init__(
        self,
        chain: NodeChain,
        market: Contract,
        domain: Domain,
        settings: CoverWork,
        key: Key,
        offering: Promising,
        database: sqlite3.Connection,
        *,
        kind: str = "",
        is_busy: Callable[[bytes, str], bool] = lambda channel, operator: False,
    ) -> None:
        """`kind` keeps covers of two contracts apart; `is_busy` says whether something is open that a new cover has to
        wait for."""
        self._chain, self._market, self._settings, self._key = chain, market, settings, key
        self._offering, self._database, self._kind, self._is_busy = offering, database, kind, is_busy
        self._hub = chain.suite.at(chain.client, HUB)
        self._domain = domain
        self._questions: Questions[tuple[bytes, int], SignedCover] = Questions(
            LONGEST_QUEUE, "too many ask for covers: ask again later"
        )
        self._most = min(settings.cover_most, LARGEST_COVER)
        database.execute(_TABLE)
        if "kind" not in {row[1] for row in database.execute("PRAGMA table_info(compute_cover)")}:
            database.execute("ALTER TABLE compute_cover ADD COLUMN kind TEXT NOT NULL DEFAULT ''")

    # of the answering thread ---------------------------------------------------------------------------------------

    def terms(self) -> bytes:
        settings = self._settings
        document = {
            "operator": self._offering.operator,
            "market": self._market.address,
            "key": self._key.address,
            "smallest": str(SMALLEST_COVER),
            "largest": str(self._most),
            "priceBasisPoints": settings.cover_price,
            "seconds": settings.cover_term,
        }
        return msgspec.json.encode(document)

    async def sign(self, account: Account, restitution: int) -> SignedCover:
        """Raises Refused, or KeifuError when the chain does not answer."""
        return await self._questions.ask((account.id, restitution))

    # of the rounds -------------------------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        return self._questions.is_empty

    def step(self) -> None:
        """Answer those who ask."""
        self._questions.answer(lambda asked: self._signed(*asked))

    def _signed(self, channel_id: bytes, restitution: int) -> SignedCover:
        now = int(self._chain.newest().timestamp, 16)
        self._require_open(restitution)
        waiting = self._waiting(now)
        for signed in waiting:
            if signed.cover.channel_id != channel_id:
                continue
            if signed.cover.restitution == restitution:
                return signed
            said = f"a cover of {coins(signed.cover.restitution)} coins is signed already: open it, or wait"
            raise Refused("cover_waiting", said)
        state = read_cover(self._market, channel_id, self._offering.operator)
        self._require_fits(state, channel_id, restitution)
        self._require_room(state, restitution, [signed.cover for signed in waiting])
        cover = self._cover(state, channel_id, restitution, now)
        return self._keep(sign_cover(self._domain, self._key, self._offering.operator, cover))

    def _require_open(self, restitution: int) -> None:
        if self._offering.blind or self._offering.is_leaving or not self._settings.cap:
            raise Refused("no_covers", "this provider signs no covers now")
        if not SMALLEST_COVER <= restitution <= self._most:
            said = f"a cover pays {coins(SMALLEST_COVER)} to {coins(self._most)} coins here"
            raise Refused("cover_restitution", said)

    def _require_fits(self, state: CoverState, channel_id: bytes, restitution: int) -> None:
        if state.reserve and state.restitution != restitution:
            said = f"the channel is covered with {coins(state.restitution)} coins: ask for the same"
            raise Refused("cover_restitution", said)
        if not state.reserve and self._is_busy(channel_id, self._offering.operator):
            raise Refused("demand_open", "a demand of this channel is open")

    def _require_room(self, state: CoverState, restitution: int, waiting: list[Cover]) -> None:
        """Whether cap and lock hold it, beside what is signed and not opened yet."""
        operator, key = self._offering.operator, self._key.address
        needed, promised = needed_for(restitution), sum(needed_for(cover.restitution) for cover in waiting)
        cap, held = self._market.cap(operator, key)
        cap = min(cap, self._settings.cap)
        own = needed if state.reserve and state.key == key.lower() else 0
        if held - own + promised + needed > cap:
            free = max(0, cap - held - promised)
            raise Refused("cover_cap", f"the cap of receipt key {key} leaves {coins(free)} of {coins(needed)} coins")
        lock = self._hub.lock_of(self._market.address, operator) - self._market.reserved(operator)
        if promised + (0 if state.reserve else needed) > lock:
            raise Refused("cover_lock", f"the operator's lock leaves {coins(lock)} of {coins(needed)} coins")

    def _cover(self, state: CoverState, channel_id: bytes, restitution: int, now: int) -> Cover:
        settings = self._settings
        price = restitution * settings.cover_price // FULL
        last = max(now + settings.cover_term, state.last if state.reserve else 0)
        cover = Cover(channel_id, restitution, price, last, now + GOOD_SECONDS)
        while self._is_signed(cover):  # each signature counts once
            cover = Cover(channel_id, restitution, price, last, cover.deadline + 1)
        return cover

    # what is kept --------------------------------------------------------------------------------------------------

    def _waiting(self, now: int) -> list[SignedCover]:
        """Those that may still be opened, and were not."""
        rows = self._database.execute(
            "SELECT * FROM compute_cover WHERE kind = ? AND deadline >= ?", (self._kind, now)
        ).fetchall()
        signed = [
            SignedCover(Cover(row[0], int(row[1]), int(row[2]), row[3], row[4]), self._offering.operator, row[5])
            for row in rows
        ]
        return [item for item in signed if not self._is_opened(item.cover)]

    def _is_opened(self, cover: Cover) -> bool:
        state = read_cover(self._market, cover.channel_id, self._offering.operator)
        return state.last >= cover.last and state.restitution == cover.restitution

    def _is_signed(self, cover: Cover) -> bool:
        row = cover.channel_id, str(cover.restitution), str(cover.price), cover.last, cover.deadline
        return bool(
            self._database.execute(
                "SELECT 1 FROM compute_cover WHERE channel = ? AND restitution = ? AND price = ? AND last = ? AND"
                " deadline = ?", row,
            ).fetchone()
        )  # fmt: skip

    def _keep(self, signed: SignedCover) -> SignedCover:
        cover = signed.cover
        row = (cover.channel_id, str(cover.restitution), str(cover.price), cover.last, cover.deadline, signed.signature)
        self._database.execute("INSERT INTO compute_cover VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, self._kind))
        old = cover.deadline - 2 * GOOD_SECONDS  # a new signature's deadline is later
        self._database.execute("DELETE FROM compute_cover WHERE deadline < ?", (old,))
        return signed
