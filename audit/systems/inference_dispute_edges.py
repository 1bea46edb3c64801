"""InferenceDisputes at its edges: one second, one wei, one level or one form of a signature more, each reason of a
refusal, and all that logs, credits and reserves say afterwards.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.systems._compute import HORIZON, WINDOW, covers_damages
from audit.systems._dispute_edges import GROUPS, MODEL, POOLING, TERM, TEXTS, Opened, Program
from audit.systems._dispute_edges_covers import DisputeCoverEdges
from audit.systems._disputes import BOND, FIRST_COVER, TURN
from audit.systems._game_edges import Start, words
from audit.systems._hub_edges import way
from audit.systems._wallet_signatures import MOODS, forms
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import DISPUTE_PERMIT, RECEIPT_BATCH
from keifu.compute.promises import needed_for, shown
from keifu.compute.receipt import Evidence
from keifu.inference.disputes import permit
from keifu.spec import inference_trees as trees
from keifu.units import COIN, HOUR

__all__ = ["InferenceDisputeEdges"]

NO_COVER, NOT_PAYER, NO_RECORD = "disputes: no cover", "disputes: not the payer", "disputes: not the record"
NOT_LAST, STILL_OPEN = "disputes: not the last group", "disputes: still open"
SEED = words(1, 80)[0]
# Prompt, reply, position and how far from the last group: of tokens, and of vectors.
PLACES = ((1, 1, 0, 0), (3, 2, 3, 0), (3, 2, 2, 1), (3, 2, 1, 2), (7, 5, 10, 1), (1_000, 25, 1_023, 0))
OF_TEXTS = ((1, 0, 0, 0), (5, 0, 4, 0), (5, 0, 2, 1), (1_024, 0, 1_023, 1))
RESTITUTIONS = (COIN, COIN + 1, COIN + 9, COIN + 11, 333 * COIN + 333, 400 * COIN + 7, 401 * COIN + 19)


class InferenceDisputeEdges(DisputeCoverEdges):
    """Short ways to disputes that are refused, and through those that end at once."""

    # about what -------------------------------------------------------------------------------------------------------

    @way(Choice(tuple(item for item in GROUPS if item <= 128)), Choice(PLACES), Choice((None, (SEED, 77))))
    def a_place_of_an_answer(self, who: str, groups: int, place: tuple[int, int, int, int], drawing: Any) -> Steps:
        """DIS-10: what the game is given is what receipt, record and descriptor say, for any number of groups."""
        yield from self.at_a_place(Program(groups), place, drawing)

    @way(Choice((1, 2, 3, 5, 128)), Choice(OF_TEXTS))
    def a_place_of_a_text(self, who: str, groups: int, place: tuple[int, int, int, int]) -> Steps:
        """DIS-15"""
        yield from self.at_a_place(Program(groups, POOLING), place, None)

    def at_a_place(self, program: Program, place: tuple[int, int, int, int], drawing: Any) -> Any:
        prompt, reply, position, before = place
        group = max(program.groups - before, 0)
        start = Start(program.groups, group, prompt, reply, position, drawing=drawing, time=self.now)
        if start.is_named:
            start = replace(start, marks=tuple(words(3, 6)))
        if drawing and start.positions == 1:
            yield from self.begins(start, program, fails="game: one position")
            return
        wrong = [SEED, *start.whole_path[1:]]
        if start.path:
            yield from self.begins(start, program, path=wrong, fails="game: not in the trace")
        yield from self.begins(start, program, position=start.positions, fails="game: no such place")
        yield from self.begins(start, program, group=program.groups + 1, fails="game: no such place")
        yield from self.begins(start, program)
        yield from self.begins(start, program, fails="game: dispute is open")

    @way(Choice(GROUPS))
    def the_last_group(self, who: str, groups: int) -> Steps:
        """DIS-10: a descriptor says how high the tree over all groups is."""
        start = replace(self.quick(), groups=groups, group=0)
        for off in (1, -1):
            if groups + off > 0:
                yield from self.begins(start, Program(groups, wrong_by=off), fails=NOT_LAST)
        if groups > 128:
            yield from self.begins(start, Program(groups), fails="game: number of groups")
            text = replace(start, prompt=3, reply=0)
            if groups == 129:
                yield from self.begins(text, Program(129, POOLING), fails="game: number of groups")

    @way(Choice((0, 2, 6, 8, 9, 11, 12, 15, 26)))
    def the_last_operator(self, who: str, kind: int) -> Steps:
        """DIS-10: it makes a token or a vector, and stands where its program has it."""
        fails, start = "inference_verifier: type", self.quick()
        yield from self.begins(start, Program(kind=kind), fails=fails)
        elsewhere = "inference_verifier: descriptor"
        for slot in (0, 15):
            yield from self.begins(start, Program(slot=slot), token=MODEL.descriptor, fails=elsewhere)
            with self.evm.anchor():
                yield from self.begins(start, Program(slot=slot))
        said, path = MODEL.descriptor
        for given in ((said, path[1:]), (said, [*path, SEED]), (said, [SEED, *path[1:]]),
                      ((said[0], SEED, said[2]), path), ((said[0], said[1], SEED), path)):  # fmt: skip
            yield from self.begins(start, token=given, fails=elsewhere)
        for words_of in (Program(2), Program(4), Program(5)):
            yield from self.begins(start, token=words_of.descriptor, fails=elsewhere)

    @way()
    def the_record(self, who: str) -> Steps:
        """DIS-10: what was promoted when the receipt says, where it says, and no other."""
        start, other = self.quick(), self.published[Program(2)]
        number, record = self.published[MODEL]
        yield from self.begins(start, record=other[1].args, fails=NO_RECORD)
        for seq in (0, number - 1, number + 1, len(self.published) + 1, 2**64 - 1):
            yield from self.begins(start, said={"promotion_seq": seq}, fails=NO_RECORD)
        for place in (bytes(32), self.chat, SEED):
            yield from self.begins(start, said={"environment": place}, fails=NO_RECORD)
        wrong = replace(record, program_root=SEED)
        yield from self.begins(start, record=wrong.args, fails=NO_RECORD)
        yield from self.begins(start, said={"digest": SEED})

    @way(Choice(tuple(Evidence)), Choice((0, 4, 255)))
    def kinds_of_evidence(self, who: str, kind: int, other: int) -> Steps:
        """DIS-10: what is proved, alone."""
        fails = None if kind == Evidence.PROVED else "disputes: not of the proved kind"
        yield from self.begins(self.quick(), said={"evidence": other}, fails="disputes: not of the proved kind")
        yield from self.begins(self.quick(), said={"evidence": int(kind)}, fails=fails)

    @way()
    def units(self, who: str) -> Steps:
        """DIS-15: a reply of one id at least, a vector of one text; a prompt; 1,024 positions."""
        start, text = self.quick(), replace(self.quick(), reply=0, group=3, position=2)
        number = "game: number of tokens"
        yield from self.begins(start, said={"output_units": 0}, fails="disputes: no reply")
        for count in (0, 2, 3, 2**64 - 1):
            yield from self.begins(text, TEXTS, said={"output_units": count}, fails="disputes: not one text")
        for prompt in (0, 1_025, 2**64 - 1):
            yield from self.begins(start, said={"input_units": prompt}, fails=number)
            yield from self.begins(text, TEXTS, said={"input_units": prompt}, fails=number)
        yield from self.begins(start, said={"output_units": 2**64 - 1}, fails=number)
        with self.evm.anchor():
            yield from self.begins(text, TEXTS)
        yield from self.begins(replace(start, reply=1))

    # by whose word ----------------------------------------------------------------------------------------------------

    @way(Choice((-1, 0, 1)), Choice((0, 1)))
    def seconds_of_a_cover(self, who: str, off: int, at_end: int) -> Steps:
        """DIS-10: receipts of its seconds, first and last one included, while its window is open."""
        yield self.gives_cover(row=1)
        first, last = self.now + 1, self.now + TERM
        name = self.pool[1].name
        self.evm.warp_to(last + HOUR)
        out = off == (1 if at_end else -1)
        start = self.quick(time=(last if at_end else first) + off)
        yield from self.begins(start, said={"channel_id": name}, fails=NO_COVER if out else None)

    @way(Choice((0, 1)))
    def the_last_second(self, who: str, late: int) -> Steps:
        """DIS-10: of the evidence window."""
        yield self.gives_cover(row=1)
        start, name = self.quick(time=self.now + 1), self.pool[1].name
        self.evm.warp_to(self.now + TERM + WINDOW + late)
        yield from self.begins(start, said={"channel_id": name}, fails=NO_COVER if late else None)

    @way()
    def which_cover(self, who: str) -> Steps:
        """DIS-10: of this channel, by this operator, while it is reserved; and of no later second."""
        start = self.quick()
        yield from self.begins(replace(start, time=self.now + 1), fails="disputes: time has not come")
        for name in (self.pool[1].name, self.pool[3].name, self.bystander.name, SEED):
            yield from self.begins(start, said={"channel_id": name}, fails=NO_COVER)
        yield from self.begins(start, key=self.signers[self["other operator"]], fails=NO_COVER)
        yield from self.begins(start, said={"number": 2**64 - 1, "fee": 2**128 - 1, "charged": 7})

    @way()
    def a_receipt_in_every_form(self, who: str) -> Steps:
        """DIS-10: by the key alone, under its market's domain."""
        start = self.quick()
        receipt = self.receipt_of_place(start, MODEL)
        values, proof, plain = shown(self.core_receipts.sign(self.key, [receipt])[0])
        for signature, counts in forms(
            self.core_receipts.domain, self.key, self.signers[self["author"]], RECEIPT_BATCH, receipt.leaf
        ):
            if len(signature) <= 65:
                with self.evm.anchor():
                    fails = None if counts and signature[:32] == plain[:32] else NO_COVER
                    yield from self.begins(start, shown_as=(values, proof, signature), fails=fails)
        own = self.key.sign(self.receipts.domain.digest(RECEIPT_BATCH, receipt.leaf))
        yield from self.begins(start, shown_as=(values, proof, own), fails=NO_COVER)

    @way(Choice((1, 2, 3, 4, 31, 999)), Choice((0, 1)))
    def a_receipt_among_others(self, who: str, beside: int, first: int) -> Steps:
        """DIS-10: one signature stands under a thousand."""
        start = self.quick()
        receipt = self.receipt_of_place(start, MODEL)
        others = [replace(receipt, number=number + 2) for number in range(beside)]
        batch = [receipt, *others] if first else [*others, receipt]
        values, proof, signature = shown(self.core_receipts.sign(self.key, batch)[0 if first else -1])
        for wrong in (proof[1:], proof[:-1], [SEED, *proof[1:]]):
            yield from self.begins(start, shown_as=(values, wrong, signature), fails=NO_COVER)
        if len(proof) > 1:
            yield from self.begins(start, shown_as=(values, proof[::-1], signature), fails=NO_COVER)
        yield from self.begins(start, shown_as=(values, proof, signature))

    @way()
    def whose_key_at_the_market(self, who: str) -> Steps:
        """DIS-10: a receipt key, until the second in which it retires."""
        for name in self.key_names[1:]:
            yield from self.begins(self.quick(), key=self.keys[name], fails=NO_COVER)
        yield self.tx("core.retire_key", self.key.address, sender=self["operator"])
        retired = self.now
        self.after()
        for time in (retired + 1, self.now):
            yield from self.begins(self.quick(time=time), fails=NO_COVER)
        yield from self.begins(self.quick(time=retired))

    # by whom ----------------------------------------------------------------------------------------------------------

    @way()
    def a_permit_in_every_form(self, who: str) -> Steps:
        """DIS-11: for this watcher until this second, by the payer, as wallets send it."""
        payer, author, watcher = self.signers[self["payer"]], self.signers[self["author"]], self["watcher"]
        start, domain = self.quick(), self.receipts.domain
        for role in ("key holder", "operator", "stranger"):
            yield from self.begins(start, by=role, fails=NOT_PAYER)
        for signature, counts in forms(domain, payer, author, DISPUTE_PERMIT, watcher, self.now):
            with self.evm.anchor():
                said = watcher, self.now, signature
                yield from self.begins(start, by="watcher", permit=said, fails=None if counts else NOT_PAYER)
        others: tuple[tuple[Any, str], ...] = (
            (permit(domain, payer, watcher, self.now - 1), "watcher"),
            (permit(domain, payer, watcher, self.now), "other watcher"),
            ((watcher, self.now + 1, permit(domain, payer, watcher, self.now)[2]), "watcher"),
            ((self["other watcher"], self.now, permit(domain, payer, watcher, self.now)[2]), "other watcher"),
        )  # fmt: skip
        for word, by in others:
            yield from self.begins(start, by=by, permit=word, fails=NOT_PAYER)
        yield from self.begins(start, by="watcher", permit=permit(domain, payer, watcher, 2**64 - 1))

    @way(Choice(tuple(MOODS)), Choice((64, 65, 66, 1_300)))
    def a_payer_of_code(self, who: str, how: int, size: int) -> Steps:
        """DIS-11: a contract says yes by the one word for it, or it has not permitted."""
        yield self.gives_cover(row="wallet")
        self.after()
        yield self.tx("wallet.set_mood", how, sender=self["stranger"])
        word, name = (self["watcher"], self.now, b"\x11" * size), self.rows["wallet"].name
        fails = None if MOODS[how] else NOT_PAYER
        yield from self.begins(self.quick(), by="watcher", permit=word, said={"channel_id": name}, fails=fails)

    @way()
    def a_payer_of_code_reads_what_is_signed(self, who: str) -> Steps:
        """DIS-11: the permit, under this contract's domain, with a salt of zero or without one."""
        yield self.gives_cover(row="signing")
        self.after()
        author, domain, watcher = self.signers[self["author"]], self.receipts.domain, self["watcher"]
        start, said = self.quick(), {"channel_id": self.rows["signing"].name}
        args = (DISPUTE_PERMIT, watcher, self.now)
        for digest, fails in (
            (domain.digest(*args), None), (domain.salted_digest(*args), None),
            (self.core_receipts.domain.digest(*args), NOT_PAYER), (domain.digest(*args[:2], self.now + 1), NOT_PAYER),
        ):  # fmt: skip
            with self.evm.anchor():
                word = watcher, self.now, author.sign(digest)
                yield from self.begins(start, by="watcher", permit=word, said=said, fails=fails)

    # how it ends ------------------------------------------------------------------------------------------------------

    @way(Choice(RESTITUTIONS), Choice(("payer", "watcher")))
    def a_conviction(self, who: str, restitution: int, by: str) -> Steps:
        """DIS-8, DIS-9: to the wei, once, of this cover alone."""
        yield self.gives_cover(row=1, restitution=restitution)
        name, operator = self.pool[1].name, self["operator"]
        self.after()
        word = permit(self.receipts.domain, self.signers[self["payer"]], self["watcher"], self.now)
        opened = yield from self.begins(self.quick(), by=by, permit=word, said={"channel_id": name})
        yield self.closes(opened, "disputes: another channel", name=self.pool[0].name)
        other = replace(opened.turn, operator=self["other operator"])
        yield self.closes(opened, "disputes: another channel", turn=other)
        yield self.closes(opened, "game: another turn", turn=replace(opened.turn, time=opened.turn.time + 1))
        before, had = self.standing(), self.stored(self["hub"])
        yield self.closes(opened)
        damages, penalty = covers_damages(restitution), restitution // 10
        arrived = damages * 4 // 5
        self.emitted("hub.Slashed", service=self["market"], operator=operator, damages=damages, penalty=penalty)
        self.emitted("market.Convicted", channel=name, operator=operator, challenger=self[by],
                     restitution=restitution, reward=arrived - restitution)  # fmt: skip
        self.emitted("market.Acquitted", count=0)
        needed, reward = needed_for(restitution), arrived - restitution + BOND
        owed = {"payer": restitution + (reward if by == "payer" else 0), "watcher": reward if by == "watcher" else 0}
        self.changed(before, "DIS-9", lock=-damages - penalty, reserved=-needed, held=-needed, coins=arrived, **owed)
        assert self.stored(self["hub"]) <= had - arrived
        assert self.answer_of("market.cover_of", name, operator)[6] == 0
        yield self.closes(opened, "game: another turn")
        yield self.settles([name], "compute: no cover")
        yield from self.begins(self.quick(), by=by, permit=word, said={"channel_id": name}, fails=NO_COVER)

    @way(Choice((0, 1)))
    def a_silent_provider(self, who: str, late: int) -> Steps:
        """DIS-5, DIS-9: a second after its window."""
        opened = yield from self.begins(self.quick(group=3, position=3))
        self.evm.warp_to(opened.turn.deadline + late)
        before = self.standing()
        yield self.closes(opened, None if late else "game: still time")
        if late:
            self.as_convicted(before, opened)

    def as_convicted(self, before: Any, opened: Opened) -> None:
        damages, needed = covers_damages(FIRST_COVER), needed_for(FIRST_COVER)
        arrived = damages * 4 // 5
        self.emitted("market.Convicted", channel=opened.channel, restitution=FIRST_COVER, reward=arrived - FIRST_COVER)
        self.changed(before, "DIS-9", lock=-damages - FIRST_COVER // 10, reserved=-needed, held=-needed,
                     coins=arrived, payer=arrived + BOND)  # fmt: skip

    @way(Choice((0, 1)))
    def a_silent_challenger(self, who: str, late: int) -> Steps:
        """DIS-5: the bond is the operator's, and the cover goes on; it may be disputed again."""
        committed = words(3, 4)
        start = self.quick(group=1, position=3, boundary=trees.boundary(*committed), marks=tuple(words(3, 6)))
        opened = yield from self.begins(start)
        args: list[Any] = [[], committed, list(start.marks), 0, b""]
        yield self.tx("game.show_record", opened.turn.args, *args, sender=self["operator"])
        turn = replace(opened.turn.after("show_record", args), stage=4, deadline=self.now + TURN)
        self.evm.warp_to(turn.deadline + late)
        before = self.standing()
        yield self.closes(opened, None if late else "game: still time", turn=turn)
        if not late:
            return
        self.emitted("market.Acquitted", channel=opened.channel, operator=self["operator"], challenger=self["payer"])
        self.emitted("market.Convicted", count=0)
        self.emitted("hub.Slashed", count=0)
        self.changed(before, "DIS-7", operator=BOND)
        again = yield from self.begins(self.quick())
        yield self.closes(again)

    @way(Choice((0, 1, HOUR)), Choice((0, 1)))
    def a_cover_that_came_later(self, who: str, more: int, is_covered: int) -> Steps:
        """DIS-9: where the payer let go of the cover that answers, nothing else pays."""
        opened = yield from self.begins(self.quick())
        name, operator = self.pool[0].name, self["operator"]
        yield self.sends("release", name, operator, by="payer")
        self.after(more)
        if is_covered:
            yield self.gives_cover()
        before = self.standing()
        yield self.closes(opened)
        self.emitted("market.Convicted", channel=name, operator=operator, challenger=self["payer"], restitution=0,
                     reward=0)  # fmt: skip
        self.emitted("hub.Slashed", count=0)
        self.changed(before, "DIS-9", payer=BOND)
        found = tuple(self.answer_of("market.cover_of", name, operator))
        assert (found[6] > 0) == bool(is_covered), "DIS-9: a later cover was taken"

    @way(Choice((0, 1)))
    def the_first_second_of_a_cover(self, who: str, more: int) -> Steps:
        """DIS-9: a receipt of it is paid for."""
        opened = yield from self.begins(self.quick(time=self.since + more))
        before = self.standing()
        yield self.closes(opened)
        self.as_convicted(before, opened)

    @way(Choice((0, 1, 15)))
    def nothing_is_settled_meanwhile(self, who: str, at: int) -> Steps:
        """DIS-9: no reserve ends while a dispute is open, wherever its channel stands in a list."""
        names = [self.pool[1].name] * 15
        names.insert(at, self.pool[0].name)
        names = names[max(at, 1) - 1 :] if at else names[:1]
        yield self.gives_cover(row=1)
        start = self.quick()
        self.evm.warp_to(self.last + WINDOW)
        opened = yield from self.begins(start)
        self.after(1)
        yield self.settles(names, STILL_OPEN)
        yield self.sends("unlock", 1, names, fails=STILL_OPEN)
        yield self.settles([self.pool[3].name], operator="other operator")
        yield self.closes(opened)
        assert self.answer_of("market.cover_of", self.pool[0].name, self["operator"])[6] == 0

    @way(Choice((-1, 0)))
    def a_removed_service(self, who: str, late: int) -> Steps:
        """DIS-9: what was promised is paid until the horizon, and nothing is taken after it."""
        yield self.tx("hub.remove_service", self["market"], sender=self.owner)
        until = self.now + HORIZON
        self.evm.warp_to(until - HOUR)
        opened = yield from self.begins(self.quick())
        self.evm.warp_to(until + late)
        yield self.closes(opened, None if late else "hub: not a slasher")
