"""Paid answers under load: how many a processor second of the server gives, and what receipts and vouchers cost."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from urllib.parse import urlsplit

import msgspec

from benchmarks._beside import PATIENCE_SECONDS, line_of, processor_seconds, python_beside
from benchmarks._lab import Lab
from benchmarks._load import Plan, answers_of
from benchmarks._rows import Row
from benchmarks._served import CNN, FOLDER, MLP, PRICE, Payer, asked, weights
from keifu.compute.alone import RECEIPT_ROLE, Funded, Settings
from keifu.compute.receipt import Receipts
from keifu.compute.wire import unpack
from keifu.errors import CheckFailed
from keifu.keys import Account, keccak256
from keifu.payments.wallet import MAX_AHEAD, SHARE
from keifu.payments.x402 import Config

__all__ = ["ROWS", "Load", "measure_load"]

AHEAD, FEWER = MAX_AHEAD, 64  # requests that a payer signs for at once
MANY, FEW = 256, 64  # connections, each a payer with a channel of its own
REQUESTS = 4_096  # of a round
PAIRS, ROUNDS = 5, 12  # processes with and without receipts, and rounds of each
WARM = 4  # requests of each connection


@dataclass(frozen=True)
class Load:
    """Requests a processor second of the server, and processor seconds a request beside the same without receipts."""

    rate: float
    overhead: float
    plain: float  # the rate without them


class _Server:
    """A provider in a process of its own, and the client that asks it."""

    def __init__(
        self, stack: ExitStack, folder: Path, model: str, *, payers: int, ahead: int, is_paid: bool
    ) -> None:  # fmt: skip
        """Its models' weights are in the folder above."""
        self._name, self._is_paid = "paid" if is_paid else "plain", is_paid
        function = "models" if is_paid else "unpaid_models"
        self.settings = Settings(f"benchmarks._served:{function}", str(folder / f"{self._name}.db"), is_paid=is_paid)
        self._payers = [
            Payer(f"payer {number}", self.settings, ahead, number * ahead // payers) for number in range(payers)
        ]
        self._each = WARM + ROUNDS * (REQUESTS // payers)
        deposit = str((self._each + ahead) * PRICE)
        self.settings.funded = [Funded(Config.of(payer.channel), deposit) for payer in self._payers]
        file, named = folder / f"{self._name}.json", {FOLDER: str(folder.parent)}
        file.write_bytes(msgspec.json.encode(self.settings))
        self._server = stack.enter_context(python_beside("keifu.compute.alone", str(file), environment=named))
        self._plan = folder / f"{self._name}.plan"
        place = urlsplit(line_of(self._server))
        Plan(place.hostname or "", place.port or 0, self._requests(model)).write(self._plan)
        self._client = stack.enter_context(python_beside("benchmarks._load", str(self._plan)))
        line_of(self._client)
        self.ask(WARM)

    def _requests(self, model: str) -> list[list[bytes]]:
        bodies = asked(model, self._each)
        head = b"POST /v1/classify HTTP/1.1\r\nhost: provider\r\ncontent-type: application/json\r\n"
        return [
            [
                b"%b%bcontent-length: %d\r\n\r\n%b"
                % (head, payer.header(number) if self._is_paid else b"", len(body), body)
                for number, body in enumerate(bodies, 1)
            ]
            for payer in self._payers
        ]

    def ask(self, each: int) -> float:
        """Processor seconds a request of the server, while every connection asks so often."""
        assert self._client.stdin is not None
        before = processor_seconds(self._server.pid)
        self._client.stdin.write(f"{each}\n")
        self._client.stdin.flush()
        answered = int(line_of(self._client))
        return (processor_seconds(self._server.pid) - before) / answered

    def end(self) -> None:
        """Raises CheckFailed when a last answer does not have the receipt that belongs to it."""
        self._client.communicate(timeout=PATIENCE_SECONDS)
        if self._is_paid:
            for payer, answer in zip(self._payers, answers_of(self._plan), strict=True):
                self._check(payer, answer)

    def _check(self, payer: Payer, answer: bytes) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        said = [line for line in head.split(b"\r\n") if line.startswith(b"keifu-receipt: ")]
        if not said:
            raise CheckFailed("an answer under load has no receipt")
        signed = unpack(said[0].partition(b": ")[2].decode())
        receipt, market = signed.receipt, Receipts(self.settings.chain_id, self.settings.market)
        found = (receipt.channel_id, receipt.number, receipt.charged, receipt.response_hash, market.signer(signed))
        key = Account.from_role(RECEIPT_ROLE).address
        if found != (payer.id, self._each, self._each * PRICE, keccak256(body), key):
            raise CheckFailed("the receipt of an answer under load is not what was answered")


def measure_load(model: str = MLP, *, payers: int = MANY, ahead: int = AHEAD) -> Load:
    """Medians of pairs of servers, with receipts and without: what a process costs depends on where its memory lies,
    too."""
    pairs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as place:
        weights(Path(place))
        for number in range(PAIRS):
            folder = Path(place, str(number))
            folder.mkdir()
            pairs.append(_measure_pair(folder, model, payers, ahead))
    paid, plain = (median(column) for column in zip(*pairs, strict=True))
    return Load(1 / paid, median(own / other for own, other in pairs), 1 / plain)


def _measure_pair(folder: Path, model: str, payers: int, ahead: int) -> tuple[float, float]:
    """Seconds a request with receipts and without, in rounds in turn. The mean of the best third of each side counts:
    others who use the machine only add to them, and more to the side that uses more memory."""
    with ExitStack() as stack:
        paid, plain = (
            _Server(stack, folder, model, payers=payers, ahead=ahead, is_paid=is_paid) for is_paid in (True, False)
        )
        each = REQUESTS // payers
        rounds = [(paid.ask(each), plain.ask(each)) for _ in range(ROUNDS)]
        for server in (paid, plain):
            server.end()
    best = max(1, ROUNDS // 3)
    own, other = (fmean(sorted(column)[:best]) for column in zip(*rounds, strict=True))
    return own, other


def _load(_: Lab) -> Load:
    return measure_load()


def _rate(lab: Lab) -> float:
    return lab.shared(_load).rate


def _overhead(lab: Lab) -> float:
    return lab.shared(_load).overhead


def _of_few(_: Lab) -> float:
    return measure_load(payers=FEW).overhead


def _of_fewer(_: Lab) -> float:
    return measure_load(ahead=FEWER).overhead


def _signed_each(_: Lab) -> float:
    return measure_load(ahead=1).overhead


def _convolutions(_: Lab) -> Load:
    return measure_load(CNN)


ROWS = (
    Row(
        "rate.inference",
        _rate,
        f"{MANY} payers with a channel and a connection each, a digit a request, every answer with its receipt;"
        f" they sign for {AHEAD:,} requests at once, as our clients do where a provider has answered {AHEAD * SHARE:,}",
        also=(("the model of convolutions", lambda lab: lab.shared(_convolutions).rate),),
        heavy=True,
    ),
    Row(
        "ratio.receipt_overhead",
        _overhead,
        f"the same server and load without commitment, receipt and voucher, over the smaller model ({MLP}); the "
        f"best third of {ROUNDS} rounds in turn, median of {PAIRS} pairs of processes",
        also=(
            ("the model of convolutions", lambda lab: lab.shared(_convolutions).overhead),
            (f"{FEW} payers", _of_few),
            (f"a voucher for {FEWER} requests", _of_fewer),
            ("a voucher for each request", _signed_each),
        ),
        heavy=True,
    ),
)

if __name__ == "__main__":
    for network in (MLP, CNN):
        print(network, measure_load(network))
