"""What the SDK offers of paid answers: channels that pay, and questions that are paid for and compared.

Amounts are whole numbers of the token's smallest unit.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from keifu.chain.suite import CHANNELS, ERC3009_COLLECTOR, TOKEN
from keifu.compute.client.apart import Answers, asked
from keifu.compute.client.client import ComputeClient, Provider
from keifu.compute.client.side import chain_side, pinned_side
from keifu.compute.client.store import Store, usual_folder
from keifu.compute.client.units import question
from keifu.errors import UsageError
from keifu.payments import Channel, Vouchers
from keifu.payments import actions as payments
from keifu.payments.status import read_channel
from keifu.payments.wallet import KeptChannel, Terms, Wallet
from keifu.provenance.trust import Trust, trust_file
from keifu.sdk.link import Link
from keifu.sdk.verbs import Area, Later, Now, verb
from keifu.units import DAY

__all__ = ["Asked", "ChannelState", "Channels", "Inferred", "asking", "infer", "kept_channel"]

M = TypeVar("M", bound=Now | Later)


@dataclass(frozen=True)
class ChannelState:
    """A channel of this client: its id, whom it pays, and how it stands on the chain."""

    id: str
    receiver: str
    token: str
    deposit: int
    claimed: int
    left: int
    asked_back: int


@dataclass(frozen=True)
class Inferred:
    """An answer that holds. `evidence` is the word under which it may be shown: "unverified" is its provider's word.
    Where several inputs were asked one by one, `document` has all, and `receipts` each one's."""

    document: Any
    fee: int
    charged: int
    units_in: int
    units_out: int
    evidence: str
    receipt: str  # as it came, for `keifu verify-reply` and the market; the newest
    receipts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The message of a chat. Raises UsageError for an answer that has none."""
        try:
            return str(self.document["choices"][0]["message"]["content"])
        except (KeyError, IndexError, TypeError) as error:
            raise UsageError("this answer is no message", remedy="look at .document") from error


class Channels(Area[M]):
    """Deposits that pay providers by vouchers. They are kept in the client's folder, from where `infer` pays."""

    @verb
    def open(
        self, receiver: str, amount: int, *, token: str = "", claimed_by: str = "", signer: str = "", delay: int = DAY
    ) -> ChannelState:
        """Open a channel by its first deposit. `signer` is whose key signs vouchers, as of an API key; `delay` the
        seconds until a withdrawal is paid out."""
        link = self._link
        own, contract, chain = link.account.address.lower(), link.suite[CHANNELS], link.client.chain_id
        channel = Channel(
            own, (signer or own).lower(), receiver.lower(), (claimed_by or receiver).lower(),
            (token or link.suite[TOKEN]).lower(), delay, secrets.token_bytes(32),
        )  # fmt: skip
        kept = KeptChannel(channel, Vouchers(chain, contract).channel_id(channel), chain, contract)
        with Store(usual_folder(), beside=True) as store:
            store.keep_channel(kept)
            try:
                payments.deposit(link.deployer, link.suite, channel, amount)
            except BaseException:
                store.forget_channel(kept.id)
                raise
        return _state(link, kept)

    @verb
    def deposit(self, channel: str, amount: int) -> ChannelState:
        """Add to a channel of the account's own."""
        kept = kept_channel(channel)
        payments.deposit(self._link.deployer, self._link.suite, kept.channel, amount)
        return _state(self._link, kept)

    @verb
    def list(self) -> list[ChannelState]:
        """Every channel that this client has kept on this chain."""
        with Store(usual_folder(), writes=False) as store:
            found = store.channels()
        return [_state(self._link, kept) for kept in found if kept.chain_id == self._link.client.chain_id]

    @verb
    def show(self, channel: str) -> ChannelState:
        """How a channel stands."""
        return _state(self._link, kept_channel(channel))

    @verb
    def withdraw(self, channel: str, amount: int = 0) -> ChannelState:
        """Ask a deposit back, all that is not claimed unless an amount is given. `finish` after the delay."""
        kept = kept_channel(channel)
        left = _state(self._link, kept).left
        if not (amount or left):
            raise UsageError("nothing of the deposit is left", remedy="show says what was claimed")
        payments.ask_back(self._link.deployer, self._link.suite, kept.channel, amount or left)
        return _state(self._link, kept)

    @verb
    def finish(self, channel: str) -> ChannelState:
        """Take back what was asked for, once the delay is over."""
        kept = kept_channel(channel)
        payments.take_back(self._link.deployer, self._link.suite, kept.channel)
        return _state(self._link, kept)


def infer(
    link: Link,
    model: str,
    request: str | Mapping[str, Any],
    *,
    provider: str,
    operator: str,
    most: int,
    environment: str,
    endpoint: str,
    deposit: int,
    trust: str | Path | None,
    tees: Collection[str],
    ahead: int | None,
    together: bool,
) -> Inferred:
    """See `Keifu.infer`."""
    document = question(request, endpoint) if isinstance(request, str) else dict(request)
    to = Asked(provider, operator, most, environment, deposit, trust, tees, ahead)
    with asking(link, to) as (client, where):
        return _inferred(asked(client, where, f"/v1/{endpoint}", {"model": model, **document}, together=together))


@dataclass(frozen=True)
class Asked:
    """Whom to ask, up to what, and what to compare with."""

    provider: str
    operator: str
    most: int
    environment: str = ""
    deposit: int = 0
    trust: str | Path | None = None
    tees: Collection[str] = ()
    ahead: int | None = None


@contextmanager
def asking(link: Link, to: Asked) -> Iterator[tuple[ComputeClient, Provider]]:
    """A client that pays from this account's channels."""
    trust, deposit, environment = to.trust, to.deposit, to.environment
    path = Path(trust) if trust else trust_file()
    known = Trust.read(path) if trust or path.exists() else None
    is_pinned = trust is not None and known is not None and bool(known.compute)
    side = pinned_side(known) if is_pinned else chain_side(link.client, link.suite, link.record.first_block, known)
    collector = link.suite[ERC3009_COLLECTOR] if deposit else ""
    terms = Terms(side.chain_id, side.channels, side.market, to.most, collector, deposit, ahead=to.ahead)
    wanted = bytes.fromhex(environment.removeprefix("0x")) if environment else None
    where = Provider(to.provider, to.operator, wanted, tees=frozenset(key.lower() for key in to.tees))
    with (
        Store(usual_folder()) as store,
        ComputeClient(Wallet(link.account, store, terms), side.sources, now=side.now) as client,
    ):
        yield client, where


def _inferred(answers: Answers) -> Inferred:
    newest, word = answers.newest, answers.evidence.word
    charged = newest.receipt.charged
    return Inferred(
        answers.document, answers.fee, charged, *answers.units, word, newest.receipt_text, answers.receipts
    )  # fmt: skip


def kept_channel(channel: str) -> KeptChannel:
    """One of this client's. Raises UsageError."""
    try:
        wanted = bytes.fromhex(channel.removeprefix("0x"))
    except ValueError as error:
        raise UsageError(f"{channel!r} is no id of a channel", remedy="64 hex digits, as `open` gives them") from error
    with Store(usual_folder(), writes=False) as store:
        return store.channel(wanted)


def _state(link: Link, kept: KeptChannel) -> ChannelState:
    found = read_channel(link.suite.at(link.client, CHANNELS), kept.channel)
    parties = kept.channel.receiver, kept.channel.token
    return ChannelState(kept.id.hex(), *parties, found.balance, found.claimed, found.available, found.asked_back)
