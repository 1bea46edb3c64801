"""InferenceDisputes and InferenceGame: covers, disputes about right and wrong answers, providers that show, lie or are
silent, challengers that know or only bother, copied proofs, beside a log of what people did."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from audit.systems._compute import PAYERS, Covered
from audit.systems._dispute_answers import LAYER, POSITIONS, Answered, answers, model
from audit.systems._dispute_ends import WRONG, DisputeEnds
from audit.systems._dispute_proofs import forged, honest_call, likeliest_call, right_move
from audit.systems._disputes import BOND, QUESTIONS, TURN, Dispute
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Amount, Choice
from keifu.compute.receipt import Evidence
from keifu.inference.disputes import NO_PERMIT, Place, Proof, Question, Stage, permit
from keifu.inference.disputes.moves import ANSWERS
from keifu.inference.disputes.turns import LIST, NO_MARKS
from keifu.spec import inference_trees as trees

__all__ = ["LAYER", "POSITIONS", "TURN", "Dispute", "InferenceDisputeBook", "answers"]

VERIFIERS = 5  # numbered from 0
OPENERS = (*PAYERS, *PAYERS, "watcher", "watcher", "operator", "stranger")
WHERE = ("right", "right", "right", "alone", "alone", (0, LAYER), (3, LAYER), (0, 2), (2, 2), (3, 0), (1, -1), (3, -1))
WHEN = ("now", "now", "now", "since", "last", "before", "after", "tomorrow", "third")
SPOILT = ("", "", "", "", "", "", "", "", "permit", "late", "record", "token", "kind", "path", "node", "position",
          "group", "place", "prompt", "key", "drawing", "single")  # fmt: skip
SHOWING = ("", "", "", "", "", "", "key", "other key", "garbage", "cut", "stranger", "path", "flip")
ASKING = ("right", "right", "right", "right", "any", "stranger", "no stage", "no slot", "far", "no count", "stride")
PROVING = ("right", "right", "right", "right", "nothing", "copied", "copied", "honest", "honest", "flip", "flip",
           "flip", "case", "verifier", "likeliest", "likeliest", "drawing")  # fmt: skip


class InferenceDisputeBook(DisputeEnds):
    """Everything that anybody may do with disputes."""

    def still_open(self, who: str) -> list[Covered]:
        found = [item for item in self.covers[1:][-6:] if not item.over]
        return found or [Covered(self.pool[0], self["operator"], "", 0, 0, 0, over=True)]

    def kinds(self, who: str) -> list[Answered]:
        return [*answers(), *answers()[:1], *answers()]

    # the opening ------------------------------------------------------------------------------------------------------

    @action("", Choice("still_open"), Choice("kinds"), Choice(WHERE), Choice(WHEN), Choice(SPOILT), sender=OPENERS,
            weight=24)  # fmt: skip
    def open_dispute(self, who: str, cover: Covered, answer: Answered, where: Any, when: str, spoilt: str) -> Steps:
        """DIS-10, DIS-11, DIS-13"""
        who = cover.row.payer if who in (self["payer"], self["other payer"]) else who
        times = {"since": cover.since, "last": min(cover.last, self.now), "before": cover.since - 1,
                 "after": cover.last + 1, "tomorrow": self.now + 1, "third": self.third_until}  # fmt: skip
        time, key = times.get(when, self.now), self.key_of(cover, when, spoilt)
        changes: dict[str, Any] = {"channel_id": cover.row.name, "time": max(time, 0)}
        if spoilt == "kind":
            changes["evidence"] = Evidence.REEXECUTED
        if spoilt == "prompt":
            changes["input_units"] = 0
        changes |= {"promotion_seq": 2} if spoilt == "place" else {}
        changes |= {"input_units": 1, "output_units": 1} if spoilt == "single" else {}
        opening = self.opening(answer, key, **changes)
        speaker = self.signs_for(key, opening.receipt.time)
        found = self.cover_of(cover.row.name, speaker)
        opening.permit = self.permit_of(who, cover.row.payer, spoilt)
        place, reason = self.placed(answer, where, spoilt)
        running = self.dispute_of(cover.row.name, speaker)
        done = yield from self.decide(
            "DIS-10", self.opens(opening, place, spoilt, sender=who),
            (opening.receipt.time > self.now, "disputes: time has not come"),
            (spoilt == "kind", "disputes: not of the proved kind"),
            (not self.answers(found, opening.receipt.time), "disputes: no cover"),
            (not self.may_open(who, found, opening.permit, spoilt), "disputes: not the payer"),
            (spoilt in ("record", "place"), "disputes: not the record"),
            (spoilt == "token", "inference_verifier: type"),
            (spoilt == "prompt", "game: number of tokens"),
            (running, "game: dispute is open"),
            (reason, reason),
        )  # fmt: skip
        if done is None or found is None:
            return
        dispute = self.begun(cover.row, opening, place, who, found)
        self.disputes.append(dispute)
        self.moves(who, -BOND)
        self.emitted(
            "market.Opened", channel=cover.row.name, operator=found.operator, challenger=who,
            dispute=dispute.turn.dispute, receipt=opening.receipt.struct_hash,
        )  # fmt: skip
        self.emitted("game.Moved", stage=int(dispute.stage), deadline=self.now + TURN)
        if answer.drawing is not None:
            seed, scale = answer.drawing.words
            self.emitted("game.Drawn", dispute=dispute.turn.dispute, seed=seed, scale=scale)

    def key_of(self, cover: Covered, when: str, spoilt: str) -> str:
        if spoilt == "key":
            return self["author"]
        if cover.operator != self["operator"]:
            return cover.operator
        return self.key_names[2 if when == "third" else 0]

    def permit_of(self, who: str, payer: str, spoilt: str) -> Any:
        if who == payer:
            return NO_PERMIT
        signer = self.signers[self["author"] if spoilt == "permit" else payer]
        deadline = self.now - 1 if spoilt == "late" else self.now
        watcher = self["watcher"] if who != self["stranger"] else self["other watcher"]
        return permit(self.receipts.domain, signer, watcher, deadline)

    def may_open(self, who: str, cover: Covered | None, word: Any, spoilt: str) -> bool:
        return cover is None or who == cover.row.payer or (word[0] == who and spoilt not in ("permit", "late"))

    def placed(self, answer: Answered, where: Any, spoilt: str) -> tuple[Place, str]:
        """Where a dispute begins, and why it cannot."""
        position, group = self.place_of(answer, where)
        place, groups = answer.place(position, group), len(model().program)
        empty = group == groups - 1 and place.node == bytes(32)
        reason = "game: no such place" if empty else ""
        if spoilt == "single":  # a position alone is never drawn
            named = group if 0 <= group < groups else groups
            way = [WRONG] * (trees.depth(groups) if named < groups else 0)
            return Place(0, named, WRONG, [*way, WRONG, WRONG]), "game: one position"
        lie = [*place.path[:-1], WRONG] if answer.drawing else [*place.path, WRONG, WRONG]
        spoiling: dict[str, tuple[dict[str, Any], str]] = {
            "path": ({"path": place.path[:-1]}, reason or "game: path"),
            "node": ({"node": WRONG}, "game: not in the trace"),
            "drawing": ({"path": lie}, reason or "game: not in the trace"),
            "position": ({"position": POSITIONS}, "game: no such place"),
            "group": ({"group": groups + 1}, "game: no such place"),
        }
        changes, why = spoiling.get(spoilt, ({}, reason))
        return place._replace(**changes), "" if spoilt == "prompt" else why

    def place_of(self, answer: Answered, where: Any) -> tuple[int, int]:
        if answer.name == "token that nobody asked for" and where in ("right", "alone"):
            return 0, len(model().program) - 1 if where == "right" else -1
        if where == "alone":
            return POSITIONS - 1, -1
        if where == "right":
            return POSITIONS - 1, answer.group
        return tuple(where)

    # the provider -----------------------------------------------------------------------------------------------------

    @action("", Choice("running"), Choice(SHOWING), sender="stranger", weight=26)
    def show(self, who: str, dispute: Dispute | None, how: str) -> Steps:
        """DIS-4, DIS-5, DIS-6: in time, by the operator or its transaction key."""
        if dispute is None:
            return
        named = {"key": self.key_names[1], "other key": self.key_names[0], "stranger": who}
        sender = named.get(how, dispute.operator)
        speaks = sender == dispute.operator or (how == "key" and dispute.operator == self["operator"])
        name, args, reason = self.showing(dispute, how)
        done = yield from self.decide(
            "DIS-4", self.play(name, dispute, *args, sender=sender),
            (dispute.over, "game: another turn"),
            (not dispute.waits_for_provider, "game: not its turn"),
            (self.now > dispute.due, "game: too late"),
            (not speaks, "game: not the operator"),
            (reason, reason),
        )  # fmt: skip
        if done is not None:
            self.was_shown(dispute, args)

    def showing(self, dispute: Dispute, how: str) -> tuple[str, list[Any], str]:
        """A call of the provider's, and what is wrong with it."""
        provider, turn, position = dispute.answer.provider, dispute.turn, dispute.case.position
        at = (position, turn.group, turn.slot)
        match dispute.stage:
            case Stage.GROUPS:
                roots = list(provider.boundaries(position))
                changed, why = {"garbage": ([WRONG, *roots[1:]], "game: other groups"),
                                "cut": (roots[1:], "game: number of groups")}.get(how, (roots, ""))  # fmt: skip
                return "show_groups", [changed], why
            case Stage.NODES:
                shown = list(provider.nodes(*at))
                if how == "garbage":
                    return "show_nodes", [64, [WRONG] * 2, [WRONG] * 4], "game: other nodes"
                if how == "cut":
                    return "show_nodes", [64, [WRONG], [WRONG] * 4], "game: number of nodes"
                if how == "path":
                    return "show_nodes", [1_024, [WRONG] * 32, [WRONG] * 3], "game: path"
                return "show_nodes", shown, ""
            case Stage.CHUNKS:
                return self.showing_chunks(list(provider.chunks(*at, turn.part)), how)
            case Stage.SUMS:
                sums = provider.sums(*at, turn)
                if how == "garbage" and sums:  # a lie
                    return "show_sums", [sums[:-1] + bytes([sums[-1] ^ 1])], ""
                if how == "cut":
                    return "show_sums", [sums[8:] if sums else bytes(8)], "game: number of sums"
                return "show_sums", [sums], ""
            case _:
                group = min(turn.group, len(model().program) - 1)
                shown = list(provider.record(position, group, turn.marks or NO_MARKS))
                return "show_record", *self.showing_record(shown, how)

    def showing_record(self, shown: list[Any], how: str) -> tuple[list[Any], str]:
        """With the tensor that the marks lead to."""
        roots, committed, marks, count, data = shown
        match how:
            case "garbage":
                return [roots, [*committed[:2], WRONG], marks, count, data], "game: another boundary"
            case "path":
                return [roots, committed, [WRONG, *marks[1:]], count, data], "game: other marks"
            case "cut" if count:
                return [roots, committed, marks, count, data[1:]], "game: number of chunks"
            case "flip" if count:
                return [roots, committed, marks, count, bytes([data[0] ^ 1]) + data[1:]], "game: other chunks"
        return shown, ""

    def showing_chunks(self, shown: list[Any], how: str) -> tuple[str, list[Any], str]:
        count, data, path = shown
        why = ""
        if data and how == "garbage":
            data, why = bytes([data[0] ^ 1]) + data[1:], "inference_verifier: lanes"
        elif data and how == "cut":
            data, why = data[:-1], "inference_verifier: chunk"
        elif data and how == "path":
            path, why = path[1:], "inference_verifier: path"
        return "show_chunks", [count, data, path], why

    def was_shown(self, dispute: Dispute, args: list[Any]) -> None:
        name = ANSWERS[Stage(dispute.stage)]
        dispute.seen.take(name, args, dispute.turn)
        turn = dispute.turn.after(name, args)
        self.goes_on(dispute, turn, Stage.NAMING if dispute.stage == Stage.GROUPS else Stage.ASKING)

    # the challenger ---------------------------------------------------------------------------------------------------

    @action("", Choice("running"), Choice((LAYER, LAYER, LAYER, 0, 2, 3)), Choice(("", "", "", "", "node", "path",
            "stranger")), sender="stranger", weight=10)  # fmt: skip
    def name_group(self, who: str, dispute: Dispute | None, group: int, spoilt: str) -> Steps:
        if dispute is None:
            return
        shown, groups = dispute.answer.provider.boundaries(dispute.case.position), len(model().program)
        there = group < groups
        node, path = (shown[group], trees.path(list(shown), group)) if there else (WRONG, [WRONG] * 2)
        node, path = WRONG if spoilt == "node" else node, path[1:] if spoilt == "path" else path
        marks = dispute.answer.challenger.marks(dispute.case.position, group) if there else NO_MARKS
        after = self.after_naming(dispute.case.position, group, dispute.receipt)
        empty = there and shown[group] == bytes(32) and not spoilt
        sender = self.asker(who, dispute, spoilt)
        done = yield from self.decide(
            "DIS-5", self.play("name_group", dispute, group, node, path, marks, sender=sender),
            (dispute.over, "game: another turn"),
            (dispute.stage != Stage.NAMING, "game: not its turn"),
            (self.now > dispute.due, "game: too late"),
            (spoilt == "stranger", "game: not the challenger"),
            (not there or spoilt == "path", "game: path"),
            (spoilt == "node", "game: other groups"),
            (empty, "game: no such place"),
        )  # fmt: skip
        if done is not None:
            self.emitted("game.GroupNamed", dispute=dispute.turn.dispute, group=group, boundary=node)
            self.goes_on(dispute, dispute.turn.named(group, node, marks), after)

    def asker(self, who: str, dispute: Dispute, spoilt: str) -> str:
        return who if spoilt == "stranger" and who != dispute.challenger else dispute.challenger

    @action("", Choice("running"), Choice(ASKING), Choice((5, 6, 6, 7, 7)), Choice((0, 2, 8, 9, 15)),
            Choice((0, 1, 66)), Choice((1, 4, 32, 32)), sender="other watcher", weight=16)  # fmt: skip
    def question(
        self, who: str, dispute: Dispute | None, how: str, stage: int, slot: int, part: int, count: int
    ) -> Steps:
        """DIS-4, DIS-6: at most four questions, by the challenger."""
        if dispute is None:
            return
        wide = count == 32 and part == 1
        asked = Question(Stage(stage), slot, part, 32 if wide else 1, count)
        right = right_move(dispute) if how == "right" else None
        asked = right if isinstance(right, Question) else asked
        spoiling: dict[str, dict[str, Any]] = {
            "no stage": {"stage": (4, 8)[part % 2]}, "no slot": {"slot": 16},
            "far": {"part": 1 << 32},
            "no count": {"stage": Stage.SUMS, "count": (0, 33)[part % 2], "stride": 1},
            "stride": {"stage": Stage.SUMS, "stride": (32, 2)[part % 2], "count": 33},
        }  # fmt: skip
        asked = replace(asked, **spoiling.get(how, {}))
        sender = self.asker(who, dispute, how)
        done = yield from self.decide(
            "DIS-6", self.play("ask", dispute, *asked.args, sender=sender),
            (dispute.over, "game: another turn"),
            (dispute.stage != Stage.ASKING, "game: not its turn"),
            (self.now > dispute.due, "game: too late"),
            (sender != dispute.challenger, "game: not the challenger"),
            (how in ("no stage", "no slot", "far"), "game: no such question"),
            (dispute.turn.asked >= QUESTIONS, "game: too many questions"),
            (how in ("no count", "stride"), "game: no such sums"),
        )  # fmt: skip
        if done is None:
            return
        said = {"slot": asked.slot, "part": asked.part, "stride": asked.stride}
        self.goes_on(dispute, dispute.turn.questioned(asked), asked.stage, "Asked", **said)

    @action("", Choice("running"), Choice(("", "", "sums", "block", "block", "stride", "stranger", "stranger")),
            sender="other watcher", weight=12)  # fmt: skip
    def narrow(self, who: str, dispute: Dispute | None, spoilt: str) -> Steps:
        """DIS-4, DIS-6: the terms of one sum of 32; there are fewer positions than that."""
        if dispute is None:
            return
        yield from self.until_asking(who, dispute)
        if dispute.stage == Stage.ASKING and not (dispute.over or self.now > dispute.due):
            part, count = (0, 4) if spoilt == "stride" else (1, 32)  # of which the second is one of 32 terms each
            yield from self.question(who, dispute, "any", Stage.SUMS, 9, part, count)
            yield from self.show(who, dispute, "")
        turn, sender = dispute.turn, self.asker(who, dispute, spoilt)
        sums, block = WRONG if spoilt == "sums" else dispute.seen.sums, int(spoilt == "block")
        are_shown = turn.stride == LIST and any(turn.sums) and spoilt != "sums"
        done = yield from self.decide(
            "DIS-6", self.play("ask_within", dispute, sums, block, sender=sender),
            (dispute.over, "game: another turn"),
            (dispute.stage != Stage.ASKING, "game: not its turn"),
            (self.now > dispute.due, "game: too late"),
            (sender != dispute.challenger, "game: not the challenger"),
            (not are_shown, "game: other sums"),
            (block > 0, "game: no such sums"),
            (turn.asked >= QUESTIONS, "game: too many questions"),
        )  # fmt: skip
        if done is not None:
            self.goes_on(dispute, turn.narrowed(sums, block), Stage.SUMS, "Narrowed", block=block)

    def until_asking(self, who: str, dispute: Dispute) -> Steps:
        """What is due until the challenger asks, so that its questions are reached."""
        for _ in range(3):
            if dispute.over or self.now > dispute.due or dispute.stage in (Stage.ASKING, Stage.PROVED):
                return
            if dispute.stage == Stage.NAMING:
                yield from self.name_group(who, dispute, dispute.answer.group, "")
            else:
                yield from self.show(who, dispute, "")

    @action("", Choice("running"), Choice(PROVING), Amount(1 << 20), weight=24)
    def prove(self, who: str, dispute: Dispute | None, how: str, chance: int) -> Steps:
        """DIS-1, DIS-4, DIS-8: what is right counts whoever shows it, and nothing else."""
        if dispute is None:
            return
        right = right_move(dispute)
        right = right if isinstance(right, Proof) else None
        shown = self.proof_of(dispute, right, how, Random(chance))  # noqa: S311 - must repeat
        if shown is None:
            return
        counts = right is not None and tuple(shown) == tuple(right) and how not in ("case", "nothing")
        # What was right elsewhere may be so here, before its client would have shown it.
        is_open = how == "copied" and not dispute.answer.honest
        call = self.play("prove", dispute, self.case_but(dispute, how), *shown, sender=who)
        done = yield call
        reasons = {
            "game: another turn": dispute.over, "game: proved": dispute.stage == Stage.PROVED,
            "game: another case": how == "case", "game: no such verifier": shown.verifier >= VERIFIERS,
            "game: tokens are drawn": how == "likeliest", "game: another drawing": how == "drawing",
            "game: not proved": how == "honest" and self.is_about_the_layer(dispute) and not any(dispute.turn.sums),
        }  # fmt: skip
        wanted = next((reason for reason, holds in reasons.items() if holds), "")
        assert is_open or (done is not None) == (counts and not wanted), (
            f"DIS-4: a proof was answered wrongly: {self.refusal}"
        )
        if done is None:
            assert not wanted or self.refusal == wanted, f"DIS-4: refused for {self.refusal!r}, not {wanted!r}"
            return
        assert not dispute.answer.honest, "DIS-4: an honest provider was convicted"
        self.shown.append(tuple(shown))
        self.goes_on(dispute, dispute.turn, Stage.PROVED)

    def is_about_the_layer(self, dispute: Dispute) -> bool:
        return dispute.turn.group == LAYER and bool(dispute.seen.roots)

    def proof_of(self, dispute: Dispute, right: Proof | None, how: str, random: Random) -> Proof | None:
        if how in ("likeliest", "drawing"):
            return self.proof_of_drawn(dispute, how, random)
        if how == "copied":
            return Proof(*self.shown[random.randrange(len(self.shown))]) if self.shown else None
        if how in ("honest", "flip") and dispute.answer.honest:
            call = honest_call(dispute, random)
            return forged(call, random) if how == "flip" else call
        if how in ("honest", "flip"):
            return None
        nothing = Proof(0, WRONG[:4], WRONG * 14)
        if how == "nothing":
            return nothing
        if how in ("case", "verifier") and right is None:
            right = nothing
        return right._replace(verifier=VERIFIERS) if right is not None and how == "verifier" else right

    def proof_of_drawn(self, dispute: Dispute, how: str, random: Random) -> Proof | None:
        """By the likeliest token, or by another drawing than the receipt's."""
        if dispute.answer.drawing is None or (how == "drawing" and any(dispute.turn.sums)):
            return None  # after sums a proof is first asked for their lane
        if how == "likeliest":
            return likeliest_call(dispute, random)
        call = honest_call(dispute, random)
        return call._replace(rest=call.rest[:-1] + bytes([call.rest[-1] ^ 1]))

    @action("", Choice("running"), Choice((1, 2, 3, 8, 8)), sender="stranger", weight=30)
    def play_on(self, who: str, dispute: Dispute | None, moves: int) -> Steps:
        """So many right moves, of whoever has to make one; a challenger that knows nothing asks for anything."""
        for _ in range(moves):
            if dispute is None or dispute.over or self.now > dispute.due or dispute.stage == Stage.PROVED:
                return
            right = right_move(dispute)
            if dispute.stage == Stage.NAMING:
                yield from self.name_group(who, dispute, dispute.answer.group, "")
            elif isinstance(right, Proof):
                yield from self.prove(who, dispute, "right", 0)
            elif dispute.waits_for_provider:
                yield from self.show(who, dispute, "")
            else:
                yield from self.question(who, dispute, "right", Stage.CHUNKS, 2, 0, 1)
                if dispute.turn.asked >= QUESTIONS:
                    return
