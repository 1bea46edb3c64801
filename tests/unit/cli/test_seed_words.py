"""What `keifu reexecute status` says of a seed is a command that the program takes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from keifu.cli._reexecute import described
from keifu.cli.chain import warp
from keifu.reexecution.reading import Demand, Promise, Stage, Terms

SOURCE = 1_200
TERMS = Terms(b"\1" * 32, b"\2" * 32, 3, 2, 8, 800, 0, 2_000_000)
PROMISE = Promise(1, "0xaa", "0xbb", b"\3" * 32, TERMS, 900_000, 3_000_000, 1, 1, False)
DEMAND = Demand(7, 1, 7, b"\4" * 32, 1_000_000, 5, 3, Stage.WAITING, 0, 0, 0, 0, False, 0, 0, 0, 0)


def said(head):
    reading = SimpleNamespace(
        client=SimpleNamespace(now=1_000_000, rpc=SimpleNamespace(block_number=lambda: head)),
        randomness=SimpleNamespace(seed=lambda _: bytes(32)),
        seats=lambda *_: [],
        seed_block=lambda _: SOURCE,
    )
    return described(reading, DEMAND, PROMISE)[1].splitlines()[-1]


@pytest.mark.parametrize(("head", "away"), [(0, 1_201), (SOURCE - 1, 2), (SOURCE, 1)])
def test_blocks_that_are_missing_are_counted(head, away):
    assert said(head).endswith(f'keifu chain warp "1 hour" --blocks {away}')
    assert warp.make_context("warp", ["1 hour", "--blocks", str(away)]).params["blocks"] == away


@pytest.mark.parametrize("head", [SOURCE + 1, SOURCE + 100])
def test_of_a_block_that_is_there_none_is_missing(head):
    assert said(head) == "  block 1,200 makes the seed, and is there: keifu reexecute settle 7 brings it"
