"""Disputes about token models' answers: what a provider shows, and how a challenger finds what is wrong.

The contracts are InferenceGame, which narrows a dispute, and InferenceDisputes, which holds the coins. What both sides
say is made here from traces of `keifu.spec.inference_model`; sending it is somebody else's.

    provider = Provider(published, trace)
    challenger = Challenger(published, own_trace, prompt, reply_ids)
"""

from __future__ import annotations

from keifu.inference.disputes.challenger import Challenger, Place
from keifu.inference.disputes.provider import Provider, ids_root, receipt_fields
from keifu.inference.disputes.seen import Seen
from keifu.inference.disputes.turns import NO_PERMIT, Case, Narrowing, Proof, Question, Stage, Turn, permit
from keifu.inference.disputes.unfit import Unfit

__all__ = [
    "NO_PERMIT",
    "Case",
    "Challenger",
    "Narrowing",
    "Place",
    "Proof",
    "Provider",
    "Question",
    "Seen",
    "Stage",
    "Turn",
    "Unfit",
    "ids_root",
    "permit",
    "receipt_fields",
]
