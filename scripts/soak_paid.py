"""Clients that pay compute nodes all the time while these are killed, and what is counted about them afterwards."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from keifu.abi import Contract
from keifu.chain import ChainClient
from keifu.chain.logs import find_events
from keifu.chain.suite import CHANNELS, COMPUTE
from keifu.compute.client.checks import Check, ReplyRefused
from keifu.compute.client.client import ComputeClient, Provider
from keifu.compute.client.sources import Promoted
from keifu.compute.client.store import Store
from keifu.compute.market import read_service
from keifu.compute.market.reports import contradictions
from keifu.errors import KeifuError
from keifu.keys import Account
from keifu.local.suite import fund
from keifu.network.folder import Network, NetworkFolder, Part
from keifu.node.compute.making import RECEIPT_KEY
from keifu.payments import Channel, Vouchers, actions
from keifu.payments.status import ChannelStatus, read_channel
from keifu.payments.wallet import KeptChannel, Terms, Wallet
from keifu.provenance.digest import digest_path
from keifu.provenance.verify import Finding
from keifu.units import COIN, DAY
from scripts.soak_clients import Clients, providers, tally

__all__ = ["BRIGHTEST", "MOST", "SIZE", "Payers"]

CLIENTS = 2  # of each provider
DEPOSIT = 100 * COIN
MOST = COIN // 1_000  # of one answer
PAUSE_SECONDS = 0.05  # of a client, between two requests
AGAIN_SECONDS = 0.5  # after one that failed
KNOWN_SECONDS = 30.0  # until a promotion that a node has seen is known here, too
POLL_SECONDS = 0.05
SIZE, BRIGHTEST = 64, 16


class _Known:
    """What was promoted, as whoever promotes knows it, and whose keys sign: what a client asks of the chain elsewhere.
    The chain of a soak jumps by days, so the times of promotions are not compared."""

    word = "who promotes"

    def __init__(self, folder: NetworkFolder, network: Network, promotions: Sequence[bytes]) -> None:
        made = folder.models / "made"
        digests = [digest_path(made / version).root for version in ("v1", "v2")]
        self._digests = dict(zip(map(bytes.fromhex, network.artefacts), digests, strict=True))
        self._promotions = promotions
        self._operators = {
            Account.from_role(f"{part.role} {RECEIPT_KEY}").address.lower(): part.account.lower()
            for part in providers(network)
        }

    def promoted(self, environment: bytes, seq: int) -> Promoted | None:
        del environment
        end = time.monotonic() + KNOWN_SECONDS
        while seq > len(self._promotions) and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        return Promoted(self._digests[self._promotions[seq - 1]], 0) if 0 < seq <= len(self._promotions) else None

    def operator_of(self, key: str, time: int) -> str:
        del time
        return self._operators.get(key.lower(), "")


@dataclass
class _Payer:
    """One client, with a channel to one provider."""

    key: Account
    part: Part
    channel: Channel
    id: bytes
    client: ComputeClient
    refused: Counter[Check] = field(default_factory=Counter)
    answers: int = 0
    failed: Counter[str] = field(default_factory=Counter)

    @property
    def store(self) -> Store:
        return self.client.store

    def ask(self, provider: Provider, values: list[int]) -> bool:
        """Whether an answer came that holds."""
        try:
            self.client.ask(provider, "/v1/classify", {"model": "promoted", "input": values})
        except ReplyRefused as refused:
            self.refused.update(refused.checks)
            return False
        except KeifuError as error:
            self.failed[type(error).__name__] += 1
            return False
        self.answers += 1
        return True


class Payers(Clients[_Payer]):
    """Some clients of each provider."""

    def __init__(
        self, folder: NetworkFolder, network: Network, client: ChainClient, promotions: Sequence[bytes], seed: int
    ) -> None:
        super().__init__(network, client, seed)
        self._known = _Known(folder, network, promotions)
        self.payers = [self._payer(folder, part, number) for part in providers(network) for number in range(CLIENTS)]
        self.start(self.payers)

    def close(self) -> None:
        for payer in self.payers:
            payer.client.close()
            payer.store.close()

    def leave(self) -> None:
        """Ask every deposit back: providers claim at once then."""
        for payer in self.payers:
            state = self._state(payer)
            if not state.asked_back and state.available:
                actions.ask_back(self.by(payer.key), self.suite, payer.channel, state.available)

    def unsettled(self) -> list[str]:
        """Providers that have not claimed yet what they have earned."""
        return [part.name for part in providers(self.network) if _status(part).get("unclaimed") != "0"]

    def summary(self) -> str:
        answers = sum(item.answers for item in self.payers)
        failed = tally((item.failed for item in self.payers), "none")
        return f"{answers} answers paid for by {len(self.payers)} clients (without an answer: {failed})"

    # paying --------------------------------------------------------------------------------------------------------

    def _payer(self, folder: NetworkFolder, part: Part, number: int) -> _Payer:
        key = Account.from_role(f"payer {number} of {part.role}")
        fund(self.chain, Path(self.network.deployments), key.address, ether=10, coins=DEPOSIT // COIN)
        own, token = key.address.lower(), self.suite["KeifuToken"].lower()
        channel = Channel(own, own, part.account, part.account, token, DAY, number.to_bytes(32, "big"))
        contract = self.suite[CHANNELS]
        channel_id = Vouchers(self.network.chain_id, contract).channel_id(channel)
        actions.deposit(self.by(key), self.suite, channel, DEPOSIT)
        store = Store(folder.path / "clients" / f"{part.name}-{number}")
        store.keep_channel(KeptChannel(channel, channel_id, self.network.chain_id, contract))
        terms = Terms(self.network.chain_id, contract, self.suite[COMPUTE], MOST)
        return _Payer(key, part, channel, channel_id, ComputeClient(Wallet(key, store, terms), self._known))

    def work(self, payer: _Payer, dice: random.Random) -> None:
        environment = bytes.fromhex(self.network.environment)
        provider = Provider(payer.part.serves, payer.part.account, environment)
        while not self.stopping.is_set():
            values = [dice.randint(0, BRIGHTEST) for _ in range(SIZE)]
            self.stopping.wait(PAUSE_SECONDS if payer.ask(provider, values) else AGAIN_SECONDS)

    def _state(self, payer: _Payer) -> ChannelStatus:
        return read_channel(self.suite.at(self.chain, CHANNELS), payer.channel)

    # counting ------------------------------------------------------------------------------------------------------

    def verdict(self) -> Iterator[Finding]:
        """Every check, with what was found."""
        states = [(payer, self._state(payer), payer.store.channel(payer.id)) for payer in self.payers]
        over = [payer.part.name for payer, state, kept in states if state.claimed > kept.signed]
        claimed = sum(state.claimed for _, state, _ in states)
        yield Finding("nothing was claimed beyond what was signed", not over, f"{claimed} claimed")
        lost = [payer.part.name for payer, state, _ in states if state.claimed < _charged(payer)]
        lost += [part.name for part in providers(self.network) if self._missing(part)]
        yield Finding(
            "every answer that came was paid for",
            not lost,
            ", ".join(lost) or f"{sum(item.answers for item in self.payers)} answers",
        )
        twice = [payer.part.name for payer in self.payers if contradictions(_receipts(payer))]
        yield Finding("no number was given twice", not twice, ", ".join(twice) or "of no channel")
        refused = Counter[Check]()
        for payer in self.payers:
            refused.update(payer.refused)
        named = ", ".join(f"{check} {count}" for check, count in refused.items())
        yield Finding("no answer was refused", not refused, named or "all that came are as their receipts say")
        yield self._whole()

    def _missing(self, part: Part) -> int:
        """What a node says that it has charged, and the chain does not have as claimed."""
        status = _status(part)
        return int(status["charged"]) - int(status["claimed"])

    def _whole(self) -> Finding:
        """No compute node lost coins, and each still serves."""
        market: Contract = self.suite.at(self.chain, COMPUTE)
        reported = list(find_events(self.chain, market, "Reported", self.record.first_block))
        environment, now = bytes.fromhex(self.network.environment), self.chain.now
        gone = [
            part.name
            for part in providers(self.network)
            if not read_service(market, part.account, environment).runs(now)
        ]
        said = ", ".join(gone) or f"{len(providers(self.network))} serve, {len(reported)} reports"
        return Finding("no honest provider was slashed", not reported and not gone, said)


def _receipts(payer: _Payer) -> list[Any]:
    return [*payer.store.receipts(), *payer.store.receipts(refused=True)]


def _charged(payer: _Payer) -> int:
    """The most that a receipt says was charged by then."""
    return max((signed.receipt.charged for signed in _receipts(payer)), default=0)


def _status(part: Part) -> dict[str, Any]:
    """What a node says of itself; nothing while it does not answer."""
    with suppress(httpx.HTTPError, ValueError):
        found: dict[str, Any] = httpx.get(f"{part.url}/status", trust_env=False).raise_for_status().json()
        return found
    return {}
