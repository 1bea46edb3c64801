"""Shards that clients hand over for a deal: whether the deal is worth it, and what is said of it afterwards.

docs/storage-node.md has the requests and answers. Everything here is done by the thread of the rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ethwire.keys import checksum
from keifu.keys import message_digest
from keifu.node.sections import StorageWork
from keifu.node.storage.contracts import Contracts
from keifu.node.storage.driving import Driving
from keifu.node.storage.prices import GIB, Prices
from keifu.node.storage.records import Known, Records
from keifu.node.storage.seeing import Seeing
from keifu.node.storage.service import Fault
from keifu.storage.deals import Placed, deal_root
from keifu.storage.deletions import deletion_text
from keifu.storage.layout import LEAF_BYTES
from keifu.storage.provider.messages import ShardId
from keifu.storage.states import GWEI, DealState, Shard, State
from keifu.storage.store import Store, Unknown

__all__ = ["Handing"]


class Handing:
    def __init__(
        self,
        contracts: Contracts,
        records: Records,
        seeing: Seeing,
        driving: Driving,
        store: Store,
        settings: StorageWork,
        prices: Prices,
        look: Callable[[], None],
    ) -> None:
        self._contracts, self._records, self._seeing, self._driving = contracts, records, seeing, driving
        self._store, self._settings, self._prices, self._look = store, settings, prices, look

    # taking --------------------------------------------------------------------------------------------------------

    def hand(
        self, shard: ShardId, known: Known, *, signs: bool, answer: Callable[[dict[str, Any] | Fault], None]
    ) -> None:
        """`answer` gets how the shard stands, or why it is not taken. Raises Fault and RpcError."""
        placed = known.named[shard.index] if shard.index < len(known.named) else None
        terms, state, proposed = self._asked(shard)
        if placed is None or deal_root(known.named) != terms.root or terms.shards != len(known.named):
            raise Fault(409, "not named", "the root of the deal does not follow from what names its shards")
        is_kept = shard in self._driving.core.kept
        if not is_kept:
            self._require_wanted(placed, terms, state, proposed=proposed)
        self._note(shard.deal, known, terms, is_kept=is_kept)
        may_sign = signs and state.state is State.FREE and not proposed
        deadline = (self._records.signed(shard) or self._deadline(terms)) if may_sign else 0
        self._records.hand(shard, deadline)
        self._look()

        def end(refusal: str) -> None:
            if refusal:
                self._records.drop(shard)
                answer(Fault(409, "terms", refusal))
                return
            said = self.stands(shard)
            if deadline and said["state"] == "signed":
                signature = self._contracts.sign(shard.deal, shard.index, terms, deadline)
                said |= {"signature": "0x" + signature.hex(), "deadline": deadline}
            answer(said)

        self._driving.arrived(shard, placed, end)

    def _note(self, deal: bytes, known: Known, terms: DealState, *, is_kept: bool) -> None:
        """k is in no root: its client's word outweighs hearsay, which changes nothing of a shard that is kept."""
        if self._contracts.is_signed(deal, known, terms.client):
            self._records.know(deal, known)
        elif not is_kept and not ((before := self._records.known(deal)) and before.signature):
            self._records.know(deal, replace(known, signature=b""))

    def _asked(self, shard: ShardId) -> tuple[DealState, Shard, bool]:
        """The deal, where its shard stands, and whether that was proposed to this provider."""
        contracts, me = self._contracts, self._driving.me
        key = (shard.deal, shard.index)
        wanted = [(contracts.deals.deal, key[:1]), (contracts.deals.shard, key), (contracts.repairs.proposal_of, key)]
        deal, state, proposal = contracts.ask(contracts.chain.rpc.block_number(), wanted)
        if deal is None or state is None:
            raise Fault(404, "unknown deal", "the chain has no such deal yet, or no such shard of it")
        return DealState.of(deal), Shard.of(state), proposal[1].lower() == me

    def _require_wanted(self, placed: Placed, terms: DealState, state: Shard, *, proposed: bool) -> None:
        """Raises Fault for what this node does not store."""
        me, seen = self._driving.me, self._seeing.seen
        is_mine = state.state is not State.FREE and state.provider == me
        is_lost = self._settings.repairs and state.state in (State.LOST, State.MENDED)
        if not (proposed or is_mine or is_lost) and placed.provider.lower() != me:
            raise Fault(409, "not named", "the deal names another provider for this shard")
        is_free = state.state is State.FREE
        late = terms.closed or terms.end <= seen.epoch + 1 or not (is_free or is_lost or proposed or is_mine)
        if late or (is_free and not proposed and terms.accept_by < seen.epoch):
            raise Fault(409, "late", "the deal waits for this shard no longer")
        self._require_sealed(placed)
        self._require_paid(placed, terms)
        most = self.most_restitution(placed.leaves)
        if terms.restitution > most:
            raise Fault(409, "terms", f"its restitution is {most} gwei at most, the deal asks for {terms.restitution}")
        self._require_lock(placed, terms)

    def _require_paid(self, placed: Placed, terms: DealState) -> None:
        price = self._prices.least(terms.token, placed.leaves)
        if price is None:
            raise Fault(409, "terms", f"this node takes no deal that is paid in token {checksum(terms.token)}")
        if terms.price < price:
            unit = "gwei" if self._prices.is_coin(terms.token) else f"units of token {checksum(terms.token)}"
            text = f"a shard of this size costs {price} {unit} an epoch, the deal pays {terms.price}"
            raise Fault(409, "terms", text)

    def _require_sealed(self, placed: Placed) -> None:
        try:
            leaves = self._store.leaves(placed.root)
        except Unknown:
            raise Fault(409, "not sealed", "upload this shard and seal it first") from None
        if leaves != placed.leaves:
            raise Fault(409, "not named", f"the shard has {leaves} leaves, not {placed.leaves}")

    def _require_lock(self, placed: Placed, terms: DealState) -> None:
        """What was taken and is not accepted yet counts, too."""
        contracts, me = self._contracts, self._contracts.account.address
        wanted = [
            (contracts.market.reserved, (me,)),
            (contracts.hub.lock_of, (contracts.market.address, me)),
        ]
        reserved, locked = contracts.ask(contracts.chain.rpc.block_number(), wanted)
        needed = reserved + terms.damages * GWEI + placed.leaves * contracts.leaf_buffer
        for offer in self._driving.head.offers:
            waiting = self._seeing.seen.deals.get(offer.shard.deal)
            if offer.shard in self._driving.core.kept and waiting is not None:
                needed += waiting.damages * GWEI + offer.leaves * contracts.leaf_buffer
        if needed > locked:
            raise Fault(409, "no lock", f"{needed} wei would be needed of the lock, which has {locked}")

    def _deadline(self, terms: DealState) -> int:
        last = self._contracts.last_second(terms.accept_by)
        return min(self._seeing.seen.time + self._settings.signed_for, last)

    # what is said --------------------------------------------------------------------------------------------------

    def most_restitution(self, leaves: int) -> int:
        return self._settings.restitution * leaves * LEAF_BYTES // GIB

    def stands(self, shard: ShardId) -> dict[str, Any]:
        """How a shard stands. Raises Unknown."""
        if self._records.erased(shard) is not None:
            return {"state": "deleted"}
        seen = self._seeing.seen
        if shard in self._seeing.mine.values():
            state = seen.states.get(shard)
            is_over = state is not None and state.end <= seen.epoch
            return {"state": "ended" if is_over else "accepted"}
        if shard in self._driving.core.kept:
            offer = next((offer for offer in self._driving.head.offers if offer.shard == shard), None)
            if offer is None:
                is_vacant = any(vacancy.shard == shard for vacancy in self._driving.head.vacancies)
                return {"state": "kept" if is_vacant else "ended"}
            return {"state": "signed" if offer.signed_until >= seen.time else "kept"}
        raise Unknown("no such shard of this deal is here", remedy="hand it over")

    def deal(self, deal: bytes) -> dict[str, Any]:
        """What the client said of a deal. Raises Unknown."""
        known = self._records.known(deal)
        if known is None:
            raise Unknown("nobody has told this node of the deal", remedy="ask another of its providers")
        named = [{"provider": item.provider, "root": item.root.hex(), "leaves": item.leaves} for item in known.named]
        return {"k": known.k, "named": named, "signature": known.signature.hex()}

    def deletion(self, shard: ShardId) -> dict[str, Any]:
        """The signed word that a shard's bytes are gone. Raises Unknown."""
        found = self._records.erased(shard)
        if found is None:
            raise Unknown("no shard of this deal was deleted here", remedy="close the deal, and wait for its end")
        contracts = self._contracts
        text = deletion_text(contracts.chain.id, contracts.market.address, contracts.account.address, shard, *found)
        return {"text": text.decode(), "signature": "0x" + contracts.account.sign(message_digest(text)).hex()}

    def about(self, accepting: bool) -> dict[str, Any]:
        contracts, own = self._contracts, self._settings
        return {
            "provider": contracts.account.address, "chain": contracts.chain.id, "market": contracts.market.address,
            "deals": contracts.deals.address, "repairs": contracts.repairs.address, "region": own.region,
            "operator": own.operator, "price": str(own.price), "restitution": str(own.restitution),
            "tokens": {checksum(token): str(price) for token, price in self._prices.named.items()},
            "room": max(0, own.room - self._store.reserved), "accepting": accepting,
            "retrieval": {"price": str(own.retrieval.price), "token": own.retrieval.token or contracts.token.address,
                          "free": own.retrieval.free},
        }  # fmt: skip
