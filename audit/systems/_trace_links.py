"""What TraceVerifier is asked: nodes of a trace, and the answer or the reason that has to come."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import Any

from audit.systems._verified import EACH
from evmstorm.fuzz.system import System
from keifu.keys import keccak256
from keifu.spec import inference_trees as trees
from keifu.spec.inference_openings import Openings

__all__ = ["SPOILT", "WRONG", "Bound", "Links", "Node"]

SPOILT = ("", "", "", "path", "longer", "hash", "group", "type", "descriptor")
WRONG = bytes([7]) * 32
Node = tuple[bytes, list[bytes]]


@dataclass(frozen=True)
class Bound:
    """What the caller has fixed."""

    program: bytes
    trace: bytes
    inputs: bytes
    outputs: bytes
    prompt: int
    reply: int
    position: int
    groups: int
    group: int
    boundary: bytes
    record: bytes
    slot: int
    shown: int


class Links(System):
    """Nodes of traces, and questions about them."""

    def own(self, o: Openings, slot: int) -> Node:
        leaves = o.trace.record_leaves(o.position, o.group)
        return leaves[slot], trees.path(leaves, slot, 4)

    def out(self, o: Openings, group: int) -> Node:
        """What a group made, as the trace commits to it."""
        leaves = o.trace.boundary_leaves(o.position, group)
        positions = [trees.position_root(o.trace.position_leaves(at)) for at in range(len(o.trace.records))]
        above = [*trees.path(o.trace.position_leaves(o.position), group), *trees.path(positions, o.position)]
        return leaves[0], [*trees.path(leaves, 0, 2), *above]

    def beside(self, o: Openings, place: int) -> Node:
        leaves = o.trace.boundary_leaves(o.position, o.group)
        return leaves[place], trees.path(leaves, place, 2)

    def chunk(self, ids: list[int], at: int) -> Node:
        chunks = trees.chunks(ids, 32)
        return chunks[at // EACH], trees.path([keccak256(item) for item in chunks], at // EACH)

    # asking -----------------------------------------------------------------------------------------------------------

    def says(self, name: str, bound: Bound, *rest: Any, wanted: bool, spoilt: str) -> Any:
        """The answer, or the reason for which what is shown opens nothing."""
        given, reason = _spoil(list(rest), spoilt)
        reason = "trace_verifier: path" if spoilt == "height" else reason
        if spoilt == "group" and isinstance(given[0][0], tuple):
            bound, reason = replace(bound, group=bound.group + 8), "inference_verifier: group"
        answer = yield self.tx(f"links.{name}", astuple(bound), *given, sender=self["challenger"], raw_outcome=True)
        if reason:
            assert answer is None, f"TRC-1: {name} answered to what opens nothing"
            assert self.refusal == reason, f"TRC-1: refused for {self.refusal!r}, not {reason!r}"
            return
        assert answer is not None, f"TRC-1: {name} must answer, was refused: {self.refusal}"
        assert bool(int.from_bytes(answer, "big")) is wanted, f"TRC-1: {name} says that this is {not wanted}"

    def computed(self, o: Openings, slot: int) -> set[int]:
        """The lanes of a tensor that its operator computes."""
        operator = o.operator(slot)
        match operator.type:
            case "scores":
                count = o.reads(operator)
                wide = -(-count // EACH) * EACH
                return {head * wide + at for head in range(operator.heads) for at in range(count)}
            case "softmax":
                return {4 * head + at for head in range(operator.heads) for at in range(3)}
            case "token":
                return {0}
            case "gated":
                return {*range(operator.height + 2)}
            case _:
                return {*range(operator.height)}


def _spoil(rest: list[Any], how: str) -> tuple[list[Any], str]:
    """One thing in it another, and why it is refused; nothing where there is no such thing."""
    is_opened = isinstance(rest[0][0], tuple)
    if how in ("type", "descriptor") and is_opened:
        words, above = rest[0]
        if how == "type":
            words = (words[0][:20] + bytes([words[0][20] ^ 1]) + words[0][21:], *words[1:])
        else:
            above = [WRONG, *above[1:]]
        return [(words, above), *rest[1:]], "inference_verifier: descriptor"
    at = next(
        (place for place in reversed(range(len(rest))) if isinstance(rest[place], tuple) and rest[place][1]), None
    )
    if at is None or how not in ("path", "longer", "hash") or (at == 0 and is_opened):
        return rest, ""
    data, path = rest[at]
    wide = len(data) > 32  # lanes
    if how == "hash":
        data = bytes([data[0] ^ 1]) + data[1:]
        reason = "inference_verifier: lanes" if wide else "trace_verifier: node"
    else:
        path = path[1:] if how == "path" else [*path, WRONG]
        reason = "inference_verifier: path" if wide else "trace_verifier: path"
    rest[at] = (data, path)
    return rest, reason
