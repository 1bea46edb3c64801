"""What `tge build` publishes, and reading it back.

    allocation.json   root, sums, terms and how the files are cut: the summary to publish
    allocation.csv    index,account,total of every grant, in wei
    tree.json         the tree as `StandardMerkleTree.load` of @openzeppelin/merkle-tree takes it
    proofs/00000.jsonl, 00001.jsonl …   a line for each grant, SHARD_LINES lines a file, in order of index
    proofs/accounts.bin   24 bytes a grant, sorted by account: the 20 bytes of it and its index (uint32, big-endian)

A million grants make 245 shards, not a million files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from keifu.errors import InputError
from keifu.keys import checksum
from keifu.merkle import Tree
from keifu.spec.vesting import EVENT_DIVISOR, MONTH_SECONDS, MONTHS
from keifu.tge.grants import Grants

__all__ = [
    "LEAF_ENCODING",
    "SUMMARY",
    "NoGrant",
    "Proof",
    "Summary",
    "contents",
    "find_proof",
    "read_summary",
    "summarize",
    "write_files",
]

FORMAT = "keifu-tge-1"
LEAF_ENCODING = ["uint256", "address", "uint256"]
SHARD_LINES = 4_096
ACCOUNT_BYTES = 20
ENTRY_BYTES = ACCOUNT_BYTES + 4
SUMMARY, _LIST, _TREE, _PROOFS, _ACCOUNTS = "allocation.json", "allocation.csv", "tree.json", "proofs", "accounts.bin"


class NoGrant(InputError):
    """The list has no line of this account."""


class Summary(msgspec.Struct, frozen=True):
    """The published summary. Amounts are wei, as text, since JSON readers lose digits."""

    format: str
    root: str
    grants: int
    allocation: str
    smallest: str
    largest: str
    csv_sha256: str
    leaf_encoding: list[str]
    step_seconds: int
    steps: int
    event_divisor: int
    shard_lines: int


class Proof(msgspec.Struct, frozen=True):
    """What a holder needs to claim."""

    index: int
    account: str
    total: str  # wei
    proof: list[str]

    @property
    def arguments(self) -> tuple[int, str, int, list[bytes]]:
        """As `TGEDistributor.claim` takes them."""
        return self.index, self.account, int(self.total), [bytes.fromhex(node[2:]) for node in self.proof]


def summarize(
    grants: Grants, *, csv_path: Path | None = None, step: int = MONTH_SECONDS, steps: int = MONTHS
) -> Summary:
    """The summary of a list and its schedule."""
    return Summary(
        format=FORMAT,
        root="0x" + grants.tree.root.hex(),
        grants=len(grants),
        allocation=str(grants.allocation),
        smallest=str(min(grants.totals)),
        largest=str(max(grants.totals)),
        csv_sha256=hashlib.sha256(csv_path.read_bytes()).hexdigest() if csv_path else "",
        leaf_encoding=LEAF_ENCODING,
        step_seconds=step,
        steps=steps,
        event_divisor=EVENT_DIVISOR,
        shard_lines=SHARD_LINES,
    )


def write_files(
    grants: Grants,
    folder: Path,
    *,
    csv_path: Path | None = None,
    step: int = MONTH_SECONDS,
    steps: int = MONTHS,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Summary:
    """Write everything into `folder`, the summary last: where it is, the rest is whole.

    `on_progress(done)` is called with the number of proofs written so far.
    """
    summary = summarize(grants, csv_path=csv_path, step=step, steps=steps)
    (folder / _PROOFS).mkdir(parents=True, exist_ok=True)
    (folder / SUMMARY).unlink(missing_ok=True)
    for old in (folder / _PROOFS).glob("*.jsonl"):
        old.unlink()
    for name, content in contents(grants, summary, on_progress):
        (folder / name).write_bytes(content)
    return summary


def contents(
    grants: Grants, summary: Summary, on_progress: Callable[[int], None] = lambda done: None
) -> Iterator[tuple[str, bytes]]:
    """Every file to publish, by its path in the folder, in the order of writing: what `write_files` writes and what
    `compare` recomputes."""
    yield _LIST, _list(grants)
    yield _TREE, _tree(grants, grants.tree)
    yield from _proofs(grants, grants.tree, on_progress)
    yield f"{_PROOFS}/{_ACCOUNTS}", _accounts(grants)
    yield SUMMARY, msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"


def read_summary(folder: Path) -> Summary:
    """The summary of a folder; raises InputError when `tge build` has not finished there."""
    path = folder / SUMMARY
    try:
        return msgspec.json.decode(path.read_bytes(), type=Summary)
    except OSError as error:
        raise InputError(f"no {SUMMARY} in {folder}", remedy="run `keifu tge build` first") from error
    except msgspec.DecodeError as error:
        raise InputError(f"{path} is not a summary of `tge build`: {error}") from error


def find_proof(folder: Path, account: str) -> Proof:
    """The proof of one account, by a binary search and one shard. Raises NoGrant when it has none."""
    summary = read_summary(folder)
    wanted = bytes.fromhex(account.lower().removeprefix("0x"))
    try:
        entries = np.fromfile(folder / _PROOFS / _ACCOUNTS, dtype=f"V{ENTRY_BYTES}")
        found = _search(entries, wanted)
        if found is None:
            raise NoGrant(f"{checksum(account)} has no grant in {folder}")
        shard, line = divmod(found, summary.shard_lines)
        with (folder / _PROOFS / _shard_name(shard)).open("rb") as file:
            for number, text in enumerate(file):
                if number == line:
                    return msgspec.json.decode(text, type=Proof)
    except OSError as error:
        raise InputError(f"{folder} is not whole: {error.strerror}", remedy="run `keifu tge build` again") from error
    except msgspec.DecodeError as error:
        raise InputError(f"{_shard_name(shard)} of {folder} is damaged: {error}") from error
    raise InputError(f"{_shard_name(shard)} of {folder} has no line {line + 1}")


def _search(entries: Any, wanted: bytes) -> int | None:
    low, high = 0, len(entries)
    while low < high:
        middle = (low + high) // 2
        entry = bytes(entries[middle])
        if entry[:ACCOUNT_BYTES] == wanted:
            return int.from_bytes(entry[ACCOUNT_BYTES:], "big")
        if entry[:ACCOUNT_BYTES] < wanted:
            low = middle + 1
        else:
            high = middle
    return None


def _shard_name(shard: int) -> str:
    return f"{shard:05}.jsonl"


def _list(grants: Grants) -> bytes:
    rows = zip(grants.accounts, grants.totals, strict=True)
    lines = [f"{index},{account},{total}\n" for index, (account, total) in enumerate(rows)]
    return ("index,account,total\n" + "".join(lines)).encode()


def _tree(grants: Grants, tree: Tree) -> bytes:
    digits = tree.nodes.tobytes().hex()
    nodes = ",".join([f'"0x{digits[start : start + 64]}"' for start in range(0, len(digits), 64)])
    positions = tree.positions.tolist()
    rows = zip(grants.accounts, grants.totals, positions, strict=True)
    values = ",".join(
        [
            f'{{"value":["{index}","{account}","{total}"],"treeIndex":{position}}}'
            for index, (account, total, position) in enumerate(rows)
        ]
    )
    encoding = msgspec.json.encode(LEAF_ENCODING).decode()
    return f'{{"format":"standard-v1","leafEncoding":{encoding},"tree":[{nodes}],"values":[{values}]}}\n'.encode()


def _proofs(grants: Grants, tree: Tree, on_progress: Callable[[int], None]) -> Iterator[tuple[str, bytes]]:
    # Each node as it stands in a proof, so that a proof is a row of slices put together.
    width = len(',"0x"') + 64
    text = np.empty((len(tree.nodes), width), np.uint8)
    text[:, :4] = np.frombuffer(b',"0x', np.uint8)
    text[:, 4:-1] = np.frombuffer(tree.nodes.tobytes().hex().encode(), np.uint8).reshape(-1, 64)
    text[:, -1] = ord('"')
    for start in range(0, len(grants), SHARD_LINES):
        numbers = np.arange(start, min(start + SHARD_LINES, len(grants)))
        steps, lengths = tree.siblings(numbers)
        proofs = text[steps].reshape(len(numbers), -1)
        lines = []
        for row, index in enumerate(numbers.tolist()):
            proof = proofs[row, 1 : width * lengths[row]].tobytes()
            head = f'{{"index":{index},"account":"{grants.accounts[index]}","total":"{grants.totals[index]}","proof":['
            lines.append(head.encode() + proof + b"]}\n")
        yield f"{_PROOFS}/{_shard_name(start // SHARD_LINES)}", b"".join(lines)
        on_progress(int(numbers[-1]) + 1)


def _accounts(grants: Grants) -> bytes:
    order = sorted(range(len(grants)), key=grants.accounts.__getitem__)
    return b"".join([bytes.fromhex(grants.accounts[index][2:]) + index.to_bytes(4, "big") for index in order])
