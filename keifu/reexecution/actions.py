"""What is done at ReExecution, over any deployer. Amounts in wei. Refusals have the contract's reason and a remedy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ethwire.abi import encode_args
from keifu.chain import Deployer, Deployment
from keifu.chain.firsts import still, unless_done, until_done
from keifu.chain.header import encode_header
from keifu.chain.logs import said_in
from keifu.chain.suite import COURT, REEXECUTION, TOKEN
from keifu.compute.market import services
from keifu.compute.market.refusals import place_of
from keifu.compute.receipt import SignedReceipt
from keifu.errors import CheckFailed, UsageError
from keifu.keys import keccak256
from keifu.payments.channel import Channel
from keifu.reexecution.reading import NOBODY, RANDOMNESS, Demand, Promise, Reading, Terms, promise_of, values_of
from keifu.reexecution.steps import Due, Step, due
from keifu.reexecution.tolerance import LONGEST
from keifu.staking.actions import collect, pay

__all__ = ["accept", "accuse", "concede", "go_on", "offer", "open_demand", "release", "standing", "unlock", "withdraw"]


def offer(chain: Deployer, suite: Deployment, channel: Channel, terms: Terms) -> int:
    """Offer the payer of a channel a promise; its number. Raises Revert."""
    where = place_of(suite, REEXECUTION)
    receipt = chain.transact(where, REEXECUTION, "offer", channel.values, values_of(terms))
    return int(said_in(receipt, "Offered")["promise"])


def accept(chain: Deployer, suite: Deployment, promise: Promise, least: int) -> None:
    """Take an offer, and pay its price, where its pool has so many mature slots of others. Raises Revert and
    CheckFailed."""
    _send_with_coins(chain, suite, promise.terms.price, "accept", promise.number, least)


def open_demand(
    chain: Deployer, suite: Deployment, promise: Promise, signed: SignedReceipt, request: bytes, response: bytes
) -> int:
    """Have an answer computed again, for the panel's fees; the demand's number. Raises UsageError for bytes that do not
    stand in the log, Revert and CheckFailed."""
    for name, body in (("request", request), ("answer", response)):
        if not 0 < len(body) <= LONGEST:
            raise UsageError(
                f"the {name} has {len(body):,} bytes: 1 to {LONGEST:,} are shown to a panel here",
                remedy="ask for shorter answers where you want them judged",
            )
    receipt, fees = signed.receipt, promise.terms.panel * promise.terms.fee
    if receipt.time > chain.now:  # where blocks come with transactions alone, the approval makes one
        chain.call(suite[TOKEN], TOKEN, "approve", suite[REEXECUTION], fees)
    if receipt.time > chain.now:
        raise CheckFailed("no block is newer than the answer yet", remedy="wait for the next block, and open it then")
    values = (
        receipt.channel_id, receipt.number, receipt.environment, receipt.promotion_seq, receipt.digest,
        receipt.request_hash, receipt.response_hash, receipt.input_root, receipt.output_root, receipt.trace_root,
        receipt.input_units, receipt.output_units, receipt.fee, receipt.charged, int(receipt.evidence), receipt.time,
    )  # fmt: skip
    args = (promise.number, values, list(signed.proof), signed.signature, request, response, [NOBODY, NOBODY])
    _send_with_coins(chain, suite, fees, "open", *args)
    return int(chain.call(suite[REEXECUTION], REEXECUTION, "promise", promise.number)[7])


def accuse(chain: Deployer, suite: Deployment, demand: Demand, promise: Promise, evidence: bytes) -> int:
    """Bring what the panel found before the court, with its bond; the case. Raises Revert and CheckFailed."""
    _send_with_coins(chain, suite, bond_of(chain, suite, demand, promise), "accuse", demand.id, evidence)
    return int(chain.call(suite[REEXECUTION], REEXECUTION, "demand", demand.id)[12])


def bond_of(chain: Deployer, suite: Deployment, demand: Demand, promise: Promise) -> int:
    """Wei that an accusation brings."""
    fault = keccak256(encode_args(["uint256"] * 3, [promise.number, 0, demand.id]))
    where = suite[REEXECUTION]
    bond: int = chain.call(suite[COURT], COURT, "bond_for", where, fault, promise.terms.restitution)
    return bond


def concede(chain: Deployer, suite: Deployment, demand: int) -> None:
    """Admit, as the operator, what a case accuses it of. Raises Revert."""
    _send(chain, suite, "concede", demand)


def release(chain: Deployer, suite: Deployment, promise: int) -> None:
    """Free a promise's reserve as its client. Raises Revert."""
    _send(chain, suite, "release", promise)


def unlock(chain: Deployer, suite: Deployment, amount: int, over: Sequence[int]) -> int:
    """Free so much of the sender's lock, after the promises in `over` are settled, and collect it; wei paid."""
    where = place_of(suite, REEXECUTION)
    due = still(over, lambda number: promise_of(number, chain.call(where, REEXECUTION, "promise", number)).reserve > 0)
    until_done(lambda: [due()], lambda left: _send(chain, suite, "unlock", amount, *left))
    return collect(chain, suite)


def standing(reading: Reading, demand: Demand, promise: Promise, now: int) -> Due:
    """What is due in a demand now, as the chain has seed and verdict."""
    has_seed = any(reading.randomness.seed(demand.seed_epoch))
    has_verdict = bool(demand.case_id) and reading.court.verdict(demand.case_id)[0] > 0
    return due(demand, promise, now, has_seed=has_seed, has_verdict=has_verdict)


def go_on(chain: Deployer, suite: Deployment, reading: Reading, number: int) -> list[str]:
    """Do all in a demand that anybody may do now: bring the seed, draw, close, pull, let seats go, free a promise whose
    time is over; what was done. What another does first, as a member's node may, is passed over. Raises Revert."""
    done: list[str] = []
    while True:
        demand = reading.demand(number)
        promise = reading.promise(demand.promise)
        found = standing(reading, demand, promise, reading.client.now)
        if found.step == Step.SEED:
            if not (header := _header_of_seed(chain, reading, demand)):
                break
            where, words = (suite[RANDOMNESS], RANDOMNESS, "capture"), f"brought seed {demand.seed_epoch}"
            args: tuple[Any, ...] = demand.seed_epoch, header
        elif found.is_for_anybody:
            where, words = (place_of(suite, REEXECUTION), REEXECUTION, str(found.step)), _DONE[found.step]
            args = (number,)
        else:
            break
        if unless_done(partial(chain.call, *where, *args), partial(_has_moved, reading, promise, number, found.step)):
            done.append(words)
    return [*done, *_settled(chain, suite, reading, demand, promise)]


def withdraw(chain: Deployer, suite: Deployment) -> int:
    """Pay out what the sender is credited; wei, 0 when there was nothing to send for. Raises Revert."""
    return services.withdraw(chain, suite, contract=REEXECUTION)


def _has_moved(reading: Reading, promise: Promise, number: int, step: Step) -> bool:
    """Whether something else than `step` is due by now."""
    return standing(reading, reading.demand(number), promise, reading.client.now).step != step


def _settled(chain: Deployer, suite: Deployment, reading: Reading, demand: Demand, promise: Promise) -> list[str]:
    done = []
    if due(demand, promise, 0, has_seed=False, has_verdict=False).step == Step.OVER:
        for place, seat in enumerate(reading.seats(demand, promise)):
            let_go = partial(_send, chain, suite, "settle_seat", demand.id, place)
            is_settled = partial(_is_settled, reading, demand, promise, place)
            if not seat.is_settled and unless_done(let_go, is_settled):
                done.append(f"let seat {place} go")
        if promise.reserve and not promise.demand and reading.client.now > promise.until:
            free = partial(_send, chain, suite, "settle", promise.number)
            if unless_done(free, lambda: not reading.promise(promise.number).reserve):
                done.append(f"freed promise {promise.number}")
    return done


def _is_settled(reading: Reading, demand: Demand, promise: Promise, place: int) -> bool:
    return reading.seats(demand, promise)[place].is_settled


def _header_of_seed(chain: Deployer, reading: Reading, demand: Demand) -> bytes:
    """Of the block that makes the seed; empty while it is not there."""
    source = reading.seed_block(demand)
    if not source or source + 1 > chain.block_number:
        return b""  # a seed of another kind is brought by its own means
    return encode_header(reading.client.rpc.call("eth_getBlockByNumber", hex(source), False))


def _send(chain: Deployer, suite: Deployment, function: str, *args: Any) -> None:
    chain.call(place_of(suite, REEXECUTION), REEXECUTION, function, *args)


def _send_with_coins(chain: Deployer, suite: Deployment, amount: int, function: str, *args: Any) -> None:
    if amount:
        pay(chain, suite, amount, place_of(suite, REEXECUTION), REEXECUTION, function, *args)
    else:
        _send(chain, suite, function, *args)


_DONE = {Step.DRAW: "drew the panel", Step.CLOSE: "closed it", Step.PULL: "pulled the verdict"}
