"""What the answering thread wants of the chain: handed to the thread of the rounds, which alone asks and sends.

A deposit or a refund is an intent whose id follows from what it is, so that a request that comes again, also after a
crash, finds the one that is under way.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from keifu.chain.sender import Intent, Sender, State
from keifu.compute.cashier import Cashier, number
from keifu.errors import KeifuError, Revert, UsageError
from keifu.keys import Account as Key
from keifu.keys import keccak256
from keifu.node.compute.facilitating import Facilitator
from keifu.node.web import Background
from keifu.payments.book import Account, Held, Refused
from keifu.payments.channel import Channel
from keifu.payments.facilitator import permit_of
from keifu.payments.onchain import Claimable, Onchain
from keifu.payments.signatures import exact
from keifu.payments.x402 import (
    PAYMENT_SIGNATURE,
    DepositPayload,
    Payment,
    RefundPayload,
    Settled,
    VoucherPayload,
    decode,
    encode,
    network_of,
)

__all__ = ["Errands"]

DRAIN_SECONDS = 0.05
LOOKS = 40  # at a chain that may not have a block yet which the relayer's has
_FAULTS = {"deposit": "deposit_simulation_failed", "refund": "refund_simulation_failed"}
SENT = (State.MINED, State.DONE)
GONE = (State.REFUSED, State.FAILED)


@dataclass
class _Errand:
    """A call that waits: what begins it gives an intent or a result."""

    begin: Callable[[], Intent | None]
    finish: Callable[[str], object]  # gets the transaction's hash, "" when there was none
    fault: str  # x402's code when the contract refuses
    done: Future[str] = field(default_factory=Future)
    intent: str = ""


class Errands:
    """A till (`keifu.compute.service.Till`) over the node's rounds."""

    def __init__(
        self,
        cashier: Cashier,
        onchain: Onchain,
        sender: Sender,
        key: Key,
        answering: Background,
        least_deposit: int,
        final: Callable[[bytes], int | None],
        facilitator: Facilitator | None = None,
    ) -> None:
        self._cashier, self._book, self._onchain, self._sender = cashier, cashier.book, onchain, sender
        self._key, self._answering, self._least_deposit, self._final = key, answering, least_deposit, final
        self._facilitator = facilitator
        self._asked: queue.SimpleQueue[_Errand] = queue.SimpleQueue()
        self._open: list[_Errand] = []

    # of the answering thread ---------------------------------------------------------------------------------------

    async def open(self, header: str) -> None:
        """Take a deposit, or look a channel up. Raises Refused, or KeifuError when the chain does not answer."""
        payment = _payment(header)
        payload = payment.payload
        if not isinstance(payload, VoucherPayload | DepositPayload):
            raise Refused("payload_type", "a request is paid by a voucher, with or without a deposit")
        channel_id, channel = self._checked(payload, payment)
        voucher = payload.voucher
        stranger = Account(channel_id, channel, Held(0, 0))
        self._cashier.check(stranger, number(voucher.max_claimable_amount), bytes.fromhex(voucher.signature[2:]))
        if isinstance(payload, VoucherPayload):
            await self._run(lambda: None, lambda _: self.look(channel_id, channel), "channel_not_found")
            return
        if int(payload.deposit.amount) < self._least_deposit:
            raise Refused("deposit_below_min_deposit", f"a deposit has at least {self._least_deposit}")
        data = self._onchain.deposit(payload, permit_of(payment, payload))
        if self._facilitator is not None:
            await self._have_brought(self._facilitator, payment, payload, channel_id)
            return
        intent = Intent(f"deposit {channel_id.hex()} {keccak256(data).hex()}", self._onchain.address, data)
        await self._run(
            lambda: self._submit(intent),
            lambda _: self.look(channel_id, channel),
            "deposit_transaction_failed",
        )

    async def _have_brought(
        self, facilitator: Facilitator, payment: Payment, payload: DepositPayload, channel_id: bytes
    ) -> None:
        """By a relayer. Its word is not taken: the chain is asked, which may be a little behind the relayer's."""
        channel = payload.channel_config.channel
        async with facilitator.turn:
            prepaid = facilitator.prepaid
            claimed = (await self._seen(lambda: self._onchain.held(prepaid.id))).claimed if prepaid else 0
            balance = await facilitator.bring(payment, payload, claimed)
        for _ in range(LOOKS):
            if (await self._seen(lambda: self.look(channel_id, channel))).balance >= balance:
                return
            await asyncio.sleep(DRAIN_SECONDS)

    async def _seen(self, read: Callable[[], Held]) -> Held:
        """What a channel holds now."""
        found: list[Held] = []
        await self._run(lambda: None, lambda _: found.append(read()), "channel_not_found")
        return found[0]

    async def refund(self, header: str) -> bytes:
        """Claim what was earned, and pay the rest back, or the part that is asked for."""
        payment = _payment(header)
        payload = payment.payload
        if not isinstance(payload, RefundPayload):
            raise Refused("refund_payload", "by GET a refund is asked for, and nothing else")
        channel_id, channel = self._checked(payload, payment)
        account = self._book.get(channel_id)
        if account is None:
            await self._run(lambda: None, lambda _: self.look(channel_id, channel), "channel_not_found")
            account = self._book.get(channel_id)
        if account is None:
            raise Refused("channel_not_found", "the chain has no such channel")
        most = number(payload.voucher.max_claimable_amount)
        signature = bytes.fromhex(payload.voucher.signature[2:])
        self._cashier.check(account, most, signature)
        if account.is_closing:
            raise Refused("channel_busy", "it is being paid back")
        if most < account.charged:
            raise Refused("cumulative_amount_mismatch", f"{account.charged} was charged")
        account.is_closing = True
        try:
            while account.reserved:
                await asyncio.sleep(DRAIN_SECONDS)
            account.keep(most, signature)
            return await self._pay_back(account, payload)
        finally:
            account.is_closing = False

    async def _pay_back(self, account: Account, payload: RefundPayload) -> bytes:
        rest = account.held.balance - account.charged
        amount = int(payload.amount) if isinstance(payload.amount, str) else rest
        if not 0 < amount <= rest:
            raise Refused("refund_no_balance", f"{max(0, rest)} can be paid back")
        nonce = account.held.refunds
        digest = self._cashier.vouchers.digest(account.id, account.most)
        signature = exact(account.signature, digest, account.signer)
        item = Claimable(account.id, account.channel, account.most, signature, account.charged)
        if account.charged <= account.held.claimed:
            item = Claimable(account.id, account.channel, 0, b"", 0)
        signed = self._key.sign(self._cashier.vouchers.refund_digest(account.id, nonce, amount))
        data = self._onchain.refund(item, amount, nonce, signed)
        intent = Intent(f"refund {account.id.hex()} {nonce}", self._onchain.address, data)
        sent = await self._run(
            lambda: self._submit(intent),
            lambda _: self.look(account.id, account.channel),
            "refund_transaction_failed",
        )
        said = Settled(
            True, network_of(self._cashier.offer.chain_id), sent, account.channel.payer, str(amount),
            extra={"channelState": self._cashier.state(account)},
        )  # fmt: skip
        return b"payment-response: " + encode(said).encode() + b"\r\n"

    def _checked(
        self, payload: VoucherPayload | DepositPayload | RefundPayload, payment: Payment
    ) -> tuple[bytes, Channel]:
        """The channel that a payload is of, when it is one to this provider on its terms."""
        offer, channel = self._cashier.offer, payload.channel_config.channel
        if payment.accepted.network != network_of(offer.chain_id):
            raise Refused("network_mismatch", f"this is {network_of(offer.chain_id)}")
        channel_id = self._cashier.vouchers.channel_id(channel)
        if "0x" + channel_id.hex() != payload.voucher.channel_id.lower():
            raise Refused("channel_id_mismatch", "the channel's id is not that of its configuration")
        for wanted, given, code in (
            (offer.receiver, channel.receiver, "receiver_mismatch"),
            (offer.receiver_authorizer, channel.receiver_authorizer, "receiver_authorizer_mismatch"),
            (offer.token, channel.token, "token_mismatch"),
        ):
            if wanted.lower() != given:
                raise Refused(code, f"this provider's is {wanted}")
        if channel.withdraw_delay < offer.withdraw_delay:
            raise Refused("withdraw_delay_mismatch", f"at least {offer.withdraw_delay} seconds")
        return channel_id, channel

    async def _run(self, begin: Callable[[], Intent | None], finish: Callable[[str], object], fault: str) -> str:
        errand = _Errand(begin, finish, fault)
        self._asked.put(errand)
        return await asyncio.wrap_future(errand.done)

    # of the rounds -------------------------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        return not self._open and self._asked.empty()

    def step(self) -> None:
        """Begin what was asked for, and finish what the chain has. Raises RpcError; nothing is lost then."""
        while not self._asked.empty():
            self._open.append(self._asked.get())
        for errand in tuple(self._open):
            if self._advance(errand):
                self._open.remove(errand)

    def look(self, channel_id: bytes, channel: Channel) -> Held:
        """Ask what the contract holds, and have the answering thread know it."""
        held = self._onchain.held(channel_id, self._final(channel_id))

        async def tell() -> None:
            if held.balance or self._book.get(channel_id) is not None:
                self._book.add(channel_id, channel, held)

        self._answering.submit(tell()).result()
        return held

    def _advance(self, errand: _Errand) -> bool:
        """Whether it is over."""
        try:
            if not errand.intent:
                begun = errand.begin()
                if begun is not None:
                    errand.intent = begun.id
                    return False
                errand.finish("")
                _end(errand, "")
                return True
            found = self._sender.get(errand.intent)
            if found.state in GONE:
                raise Refused(errand.fault, found.reason or "the contract refuses it")
            if found.state not in SENT:
                return False
            errand.finish(found.tx_hash)
            _end(errand, found.tx_hash)
        except (Refused, KeifuError) as error:
            if not errand.done.done():
                errand.done.set_exception(error)
        return True

    def _submit(self, intent: Intent) -> Intent:
        """Once, and when it would take effect: a refusal costs no gas."""
        try:
            return self._sender.get(intent.id)
        except UsageError:
            pass  # it was not asked for before
        try:
            self._onchain.simulate(intent.data, self._key.address)
        except Revert as error:
            raise Refused(_FAULTS[intent.id.partition(" ")[0]], f"the contract refuses it: {error.reason}") from error
        return self._sender.submit(intent)


def _end(errand: _Errand, result: str) -> None:
    if not errand.done.done():  # who asked may have left
        errand.done.set_result(result)


def _payment(header: str) -> Payment:
    try:
        return decode(header, Payment, PAYMENT_SIGNATURE)
    except KeifuError as error:
        raise Refused("voucher_payload", error.message) from error
