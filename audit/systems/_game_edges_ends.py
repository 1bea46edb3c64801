"""Whose turn it is and until when, who may move, and how the game ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from audit.systems._game_edges import TIME, WINDOW, Start, game_way, words
from audit.systems._game_edges_proofs import GameProofEdges
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.inference.disputes import Question, Stage
from keifu.spec import inference_trees as trees

__all__ = ["GameEndEdges"]

SEED = words(1, 79)[0]


class GameEndEdges(GameProofEdges):
    """Short ways to ends, in time and too late."""

    @game_way()
    def last_second(self, who: str) -> Steps:
        """DIS-4: each side has its window, the last second included; then the other one wins."""
        shown, committed = words(3, 3), words(3, 4)
        shown[1] = trees.boundary(*committed)
        yield from self.begins(Start(boundary=trees.tree(shown)))
        moves: tuple[tuple[Callable[[str | None], Steps], bool], ...] = (
            (lambda fails: self.shows("show_groups", shown, fails=fails), True),
            (lambda fails: self.names_group(1, shown[1], trees.path(shown, 1), fails), False),
            (lambda fails: self.shows("show_record", [], committed, words(3, 9), 0, b"", fails=fails), True),
            (lambda fails: self.asks(Question(Stage.NODES, 1), fails), False),
        )
        for move, waits in moves:
            with self.aside():
                self.evm.warp_to(self.at.deadline + 1)
                yield from move("game: too late")
                yield from self.finishes(waits)
            self.evm.warp_to(self.at.deadline)
            yield self.tx("game.finish", self.at.args, sender=self["book"], fails="game: still time")
            yield from move(None)

    @game_way(Choice((Stage.ASKING, Stage.NODES, Stage.CHUNKS, Stage.SUMS)))
    def silence(self, who: str, stage: Stage) -> Steps:
        """DIS-4, DIS-7: who does not move loses; only the book ends it, once."""
        yield from self.asking()
        if stage != Stage.ASKING:
            yield from self.asks(Question(stage, 1, 0, 1, 1))
        yield self.tx("game.finish", self.at.args, sender=self["stranger"], fails="game: not the caller's")
        self.evm.warp_to(self.at.deadline + 1)
        if stage == Stage.ASKING:
            yield from self.asks(Question(Stage.NODES, 0), "game: too late")
        yield from self.finishes(stage != Stage.ASKING)
        yield self.tx("game.finish", self.at.args, sender=self["book"], fails="game: another turn")

    @game_way()
    def another_turn(self, who: str) -> Steps:
        """DIS-7: a turn with any other field is none of this dispute's."""
        yield from self.asking()
        turn, reason = self.at, "game: another turn"
        others: tuple[dict[str, Any], ...] = (
            {"stage": Stage.PROVED}, {"time": TIME + 1}, {"deadline": turn.deadline + WINDOW}, {"record": SEED},
            {"operator": self["stranger"]}, {"challenger": self["stranger"]}, {"case": SEED}, {"group": 0},
            {"dispute": SEED}, {"asked": 1}, {"vector": 1}, {"drawn": 1}, {"boundary": SEED},
        )  # fmt: skip
        for fields in others:
            self.turn = replace(turn, **fields)
            yield self.tx("game.finish", self.at.args, sender=self["book"], fails=reason)
            yield from self.asks(Question(Stage.NODES, 0), reason)
            yield from self.proves(0, SEED[:4], b"", bytes(320), reason)
        self.turn = turn

    @game_way()
    def who_answers(self, who: str) -> Steps:
        """DIS-4: the operator or its key at this moment, in a transaction of its own."""
        hidden, nobody = "game: not in a transaction of its own", "game: not the operator"
        shown = words(3, 3)
        yield from self.begins(Start(boundary=trees.tree(shown)))
        for role, reason in (("key", nobody), ("challenger", nobody)):
            yield from self.shows("show_groups", shown, sender=self[role], fails=reason)
        to, encode = self.resolve("game.show_groups", 2)
        call = encode([self.at.args, shown])
        yield self.tx("attacker.visit", to, call, sender=self["operator"], fails=hidden)
        self.answers("market", self.key_call(self.now), int(self["stranger"], 16))
        yield from self.shows("show_groups", shown, sender=self["key"], fails=nobody)
        self.answers("market", self.key_call(self.now), int(self["operator"], 16))
        yield from self.shows("show_groups", shown, sender=self["key"])
