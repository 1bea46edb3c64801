"""What to do about a refusal of the compute market, of its orders, or of the keys and payouts that they have.

The reason stays the contract's own; the remedy is for whoever asked.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from keifu.abi import Receipt
from keifu.chain import Deployer, Deployment
from keifu.chain.remedies import explained_by
from keifu.chain.suite import COMPUTE, DISPUTES, ORDERS
from keifu.errors import EnvironmentFault
from keifu.staking.actions import pay

__all__ = ["REMEDIES", "explained", "place_of", "send", "send_with_coins"]

_UNTIL = "at most 180 days from now, and after now"
_SEEN = "what was signed, demanded and ordered stands in the log: ask for it first"

REMEDIES = {
    # services
    "compute: bad last day": f"choose a last second {_UNTIL}",
    "compute: market not listed": "wait until the timelock has listed ComputeMarket at the hub; removed, it takes none",
    "compute: no endpoint": "say where clients find the service: https://…",
    "compute: not bound by heartbeats": "bind the environment at HeartbeatService at least as long, or end earlier",
    "compute: last day is earlier": "a promise is only prolonged: choose its last second or a later one",
    "compute: lock too small": "lock more coins behind ComputeMarket, or settle promises that are over",
    "compute: offer is under notice": "the offer that was announced counts first: wait until its notice is over",
    "compute: not the operator": "the operator itself ends its service; others once the market is removed",
    "compute: no service": "the operator serves no such environment: serve it first",
    "compute: service has ended": "nothing is left to end: settle it when its evidence window is over",
    "compute: still open to claims": "wait until the evidence window after the last second is over",
    # covers
    "compute: another channel": "the cover was signed for another channel: ask its provider for one of this channel",
    "compute: signature has expired": "ask the provider for a new cover: its deadline is over",
    "compute: bad restitution": "a cover pays 1 to 40,000 coins",
    "compute: not the operator's key": "the signer is no receipt key of this operator now: keifu keys named lists them",
    "compute: signature was used": "a signature opens one cover: ask the provider for another one",
    "compute: another restitution": "a running cover is prolonged with the same restitution; its payer may free it",
    "compute: demand is open": "wait until the demand is answered or closed",
    "compute: not the payer": "the channel's payer asks, or its authorizer where the contract says so",
    "compute: no cover": "the operator covers no such channel now: have a cover opened first",
    "caps: over the key's cap": "the operator raises the key's cap, or ends covers: keifu keys cap KEY COINS",
    "caps: not the caller's key": "name the key for receipts first: keifu keys name FILE --kind receipt",
    # reports
    "compute: nothing is shown": "show one false receipt, or two of one number",
    "compute: two operators": "both receipts have to be of one operator's keys",
    "compute: not committed": "commit to the receipt first, and report in a later block",
    "compute: not the record": "name the record that was promoted under the receipt's number",
    "compute: receipt is not false": "it names the promoted artefact: nothing is to be reported",
    "compute: no equivocation": "two different receipts of one channel and one number are needed",
    "compute: nothing answers for it": "no service or cover answers for the receipt's time any more",
    "compute: time has not come": "the receipt's time is later than the newest block: wait",
    # demands
    "compute: no fee": "say what was paid for the request",
    "compute: fee was not paid": "a demand names what was claimed from the channel: wait until the provider claims",
    "compute: no answer is due": "nobody asks for this answer now",
    "compute: not the answer": "show the receipt and the bytes of the answer to the request that was demanded",
    "compute: no answer is overdue": "wait until the answer's deadline is over",
    # orders
    "orders: no provider": "name the provider of the order",
    "orders: bad count": "an order has 1 to 1,024 requests",
    "orders: no fee": "an order brings a fee",
    "orders: bad deadline": f"choose a deadline {_UNTIL}",
    "orders: not the client": "the client of the order asks for this",
    "orders: order is accepted": "an accepted order is not taken back: past its deadline anybody refunds it",
    "orders: nothing was submitted": "wait until the provider has submitted its results",
    "orders: too late to ask": "answers are asked for within the window after the results",
    "orders: too many demands": "at most sixteen answers of an order are opened on the chain",
    "orders: asked before": "each answer is asked for once",
    "orders: not in the order": "the request, its index or its proof is not of this order",
    "orders: not the provider": "the provider of the order does this, or its transaction key",
    "orders: deadline has passed": "too late: the fee goes back to the client",
    "orders: no service until then": "serve the environment until the deadline, accept a second later, and serve on",
    "orders: market not listed": "no order is accepted while the hub does not list ComputeMarket",
    "orders: order is not accepted": "accept the order first",
    "orders: already submitted": "results are submitted once",
    "orders: no answer is due": "the answer was given, nobody asked for it, or its time is over",
    "orders: another receipt": "the receipt has to name the order's channel and environment, and the index plus one",
    "orders: not the provider's key": "a receipt key of the order's provider signs its results",
    "orders: another time": "a result is of a second between the order's acceptance and its submission",
    "orders: no such promotion": "a result names a promotion that its environment has had",
    "orders: another request": "the receipt is of another request",
    "orders: another response": "the bytes are not those of the receipt",
    "orders: not in the results": "the receipt or its proof is not of the results that were submitted",
    "orders: no answer is overdue": "wait until the answer's deadline is over",
    "orders: no demand is open": _SEEN,
    "orders: the client may still ask": "wait until the window is over and every demand is answered or closed",
    "orders: results may still come": "past the deadline anybody refunds an order without results",
    "orders: no such order": _SEEN,
    "orders: order is over": "it was paid or refunded",
    # keys and payouts
    "keys: no such kind": "a key signs heartbeats, receipts or transactions",
    "keys: key is taken": "a key speaks for one operator for ever: make another one",
    "keys: key did not agree": "the key signs its consent for this operator and kind",
    "keys: not the operator": "the operator retires its key, or the key itself",
    "keys: no such key": "keifu keys named --of OPERATOR lists those that count",
    "payouts: no receiver": "name an account that is paid",
    "payouts: nothing to pay": "nothing is credited to this account",
}


def explained() -> AbstractContextManager[None]:
    """Refusals in it say what to do."""
    return explained_by(REMEDIES)


def place_of(suite: Deployment, contract: str) -> str:
    """Where the market or its orders are. Raises EnvironmentFault for a suite without them."""
    found = suite.addresses.get(contract)
    if found is None:
        raise EnvironmentFault(f"no {contract} is recorded", remedy="name the record of a suite that has one")
    return found


def send(chain: Deployer, suite: Deployment, contract: str, function: str, *args: Any) -> None:
    """Call one of `COMPUTE`, `ORDERS` and `DISPUTES`. Raises Revert with a remedy."""
    assert contract in (COMPUTE, ORDERS, DISPUTES)
    with explained():
        chain.call(place_of(suite, contract), contract, function, *args)


def send_with_coins(
    chain: Deployer, suite: Deployment, amount: int, contract: str, function: str, *args: Any
) -> Receipt:
    """The same for a call that pulls `amount` wei of the sender, which it approves where that is missing. Raises
    CheckFailed when the sender has not enough, and Revert."""
    with explained():
        return pay(chain, suite, amount, place_of(suite, contract), contract, function, *args)
