"""Asks watchers for heartbeats, and verifies each by the tables: nothing that a watcher says is believed.

A watcher can leave out a heartbeat or show an old one; it cannot make one up. What does not count is refused by reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from keifu.chain.suite import HEARTBEATS
from keifu.errors import InputError, KeifuError
from keifu.explorer.beats import Beat, Beats
from keifu.explorer.production import ENVIRONMENTS
from keifu.explorer.view import Event, View
from keifu.explorer.words import LANGUAGES, words_of
from keifu.index import Readers
from keifu.node.asking import FAULTS, client_of, fetch, reason_of
from keifu.node.web import Background
from keifu.provenance import Heartbeat, environments_domain, is_heartbeat_signed
from keifu.provenance.bundle_file import heartbeat_of
from keifu.provenance.heartbeats import HeardDocument, HeardPage, line_of
from keifu.staking import KeyKind
from keifu.texts import server_of
from keifu.units import is_address

__all__ = ["LARGEST_ANSWER", "Watchers", "fault_of"]

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 5.0  # for one answer, from the first byte to the last
LARGEST_ANSWER = 8 << 20  # bytes; 10,000 heartbeats take 5.5 million
MAX_HEARTBEATS = 10_000  # in an answer
AT_ONCE = 100  # verified before other watchers have their turn
PAGE = "heartbeats"
OLDER = "older"  # counted, and no line of the log: one of two watchers has always asked earlier
_log = logging.getLogger("keifu.explorer")
Item = tuple[str, Heartbeat, bytes]


class Watchers:
    """Asks each of `urls` in the background until `close`. `beats` is what was verified so far, as one value."""

    def __init__(
        self, readers: Readers, urls: Sequence[str], *, poll: float = POLL_SECONDS, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._readers, self._poll, self._patience = readers, poll, patience
        self._kept: dict[tuple[str, bytes], Beat] = {}
        self._troubles: dict[str, set[str]] = {}
        self.beats = Beats(are_asked_for=bool(urls))
        self.refused = Counter[str]()
        self._background = Background()
        for url in urls:
            self._background.submit(self._follow(url))

    def close(self) -> None:
        self._background.close()

    async def _follow(self, url: str) -> None:
        async with client_of(self._patience) as client:
            while True:
                try:
                    async with asyncio.timeout(self._patience):
                        body = await fetch(client, f"{url.rstrip('/')}/{PAGE}", LARGEST_ANSWER)
                    found = await self._take(body)
                except FAULTS as error:
                    found = Counter([reason_of(error)])
                except KeifuError as error:  # of the database, which may be back at the next look
                    _log.warning("%s", error)
                    self._readers.forget()
                    found = Counter()
                self._note(url, found)
                await asyncio.sleep(self._poll)

    def _note(self, url: str, found: Counter[str]) -> None:
        """Count what was refused; a reason that is new for this watcher gets a line of the log."""
        self.refused += found
        new = found.keys() - self._troubles.get(url, set()) - {OLDER}
        self._troubles[url] = set(found)
        if new:
            _log.warning("heartbeats of the watcher %s refused: %s", server_of(url), ", ".join(sorted(new)))

    async def _take(self, body: bytes) -> Counter[str]:
        """Keep what counts and is newer; the reasons of what was refused."""
        refused = Counter[str]()
        items = _items(body, refused)
        while part := list(islice(items, AT_ONCE)):
            store = self._readers.store
            with store.database.snapshot():
                view = View(store, words_of(LANGUAGES[0]), store.position)
                refused.update(filter(None, (self._keep(view, *item) for item in part)))
            await asyncio.sleep(0)
        if self._kept != self.beats.kept:
            self.beats = Beats(dict(self._kept), are_asked_for=True)
        return refused

    def _keep(self, view: View, operator: str, said: Heartbeat, signature: bytes) -> str:
        """Why it was not kept; "" when it was, or was there already."""
        beat = Beat(operator, said, line_of(said, signature))
        key = operator, said.environment
        kept = self._kept.get(key)
        if kept is not None and kept.line == beat.line:
            return ""
        if fault := fault_of(view, operator, said, signature):
            return fault
        # After a reorganisation the number of the kept one may not have been given.
        if kept is not None and kept.order >= beat.order and view.promotion(kept.environment, kept.said.promotion_seq):
            return OLDER
        self._kept[key] = beat
        return ""


def fault_of(view: View, operator: str, said: Heartbeat, signature: bytes) -> str:
    """Why a heartbeat does not count as one of `operator`, by the tables; "" when it does."""
    environment = "0x" + said.environment.hex()
    bound = view.last(HEARTBEATS, "Bound", operator=operator, environment=environment)
    if bound is None:
        return "not promised"
    if view.promotion(environment, said.promotion_seq) is None:
        return "unknown number"
    if _operator_of(view, said.node.lower(), said.time) != operator:
        return "of another"
    if not _is_within(view, bound, said.time):
        return "outside the binding"
    contracts = {name: address for address, name in view.store.suite.contracts.items()}
    domain = environments_domain(view.store.suite.chain_id, contracts[ENVIRONMENTS])
    return "" if is_heartbeat_signed(domain, said, signature) else "forged"


def _operator_of(view: View, key: str, time: int) -> str:
    """For whom the key spoke then, as the contract's view of this name: before it was somebody's it was its own."""
    named = view.last(HEARTBEATS, "KeyRegistered", key=key)
    if named is None or time < named["block_time"]:
        return key
    retired = view.last(HEARTBEATS, "KeyRetired", key=key)
    if int(named["args"]["kind"]) != KeyKind.HEARTBEAT or (retired is not None and time > retired["block_time"]):
        return ""
    return str(named["args"]["operator"])


def _is_within(view: View, bound: Event, time: int) -> bool:
    """Whether the operator's newest binding to the environment covers that time."""
    args = bound["args"]
    over = (
        view.last(HEARTBEATS, event, operator=args["operator"], environment=args["environment"])
        for event in ("Ended", "Reported", "Settled")
    )
    ends: list[int] = [
        event["block_time"] for event in over if event is not None and event["block_time"] >= bound["block_time"]
    ]
    return int(args["since"]) <= time <= min([int(args["last"]), *ends])


def _items(body: bytes, refused: Counter[str]) -> Iterator[Item]:
    """The heartbeats of an answer; the rest is counted."""
    try:
        raw = msgspec.json.decode(body, type=HeardPage).heartbeats
    except (ValueError, RecursionError):
        refused["malformed"] += 1
        return
    if len(raw) > MAX_HEARTBEATS:
        refused["huge"] += 1
    for part in raw[:MAX_HEARTBEATS]:
        try:
            item = msgspec.json.decode(part, type=HeardDocument)
            if not is_address(item.operator):
                raise InputError(f"{item.operator[:80]} is no address", remedy="0x and 40 hex digits")
            yield item.operator.lower(), *heartbeat_of(item.said)
        except (ValueError, RecursionError, OverflowError, InputError):
            refused["malformed"] += 1
