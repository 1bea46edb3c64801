"""A provider in a process of its own, and a payer that signs as x402's clients do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import UNSET

from ethwire.keys import Account
from keifu.compute.alone import RECEIPT_ROLE, Funded, Settings, offer_of
from keifu.compute.receipt import Receipts, SignedReceipt
from keifu.compute.wire import unpack
from keifu.payments.channel import Channel, Vouchers
from keifu.payments.x402 import (
    AHEAD,
    SCHEME,
    Config,
    Payment,
    Requirements,
    Settled,
    VoucherFields,
    VoucherPayload,
    decode,
    encode,
)

__all__ = ["DEPOSIT", "PATIENCE_SECONDS", "Payer", "Provider", "provider", "settings_of"]

DEPOSIT = 1_000_000
PATIENCE_SECONDS = 30


@dataclass
class Payer:
    """One channel; `charged` is what it believes, as its receipts say."""

    role: str
    settings: Settings
    charged: int = 0
    key: Account = field(init=False)

    def __post_init__(self) -> None:
        self.key = Account.from_role(self.role)
        offer = offer_of(self.settings)
        self.channel = Channel(
            self.key.address, self.key.address, offer.receiver, offer.receiver, offer.token, 900, bytes(32)
        )
        self.vouchers = Vouchers(self.settings.chain_id, self.settings.channels)
        self.id = self.vouchers.channel_id(self.channel)

    def payment(self, most: int, amount: int, *, is_ahead: bool = False, **changes: Any) -> dict[str, str]:
        """Headers of a request that is paid up to `most`; `changes` are of the voucher's fields. `is_ahead`: the same
        headers pay the next ones, too."""
        signature = self.vouchers.sign(self.key, self.id, most)
        fields = {"channel_id": "0x" + self.id.hex(), "max_claimable_amount": str(most)}
        voucher = VoucherFields(**{**fields, "signature": "0x" + signature.hex(), **changes})
        offer = offer_of(self.settings)
        network = f"eip155:{self.settings.chain_id}"
        accepted = Requirements(SCHEME, network, offer.token, str(amount), offer.receiver, 60)
        payload = VoucherPayload(Config.of(self.channel), voucher)
        extensions = {AHEAD: True} if is_ahead else UNSET
        return {"payment-signature": encode(Payment(payload, accepted, extensions=extensions))}

    @property
    def api_key(self) -> str:
        return "kf-" + self.key.secret().hex()

    def receipt(self, response: httpx.Response) -> SignedReceipt:
        """The receipt of an answer, by the right key."""
        signed = unpack(response.headers["keifu-receipt"])
        market = Receipts(self.settings.chain_id, self.settings.market)
        assert market.signer(signed) == Account.from_role(RECEIPT_ROLE).address
        return signed

    def settled(self, response: httpx.Response) -> Settled:
        return decode(response.headers["payment-response"], Settled, "PAYMENT-RESPONSE")


@dataclass
class Provider:
    url: str
    process: subprocess.Popen[str]
    settings: Settings


def settings_of(folder: Path, payers: int = 2, *, models: str = "models", **changes: Any) -> Settings:
    plain = Settings(f"tests.compute_models:{models}", str(folder / "book.db"), **changes)
    for number in range(payers):
        payer = Payer(f"payer {number}", plain)
        plain.funded.append(Funded(Config.of(payer.channel), str(DEPOSIT)))
    return plain


@contextmanager
def provider(settings: Settings) -> Iterator[Provider]:
    """Serves until the block ends; killed then, unless the test has ended it."""
    file = Path(settings.book).with_name("settings.json")
    file.write_bytes(msgspec.json.encode(settings))
    root = Path(__file__).parent.parent
    process = subprocess.Popen(
        [sys.executable, "-m", "keifu.compute.alone", str(file)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, "the provider did not start"
        yield Provider(url, process, settings)
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)
