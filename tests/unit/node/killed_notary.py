"""A notary that is killed at a line, while the other chain loses its blocks, as a program for `test_notary`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import keifu.node.notary.book as book_of
import keifu.node.notary.signing as signing_of
from keifu.provenance.signed_headers import read_header_line
from tests.killed_process import run, trials
from tests.unit.node.notarising import Bench

FILES = {str(module.__file__) for module in (book_of, signing_of)}


def trial(folder: Path, kill_at: int | None) -> tuple[list[str], str]:
    place = folder / str(kill_at)
    place.mkdir()
    bench = Bench(place)
    bench.round()
    bench.chain.top += 2

    def sign(report: int) -> None:
        signed = bench.round()
        if signed is not None:
            os.write(report, b"signed " + signed.line.encode() + b"\n")

    said = run(sign, FILES, kill_at)
    return [line for line in said if "signed " not in line], wrong(bench, [line for line in said if "signed " in line])


def wrong(bench: Bench, handed_out: list[str]) -> str:
    """What is not as it has to be when the node runs again on a chain that has other blocks by now."""
    given = [line.removeprefix("signed ") for line in handed_out]
    bench.chain.reorganise(1, at=11)
    for _ in range(3):
        if (signed := bench.round()) is not None:
            given.append(signed.line)
        given += [item.line for item in bench.shown()]
        bench.chain.top += 1
    if handed_out and not bench.shown():
        return "what was handed out is not on the disk"
    by_number: dict[int, bytes] = {}
    for line in given:
        said = read_header_line(line).header
        if by_number.setdefault(said.number, said.block_hash) != said.block_hash:
            return f"two headers of number {said.number}"
    return ""


if __name__ == "__main__":
    where, which, every = sys.argv[1:4] if len(sys.argv) > 3 else (*sys.argv[1:3], "1")
    print(json.dumps(trials(lambda kill_at: trial(Path(where), kill_at), which, int(every))))
