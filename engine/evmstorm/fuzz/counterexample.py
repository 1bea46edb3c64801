"""A finding that people can read, keep and send: steps with names and units, and the bytes that make them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from ethwire.constants import DAY, HOUR, MINUTE
from ethwire.errors import InputError
from evmstorm.fuzz.engine import Engine, Finding, Step
from evmstorm.fuzz.system import System

__all__ = ["Counterexample", "SavedStep", "describe"]

FORMAT = "evmstorm counterexample 1"
POWER_FROM = 15  # from 10^15 on a number is written as a multiple of 10^18
LONG_BYTES = 40  # longer byte strings are shortened in the script


class SavedStep(msgspec.Struct, frozen=True):
    """One step in words. `outcome` is "ok" or "refused: reason"; a wait has `seconds` and no target."""

    action: str
    time: int
    sender: str = ""
    target: str = ""
    args: str = ""
    value: int = 0
    outcome: str = "ok"
    seconds: int = 0
    blocks: int = 0


class Counterexample(msgspec.Struct, frozen=True):
    """What a campaign saves. `data` is the sequence in hex, `state` the variables that were read, at the end.
    `original` is the sequence as it was found, `first` what it ended in then, `seconds` how long the search took."""

    format: str
    system: str
    finding: str
    message: str
    sentence: str
    seed: int
    code_hash: str
    data: str
    steps: list[SavedStep]
    state: dict[str, int]
    original: str = ""
    first: str = ""
    seconds: float = 0.0
    described: str = ""  # file of the description, where it is of no project's package

    @property
    def file_name(self) -> str:
        slug = "".join(c if c.isalnum() else "-" for c in self.finding.lower()).strip("-").replace("--", "-")
        return f"{self.system}-{slug}-{hashlib.sha256(self.data.encode()).hexdigest()[:8]}.json"

    def save(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.file_name
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")
        return path

    @classmethod
    def load(cls, path: Path) -> Counterexample:
        """Raises InputError for a file that is missing, or is no counterexample."""
        try:
            found = msgspec.json.decode(path.read_bytes(), type=cls)
            bytes.fromhex(found.data)
        except FileNotFoundError as error:
            raise InputError(f"{path} is not there", remedy="name a file of the findings' folder") from error
        except (msgspec.DecodeError, ValueError) as error:
            raise InputError(f"{path} is no counterexample: {error}") from error
        if found.format != FORMAT:
            raise InputError(f"{path} has format {found.format!r}, not {FORMAT!r}")
        return found

    def script(self) -> str:
        """The steps as a person would tell them."""
        lines = [f"{self.system}: {self.finding}: {self.message}"]
        if self.sentence:
            lines.append(f"  {self.sentence}")
        if self.first and not self.first.startswith(f"{self.finding}: "):
            lines.append(f"  found as {self.first}, and shrunk to this")
        for number, step in enumerate(self.steps, 1):
            lines.append(f"  {number:>2}. {_line(step)}")
        lines += [f"      {name} = {_number(value)}" for name, value in self.state.items() if value]
        return "\n".join(lines)


def _line(step: SavedStep) -> str:
    if not step.target:
        return f"wait {_span(step.seconds)}" + (f", {step.blocks:,} blocks" if step.blocks > 1 else "")
    paid = f" paying {_number(step.value)} wei" if step.value else ""
    return f"{step.sender}: {step.target}({step.args}){paid} -> {step.outcome}"


def _span(seconds: int) -> str:
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= unit and abs(seconds - round(seconds / unit) * unit) <= 1:
            rest = seconds - round(seconds / unit) * unit
            return f"{round(seconds / unit)} {name}{'' if not rest else f' {rest:+d} s'} ({seconds} s)"
    return f"{seconds} s"


def _number(value: int) -> str:
    for exponent in (256, 255, 128, 96, 64):
        if 0 <= (1 << exponent) - value <= 1 and exponent > POWER_FROM:
            return f"2^{exponent}{'-1' if value < 1 << exponent else ''}"
    text = str(value)
    zeros = len(text) - len(text.rstrip("0"))
    return f"{text[:-zeros]}e{zeros}" if zeros >= POWER_FROM else text


def describe(system: System, value: Any) -> str:
    """An argument in words: names for addresses, powers for round numbers, the start of long bytes."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return _number(value)
    if isinstance(value, str):
        return system.names.get(value.lower(), value)
    if isinstance(value, bytes):
        return "0x" + value.hex() if len(value) <= LONG_BYTES else f"0x{value[:8].hex()}… ({len(value)} bytes)"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(describe(system, item) for item in value) + "]"
    return str(value)


def save_step(system: System, step: Step) -> SavedStep:
    return SavedStep(
        action=step.action,
        time=step.time,
        sender=system.names.get(step.sender, step.sender),
        target=step.target,
        args=", ".join(describe(system, item) for item in step.args),
        value=step.value,
        outcome=step.outcome,
        seconds=step.seconds,
        blocks=step.blocks,
    )


def state(system: System) -> dict[str, int]:
    """Every storage variable that the description reads, by name and keys, as it is now."""
    found: dict[str, int] = {}
    for reader in system.readers:
        for keys, value in reader.known().items():
            label = reader.name + "".join(f"[{describe(system, key)}]" for key in keys)
            found[label] = value
    return found


def build(engine: Engine, data: bytes, finding: Finding, seed: int) -> Counterexample:
    """Run the sequence once more, writing everything down."""
    trace: list[Step] = []
    engine.run(data, trace)
    return Counterexample(
        format=FORMAT,
        system=engine.system.title(),
        finding=finding.id,
        message=finding.message,
        sentence=" ".join(item.sentence for item in engine.invariants if item.id == finding.id),
        seed=seed,
        code_hash=engine.code_hash,
        data=data.hex(),
        steps=[save_step(engine.system, step) for step in trace],
        state=state(engine.system),
    )
