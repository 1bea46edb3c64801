"""What the sender asks a node, and what it makes of odd answers: an RpcError, or nothing learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ethwire.rpc import Limit
from keifu.chain._failure import MAXIMUM, Endpoint, is_known, is_receipt, never_works, receipt_facts
from keifu.chain._pricing import fresh_fees, quantity, suggested_tip
from keifu.chain.sender.book import Bound, Sight
from keifu.errors import ChainMismatch, Revert, RpcError

__all__ = ["Node"]

BATCH = 500
_TOO_CHEAP = ("underpriced", "replacement", "too low to replace")


class Node:
    """One account's view of a chain. `limit` is how many requests the node takes at once."""

    def __init__(self, endpoint: Endpoint, chain_id: int, address: str, most_fee: int) -> None:
        self.endpoint = endpoint
        self.chain_id = chain_id
        self.address = address
        self.most_fee = most_fee
        self.limit = Limit(BATCH)

    # looking -------------------------------------------------------------------------------------------------------

    def look(self, now: float) -> Sight:
        """Raises ChainMismatch when the node serves another chain by now, RpcError when it says nothing of use."""
        chain, block, mined, pooled, tip = self.endpoint.batch(
            [
                ("eth_chainId", []),
                ("eth_getBlockByNumber", ["latest", False]),
                ("eth_getTransactionCount", [self.address, "latest"]),
                ("eth_getTransactionCount", [self.address, "pending"]),
                ("eth_maxPriorityFeePerGas", []),
            ]
        )
        for answer in (chain, block, mined):
            if isinstance(answer, Exception):
                raise answer
        if (served := quantity(chain, "eth_chainId")) != self.chain_id:
            raise ChainMismatch(
                f"the node serves chain {served} now, not {self.chain_id}",
                remedy="check the RPC address; nothing was sent, and every intent is kept",
            )
        if not isinstance(block, dict):
            raise RpcError(f"eth_getBlockByNumber: the node answered {block!r} in the place of its newest block")
        head = quantity(block.get("number"), "the newest block's number")
        if head >= MAXIMUM:
            raise RpcError(f"the node says that its newest block is {head}", remedy="ask another node")
        base = quantity(block.get("baseFeePerGas", "0x0"), "baseFeePerGas")
        suggested = suggested_tip(tip, "eth_maxPriorityFeePerGas")
        used = quantity(mined, "eth_getTransactionCount")
        # A node that keeps no pool of its own cannot say; then what is mined is all that it knows.
        known = used if isinstance(pooled, Exception) or pooled is None else quantity(pooled, "eth_getTransactionCount")
        return Sight(
            head=head,
            head_hash=str(block.get("hash")),
            mined=used,
            pooled=known,
            base_fee=base,
            fees=fresh_fees(self.chain_id, base, suggested, self.most_fee),
            block_gas=quantity(block.get("gasLimit"), "the newest block's gas limit"),
            now=now,
        )

    def genesis(self, *, twice: bool) -> str:
        """Hash of the first block. `twice`: it is about to be written down for good, so one odd answer must not do."""
        found = self.block_hash(0)
        if found is None:
            raise RpcError("the node does not know its first block", remedy="wait until it is ready, or ask another")
        if twice:
            again = quantity(self.endpoint.call("eth_chainId"), "eth_chainId"), self.block_hash(0)
            if again != (self.chain_id, found):
                raise RpcError(
                    "the node does not say twice which chain it serves", remedy="try again; nothing was sent"
                )
        return found

    def block_hash(self, number: int) -> str | None:
        return self.block_hashes([number])[number]

    def block_hashes(self, numbers: Sequence[int]) -> dict[int, str | None]:
        """Hash of each block, None where the node has no answer."""
        answers = self._facts([("eth_getBlockByNumber", [hex(number), False]) for number in numbers], _hash_in)
        return {
            number: str(answer["hash"]) if isinstance(answer, dict) and "hash" in answer else None
            for number, answer in zip(numbers, answers, strict=True)
        }

    def receipts(self, items: Sequence[Bound]) -> list[dict[str, Any] | None]:
        """For each item the receipt of the attempt that is in a block, None where the node gives none. A receipt of
        another transaction is none."""
        hashes = [attempt.tx_hash for item in items for attempt in item.attempts]
        answers = self._facts([("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes], receipt_facts)
        given = {
            tx_hash: answer for tx_hash, answer in zip(hashes, answers, strict=True) if is_receipt(answer, tx_hash)
        }
        return [
            next((given[attempt.tx_hash] for attempt in item.attempts if attempt.tx_hash in given), None)
            for item in items
        ]

    def taker(self, nonce: int, last: int) -> str | None:
        """Hash of the transaction that took the account's nonce in block `last` or before. None when it was not taken
        there. Raises RpcError when the node cannot show it: then nobody knows."""
        if last < 0 or self._count(last) <= nonce:
            return None
        step, above = 1, last  # the nonce is used at `above`
        below = last - step
        while below > 0 and self._count(below) > nonce:
            above, step = below, 2 * step
            below = max(above - step, 0)
        while above - below > 1:
            middle = (above + below) // 2
            above, below = (middle, below) if self._count(middle) > nonce else (above, middle)
        shown = self._shown(above, nonce)
        if shown is None or shown != self._shown(above, nonce):  # asked twice: whoever believes it sends again
            raise RpcError(f"block {above} does not show which transaction took nonce {nonce} of {self.address}")
        return shown

    def _shown(self, number: int, nonce: int) -> str | None:
        """Hash of the account's transaction with that nonce in a block."""
        [answer] = self._facts([("eth_getBlockByNumber", [hex(number), True])], lambda block: self._taken(block, nonce))
        if isinstance(answer, Exception):
            raise answer
        return self._taken(answer, nonce)

    def _taken(self, block: Any, nonce: int) -> str | None:
        found = block.get("transactions") if isinstance(block, dict) else None
        for item in found if isinstance(found, list) else ():
            if not isinstance(item, dict) or str(item.get("from")).lower() != self.address:
                continue
            if item.get("nonce") == hex(nonce) and isinstance(item.get("hash"), str):
                return str(item["hash"])
        return None

    def _count(self, block: int) -> int:
        return quantity(
            self.endpoint.agreed("eth_getTransactionCount", self.address, hex(block)), "eth_getTransactionCount"
        )

    # sending -------------------------------------------------------------------------------------------------------

    def request(self, item: Bound) -> dict[str, str]:
        intent = item.intent
        request = {"from": self.address, "data": "0x" + intent.data.hex(), "value": hex(intent.value)}
        return request | ({"to": intent.to} if intent.to else {})

    def estimates(self, items: Sequence[Bound]) -> list[int | Revert | RpcError]:
        """Gas of each; a Revert where the contract refuses it or no gas would do, an RpcError where nobody knows."""
        calls: list[tuple[str, list[Any]]] = [("eth_estimateGas", [self.request(item)]) for item in items]
        return [_estimate(answer) for answer in self._parts(calls, self.endpoint.estimated_many)]

    def tell(self, items: Sequence[Bound], sight: Sight) -> None:
        """Send the newest attempt of each. Whatever the node answers decides nothing but what a person is told: the
        transaction may be on its way all the same."""
        try:
            answers = self._parts(
                [("eth_sendRawTransaction", ["0x" + item.attempts[-1].raw.hex()]) for item in items],
                self.endpoint.batch,
            )
        finally:
            for item in items:
                item.sent_at = sight.now
        for item, answer in zip(items, answers, strict=True):
            words = answer.message.lower() if isinstance(answer, RpcError) else ""
            item.too_cheap = any(part in words for part in _TOO_CHEAP)
            item.known_at = sight.head if is_known(answer) else None
            is_fault = isinstance(answer, Exception) and item.known_at is None
            item.trouble = str(answer) if is_fault else ""

    def _facts(self, calls: Sequence[tuple[str, list[Any]]], of: Callable[[Any], Any]) -> list[Any]:
        """As most endpoints tell them, where there are several."""
        return self._parts(calls, lambda part: self.endpoint.agreed_many(part, of))

    def _parts(
        self, calls: Sequence[tuple[str, list[Any]]], ask: Callable[[list[tuple[str, list[Any]]]], list[Any]]
    ) -> list[Any]:
        """As many at once as the node takes. When it refused a batch and has taken a signed transaction of it all the
        same, that goes again and is known."""
        return self.limit.in_parts(calls, lambda part: ask(list(part)))


def _hash_in(block: Any) -> Any:
    return block.get("hash") if isinstance(block, dict) else block


def _estimate(answer: Any) -> int | Revert | RpcError:
    if isinstance(answer, Revert):
        return answer
    if isinstance(answer, RpcError):
        return Revert(answer.message) if never_works(answer) else answer
    try:
        return quantity(answer, "eth_estimateGas")
    except RpcError as error:
        return error
