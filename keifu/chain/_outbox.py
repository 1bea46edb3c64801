"""How ChainClient sends: nonces and fees are read for each round trip, what a node forgets or leaves is sent again or
replaced, and a batch of which one was refused is withdrawn. Nothing outlives the process: for that there is
`keifu.chain.sender`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from keifu.chain._failure import Endpoint, is_known, is_receipt, receipt_facts, why_failed
from keifu.chain._pricing import MAX_FEE, fresh_fees, gas_limit, quantity, raised, suggested_tip
from keifu.chain._transaction import Fees, sign_transaction
from keifu.errors import Contradiction, NoAnswer, Revert, RpcError
from keifu.keys import Account, keccak256

__all__ = ["BATCH", "Draft", "Outbox", "Sent"]

BATCH = 500  # requests a round trip: measured 3.4 k tx/s with 500, 3.0 k with 100, 1.1 k with 1
RECEIPT_TIMEOUT_SECONDS = 120.0  # of our own pauses: the time that a busy node takes to answer does not count
FIRST_POLL_SECONDS = 0.002
SLOWEST_POLL_SECONDS = 1.0
RESCUE_SECONDS = 2.0  # without a receipt, then again after so long
PATIENCE_BLOCKS = 5  # for a transaction that is not mined; then more is offered
TRANSFER_GAS = 21_000
_UNDERPRICED = "underpriced"  # what pools say of a replacement that offers too little
_MARKET: tuple[tuple[str, list[Any]], ...] = (
    ("eth_getBlockByNumber", ["latest", False]),
    ("eth_maxPriorityFeePerGas", []),
)


@dataclass(frozen=True)
class Draft:
    """What is to be sent. `gas` 0 is estimated."""

    account: Account
    to: str | None
    data: bytes = b""
    value: int = 0
    gas: int = 0

    @property
    def request(self) -> dict[str, str]:
        request = {"from": self.account.address, "data": "0x" + self.data.hex(), "value": hex(self.value)}
        return request | ({"to": self.to} if self.to else {})


@dataclass
class Sent:
    """A draft with its nonce and all that was signed for it, the newest last."""

    draft: Draft
    nonce: int
    gas: int
    fees: Fees
    block: int  # the head when the newest was signed
    raws: list[bytes] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    receipt: dict[str, Any] = field(default_factory=dict)

    def sign(self, chain_id: int, fees: Fees, block: int) -> None:
        raw, tx_hash = sign_transaction(
            self.draft.account,
            chain_id=chain_id,
            nonce=self.nonce,
            fees=fees,
            gas=self.gas,
            to=self.draft.to,
            value=self.draft.value,
            data=self.draft.data,
        )
        self.fees, self.block = fees, block
        self.raws.append(raw)
        self.hashes.append("0x" + tx_hash.hex())


@dataclass(frozen=True)
class _Market:
    """What the newest block says."""

    head: int
    base_fee: int
    gas: int
    fees: Fees


class Outbox:
    """Sends drafts and waits for their receipts."""

    def __init__(self, rpc: Endpoint, chain_id: int) -> None:
        self.rpc = rpc
        self.chain_id = chain_id
        self.least_tip = 0  # wei, where a probe has found that the node's own word is too little
        self.most_fee = MAX_FEE  # wei for a unit of gas, tip included
        self._mined: dict[str, int] = {}  # next nonce of each account after what was seen in blocks
        # Of refused batches, by account: what the node has taken that must not go, and the nonce before it.
        self._behind: dict[str, dict[int, Sent]] = {}
        self._missing: dict[str, int] = {}
        self._doubt: Contradiction | None = None  # endpoints that tell receipts differently

    def forget(self) -> None:
        """Forget the nonces that were seen and trust the node's, after the chain went back."""
        self._mined.clear()

    def send(self, drafts: Sequence[Draft]) -> list[Sent]:
        """Send all in one round trip and wait for all. Raises Revert when an estimate says that one will be refused, or
        RpcError when the node refuses one; then none of them takes effect later by itself."""
        self._replace_behind()
        sent = self._signed(drafts)
        try:
            answers = self.rpc.batch([("eth_sendRawTransaction", ["0x" + item.raws[-1].hex()]) for item in sent])
        except NoAnswer:
            answers = []  # it may have taken them: their receipts say, and what it does not know is sent again
        if refused := next((answer for answer in answers if isinstance(answer, Exception)), None):
            self._withdraw(sent, answers)
            raise refused
        self._wait(sent)
        return sent

    def replace(self, account: Account, nonce: int) -> None:
        """A transfer of nothing in the place of what a pool holds, at fees that rise until it is taken."""
        market = self._market(self.rpc.batch(list(_MARKET)))
        fees: Fees | None = market.fees
        while fees is not None:
            filler = self._filler(account, nonce, fees, market)
            [answer] = self.rpc.batch([("eth_sendRawTransaction", ["0x" + filler.raws[-1].hex()])])
            if not isinstance(answer, Exception):
                self._wait([filler])
                return
            if is_known(answer):
                return
            if _UNDERPRICED not in str(answer).lower():
                raise answer
            fees = raised(fees, fees, self.most_fee)
        raise RpcError(f"nonce {nonce} of {account.address} cannot be replaced: its fee is at its most", remedy="wait")

    def follow(self, raw: bytes) -> dict[str, Any]:
        """Send what somebody else has signed, and wait for its receipt."""
        tx_hash = "0x" + keccak256(raw).hex()
        [answer] = self.rpc.batch([("eth_sendRawTransaction", ["0x" + raw.hex()])])
        if isinstance(answer, Exception) and not is_known(answer):
            raise answer
        waited, pause = 0.0, FIRST_POLL_SECONDS
        while not is_receipt(receipt := self.rpc.agreed("eth_getTransactionReceipt", tx_hash), tx_hash):
            if waited > RECEIPT_TIMEOUT_SECONDS:
                raise RpcError(f"{tx_hash} was not mined in {RECEIPT_TIMEOUT_SECONDS:.0f} s", remedy="look at the node")
            time.sleep(pause)
            waited, pause = waited + pause, min(2 * pause, SLOWEST_POLL_SECONDS)
        found: dict[str, Any] = receipt
        return found

    def why_failed(self, item: Sent) -> Revert:
        return why_failed(self.rpc, item.draft.request, item.gas, item.receipt)

    # signing -------------------------------------------------------------------------------------------------------

    def _signed(self, drafts: Sequence[Draft]) -> list[Sent]:
        accounts = list(dict.fromkeys(draft.account.address for draft in drafts))
        asked = [draft for draft in drafts if not draft.gas]
        answers = self.rpc.batch(
            [
                *_MARKET,
                *(("eth_getTransactionCount", [address, "pending"]) for address in accounts),
                *(("eth_getBalance", [address, "latest"]) for address in accounts),
            ]
        )
        answers += self.rpc.estimated_many([("eth_estimateGas", [draft.request]) for draft in asked])
        market = self._market(answers)
        numbers = [_required(answer) for answer in answers[len(_MARKET) :]]
        nonces = {
            address: max(number, self._mined.get(address, 0))
            for address, number in zip(accounts, numbers, strict=False)
        }
        funds = dict(zip(accounts, numbers[len(accounts) :], strict=False))
        estimates = iter(numbers[2 * len(accounts) :])
        sent = []
        for draft in drafts:
            address = draft.account.address
            gas = draft.gas or gas_limit(next(estimates), draft.data, market.gas)
            sent.append(Sent(draft, nonces[address], gas, market.fees, market.head))
            nonces[address] += 1
        _require_funds(sent, funds)
        for item in sent:
            item.sign(self.chain_id, market.fees, market.head)
        return sent

    def _market(self, answers: Sequence[Any]) -> _Market:
        block, tip = answers[: len(_MARKET)]
        if isinstance(block, Exception):
            raise block
        if not isinstance(block, dict):
            raise RpcError(f"eth_getBlockByNumber: the node answered {block!r} in the place of its newest block")
        base = quantity(block.get("baseFeePerGas", "0x0"), "baseFeePerGas")
        fees = fresh_fees(self.chain_id, base, max(self.least_tip, suggested_tip(tip, "the tip")), self.most_fee)
        if fees.max_fee < base + fees.priority:
            raise RpcError(f"the base fee is {base} wei, and no more than {self.most_fee} are paid", remedy="wait")
        head = quantity(block.get("number"), "the newest block's number")
        return _Market(head, base, quantity(block.get("gasLimit"), "its gas"), fees)

    # waiting -------------------------------------------------------------------------------------------------------

    def _wait(self, sent: Sequence[Sent]) -> None:
        waited, pause, rescue = 0.0, FIRST_POLL_SECONDS, RESCUE_SECONDS
        while waiting := self._look(sent):
            if waited > RECEIPT_TIMEOUT_SECONDS:
                raise self._doubt or RpcError(
                    f"{len(waiting)} transactions were not mined in {RECEIPT_TIMEOUT_SECONDS:.0f} s",
                    remedy=f"look at the node; nonce {waiting[0].nonce} of {waiting[0].draft.account.address} waits",
                )
            if waited >= rescue:
                self._rescue(waiting)
                rescue += RESCUE_SECONDS
            time.sleep(pause)
            waited += pause
            pause = min(2 * pause, SLOWEST_POLL_SECONDS)

    def _look(self, sent: Iterable[Sent]) -> list[Sent]:
        """Take in the receipts that are there; those that have none yet."""
        waiting = [item for item in sent if not item.receipt]
        asked = [(item, tx_hash) for item in waiting for tx_hash in item.hashes]
        calls: list[tuple[str, list[Any]]] = [("eth_getTransactionReceipt", [tx_hash]) for _, tx_hash in asked]
        answers = self.rpc.agreed_many(calls, receipt_facts)
        self._doubt = next((answer for answer in answers if isinstance(answer, Contradiction)), None)
        for (item, tx_hash), answer in zip(asked, answers, strict=True):
            if is_receipt(answer, tx_hash):
                item.receipt = answer
                address = item.draft.account.address
                self._mined[address] = max(self._mined.get(address, 0), item.nonce + 1)
        return [item for item in waiting if not item.receipt]

    def _rescue(self, waiting: Sequence[Sent]) -> None:
        """Resend what the node has forgotten, and raise the fee of what it does not mine."""
        accounts = list(dict.fromkeys(item.draft.account.address for item in waiting))
        tags = ("latest", "pending")
        counts = [("eth_getTransactionCount", [address, tag]) for address in accounts for tag in tags]
        answers = self.rpc.batch([*_MARKET, *counts])
        if any(isinstance(answer, Exception) or answer is None for answer in answers[len(_MARKET) :]):
            return
        market = self._market(answers)
        numbers = [quantity(answer, "eth_getTransactionCount") for answer in answers[len(_MARKET) :]]
        used, known = (dict(zip(accounts, numbers[start::2], strict=True)) for start in (0, 1))
        again = []
        for item in waiting:
            address = item.draft.account.address
            if item.nonce < used[address]:
                continue  # in a block: the receipt is late
            fees = raised(item.fees, market.fees, self.most_fee)
            is_stuck = item.nonce == used[address] or item.fees.max_fee < market.base_fee + market.fees.priority
            if is_stuck and fees is not None and market.head - item.block >= PATIENCE_BLOCKS:
                item.sign(self.chain_id, fees, market.head)
                again.append(item)
            elif item.nonce >= known[address]:
                again.append(item)
        # What the node says of them changes nothing: each is in a block in the end, or told as not mined.
        self.rpc.batch([("eth_sendRawTransaction", ["0x" + item.raws[-1].hex()]) for item in again])

    # withdrawing ---------------------------------------------------------------------------------------------------

    def _withdraw(self, sent: Sequence[Sent], answers: Sequence[Any]) -> None:
        """After the node refused one of a batch: what it took behind that one's nonce would go as soon as any later
        transaction has the nonce. Transfers of nothing take the places of those first, and then the nonce itself."""
        refused: dict[str, int] = {}
        for item, answer in zip(sent, answers, strict=True):
            if isinstance(answer, Exception):
                refused.setdefault(item.draft.account.address, item.nonce)
        before: list[Sent] = []
        for item, answer in zip(sent, answers, strict=True):
            address = item.draft.account.address
            if item.nonce < refused.get(address, item.nonce + 1):
                before.append(item)
            elif not isinstance(answer, Exception):
                self._behind.setdefault(address, {})[item.nonce] = item
        for address in self._behind:
            self._missing.setdefault(address, refused[address])
        self._replace_behind()
        self._wait(before)

    def _replace_behind(self) -> None:
        """Raises RpcError while that fails; the nonce is not used until it works."""
        for address, behind in list(self._behind.items()):
            market = self._market(self.rpc.batch(list(_MARKET)))
            account = next(iter(behind.values())).draft.account
            fillers = {}
            for nonce, item in behind.items():
                fees = raised(item.fees, market.fees, self.most_fee)
                if fees is None:
                    raise RpcError(f"nonce {nonce} of {address} cannot be withdrawn: its fee is at its most")
                fillers[nonce] = self._filler(account, nonce, fees, market)
            self._tell(list(fillers.values()), address)
            missing = [nonce for nonce in range(self._missing[address], max(behind)) if nonce not in fillers]
            gaps = [self._filler(account, nonce, market.fees, market) for nonce in missing]
            self._tell(gaps, address)
            del self._behind[address], self._missing[address]
            self._wait([*gaps, *fillers.values()])

    def _filler(self, account: Account, nonce: int, fees: Fees, market: _Market) -> Sent:
        filler = Sent(Draft(account, account.address), nonce, TRANSFER_GAS, fees, market.head)
        filler.sign(self.chain_id, fees, market.head)
        return filler

    def _tell(self, fillers: Sequence[Sent], address: str) -> None:
        answers = self.rpc.batch([("eth_sendRawTransaction", ["0x" + item.raws[-1].hex()]) for item in fillers])
        for answer in answers:
            if isinstance(answer, Exception) and not is_known(answer):
                raise RpcError(
                    f"{address} has transactions of a refused batch in the node's pool, and they cannot be withdrawn:"
                    f" {answer}",
                    remedy="send again, which tries again",
                ) from answer


def _required(answer: Any) -> int:
    if isinstance(answer, Exception):
        raise answer
    return quantity(answer, "a count, a balance or an estimate")


def _require_funds(sent: Sequence[Sent], funds: dict[str, int]) -> None:
    """Raises RpcError, before anything is sent, when an account cannot pay for all of its part."""
    for address, balance in funds.items():
        mine = [item for item in sent if item.draft.account.address == address]
        most = sum(item.draft.value + item.gas * item.fees.max_fee for item in mine)
        if most > balance:
            raise RpcError(
                f"insufficient funds: {address} has {balance} wei, and {len(mine)} transactions may take {most}",
                remedy="pay the account, or send less at once",
            )
