"""The durable sender: what it has accepted takes effect once, whatever becomes of the process or the node."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec.structs import replace

from keifu.chain._chains import final_depth
from keifu.chain._failure import Endpoint, why_failed
from keifu.chain._pricing import gas_limit, quantity
from keifu.chain._transaction import Fees, sign_transaction
from keifu.chain.sender._lock import locked
from keifu.chain.sender.book import Attempt, Book, Bound, Policy, Sight
from keifu.chain.sender.intent import OWN_PREFIX, Intent, State
from keifu.chain.sender.node import Node
from keifu.chain.sender.step import Step
from keifu.chain.sender.store import Store
from keifu.errors import ChainMismatch, EnvironmentFault, Revert, RpcError, UsageError
from keifu.keys import Account

__all__ = ["Sender"]

FIRST_PAUSE_SECONDS = 0.005
SLOWEST_PAUSE_SECONDS = 2.0
PART = 125  # signed and written together


@dataclass(frozen=True)
class _Plan:
    """What is signed next."""

    item: Bound
    nonce: int
    fees: Fees
    gas: int


class Sender:
    """Sends what it is given from one account, each intent once.

        with Sender(Path("sender.db"), rpc, account) as sender:
            sender.submit(Intent("pay 17", hub.address, hub.claim_rewards.encode(operator)))
            sender.wait("pay 17")

    `submit` returns when the intent is on the disk; from then on it is neither lost nor sent twice, whatever becomes
    of the process. `step` does one round with the node, `run` goes on until it is told to stop. One thread may step
    while others submit.

    Raises EnvironmentFault when another process sends for the account, ChainMismatch when the database belongs to
    another chain, account or deployment.
    """

    def __init__(
        self,
        database: Path | str,
        rpc: Endpoint,
        account: Account,
        *,
        policy: Policy | None = None,
        deployment: str = "",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        path = Path(database)
        self.account = account
        self.chain_id = quantity(rpc.call("eth_chainId"), "eth_chainId")
        self.policy = policy or Policy()
        self.trouble = ""  # what stands in the way now, in words; "" when nothing does
        self._clock, self._sleep = clock, sleep
        self._stepping = threading.Lock()
        self._changing = threading.RLock()  # of the book
        self._head = ""
        self._node = Node(rpc, self.chain_id, account.address, self.policy.most_fee)
        self._locks = locked(path, self.chain_id, account.address)
        try:
            self._teller = ThreadPoolExecutor(1)
            self._locks.callback(self._teller.shutdown)
            self._store = Store(path)
            self._locks.callback(self._store.close)
            self._claim(deployment)
            self._store.resume(self._node.limit)
            depth = final_depth(self.chain_id) if self.policy.depth is None else self.policy.depth
            self._book = Book(self._store.open_intents(), self.policy, depth, self._store.next_nonce())
        except BaseException:
            self._locks.close()
            raise

    def close(self) -> None:
        """Stop sending; what is open goes on with the next Sender of this database."""
        self._locks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    # intents -------------------------------------------------------------------------------------------------------

    def submit(self, intent: Intent) -> Intent:
        """Accept an intent; as it stands when its id is known. Raises UsageError when the id is known with other
        content, or no chain would take it."""
        return self.submit_many([intent])[0]

    def submit_many(self, intents: Sequence[Intent]) -> list[Intent]:
        """Accept all or none, with one write to the disk."""
        for intent in intents:
            intent.check()
        return self._accept(intents)

    def get(self, id_: str) -> Intent:
        """How an intent stands. Raises UsageError when there is none of this id."""
        return self._get([id_])[0]

    def status(self) -> dict[str, Any]:
        """How all stands, as JSON."""
        with self._changing:
            open_items = [*self._book.sent.values(), *islice(self._book.queued.values(), self.policy.in_flight)]
            shown = [item.intent.as_json() | {"trouble": item.trouble} for item in open_items]
        return {
            "account": self.account.address,
            "chain_id": self.chain_id,
            "intents": self._store.counts(),
            "open": sorted(shown, key=lambda item: (item["nonce"] is None, item["nonce"] or 0)),
            "trouble": self.trouble,
        }

    # sending -------------------------------------------------------------------------------------------------------

    def step(self) -> Step:
        """One round: look, settle what is in blocks, then sign and send. Raises RpcError when the node fails, in which
        case nothing is lost and the next step goes on."""
        with self._stepping:
            try:
                sight = self._node.look(self._clock())
                self.trouble = ""
                if not self._book.is_alone(sight):
                    raise self._not_alone(f"its next nonce is {sight.mined}")
                changed = self._settle(sight)
                signed, reported = self._send(sight)
                self._store.keep(self._node.limit)
                self._head = sight.head_hash
            except (EnvironmentFault, Revert) as fault:
                self.trouble = str(fault)
                raise
            on_the_way = sum(not item.trouble for item in self._book.waiting())
            return Step(changed, signed, reported, len(self._book.sent) + len(self._book.queued), on_the_way)

    def run(self, stop: Callable[[], bool], *, on_step: Callable[[Step], None] = lambda step: None) -> None:
        """Step until `stop()` says so, with pauses while nothing happens or the node fails. Raises what no patience
        mends: another chain, a database that cannot be written."""
        pause = FIRST_PAUSE_SECONDS
        while not stop():
            try:
                step = self.step()
            except RpcError:
                step = Step()
            on_step(step)
            if stop():
                return
            if step.is_idle:
                self._sleep(pause)
                pause = min(2 * pause, SLOWEST_PAUSE_SECONDS)
            else:
                pause = FIRST_PAUSE_SECONDS

    def wait(self, *ids: str, seconds: float = float("inf")) -> list[Intent]:
        """Run until all these are final; how they ended, in order. Raises RpcError when that takes longer than so many
        seconds of the sender's clock: they are not given up by that."""
        self._get(ids)
        until = self._clock() + seconds
        wanted = set(ids)
        self.run(lambda: not (wanted & self._open_ids()) or self._clock() >= until)
        ended = self._get(ids)
        if late := [intent for intent in ended if not intent.state.is_final]:
            raise RpcError(
                f"{len(late)} of {len(ended)} intents are not final after {seconds:.0f} s, {late[0].id!r} is "
                f"{late[0].state}{f': {self.trouble}' if self.trouble else ''}",
                remedy="they will still be sent; look at the status",
            )
        return ended

    # steps of a step -----------------------------------------------------------------------------------------------

    def _settle(self, sight: Sight) -> int:
        """Write down what is in blocks, what has fallen out of them, and whose nonce is gone."""
        changes = self._fallen(sight) if sight.head_hash != self._head else []
        used = self._book.used(sight)
        for item, receipt in zip(used, self._node.receipts(used), strict=True):
            if receipt is not None and int(receipt["blockNumber"], 16) <= sight.head:
                changes.append((item, self._book.in_block(item, receipt, self._why(item, receipt), sight)))
        if sight.head_hash != self._head:
            found = {item.number for item, _ in changes}
            late = next((item for item in used if item.number not in found), None)
            changes += self._lost(late, sight) if late else []
        self._write(changes)
        return len(changes)

    def _fallen(self, sight: Sight) -> list[tuple[Bound, Intent]]:
        """Of those in blocks: what is final by now, and what is in no block any more."""
        mined = [(item, item.intent.block) for item in self._book.mined() if item.intent.block is not None]
        blocks = {block for _, block in mined}
        tops = {block + self._book.depth for block in blocks if self._book.is_final(block, sight)}
        hashes = self._node.block_hashes(sorted(blocks | tops))
        changes, deep = list[tuple[Bound, Intent]](), []
        for item, block in mined:
            if (found := hashes[block]) is None:
                continue  # the node is behind; that says nothing
            if found != item.intent.block_hash:
                changes.append((item, self._book.out_of_block(item)))
            elif self._book.is_final(block, sight) and hashes[block + self._book.depth] is not None:
                deep.append(item)
        return changes + self._final(deep)

    def _final(self, deep: Sequence[Bound]) -> list[tuple[Bound, Intent]]:
        """What will not be looked at again is read a second time: of two answers that differ, neither counts."""
        changes = []
        for item, receipt in zip(deep, self._node.receipts(deep), strict=True):
            if receipt is None:
                continue
            if self._book.is_confirmed(item, receipt):
                final = State.FAILED if item.intent.reason else State.DONE
                changes.append((item, replace(item.intent, state=final)))
            else:
                changes.append((item, self._book.out_of_block(item)))
        return changes

    def _lost(self, item: Bound, sight: Sight) -> list[tuple[Bound, Intent]]:
        """The item's nonce is used and no receipt says by what: by a foreign transaction, when the chain shows it in a
        block that is final. Until then the receipt may only be late."""
        try:
            taker = self._node.taker(item.nonce, sight.head - self._book.depth)
        except RpcError as error:
            self.trouble = f"nonce {item.nonce} is used, and the node does not show by what: {error}"
            return []
        if taker is None or taker in {attempt.tx_hash for attempt in item.attempts}:
            return []
        if self.policy.alone_since is not None:
            raise self._not_alone(f"nonce {item.nonce} went to {taker}")
        self.trouble = f"another process sends for {self.account.address}: nonce {item.nonce} went to {taker}"
        return [(item, self._book.unbound(item))]

    def _not_alone(self, shown: str) -> EnvironmentFault:
        return EnvironmentFault(
            f"somebody else sends with {self.account.address}: {shown}, by none of the transactions of this database",
            remedy="end what acts with this key elsewhere; then go on from here with --take-over",
        )

    def _why(self, item: Bound, receipt: dict[str, Any]) -> str:
        if int(receipt["status"], 16) == 1:
            return ""
        gas = next(attempt.gas for attempt in item.attempts if attempt.tx_hash == receipt["transactionHash"])
        return str(why_failed(self._node.endpoint, self._node.request(item), gas, receipt))

    def _send(self, sight: Sight) -> tuple[int, int]:
        """Sign replacements and what has no nonce yet. Each part is written down before the node is told of it, and
        the next is signed and written while the node works on it."""
        plans = [_Plan(item, item.nonce, fees, item.attempts[-1].gas) for item, fees in self._book.replacements(sight)]
        plans += self._bind(sight)
        plans.sort(key=lambda plan: plan.nonce)  # a pool takes them as they follow each other
        telling: list[Future[None]] = []
        try:
            for start in range(0, len(plans), PART):
                part = plans[start : start + PART]
                self._write_signed([self._sign(plan, sight) for plan in part])
                telling.append(self._teller.submit(self._node.tell, [plan.item for plan in part], sight))
        finally:
            wait(telling)
        for reported in telling:
            reported.result()
        planned = {plan.item.number for plan in plans}
        again = [item for item in self._book.forgotten(sight) if item.number not in planned]
        self._node.tell(again, sight)
        # Whoever was refused waits, and is not asked about at each step.
        self.trouble = self.trouble or next((item.trouble for item in self._book.waiting() if item.trouble), "")
        return len(plans), len(plans) + len(again)

    def _bind(self, sight: Sight) -> list[_Plan]:
        """Nonces for those that wait, as far as there is room and the contract does not refuse them."""
        gaps = self._book.gaps(sight)
        with self._changing:
            waiting = list(islice(self._book.queued.values(), max(self._book.room(), len(gaps))))
        if not waiting and not gaps:
            return []
        if (foreign := self._book.foreign(sight)) > self.policy.in_flight:
            self.trouble = f"the node knows {foreign} transactions of {self.account.address} that are not this sender's"
            return []
        if sight.fees.max_fee < sight.base_fee + sight.fees.priority:
            self.trouble = f"the base fee, {sight.base_fee} wei, is above the most that this sender pays"
            return []
        limited = self._limited(waiting, sight)
        if gaps and not limited:
            limited = self._limited(self._fillers(gaps, sight), sight)
        return [
            _Plan(item, nonce, sight.fees, gas)
            for (item, gas), nonce in zip(limited, self._book.nonces(sight), strict=False)
        ]

    def _fillers(self, gaps: Sequence[int], sight: Sight) -> list[Bound]:
        """Transfers of nothing to the account itself: what is behind a missing nonce goes on when one has it."""
        to = self.account.address
        self._accept([Intent(f"{OWN_PREFIX}nonce {nonce} at {sight.head}", to) for nonce in gaps])
        with self._changing:
            return [item for item in self._book.queued.values() if item.is_filler]

    def _limited(self, waiting: Sequence[Bound], sight: Sight) -> list[tuple[Bound, int]]:
        """The first of them, each with its gas limit, up to the one that must wait: a call may be refused only because
        those before it are not in a block yet. When nothing is before it, it is refused for good."""
        asked = [item for item in waiting if not item.intent.gas]
        answers = dict(zip((item.number for item in asked), self._node.estimates(asked), strict=True))
        limited: list[tuple[Bound, int]] = []
        for item in waiting:
            answer = answers.get(item.number, item.intent.gas)
            if isinstance(answer, int):
                if answer <= sight.block_gas:
                    gas = item.intent.gas or gas_limit(answer, item.intent.data, sight.block_gas)
                    limited.append((item, gas))
                    continue
                answer = Revert(f"it takes {answer:,} gas, and a block has {sight.block_gas:,}")
            if isinstance(answer, Revert) and not limited and self._book.is_refused(item, sight):
                reason = answer.reason or str(answer)
                self._write([(item, replace(item.intent, state=State.REFUSED, reason=reason))])
                continue
            self.trouble = item.trouble = str(answer)
            break
        return limited

    def _sign(self, plan: _Plan, sight: Sight) -> tuple[Bound, Intent, Attempt]:
        intent = plan.item.intent
        raw, tx_hash = sign_transaction(
            self.account, chain_id=self.chain_id, nonce=plan.nonce, fees=plan.fees, gas=plan.gas, to=intent.to,
            value=intent.value, data=intent.data,
        )  # fmt: skip
        shown = "0x" + tx_hash.hex()
        attempt = Attempt(shown, raw, plan.fees, plan.gas, sight.head)
        return plan.item, replace(intent, state=State.SENT, nonce=plan.nonce, tx_hash=shown), attempt

    # what is kept --------------------------------------------------------------------------------------------------

    def _claim(self, deployment: str) -> None:
        genesis = self._node.genesis(twice=self._store.is_new)
        owner = {"chain": str(self.chain_id), "first block": genesis, "account": self.account.address}
        self._store.claim(owner | {"deployment": deployment or "(not named)"})
        last = self._store.last_final()
        if last is not None and last.block is not None and last.block_hash:
            found = self._node.block_hash(last.block)
            if found not in (None, last.block_hash):
                raise ChainMismatch(
                    f"block {last.block} of the node is not the one in which {last.id!r} was done",
                    remedy="another chain of the same id, or a node on a fork: check the address; nothing was sent",
                )

    def _accept(self, intents: Sequence[Intent]) -> list[Intent]:
        with self._changing:
            accepted = self._store.add(intents)
            for number, intent, is_new in accepted:
                if is_new:
                    self._book.queued[number] = Bound(number, intent)
        return [intent for _, intent, _ in accepted]

    def _write(self, changes: Sequence[tuple[Bound, Intent]]) -> None:
        with self._changing:
            self._store.change([(item.number, intent) for item, intent in changes])
            for item, intent in changes:
                self._book.update(item, intent)

    def _write_signed(self, signed: Sequence[tuple[Bound, Intent, Attempt]]) -> None:
        with self._changing:
            self._store.change(
                [(item.number, intent) for item, intent, _ in signed],
                [(item.number, intent.nonce or 0, attempt) for item, intent, attempt in signed],
            )
            for item, intent, attempt in signed:
                self._book.update(item, intent)
                item.attempts.append(attempt)
                item.sent_at = float("-inf")

    def _get(self, ids: Iterable[str]) -> list[Intent]:
        wanted = list(ids)
        found = self._store.find(wanted)
        for id_ in wanted:
            if id_ not in found:
                raise UsageError(f"no intent is called {id_!r}", remedy="submit it first")
        return [found[id_] for id_ in wanted]

    def _open_ids(self) -> set[str]:
        with self._changing:
            return {item.intent.id for item in (*self._book.sent.values(), *self._book.queued.values())}
