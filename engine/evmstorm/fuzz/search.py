"""What to run next: fresh random bytes, or changes to sequences that reached something new.

The whole search of one process follows from its seed, unless it shares a corpus folder with others.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path

from ethwire.errors import CheckFailed, InputError
from evmstorm.fuzz.engine import CHUNK, STEPS, Engine, Finding

__all__ = ["Corpus", "Search"]

LENGTH = CHUNK * STEPS
KEEP = 4_000  # sequences in memory
MUTATED = 0.6  # part of the sequences that come from the corpus once there is one
SYNC_EVERY = 500  # sequences between looks at the shared folder
META = "corpus.json"


class Corpus:
    """Sequences that reached something new; in a folder they are shared between processes and runs.

    The folder belongs to one list of actions, for that is what bytes stand for: InputError when it was made with
    another. Code that was compiled again, changed or not, runs the same sequences.
    """

    def __init__(
        self, folder: Path | None = None, system: str = "", actions: str = "", items: Iterable[bytes] = ()
    ) -> None:
        self.items = list(items)
        self._folder = folder
        self._names: set[str] = set()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._claim(folder, {"system": system, "actions": actions})
            self.sync()

    @staticmethod
    def _claim(folder: Path, wanted: dict[str, str]) -> None:
        meta = folder / META
        if not meta.exists():
            _write(meta, json.dumps(wanted).encode())
        try:
            found = json.loads(meta.read_text())
        except json.JSONDecodeError as error:
            raise InputError(f"{meta} is not JSON", remedy="remove the folder") from error
        if found != wanted:
            raise InputError(
                f"the corpus in {folder} is of {found.get('system')} with other actions "
                f"({str(found.get('actions'))[:12]}, not {wanted['actions'][:12]})",
                remedy="name another folder, or remove this one",
            )

    def add(self, data: bytes) -> None:
        self._remember(data)
        if self._folder is not None:
            name = hashlib.sha256(data).hexdigest()[:32]
            if name not in self._names:
                self._names.add(name)
                _write(self._folder / f"{name}.bin", data)

    def sync(self) -> int:
        """Take over what other processes found; how many sequences that was. Torn files are left alone."""
        if self._folder is None:
            return 0
        taken = 0
        for path in sorted(self._folder.glob("*.bin")):
            if path.stem in self._names:
                continue
            self._names.add(path.stem)
            data = path.read_bytes()
            if len(data) == LENGTH and hashlib.sha256(data).hexdigest()[:32] == path.stem:
                self._remember(data)
                taken += 1
        return taken

    def _remember(self, data: bytes) -> None:
        if len(self.items) >= KEEP:
            self.items[len(self.items) % 97 :: 97] = []  # thin out evenly; what is dropped is still in the folder
        self.items.append(data)


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: another process may be reading, this one may be killed."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(data)
    partial.replace(path)


class Search:
    """The search of one process: `step` runs one sequence, `data` is what it ran."""

    def __init__(self, engine: Engine, seed: int, *, guided: bool = True, corpus: Corpus | None = None) -> None:
        self.engine = engine
        self.corpus = corpus or Corpus()
        self.data = b""
        self._guided = guided
        self._random = random.Random(seed)  # noqa: S311 - must repeat
        if guided:
            engine.seen = set()

    def step(self) -> Finding | None:
        rng = self._random
        if self._guided and self.corpus.items and rng.random() < MUTATED:
            self.data = self._mutate(rng.choice(self.corpus.items))
        else:
            self.data = rng.randbytes(LENGTH)
        finding = self.engine.run(self.data)
        if self.engine.fresh and finding is None:
            self.corpus.add(self.data)
        if self.engine.sequences % SYNC_EVERY == 0:
            self.corpus.sync()
        return finding

    def explore(self, calls: int, each: Callable[[], None] = lambda: None, *, faulty: bool = False) -> None:
        """Spend `calls` and waits, and call `each` after each sequence; raises CheckFailed when a fault is found in
        code that is not known to be `faulty`."""
        end = self.engine.calls + self.engine.waits + calls
        while self.engine.calls + self.engine.waits < end:
            if (finding := self.step()) is not None and not faulty:
                system = self.engine.system.title()
                raise CheckFailed(f"{system}: {finding.id}: {finding.message}", remedy=f"search {system} for it alone")
            each()

    def _mutate(self, parent: bytes) -> bytes:
        rng = self._random
        data = bytearray(parent)
        for _ in range(1 + rng.randrange(6)):
            at = rng.randrange(STEPS) * CHUNK
            match rng.randrange(7):
                case 0:
                    data[at : at + CHUNK] = rng.randbytes(CHUNK)
                case 1:
                    data[at + rng.randrange(CHUNK)] = rng.randrange(256)
                case 2:  # one step more in the middle, the last one falls off
                    data[at:at] = rng.randbytes(CHUNK)
                    del data[LENGTH:]
                case 3:  # the same step again
                    data[at:at] = data[at : at + CHUNK]
                    del data[LENGTH:]
                case 4:  # one step less, a random one at the end
                    del data[at : at + CHUNK]
                    data += rng.randbytes(CHUNK)
                case 5:  # the rest of another sequence
                    data[at:] = rng.choice(self.corpus.items)[at:]
                case 6:
                    data[at:] = rng.randbytes(LENGTH - at)
        return bytes(data)
