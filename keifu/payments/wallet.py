"""How a request is paid: the channel that a server's terms ask for, and what is signed for it.

The terms come from the server (402, PAYMENT-REQUIRED) and are compared with the client's own side: chain, contract and
the most that a request may cost. A channel that does not exist yet is opened with the first request, by an EIP-3009
authorization, when the client was given a deposit for that.
"""

from __future__ import annotations

import dataclasses
import secrets
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from msgspec.structs import replace

from ethwire.constants import ZERO_ADDRESS
from ethwire.eip712 import Domain
from keifu.abi.eip712 import RECEIVE_WITH_AUTHORIZATION
from keifu.errors import CheckFailed, EnvironmentFault, InputError, UsageError
from keifu.keys import Account, keccak256
from keifu.payments.channel import Channel, Vouchers
from keifu.payments.x402 import (
    AHEAD,
    PAYMENT_REQUIRED,
    SCHEME,
    Authorization,
    Config,
    Deposit,
    DepositPayload,
    Payment,
    ReceiveAuthorization,
    Required,
    Requirements,
    VoucherFields,
    VoucherPayload,
    decode,
    encode,
    network_of,
)

__all__ = [
    "EXCEEDS", "MAX_AHEAD", "MISMATCH", "SHARE", "KeptChannel", "NoChannel", "PaymentRefused", "Terms", "TooDear",
    "Wallet",
]  # fmt: skip

SALT_BYTES = 32
MIN_DELAY, MAX_DELAY = 900, 2_592_000  # seconds, of a channel's withdrawal: x402's bounds
MAX_AHEAD = 1_024  # requests that one voucher pays
SHARE = 32  # of what a provider has answered, one part in so many is signed for ahead
MISMATCH, EXCEEDS = "cumulative_amount_mismatch", "cumulative_exceeds_balance"


class TooDear(UsageError):
    """A server asks for more than the client lets a request cost."""


class NoChannel(UsageError):
    """No channel pays this receiver by these terms."""


class PaymentRefused(EnvironmentFault):
    """A server does not take the payment; `code` is its word for why."""

    def __init__(self, message: str, code: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


@dataclass(frozen=True)
class KeptChannel:
    """A channel that this client pays from: where it is, what others had charged there before, and its highest
    voucher."""

    channel: Channel
    id: bytes
    chain_id: int
    contract: str
    base: int = 0
    signed: int = 0
    signature: bytes = b""
    fees: int = 0  # of its answers
    charged: int = 0  # by its newest receipt


class Kept(Protocol):
    """Where a client's channels are on the disk."""

    def channels(self) -> list[KeptChannel]: ...
    def keep_channel(self, kept: KeptChannel, /) -> None: ...
    def signed(self, channel_id: bytes, most: int, signature: bytes, /) -> None: ...
    def adopt(self, channel_id: bytes, charged: int, proven: int, now: int, /) -> bool: ...


@dataclass(frozen=True)
class Terms:
    """The client's own side of every payment: chain, contracts, and how much it lets go at once. Amounts in the token's
    smallest unit."""

    chain_id: int
    channels: str
    market: str
    most: int  # for one request
    collector: str = ""  # of EIP-3009 deposits
    deposit: int = 0  # into a channel that is opened with a request; 0: none is
    # Requests that one voucher may pay: what it names beyond the next one can be lost. None: as many as cost one part
    # in `SHARE` of what this provider has answered, and `MAX_AHEAD` at most.
    ahead: int | None = None
    delay: int = MAX_DELAY  # the longest that a deposit may be held back

    def __post_init__(self) -> None:
        if self.ahead is not None and not 1 <= self.ahead <= MAX_AHEAD:
            raise UsageError(f"a voucher for {self.ahead:,} requests: it pays 1 to {MAX_AHEAD:,}")


K = TypeVar("K", bound=Kept)


class Wallet(Generic[K]):
    """Signs vouchers from the channels of one client."""

    def __init__(self, account: Account, store: K, terms: Terms) -> None:
        self.account, self.store, self.terms = account, store, terms
        self._vouchers = Vouchers(terms.chain_id, terms.channels)
        self._one_by_one: set[bytes] = set()  # channels in which nothing is signed ahead any more

    def accepted(self, header: str) -> tuple[Requirements, str]:
        """The terms of a 402 that this client can pay by, and the server's word for what was wrong. Raises InputError,
        CheckFailed for another chain, TooDear."""
        required = decode(header, Required, PAYMENT_REQUIRED)
        network = network_of(self.terms.chain_id)
        of_scheme = [item for item in required.accepts if item.scheme == SCHEME]
        fitting = [item for item in of_scheme if item.network == network]
        if not fitting:
            named = ", ".join(sorted({f"{item.scheme} on {item.network}" for item in required.accepts})) or "nothing"
            raise CheckFailed(f"the server takes {named}, this client pays by {SCHEME} on {network}")
        found = min(fitting, key=lambda item: int(item.amount))
        if int(found.amount) > self.terms.most:
            raise TooDear(
                f"a request may cost {found.amount}, at most {self.terms.most} is allowed", remedy="--most raises it"
            )
        return found, str(required.error or "")

    def channel_for(self, asked: Requirements) -> KeptChannel | None:
        """The channel that pays by these terms: of this key, to this receiver, in this token."""
        authorizer, delay = _authorizer_of(asked), asked.extra.get("withdrawDelay")
        wanted = (self.account.address, asked.pay_to, authorizer, asked.asset)
        for kept in self.store.channels():
            item = kept.channel
            signer = item.payer if item.payer_authorizer == ZERO_ADDRESS else item.payer_authorizer
            parties = (signer, item.receiver, item.receiver_authorizer, item.token)
            is_there = kept.chain_id == self.terms.chain_id and kept.contract == self.terms.channels.lower()
            if is_there and _same(parties, wanted) and delay in (None, item.withdraw_delay):
                return kept
        return None

    def open_channel(self, asked: Requirements) -> KeptChannel:
        """A new channel by these terms, filled with its first request. Raises NoChannel when no deposit is allowed."""
        delay = asked.extra.get("withdrawDelay", MIN_DELAY)
        if not self.terms.deposit or not self.terms.collector:
            raise NoChannel(
                f"no channel of {self.account.address} pays {asked.pay_to} in {asked.asset}",
                remedy="keifu channel open, or --deposit AMOUNT opens one with the request",
            )
        if not isinstance(delay, int) or not MIN_DELAY <= delay <= self.terms.delay:
            raise CheckFailed(f"the server would hold deposits back for {delay} s, allowed are {self.terms.delay}")
        salt = secrets.token_bytes(SALT_BYTES)
        own, receiver = self.account.address.lower(), asked.pay_to.lower()
        channel = Channel(own, own, receiver, _authorizer_of(asked).lower(), asked.asset.lower(), delay, salt)
        kept = KeptChannel(
            channel, self._vouchers.channel_id(channel), self.terms.chain_id, self.terms.channels.lower()
        )
        self.store.keep_channel(kept)
        return kept

    def payment(
        self, kept: KeptChannel, asked: Requirements, most: int, *, deposit: bool, now: int, earned: int = 0
    ) -> Payment:
        """A voucher that names `most`, on the disk before it is given out; with a deposit for a new channel. Where the
        provider takes it, one that was signed ahead, the same until it is used up. `earned` is what answers cost of who
        is asked now; 0 where others may read what is sent, since they can use up what was signed ahead."""
        step = 1 if deposit else self._step(kept, asked, earned)
        if step > 1:
            if not (kept.signature and kept.signed >= most):
                kept = self._signed(kept, most + (step - 1) * int(asked.amount))
            return _again(_voucher(kept), asked)
        carried = max(most, self.terms.deposit) if deposit else 0
        return Payment(self._payload(self._signed(kept, most), asked, carried, now=now), asked)

    def ahead(self, kept: KeptChannel, asked: Requirements, most: int, *, deposit: bool, now: int) -> Payment:
        """One that may come again until its voucher is used up, which names `most`, or what was signed before. A
        deposit adds the terms' own to what the channel has."""
        if not kept.signature or kept.signed < most:
            kept = self._signed(kept, most)
        return _again(self._payload(kept, asked, self.terms.deposit if deposit else 0, now=now), asked)

    def _payload(
        self, kept: KeptChannel, asked: Requirements, deposit: int, *, now: int
    ) -> VoucherPayload | DepositPayload:
        payload = _voucher(kept)
        if not deposit:
            return payload
        return DepositPayload(payload.channel_config, payload.voucher, self._deposit(kept, asked, deposit, now))

    def comes_short(self, kept: KeptChannel, error: str) -> bool:
        """Whether a payment that was signed ahead was refused because the deposit has no room for it: no more is
        then."""
        if not error.endswith(EXCEEDS):
            return False
        self.one_by_one(kept)
        return True

    def one_by_one(self, kept: KeptChannel) -> None:
        """Sign for no more than one request from now on."""
        self._one_by_one.add(kept.id)

    def _step(self, kept: KeptChannel, asked: Requirements, earned: int) -> int:
        """Requests that the next voucher pays."""
        if asked.extra.get(AHEAD) is not True or kept.id in self._one_by_one:
            return 1
        if self.terms.ahead is not None:
            return self.terms.ahead
        return min(max(1, earned // (SHARE * max(1, int(asked.amount)))), MAX_AHEAD)

    def _signed(self, kept: KeptChannel, most: int) -> KeptChannel:
        signature = self._vouchers.sign(self.account, kept.id, most)
        self.store.signed(kept.id, most, signature)
        return dataclasses.replace(kept, signed=most, signature=signature)

    def identify(self, kept: KeptChannel) -> str:
        """A payment of nothing: it shows whose the channel is, by a voucher that names what was charged already."""
        channel = kept.channel
        asked = Requirements(SCHEME, network_of(self.terms.chain_id), channel.token, "0", channel.receiver, 60)
        signature = self._vouchers.sign(self.account, kept.id, kept.charged)
        voucher = VoucherFields(_hex(kept.id), str(kept.charged), _hex(signature))
        return encode(Payment(VoucherPayload(Config.of(channel), voucher), asked))

    def learn(self, kept: KeptChannel, header: str, now: int) -> bool:
        """Whether what a server says that it has charged is within what this client may owe; then it counts. Without a
        record of its own, the client believes a voucher that it signed itself. The request that was refused is no
        longer open."""
        asked, error = self.accepted(header)
        state, voucher = asked.extra.get("channelState"), asked.extra.get("voucherState")
        if not error.endswith(MISMATCH) or not isinstance(state, dict):
            return False
        try:
            charged = int(str(state.get("chargedCumulativeAmount", "")))
            proven = self._proven(kept, voucher) if isinstance(voucher, dict) else 0
        except ValueError:
            return False
        return self.store.adopt(kept.id, charged, proven, now)

    def _proven(self, kept: KeptChannel, voucher: dict[str, object]) -> int:
        """What a voucher names that is shown to be this client's own; 0 for another's."""
        most, signature = int(str(voucher.get("signedMaxClaimable"))), str(voucher.get("signature"))
        signer = self._vouchers.signer(kept.id, most, bytes.fromhex(signature.removeprefix("0x")))
        return most if signer == self.account.address.lower() else 0

    def _deposit(self, kept: KeptChannel, asked: Requirements, amount: int, now: int) -> Deposit:
        name, version = asked.extra.get("name"), asked.extra.get("version")
        if not isinstance(name, str) or not isinstance(version, str):
            raise InputError("the server's terms do not name the token's domain", remedy="keifu channel open")
        salt = secrets.token_bytes(SALT_BYTES)
        nonce, until = keccak256(kept.id + salt), now + asked.max_timeout_seconds
        signature = Domain(name, version, self.terms.chain_id, asked.asset).sign(
            self.account,
            RECEIVE_WITH_AUTHORIZATION,
            self.account.address,
            self.terms.collector,
            amount,
            0,
            until,
            nonce,
        )
        signed = ReceiveAuthorization("0", str(until), _hex(salt), _hex(signature))
        return Deposit(str(amount), Authorization(erc3009_authorization=signed))


def _voucher(kept: KeptChannel) -> VoucherPayload:
    fields = VoucherFields(_hex(kept.id), str(kept.signed), _hex(kept.signature))
    return VoucherPayload(Config.of(kept.channel), fields)


def _again(payload: VoucherPayload | DepositPayload, asked: Requirements) -> Payment:
    """What else was asked for says nothing more, and would go with every request."""
    return Payment(payload, replace(asked, extra={}), extensions={AHEAD: True})


def _authorizer_of(asked: Requirements) -> str:
    found = asked.extra.get("receiverAuthorizer")
    if not isinstance(found, str) or int(found, 16) == 0:
        raise InputError("the server's terms name nobody who claims for it", remedy="it has to say receiverAuthorizer")
    return found


def _same(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    return [item.lower() for item in left] == [item.lower() for item in right]


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
