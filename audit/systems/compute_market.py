"""ComputeMarket: services, covers by keys with caps, receipts true and false, demands that are answered or not, on a
real hub and real channels, beside a log of what people did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from audit.oracles.profit import check_self_slash
from audit.systems._compute import (
    ANSWER_WINDOW,
    BOND,
    DIGESTS,
    PAYERS,
    REWARD,
    SERVICE_DAMAGES,
    UNKNOWN,
    Asked,
    Covered,
    Row,
    Said,
    Served,
    covers_damages,
    sha,
)
from audit.systems._compute_oracles import ComputeOracles
from audit.systems._compute_promises import FORGERIES, ComputePromises
from audit.systems._constructors import Deployment, variations
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Choice
from keifu.keys import keccak256
from keifu.staking import KeyKind
from keifu.units import COIN

__all__ = ["ComputeMarkets"]

PROVERS = ("watcher", "watcher", "watcher", "other watcher", "operator")
ASKING = ("payer", "payer", "other payer", "key holder", "operator", "stranger")
FEES = (1, COIN, 50 * COIN, 50 * COIN, 399 * COIN, 10_000 * COIN, 0)
CLAIMS = (1, 60 * COIN, 60 * COIN, 1_000 * COIN)
REQUESTS = (b"a request", b"another request")
RESPONSE = b"an answer"


class ComputeMarkets(ComputePromises, ComputeOracles):
    """Everything that anybody may do at the market."""

    def constructors(self) -> Iterator[Deployment]:
        yield from variations(
            "ComputeMarket",
            self.market_terms,
            (0, self["author"], "payouts: token is no contract"),
            (1, self["author"], "compute: hub is no contract"),
            (2, self["author"], "compute: heartbeats is no contract"),
            (3, self["author"], "compute: channels is no contract"),
            (4, 0, "compute: no reward"),
            (4, 1, None),
            (6, 0, "compute: no time to answer"),
            (6, 1, None),
            (7, 0, "compute: no bond"),
            (7, 1, None),
        )

    # receipts ---------------------------------------------------------------------------------------------------------

    def moments(self, who: str) -> list[tuple[str, bytes, bytes, int]]:
        """(key, environment, channel, time): at the edges of promises, and where there is none."""
        found = [(key, self.places[0], self.pool[0].name, self.now) for key in self.signing]
        promises: list[Served | Covered] = [*self.served[:1], *self.served[2:][-4:], *self.covers[1:][-4:]]
        for item in promises:
            place = item.place if isinstance(item, Served) else self.places[0]
            name = item.row.name if isinstance(item, Covered) else self.pool[1].name
            middle = min(self.now, max(item.since, item.last - 1))
            times = (item.since - 1, item.since, middle, middle, self.now, self.now + 1, item.last, item.last + 1)
            found += [
                (key, place, name, time) for key in (item.operator, *self.keys_of(item.operator)) for time in times
            ]
        return found

    @action(
        "", Choice("moments"), Choice("pool"), Choice((1, 1, 1, 2, 0, 3)), Choice((DIGESTS[2], *DIGESTS)),
        Choice(FORGERIES), Choice((0, 0, 1, 2, 5)), sender="watcher", weight=18,
    )  # fmt: skip
    def speak(
        self, who: str, moment: tuple[str, bytes, bytes, int], row: Row, seq: int, digest: bytes, forgery: str,
        beside: int,
    ) -> Steps:  # fmt: skip
        """A key signs a receipt, or somebody forges it; a prover commits to it."""
        key, place, name, time = moment
        signer = self.signers[self["author"]] if forgery == "other key" else self.signer(key)
        name = row.name if seq == 2 else name
        number = 1 + len(self.said) % 2
        said = self.receipt(
            channel_id=name, number=number, environment=place, promotion_seq=seq, digest=digest, time=time
        )  # fmt: skip
        self.said = [*self.said[-11:], self.say(signer, said, beside=beside, cut=forgery == "cut")]
        yield from self.committing(said, who)

    @action(
        "", Choice("statements"), Choice("signing"), Choice((1, 1, 1, 1, 0, 2, 3)), sender="watcher", weight=8
    )  # fmt: skip
    def speak_again(self, who: str, first: Said | None, key: str, differs: int) -> Steps:
        """The same number in the same channel once more; or the very same, another number, another channel."""
        if first is None:
            return
        changes: list[dict[str, Any]] = [
            {}, {"output_units": 31}, {"number": first.receipt.number + 1}, {"channel_id": UNKNOWN}
        ]  # fmt: skip
        key = key if key in self.keys_of(self.speaker(first)) else first.key
        if key == ZERO_ADDRESS:
            return
        second = self.say(self.signer(key), replace(first.receipt, **changes[differs]))
        self.said = [*self.said[-10:], first, second]
        yield from self.committing(first.receipt, who)

    def keys_of(self, operator: str) -> list[str]:
        return [key for key, item in self.named.items() if item[0] == operator]

    def speaker(self, said: Said) -> str:
        return self.speaks_for(said.key, KeyKind.RECEIPT, said.receipt.time)

    def statements(self, who: str) -> list[Said | None]:
        return [*self.said] or [None]

    def pairs(self, who: str) -> list[tuple[Said, Said] | None]:
        return list(pairwise(self.said)) or [None]

    @action("", Choice("statements"), sender=PROVERS, weight=3)
    def commit(self, who: str, said: Said | None) -> Steps:
        if said is not None:
            yield from self.committing(said.receipt, who)

    @action(
        "", Choice("statements"), Choice((True, True, True, False)), Choice((1, 1, 1, 0)), sender=PROVERS, weight=16,
    )  # fmt: skip
    def report(self, who: str, said: Said | None, right: bool, blocks: int) -> Steps:
        """CMP-1: a receipt of another digest than the promoted artefact's."""
        if said is None:
            return
        self.evm.mine(blocks)
        promoted = self.promoted.get((said.receipt.environment, said.receipt.promotion_seq))
        shown = DIGESTS[0] if (promoted == DIGESTS[0]) == right else DIGESTS[1]
        yield from self.reporting(
            who, [said], self.records[shown].args,
            (promoted != shown, "compute: not the record"),
            (shown == said.receipt.digest, "compute: receipt is not false"),
        )  # fmt: skip

    @action("", Choice("pairs"), sender=PROVERS, weight=12)
    def equivocate(self, who: str, pair: tuple[Said, Said] | None) -> Steps:
        """CMP-1: two receipts of one number."""
        if pair is None:
            return
        self.evm.mine()
        one, two = pair[0].receipt, pair[1].receipt
        same = (one.channel_id, one.number) == (two.channel_id, two.number)
        yield from self.reporting(
            who, [*pair], self.records[DIGESTS[0]].args, (one == two or not same, "compute: no equivocation")
        )  # fmt: skip

    def reporting(self, who: str, shown: list[Said], record: Any, *wrongs: tuple[object, str]) -> Any:
        receipt, operator = shown[0].receipt, self.speaker(shown[0])
        committed = self.committed.get((receipt.struct_hash, who), self.evm.block_number) < self.evm.block_number
        service, cover = self.service_of(operator, receipt.environment), self.cover_of(receipt.channel_id, operator)
        service = service if self.answers(service, receipt.time) else None
        cover = cover if self.answers(cover, receipt.time) else None
        before, others = self.together(), self.bystanders()
        done = yield from self.decide(
            "CMP-1", self.market("report", [item.shown for item in shown], record, sender=who),
            *wrongs,
            (any(item.receipt.time > self.now for item in shown), "compute: time has not come"),
            (any(self.speaker(item) != operator for item in shown), "compute: two operators"),
            (not committed, "compute: not committed"),
            (service is None and cover is None, "compute: nothing answers for it"),
            (self.is_finished, "hub: not a slasher"),
        )  # fmt: skip
        if done is None:
            return
        damages = (SERVICE_DAMAGES if service else 0) + (covers_damages(cover.restitution) if cover else 0)
        penalty = (REWARD if service else 0) + (cover.restitution // 10 if cover else 0)
        restitution = cover.restitution if cover else 0
        prize = damages * 4 // 5 - restitution
        least = (REWARD if service else 0) + restitution // 10
        assert 0 <= prize - least <= 1, "CMP-1: the prover's part is what was reserved for it, to a wei"
        for item in (service, cover):
            if item is not None:
                item.over = True
        if cover is not None:
            self.pay_from(operator, cover.row.payer, restitution)
        self.pay_from(operator, who, prize)
        self.lose(operator, damages + penalty)
        self.emitted(
            "market.Reported", operator=operator, channel=receipt.channel_id, prover=who,
            environment=receipt.environment, number=receipt.number, restitution=restitution, reward=prize,
        )  # fmt: skip
        check_self_slash(before, self.together(), damages)
        self.harm.done(damages + penalty, others - self.bystanders(), multiple=0)

    # demands ----------------------------------------------------------------------------------------------------------

    @action("", Choice("pool"), Choice(CLAIMS), weight=6)
    def claim(self, who: str, row: Row, amount: int) -> Steps:
        """The payer has paid for answers, and the receiver claims."""
        claim = self.claim_of(row, self.claimed[row.name] + amount)
        yield self.tx("channels.claim", [claim], False, sender=row.channel.receiver)
        self.claimed[row.name] = self.answer_of("channels.channels", row.name)[1]

    @action(
        "", Choice("pool"), Choice("operators"), Choice(FEES), Choice(REQUESTS), Choice((True, True, True, False)),
        sender=ASKING, weight=14,
    )  # fmt: skip
    def demand(self, who: str, row: Row, operator: str, fee: int, request: bytes, fitting: bool) -> Steps:
        """CMP-6"""
        cover = self.cover_of(row.name, operator)
        if fitting:  # of a channel that is covered, if there is one, by somebody who may ask
            cover = next((item for item in self.covers[::-1] if not item.over and item.row in self.pool), cover)
            row, operator = (cover.row, cover.operator) if cover else (row, operator)
            holder = row.channel.payer_authorizer if who == self["key holder"] else row.payer
            who = who if who == self["stranger"] or holder == ZERO_ADDRESS else holder
        total = self.demanded[row.name] + fee
        done = yield from self.decide(
            "CMP-6", self.market("demand", row.values, operator, fee, request, sender=who),
            (who not in (row.channel.payer, row.channel.payer_authorizer), "compute: not the payer"),
            (cover is None or self.now > cover.until, "compute: no cover"),
            (self.demand_of(row.name, operator), "compute: demand is open"),
            (fee == 0, "compute: no fee"),
            (total > self.claimed[row.name], "compute: fee was not paid"),
        )  # fmt: skip
        if done is None or cover is None:
            return
        self.demanded[row.name] = total
        most = cover.restitution
        refund = min(fee, most) if row.channel.token == self["token"] else most
        deadline = self.now + ANSWER_WINDOW
        assert int.from_bytes(done, "big") == deadline, "CMP-6: due at another time"
        self.asked.append(Asked(row, operator, who, deadline, request, refund))
        self.moves(who, -BOND)
        self.emitted(
            "market.Demanded", channel=row.name, operator=operator, requester=who, fee=fee, refund=refund,
            deadline=deadline, request=request,
        )  # fmt: skip

    def open_demands(self, who: str) -> list[Asked]:
        found = [item for item in self.asked[-6:] if not item.over]
        return found or [Asked(self.pool[0], self["operator"], who, 0, REQUESTS[0], 0, over=True)]

    @action(
        "", Choice("open_demands"), Choice("signing"), Choice((0, 0, 0, -1, -10**6, 1)),
        Choice(("", "", "", "", "request", "response", "channel")), weight=8,
    )  # fmt: skip
    def answer(self, who: str, item: Asked, key: str, off: int, spoilt: str) -> Steps:
        """CMP-6: in time, by the operator's key, of request and response."""
        keys = [item.operator, *self.keys_of(item.operator)]
        key = keys[len(self.said) % len(keys)] if off == 0 else key
        said = self.receipt(
            channel_id=UNKNOWN if spoilt == "channel" else item.row.name, number=7, time=self.now + off,
            request_hash=sha("another") if spoilt == "request" else keccak256(item.request),
            response_hash=sha("another") if spoilt == "response" else keccak256(RESPONSE),
        )  # fmt: skip
        operator = self.speaks_for(key, KeyKind.RECEIPT, said.time)
        due = self.demand_of(said.channel_id, operator)
        done = yield from self.decide(
            "CMP-6", self.market("answer", self.say(self.signer(key), said).shown, RESPONSE, sender=who),
            (off > 0, "compute: time has not come"),
            (due is None or self.now > due.deadline, "compute: no answer is due"),
            (spoilt in ("request", "response") or (due and due.request != item.request), "compute: not the answer"),
        )  # fmt: skip
        if done is not None and due is not None:
            due.over = True
            self.pay_from("", operator, BOND)
            self.emitted(
                "market.Answered", channel=said.channel_id, operator=operator, number=7, response=RESPONSE
            )  # fmt: skip

    @action("", Choice("open_demands"), weight=8)
    def close(self, who: str, item: Asked) -> Steps:
        """CMP-6: what was not answered in time gives back the fee, out of the cover, and the bond."""
        cover, before, others = self.cover_of(item.row.name, item.operator), self.together(), self.bystanders()
        done = yield from self.decide(
            "CMP-6", self.market("close", item.row.name, item.operator, sender=who),
            (item.over or self.now <= item.deadline, "compute: no answer is overdue"),
            (cover is not None and self.is_finished, "hub: not a slasher"),
        )  # fmt: skip
        if done is None:
            return
        item.over = True
        self.pay_from("", item.requester, BOND)
        refund = item.refund if cover else 0
        self.emitted("market.Unanswered", channel=item.row.name, operator=item.operator, refund=refund)
        if cover is None:
            return
        cover.over = True
        damages, penalty = -(-5 * refund // 4), cover.restitution // 10
        self.pay_from(item.operator, item.row.payer, refund)
        self.lose(item.operator, damages + penalty)
        check_self_slash(before, self.together() - BOND, damages)
        self.harm.done(damages + penalty, others - self.bystanders(), multiple=0)

    # money ------------------------------------------------------------------------------------------------------------

    def pay_from(self, operator: str, who: str, wei: int) -> None:
        self.owed[who] += wei
        self.moves(who, wei)

    def lose(self, operator: str, wei: int) -> None:
        self.locked[operator] -= wei
        self.moves(operator, -wei)

    @action("", Choice("addresses"), weight=3)
    def pay(self, who: str, account: str) -> Steps:
        yield from self.paid_out(account, account, self.market("pay", account, sender=who), self.owed)

    def receivers(self, who: str) -> list[str]:
        return [*self.addresses, self["market"], ZERO_ADDRESS]

    @action("", Choice("receivers"), sender=PAYERS + PROVERS, weight=3)
    def withdraw(self, who: str, receiver: str) -> Steps:
        call = self.market("withdraw", receiver, sender=who)
        if receiver in (self["market"], ZERO_ADDRESS):
            yield from self.decide("CMP-11", call, (True, "payouts: no receiver"))
            return
        yield from self.paid_out(who, receiver, call, self.owed)
