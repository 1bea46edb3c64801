"""What the chores ask of others: a relayer's terms, and that it brings what was signed; a provider's terms."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import msgspec

from ethwire.constants import ETHER
from ethwire.http import httpx
from keifu.accounts import Brought, Intent
from keifu.agent.faults import ChoreFault
from keifu.agent.wishes import Mind
from keifu.compute.client.store import Store
from keifu.errors import EnvironmentFault
from keifu.payments.facilitator import RefundTerms, Supported
from keifu.payments.wallet import Wallet
from keifu.payments.x402 import PAYMENT_REQUIRED, Requirements
from keifu.strangers import Answered, answered, caller

__all__ = ["Relayer", "refund_of", "terms_of"]

SECONDS, CONNECT_SECONDS = 60.0, 5.0
PAYMENT_NEEDED = 402
LARGEST = 1 << 20  # bytes of an answer
ROOM = 1.5  # times the gas of now: a price may rise between signature and block


@dataclass(frozen=True)
class Relayer:
    """One that brings batches of accounts."""

    url: str

    def terms(self, token: str) -> RefundTerms | None:
        """What it takes for gas; None when it gives it away. Raises ChoreFault when that is no coin of ours."""
        body = _asked(self.url, "GET", "/supported").body
        try:
            [kind] = msgspec.json.decode(body, type=Supported).kinds
            found = kind.refund
            if found is not None and (int(found.per_ether) < 0 or not 0 <= float(found.margin) < inf):
                raise ValueError(f"it takes {found.per_ether} for an ether, {found.margin} times")
        except (ValueError, msgspec.MsgspecError) as error:
            raise EnvironmentFault(f"{self.url} is no relayer: {error}", remedy="look at its address") from error
        if found is not None and found.token.lower() != token.lower():
            raise ChoreFault("relayer_coin", f"the relayer takes {found.token} for gas", "ask another relayer")
        return found

    def bring(self, intent: Intent) -> str:
        """The transaction. Asked again, it says how that stands. Raises ChoreFault with its reason."""
        answer = _asked(self.url, "POST", "/account", msgspec.json.encode(intent))
        try:
            found = msgspec.json.decode(answer.body, type=Brought)
        except ValueError as error:
            raise EnvironmentFault(f"{self.url} is no relayer: {error}", remedy="look at its address") from error
        if found.state not in ("sent", "done"):
            raise ChoreFault(
                "relayer_refuses", f"the relayer did not bring it: {found.reason}",
                "nothing has happened; call again, with another --relayer if it goes on",
            )  # fmt: skip
        return found.transaction


def refund_of(terms: RefundTerms, gas: int, gas_price: int) -> int:
    """What so much gas is paid back with, wei of the coin."""
    wei = round(gas * gas_price * float(terms.margin) * ROOM)
    return -(-wei * int(terms.per_ether) // ETHER)


def terms_of(mind: Mind, wallet: Wallet[Store]) -> Requirements:
    """How a provider wants to be paid. Raises ChoreFault when it asks for nothing, or too much."""
    answer = _asked(mind.url, "POST", mind.path, msgspec.json.encode(mind.document))
    header = answer.headers.get(PAYMENT_REQUIRED, "")
    if answer.status != PAYMENT_NEEDED or not header:
        raise ChoreFault(
            "no_terms", f"{mind.url} names no price for {mind.model!r} (status {answer.status})",
            "look at the model's name, or ask another provider",
        )  # fmt: skip
    return wallet.accepted(header)[0]


def _asked(url: str, method: str, path: str, body: bytes = b"") -> Answered:
    try:
        with caller(url, SECONDS, CONNECT_SECONDS) as http:
            return answered(http, method, path, LARGEST, body)
    except httpx.HTTPError as error:
        raise EnvironmentFault(f"{url} does not answer: {error}", remedy="the same command goes on") from error
