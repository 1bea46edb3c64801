"""Deployments with one argument changed at a time: the bounds that a constructor keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evmstorm.evm import LocalEvm

__all__ = ["Deployment", "next_address", "variations"]

Deployment = tuple[str, tuple[Any, ...], str | None]


def variations(name: str, right: tuple[Any, ...], *changes: tuple[int, Any, str | None]) -> Iterator[Deployment]:
    """For `System.constructors`: `name` with the `right` arguments, which must do, and with one of them changed.

    A change is (position, value, reason of the refusal or None).
    """
    yield name, right, None
    for at, value, reason in changes:
        yield name, (*right[:at], value, *right[at + 1 :]), reason


def next_address(evm: LocalEvm, name: str, args: tuple[Any, ...]) -> str:
    """Where the owner's next deployment will be: for a constructor that must not take itself."""
    with evm.anchor():
        return evm.deploy(name, *args, sender=evm.account("owner")).address
