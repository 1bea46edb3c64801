"""Batches of agents' accounts that their owners have signed: brought once, and paid back out of the account itself.

What pays is a call of the batch: a transfer of the relayer's coin to the relayer. Either all of it takes effect or
nothing. So the relayer looks at that sum, simulates, and sends. The sum is what the owner has signed, never more.
"""

from __future__ import annotations

import re
from collections import Counter

from ethwire.rpc import quantity
from keifu.abi import encode_args
from keifu.accounts import Brought, Intent, Token, account_code
from keifu.chain import ChainClient, Deployment
from keifu.chain.sender import Intent as Sending
from keifu.chain.sender import Sender, State
from keifu.chain.suite import ACCOUNT, NFT
from keifu.errors import AbiError, Revert, UsageError
from keifu.keys import keccak256
from keifu.node.compute.questions import Questions
from keifu.node.relayer.refunds import Refunds
from keifu.node.relayer.spending import Spending
from keifu.payments.book import Refused

__all__ = ["Accounts"]

TRANSFER = keccak256(b"transfer(address,uint256)")[:4]
WORD, NAMED_BYTES = 32, 4 + 2 * 32
NAME = "account"  # of what is sent
ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
SENDING = frozenset({State.QUEUED, State.SENT})
PROXY_BYTES = 45  # of an account's code, before the salt and the token
WAITING = 32  # requests at a time


class Accounts:
    """`ask` of `questions` is for other threads, the rest for the one of the rounds."""

    def __init__(
        self,
        client: ChainClient,
        suite: Deployment,
        sender: Sender,
        spending: Spending,
        refunds: Refunds,
        most: int,
    ) -> None:
        self.questions: Questions[Intent, Brought] = Questions(
            WAITING, "too much is asked for at once: come back later"
        )
        self.counts: Counter[tuple[str, str]] = Counter()
        self._client, self._suite, self._sender = client, suite, sender
        self._spending, self._refunds, self._most = spending, refunds, most
        # Account and gas of what is under way, or ended while nobody looked.
        self._open = {id_: item for id_, item in spending.paid(NAME).items() if self._found(id_) is not None}

    def step(self) -> bool:
        """Answer who waits; whether anything is under way."""
        self.questions.answer(self._counted)
        for id_, (account, cost) in tuple(self._open.items()):
            state = self._sender.get(id_).state
            if state is State.FAILED:  # it passed the simulation and paid nothing: given away, in its account's hour
                self._spending.note(id_, account, cost, cost, None)
            if state.is_final:
                del self._open[id_]
        return bool(self._open)

    def _counted(self, intent: Intent) -> Brought:
        try:
            found = self._brought(intent)
        except Refused as refused:
            self.counts["account", refused.code] += 1
            raise
        self.counts["account", found.state] += 1
        return found

    def _brought(self, intent: Intent) -> Brought:
        """Sent now, or as it stands when it is known already. Raises Refused."""
        data = self._data(intent)
        id_ = f"{NAME} {intent.account.lower()} {keccak256(data).hex()}"
        found = self._found(id_)
        if found is None:
            self._submit(id_, intent, data)
            self._sender.step()
            found = self._sender.get(id_)
        if found.state in (State.MINED, State.DONE):
            return Brought("done", found.tx_hash or "")
        if found.state in (State.REFUSED, State.FAILED):
            return Brought("refused", found.tx_hash or "", found.reason or "the account refuses it")
        return Brought("sent", found.tx_hash or "")

    def _submit(self, id_: str, intent: Intent, data: bytes) -> None:
        """Raises Refused for what the chain would refuse, or nobody pays for."""
        self._require_account(intent)
        account = intent.account.lower()
        # A simulation does not see what is in no block yet: of two with one nonce the second one would only cost gas.
        if any(whose == account and self._sender.get(id_).state in SENDING for id_, (whose, _) in self._open.items()):
            raise Refused("relayer_busy", f"another batch of {account} is under way: ask again when it is in a block")
        self._spending.require_paying(account)
        cost = self._gas(account, data) * quantity(self._client.rpc.call("eth_gasPrice"), "eth_gasPrice")
        free = 0 if self._is_paid(intent, cost) else cost
        self._spending.require(account, cost, free)
        self._spending.note(id_, account, cost, free, None)
        self._sender.submit(Sending(id_, account, data))
        self._open[id_] = account, cost

    def _is_paid(self, intent: Intent, cost: int) -> bool:
        """Raises Refused for a sum that is too small, or more than this relayer takes."""
        paid, needed = self._paid(intent), self._refunds.price(cost)
        if self._refunds.terms is None or not paid:
            return False
        if not needed <= paid <= self._most:
            words = f"{needed} at least and {self._most} at most are taken"
            raise Refused("relayer_refund", f"the batch pays {paid} for its gas, {words}")
        return True

    def _data(self, intent: Intent) -> bytes:
        if intent.session or intent.chain_id != self._client.chain_id or not ADDRESS.fullmatch(intent.account):
            raise Refused("relayer_account", "this is no batch of an owner on this chain")
        calls = [call.args for call in intent.made]
        arguments = [calls, intent.nonce, intent.deadline, bytes.fromhex(intent.signature)]
        try:
            return self._suite.at(self._client, ACCOUNT).interface.function("execute_signed", 4).encode(arguments)
        except (AbiError, ValueError) as error:
            raise Refused("relayer_account", f"this is no batch: {error}") from error

    def _require_account(self, intent: Intent) -> None:
        """It has to be an account of the suite's: other contracts could do anything for the relayer's gas."""
        code = self._client.code(intent.account)
        salt, number = code[PROXY_BYTES:][:WORD], int.from_bytes(code[-WORD:], "big")
        token = Token(self._client.chain_id, self._suite[NFT], number)
        if code != account_code(self._suite[ACCOUNT], token, bytes(salt)):
            raise Refused("relayer_account", f"{intent.account} is no account of a token of this suite")

    def _gas(self, account: str, data: bytes) -> int:
        request = {"from": self._sender.account.address, "to": account, "data": "0x" + data.hex()}
        [answer] = self._client.rpc.estimated_many([("eth_estimateGas", [request])])
        if isinstance(answer, Revert):
            raise Refused("relayer_simulation_failed", f"the account refuses it: {answer.reason or answer}")
        if isinstance(answer, Exception):
            raise answer
        return quantity(answer, "eth_estimateGas")

    def _paid(self, intent: Intent) -> int:
        """What the batch transfers to the relayer, in the relayer's coin."""
        token, own = self._refunds.token, encode_args(["address"], [self._sender.account.address])
        return sum(
            int.from_bytes(call.data[4 + WORD :], "big")
            for call in intent.made
            if call.to.lower() == token and len(call.data) == NAMED_BYTES and call.data[: 4 + WORD] == TRANSFER + own
        )

    def _found(self, id_: str) -> Sending | None:
        try:
            return self._sender.get(id_)
        except UsageError:
            return None
