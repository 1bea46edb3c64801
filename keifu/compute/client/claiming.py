"""What a client does about a provider that breaks its word: demand an answer, or report receipts.

All of it is found in the client's own folder: requests that were paid and not answered, receipts that were kept though
they did not hold. Whether the market still takes it is asked of the chain before anything is sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from keifu.abi import Contract
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.firsts import until_done
from keifu.chain.suite import CHANNELS, COMPUTE
from keifu.compute.client.store import Request, Store
from keifu.compute.market import demands, reports
from keifu.compute.market.covers import read_cover
from keifu.compute.market.refusals import place_of
from keifu.compute.market.services import read_service
from keifu.compute.promises import LONGEST_REQUEST
from keifu.compute.receipt import Receipts, SignedReceipt
from keifu.errors import CheckFailed, UsageError
from keifu.payments.wallet import KeptChannel
from keifu.provenance import Record
from keifu.provenance.registry import Provenance
from keifu.staking.hotkeys import KeyKind

__all__ = ["Breach", "breaches", "demand_answer", "demanded_answer", "report_breach", "report_breaches"]

ZERO = bytes(32)


@dataclass(frozen=True)
class Breach:
    """Receipts that cost their operator's reserve: one of another digest with the promoted record, or two."""

    operator: str
    receipts: tuple[SignedReceipt, ...]
    record: Record | None

    @property
    def words(self) -> str:
        receipt = self.receipts[0].receipt
        where = f"number {receipt.number} of channel {receipt.channel_id.hex()}"
        if self.record is None:
            return f"two receipts have {where}"
        return f"{where} names digest {receipt.digest.hex()}, promoted was {self.record.digest.hex()}"


# demands ------------------------------------------------------------------------------------------------------------


def demand_answer(
    sender: Deployer, chain: ChainClient, suite: Deployment, store: Store, kept: KeptChannel, operator: str,
    request: int | None = None,
) -> tuple[Request, int]:  # fmt: skip
    """Demand the answer to a request that was lost or refused, the oldest one unless it is named; the request, and
    until when the answer is due. The fee is what the request may have cost, as far as the provider has claimed it.
    Raises UsageError when there is none, CheckFailed where the market would not take the demand, and Revert."""
    found = [item for item in store.unanswered(kept.id) if request in (None, item[0].id)]
    if not found:
        raise UsageError(
            "no request of this channel can be demanded",
            remedy=f"one that was paid, has no answer, and has at most {LONGEST_REQUEST:,} bytes",
        )
    asked, body = found[0]
    market = chain.at(place_of(suite, COMPUTE), COMPUTE)
    if not read_cover(market, kept.id, operator).reserve:
        raise CheckFailed("the channel has no cover: nobody owes an answer on the chain", remedy="cover it beforehand")
    claimed = suite.at(chain, CHANNELS).channels(kept.id)[1]
    fee = min(asked.most, claimed - market.demanded(kept.id))
    if fee <= 0:
        raise CheckFailed("the provider has not claimed what was paid", remedy="demand the answer when it has")
    return asked, demands.demand(sender, suite, kept.channel, operator, fee, body)


def demanded_answer(
    chain: ChainClient, suite: Deployment, kept: KeptChannel, operator: str, first_block: int = 0
) -> bytes | None:
    """What the operator answered on the chain, which has compared it with a receipt; None while it has not."""
    market = chain.at(place_of(suite, COMPUTE), COMPUTE)
    return demands.answer_in_log(chain, market, kept.id, operator, first_block)


# reports ------------------------------------------------------------------------------------------------------------


def breaches(
    receipts: Iterable[SignedReceipt], chain: ChainClient, suite: Deployment, provenance: Provenance
) -> list[Breach]:
    """Of receipts, those that the market takes a reserve for now; two of one number before false digests."""
    market = chain.at(place_of(suite, COMPUTE), COMPUTE)
    own: defaultdict[str, list[SignedReceipt]] = defaultdict(list)
    for signed in receipts:
        if operator := _operator_of(market, chain, signed):
            own[operator].append(signed)
    # The time of the one that is shown first decides what answers, and either may be.
    found = [
        [Breach(operator, pair, None), Breach(operator, pair[::-1], None)]
        for operator, kept in own.items()
        for pair in reports.contradictions(kept)
    ]
    found += [
        [Breach(operator, (signed,), record)]
        for operator, kept in own.items()
        for signed, record in _false(kept, provenance)
    ]
    now = chain.now
    answering = ([item for item in ways if _answers(market, item, now)] for ways in found)
    return [ways[0] for ways in answering if ways]


def report_breach(sender: Deployer, suite: Deployment, breach: Breach) -> int:
    """Commit, wait for a block, and report; wei credited to the sender, its restitution included where it is the
    payer. Raises Revert."""
    return reports.report_after_commit(sender, suite, breach.receipts, breach.record)


def report_breaches(
    sender: Deployer, receipts: Sequence[SignedReceipt], chain: ChainClient, suite: Deployment, provenance: Provenance
) -> list[tuple[Breach, int]]:
    """Report the breaches among receipts, each with the wei that it credited to the sender. What another reports first
    is not among them. Raises Revert."""
    done: list[tuple[Breach, int]] = []

    def report(left: list[Breach]) -> None:
        done.append((left[0], report_breach(sender, suite, left[0])))

    # What a report takes answers for no other one: so the rest is looked through again.
    while until_done(lambda: breaches(receipts, chain, suite, provenance), report):
        pass
    return done


def _operator_of(market: Contract, chain: ChainClient, signed: SignedReceipt) -> str:
    """Whose key signed it, as the market says; "" for nobody."""
    try:
        key = Receipts(chain.chain_id, market.address).signer(signed)
    except ValueError:
        return ""
    found: str = market.operator_of(key, KeyKind.RECEIPT, signed.receipt.time)
    return found.lower() if int(found, 16) else ""


def _false(receipts: Iterable[SignedReceipt], provenance: Provenance) -> Iterator[tuple[SignedReceipt, Record]]:
    """Those of another digest than their promotion's artefact has, with its record."""
    for signed in receipts:
        receipt = signed.receipt
        if receipt.environment == ZERO:
            continue
        artefact = provenance.promoted(receipt.environment, receipt.promotion_seq)
        logged = provenance.contents([artefact]).get(artefact) if artefact else None
        if logged is not None and logged.record.digest != receipt.digest:
            yield signed, logged.record


def _answers(market: Contract, breach: Breach, now: int) -> bool:
    """Whether a service or a cover of the operator answers for the time of what is shown first."""
    receipt = breach.receipts[0].receipt
    service = read_service(market, breach.operator, receipt.environment)
    cover = read_cover(market, receipt.channel_id, breach.operator)
    return any(
        item.reserve and item.since <= receipt.time <= item.last and now <= item.until for item in (service, cover)
    )
