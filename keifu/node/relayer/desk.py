"""Where requests to relay wait for the thread of the rounds, which alone asks the chain and sends.

An intent is simulated with the refund that pays for it, counted, written down and sent. Its name follows from what it
does: whoever brings it again, also after a crash, is told of the one that is there. One that has ended without effect
may be brought again, when it would take effect now.
"""

from __future__ import annotations

import asyncio
import queue
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

from ethwire.rpc import quantity
from keifu.abi import Log
from keifu.chain import ChainClient
from keifu.chain.sender import Intent, Sender, State
from keifu.errors import AbiError, CheckFailed, Revert, RpcError, UsageError
from keifu.node.relayer.checks import Checks
from keifu.node.relayer.refunds import Offered, Refunds
from keifu.node.relayer.spending import Spending
from keifu.node.sections import RelayerWork
from keifu.payments.book import Refused
from keifu.payments.channel import Vouchers
from keifu.payments.facilitator import PENDING, Asked, Verified, channel_state
from keifu.payments.intents import Signed, signed_intent
from keifu.payments.onchain import Onchain
from keifu.payments.x402 import ERRORS, DepositPayload, Settled

__all__ = ["Desk", "refusal"]

Answer = Verified | Settled
SENT = (State.MINED, State.DONE)
GONE = (State.REFUSED, State.FAILED)
ATTEMPTS = 8  # of one intent that ended without effect
LARGEST_CALL = 8_192  # bytes of a call within another, as the contract takes them
# What each intent does, and in which event it says how much.
EVENTS = {"deposit": "Deposited", "refund": "Refunded", "settle": "Settled"}
OWN = "relayer_"  # codes that x402 has no word for


@dataclass
class _Job:
    """A request that waits for its answer."""

    asked: Asked
    settles: bool
    refund: str  # the header with a voucher for gas
    done: Future[Answer] = field(default_factory=Future)
    signed: Signed | None = None
    intent: str = ""
    until: float = 0.0

    @property
    def what(self) -> str:
        if not self.settles:
            return "verify"
        return self.signed.what if self.signed else "settle"


def refusal(asked: Asked | None, refused: Refused, network: str, *, settles: bool, transaction: str = "") -> Answer:
    """What is wrong, in the document that x402 has for it."""
    code = refused.code if refused.code.startswith(OWN) or refused.code == PENDING else ERRORS + refused.code
    payer = getattr(asked.payment_payload.payload, "channel_config", None) if asked else None
    who = {"payer": payer.payer} if payer is not None else {}
    if settles:
        return Settled(False, network, transaction, error_reason=code, error_message=refused.message, **who)
    return Verified(False, invalid_reason=code, invalid_message=refused.message, **who)


class Desk:
    """`ask` is for other threads, the rest for the one of the rounds."""

    def __init__(
        self,
        client: ChainClient,
        onchain: Onchain,
        vouchers: Vouchers,
        sender: Sender,
        settings: RelayerWork,
        spending: Spending,
        refunds: Refunds,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._onchain, self._vouchers, self._sender = client, onchain, vouchers, sender
        self._settings, self._spending, self._refunds, self._clock = settings, spending, refunds, clock
        self._checks = Checks(client, onchain, vouchers)
        # No SimpleQueue: one that a signal interrupts as its time ends may wait for ever.
        self._asked: queue.Queue[_Job] = queue.Queue()
        self._open: list[_Job] = []
        self.counts: Counter[tuple[str, str]] = Counter()  # (what, outcome)

    # other threads -------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        return self._asked.qsize() + len(self._open)

    async def ask(self, asked: Asked, refund: str, *, settles: bool) -> Answer:
        if self.waiting >= self._settings.waiting:
            raise Refused("relayer_busy", "too much is asked for at once: come back later")
        job = _Job(asked, settles, refund)
        self._asked.put(job)
        return await asyncio.wrap_future(job.done)

    # rounds --------------------------------------------------------------------------------------------------------

    def step(self, seconds: float) -> bool:
        """Wait so long for a request, and answer what can be answered; whether anything is under way."""
        for job in self._new(seconds):
            self._try(job, self._begin)
        for job in tuple(self._open):
            self._try(job, self._look)
        return bool(self._open)

    def tidy(self) -> None:
        """Of intents that have ended and are older than an hour nothing is left."""
        for id_ in self._spending.old():
            if (found := self._found(id_)) is None or found.state.is_final:
                self._spending.forget(id_)

    def _new(self, seconds: float) -> Iterator[_Job]:
        try:
            yield self._asked.get(timeout=seconds)
            while True:
                yield self._asked.get_nowait()
        except queue.Empty:
            return

    def _try(self, job: _Job, step: Callable[[_Job], Answer | None]) -> None:
        try:
            answer = self._answered(job, step)
        except BaseException as error:
            if not job.done.done():
                job.done.set_exception(error)
            raise
        if answer is not None:
            self._end(job, answer)

    def _answered(self, job: _Job, step: Callable[[_Job], Answer | None]) -> Answer | None:
        try:
            try:
                return step(job)
            except (RpcError, CheckFailed, AbiError, Revert) as error:
                if job.intent:
                    return None  # it is on its way: looked at again in the next round
                raise Refused("rpc_read_failed", f"the chain does not answer: {error}") from error
        except Refused as refused:
            self.counts[job.what, refused.code] += 1
            return refusal(job.asked, refused, self._checks.network, settles=job.settles)

    def _begin(self, job: _Job) -> Answer | None:
        if not job.settles:
            answer = self._checks.verify(job.asked)
            if isinstance(job.asked.payment_payload.payload, DepositPayload):
                signed = signed_intent(job.asked.payment_payload, self._onchain, self._vouchers)
                self._gas(signed, signed.calls)
            self.counts["verify", "valid"] += 1
            return answer
        self._checks.require_network(job.asked)
        job.signed = signed_intent(job.asked.payment_payload, self._onchain, self._vouchers)
        job.intent = self._accepted(job.signed, job).id
        job.until = self._clock() + self._settings.patience
        self._open.append(job)
        return None

    def _look(self, job: _Job) -> Answer | None:
        assert job.signed is not None
        signed, found = job.signed, self._sender.get(job.intent)
        if found.state in GONE:
            refused = Refused(f"{signed.what}_transaction_failed", found.reason or "the contract refuses it")
        elif found.state in SENT:
            self.counts[signed.what, "done"] += 1
            return self._done(signed, found)
        elif self._clock() < job.until:
            return None
        else:
            refused = Refused(PENDING, "it is on its way: ask again")
        self.counts[signed.what, refused.code] += 1
        return refusal(
            job.asked, refused, self._checks.network, settles=True, transaction=found.tx_hash if found.tx_hash else ""
        )

    def _end(self, job: _Job, answer: Answer) -> None:
        if job in self._open:
            self._open.remove(job)
        if not job.done.done():  # who asked may have left
            job.done.set_result(answer)

    # intents -------------------------------------------------------------------------------------------------------

    def _accepted(self, signed: Signed, job: _Job) -> Intent:
        """As it stands, when it is known; else what is sent now."""
        number = 0
        for number in range(1, ATTEMPTS + 1):
            found = self._found(f"{signed.id} {number}")
            if found is None:
                break
            if found.state not in GONE:
                return found
        else:
            raise Refused(f"{signed.what}_transaction_failed", f"it was tried {ATTEMPTS} times")
        if isinstance(payload := job.asked.payment_payload.payload, DepositPayload):
            if int(payload.deposit.amount) < self._settings.least_deposit:
                raise Refused("deposit_below_min_deposit", f"a deposit has at least {self._settings.least_deposit}")
            self._checks.deposit(job.asked, payload)
        elif signed.claims:
            self._checks.claims(signed)
        return self._submit(signed, f"{signed.id} {number}", job.refund)

    def _submit(self, signed: Signed, id_: str, header: str) -> Intent:
        offered = self._refunds.offered(header) if header else None
        if offered is not None:
            self._require_free(offered)
        gas = self._gas(signed, self._with(signed, offered, offered.cap if offered else 0))
        cost = gas * quantity(self._client.rpc.call("eth_gasPrice"), "eth_gasPrice")
        fee = min(offered.cap, self._refunds.price(cost)) if offered else 0
        free = max(0, cost - self._refunds.covered(fee))
        self._spending.require(signed.account, cost, free)
        self._spending.note(id_, signed.account, cost, free, offered.item.id if offered else None)
        return self._sender.submit(Intent(id_, self._onchain.address, self._as_one(self._with(signed, offered, fee))))

    def _with(self, signed: Signed, offered: Offered | None, fee: int) -> tuple[bytes, ...]:
        """The calls, and behind them the one that takes the refund."""
        if offered is None or not fee:
            return signed.calls
        return (*signed.calls, self._onchain.claim([offered.taking(fee)], paid=True))

    def _as_one(self, calls: tuple[bytes, ...]) -> bytes:
        if len(calls) == 1:
            return calls[0]
        if any(len(call) > LARGEST_CALL for call in calls):
            raise Refused("claim_payload", "too many claims for one transaction with others: bring them in parts")
        return self._onchain.as_one(calls)

    def _gas(self, signed: Signed, calls: tuple[bytes, ...]) -> int:
        """Of the whole. Raises Refused when the contract would refuse it: nothing is sent, and nothing is paid."""
        request = {
            "from": self._sender.account.address, "to": self._onchain.address, "data": "0x" + self._as_one(calls).hex(),
        }  # fmt: skip
        [answer] = self._client.rpc.estimated_many([("eth_estimateGas", [request])])
        if isinstance(answer, Revert):
            raise Refused(f"{signed.what}_simulation_failed", f"the contract refuses it: {answer.reason or answer}")
        if isinstance(answer, Exception):
            raise answer
        return quantity(answer, "eth_estimateGas")

    def _require_free(self, offered: Offered) -> None:
        """One at a time pays from a channel: what the voucher leaves is known when the one before has ended."""
        for id_ in self._spending.refunding(offered.item.id):
            found = self._found(id_)
            if found is not None and found.state not in (*SENT, *GONE):
                raise Refused("relayer_refund_busy", "the channel pays for another intent just now: ask again")

    def _found(self, id_: str) -> Intent | None:
        try:
            return self._sender.get(id_)
        except UsageError:
            return None

    # what is said --------------------------------------------------------------------------------------------------

    def _done(self, signed: Signed, found: Intent) -> Settled:
        answer = Settled(True, self._checks.network, found.tx_hash)
        if signed.what in EVENTS:
            answer.amount = self._logged(signed, found.tx_hash) or signed.amount
        if signed.channel is not None:
            channel_id, channel = signed.channel
            answer.payer = channel.payer
            answer.extra = {"channelState": channel_state(channel_id, self._onchain.held(channel_id))}
        return answer

    def _logged(self, signed: Signed, tx_hash: str) -> str:
        """How much moved, by the receipt's first event that says so."""
        contract = self._onchain.contract
        receipt = self._client.rpc.call("eth_getTransactionReceipt", tx_hash)
        for log in receipt.get("logs", []) if isinstance(receipt, dict) else []:
            if str(log["address"]).lower() != contract.address.lower():
                continue
            event: Log | None = contract.interface.read_log(contract.address, log["topics"], log["data"])
            if event is not None and event.event == EVENTS[signed.what]:
                return str(event.args["amount"])
        return ""
