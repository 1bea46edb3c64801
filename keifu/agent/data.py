"""What an agent is made of, as files of its token: what it is told first, what it remembers, and its mind.

    made = Made("You read what is written by hand.", Path("digits"))
    paths, kinds = made.write(Path("files"))            # for `pack`, `make_plan` or `keifu inft mint`
    agent = open_agent(DataFolder.load(place), place, Path("mind"))
    agent.ask(pixels)

A mind is a folder of plain files. It is one item, or several where it is larger than an item may be.
"""

from __future__ import annotations

import io
import re
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from keifu._files import read_bounded
from keifu.agent.mind import Mind, Said, load_mind
from keifu.errors import InputError, UsageError
from keifu.inft import DataFolder, Transfer, receive
from keifu.inft.folder import LARGEST
from keifu.inft.stores import Readable, fetch_items
from keifu.keys import Account
from keifu.spec.inft_limits import MAX_ITEMS

__all__ = ["MEMORY", "MIND", "PROMPT", "Agent", "Made", "fetch", "open_agent"]

PROMPT, MEMORY, MIND = "prompt.txt", "memory.jsonl", "mind.tar"
KINDS = {PROMPT: "prompt", MEMORY: "memory", MIND: "weights"}
PARTS = MAX_ITEMS - 2  # of a mind, beside prompt and memory
MAX_FILES = 1_024  # of a mind
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")  # of a mind's file
_REMEDY = "it was packed by another program: ask its seller"


@dataclass(frozen=True)
class Made:
    """An agent as its owner makes it. `mind` is a folder as `Model.load` and token models have it."""

    prompt: str
    mind: Path
    memory: Sequence[Said] = ()

    def write(self, place: Path) -> tuple[list[Path], list[str]]:
        """The files of its token, and their kinds. Raises InputError for a mind that is too large or in folders."""
        place.mkdir(parents=True, exist_ok=True)
        mind = _tar(self.mind)
        if len(mind) > PARTS * LARGEST:
            raise InputError(
                f"{self.mind} has {len(mind):,} bytes", remedy=f"a token carries {PARTS * LARGEST:,} of a mind"
            )
        parts = [mind[at : at + LARGEST] for at in range(0, len(mind), LARGEST)]
        memory = b"".join(msgspec.json.encode(said) + b"\n" for said in self.memory)
        files = [(PROMPT, self.prompt.encode()), (MEMORY, memory), *((MIND, part) for part in parts)]
        paths, numbers = [], count()
        for name, body in files:
            path = place / (f"{name}.{next(numbers)}" if name == MIND else name)
            path.write_bytes(body)
            paths.append(path)
        return paths, [KINDS[name] for name, _ in files]


@dataclass
class Agent:
    """One that runs. What is said is remembered; `made` is what its owner packs for the next version of its data."""

    prompt: str
    mind: Mind
    place: Path  # of the mind's folder
    memory: list[Said] = field(default_factory=list)

    def ask(self, question: Any) -> str:
        """Raises UsageError for a question that its mind does not take."""
        answer = self.answer(question)
        self.memory.append(Said(question, answer))
        return answer

    def answer(self, question: Any) -> str:
        """The same, and forget it."""
        return self.mind.answer(self.prompt, self.memory, question)

    @property
    def made(self) -> Made:
        return Made(self.prompt, self.place, tuple(self.memory))


def open_agent(folder: DataFolder, source: Path, place: Path) -> Agent:
    """The agent of a token's data in `source`; its mind is unpacked into the new folder `place`.

    Raises CheckFailed for bytes that the token does not name or keys that do not open them, and InputError for data
    that is no agent's.
    """
    found: dict[str, list[bytes]] = {}
    for number, item in enumerate(folder.items):
        found.setdefault(item.kind, []).append(folder.plain(source, number))
    try:
        [prompt], [memory], mind = (found.get(kind, []) for kind in ("prompt", "memory", "weights"))
        text, said = prompt.decode(), [msgspec.json.decode(line, type=Said) for line in memory.splitlines()]
    except (ValueError, RecursionError) as error:
        raise InputError(f"the data in {source} is no agent's: {error}", remedy=_REMEDY) from error
    if place.exists():
        raise UsageError(f"{place} is there already", remedy="name a new folder for the mind")
    files = dict(_untar(b"".join(mind)))
    place.mkdir(parents=True)
    try:
        for name, body in files.items():
            (place / name).write_bytes(body)
        return Agent(text, load_mind(place), place, said)
    except BaseException:  # a mind that does not load is not left there, where the next call would find it
        shutil.rmtree(place, ignore_errors=True)
        raise


def fetch(transfer: Transfer, store: Readable, place: Path, key: Account) -> DataFolder:
    """The data of a settled transfer, from where the attestors have stored it, opened by its buyer's key; in `place`.

    Raises CheckFailed when bytes are others or a key opens nothing: then `keifu inft complain`.
    """
    place.mkdir(parents=True, exist_ok=True)
    fetch_items(transfer, place, store)
    return receive(transfer, place, key)


def _tar(folder: Path) -> bytes:
    """The same bytes for the same files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:", format=tarfile.USTAR_FORMAT) as tar:
        paths = sorted(folder.iterdir())
        if len(paths) > MAX_FILES:
            raise InputError(f"{folder} has {len(paths):,} files", remedy=f"a mind has at most {MAX_FILES:,}")
        for path in paths:
            if not path.is_file() or not _NAME.fullmatch(path.name):
                raise InputError(f"{path} is no plain file", remedy="a mind is a folder of files, without folders")
            body = read_bounded(path, PARTS * LARGEST, "a mind")
            entry = tarfile.TarInfo(path.name)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    return packed.getvalue()


def _untar(packed: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of plain files, and of nothing else. A seller has made the archive: headers that say more of a
    file than its own, as that it is sparse and any number of bytes long, are refused before anything is read by them.
    """
    at = 0
    for _ in range(MAX_FILES + 1):
        head = packed[at : at + tarfile.BLOCKSIZE]
        if head and not head.strip(b"\0"):
            return
        try:
            entry = tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
        except tarfile.TarError as error:
            raise InputError(f"the mind is no archive: {error}", remedy=_REMEDY) from error
        if entry.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or not _NAME.fullmatch(entry.name):
            raise InputError(f"the mind has {entry.name[:80]!r}, which is no plain file", remedy=_REMEDY)
        at += tarfile.BLOCKSIZE
        if not 0 <= entry.size <= len(packed) - at:
            raise InputError(f"the mind is no archive: {entry.name[:80]!r} is cut off", remedy=_REMEDY)
        yield entry.name, packed[at : at + entry.size]
        at += -(-entry.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    raise InputError(f"the mind has more than {MAX_FILES:,} files", remedy=_REMEDY)
