"""Deposits that a relayer brings in the node's place, and what pays it for the gas.

The relayer is nobody whose word counts: whether a deposit is there, the node asks the chain. What can be lost is one
voucher's fee at a time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from ethwire.http import httpx
from keifu.chain.logs import find_events
from keifu.compute.cashier import Cashier, number
from keifu.errors import EnvironmentFault, UsageError
from keifu.keys import Account as Key
from keifu.node.chain import NodeChain
from keifu.node.sections import ComputeWork
from keifu.payments.book import Refused
from keifu.payments.channel import Channel
from keifu.payments.facilitator import PENDING, Asked
from keifu.payments.onchain import Onchain
from keifu.payments.x402 import (
    ERRORS,
    PAYMENT_SIGNATURE,
    SCHEME,
    Config,
    DepositPayload,
    Payment,
    Requirements,
    Settled,
    VoucherFields,
    VoucherPayload,
    encode,
)

__all__ = ["Facilitator", "Prepaid", "prepaid_of"]

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 90.0  # the second as x402's clients have it
TIMES = 3  # that a pending deposit is asked for
LARGEST_ANSWER = 1 << 20


@dataclass(frozen=True)
class Prepaid:
    """A channel to the relayer that this node's key signs for."""

    id: bytes
    channel: Channel
    fee: int  # at most, for one deposit


def prepaid_of(settings: ComputeWork, chain: NodeChain, onchain: Onchain, key: Key) -> Prepaid | None:
    """The channel that the settings name, as it was opened. Raises UsageError when this key signs for none such."""
    if not settings.facilitator_channel:
        return None
    channel_id = bytes.fromhex(settings.facilitator_channel)
    first = chain.record.first_block
    for log in find_events(chain.client, onchain.contract, "ChannelCreated", first, channelId=channel_id):
        channel = Channel(*log.args["config"])
        if channel.payer_authorizer.lower() == key.address.lower():
            return Prepaid(channel_id, channel, settings.facilitator_fee)
    raise UsageError(
        f"no channel 0x{settings.facilitator_channel} was opened whose vouchers {key.address} signs",
        remedy="keifu channel open --to RELAYER --signer NODE, and put its id into compute.facilitator_channel",
    )


class Facilitator:
    """Asked in the loop of the answers, one deposit at a time: the next voucher begins where the last one ended."""

    def __init__(self, url: str, cashier: Cashier, key: Key, prepaid: Prepaid | None) -> None:
        self._cashier, self._key, self.prepaid = cashier, key, prepaid
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"), timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS), trust_env=False
        )
        self.turn = asyncio.Lock()

    async def bring(self, payment: Payment, payload: DepositPayload, claimed: int) -> int:
        """The balance that the relayer has seen then. `claimed` is what it has taken until now of what is prepaid.

        Raises Refused when it does not bring it, EnvironmentFault when it does not answer.
        """
        body = msgspec.json.encode(Asked(payment, self._wanted(payment, payload)))
        headers = {"content-type": "application/json", **self._refund(claimed)}
        for _ in range(TIMES):
            settled = await self._ask(body, headers)
            if settled.success:
                return _balance(settled)
            if settled.error_reason != PENDING:
                code = str(settled.error_reason or "deposit_transaction_failed").removeprefix(ERRORS)
                raise Refused(code, f"the relayer: {settled.error_message or settled.error_reason}")
        raise EnvironmentFault("the deposit is on its way, and in no block yet", remedy="send the same request again")

    async def close(self) -> None:
        await self._http.aclose()

    async def _ask(self, body: bytes, headers: dict[str, str]) -> Settled:
        try:
            response = await self._http.post("/settle", content=body, headers=headers)
            if len(response.content) > LARGEST_ANSWER:
                raise EnvironmentFault("the relayer sends too much")
            return msgspec.json.decode(response.content, type=Settled)
        except (httpx.HTTPError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise EnvironmentFault(
                f"the relayer at {self._http.base_url} does not answer: {error}",
                remedy="compute.facilitator of another",
            ) from error

    def _wanted(self, payment: Payment, payload: DepositPayload) -> Requirements:
        """What this node asks for, in the terms of this channel."""
        wanted = self._cashier.requirements(int(payment.accepted.amount))
        is_permit = bool(payload.deposit.authorization.permit2_authorization)
        wanted.extra |= {
            "withdrawDelay": payload.channel_config.withdraw_delay,
            "assetTransferMethod": "permit2" if is_permit else "eip3009",
        }
        return wanted

    def _refund(self, claimed: int) -> dict[str, str]:
        if self.prepaid is None:
            return {}
        prepaid, most = self.prepaid, claimed + self.prepaid.fee
        signature = self._cashier.vouchers.sign(self._key, prepaid.id, most)
        voucher = VoucherFields("0x" + prepaid.id.hex(), str(most), "0x" + signature.hex())
        accepted = Requirements(SCHEME, self._cashier.requirements(0).network, prepaid.channel.token, str(prepaid.fee),
                                prepaid.channel.receiver, int(ANSWER_SECONDS))  # fmt: skip
        return {PAYMENT_SIGNATURE: encode(Payment(VoucherPayload(Config.of(prepaid.channel), voucher), accepted))}


def _balance(settled: Settled) -> int:
    """As the relayer says; 0 when it does not. Nothing rests on it but how long the chain is looked at."""
    state = settled.extra.get("channelState") if isinstance(settled.extra, dict) else None
    text = state.get("balance") if isinstance(state, dict) else None
    try:
        return number(text) if isinstance(text, str) else 0
    except ValueError:
        return 0
