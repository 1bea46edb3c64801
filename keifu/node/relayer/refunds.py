"""Gas is paid back by a voucher to the relayer, claimed by the same transaction that the gas was for.

So nothing is owed afterwards: either both take effect, or neither. The voucher bounds what is taken, and so does the
relayer's own cap. What is taken is the price of the gas.
"""

from __future__ import annotations

from dataclasses import dataclass

from ethwire.constants import ETHER
from keifu.errors import InputError
from keifu.node.sections import RelayerWork
from keifu.payments.book import Refused
from keifu.payments.channel import Vouchers
from keifu.payments.facilitator import RefundTerms
from keifu.payments.onchain import Claimable, Onchain
from keifu.payments.signatures import exact, key_behind
from keifu.payments.x402 import PAYMENT_SIGNATURE, Payment, VoucherPayload, decode

__all__ = ["Offered", "Refunds"]

PARTS = 10_000  # to which a margin counts


@dataclass(frozen=True)
class Offered:
    """A voucher that was verified: from `start`, at most `cap` may be taken."""

    item: Claimable
    start: int
    cap: int

    def taking(self, fee: int) -> Claimable:
        item = self.item
        return Claimable(item.id, item.channel, item.most, item.signature, self.start + fee)


class Refunds:
    """What one account takes. Of the thread of the rounds: what asks the chain may raise RpcError."""

    def __init__(self, onchain: Onchain, vouchers: Vouchers, settings: RelayerWork, account: str, token: str) -> None:
        self._onchain, self._vouchers, self._settings = onchain, vouchers, settings
        self._account, self._token = account.lower(), token.lower()

    @property
    def token(self) -> str:
        """In which gas is paid back."""
        return self._token

    @property
    def terms(self) -> RefundTerms | None:
        own = self._settings
        if not own.per_ether or not own.most_refund:
            return None
        return RefundTerms(
            self._account, self._account, self._token, str(own.per_ether), str(own.most_refund), str(own.margin)
        )

    def price(self, gas: int) -> int:
        """Of so many wei of gas, in the token, rounded up."""
        margin = round(self._settings.margin * PARTS)
        return -(-gas * margin * self._settings.per_ether // (PARTS * ETHER))

    def covered(self, fee: int) -> int:
        """Wei of gas that a fee pays for."""
        return fee * ETHER // self._settings.per_ether if self._settings.per_ether else 0

    def offered(self, header: str) -> Offered:
        """Raises Refused for a voucher that could not be claimed."""
        if self.terms is None:
            raise Refused("relayer_refund", "this relayer takes no refunds")
        try:
            payload = decode(header, Payment, PAYMENT_SIGNATURE).payload
        except InputError as error:
            raise Refused("relayer_refund", error.message) from error
        if not isinstance(payload, VoucherPayload):
            raise Refused("relayer_refund", "gas is paid back by a voucher")
        channel, most = payload.channel_config.channel, int(payload.voucher.max_claimable_amount)
        if (channel.receiver, channel.receiver_authorizer, channel.token) != (
            self._account, self._account, self._token
        ):  # fmt: skip
            raise Refused("relayer_refund", "the channel is not to this relayer, on its terms")
        channel_id = self._vouchers.channel_id(channel)
        digest, signature = self._vouchers.digest(channel_id, most), bytes.fromhex(payload.voucher.signature[2:])
        found = key_behind(signature, digest)
        signer = channel.payer if int(channel.payer_authorizer, 16) == 0 else channel.payer_authorizer
        if found is None or found[0] != signer:
            raise Refused("relayer_refund", "the channel's authorizer did not sign the voucher with a key")
        held = self._onchain.held(channel_id)
        cap = min(most, held.balance - held.leaving) - held.claimed
        if cap <= 0:
            raise Refused("relayer_refund", "the voucher, or what the channel holds, leaves nothing to take")
        item = Claimable(channel_id, channel, most, exact(signature, digest, signer), most)
        return Offered(item, held.claimed, min(cap, self._settings.most_refund))
