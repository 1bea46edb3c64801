"""Files made to take memory or depth: `python -m tests.conformance.bombs` prints what the Python verifier makes of
each, and the most memory that it took."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Mapping

from keifu.provenance.bundle_file import HEADER, LARGEST, MAX_PARTS
from tests.conformance.forged import Question, packed, refusal
from tests.conformance.make import FOLDER

__all__ = ["BOMBS", "LARGE", "MAX_MEMORY", "question"]

MAX_MEMORY = 2 << 30  # bytes; the largest good bundle, 256 MiB of JSON, takes about as much
FIRST = b'{"chain":16661,"documents":['
EMPTY = b'],"environment":"","environments":"","format":"keifu-bundle/2","header":"'


def _records(item: bytes) -> bytes:
    rest = b'","heartbeats":[],"labels":[],"nodes":[],"records":['
    return packed(FIRST + EMPTY + rest + item)


BOMBS: Mapping[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"not gzip",
    "only a header": lambda: HEADER,
    "brackets": lambda: packed(b"[" * 200_000),
    "objects within each other": lambda: packed(b'{"records":' * 20_000),
    "null": lambda: packed(b"null"),
    "no text": lambda: packed(b"\xff\xfe"),
    "more than the limit": lambda: packed(bytes(LARGEST + 1)),
    "cut off": lambda: packed(b"{}")[:-1],
    "more behind its end": lambda: packed(b"{}") + b"x",
    "two members": lambda: packed(b"{}") + packed(b"{}"),
    "documents without end": lambda: packed(FIRST + b'"",' * (MAX_PARTS + 1)),
    "records without members": lambda: _records(b"{}," * MAX_PARTS),
    "lists within records": lambda: _records(b'{"author":' + b"[" * 1_000_000),
    "a header of empty lists": lambda: packed(
        FIRST + EMPTY + b"c0" * 10_000_000 + b'","heartbeats":[],"labels":[],"nodes":[],"records":[],'
        b'"registry":"0x574650cd99d3830fe6d274c7a7843cdc00e17938","root":"' + b"11" * 32 + b'"}'
    ),
    "a number of a million digits": lambda: packed(b'{"chain":' + b"9" * 1_000_000),
}

# Those that take seconds to make and to refuse: with `--large` only.
LARGE = frozenset(
    {"more than the limit", "documents without end", "records without members", "a header of empty lists"}
)


def question() -> Question:
    """That of the suite's first bundle."""
    return Question.read(json.loads((FOLDER / "suite.json").read_text())["good"][0])


def main() -> int:
    asked = question()
    found = {name: refusal(make(), asked) for name, make in BOMBS.items() if name not in LARGE or "--large" in sys.argv}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    print(json.dumps({"refused": found, "memory": peak}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
