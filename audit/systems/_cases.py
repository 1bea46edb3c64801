"""A list of calls of verifiers, each with the answer or the reason that has to come; a campaign plays them at random.

What is computed is the specification's in Python. Calls are made once, so that many are played in a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any, ClassVar, NamedTuple

from audit.systems._verified import BOUND
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Call, Steps, System, action
from evmstorm.fuzz.values import Choice
from keifu.spec import inference_calls as calls
from keifu.spec.inference_calls import verifier_of
from keifu.spec.inference_trees import CHUNK_BYTES

__all__ = ["BESIDE", "Case", "Cases", "around", "chunk_of", "refused"]

BYTE = range(256)
BESIDE = bytes([7]) * 32
LANES, ROW = 2, 3  # parts of an opening


class Case(NamedTuple):
    """A call, and whether a lane is wrong, or why nothing is said."""

    call: calls.Call
    wanted: bool | str


def refused(call: calls.Call, reason: str) -> Case:
    return Case(call, f"inference_verifier: {reason}")


def chunk_of(lanes: dict[int, int], bits: int, random: Random, most: int = 0) -> bytes:
    """128 bytes with these lanes, by their place in the chunk; the others are drawn by lot, to `most` if it is said."""
    each, most = CHUNK_BYTES * 8 // bits, most or (1 << (bits - 1)) - 1
    drawn = [lanes.get(at, random.randint(-most, most)) for at in range(each)]
    return b"".join((lane + (1 << (bits - 1))).to_bytes(bits // 8, "big") for lane in drawn)


def around(call: calls.Call, wanted: bool, height: int = 0) -> Iterator[Case]:
    """The call, and with one thing in it another: a lane behind the last, and whatever it opens."""
    yield Case(call, wanted)
    claim, (words, above) = call.claim, call.descriptor
    yield refused(call._replace(claim=(*claim[:3], claim[3] + 1, *claim[4:])), "group")
    other_type = words[0][:3] + bytes([words[0][3] ^ 64]) + words[0][4:]
    yield refused(call._replace(descriptor=((other_type, *words[1:]), above)), "type")
    for at in range(len(words)):
        other = words[at][:31] + bytes([words[at][31] ^ 1])
        yield refused(call._replace(descriptor=((*words[:at], other, *words[at + 1 :]), above)), "descriptor")
    yield refused(call._replace(descriptor=(words, [*above, BESIDE])), "descriptor")
    for at, item in enumerate(call.rest):
        changes: list[tuple[Any, str]] = []
        if isinstance(item, tuple) and isinstance(item[1], list) and item[0]:
            changes = _of_row(*item) if len(item) == ROW else _of_lanes(*item)
        elif isinstance(item, tuple) and isinstance(item[1], int) and item[0]:
            changes = [((item[0][:7] + bytes([item[0][7] ^ 1]) + item[0][8:], item[1]), "sums")]
        elif isinstance(item, int) and height:
            changes = [(height, "lane"), ((1 << 256) - 1, "lane")]
        for changed, reason in changes:
            yield refused(call._replace(rest=(*call.rest[:at], changed, *call.rest[at + 1 :])), reason)


def _of_lanes(data: bytes, path: list[bytes]) -> list[tuple[Any, str]]:
    found = [
        ((data[:-1], path), "chunk"),
        ((data[:-1] + bytes([data[-1] ^ 1]), path), "lanes"),
        ((data, [*path, BESIDE]), "path"),
    ]
    if path:  # a table of one chunk has none
        found += [
            ((data, path[1:]), "path"),
            ((data, [*path[:-1], BESIDE]), "lanes"),
            ((data, [BESIDE, *path[1:]]), "lanes"),
        ]
    return found


def _of_row(leaf: bytes, path: list[bytes], part: bytes) -> list[tuple[Any, str]]:
    found: list[tuple[Any, str]] = [
        ((leaf[:5] + bytes([leaf[5] ^ 1]) + leaf[6:], path, part), "row"),
        ((leaf[:-1], path, part), "row"),
        ((leaf, [*path, BESIDE], part), "path"),
    ]
    if part:
        found += [((leaf, path, part[:-1] + bytes([part[-1] ^ 1])), "part")]
    if path:
        found += [((leaf, path[1:], part), "path"), ((leaf, [*path[:-1], BESIDE], part), "row")]
    return found


class Cases(System):
    """Plays what each of its kinds makes, in any order."""

    actors = ("challenger",)
    wait_weight = 1
    kinds: ClassVar[tuple[Callable[[Random], Iterable[Any]], ...]]

    def setup(self, evm: LocalEvm) -> None:
        deployer = evm.account("deployer")
        self.bind(**{BOUND[name]: evm.deploy(name, sender=deployer) for name in self.contracts})
        self.take()

    def take(self) -> None:
        random = Random(18)  # noqa: S311 - must repeat
        self.cases = [case for kind in self.kinds for case in kind(random)]
        self._calls: dict[int, Call] = {}

    def start(self) -> None:
        """Nothing changes."""

    @action("", Choice(BYTE), Choice(BYTE), weight=1)
    def case(self, who: str, high: int, low: int) -> Steps:
        """VRF-1, VRF-2, VRF-3, TRC-1: one of the list."""
        number = (high * len(BYTE) + low) % len(self.cases)
        call, wanted = self.cases[number]
        if number not in self._calls:
            self._calls[number] = self._call(call, wanted)
        answer = yield self._calls[number]
        if not isinstance(wanted, bool):
            return
        assert answer is not None, f"VRF-2: must answer, was refused: {self.refusal}"
        assert bool(int.from_bytes(answer, "big")) is wanted, f"VRF-2: {call.function} {number}: this is {not wanted}"

    def _call(self, call: calls.Call, wanted: bool | str) -> Call:
        name, fails = f"{BOUND[verifier_of(call)]}.{call.function}", wanted if isinstance(wanted, str) else None
        return self.tx(name, *call.arguments, sender=self["challenger"], fails=fails, raw_outcome=fails is None)
