"""Disputes as a chain has them: the turn from events, and what was shown from the transactions that showed it.

Nothing has to be kept to go on with a dispute. What a node says is compared with the hash that the contract keeps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from keifu.abi import Contract, Log
from keifu.chain import ChainClient
from keifu.chain.follower import Event
from keifu.chain.logs import find_logs, topic_of_address
from keifu.errors import CheckFailed
from keifu.inference.disputes.calldata import taken
from keifu.inference.disputes.moves import ANSWERS
from keifu.inference.disputes.seen import Seen
from keifu.inference.disputes.turns import Case, Question, Stage, Turn

__all__ = ["Opened", "Outcome", "Reading", "Standing"]

SELECTOR_BYTES, TURN_WORDS = 4, 10
TRIES = 3  # a block may come between two reads
ENDS = ("Convicted", "Acquitted")


@dataclass(frozen=True)
class Opened:
    """That somebody disputed an answer of an operator."""

    channel: bytes
    operator: str
    challenger: str
    dispute: bytes
    receipt: bytes
    block: int
    index: int  # of its log in the block


@dataclass(frozen=True)
class Outcome:
    """How a dispute ended; amounts in wei."""

    is_convicted: bool
    restitution: int = 0
    reward: int = 0


@dataclass
class Standing:
    """Where a dispute is: its turn, what it is about, and what was shown."""

    turn: Turn
    case: Case
    seen: Seen


class Reading:
    """Of one InferenceDisputes and its game."""

    def __init__(self, chain: ChainClient, disputes: Contract, game: Contract, first_block: int) -> None:
        self.chain, self.disputes, self.game, self._first = chain, disputes, game, first_block

    def opened(
        self, *, operator: str = "", channel: bytes = b"", challenger: str = "", first_block: int = 0
    ) -> list[Opened]:
        """Every dispute that was opened, oldest first."""
        topics = [
            "0x" + self.disputes.interface.event("Opened").topic.hex(),
            "0x" + channel.hex() if channel else None,
            topic_of_address(operator) if operator else None,
            topic_of_address(challenger) if challenger else None,
        ]
        found = []
        for event in self._logs(self.disputes, topics, first_block):
            if (log := self.disputes.interface.read_log(event.address, event.topics, event.data)) is not None:
                own = (log.channel, log.operator.lower(), log.challenger.lower(), log.dispute, log.receipt)
                found.append(Opened(*own, event.number, event.index))
        return found

    def outcome(self, opened: Opened) -> Outcome | None:
        """None while it is open. A channel's next dispute begins when the one before is over."""
        topics = [
            ["0x" + self.disputes.interface.event(name).topic.hex() for name in ENDS],
            "0x" + opened.channel.hex(), topic_of_address(opened.operator),
        ]  # fmt: skip
        for event in self._logs(self.disputes, topics, opened.block):
            log = self.disputes.interface.read_log(event.address, event.topics, event.data)
            if log is not None and (event.number, event.index) > (opened.block, opened.index):
                is_convicted = log.event == ENDS[0]
                return Outcome(is_convicted, *((log.restitution, log.reward) if is_convicted else ()))
        return None

    def standing(self, opened: Opened) -> Standing | None:
        """None for a dispute that is over. Raises CheckFailed where a node's events make another turn than the chain
        has, also when they are read again."""
        for _ in range(TRIES):
            kept = self.game.turn_of(self.disputes.address, opened.dispute)
            if not any(kept):
                return None
            found = self._from_events(opened)
            if found is not None and found.turn.hash == kept:
                return found
        raise CheckFailed(
            f"the events of dispute {opened.dispute.hex()} do not make the turn that the chain has",
            remedy="ask another node, or in a moment again",
        )

    def _from_events(self, opened: Opened) -> Standing | None:
        topics = [None, topic_of_address(self.disputes.address), "0x" + opened.dispute.hex()]
        found: Standing | None = None
        for event in self._logs(self.game, topics, opened.block):
            log = self.game.interface.read_log(event.address, event.topics, event.data)
            if log is None:
                continue
            if log.event == "Begun":
                found = Standing(Turn.begun(log), Case.begun(log), Seen(()))
            elif found is not None and log.event == "Drawn":
                found.turn = replace(found.turn, drawn=1)
            elif found is not None:
                self._follow(found, log, event.transaction_hash)
        return found

    def _follow(self, found: Standing, log: Log, transaction: str) -> None:
        turn = found.turn
        if log.event == "GroupNamed":
            found.turn = turn.named(log.group, log.boundary, log.marks)
        elif log.event == "Asked":
            asked = Question(Stage(log.stage), log.slot, log.part, log.stride, log.args["count"])
            found.turn = turn.questioned(asked).moved(log)
        elif log.event == "Narrowed":
            found.turn = turn.narrowed(found.seen.sums, log.block).moved(log)
        elif log.event == "Moved":
            if turn.stage in ANSWERS and log.stage != Stage.PROVED:
                args = self._shown(ANSWERS[Stage(turn.stage)], transaction)
                found.seen.take(ANSWERS[Stage(turn.stage)], args, turn)
                turn = turn.after(ANSWERS[Stage(turn.stage)], args)
            found.turn = turn.moved(log)

    def _shown(self, name: str, transaction: str) -> tuple[Any, ...]:
        """The arguments behind the turn of the transaction that showed something."""
        sent = self.chain.rpc.call("eth_getTransactionByHash", transaction)
        data = bytes.fromhex(str((sent or {}).get("input", "0x"))[2:])
        function = self.game.interface.function(name)
        if data[:SELECTOR_BYTES] != function.selector:
            raise CheckFailed(f"{self.chain.rpc.url} has no transaction {transaction}", remedy="ask another node")
        return taken(function.inputs[1:], data, selector=SELECTOR_BYTES, first=TURN_WORDS)

    def _logs(self, contract: Contract, topics: list[Any], first_block: int) -> list[Event]:
        return list(find_logs(self.chain, contract.address, topics, max(first_block, self._first)))
