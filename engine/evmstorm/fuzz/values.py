"""Where the arguments of an action come from.

A call has four fields of entropy: `pick` (a byte), `mode` (a byte), `value` (32 bits) and its actor. A generator turns
them into one argument; equal fields give equal arguments, and smaller fields give simpler ones, so that shrinking the
bytes shrinks the call.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ethwire.constants import ETHER

if TYPE_CHECKING:
    from evmstorm.fuzz.system import System

__all__ = ["Amount", "Choice", "Duration", "Fixed", "Flag", "Index", "Made", "Value", "Who", "mixed"]

FULL = 1 << 32  # `value` is below this
MAX_UINT = (1 << 256) - 1
LIMITS = (*((1 << bits) - 1 for bits in (256, 255, 128, 96, 64)), 1 << 128, 1 << 96)
MODES = 16
MASK32, MASK64 = (1 << 32) - 1, (1 << 64) - 1
GOLDEN = 0x9E37_79B9_7F4A_7C15  # 2^64 divided by the golden ratio: spreads neighbours far apart

Source = str | int | Callable[..., Any]


def _reader(source: Source) -> Callable[[System, str], Any]:
    """A bound or list may be a number, the name of a model attribute or method, or a function (system, actor)."""
    if isinstance(source, int):
        return lambda system, who: source
    if isinstance(source, str):

        def read(system: System, who: str) -> Any:
            found = getattr(system, source)
            if callable(found):
                return found(who)
            return found.get(who, 0) if isinstance(found, dict) else found

        return read
    return source


class Value(ABC):
    """One argument of an action. `kinds` are the ABI types that it can fill, by prefix."""

    kinds: tuple[str, ...] = ()
    picks = False  # draws from `pick` rather than from `mode` and `value`

    @abstractmethod
    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> Any:
        """The argument for these fields."""

    def fits(self, abi_type: str) -> bool:
        return not self.kinds or (abi_type.startswith(self.kinds) and not abi_type.endswith("]"))


class Amount(Value):
    """A number around a bound that matters (a balance, a limit): the bound itself, one less, one more, parts of it,
    constants of the code, nothing, and the largest numbers there are.

    `of` is the bound: a number, the name of a model attribute (a dict is read at the actor) or method, or a function
    of (system, actor). What is larger than `most` is cut to it.
    """

    kinds = ("uint", "int")

    def __init__(self, of: Source = ETHER, *, most: int = MAX_UINT) -> None:
        self._bound = _reader(of)
        self._most = most

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> int:
        bound: int = self._bound(system, who)
        match mode % MODES:
            case 0:
                found = bound >> (value & 0x3F)
            case less if less < 6:  # nearly a third of the draws
                found = bound * (value + 1) // FULL
            case 6 | 7:
                found = bound
            case 8:
                found = max(bound - 1, 0)
            case 9:
                found = bound + 1  # cut below where one more would be none at all
            case 10:
                found = value % 100
            case 11:
                found = bound // 2
            case 12:
                found = system.dictionary[value % len(system.dictionary)]
            case 13:
                found = (value & 0xFFFF) << (value >> 16 & 0x7F)
            case 14:
                found = value
            case _:
                found = LIMITS[value % len(LIMITS)] if value & 0x80 else 0
        return found if found < self._most else self._most


class Duration(Value):
    """Seconds: constants of the code that may be a time, their neighbours, and small numbers."""

    kinds = ("uint", "int")

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> int:
        mode %= 4
        if mode == 0:
            return value % 100
        known = system.durations
        if mode == 1 or not known:
            return value % 10_000_000
        return known[value % len(known)] + (value >> 24) % 3 - 1


class Who(Value):
    """An address: mostly an actor; with `anyone`, now and then a contract of the system or the zero address."""

    kinds = ("address",)
    picks = True

    def __init__(self, *, anyone: bool = False) -> None:
        self._anyone = anyone

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> str:
        if self._anyone and pick >= 224:  # an eighth
            others = system.strangers
            return others[pick % len(others)]
        actors = system.addresses
        return actors[pick % len(actors)]


class Choice(Value):
    """One of a list: values, or the name of a model attribute or method that holds them; `default` when empty."""

    picks = True

    def __init__(self, source: Source | Sequence[Any], default: Any = 0) -> None:
        fixed = not callable(source) and not isinstance(source, (str, int))
        self._read: Callable[[System, str], Any] = (
            (lambda system, who: source) if fixed else _reader(source)  # type: ignore[arg-type]
        )
        self._default = default

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> Any:
        items = self._read(system, who)
        if not items:
            return self._default
        return items[pick % len(items)]


class Index(Value):
    """A number below `of`, now and then the first one past the end."""

    kinds = ("uint", "int")
    picks = True

    def __init__(self, of: Source) -> None:
        self._count = _reader(of)

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> int:
        count: int = self._count(system, who)
        return count if pick >= 248 or not count else pick % count  # one of 32


class Flag(Value):
    """True or False."""

    kinds = ("bool",)
    picks = True

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> bool:
        return bool(pick & 1)


class Fixed(Value):
    """Always the same argument."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> Any:
        return self._value


class Made(Value):
    """Whatever `make(system, actor, value)` returns: signatures, hashes, proofs."""

    def __init__(self, make: Callable[[Any, str, int], Any]) -> None:
        self._make = make

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> Any:
        return self._make(system, who, value)


def mixed(mode: int, pick: int, value: int, rank: int) -> tuple[int, int, int]:
    """Fields for the second and later arguments of a kind: independent ones from the same bytes, zeros from zeros."""
    mixed = ((mode | pick << 8 | value << 16) * (GOLDEN * (2 * rank + 1))) & MASK64
    return mixed >> 48 & 255, mixed >> 56, mixed >> 16 & MASK32
