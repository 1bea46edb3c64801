"""A proposal as a file, and the list of a milestone's learners.

programme = 1
grantee = "0x…"
statement = "proposal.md"      # a file beside this one: its hash stands on the chain
uri = "https://example.org/proposal.md"

[[milestones]]
amount = "1000"                # coins
within = "60 days"             # from when it is sent
kind = "evaluation"            # of the record that is shown
schema = "agent pays in three currencies"   # words of its own for each milestone
attesters = ["0x…", "0x…"]
needed = 2                     # of them; all, where nothing is said
sound = true                   # also everything that the record was made from has to stand
vesting = { step = "30 days", steps = 12, cliff = 3 }
# or: learners = "learners.csv"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu._files import read_bounded
from keifu.errors import InputError
from keifu.keys import keccak256
from keifu.provenance import Kind
from keifu.provenance.registry import schema_id
from keifu.tge import Grants, read_csv
from keifu.units import DECIMALS, brief, is_address, parse_amount, parse_duration

__all__ = [
    "MAX_ATTESTERS", "MAX_MILESTONES", "Draft", "MilestoneDraft", "programme_of", "read_draft", "read_learners",
]  # fmt: skip

MAX_MILESTONES, MAX_ATTESTERS = 8, 4
LARGEST = 1 << 20
_DRAFT = {"programme", "grantee", "statement", "uri", "milestones"}
_MILESTONE = {"amount", "within", "kind", "schema", "attesters", "needed", "sound", "vesting", "learners"}
_VESTING = {"step", "steps", "cliff"}
REMEDY = "`keifu grants propose --help` shows a file"


@dataclass(frozen=True)
class MilestoneDraft:
    """What is asked for. Amounts in wei, times in seconds."""

    amount: int
    within: int
    kind: Kind
    schema: str
    attesters: tuple[str, ...]
    needed: int
    sound: bool
    step: int
    steps: int
    cliff: int
    learners: bytes  # root of the list

    def args(self, now: int) -> tuple[Any, ...]:
        """As the contract takes it."""
        return (
            self.amount, now + self.within, int(self.kind), self.sound, schema_id(self.schema), self.needed,
            list(self.attesters), self.step, self.steps, self.cliff, self.learners,
        )  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """A proposal that was read and is not sent yet."""

    programme: int
    grantee: str
    statement: bytes
    uri: str
    milestones: tuple[MilestoneDraft, ...]

    @property
    def amount(self) -> int:
        return sum(item.amount for item in self.milestones)


def programme_of(path: Path) -> int:
    """The number of the programme that a proposal names. Raises InputError."""
    return _number(_document(path), "programme", str(path))


def read_draft(path: Path, decimals: int = DECIMALS) -> Draft:
    """Amounts are in coins of a token with so many decimals. Raises InputError naming the field that is wrong."""
    document = _document(path)
    _only(document, _DRAFT, str(path))
    items = document.get("milestones", [])
    if not isinstance(items, list) or not 0 < len(items) <= MAX_MILESTONES:
        raise InputError(f"{path}: milestones", remedy=f"one to {MAX_MILESTONES} of [[milestones]]")
    milestones = tuple(
        _milestone(item, f"{path}: milestone {at}", path.parent, decimals) for at, item in enumerate(items)
    )
    if len({item.schema for item in milestones}) < len(milestones):
        raise InputError(
            f"{path}: two milestones have one schema",
            remedy="an attestation names record and schema: with words of its own, none shows another milestone",
        )
    return Draft(
        programme=_number(document, "programme", str(path)),
        grantee=_address(document.get("grantee"), f"{path}: grantee"),
        statement=_statement(document, path),
        uri=_text(document, "uri", str(path), ""),
        milestones=milestones,
    )


def read_learners(path: Path, decimals: int = DECIMALS) -> Grants:
    """Account and amount in coins, a learner a line, as `keifu tge build` reads it; with its tree."""
    return read_csv(path, decimals=decimals)


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_bounded(path, LARGEST, "a proposal").decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} is no proposal: {error}", remedy=REMEDY) from error


def _milestone(item: Any, where: str, folder: Path, decimals: int) -> MilestoneDraft:
    if not isinstance(item, dict):
        raise InputError(f"{where} is no table", remedy=REMEDY)
    _only(item, _MILESTONE, where)
    attesters = item.get("attesters", [])
    if not isinstance(attesters, list) or not 0 < len(attesters) <= MAX_ATTESTERS:
        raise InputError(f"{where}: attesters", remedy=f"name one to {MAX_ATTESTERS} of them")
    needed = _number(item, "needed", where, len(attesters))
    if not 0 < needed <= len(attesters):
        raise InputError(f"{where}: needed is {needed} of {len(attesters)}", remedy="from one to as many as are named")
    amount = _amount(item, where, decimals)
    vesting, root = _vesting(item, where), _learners(item, where, folder, amount, decimals)
    if vesting[0] and any(root):
        raise InputError(f"{where} has a list and vests", remedy="learners are paid at once: leave out one of both")
    return MilestoneDraft(
        amount, _seconds(item, "within", where), _kind(item, where), _text(item, "schema", where),
        tuple(_address(one, f"{where}: attester") for one in attesters), needed, _flag(item, where), *vesting, root,
    )  # fmt: skip


def _vesting(item: Mapping[str, Any], where: str) -> tuple[int, int, int]:
    plan = item.get("vesting")
    if plan is None:
        return 0, 0, 0
    if not isinstance(plan, dict):
        raise InputError(f"{where}: vesting is no table", remedy=REMEDY)
    _only(plan, _VESTING, f"{where}: vesting")
    steps, cliff = _number(plan, "steps", where), _number(plan, "cliff", where, 0)
    if not steps or cliff > steps:
        raise InputError(f"{where}: {steps} steps and a cliff of {cliff}", remedy="the cliff is at most all steps")
    return _seconds(plan, "step", where), steps, cliff


def _learners(item: Mapping[str, Any], where: str, folder: Path, amount: int, decimals: int) -> bytes:
    """The root of a list that comes to the milestone's amount."""
    if "learners" not in item:
        return bytes(32)
    path = folder / _text(item, "learners", where)
    if not path.is_file():
        raise InputError(f"{where}: there is no {path}", remedy="name a file beside the proposal")
    found = read_learners(path, decimals)
    if found.allocation != amount:
        raise InputError(f"{where}: the list comes to another sum", remedy="amount is the sum of all learners")
    return found.tree.root


def _statement(document: Mapping[str, Any], path: Path) -> bytes:
    name = _text(document, "statement", str(path), "")
    return (
        keccak256(read_bounded(path.parent / name, LARGEST, "a statement", remedy="name a file beside the proposal"))
        if name
        else bytes(32)
    )


def _only(document: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := set(document) - known:
        raise InputError(f"{where}: {min(unknown)} is unknown", remedy=f"known are {', '.join(sorted(known))}")


def _number(document: Mapping[str, Any], key: str, where: str, usual: int | None = None) -> int:
    found = document.get(key, usual)
    if type(found) is not int or found < 0:
        raise InputError(f"{where}: {key} is no number", remedy=f"write {key} = 1")
    return found


def _text(document: Mapping[str, Any], key: str, where: str, usual: str | None = None) -> str:
    found = document.get(key, usual)
    if not isinstance(found, str) or (usual is None and not found):
        raise InputError(f"{where}: {key} is missing", remedy=REMEDY)
    return found


def _flag(item: Mapping[str, Any], where: str) -> bool:
    found = item.get("sound", False)
    if not isinstance(found, bool):
        raise InputError(f"{where}: sound is neither true nor false", remedy="write sound = true")
    return found


def _amount(item: Mapping[str, Any], where: str, decimals: int) -> int:
    try:
        found = parse_amount(_text(item, "amount", where), decimals)
    except ValueError as error:
        raise InputError(f"{where}: {error}", remedy='write amount = "1000"') from error
    if not found:
        raise InputError(f"{where}: amount is zero", remedy="a milestone pays more than nothing")
    return found


def _seconds(item: Mapping[str, Any], key: str, where: str) -> int:
    try:
        found = parse_duration(_text(item, key, where))
    except ValueError as error:
        raise InputError(f"{where}: {error}", remedy=f'write {key} = "30 days"') from error
    if not found:
        raise InputError(f"{where}: {key} is zero", remedy=f'write {key} = "30 days"')
    return found


def _kind(item: Mapping[str, Any], where: str) -> Kind:
    word = _text(item, "kind", where)
    found = next((kind for kind in Kind if kind.word == word), None)
    if found is None:
        raise InputError(f"{where}: {brief(word)!r} is no kind", remedy=", ".join(kind.word for kind in Kind))
    return found


def _address(found: Any, where: str) -> str:
    if not isinstance(found, str) or not is_address(found) or found == ZERO_ADDRESS:
        raise InputError(f"{where} is no address", remedy="0x and 40 hex digits")
    return found.lower()
