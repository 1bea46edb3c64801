"""Covers of disputes, the keys that sign them, and the coins that are owed, where one second, one wei, one account or
one form of a signature decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.systems._compute import LARGEST, LOCK, LONGEST, SMALLEST, WINDOW
from audit.systems._constructors import Deployment, variations
from audit.systems._dispute_edges import LITTLE, TERM, DisputeEdgeSystem
from audit.systems._disputes import BOND, FIRST_COVER, TURN, TURNS
from audit.systems._hub import EPOCH
from audit.systems._hub_edges import way
from audit.systems._wallet_signatures import forms
from audit.systems.cover_edges import CoverEdges
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import COVER, HOT_KEY
from keifu.compute.promises import Cover, needed_for
from keifu.inference.disputes import permit
from keifu.staking import KeyKind, key_consent
from keifu.units import COIN, DAY

__all__ = ["DisputeCoverEdges"]

RESTITUTION = 400 * COIN + 7
NEEDED, FIRST = needed_for(RESTITUTION), needed_for(FIRST_COVER)
NO_COVER, OPEN = "compute: no cover", "compute: still open to claims"
NOT_ITS_KEY = "compute: not the operator's key"
QUESTIONS = ("token", "hub", "channels", "environments", "registry")


class DisputeCoverEdges(DisputeEdgeSystem):
    """Short ways of operators and payers that dispute nothing."""

    consent_in_every_form = CoverEdges.consent_in_every_form

    def constructors(self) -> Iterator[Deployment]:
        core, game, nobody = self["core"], self["game"], self["author"]
        yield from variations(
            "InferenceDisputes", (core, game, WINDOW, BOND), (0, nobody, "disputes: market is no contract"),
            (1, nobody, "disputes: game is no contract"), (3, 0, "disputes: no bond"), (3, 1, None), (2, 0, None),
        )  # fmt: skip
        odd, right = self["odd"], [str(self.address_of(name)) for name in QUESTIONS]
        for at, wrong, reason in (
            (0, nobody, "payouts: token is no contract"), (1, nobody, "compute: hub is no contract"),
            (2, nobody, "compute: channels is no contract"), (0, self["mute"], "disputes: no allowance"),
            (0, self["quiet"], None), (0, self["token"], None),
        ):  # fmt: skip
            for name, answer in zip(QUESTIONS, [*right[:at], wrong, *right[at + 1 :]], strict=True):
                self.answers_to("odd", f"{name}()", [], (), answer)
            yield "InferenceDisputes", (odd, game, WINDOW, BOND), reason

    def address_of(self, name: str) -> str:
        return self[{"environments": "places"}.get(name, name)]

    # what it says of itself -------------------------------------------------------------------------------------------

    @way()
    def what_it_is_made_of(self, who: str) -> Steps:
        """DIS-9: terms, accounts, and what the hub may take for prices."""
        for name, role in (("market", "core"), ("environments", "places"), ("registry", "registry"), ("game", "game"),
                           ("hub", "hub"), ("token", "token"), ("channels", "channels")):  # fmt: skip
            assert self.ask(f"market.{name}") == int(self[role], 16), f"another {name}"
        assert self.ask("market.bond") == BOND
        assert self.ask("market.evidence_window") == WINDOW
        assert tuple(self.answer_of("market.terms")) == (WINDOW, TURNS * TURN, ZERO_ADDRESS, SMALLEST, LARGEST)
        assert self.ask("token.allowance", self["market"], self["hub"]) == 2**256 - 1
        said = self.answer_of("market.eip712Domain")
        assert tuple(said)[1:5] == ("Keifu Inference", "1", self.evm.chain_id, self["market"])
        nothing = (ZERO_ADDRESS, ZERO_ADDRESS, 0, 0, 0, 0, 0)
        for channel, operator in ((bytes(32), "operator"), (self.pool[0].name, "stranger")):
            assert tuple(self.answer_of("market.cover_of", channel, self[operator])) == nothing
        yield self.sends("settle", self["operator"], [])

    # covers -----------------------------------------------------------------------------------------------------------

    def state(self, row: Any, since: int, last: int, restitution: int = RESTITUTION, *, over: bool = False) -> None:
        found = tuple(self.answer_of("market.cover_of", row.name, self["operator"]))
        key, reserve = self.key.address, 0 if over else needed_for(restitution)
        assert found == (row.payer, key, restitution, since, last, last + WINDOW, reserve), "CMP-3"

    @way(Choice((1, 2)), Choice((0, 1, 3, COIN)))
    def a_cover_begins(self, who: str, row: int, price: int) -> Steps:
        """CMP-3: its log, what it reserves and holds, and its price, which the hub takes."""
        before, channel = self.standing(), self.pool[row]
        had = self.stored(self["hub"])
        yield self.gives_cover(row=row, price=price, by="payer")
        last = self.now + TERM
        self.emitted("market.Covered", channel=channel.name, operator=self["operator"], key=self.key.address,
                     payer=channel.payer, restitution=RESTITUTION, price=price, since=self.now + 1,
                     last=last)  # fmt: skip
        self.emitted("hub.Rewarded", count=int(price > 0))
        if price:
            self.emitted("hub.Rewarded", operator=self["operator"], payer=self["market"], amount=price)
        self.changed(before, "CMP-3", reserved=NEEDED, held=NEEDED, brought=-price)
        assert self.stored(self["hub"]) == had + price
        self.state(channel, self.now + 1, last)

    @way()
    def a_cover_prolonged(self, who: str) -> Steps:
        """CMP-3: of the same restitution, no day less, once a signature; the cap counts it once."""
        name, key = self.pool[1].name, self.key.address
        yield self.sends("set_cap", key, FIRST + NEEDED - 1)
        self.emitted("market.CapSet", operator=self["operator"], key=key, cap=FIRST + NEEDED - 1)
        yield self.gives_cover(row=1, fails="caps: over the key's cap")
        yield self.sends("set_cap", key, FIRST + NEEDED)
        yield self.gives_cover(row=1)
        since, last = self.now + 1, self.now + TERM
        yield self.gives_cover(row=1, fails="compute: signature was used")
        self.after()
        yield self.gives_cover(row=1, last=last - 1, fails="compute: last day is earlier")
        yield self.gives_cover(row=1, last=last, restitution=RESTITUTION + 1, fails="compute: another restitution")
        yield self.gives_cover(row=1, last=last)
        self.state(self.pool[1], since, last)
        yield self.gives_cover(row=1, last=last + 1)
        self.state(self.pool[1], since, last + 1)
        assert tuple(self.answer_of("market.cap", self["operator"], key)) == (FIRST + NEEDED,) * 2
        yield self.gives_cover(row=2, fails="caps: over the key's cap")
        yield self.sends("release", name, self["operator"], by="payer")
        self.emitted("market.CoverFreed", channel=name, operator=self["operator"])
        self.state(self.pool[1], since, last + 1, over=True)
        yield self.sends("release", name, self["operator"], by="payer", fails=NO_COVER)
        yield self.gives_cover(row=2)

    @way()
    def a_cover_of_another_key(self, who: str) -> Steps:
        """CMP-3: prolonged by another key of the operator's, it counts against that one."""
        second, operator, row = self.keys[self.key_names[1]], self["operator"], self.pool[1]
        consent = key_consent(self.receipts.domain, operator, second, KeyKind.RECEIPT)
        yield self.gives_cover(row=1)
        yield self.sends("register_key", second.address, int(KeyKind.RECEIPT), consent)
        yield self.gives_cover(row=1, signer=second, fails="compute: signature was used")
        yield self.gives_cover(row=1, signer=second, deadline=self.now + 1, fails="caps: over the key's cap")
        yield self.sends("set_cap", second.address, NEEDED)
        yield self.gives_cover(row=1, signer=second, last=self.now + TERM + 1)
        caps = [self.answer_of("market.cap", operator, key.address)[1] for key in (self.key, second)]
        assert caps == [FIRST, NEEDED], "CMP-3: held of another key's cap"
        yield self.sends("release", row.name, operator, by="payer")
        assert self.answer_of("market.cap", operator, second.address)[1] == 0
        assert self.answer_of("market.cap", operator, self.key.address)[1] == FIRST

    @way(Choice((-1, 0)))
    def restitutions(self, who: str, less: int) -> Steps:
        """CMP-3: between one coin and 40,000, within the lock to the wei."""
        yield self.sends("set_cap", self.key.address, 10**7 * COIN)
        for wei, is_good in ((SMALLEST - 1, False), (SMALLEST, True), (LARGEST + 1, False)):
            with self.evm.anchor():
                yield self.gives_cover(row=1, restitution=wei, fails=None if is_good else "compute: bad restitution")
        more = needed_for(LARGEST) + FIRST - LOCK + less
        yield self.tx("hub.lock", self["market"], self["operator"], more, sender=self["operator"])
        yield self.gives_cover(row=1, restitution=LARGEST, fails="compute: lock too small" if less else None)
        assert self.ask("market.reserved", self["operator"]) == FIRST + (0 if less else needed_for(LARGEST))

    @way()
    def times_of_a_cover(self, who: str) -> Steps:
        """CMP-3, CMP-4: to the second, of its window, too."""
        operator, name = self["operator"], self.pool[1].name
        yield self.gives_cover(row=1, deadline=self.now - 1, fails="compute: signature has expired")
        for seconds, is_good in ((0, False), (1, True), (LONGEST, True), (LONGEST + 1, False)):
            with self.evm.anchor():
                last = self.now + seconds
                yield self.gives_cover(row=1, last=last, fails=None if is_good else "compute: bad last day")
        yield self.gives_cover(row=1)
        until = self.now + TERM + WINDOW
        self.evm.warp_to(until)
        yield self.settles([name], OPEN)
        yield self.sends("unlock", 1, [name], fails=OPEN)
        self.after(1)
        yield self.settles([name])
        self.emitted("market.CoverFreed", channel=name, operator=operator)
        assert self.answer_of("market.cap", operator, self.key.address)[1] == FIRST
        yield self.settles([name], NO_COVER)

    @way()
    def who_may_cover_and_release(self, who: str) -> Steps:
        """CMP-3, CMP-4: anybody covers, by the operator's word for this channel; its payer alone releases."""
        row, operator = self.pool[1], self["operator"]
        yield self.gives_cover(row=1, channel_id=self.pool[0].name, fails="compute: another channel")
        yield self.gives_cover(row=1, signer=self.signers[self["stranger"]], fails=NOT_ITS_KEY)
        yield self.gives_cover(row=1, signer=self.keys[self.key_names[1]], fails=NOT_ITS_KEY)
        yield self.gives_cover(row=1, operator="other operator", fails=NOT_ITS_KEY)
        yield self.gives_cover(row=1, by="stranger")
        yield self.gives_cover(
            row=1, operator="other operator", signer=self.signers[self["other operator"]], by="watcher"
        )
        self.emitted("market.Covered", channel=row.name, operator=self["other operator"], payer=row.payer)
        for role in ("operator", "key holder", "stranger"):
            yield self.sends("release", row.name, operator, by=role, fails="compute: not the payer")
        yield self.sends("release", self.pool[2].name, operator, by="payer", fails=NO_COVER)
        yield self.sends("release", row.name, self["quiet operator"], by="payer", fails=NO_COVER)
        yield self.sends("release", row.name, operator, by="payer")
        assert self.ask("market.reserved", operator) == FIRST
        assert self.ask("market.reserved", self["other operator"]) == FIRST + NEEDED
        yield self.tx("hub.remove_service", self["market"], sender=self.owner)
        yield self.gives_cover(row=1, last=self.now + DAY, fails="compute: market not listed")

    @way()
    def covered_in_every_form(self, who: str) -> Steps:
        """CMP-3: by the key alone, under this contract's domain, as wallets send it."""
        row = self.pool[1]
        said = Cover(row.name, RESTITUTION, 0, self.now + DAY, self.now)
        plain = said.sign(self.receipts.domain, self.key)
        for signature, counts in forms(self.receipts.domain, self.key, self.signers[self["author"]], COVER, *said.args):
            if len(signature) <= 65:
                with self.evm.anchor():
                    args = (row.values, said.args, self["operator"], signature)
                    fails = None if counts and signature[:32] == plain[:32] else NOT_ITS_KEY
                    yield self.sends("cover", *args, by="payer", fails=fails)

    @way(Choice(((0, 1), (1, 0), (2, 1))))
    def one_word_for_two_operators(self, who: str, rows: tuple[int, int]) -> Steps:
        """CMP-3: a key that is its own speaks for itself, and a signature is used by operator."""
        other, said = self.signers[self["other operator"]], self.pool[rows[0]]
        terms: dict[str, Any] = {"operator": "other operator", "signer": other, "restitution": COIN}
        yield self.gives_cover(row=rows[0], **terms)
        yield self.gives_cover(row=rows[0], **terms, fails="compute: signature was used")
        yield self.gives_cover(row=rows[1], **terms)
        found = tuple(self.answer_of("market.cover_of", said.name, self["other operator"]))
        assert found[:2] == (said.payer, self["other operator"]), "CMP-3"

    # what is bound ----------------------------------------------------------------------------------------------------

    @way()
    def bound_once_an_epoch(self, who: str) -> Steps:
        """CMP-2: the first cover of an epoch binds all, later ones nothing; anybody binds anew."""
        operator = self["operator"]
        yield self.sends("set_cap", self.key.address, 10 * NEEDED)
        self.evm.warp(EPOCH)
        yield self.gives_cover(row=1)
        self.emitted("hub.Bound", service=self["market"], operator=operator, amount=FIRST + NEEDED)
        yield self.gives_cover(row=2, by="watcher")
        self.emitted("hub.Bound", count=0)
        returned = yield self.sends("bind", operator, by="stranger")
        self.emitted("hub.Bound", amount=FIRST + 2 * NEEDED)
        assert int.from_bytes(returned, "big") == FIRST + 2 * NEEDED == self.bound_of(operator), "CMP-2"
        self.evm.warp(EPOCH)
        yield self.sends("bind", operator, by="stranger")
        yield self.sends("release", self.pool[2].name, operator, by="other payer")
        yield self.gives_cover(row=2)
        self.emitted("hub.Bound", count=0)
        self.evm.warp(EPOCH)
        yield self.gives_cover(row=2, last=self.now + TERM)
        yield self.sends("release", self.pool[2].name, operator, by="other payer")
        self.evm.warp(EPOCH)
        yield self.gives_cover(row=1, last=self.now + TERM)
        self.emitted("hub.Bound", amount=FIRST + NEEDED)

    @way()
    def a_lock_to_the_wei(self, who: str) -> Steps:
        """DIS-9: what no cover needs is free, at once; what is settled on the way, too."""
        operator, names = self["operator"], [self.pool[1].name, self.pool[2].name]
        yield self.sends("set_cap", self.key.address, 10 * NEEDED)
        yield self.gives_cover(row=1, last=self.now + 1)
        yield self.gives_cover(row=2, last=self.now + 2)
        before, free = self.standing(), LOCK - FIRST - 2 * NEEDED
        yield self.sends("unlock", free + 1, [], fails="hub: more than the lock")
        yield self.sends("unlock", 0, [], fails="hub: zero amount")
        with self.evm.anchor():
            yield self.sends("unlock", free, [])
            self.emitted("hub.Unlocked", service=self["market"], operator=operator, amount=free)
            self.changed(before, "DIS-9", lock=-free)
        self.after(WINDOW + 2)
        yield self.sends("unlock", 1, names, fails=OPEN)
        yield self.settles(names, OPEN)
        yield self.sends("unlock", free + NEEDED + 1, names[:1], fails="hub: more than the lock")
        with self.evm.anchor():
            yield self.sends("unlock", free + NEEDED, names[:1])
            self.changed(before, "DIS-9", lock=-free - NEEDED, reserved=-NEEDED, held=-NEEDED)
        self.after(1)
        yield self.settles([*names, names[0]], NO_COVER)
        yield self.settles(names, NO_COVER, "other operator")
        yield self.settles(names)
        self.emitted("market.CoverFreed", count=2, channel=names[1], operator=operator)
        self.changed(before, "DIS-9", reserved=-2 * NEEDED, held=-2 * NEEDED)
        yield self.sends("unlock", 1, [bytes(32)] * 16, fails=NO_COVER)
        yield self.sends("unlock", LOCK - FIRST, [])

    # keys -------------------------------------------------------------------------------------------------------------

    @way()
    def kinds_of_keys(self, who: str) -> Steps:
        """KEY-1, KEY-2: three kinds, each key once; receipt keys alone have caps."""
        key, operator = self.keys[self.key_names[1]], self["operator"]
        for kind in (0, 4, 255):
            consent = key.sign(self.receipts.domain.digest(HOT_KEY, operator, key.address, kind))
            yield self.sends("register_key", key.address, kind, consent, fails="keys: no such kind")
        for kind in (1, 2, 3):
            consent = key.sign(self.receipts.domain.digest(HOT_KEY, operator, key.address, kind))
            with self.evm.anchor():
                yield self.sends("register_key", key.address, kind, consent, by="stranger",
                                 fails="keys: key did not agree")  # fmt: skip
                yield self.sends("register_key", key.address, kind, consent)
                self.emitted("market.KeyRegistered", operator=operator, key=key.address, kind=kind)
                yield self.sends("register_key", key.address, kind, consent, fails="keys: key is taken")
                reason = None if kind == KeyKind.RECEIPT else "caps: not the caller's key"
                yield self.sends("set_cap", key.address, 1, fails=reason)
                yield self.sends("set_cap", key.address, 1, by="stranger", fails="caps: not the caller's key")
                yield from self.a_key_retires(key.address, kind)

    def a_key_retires(self, key: str, kind: int) -> Any:
        """By its operator or by itself, once; before it was somebody's it was its own."""
        operator, since = self["operator"], self.now
        assert tuple(self.answer_of("market.key", key)) == (operator, kind, since, 0), "KEY-1"
        self.after()
        yield self.sends("retire_key", key, by="stranger", fails="keys: not the operator")
        yield self.sends("retire_key", self["stranger"], by="stranger", fails="keys: no such key")
        by_itself = self.tx("market.retire_key", key, sender=key)
        yield by_itself if kind == KeyKind.RECEIPT else self.sends("retire_key", key)
        self.emitted("market.KeyRetired", operator=operator, key=key)
        until = self.now
        assert tuple(self.answer_of("market.key", key)) == (operator, kind, since, until), "KEY-1"
        yield self.sends("retire_key", key, fails="keys: no such key")
        self.after()
        if kind == KeyKind.RECEIPT:
            yield self.sends("set_cap", key, 1, fails="caps: not the caller's key")
        for of in (1, 2, 3):
            found = [self.answer_of("market.operator_of", key, of, time)
                     for time in (since - 1, since, until, until + 1)]  # fmt: skip
            speaks = operator if of == kind else ZERO_ADDRESS
            assert found == [key, speaks, speaks, ZERO_ADDRESS], "KEY-1"

    @way()
    def a_key_that_retires(self, who: str) -> Steps:
        """KEY-1: it covers in its last second, and no later."""
        yield self.sends("retire_key", self.key.address)
        with self.evm.anchor():
            yield self.gives_cover(row=1)
        self.after(1)
        yield self.gives_cover(row=1, fails=NOT_ITS_KEY)

    # coins that are owed ----------------------------------------------------------------------------------------------

    @way()
    def what_is_owed_is_paid(self, who: str) -> Steps:
        """CMP-11: once, to whom it is owed, or where that one says."""
        yield self.sends("pay", self["payer"], by="stranger", fails="payouts: nothing to pay")
        yield self.sends("withdraw", self["stranger"], by="payer", fails="payouts: nothing to pay")
        opened = yield from self.begins(self.quick())
        yield self.sends("withdraw", self["stranger"], by="payer", fails="payouts: nothing to pay")
        yield self.closes(opened)
        owed = self.credit("payer")
        for receiver in (ZERO_ADDRESS, self["market"]):
            yield self.sends("withdraw", receiver, by="payer", fails="payouts: no receiver")
        for call, receiver in (
            (self.sends("withdraw", self["stranger"], by="payer"), "stranger"),
            (self.sends("withdraw", self["payer"], by="payer"), "payer"),
            (self.sends("pay", self["payer"], by="watcher"), "payer"),
        ):  # fmt: skip
            with self.evm.anchor():
                had, kept = self.stored(self[receiver]), self.stored(self["market"])
                returned = yield call
                self.emitted("market.Paid", account=self["payer"], receiver=self[receiver], amount=owed)
                assert int.from_bytes(returned, "big") == owed == self.stored(self[receiver]) - had, "CMP-11"
                assert (self.stored(self["market"]), self.credit("payer")) == (kept - owed, 0), "CMP-11"
                yield self.sends("pay", self["payer"], by="watcher", fails="payouts: nothing to pay")

    @way()
    def a_token_that_takes_a_fee(self, who: str) -> Steps:
        """CMP-11: neither a price nor a bond is less than it says; a token that refuses is told from one that takes."""
        cheat, taken, refused = "cheat", "transfer: token takes a fee", "transfer: refused"
        yield self.gives_cover(to=cheat, price=COIN, fails=taken)
        yield self.gives_cover(to=cheat)
        self.after()
        start = self.quick()
        yield from self.begins(start, to=cheat, fails=taken)
        yield self.tx("fee.set_refuses", True, sender=self["author"])
        yield from self.begins(start, to=cheat, fails=refused)
        yield self.gives_cover(to=cheat, row=1, price=COIN, fails=refused)

    @way()
    def a_hub_that_pays_less(self, who: str) -> Steps:
        """CMP-11, DIS-9: what does not arrive is nobody's credit."""
        poor = "poor"
        yield self.gives_cover(to=poor)
        self.after()
        word = permit(self.worlds[poor].domain, self.signers[self["payer"]], self["watcher"], self.now)
        opened = yield from self.begins(self.quick(), to=poor, by="watcher", permit=word)
        yield self.closes(opened, to=poor)
        self.emitted("poor.Convicted", channel=self.pool[0].name, operator=self["operator"],
                     challenger=self["watcher"], restitution=LITTLE, reward=0)  # fmt: skip
        assert (self.credit("payer", poor), self.credit("watcher", poor)) == (LITTLE, BOND), "CMP-11"
        had = self.stored(self["payer"])
        yield self.sends("pay", self["payer"], by="stranger", to=poor)
        assert self.stored(self["payer"]) == had + LITTLE, "CMP-11: one wei was not paid"
