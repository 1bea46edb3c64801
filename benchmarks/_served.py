"""What is served under load: the digits models, and who pays for their answers."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET

from examples.digits.training import Settings as Training
from examples.digits.weights import held_out, make_weights
from keifu.compute.alone import Settings, offer_of
from keifu.compute.client.checks import Prices
from keifu.compute.integers import Classifier
from keifu.compute.model import Model
from keifu.inference import Model as Weights
from keifu.keys import Account
from keifu.payments.channel import Channel, Vouchers
from keifu.payments.x402 import (
    AHEAD,
    BRIEF_HEADER,
    PAYMENT_SIGNATURE,
    SCHEME,
    Config,
    Payment,
    Requirements,
    VoucherFields,
    VoucherPayload,
    brief_of,
)

__all__ = ["CNN", "FOLDER", "MLP", "PRICE", "Payer", "asked", "models", "unpaid_models", "weights"]

FOLDER = "KEIFU_BENCHMARK_WEIGHTS"  # the environment variable that names it
PRICE = 10  # of a request, in the token's smallest units
MLP, CNN = "digits-mlp", "digits-cnn"
TRAINING = {MLP: Training(), CNN: Training(network="cnn", epochs=15, learning_rate=0.005)}


def weights(folder: Path) -> None:
    """Train and quantise both models."""
    for name, settings in TRAINING.items():
        (folder / name).mkdir()
        make_weights(folder / name, settings)


def models(*, is_committed: bool = True) -> list[Model]:
    """Both models, from the folder that the environment names."""
    folder = Path(os.environ[FOLDER])
    return [
        Classifier(name, Prices(request=PRICE), Weights.load(folder / name), is_committed=is_committed)
        for name in TRAINING
    ]


def unpaid_models() -> list[Model]:
    return models(is_committed=False)


class Payer:
    """A channel whose vouchers are signed before they are needed, each for as many requests as `ahead` says. The first
    is for `used` fewer, so that vouchers of many payers come one by one, as in life."""

    def __init__(self, role: str, settings: Settings, ahead: int, used: int = 0) -> None:
        offer = offer_of(settings)
        self.key = Account.from_role(role)
        address = self.key.address
        self.channel = Channel(address, address, offer.receiver, offer.receiver, offer.token, 900, bytes(32))
        self.vouchers = Vouchers(settings.chain_id, settings.channels)
        self.id = self.vouchers.channel_id(self.channel)
        self._config = Config.of(self.channel)
        network = f"eip155:{settings.chain_id}"
        self._ahead, self._used, self._most, self._brief = ahead, used % ahead, 0, b""
        self._accepted = Requirements(SCHEME, network, offer.token, str(PRICE), offer.receiver, 60)

    def header(self, number: int) -> bytes:
        """The payment of this channel's request `number`, from 1, as our client sends it: whole, and by its name from
        the first answer on."""
        most = (-(-(number + self._used) // self._ahead) * self._ahead - self._used) * PRICE
        if most == self._most:
            return self._brief
        payment = self._signed(most)
        self._most, self._brief = most, b"%b: %b\r\n" % (BRIEF_HEADER.encode(), brief_of(payment))
        return b"%b: %b\r\n" % (PAYMENT_SIGNATURE.encode(), payment)

    def _signed(self, most: int) -> bytes:
        signature = self.vouchers.sign(self.key, self.id, most)
        fields = VoucherFields("0x" + self.id.hex(), str(most), "0x" + signature.hex())
        extensions = {AHEAD: True} if self._ahead > 1 else UNSET
        payment = Payment(VoucherPayload(self._config, fields), self._accepted, extensions=extensions)
        return b64encode(msgspec.json.encode(payment))


def asked(name: str, count: int) -> list[bytes]:
    """Bodies of so many requests of one digit each."""
    images, _ = held_out(TRAINING[name])
    shaped: Any = images if name == MLP else images.reshape(-1, 8, 8, 1)
    bodies = [msgspec.json.encode({"model": name, "input": [image.tolist()]}) for image in shaped]
    return [bodies[int(place)] for place in np.resize(np.arange(len(bodies)), count)]
