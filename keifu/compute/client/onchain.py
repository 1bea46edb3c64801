"""A chain as the client's side of a comparison: promotions proved against a block, keys by the market's own view."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ethwire.rpc import Rpc
from keifu.abi import Contract
from keifu.compute.client.reexecuted import Promised
from keifu.compute.client.sources import Promoted
from keifu.compute.market.covers import read_cover
from keifu.errors import CheckFailed
from keifu.provenance.proved import Proved
from keifu.provenance.trust import Market, ReceiptKey, RunPromotion
from keifu.reexecution.reading import Reading
from keifu.staking.hotkeys import KeyKind, named_keys

__all__ = ["OnChain", "looked_up"]

FRESH_SECONDS = 60.0  # for which what was promoted is not asked again


class OnChain:
    """`proved` gives the registry as of a new block; `timer` a clock that never goes back; `disputes`
    and `reexecution` are InferenceDisputes and ReExecution, where the suite has them."""

    word = "the chain"

    def __init__(
        self,
        proved: Callable[[], Proved],
        market: Contract,
        timer: Callable[[], float],
        disputes: Contract | None = None,
        reexecution: Reading | None = None,
    ) -> None:
        self._proved, self._market, self._timer, self._disputes = proved, market, timer, disputes
        self._reexecution = reexecution
        self._known: dict[bytes, tuple[float, dict[int, Promoted]]] = {}

    def promoted(self, environment: bytes, seq: int) -> Promoted | None:
        asked, known = self._known.get(environment, (-FRESH_SECONDS, {}))
        if seq not in known or self._timer() - asked >= FRESH_SECONDS:
            known = dict(enumerate_promotions(self._proved(), environment))
            self._known[environment] = self._timer(), known
        return known.get(seq)

    def operator_of(self, key: str, time: int) -> str:
        found: str = self._market.operator_of(key, KeyKind.RECEIPT, time)
        return "" if int(found, 16) == 0 else found.lower()

    def has_promised(self, operator: str, channel: bytes, time: int) -> bool:
        if self._disputes is None:
            return False
        cover = read_cover(self._disputes, channel, operator)
        return bool(cover.reserve) and cover.since <= time <= cover.last

    def promise(self, number: int) -> Promised | None:
        if self._reexecution is None or not 0 < number <= self._reexecution.contract.promise_count():
            return None
        found = self._reexecution.promise(number)
        stands = found.state == "open" and (found.demand > 0 or self._reexecution.client.now <= found.until)
        terms, has_panel = found.terms, stands and self._reexecution.has_panel(found)
        return Promised(
            number, found.operator, found.channel, terms.digest, found.since, terms.last, stands, has_panel
        )  # fmt: skip


def enumerate_promotions(proved: Proved, environment: bytes) -> list[tuple[int, Promoted]]:
    """Number and artefact of every promotion, oldest first. The times of past blocks are the node's word."""
    made = proved.history(environment)
    contents = proved.source.contents(list({artefact for _, artefact, _ in made}))
    times = _times(proved.rpc, [block for *_, block in made])
    found = []
    for place, (seq, artefact, _) in enumerate(made):
        if artefact not in contents:
            raise CheckFailed(
                f"record {artefact.hex()} was promoted, but the node gives no log that hashes to it",
                remedy="ask another node; this one withholds or changes logs",
            )
        later = times[place + 1] if place + 1 < len(made) else None
        record = contents[artefact].record
        found.append((seq, Promoted(record.digest, times[place], later, record.program_root)))
    return found


def looked_up(
    proved: Proved, market: Contract, channels: str, operators: Sequence[str], environments: list[bytes], first: int
) -> Market:
    """What a trust file needs so that receipts are compared without a network: keys that were named since block
    `first`, and of an operator that named none its own."""
    made = {item: enumerate_promotions(proved, item) for item in environments}
    return Market(
        market.address.lower(),
        channels.lower(),
        {operator: _keys(proved, market, operator, first) for operator in operators},
        {
            environment.hex(): tuple(RunPromotion(seq, item.digest.hex(), item.time) for seq, item in promotions)
            for environment, promotions in made.items()
        },
    ).checked()


def _keys(proved: Proved, market: Contract, operator: str, first: int) -> tuple[ReceiptKey, ...]:
    named = named_keys(proved.source.chain, market, operator, first)
    found = [ReceiptKey(item.key, item.since, item.until) for item in named if item.kind == KeyKind.RECEIPT]
    return tuple(found) or (ReceiptKey(operator),)


def _times(rpc: Rpc, blocks: list[int]) -> list[int]:
    answers = rpc.batch([("eth_getBlockByNumber", [hex(block), False]) for block in blocks])
    found = []
    for block, answer in zip(blocks, answers, strict=True):
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, dict):
            raise CheckFailed(f"{rpc.url} has no block {block}", remedy="ask another node")
        found.append(int(str(answer["timestamp"]), 16))
    return found
