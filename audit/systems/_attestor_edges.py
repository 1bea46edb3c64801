"""Attestors at their edges: named and dropped by the owner, and what their coins weigh to the wei and the epoch."""

from __future__ import annotations

from audit.systems._hub import number
from audit.systems._hub_edges import way
from audit.systems._inft import ATTESTORS, LOCKED, NOTICE
from audit.systems._inft_edges import InftEdges
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.spec.attestors import COMPLAINT_WINDOW, EVIDENCE_WINDOW, LEAST, MATURITY, MAX_BACKING, PENALTY, REWARD
from keifu.units import COIN, DAY

__all__ = ["AttestorEdges"]

STATE = ("mature", "pending", "counts_from", "leaving", "release_at", "reserved", "joins_from", "removed_from")
UNNAMED, TOO_MUCH = "verifier: attestor is not named", "verifier: not so much to ask back"


class AttestorEdges(InftEdges):
    """Short ways of those who sign, over three whose coins count since this epoch."""

    def coins(self, role: str) -> dict[str, int]:
        return dict(zip(STATE, self.answer("verifier.attestor", self[role]), strict=True))

    def adding(self, role: str, amount: int) -> Steps:
        """More coins behind the verifier, that join."""
        yield self.tx("hub.lock", self["verifier"], self[role], amount, sender=self[role])
        yield self.verifier("join", sender=role)

    @way()
    def what_the_service_says(self, who: str) -> Steps:
        """Its windows and amounts, and whom it stands on."""
        assert tuple(self.answer("verifier.terms")) == (EVIDENCE_WINDOW, 0, ZERO_ADDRESS, 0, MAX_BACKING)
        for name, value in (
            ("MATURITY", MATURITY), ("NOTICE", NOTICE), ("LEAST", LEAST), ("EVIDENCE_WINDOW", EVIDENCE_WINDOW),
            ("COMPLAINT_WINDOW", COMPLAINT_WINDOW), ("PENALTY", PENALTY), ("REWARD", REWARD),
            ("hub", int(self["hub"], 16)), ("token", int(self["token"], 16)), ("owner", int(self.owner, 16)),
        ):  # fmt: skip
            assert self.ask(f"verifier.{name}") == value, name
        _, name, version, chain, contract, *_ = self.answer("verifier.eip712Domain")
        assert (name, version, chain) == ("Keifu DataVerifier", "1", self.evm.chain_id)
        assert contract.lower() == self["verifier"]
        yield self.verifier("poke", self["newcomer"])
        self.emitted("verifier.AttestorWeighed", attestor=self["newcomer"], mature=0, pending=0, leaving=0)

    @way()
    def a_newcomer(self, who: str) -> Steps:
        """Named with notice; its coins count seven epochs after they joined, and not a wei less than the least."""
        role, coins = "newcomer", self["newcomer"]
        epoch = self.ask("hub.epoch")
        yield self.verifier("name_attestor", coins, fails="verifier: not the owner")
        yield self.by_owner("name_attestor", ZERO_ADDRESS, fails="verifier: no attestor")
        yield self.verifier("join", sender=role, fails=UNNAMED)
        yield self.by_owner("name_attestor", coins)
        self.emitted("verifier.AttestorNamed", attestor=coins, joins_from=epoch + NOTICE)
        yield self.by_owner("name_attestor", coins, fails="verifier: attestor is named")
        yield self.verifier("join", sender=role, fails="verifier: nothing to add")
        yield self.tx("hub.lock", self["verifier"], coins, LEAST - 1, sender=coins)
        yield self.verifier("join", sender=role, fails="verifier: too few coins")
        yield self.tx("hub.lock", self["verifier"], coins, 1, sender=coins)
        added = yield self.verifier("join", sender=role)
        assert number(added) == LEAST
        self.emitted(
            "verifier.AttestorWeighed", attestor=coins, mature=0, pending=LEAST, counts_from=epoch + MATURITY, leaving=0
        )
        assert list(self.coins(role).values()) == [0, LEAST, epoch + MATURITY, 0, 0, 0, epoch + NOTICE, 0]
        said = self.said_of(self.token_id)
        yield self.move(said, self.right(said, roles=(ATTESTORS[0], role)), fails="verifier: attestor does not count")
        self.evm.warp((MATURITY - 1) * DAY)
        assert self.coins(role)["mature"] == 0
        self.evm.warp(DAY)
        assert list(self.coins(role).values())[:4] == [LEAST, 0, 0, 0]
        early = self.said_of(self.token_id)
        for one, reason in ((early.epoch - 1, "verifier: attestor does not count"), (early.epoch, None)):
            said = self.said_of(self.token_id, epoch=one)
            yield self.move(said, self.right(said, roles=(ATTESTORS[0], role)), fails=reason)

    @way(Choice((0, 3, 7, 8)))
    def joins_late(self, who: str, days: int) -> Steps:
        """Whoever joins later than it was named waits its own seven epochs."""
        coins = self["newcomer"]
        yield self.by_owner("name_attestor", coins)
        self.evm.warp(days * DAY)
        yield from self.adding("newcomer", LEAST)
        assert self.coins("newcomer")["counts_from"] == self.ask("hub.epoch") + MATURITY

    @way(Choice((0, 1)))
    def dropped(self, who: str, late: int) -> Steps:
        """Counts until the notice is over; then anybody removes it, and all its coins leave."""
        role, attestor = ATTESTORS[0], self[ATTESTORS[0]]
        epoch = self.ask("hub.epoch")
        yield self.verifier("drop_attestor", attestor, fails="verifier: not the owner")
        yield self.by_owner("drop_attestor", self["newcomer"], fails=UNNAMED)
        yield self.verifier("remove_attestor", attestor, fails="verifier: not to be removed")
        yield self.by_owner("drop_attestor", attestor)
        self.emitted("verifier.AttestorDropped", attestor=attestor, removed_from=epoch + NOTICE)
        assert self.coins(role)["removed_from"] == epoch + NOTICE
        yield self.by_owner("drop_attestor", attestor, fails="verifier: attestor is being dropped")
        self.evm.warp((NOTICE - 1) * DAY)
        yield self.verifier("remove_attestor", attestor, fails="verifier: not to be removed")
        self.evm.warp((1 + late) * DAY)
        with self.evm.anchor():
            yield self.by_owner("name_attestor", attestor)
            assert self.coins(role)["removed_from"] == 0
            yield self.verifier("remove_attestor", attestor, fails="verifier: not to be removed")
        yield self.verifier("remove_attestor", attestor)
        self.emitted("verifier.AttestorWeighed", attestor=attestor, mature=0, pending=0, leaving=LOCKED)
        assert list(self.coins(role).values()) == [0, 0, 0, LOCKED, self.now + EVIDENCE_WINDOW, 0, 0, 0]
        yield self.verifier("join", sender=role, fails=UNNAMED)
        yield self.move(self.said_of(self.token_id), fails="verifier: attestor does not count")
        self.evm.warp(EVIDENCE_WINDOW)
        paid = yield self.verifier("release", sender=role)
        assert number(paid) == LOCKED
        assert self.lock_of(attestor) == 0
        yield self.verifier("release", sender=role, fails="verifier: nothing asked back")

    @way(Choice((0, 1, LOCKED - LEAST, LOCKED - LEAST + 1, LOCKED, LOCKED + 1)))
    def asks_back(self, who: str, amount: int) -> Steps:
        """Stops counting at once, and is paid when the window is over."""
        role, attestor = ATTESTORS[0], self[ATTESTORS[0]]
        yield self.verifier("leave", amount, sender=role, fails=None if 0 < amount <= LOCKED else TOO_MUCH)
        if not 0 < amount <= LOCKED:
            return
        self.emitted("verifier.AttestorWeighed", attestor=attestor, mature=LOCKED - amount, leaving=amount)
        assert self.answer("hub.get_lock", self["verifier"], attestor)[1] == LOCKED - amount
        yield self.verifier("leave", LOCKED - amount + 1, sender=role, fails=TOO_MUCH)
        counts = LOCKED - amount >= LEAST
        with self.evm.anchor():
            yield self.move(self.said_of(self.token_id), fails=None if counts else "verifier: attestor does not count")
        self.evm.warp(EVIDENCE_WINDOW - 1)
        yield self.verifier("release", sender=role, fails="verifier: too early")
        self.evm.warp(1)
        credit = self.ask("hub.credit", attestor)
        paid = yield self.verifier("release", sender=role)
        self.emitted("verifier.AttestorWeighed", attestor=attestor, mature=LOCKED - amount, pending=0, leaving=0)
        assert number(paid) == amount == self.ask("hub.credit", attestor) - credit
        assert self.lock_of(attestor) == LOCKED - amount

    @way(Choice((1, COIN, LOCKED + COIN - 1)))
    def the_newest_go_first(self, who: str, amount: int) -> Steps:
        """What is pending leaves before what counts."""
        role, attestor = ATTESTORS[0], self[ATTESTORS[0]]
        yield from self.adding(role, COIN)
        assert (self.coins(role)["mature"], self.coins(role)["pending"]) == (LOCKED, COIN)
        yield self.verifier("leave", amount, sender=role)
        left = max(0, COIN - amount)
        counts = LOCKED - max(0, amount - COIN)
        assert (self.coins(role)["mature"], self.coins(role)["pending"]) == (counts, left)
        self.evm.warp(MATURITY * DAY)
        assert (self.coins(role)["mature"], self.coins(role)["pending"]) == (counts + left, 0)
        yield self.verifier("poke", attestor)
        self.emitted("verifier.AttestorWeighed", attestor=attestor, mature=counts + left, pending=0, leaving=amount)
        assert self.answer("hub.get_lock", self["verifier"], attestor)[1] == counts + left
        self.evm.warp(EVIDENCE_WINDOW)
        yield self.verifier("release", sender=role)
        assert (self.coins(role)["mature"], self.lock_of(attestor)) == (counts + left, counts + left)

    @way()
    def pending_starts_anew(self, who: str) -> Steps:
        """What is added later makes what is pending wait again; a signature counts what counted in its epoch."""
        role, epoch = ATTESTORS[0], self.ask("hub.epoch")
        yield from self.adding(role, COIN)
        self.evm.warp((MATURITY - 1) * DAY)
        with self.evm.anchor():
            self.evm.warp(DAY)
            yield from self.adding(role, 1)
            assert self.answer("hub.get_lock", self["verifier"], self[role])[1] == LOCKED + COIN, (
                "what matured is bound"
            )
            self.evm.warp(MATURITY * DAY)
            assert (self.coins(role)["mature"], self.coins(role)["pending"]) == (LOCKED + COIN + 1, 0)
        yield from self.adding(role, 1)
        assert (self.coins(role)["pending"], self.coins(role)["counts_from"]) == (COIN + 1, epoch + 2 * MATURITY - 1)
        self.evm.warp(MATURITY * DAY)
        yield self.verifier("poke", self[role])
        self.emitted("verifier.AttestorWeighed", mature=LOCKED + COIN + 1, pending=0, counts_from=0)
        for late, reason in ((0, None), (1, "verifier: attestor does not count")):
            said = self.said_of(self.token_id, epoch=self.ask("hub.epoch") - late)
            with self.evm.anchor():
                yield self.move(said, fails=reason)

    @way(Choice((0, 1)))
    def promises_keep_their_coins(self, who: str, more: int) -> Steps:
        """Neither what leaves nor what stays is paid out while an open promise needs it."""
        role = ATTESTORS[0]
        yield self.move(self.said_of(self.token_id, backing=1_600 * COIN))
        reserved = self.ask("verifier.reserved", self[role])
        assert reserved == self.coins(role)["reserved"] == 1_000 * COIN + PENALTY
        yield self.verifier("leave", LOCKED - reserved + more, sender=role)
        self.evm.warp(EVIDENCE_WINDOW)
        yield self.verifier("release", sender=role, fails="verifier: promises are open" if more else None)
        if not more:
            assert self.lock_of(self[role]) == reserved
