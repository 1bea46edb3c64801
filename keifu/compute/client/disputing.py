"""Disputes from the client's side: replies that were kept, judged by the model itself, and played to the end.

Where a dispute stands is read from the chain, and the reply is in the client's folder. So a dispute goes on after any
interruption, on any machine that has both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from keifu.abi import Contract
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.firsts import unless_done
from keifu.chain.suite import DISPUTES, GAME, TOKEN
from keifu.compute.canonical import groups_at, other_groups, tokens_root, trace_root_of
from keifu.compute.client.checks import JUDGED_POSITIONS
from keifu.compute.client.kept import KeptReply
from keifu.compute.market.covers import CoverState, read_cover
from keifu.compute.market.refusals import explained, place_of, send_with_coins
from keifu.compute.promises import shown
from keifu.compute.receipt import Evidence, Receipts
from keifu.compute.vectors import leaves_of, trace_of_leaves
from keifu.errors import CheckFailed, InputError, UsageError
from keifu.inference.disputes import NO_PERMIT, Challenger, Place, Seen, Stage, Unfit
from keifu.inference.disputes.moves import ANSWERS, question
from keifu.inference.disputes.reading import Opened, Outcome, Reading, Standing
from keifu.inference.disputes.turns import Turn
from keifu.inference.playable import Executor, Stored, playable
from keifu.provenance import Record
from keifu.provenance.registry import Provenance
from keifu.spec.inference_trees import tensor_root
from keifu.staking.hotkeys import KeyKind
from keifu.units import day

__all__ = ["ANOTHER", "Dispute", "Judge", "Judged", "Step", "cover_answers", "judged_all", "played", "reading_of"]

COVER_IT = "keifu compute cover --disputes covers what is answered afterwards"
ANOTHER = "by another program"
PAUSE_SECONDS = 2.0
ASKED = {Stage.NODES: "nodes", Stage.CHUNKS: "a part", Stage.SUMS: "sums"}
WAITED = {
    Stage.GROUPS: "what each group committed to",
    Stage.RECORD: "the roots of a group's tensors",
    Stage.NODES: "the nodes over a tensor",
    Stage.CHUNKS: "a part of a tensor",
    Stage.SUMS: "running sums",
}


def reading_of(chain: ChainClient, suite: Deployment, first_block: int) -> Reading:
    """Raises EnvironmentFault for a suite without disputes."""
    disputes, game = (chain.at(place_of(suite, name), name) for name in (DISPUTES, GAME))
    return Reading(chain, disputes, game, first_block)


def cover_answers(cover: CoverState, time: int, now: int) -> bool:
    """Whether a cover answers for a receipt of `time`, as the contract decides it."""
    return bool(cover.reserve) and cover.since <= time <= cover.last and now <= cover.until


@dataclass(frozen=True)
class Judged:
    """A reply, whose it is, what was promoted, who knows what is right, and where it is wrong, if it is."""

    reply: KeptReply
    operator: str
    record: Record
    challenger: Challenger
    place: Place | None
    seen: Seen

    @property
    def words(self) -> str:
        if self.place is None:
            return "right"
        if isinstance(self.challenger, Unfit):
            return "the model takes nothing like it"
        if self.reply.is_vector:
            return f"position {self.place.position} of its trace is wrong, or the vector of its text"
        if self.challenger.is_reply(self.seen):
            return f"token {self.place.position + 1 - len(self.reply.prompt)} is not the one that its trace makes"
        return f"position {self.place.position} of its trace is wrong"


class Judge:
    """One model of the client's own, on one chain. Making it takes seconds; so does each reply."""

    def __init__(self, model: Stored | Executor, provenance: Provenance, market: Contract) -> None:
        """Raises InputError for a program that could overflow."""
        self._model = playable(model)
        self._root = self._model.published.root
        self._provenance, self._market = provenance, market
        self._receipts = Receipts(provenance.chain.chain_id, market.address)

    def judge(self, reply: KeptReply) -> Judged | None:
        """None for a reply by another program. Raises InputError for one that is not what its receipt says, CheckFailed
        for one whose promotion or key the chain does not know, and UsageError for a picture with values
        that the model has not."""
        receipt = reply.signed.receipt
        _require_bound(reply)
        try:
            key = self._receipts.signer(reply.signed)
        except ValueError as error:
            raise InputError(f"the receipt has no signature: {error}", remedy="do not dispute it") from error
        operator = self._market.operator_of(key, KeyKind.RECEIPT, receipt.time)
        if not int(operator, 16):
            raise CheckFailed(f"{key} signed it, which is nobody's receipt key", remedy="ask another endpoint")
        record = _record(self._provenance, receipt.environment, receipt.promotion_seq)
        if record.program_root != self._root:
            return None
        if reply.is_vector != self._model.makes_vector:
            raise InputError("its receipt is of another kind of answer than the model's", remedy="do not dispute it")
        challenger = self._challenger(reply)
        seen = self._seen_of_vector(reply, challenger) if reply.is_vector else self._seen(reply, challenger)
        return Judged(reply, operator.lower(), record, challenger, challenger.place(seen), seen)

    def _challenger(self, reply: KeptReply) -> Challenger:
        published = self._model.published
        if not self._model.takes(reply.prompt, _positions(reply)):
            return Unfit(published, reply.prompt, reply.ids, reply.drawing)
        own = self._model.trace(reply.prompt, self._fed(reply), reply.drawing)
        return Challenger(published, own, reply.prompt, reply.ids)

    def _seen(self, reply: KeptReply, challenger: Challenger) -> Seen:
        """What came with a reply of tokens."""
        seen = Seen(reply.positions)
        position = challenger.position(seen)
        if position is not None and challenger.is_reply(seen):
            # All that was committed to is right, so it is known what each group committed to.
            seen.boundaries = challenger.own.boundaries(position)
        elif position is not None:
            self._expect_reach(f"position {position} is wrong")
            groups = groups_at(reply.groups, len(reply.positions), position) if reply.groups else ()
            # Nodes of a tree are no groups of this model: then the chain is to show which they are.
            seen.boundaries = groups if len(groups) == challenger.groups else ()
        return seen

    def _seen_of_vector(self, reply: KeptReply, challenger: Challenger) -> Seen:
        leaves = leaves_of(reply.groups, len(reply.prompt))
        assert leaves is not None  # as the receipt has them
        seen = Seen.of_vector(leaves)
        if challenger.position(seen) is not None:
            self._expect_reach("it is wrong")
        return seen

    def _expect_reach(self, what: str) -> None:
        if why := self._model.beyond:
            raise CheckFailed(f"{what}, and a dispute might cost its bond: {why}", remedy="keep it")

    def _fed(self, reply: KeptReply) -> list[int]:
        """What the model can read of a reply. An id that is no token is wrong where it stands; nobody looks behind."""
        if reply.is_vector:
            return []
        ids, tokens = reply.ids, self._model.tokens
        first = next((at for at, number in enumerate(ids) if not 0 <= number < tokens), len(ids))
        return [*ids[:first], *[0] * (len(ids) - first)]


def judged_all(judge: Judge, replies: Sequence[KeptReply]) -> Iterator[tuple[KeptReply, Judged | None, str]]:
    """Each reply, what was found, and that in words. One that cannot be judged is said so and keeps no other from it;
    alone it raises as `Judge.judge`."""
    for reply in replies:
        try:
            found = judge.judge(reply)
        except (InputError, UsageError, CheckFailed) as error:
            if len(replies) == 1:
                raise
            yield reply, None, str(error)
        else:
            yield reply, found, found.words if found is not None else ANOTHER


@dataclass(frozen=True)
class Step:
    """What happened in a dispute, in words; `is_waiting` for the other side, until a second."""

    words: str
    is_waiting: bool = False
    until: int = 0


class Dispute:
    """One, about one reply. `sender` is its challenger."""

    def __init__(
        self, sender: Deployer, chain: ChainClient, suite: Deployment, reading: Reading, judged: Judged
    ) -> None:
        self._sender, self._chain, self._suite, self._reading = sender, chain, suite, reading
        self._judged, self.channel = judged, judged.reply.signed.receipt.channel_id
        self.opened = self._find()

    @property
    def receipt(self) -> bytes:
        return self._judged.reply.signed.receipt.struct_hash

    def open(self, permit: Any = NO_PERMIT) -> Opened:
        """Bring the bond, and say where the reply is wrong. Raises CheckFailed where nothing would come of it, and
        Revert."""
        judged, receipt = self._judged, self._judged.reply.signed.receipt
        if judged.place is None:
            raise CheckFailed("the reply is what the model makes: a dispute would cost its bond", remedy="keep it")
        cover = read_cover(self._reading.disputes, self.channel, judged.operator)
        if not cover_answers(cover, receipt.time, self._chain.now):
            raise CheckFailed("no cover answers for this receipt: nobody promised anything", remedy=COVER_IT)
        bond = self._reading.disputes.bond()
        if receipt.time > self._chain.now:  # where blocks come with transactions alone, the approval makes one
            self._sender.call(self._suite[TOKEN], TOKEN, "approve", self._reading.disputes.address, bond)
        if receipt.time > self._chain.now:
            raise CheckFailed("no block is as new as the receipt yet", remedy="try again in some seconds")
        published = judged.challenger.published
        last = len(published.program) - 1
        token = published.descriptor(last, len(published.program[last]))
        args = shown(judged.reply.signed), judged.record.args, token, *judged.place, permit
        send_with_coins(self._sender, self._suite, bond, DISPUTES, "open", *args)
        self.opened = self._find()
        if self.opened is None:
            raise CheckFailed("the chain does not show the dispute", remedy="ask another endpoint for it")
        return self.opened

    def step(self) -> Step | Outcome:
        """Do what is due, or say what is waited for; how it ended. Raises CheckFailed and Revert."""
        if self.opened is None:
            raise UsageError("no dispute about this reply was opened by this account", remedy="open it first")
        standing = self._reading.standing(self.opened)
        if standing is None:
            outcome = self._reading.outcome(self.opened)
            if outcome is None:
                raise CheckFailed("the chain does not show how the dispute ended", remedy="ask another endpoint")
            return outcome
        turn, now = standing.turn, self._chain.now
        if turn.stage == Stage.PROVED or now > turn.deadline:
            return self._close(turn)
        if turn.stage in ANSWERS and not self._is_shown(standing):
            words = f"waiting for {WAITED[Stage(turn.stage)]}, until {day(turn.deadline)}"
            return Step(words, is_waiting=True, until=turn.deadline)
        return self._move(standing)

    def _is_shown(self, standing: Standing) -> bool:
        """Whether nothing has to be shown any more: where only the reply is wrong."""
        return self._judged.challenger.is_reply(self._judged.seen) and standing.turn.group < standing.case.groups

    def _move(self, standing: Standing) -> Step:
        seen, turn, case = standing.seen, standing.turn, standing.case
        seen.positions, seen.leaves = self._judged.seen.positions, self._judged.seen.leaves
        seen.boundaries = seen.boundaries or self._judged.seen.boundaries
        name, args = question(self._judged.challenger, seen, case, turn)
        self._call(name, turn.args, *args)
        if name == "name_group":
            return Step(f"group {args[0]} is wrong")
        if name == "prove":
            return Step("the wrong number is proved")
        if name == "ask_within":
            return Step(f"asked for the sums that number {args[1]} adds")
        return Step(f"asked for {ASKED[Stage(args[0])]} of tensor {args[1]}")

    def _close(self, turn: Turn) -> Step | Outcome:
        """Where another's step was mined before, also an answer at the last moment, go on behind that."""
        with explained():
            where = place_of(self._suite, DISPUTES)
            close = partial(self._sender.call, where, DISPUTES, "close", turn.args, self.channel)
            is_done = unless_done(close, partial(self._is_past, turn))
        return Step("closed") if is_done else self.step()

    def _call(self, name: str, *args: Any) -> None:
        self._sender.call(place_of(self._suite, GAME), GAME, name, *args)

    def _is_past(self, turn: Turn) -> bool:
        assert self.opened is not None
        standing = self._reading.standing(self.opened)
        return standing is None or standing.turn != turn

    def _find(self) -> Opened | None:
        found = self._reading.opened(
            operator=self._judged.operator, channel=self.channel, challenger=self._sender.sender
        )  # fmt: skip
        own = [item for item in found if item.receipt == self.receipt]
        return own[-1] if own else None


def _positions(reply: KeptReply) -> int:
    """Of its trace."""
    return len(reply.prompt) + (0 if reply.is_vector else len(reply.ids) - 1)


def _require_bound(reply: KeptReply) -> None:
    """A dispute about other ids or roots than the receipt's costs its bond."""
    receipt = reply.signed.receipt
    count = _positions(reply)
    if count > JUDGED_POSITIONS:
        raise InputError(f"a dispute reaches {JUDGED_POSITIONS:,} positions", remedy="do not dispute it")
    begins = reply.groups if reply.is_vector else reply.positions
    if receipt.evidence != Evidence.PROVED or not reply.prompt or not reply.ids or not begins:
        raise InputError("the receipt is of no reply that can be disputed", remedy="one that says proved")
    if reply.drawing and count == 1:
        raise InputError("what is drawn at one position alone is not judged", remedy="do not dispute it")
    try:
        roots = _roots_of_vector(reply) if reply.is_vector else _roots(reply)
    except (OverflowError, ValueError) as error:
        raise InputError(f"these are no token ids: {error}", remedy="do not dispute it") from error
    units = len(reply.prompt), 1 if reply.is_vector else len(reply.ids)
    is_whole = reply.is_vector or len(reply.positions) == count
    of_receipt = receipt.input_root, receipt.output_root, receipt.trace_root
    if not is_whole or roots != of_receipt or units != (receipt.input_units, receipt.output_units):
        raise InputError("token ids or roots are not those of the receipt", remedy="do not dispute it")
    if not reply.is_vector and reply.groups and other_groups(reply.groups, reply.positions) is not None:
        raise InputError("what its groups committed to does not make the roots", remedy="do not dispute it")


def _roots(reply: KeptReply) -> tuple[bytes, bytes, bytes]:
    return tokens_root(reply.prompt), tokens_root(reply.ids), trace_root_of(reply.positions, reply.drawing)


def _roots_of_vector(reply: KeptReply) -> tuple[bytes, bytes, bytes]:
    leaves = leaves_of(reply.groups, len(reply.prompt))
    if leaves is None:
        raise ValueError("what its groups committed to is not whole")
    return tokens_root(reply.prompt), tensor_root(reply.ids, 16), trace_of_leaves(leaves)


def played(dispute: Dispute, say: Callable[[str], object], *, once: bool = False) -> Outcome | None:
    """To the end, or `once`: until the other side has to do something. Each step is said once. Raises as `step`."""
    last = ""
    while not isinstance(found := dispute.step(), Outcome):
        if found.words != last:
            say(found.words)
        last = found.words
        if found.is_waiting:
            if once:
                return None
            time.sleep(PAUSE_SECONDS)
    return found


def _record(provenance: Provenance, environment: bytes, seq: int) -> Record:
    """What was promoted. Raises CheckFailed where the chain has no such promotion, or withholds the record."""
    artefact = provenance.promoted(environment, seq)
    logged = provenance.contents([artefact]).get(artefact) if any(artefact) else None
    if logged is None:
        raise CheckFailed(f"promotion {seq} or its record is not on this chain", remedy="ask another endpoint")
    return logged.record
