"""What is shown as proof in a dispute: the right call where there is one, and calls that prove nothing."""

from __future__ import annotations

from random import Random

from audit.systems._dispute_answers import LAST, TOKENS
from audit.systems._disputes import Dispute
from keifu.inference.disputes import Narrowing, Proof, Question, Stage
from keifu.inference.disputes.proofs import proved
from keifu.spec import inference_calls as calls

__all__ = ["forged", "honest_call", "likeliest_call", "right_move"]

# Slots of the layer, and lanes that they have.
HONEST = ((1, 127), (2, 127), (3, 63), (4, 63), (5, 127), (6, 63), (10, 127), (12, 127), (14, 127), (15, 127))
HEADS = 2


def right_move(dispute: Dispute) -> Question | Narrowing | Proof | None:
    """What a client that knows the right trace does next; None where nothing is wrong or where it has to wait."""
    answer, seen, turn = dispute.answer, dispute.seen, dispute.turn
    if answer.honest or dispute.over or turn.group >= dispute.case.groups:
        return None
    last = dispute.case.position == dispute.case.prompt + dispute.case.reply - 2
    if not last or turn.stage != (Stage.RECORD if answer.name == "reply" else Stage.ASKING) or not seen.boundaries:
        return None
    try:
        return answer.challenger.next(seen, dispute.case, turn)
    except ValueError:  # nothing is wrong in this group
        return None


def honest_call(dispute: Dispute, random: Random) -> Proof:
    """A call about a right lane of what an honest provider showed."""
    o = dispute.answer.provider.opened(dispute.case.position, 1)
    kind = random.randrange(4)
    if kind == 0:
        call = calls.check(o, 7, random.randrange(HEADS), place=random.randrange(dispute.case.position + 1))
    elif kind == 1:
        call = calls.total(o, 8, random.randrange(HEADS))
    else:
        slot, lanes = random.choice(HONEST)
        call = calls.check(o, slot, random.randrange(lanes + 1))
    return _with_drawing(dispute, proved(call))


def likeliest_call(dispute: Dispute, random: Random) -> Proof:
    """That another token than the drawn one is the likeliest."""
    o = dispute.answer.provider.opened(dispute.case.position, LAST)
    return _with_drawing(dispute, proved(calls.check(o, 2, random.randrange(TOKENS))))


def _with_drawing(dispute: Dispute, proof: Proof) -> Proof:
    drawing, tree = dispute.answer.drawing, dispute.answer.provider.trace.tree_root()
    return proof._replace(rest=proof.rest + b"".join((tree, *drawing.words))) if drawing else proof


def forged(proof: Proof, random: Random) -> Proof:
    """With some bits of its arguments changed."""
    body = bytearray(proof.rest)
    for _ in range(random.randint(1, 3)):
        body[random.randrange(len(body))] ^= 1 << random.randrange(8)
    return proof._replace(rest=bytes(body))
