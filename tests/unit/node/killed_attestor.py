"""An attestor that is killed at a line, as a program for `test_killed_attestor`: prints what every trial found.

`first` is the one that leads and stores; `second` checks and signs. Whatever line was the last one, there is one
statement in the end, all that it names is stored whole, and the others sign it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from pathlib import Path

import msgspec

import keifu.inft.pieces as pieces_of
import keifu.inft.renewing as renewing_of
import keifu.inft.requests as requests_of
import keifu.inft.stores as stores_of
import keifu.node.attestor.book as book_of
import keifu.node.attestor.desk as desk_of
import keifu.node.attestor.receptions as receptions_of
from keifu.inft.requests import Answer, Asked
from keifu.keys import keccak256
from tests.killed_process import run, trials
from tests.unit.node.attesting import NAMES, Bench

MODULES = (requests_of, pieces_of, renewing_of, stores_of, book_of, desk_of, receptions_of)
FILES = {str(module.__file__) for module in MODULES}


def trial(folder: Path, victim: str, kill_at: int | None) -> tuple[list[str], str]:
    place = folder / f"{victim}-{kill_at}"
    place.mkdir()
    bench = Bench(place)
    request = bench.request()
    lead = None if victim == NAMES[0] else bench.desk(NAMES[0]).attest(bench.asked(request, NAMES[0]))
    asked = bench.asked(request, victim, lead)

    def attest(report: int) -> None:
        answer = bench.desk(victim).attest(asked)
        os.write(report, b"answered " + msgspec.json.encode(answer) + b"\n")

    said = run(attest, FILES, kill_at)
    heard = [msgspec.json.decode(line.removeprefix("answered "), type=Answer) for line in said if "answered " in line]
    return [line for line in said if "answered " not in line], wrong(bench, victim, asked, heard)


def wrong(bench: Bench, victim: str, asked: Asked, heard: list[Answer]) -> str:
    """What is not as it has to be, once the attestor runs again."""
    kept = _signed(bench, victim)
    for answer in kept:  # what was signed before it died is stored
        if any(keccak256(bench.store.get(item.address)).hex() != item.new_hash for item in answer.items):
            return "something was signed that is not stored"
    again = bench.desk(victim).attest(asked)
    if any(answer != again for answer in (*kept, *heard)):
        return "two answers to one request"
    if len(_signed(bench, victim)) != 1:
        return "not one answer is kept"
    lead = asked.lead or again
    others = [bench.desk(name).attest(bench.asked(asked.request, name, lead)) for name in NAMES[1:]]
    return "" if {other.digest for other in others} == {again.digest} else "the others sign something else"


def _signed(bench: Bench, name: str) -> list[Answer]:
    file = bench.place(name) / "node.sqlite"
    if not file.exists():
        return []
    with sqlite3.connect(file) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'attested'").fetchone():
            return []
        return [msgspec.json.decode(row[0], type=Answer) for row in database.execute("SELECT answer FROM attested")]


if __name__ == "__main__":
    where, who, which, every = sys.argv[1:5] if len(sys.argv) > 4 else (*sys.argv[1:4], "1")
    print(json.dumps(trials(lambda kill_at: trial(Path(where), who, kill_at), which, int(every))))
