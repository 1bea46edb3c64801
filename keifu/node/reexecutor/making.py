"""A re-executor's models, by its settings."""

from __future__ import annotations

from pathlib import Path

from keifu.keys.keystore import read_password
from keifu.node.sections import ReExecutorWork
from keifu.reexecution.computing import OwnModel
from keifu.reexecution.tolerance import Rule, Tolerance

__all__ = ["models_of"]

RULES = {"numbers": Rule.NUMBERS, "text": Rule.TEXT}


def models_of(settings: ReExecutorWork, base: Path) -> list[OwnModel]:
    """Raises EnvironmentFault for a key file that cannot be read, UsageError for a tolerance that judges nothing."""
    return [
        OwnModel(
            name, item.upstream, bytes.fromhex(item.digest), Tolerance(RULES[item.rule], item.absolute, item.relative),
            item.fee, item.theirs, read_password(base / item.key_file).decode() if item.key_file else "",
            frozenset(item.endpoints), float(item.patience), base / item.weights if item.weights else None,
        )
        for name, item in settings.models.items()
    ]  # fmt: skip
