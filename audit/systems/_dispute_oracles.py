"""What must hold for disputes after whatever people did: the log's sentences, and the five oracles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from audit.systems._compute import HORIZON, Covered
from audit.systems._compute_wealth import ComputeWealth
from audit.systems._dispute_answers import POSITIONS, Answered, answers, model
from audit.systems._dispute_proofs import right_move
from audit.systems._disputes import BOND, TURN, TURNS, Dispute, DisputeLog
from evmstorm.fuzz.system import invariant
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.neutrality import check_alike
from evmstorm.oracles.promise import Claim, check_payable
from keifu.abi import encode_args
from keifu.inference.disputes import Proof, Stage
from keifu.keys import keccak256

__all__ = ["DisputeOracles"]


class DisputeOracles(DisputeLog, ComputeWealth):
    """Sentences about the whole log."""

    # the log ----------------------------------------------------------------------------------------------------------

    @invariant("DIS-9", at_end=True)
    def locks_and_reserves_are_the_log_s(self) -> bool:
        """Nothing leaves a lock but what was unlocked or taken; what is reserved is there, by operator and by key."""
        for operator in self.operators:
            there, reserved = self.ask("hub.lock_of", self["market"], operator), self.ask("market.reserved", operator)
            if there != self.locked[operator] or reserved != self.reserved(operator) or reserved > there:
                return False
            for key in self.signing:
                found = tuple(self.answer_of("market.cap", operator, key))
                if found != (self.caps[operator, key], self.held_by(operator, key)):
                    return False
        for item in {(item.operator, item.row): item for item in self.covers}.values():
            found = tuple(self.answer_of("market.cover_of", item.row.name, item.operator))
            terms = (item.row.payer, item.key, item.restitution, item.since, item.last, item.until)
            if found != (*terms, 0 if item.over else item.needed):
                return False
        return True

    @invariant("DIS-7", at_end=True)
    def turns_are_the_log_s(self) -> bool:
        """An open dispute stands where both sides brought it, a finished one nowhere."""
        for item in self.disputes:
            found = self.ask("game.turn_of", self["market"], item.turn.dispute)
            running = self.dispute_of(item.row.name, item.operator)
            if found != (self.hash_of(running) if running else 0):
                return False
        return True

    def hash_of(self, dispute: Dispute) -> int:
        kinds = ["address", "bytes32", "bytes32", "address", "address", *["bytes32"] * 3, "uint256", "bytes32"]
        return int.from_bytes(keccak256(encode_args(kinds, dispute.turn.args)), "big")

    @invariant("CMP-11", at_end=True)
    def credits_are_covered(self) -> bool:
        """Everybody's credit is what the log owes, and the coins for all of them and for open bonds are there."""
        if any(self.ask("market.credits", who) != self.owed[who] for who in self.addresses):
            return False
        bonds = BOND * sum(not item.over for item in self.disputes)
        return bool(self.stored(self["market"]) == sum(self.owed.values()) + bonds)

    @invariant("DIS-5", at_end=True)
    def terms_are_as_promised(self) -> bool:
        """The longest dispute, the window, and who is asked."""
        terms = self.answer_of("market.terms")
        said = (self.ask("game.longest"), self.ask("game.window"), self.answer_of("game.market"))
        return tuple(terms)[1] == TURNS * TURN and said == (TURNS * TURN, TURN, self["core"])

    # money ------------------------------------------------------------------------------------------------------------

    def pay_to(self, who: str, wei: int) -> None:
        self.owed[who] += wei
        self.moves(who, wei)

    def lose(self, operator: str, wei: int) -> None:
        self.locked[operator] -= wei
        self.moves(operator, -wei)

    def still_covering(self, dispute: Dispute) -> Covered | None:
        """The cover that answers for a dispute's receipt, unless its payer released it."""
        return None if dispute.cover.over else dispute.cover

    # the five oracles -------------------------------------------------------------------------------------------------

    def other_reply(self) -> Answered:
        return next(item for item in answers() if item.name == "reply")

    def answering(self) -> list[Covered]:
        """Covers that answer for a receipt now, of which nothing is disputed."""
        return [
            item for item in self.covers
            if not item.over and item.since <= min(item.last, self.now) and self.now <= item.until
            and self.dispute_of(item.row.name, item.operator) is None
        ]  # fmt: skip

    def convicted(self, cover: Covered) -> None:
        """Its operator gave another token than the model made, and its payer shows that in two transactions."""
        key = self.key_names[0] if cover.operator == self["operator"] else cover.operator
        answer = self.other_reply()
        opening = self.opening(answer, key, channel_id=cover.row.name, time=cover.since)
        place, payer = answer.place(POSITIONS - 1, len(model().program) - 1), cover.row.payer
        call = self.opens(opening, place, sender=payer)
        self.do(call.text[0], *call.text[1], sender=payer)
        dispute = self.begun(cover.row, opening, place, payer, cover)
        proof = right_move(dispute)
        assert isinstance(proof, Proof)
        self.do("game.prove", dispute.turn.args, dispute.case.args, *proof, sender=payer)
        dispute.turn = replace(dispute.turn, stage=int(Stage.PROVED), deadline=self.now + TURN)
        self.do("market.close", dispute.turn.args, cover.row.name, sender=payer)

    def paid_by(self, covers: Sequence[Covered], claim: Claim) -> int:
        cover, before = covers[int(claim.name)], self.credit(claim.who)
        self.convicted(cover)
        return self.credit(claim.who) - before - BOND - cover.restitution // 10

    @invariant("ORA-2", at_end=True)
    def covers_are_payable(self) -> bool:
        """Promise: every open cover pays its payer in full, in whatever order fraud is shown; so does every dispute
        that is proved."""
        if self.is_finished:
            return True
        covers = self.answering()
        claims = [Claim(item.row.payer, item.restitution, str(at)) for at, item in enumerate(covers)]
        check_payable(claims, self.evm.anchor, partial(self.paid_by, covers))
        return True

    @invariant("ORA-3", at_end=True)
    def bystanders_lose_nothing(self) -> bool:
        """Harm: an operator that did nothing, and the payer that it covers, have all of theirs still."""
        quiet = self["quiet operator"]
        mine = sum(item.needed for item in self.covers_of(quiet))
        kept = self.covers[0].needed if not self.covers[0].over else 0
        self.harm.done(0, self.locked[quiet] + mine + kept - self.bystanders(), multiple=0)
        return True

    def waiting(self) -> list[Dispute]:
        return [item for item in self.disputes if not item.over]

    @invariant("ORA-4", at_end=True)
    def everybody_leaves_in_time(self) -> bool:
        """Delay: a dispute ends a second after its turn; an operator has its whole lock when the windows of its covers
        and its disputes are over."""
        with self.evm.anchor():
            exits = [Exit(item.challenger, item.due, 1, partial(self.is_closed, item)) for item in self.waiting()]
            for operator in self.operators:
                ends = [item.until for item in self.covers_of(operator)]
                ends += [item.due for item in self.waiting() if item.operator == operator]
                exits.append(Exit(operator, max(self.now, *ends, 0), 2, partial(self.lock_is_back, operator)))
            check_exits(exits, lambda: self.now, self.evm.warp_to)
        return True

    def is_closed(self, dispute: Dispute) -> bool:
        """Where nothing can be taken any more, the payer has to release the cover."""
        cover = self.still_covering(dispute)
        if self.is_finished and cover is not None:
            if not self.answer_of("market.cover_of", cover.row.name, cover.operator)[6]:
                return True
            self.do("market.release", cover.row.name, cover.operator, sender=cover.row.payer)
        winner = dispute.challenger if dispute.lost(self.now) else dispute.operator
        before = self.credit(winner)
        self.do("market.close", dispute.turn.args, dispute.row.name, sender=self["stranger"])
        return self.credit(winner) >= before + BOND

    def lock_is_back(self, operator: str) -> bool:
        names = [item.row.name for item in self.covers_of(operator)]
        names = [name for name in names if self.answer_of("market.cover_of", name, operator)[6]]
        there = self.ask("hub.lock_of", self["market"], operator)
        if there:
            self.do("market.unlock", there, names, sender=operator)
        return self.ask("hub.lock_of", self["market"], operator) == 0

    @invariant("ORA-5", at_end=True)
    def closing_is_neutral(self) -> bool:
        """Neutrality: disputes that are closed, and frauds that are shown, in whatever order pay the same."""
        waiting = self.waiting()
        over = max(self.now, *(item.due + 1 for item in waiting), 0)
        if self.removed and over >= self.removed + HORIZON:  # nothing is taken any more
            return True
        covers, paid = self.answering(), []
        for step in (1, -1):
            with self.evm.anchor():
                for cover in covers[::step]:
                    self.convicted(cover)
                self.evm.warp_to(over)
                for item in waiting[::step]:
                    self.do("market.close", item.turn.args, item.row.name, sender=self["stranger"])
                paid.append([self.credit(who) for who in self.addresses])
        for one, other in zip(*paid, strict=True):
            check_alike("closed disputes", one, [other], 0)
        return True
