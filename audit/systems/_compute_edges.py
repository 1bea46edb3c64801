"""The compute market and its orders at their edges: what every short way starts from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

from audit.systems._compute import (
    ANSWER_WINDOW,
    BOND,
    DIGESTS,
    ENDPOINT,
    LOCK,
    UNKNOWN,
    Said,
)
from audit.systems._compute_orders import REQUESTS, OrdersLog
from audit.systems._constructors import Deployment
from audit.systems._partial_hub import partial_hub
from keifu.abi.eip712 import RECEIPT_BATCH
from keifu.compute.promises import Cover
from keifu.compute.receipt import Receipt, Receipts
from keifu.keys import Domain, keccak256
from keifu.units import COIN, DAY, HOUR

__all__ = ["LITTLE", "RESPONSE", "RESTITUTION", "TAKEN", "TERM_OF_COVER", "ComputeEdgeSystem"]

LITTLE = 7  # wei that a hub pays that pays next to nothing
RESTITUTION = 400 * COIN + 7
TERM_OF_COVER = 20 * DAY
RESPONSE = b"an answer"
TAKEN = "compute: nothing answers for it"


class ComputeEdgeSystem(OrdersLog):
    """Short ways from an operator that serves an environment and has a receipt key and a transaction key."""

    wait_weight = 1

    def open(self) -> None:
        super().open()
        evm, maker = self.evm, self.evm.account("deployer")
        fee = evm.deploy("FeeToken", sender=maker)
        cheat = evm.deploy("ComputeMarket", fee, *self.market_terms[1:], sender=maker)
        book = evm.deploy("ComputeOrders", cheat, ANSWER_WINDOW, BOND, sender=maker)
        self.bind(fee=fee, cheat=cheat, book=book)
        fee.mint(self["payer"], 10**6 * COIN, sender=maker)
        for market in (cheat, book):
            fee.approve(market, 10**6 * COIN, sender=self["payer"])
        little = partial_hub(evm, maker.address, LITTLE, collected=LITTLE)
        poor = evm.deploy("ComputeMarket", self["token"], little, *self.market_terms[2:], sender=maker)
        self.bind(poor=poor)
        hub = self.contract("hub")
        hub.list_service(cheat, 60 * DAY, 4, sender=self.owner)
        hub.lock(cheat, self["operator"], LOCK, sender=self["operator"])
        self.key = self.keys[self.key_names[0]]
        evm.warp(HOUR)

    def start(self) -> None:
        super().start()
        self.began = self.now

    def constructors(self) -> Iterator[Deployment]:
        yield from ()

    # calls ------------------------------------------------------------------------------------------------------------

    def sends(
        self, function: str, *args: Any, by: str = "operator", fails: str | None = None, to: str = "market"
    ) -> Any:
        return self.tx(f"{to}.{function}", *args, sender=self[by], fails=fails)

    def serving(self, place: bytes, seconds: int, **rest: Any) -> Any:
        return self.sends("serve", place, self.first_offer.args, ENDPOINT, self.now + seconds, **rest)

    def covering(
        self, *, row: int = 0, by: str = "payer", fails: str | None = None, to: str = "market", **changes: Any
    ) -> Any:
        """A cover that the operator's receipt key signs."""
        usual: dict[str, Any] = {"channel_id": self.pool[row].name, "restitution": RESTITUTION, "price": 0,
                 "last": self.now + TERM_OF_COVER, "deadline": self.now}  # fmt: skip
        said = Cover(**(usual | changes))
        signer = self.key if to == "market" else self.signers[self["operator"]]
        domain = self.domain_of(to)
        args = (self.pool[row].values, said.args, self["operator"], said.sign(domain, signer))
        return self.sends("cover", *args, by=by, fails=fails, to=to)

    def committed_by(self, said: Said, by: str = "watcher") -> Any:
        yield from self.committing(said.receipt, self[by])
        self.evm.mine()

    def shows(self, *said: Said, digest: int = 0, **rest: Any) -> Any:
        record = self.records[DIGESTS[digest]].args
        return self.sends("report", [item.shown for item in said], record, by="watcher", **rest)

    def lie(self, **changes: Any) -> Said:
        usual = {"environment": self.places[0], "digest": DIGESTS[2], "channel_id": UNKNOWN}
        return self.say(self.key, self.receipt(**(usual | changes)))

    def asks(self, fee: int, *, row: int = 0, by: str = "payer", **rest: Any) -> Any:
        return self.sends("demand", self.pool[row].values, self["operator"], fee, REQUESTS[0], by=by, **rest)

    def replies(self, signature: bytes | None = None, fails: str | None = None, **changes: Any) -> Any:
        usual = {"request_hash": keccak256(REQUESTS[0]), "response_hash": keccak256(RESPONSE)}
        said = self.say(self.key, self.receipt(**(usual | changes)))
        shown = (*said.shown[:2], signature or said.shown[2])
        return self.sends("answer", shown, RESPONSE, by="stranger", fails=fails)

    def closes(self, fails: str | None = None) -> Any:
        return self.sends("close", self.pool[0].name, self["operator"], by="stranger", fails=fails)

    def settles(self, places: list[bytes], names: list[bytes], fails: str | None = None) -> Any:
        return self.sends("settle", self["operator"], places, names, by="stranger", fails=fails)

    def domain_of(self, market: str) -> Domain:
        return Receipts(self.evm.chain_id, self[market]).domain

    def receipts_of(self, domain: Domain, receipt: Receipt) -> tuple[Any, ...]:
        """A receipt by the operator's own key under another market's domain."""
        digest = domain.digest(RECEIPT_BATCH, receipt.leaf)
        return astuple(receipt), [], self.signers[self["operator"]].sign(digest)

    def credit(self, role: str, of: str = "market") -> int:
        return self.ask(f"{of}.credits", self[role])
