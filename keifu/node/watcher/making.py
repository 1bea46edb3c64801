"""What a watcher's maker says about canaries, as its configuration has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keifu.errors import UsageError

__all__ = ["CANARY_KEY", "canary_section"]

CANARY_KEY = "canary_key"  # the table of the key that pays them


def canary_section(
    integers: Path | None, texts: Path | None, environment: bytes | None, *, every: int, most: int, day: int,
    deposit: int, restitution: int,
) -> dict[str, Any]:  # fmt: skip
    """Nothing without a model. Raises UsageError where one of three is named without the others, and for a cap that
    pays for nothing."""
    given = {"--canaries": integers, "--texts": texts, "--environment": environment}
    if not any(given.values()):
        return {}
    if missing := [name for name, value in given.items() if not value]:
        raise UsageError(f"canaries need {missing[0]}", remedy="--canaries FOLDER --texts FOLDER --environment 0x…")
    assert integers is not None
    assert texts is not None
    assert environment is not None
    if most > day:
        raise UsageError("one answer may cost more than all of a day", remedy="--most is at most --day")
    folders = {"integers": str(integers.absolute()), "texts": str(texts.absolute())}
    amounts = {"most": most, "day": day, "deposit": deposit, "restitution": restitution}
    return {"canaries": {**folders, "environment": environment.hex(), "every": f"{every} seconds", **amounts}}
