"""What a storage node of the market answers beside segments and uploads: its terms, leaves, deals.

Questions about deals are put to the thread of the rounds, which alone knows how they stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import msgspec

from keifu.compute.http import Exchange
from keifu.errors import InputError
from keifu.node.storage.disk import leaf_at
from keifu.node.storage.handing import Handing
from keifu.node.storage.mending import LARGEST_ANSWER, known_of
from keifu.node.storage.records import Known
from keifu.node.storage.service import Answer, Fault, Job, json_answer
from keifu.storage.provider.messages import ShardId
from keifu.storage.store import Store

__all__ = ["Pages"]

_HEX, _NUMBER = rb"([0-9a-f]{64})", rb"(0|[1-9][0-9]{0,9})"
_LEAF = re.compile(rb"/v1/shards/" + _HEX + rb"/leaves/" + _NUMBER)
_DEAL = re.compile(rb"/v1/deals/" + _HEX)
_SHARD = re.compile(rb"/v1/deals/" + _HEX + rb"/" + _NUMBER)
_HAND = re.compile(rb"/v1/deals/" + _HEX + rb"/" + _NUMBER + rb"(\?signed)?")
_DELETION = re.compile(rb"/v1/deals/" + _HEX + rb"/" + _NUMBER + rb"/deletion")
_LEAF_HEADERS = b"content-type: application/octet-stream\r\ncache-control: immutable\r\nkeifu-path: %b\r\n"


class Pages:
    """`ask` has something done by the thread of the rounds; what it raises is the answer's fault."""

    def __init__(
        self,
        handing: Handing,
        store: Store,
        ask: Callable[[Callable[[], None], Future[Answer]], None],
        ready: Callable[[], str],
    ) -> None:
        self._handing, self._store, self._ask, self._not_ready = handing, store, ask, ready

    def job(self, exchange: Exchange) -> Job | None:
        """What a thread has to do; None for what is not here."""
        path, handing = exchange.path, self._handing
        if exchange.method == b"PUT" and (found := _HAND.fullmatch(path)):
            shard, signs, body = _shard(found), bool(found[3]), exchange.large or exchange.body
            return lambda: self._hand(shard, body, signs)
        if exchange.method not in (b"GET", b"HEAD"):
            return None
        if path == b"/v1/node":
            return lambda: self._said(lambda: handing.about(not self._not_ready()))
        if found := _LEAF.fullmatch(path):
            root, index = bytes.fromhex(found[1].decode()), int(found[2])
            return lambda: self._leaf(root, index)
        if found := _DEAL.fullmatch(path):
            deal = bytes.fromhex(found[1].decode())
            return lambda: self._said(lambda: handing.deal(deal))
        if found := _SHARD.fullmatch(path):
            shard = _shard(found)
            return lambda: self._said(lambda: handing.stands(shard))
        if found := _DELETION.fullmatch(path):
            shard = _shard(found)
            return lambda: self._said(lambda: handing.deletion(shard))
        return None

    def _leaf(self, root: bytes, index: int) -> Answer:
        if index >= (leaves := self._store.leaves(root)):
            raise InputError(f"the shard has {leaves} leaves, and no leaf {index}", remedy="count them from 0")
        leaf = leaf_at(self._store, root, index)
        return Answer(200, leaf.data, _LEAF_HEADERS % b"".join(leaf.path).hex().encode())

    def _said(self, say: Callable[[], dict[str, Any]]) -> Future[Answer]:
        answer: Future[Answer] = Future()
        self._ask(lambda: answer.set_result(json_answer(say())), answer)
        return answer

    def _hand(self, shard: ShardId, body: bytes | memoryview, signs: bool) -> Future[Answer]:
        if why := self._not_ready():
            raise Fault(503, "not ready", why)
        known = _read(body)
        answer: Future[Answer] = Future()

        def end(said: dict[str, Any] | Fault) -> None:
            if isinstance(said, Fault):
                answer.set_exception(said)
            else:
                answer.set_result(json_answer(said))

        self._ask(lambda: self._handing.hand(shard, known, signs=signs, answer=end), answer)
        return answer


def _read(body: bytes | memoryview) -> Known:
    """Raises InputError."""
    if len(body) > LARGEST_ANSWER:
        raise InputError(f"a deal takes {LARGEST_ANSWER} bytes at most", remedy="send k and named alone")
    try:
        return known_of(body)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise InputError(f"this says nothing of a deal: {error}", remedy="send k and named, as docs say") from error


def _shard(found: re.Match[bytes]) -> ShardId:
    return ShardId(bytes.fromhex(found[1].decode()), int(found[2]))
