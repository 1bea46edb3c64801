"""Faults that were put into the cores on purpose: each must break a rule of some world, or the rules are too weak.

    python -m audit.storage_world.changed              every fault
    python -m audit.storage_world.changed early-answer

A fault is a piece of a source and what stands there instead. The changed module and all that use it are imported
anew for as long as its worlds run. Exit status 1 when a fault is not found, or does not fit its source any more.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from keifu.errors import CheckFailed

__all__ = ["FAULTS", "Fault", "first_world", "main"]

ROOT = Path(__file__).parents[2]
ROOMS = ("keifu.storage.provider", "keifu.storage.putting", "keifu.storage.watching", "audit.storage_world")
WORLDS = 200


@dataclass(frozen=True)
class Fault:
    name: str
    module: str  # below keifu.storage
    right: str
    wrong: str
    soon: bool = True  # whether the first few worlds show it


FAULTS = (
    Fault(
        "early-answer", "provider.keeping",
        "            self._coming[shard] = event.peer\n",
        "            self._coming[shard] = event.peer\n            desk.do(Answer(event.peer, shard))\n",
    ),
    Fault(
        "accepts-unseen", "provider.keeping",
        "if shard not in desk.kept or shard in desk.book.where or late", "if shard in desk.book.where or late",
    ),
    Fault(
        "takes-any-bytes", "provider.keeping",
        "if (event.root, event.leaves) != known:", "if False:",
    ),
    Fault("full-disk-is-fine", "provider.keeping", ', "the disk refused it"', "", soon=False),
    Fault("deletes-too-soon", "provider.keeping", "if self._loose[shard] <= desk.head.final:", "if True:"),
    Fault("never-deletes", "provider.keeping", "                desk.do(Delete(shard))\n", ""),
    Fault("never-clears", "provider.keeping", "        self._clear()\n", ""),
    Fault("own-clock", "provider.keeping", "late = desk.head.time + desk", "late = desk.now + desk"),
    Fault(
        "draws-over-all", "provider.proving",
        "self._desk.me, challenge.total)", "self._desk.me, self._desk.book.sequence.total)",
        soon=False,
    ),
    Fault(
        "forgets-refusals", "provider.desk",
        "found = self.intents.settle(event)\n",
        "found = self.intents.settle(event) if event.done else None\n",
    ),
    Fault("asks-twice", "provider.desk", "if self.intents.busy(key):", "if False:"),
    Fault(
        "unwritten", "provider.desk",
        "        self.do(Write(record))\n        self.do(Submit", "        self.do(Submit",
    ),
    Fault("counts-again", "provider.intents", "            self._next = max(self._next, number + 1)\n", "", soon=False),
    Fault("keeps-torn-tail", "provider.journal", "    return found, at\n", "    return found, len(data)\n"),
    Fault("keeps-undone", "provider.book", "            self.sequence.cut(len(self.shards))\n", ""),
    Fault("never-reserves", "provider.repairing", "                self._reserve(vacancy)\n", "                pass\n"),
    Fault(
        "never-asks-again", "provider.gathering",
        "for index, until in self._asked.items() if until > now}", "for index, until in self._asked.items()}",
        soon=False,
    ),
    Fault(
        "counts-failures", "provider.gathering",
        "    def failed(self, index: int) -> None:\n",
        "    def failed(self, index: int) -> None:\n        self.have.add(index)\n",
    ),
    Fault(
        "late-head", "provider.intents",
        "            self._done[key] = event.block\n", "            pass\n",
        soon=False,
    ),
    Fault("pays-again", "putting", '            if record["is"] == "put":\n', "            if False:\n"),
    Fault(
        "believes-too-soon", "putting",
        'elif seen.status in ("active", "ended") and seen.since <= head.final:',
        'elif seen.status in ("active", "ended"):',
    ),
    Fault(
        "demands-twice", "watching",
        "known = shard in self._head.demanded or shard in self._head.vacant or self._intents.busy(key)",
        "known = False",
        soon=False,
    ),
)  # fmt: skip


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module with another source."""

    def __init__(self, name: str, source: str, path: Path) -> None:
        self._name, self._source, self._path = name, source, path

    def find_spec(self, name: str, _: Any = None, __: Any = None, /) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_file_location(name, self._path, loader=self) if name == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, str(self._path), "exec"), module.__dict__)  # noqa: S102 - our own source


@contextmanager
def _with(fault: Fault) -> Iterator[ModuleType]:
    """The module of worlds, over cores with this fault. Raises CheckFailed when the source has changed."""
    name = f"keifu.storage.{fault.module}"
    path = ROOT / (name.replace(".", "/") + ".py")
    source = path.read_text(encoding="utf-8")
    if source.count(fault.right) != 1:
        raise CheckFailed(f"{fault.name} fits {source.count(fault.right)} places of {name}", remedy="write it anew")
    finder = _Finder(name, source.replace(fault.right, fault.wrong), path)
    kept = {known: module for known, module in sys.modules.items() if known.startswith(ROOMS)}
    for known in kept:
        del sys.modules[known]
    sys.meta_path.insert(0, finder)
    try:
        yield importlib.import_module("audit.storage_world.world")
    finally:
        sys.meta_path.remove(finder)
        for known in [known for known in sys.modules if known.startswith(ROOMS)]:
            del sys.modules[known]
        sys.modules.update(kept)


def first_world(fault: Fault, worlds: int = WORLDS) -> tuple[int, str]:
    """The first world that shows the fault, and the rule that it breaks; 0 when none does."""
    with _with(fault) as module:
        for seed in range(1, worlds + 1):
            if broken := module.play(seed).broken:
                return seed, broken
    return 0, ""


def main(names: Sequence[str]) -> int:
    missed = 0
    for fault in FAULTS:
        if names and fault.name not in names:
            continue
        seed, broken = first_world(fault)
        missed += not seed
        print(f"{fault.name}: " + (f"world {seed}: {broken[:160]}" if seed else "not found"), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
