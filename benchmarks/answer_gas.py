"""Whole disputes about other answers than a reply of likeliest tokens: a text's vector of MiniLM's sizes, a picture's
label, and a drawn token of SmolLM2's, on the oldest fork and the newest. No bar is set for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from benchmarks._lab import Lab
from benchmarks._rows import Row
from benchmarks.dispute_gas import MINUTE, TRANSACTIONS, both, dearest, each
from benchmarks.dispute_shapes import FalseSums
from benchmarks.disputed import Disputed, Played
from benchmarks.label_shapes import Picture, Token
from benchmarks.vector_shapes import POOLED, Text
from keifu.errors import CheckFailed
from keifu.inference.disputes import Challenger, Provider, Seen
from keifu.spec.inference_openings import Published

__all__ = ["LABELS", "ROWS", "TOKENS", "VECTORS", "labels", "played", "tokens", "vectors"]


class _Case(NamedTuple):
    """Who defends what, and who knows better."""

    provider: Provider
    challenger: Challenger
    ids: Sequence[int]


VECTORS: dict[str, tuple[Any, ...]] = {
    "LayerNorm": (1, 7),
    "scores": (5, 40),
    "weighted sum, false sums": (7, 70, FalseSums),
    "768 products": (8, 7),
    "table": (12, 7),
    "1,536 products, false sums": (13, 7, FalseSums),
    "vector, false sums": (POOLED, 7, FalseSums),
}
LABELS: dict[str, tuple[Any, ...]] = {
    "convolution of 9 products": (2, 700),
    "convolution of 144 products": (3, 1_500),
    "6,272 products, false sums": (4, 7, FalseSums),
    "label": (),
}
TOKENS = {"likeliest token": False, "drawn token": True}


class Defended(NamedTuple):
    """Answers about one question by one program, by what is wrong with each."""

    published: Published
    prompt: list[int]
    cases: dict[str, _Case]


def played(world: Disputed, prompt: list[int], case: _Case) -> Played:
    """From the opening to the proof. Raises CheckFailed where nothing is wrong."""
    provider, challenger, ids = case
    answer = world.answer(provider, prompt, list(ids))
    if not provider.trace.makes_vector:
        return world.play(answer, provider, challenger)
    seen = Seen.of_vector(provider.leaves())
    place = challenger.place(seen)
    if place is None:
        raise CheckFailed("nothing is wrong")
    return world.carry_on(world.open(answer, place), provider, challenger, seen)


def _gas(make: Callable[[], Defended], lab: Lab) -> dict[str, int]:
    """Of each from its opening to the proof, by name."""
    published, prompt, cases = make()
    world = Disputed(lab.client.deploy, lab.account, lambda: (lab.client.chain_id, lab.client.now), published)
    lab.anvil.warp(MINUTE)
    found = {}
    for name, case in cases.items():
        with lab.undo():
            mined = played(world, prompt, case).mined
            if len(mined) > TRANSACTIONS:
                raise CheckFailed(f"a dispute about a {name} took {len(mined)} transactions")
            found[name] = sum(lab.gas(receipt) for _, receipt in mined)
    return found


def vectors() -> Defended:
    """Lanes of one layer of MiniLM's sizes, and of the vector."""
    text = Text()
    challenger, cases = text.challenger(), {}
    for name, how in VECTORS.items():
        is_layer = how[0] != POOLED
        provider = text.cheat(*how) if is_layer else text.other_vector(*how[1:])
        cases[name] = _Case(provider, challenger, text.vector if is_layer else text.vector_of(provider))
    return Defended(text.published, text.ids, cases)


def labels() -> Defended:
    """Lanes of a picture's model, and the label."""
    picture, cases = Picture(), {}
    for name, how in LABELS.items():
        ids = picture.label if how else picture.other_label
        provider = picture.cheat(*how) if how else Provider(picture.published, picture.honest)
        cases[name] = _Case(provider, picture.challenger(ids), ids)
    return Defended(picture.published, picture.values, cases)


def tokens() -> Defended:
    """Another token than the drawn one, or the likeliest."""
    token, cases = Token(), {}
    for name, is_drawn in TOKENS.items():
        drawing = token.drawing if is_drawn else None
        provider = token.cheat(drawing)
        ids = token.ids(provider)
        cases[name] = _Case(provider, token.challenger(drawing, ids), ids)
    return Defended(token.published, token.prompt, cases)


_OF_VECTORS, _OF_LABELS, _OF_TOKENS = (both(partial(_gas, make)) for make in (vectors, labels, tokens))
_HOW = "from the opening to the last step proved; what each group committed to came with the answer; dearest of"
ROWS = (
    Row(
        "info.dispute_vector",
        partial(dearest, VECTORS, _OF_VECTORS),
        f"MiniLM's sizes, a text of 512 tokens, 8 groups; {_HOW} wrong lanes and false sums, 3 to 7 transactions",
        also=each(VECTORS, _OF_VECTORS),
        heavy=True,
    ),
    Row(
        "info.dispute_label",
        partial(dearest, LABELS, _OF_LABELS),
        f"a picture of 784 values, two convolutions and a dense layer; {_HOW} wrong lanes, false sums, another label",
        also=each(LABELS, _OF_LABELS),
        heavy=True,
    ),
    Row(
        "info.dispute_drawn",
        partial(dearest, TOKENS, _OF_TOKENS),
        f"another of SmolLM2's 49,152 tokens, 512 positions, 32 groups; {_HOW} both ways to choose one",
        also=each(TOKENS, _OF_TOKENS),
        heavy=True,
    ),
)
