"""The words of a description: actions, invariants, and the calls that actions yield."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from ethwire.errors import UsageError
from evmstorm.fuzz.values import Value

__all__ = [
    "MAY_REVERT",
    "RAW_OUTCOME",
    "Action",
    "Call",
    "DescriptionError",
    "Invariant",
    "Steps",
    "action",
    "invariant",
]

Steps = Generator[Any, bytes, Any]  # yields at the call, may return the reason of a refusal instead


class DescriptionError(UsageError):
    """The description of a system does not fit its contracts; the message names the action or invariant."""


class _MayRevert:
    """`yield MAY_REVERT`: the call may succeed, or be refused for one of the action's allowed reasons."""

    def __repr__(self) -> str:
        return "MAY_REVERT"


class _RawOutcome:
    """`yield RAW_OUTCOME`: the description judges by itself. It gets the returned data, or None after a refusal, whose
    reason is `self.refusal`."""

    def __repr__(self) -> str:
        return "RAW_OUTCOME"


MAY_REVERT = _MayRevert()
RAW_OUTCOME = _RawOutcome()


@dataclass(frozen=True, slots=True)
class Call:
    """A call that an action makes itself, through `System.tx`. `fails`: the reason it must be refused for."""

    sender: str
    to: str
    data: bytes
    value: int = 0
    fails: str | None = None
    may_revert: bool = False
    raw_outcome: bool = False
    text: tuple[str, tuple[Any, ...]] = ("", ())


@dataclass(frozen=True)
class Action:
    """One thing that actors do; made by the `action` decorator."""

    name: str
    target: str
    values: tuple[Value, ...]
    method: Callable[..., Any]
    weight: int
    senders: tuple[str, ...]
    allow: frozenset[str]
    pays: Value | None
    always_reverts: bool
    document: str


@dataclass(frozen=True)
class Invariant:
    """One numbered sentence that must hold; made by the `invariant` decorator."""

    id: str
    name: str
    sentence: str
    method: Callable[..., Any]
    at_end: bool


def action(
    target: str = "",
    *values: Value,
    weight: int = 4,
    sender: str | tuple[str, ...] = (),
    allow: tuple[str, ...] = (),
    pays: Value | None = None,
    always_reverts: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A method that predicts one call of `target` ("contract.function") with arguments from `values`.

    The method gets the sender's address and the arguments (and what it pays, with `pays`). It returns the reason for
    which the call must be refused, or yields where the call happens and then brings the model up to date. `sender`
    names the roles that call (default: every actor); `allow` are reasons that `yield MAY_REVERT` accepts; of an action
    that `always_reverts` every call must revert.
    """

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        senders = (sender,) if isinstance(sender, str) else tuple(sender)
        method.__dict__["_action"] = Action(
            method.__name__, target, values, method, weight, senders, frozenset(allow), pays, always_reverts,
            (method.__doc__ or "").strip(),
        )  # fmt: skip
        return method

    return mark


def invariant(number: str, *, at_end: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A method that returns True while the sentence in its docstring holds; anything else is a finding.

    Checked after every call that changed something, or (`at_end`) once a sequence, where it may also make calls:
    what it does is undone.
    """

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        sentence = " ".join((method.__doc__ or method.__name__).split())
        method.__dict__["_invariant"] = Invariant(number, method.__name__, sentence, method, at_end)
        return method

    return mark
