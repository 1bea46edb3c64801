"""What the SDK offers against providers that break their word: covers of channels, demands, and what is paid for them.

Amounts are coins, as decimal numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeVar

from keifu.chain.firsts import unless_done
from keifu.chain.suite import COMPUTE, DISPUTES
from keifu.compute.client.claiming import demand_answer, demanded_answer, report_breaches
from keifu.compute.client.client import ComputeClient, Provider
from keifu.compute.client.covering import Covers as Asked
from keifu.compute.client.side import ENVIRONMENTS, REGISTRY, chain_side
from keifu.compute.client.store import Store, usual_folder
from keifu.compute.market import CoverState, demands, read_cover, read_demand, services
from keifu.errors import CheckFailed, Revert
from keifu.payments.wallet import Terms, Wallet
from keifu.provenance.registry import Provenance
from keifu.sdk.amounts import Amount, coins_of, wei_of
from keifu.sdk.link import Link
from keifu.sdk.paying import kept_channel
from keifu.sdk.verbs import Area, Later, Now, verb

__all__ = ["Covered", "Covers"]

M = TypeVar("M", bound=Now | Later)


@dataclass(frozen=True)
class Covered:
    """What a channel's payer gets if its operator breaks its word, and until when (unix seconds); 0 and 0 for no cover.
    A second that is over by more than the evidence window pays nothing any more."""

    restitution: Decimal
    last: int


class Covers(Area[M]):
    """An operator's promise to the payer of one channel, with coins behind it."""

    @verb
    def take(
        self, channel: str, *, provider: str, operator: str, restitution: Amount, most: Amount, disputes: bool = False
    ) -> Covered:
        """Ask the provider to cover a channel, compare what it signs with the chain, and pay at most `most` for it.
        `disputes`: for wrong tokens, which `dispute` shows, not for the rest.
        Raises CheckFailed naming what differs; nothing was paid then."""
        link, where, coins = self._link, Provider(provider, operator), wei_of(restitution)
        kept = kept_channel(channel)
        side = chain_side(link.client, link.suite, link.record.first_block, None)
        terms = Terms(side.chain_id, side.channels, side.market, 0)
        with (
            Store(usual_folder()) as store,
            ComputeClient(Wallet(link.account, store, terms), side.sources, now=side.now) as client,
        ):
            asked = Asked(client, link.client, link.suite, DISPUTES if disputes else COMPUTE)
            return _covered(asked.open(link.deployer, where, kept, restitution=coins, most=wei_of(most)))

    @verb
    def show(self, channel: str, operator: str, *, disputes: bool = False) -> Covered:
        """What the market has, or InferenceDisputes."""
        market = self._link.suite.at(self._link.client, DISPUTES if disputes else COMPUTE)
        return _covered(read_cover(market, kept_channel(channel).id, operator))

    @verb
    def demand(self, channel: str, operator: str) -> int:
        """Ask on the chain for the answer to the oldest request of the channel that was paid and has none, with a bond;
        until when it is due, unix seconds. Raises CheckFailed where the market would not take it."""
        link = self._link
        with Store(usual_folder(), beside=True) as store:
            kept = kept_channel(channel)
            return demand_answer(link.deployer, link.client, link.suite, store, kept, operator)[1]

    @verb
    def answered(self, channel: str, operator: str) -> bytes | None:
        """What the operator answered to the newest demand, as the log has it; None while it has not."""
        link = self._link
        return demanded_answer(link.client, link.suite, kept_channel(channel), operator, link.record.first_block)

    @verb
    def claim(self, channel: str, operator: str) -> Decimal:
        """Have paid out what the operator's broken word is worth: a demand that is overdue is closed, receipts of the
        channel that break a promise are reported, and what the market owes this account is paid. 0: nothing is."""
        link, kept = self._link, kept_channel(channel)
        demand = read_demand(link.suite.at(link.client, COMPUTE), kept.id, operator)
        if demand.is_open and link.client.now > demand.deadline:
            close = partial(demands.close, link.deployer, link.suite, kept.id, operator)
            market = link.suite.at(link.client, COMPUTE)
            unless_done(close, lambda: read_demand(market, kept.id, operator) != demand)  # anybody may
        with Store(usual_folder(), writes=False) as store:
            receipts = [*store.receipts(), *store.receipts(refused=True)]
        own = [signed for signed in receipts if signed.receipt.channel_id == kept.id]
        report_breaches(link.deployer, own, link.client, link.suite, _provenance(link))
        return coins_of(services.withdraw(link.deployer, link.suite))

    @verb
    def dispute(self, integers: str | Path, *, on_step: Callable[[str], object] | None = None) -> Decimal:
        """Compute replies again that were kept, by the model in the folder `integers`, show what is wrong on the chain,
        and play to the end; what is paid to this account. It goes on with what is open. A dispute that is refused is
        said to `on_step`, and the others go on; raises its fault, after the payment, where none went on."""
        from keifu.compute.client import disputing  # noqa: PLC0415 - numba, seconds
        from keifu.inference.playable import loaded  # noqa: PLC0415

        link = self._link
        judge = disputing.Judge(loaded(Path(integers)), _provenance(link), link.suite.at(link.client, COMPUTE))
        reading = disputing.reading_of(link.client, link.suite, link.record.first_block)
        with Store(usual_folder(), beside=True) as store:
            judged = [found for _, found, _ in disputing.judged_all(judge, list(store.replies()))]
        say, faults, ended = on_step or (lambda words: None), list[CheckFailed | Revert](), 0
        for item in (found for found in judged if found is not None and found.place is not None):
            dispute = disputing.Dispute(link.deployer, link.client, link.suite, reading, item)
            try:
                if dispute.opened is None:
                    dispute.open()
                disputing.played(dispute, say)
                ended += 1
            except (CheckFailed, Revert) as fault:  # nobody answers for it, or another disputes it: the others go on
                faults.append(fault)
                say(str(fault))
        paid = services.withdraw(link.deployer, link.suite, contract=DISPUTES)
        if faults and not ended:
            if paid:  # for earlier ones
                faults[0].message = f"{coins_of(paid)} coins were paid out; {faults[0].message}"
            raise faults[0]
        return coins_of(paid)


def _provenance(link: Link) -> Provenance:
    return Provenance(link.client, link.suite[REGISTRY], link.suite[ENVIRONMENTS], first_block=link.record.first_block)


def _covered(state: CoverState) -> Covered:
    return Covered(coins_of(state.restitution), state.last) if state.reserve else Covered(Decimal(0), 0)
