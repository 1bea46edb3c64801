"""The roots of a receipt, made again from the bytes of request and answer."""

from __future__ import annotations

from keifu.compute.canonical import Tokens, numbers_of, other_groups, roots_of, tokens_of, tokens_root, trace_root_of
from keifu.compute.receipt import Receipt
from keifu.compute.vectors import Vector, joined, leaves_of, trace_of_leaves, vectors_of

__all__ = ["groups_compared", "roots_compared"]

ZERO = bytes(32)


def roots_compared(receipt: Receipt, request: bytes, response: bytes) -> tuple[bool, str]:
    """Whether they hold, and what was found: made again from the bytes, where these have a canonical form."""
    said = {"input": receipt.input_root, "output": receipt.output_root}
    if not any(root != ZERO for root in (*said.values(), receipt.trace_root)):
        return True, "none"
    if (vectors := vectors_of(response)) is not None:
        return _vector_roots(receipt, vectors)
    if (tokens := tokens_of(response)) is not None:
        if (numbers := numbers_of(request, response)) and numbers != (list(tokens.prompt), [list(tokens.reply)]):
            return False, "the numbers that were sent are not those that were named for a dispute"
        return _token_roots(receipt, tokens)
    if receipt.trace_root != ZERO:
        return False, "trace root, which nothing here can compare"
    found = roots_of(request, response)
    if found is None:
        named = [name for name, root in said.items() if root != ZERO]
        return False, f"{' and '.join(named)} root, which nothing here can compare"
    wrong = [name for (name, root), own in zip(said.items(), found, strict=True) if root != own]
    if wrong:
        return False, f"{' and '.join(wrong)} root is not that of the numbers that were sent"
    return True, "those of the numbers in request and answer"


def groups_compared(response: bytes, *, are_due: bool) -> tuple[bool, str] | None:
    """Of a reply that can be disputed: whether each position's root is made of what its groups are said to have
    committed to. None where they were not asked for and did not come, and where no dispute could begin."""
    missing = (False, "they did not come, and its provider says that it gives them") if are_due else None
    if (vectors := vectors_of(response)) is not None:
        return _groups_of_vector(vectors[0]) if vectors[0].groups else missing
    tokens = tokens_of(response)
    if tokens is None or not tokens.positions:
        return None
    if not tokens.groups:
        return missing
    place = other_groups(tokens.groups, tokens.positions)
    if place is not None:
        return False, f"the root of position {place} is not made of those that came"
    return True, f"what each committed to at {len(tokens.positions)} positions makes their roots"


def _groups_of_vector(vector: Vector) -> tuple[bool, str]:
    count = len(vector.ids)
    leaves = leaves_of(vector.groups, count)
    if leaves is None or trace_of_leaves(leaves) != vector.trace:
        return False, "the root of the trace is not made of those that came"
    return True, f"what each committed to at {count} positions makes the trace's root"


def _vector_roots(receipt: Receipt, vectors: list[Vector]) -> tuple[bool, str]:
    """Of an embedding model: ids and lanes stand in the answer, and each vector's numbers are made of its lanes."""
    units = sum(len(item.ids) for item in vectors), len(vectors)
    if units != (receipt.input_units, receipt.output_units):
        said = f"{units[0]} tokens and {units[1]} vectors are named, it says {receipt.input_units}"
        return False, f"{said} and {receipt.output_units}"
    said_roots = receipt.input_root, receipt.output_root, receipt.trace_root
    own = zip(("input", "output", "trace"), joined([item.roots for item in vectors]), said_roots, strict=True)
    if wrong := [name for name, root, other in own if root != other]:
        return False, f"{' and '.join(wrong)} root is not that of what was named"
    if wrong := [str(place) for place, item in enumerate(vectors) if not item.is_made_of_its_lanes]:
        return False, f"vector {wrong[0]} is not its lanes at length 1"
    return True, "those of ids and lanes in the answer; the traces were not computed again"


def _token_roots(receipt: Receipt, tokens: Tokens) -> tuple[bool, str]:
    """Of a token model: ids stand in the answer, and what was computed between has one root."""
    units = len(tokens.prompt), len(tokens.reply)
    if units != (receipt.input_units, receipt.output_units):
        said = f"{units[0]} tokens in and {units[1]} out are named, it says {receipt.input_units}"
        return False, f"{said} and {receipt.output_units}"
    wrong = [
        name
        for name, ids, root in (
            ("input", tokens.prompt, receipt.input_root), ("output", tokens.reply, receipt.output_root)
        )
        if tokens_root(ids) != root
    ]  # fmt: skip
    if wrong:
        return False, f"{' and '.join(wrong)} root is not that of the tokens that were named"
    if tokens.positions and not _are_roots(tokens, receipt):
        return False, "trace root is not that of the positions whose roots came"
    return True, "those of the tokens in the answer; that of the trace was not computed again"


def _are_roots(tokens: Tokens, receipt: Receipt) -> bool:
    """Whether the roots of positions are those of the trace: the last id of a reply is not fed."""
    count, drawing = len(tokens.prompt) + len(tokens.reply) - 1, tokens.sampling.drawing if tokens.sampling else None
    return len(tokens.positions) == count and trace_root_of(tokens.positions, drawing) == receipt.trace_root
