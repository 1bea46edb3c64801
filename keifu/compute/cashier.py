"""What a request pays with: x402's headers, or a key of its own. Who may begin, and what is said about the money.

A payment that says that it is signed ahead (`AHEAD`) may come again until its voucher is used up, byte by byte the same
or by its name alone (`BRIEF_HEADER`): it is verified once. Nothing here waits: what needs the chain (`Slow`) is done
beside it, by the node's errands.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from keifu.abi.eip712 import VOUCHER
from keifu.errors import KeifuError
from keifu.keys import Account as Key
from keifu.keys import keccak256
from keifu.payments.book import Account, Book, Held, Refused
from keifu.payments.channel import Vouchers
from keifu.payments.facilitator import PERMIT_EXTENSION
from keifu.payments.signatures import key_behind, verified
from keifu.payments.x402 import (
    AHEAD,
    BRIEF,
    BRIEF_HEADER,
    ERRORS,
    LARGEST_HEADER,
    SCHEME,
    Required,
    Requirements,
    brief_of,
    encode,
    network_of,
)

__all__ = ["SIGNATURE", "UNKNOWN", "Cashier", "Offer", "Slow", "Ticket"]

SIGNATURE = b"payment-signature"
UNKNOWN = "payment_unknown"  # by its name alone: whole it may well be taken
_BRIEF = BRIEF_HEADER.lower().encode()
_KEY = re.compile(rb"Bearer kf-([0-9a-f]{64})")
KEPT_KEYS = KEPT_PAYMENTS = 4_096


class _Voucher(msgspec.Struct, rename="camel"):
    channel_id: str
    max_claimable_amount: str
    signature: str


class _Payload(msgspec.Struct):
    type: str
    voucher: _Voucher


class _Accepted(msgspec.Struct, rename="camel"):
    network: str
    asset: str
    amount: str
    pay_to: str


class _Payment(msgspec.Struct):
    """Of a payment what a voucher of a known channel needs: its id commits to all the rest."""

    payload: _Payload
    accepted: _Accepted
    extensions: dict[str, msgspec.Raw] | None = None


_DECODER = msgspec.json.Decoder(_Payment)


@dataclass(frozen=True)
class Offer:
    """To whom, in what and on which terms channels are opened here."""

    chain_id: int
    channels: str
    receiver: str
    receiver_authorizer: str
    token: str
    token_name: str
    token_version: str
    withdraw_delay: int
    method: str = "eip3009"
    deposits: int = 10  # requests that the advised deposit pays
    credit: int = 0  # beyond the voucher, for who has paid before
    patience: int = 60  # seconds, for an answer


@dataclass(slots=True)
class Ticket:
    """A request that may begin: what is reserved for it, and from where its payer counts."""

    account: Account
    fee: int  # at most
    base: int = 0  # what its payer believes to be charged until now
    amount: int = 0  # what its payer signed for this request
    key: Key | None = None  # signs vouchers in its payer's place
    most: int = 0  # of a voucher that is signed ahead; its receipts say what was charged
    held: Held | None = None  # what the chain said when that voucher was last found to be covered


class Slow(Exception):
    """A payment that is not decided without the chain."""

    def __init__(self, header: str) -> None:
        super().__init__("asks the chain")
        self.header = header


class Cashier:
    """Admits requests. `admit` raises Refused, or Slow."""

    def __init__(self, offer: Offer, book: Book) -> None:
        self.offer, self.book = offer, book
        self.vouchers = Vouchers(offer.chain_id, offer.channels)
        self._prefix = b"\x19\x01" + self.vouchers.domain.separator
        self._type = VOUCHER.type_hash
        self._network = network_of(offer.chain_id)
        self._keys: dict[bytes, Key] = {}  # by the header that brings them: in memory, and nowhere else
        self._ahead: dict[bytes, Ticket] = {}  # verified payments that may come again, by their header
        self._ahead_of: dict[bytes, tuple[bytes, bytes]] = {}  # of each channel, header and name of the newest
        self._brief: dict[bytes, Ticket] = {}  # the same payments by their names
        self._beginnings: dict[bytes, bytes] = {}  # of each channel, the beginning of what is said after a payment

    # admission -----------------------------------------------------------------------------------------------------

    def admit(self, headers: Mapping[bytes, bytes], fee: int) -> Ticket:
        """The payment of a request that costs `fee` at most. Raises Refused, or Slow for what asks the chain."""
        if (header := headers.get(SIGNATURE)) is not None:
            return self.admit_paid(header, fee)
        if (name := headers.get(_BRIEF)) is not None:
            if (ticket := self._brief.get(name)) is None:
                raise Refused(UNKNOWN, "no payment of this name was shown here: send it whole")
            return self._again(ticket, fee)
        if (given := headers.get(b"authorization")) is not None and given.startswith(b"Bearer kf-"):
            return self._by_key(given, fee)
        raise Refused("", "this has to be paid for")

    def admit_paid(self, header: bytes, fee: int) -> Ticket:
        """The payment that this header of x402 brings. Raises as `admit`."""
        ticket = self._ahead.get(header)
        if ticket is None:
            return self._by_voucher(header, fee)
        return self._again(ticket, fee)

    def _again(self, ticket: Ticket, fee: int) -> Ticket:
        # Verified before: its voucher names a sum, and what is charged in all never passes that.
        account = ticket.account
        if ticket.held is account.held and ticket.fee == fee and not account.is_closing:
            reserved = account.reserved + fee
            if account.charged + reserved <= ticket.most:  # which is nearly always so
                account.reserved = reserved
                return ticket
        if 0 < ticket.amount < fee:
            raise _too_low(fee)
        account.require(ticket.most, fee, self.offer.credit)
        account.reserved += fee
        ticket.held = account.held if account.covers(ticket.most) else None
        return ticket if ticket.fee == fee else Ticket(account, fee, amount=ticket.amount, most=ticket.most)

    def admit_opened(self, header: str, fee: int) -> Ticket:
        """The payment that came with a deposit, or to a channel that was looked up, after that was done."""
        try:
            return self._by_voucher(header.encode("latin-1"), fee, is_opened=True)
        except Slow:
            raise Refused("channel_not_found", "there is no such channel") from None

    def _by_voucher(self, header: bytes, fee: int, *, is_opened: bool = False) -> Ticket:
        if len(header) > LARGEST_HEADER:
            raise Refused("payload_too_large", "the payment is too long")
        try:
            payment = _DECODER.decode(a2b_base64(header, strict_mode=True))
            voucher, accepted = payment.payload.voucher, payment.accepted
            channel_id = bytes.fromhex(voucher.channel_id[2:])
            most, amount = number(voucher.max_claimable_amount), number(accepted.amount)
            signature = bytes.fromhex(voucher.signature[2:])
        except (ValueError, RecursionError) as error:
            raise Refused("voucher_payload", f"the payment cannot be read: {error}") from error
        account = self.book.get(channel_id)
        if account is None or (payment.payload.type != "voucher" and not is_opened):
            raise Slow(header.decode("latin-1"))
        if accepted.network != self._network:
            raise Refused("network_mismatch", f"this is {self._network}")
        if accepted.amount and amount < fee:
            raise _too_low(fee)
        account.require(most, fee, self.offer.credit)
        self.check(account, most, signature)
        is_ahead = payment.extensions is not None and AHEAD in payment.extensions
        account.keep(most, signature, is_ahead=is_ahead)
        account.reserved += fee
        if not is_ahead:
            return Ticket(account, fee, most - amount, amount)
        ticket = Ticket(account, fee, amount=amount, most=most)
        self._keep_ahead(header, ticket)
        return ticket

    def _keep_ahead(self, header: bytes, ticket: Ticket) -> None:
        """One for each channel, and no more in all than are kept."""
        self._forget(ticket.account.id)
        if len(self._ahead) >= KEPT_PAYMENTS:
            self._forget(next(iter(self._ahead.values())).account.id)
        name = brief_of(header)
        self._ahead_of[ticket.account.id] = header, name
        self._ahead[header] = self._brief[name] = ticket

    def _forget(self, channel: bytes) -> None:
        if (known := self._ahead_of.pop(channel, None)) is not None:
            header, name = known
            del self._ahead[header], self._brief[name]

    def _by_key(self, given: bytes, fee: int) -> Ticket:
        key = self._keys.get(given)
        if key is None:
            key = _key_of(given)
            if len(self._keys) >= KEPT_KEYS:
                self._keys.clear()
            self._keys[given] = key
        account = self.book.of_authorizer(key.address)
        if account is None:
            raise Refused("channel_not_found", "no channel to this provider has this key as its payer's authorizer")
        if account.is_closing:
            raise Refused("channel_busy", "the channel is being paid back")
        if fee > account.room:
            raise Refused("insufficient_balance", f"the deposit has {max(0, account.room)} left, this costs {fee}")
        account.reserved += fee
        return Ticket(account, fee, key=key)

    def check(self, account: Account, most: int, signature: bytes) -> None:
        """Raises Refused for a voucher that the contract would not take."""
        digest = self.digest(account.id, most)
        if account.key is not None:
            is_signed = verified(account.key, signature, digest)
        else:
            found = key_behind(signature, digest)
            is_signed = found is not None and found[0] == account.signer
            account.key = found[1] if found is not None and is_signed else None
        if not is_signed:
            raise Refused("voucher_signature", "the channel's authorizer did not sign this voucher")

    def digest(self, channel_id: bytes, most: int) -> bytes:
        return keccak256(self._prefix + keccak256(self._type + channel_id + most.to_bytes(32, "big")))

    def sign(self, ticket: Ticket) -> None:
        """The voucher for what was charged, by the key that the request came with."""
        account = ticket.account
        if ticket.key is not None and account.charged > account.most:
            account.keep(account.charged, ticket.key.sign(self.digest(account.id, account.charged)))

    # words ---------------------------------------------------------------------------------------------------------

    def requirements(self, amount: int, account: Account | None = None) -> Requirements:
        offer = self.offer
        extra: dict[str, object] = {
            "receiverAuthorizer": offer.receiver_authorizer,
            "withdrawDelay": offer.withdraw_delay,
            "name": offer.token_name,
            "version": offer.token_version,
            "assetTransferMethod": offer.method,
            "minDeposit": str(amount * offer.deposits),
            AHEAD: True,
            BRIEF: True,
        }
        if account is not None:
            extra["channelState"] = self.state(account)
            if account.most:
                signed = {"signedMaxClaimable": str(account.most), "signature": "0x" + account.signature.hex()}
                extra["voucherState"] = signed
        return Requirements(SCHEME, self._network, offer.token, str(amount), offer.receiver, offer.patience, extra)

    def required(self, amount: int, refused: Refused, account: Account | None = None) -> bytes:
        """The header of a 402."""
        error = ERRORS + refused.code if refused.code else "payment required"
        asked = Required([self.requirements(amount, account)], error=error)
        if self.offer.method == "permit2":
            asked.extensions = {PERMIT_EXTENSION: {"info": {"version": "1"}}}
        return b"payment-required: " + encode(asked).encode() + b"\r\n"

    def corrects(self, headers: dict[bytes, bytes]) -> Account | None:
        """The channel that a refused payment names, when its authorizer signed it: only it learns the voucher."""
        try:
            voucher = _DECODER.decode(a2b_base64(headers[SIGNATURE])).payload.voucher
            account = self.book.get(bytes.fromhex(voucher.channel_id[2:]))
            if account is not None:
                self.check(account, number(voucher.max_claimable_amount), bytes.fromhex(voucher.signature[2:]))
        except (KeyError, ValueError, RecursionError, Refused):
            return None
        return account

    def state(self, account: Account) -> dict[str, object]:
        held = account.held
        return {
            "channelId": "0x" + account.id.hex(),
            "balance": str(held.balance),
            "totalClaimed": str(held.claimed),
            "withdrawRequestedAt": held.asked_at,
            "refundNonce": str(held.refunds),
            "chargedCumulativeAmount": str(account.charged),
        }

    def settled(self, ticket: Ticket, *, all_of_it: bool = False) -> bytes:
        """The header of a paid answer. Its payer counts from its own base: what it is charged leads it to our sum."""
        account = ticket.account
        if ticket.key is not None or ticket.most:
            return b""
        charged = ticket.amount if all_of_it else min(max(account.charged - ticket.base, 0), ticket.amount)
        held = account.held
        text = b'%b"%d","totalClaimed":"%d","withdrawRequestedAt":%d,"refundNonce":"%d","chargedCumulativeAmount":"%d"},"chargedAmount":"%d"}}' % (  # noqa: E501 - JSON
            self._beginning(account), held.balance, held.claimed,
            held.asked_at, held.refunds,
            ticket.base + charged, charged,
        )  # fmt: skip
        return b"payment-response: " + b64encode(text) + b"\r\n"

    def _beginning(self, account: Account) -> bytes:
        found = self._beginnings.get(account.id)
        if found is None:
            document = (
                f'{{"success":true,"payer":"{account.channel.payer}","transaction":"","network":"{self._network}",'
                f'"amount":"","extra":{{"channelState":{{"channelId":"0x{account.id.hex()}","balance":'
            )
            found = self._beginnings[account.id] = document.encode()
        return found


def _too_low(fee: int) -> Refused:
    return Refused("cumulative_amount_mismatch", f"the price is {fee}: this is a request's, or an older one")


def _key_of(given: bytes) -> Key:
    """Raises Refused."""
    found = _KEY.fullmatch(given)
    if found is None:
        raise Refused("api_key", "a key is kf- and 64 hex digits")
    try:
        return Key(bytes.fromhex(found[1].decode()))
    except KeifuError as error:
        raise Refused("api_key", "this is no key") from error


def number(text: str) -> int:
    """A decimal text of at most 39 digits. Raises ValueError."""
    if len(text) > 39 or not text.isdecimal() or not text.isascii():  # noqa: PLR2004 - of 2^128
        raise ValueError("an amount is a decimal number below 2^128")
    value = int(text)
    if value >> 128:
        raise ValueError("an amount is below 2^128")
    return value
