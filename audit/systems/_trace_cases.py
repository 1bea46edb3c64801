"""Links of traces, each with the answer or the reason that has to come from TraceVerifier."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, ClassVar, NamedTuple

from audit.sparse_records import NONE, Known, Sparse, World
from audit.systems._cases import Cases, chunk_of
from audit.systems.layer_edges import GROUPS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Call
from keifu.keys import keccak256
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import Operator

__all__ = ["BESIDE", "Asked", "Link", "LinkCases", "Scene", "around", "hashed", "opened", "others", "program_of"]

BESIDE = bytes([7]) * 32
# Ids given, ids answered; of the first two a text's vector.
LENGTHS = ((1, 0), (35, 0), (1, 1), (2, 1), (30, 5), (32, 32), (33, 64), (1_000, 24), (5_000, 3_192), (70_000, 9))
FIELDS = (
    "program", "trace", "inputs", "outputs", "prompt", "reply", "position", "groups", "group", "boundary", "record",
    "slot", "shown",
)  # fmt: skip


class Asked(NamedTuple):
    """A call of TraceVerifier: what is bound, and the arguments behind it."""

    function: str
    bound: dict[str, Any]
    rest: tuple[Any, ...]


class Link(NamedTuple):
    """With the answer or the reason that has to come."""

    call: Asked
    wanted: bool | str


def hashed(random: Random) -> bytes:
    return random.randbytes(32)


def around(call: Asked, wanted: bool) -> Iterator[Link]:
    """The call, and with each thing that it opens another."""
    yield Link(call, wanted)
    for at, item in enumerate(call.rest):
        if isinstance(item, tuple):
            for changed, reason in others(item):
                yield Link(call._replace(rest=(*call.rest[:at], changed, *call.rest[at + 1 :])), reason)


def others(item: Any) -> list[tuple[Any, str]]:
    if isinstance(item[0], tuple):  # a descriptor
        words, path = item
        other = [(*words[:at], words[at][:31] + bytes([words[at][31] ^ 1]), *words[at + 1 :]) for at in range(3)]
        shown = [*((words, path) for words in other), (words, [*path, BESIDE]), (words, [*path[:-1], BESIDE])]
        return [(changed, "inference_verifier: descriptor") for changed in shown]
    data, path = item
    is_node = len(data) == len(BESIDE)
    reasons = (
        ("trace_verifier: node", "trace_verifier: path")
        if is_node
        else ("inference_verifier: lanes", "inference_verifier: path")
    )
    found: list[tuple[Any, str]] = [
        ((data[:-1] + bytes([data[-1] ^ 1]), path), reasons[0]),
        ((data, [*path, BESIDE]), reasons[1]),
    ]
    if path:
        found += [((data, path[1:]), reasons[1]), ((data, [*path[:-1], BESIDE]), reasons[0])]
    return found if is_node else [*found, ((data[:-1], path), "inference_verifier: chunk")]


class Scene:
    """A group at a position of a trace."""

    def __init__(self, number: int, random: Random, group: int | None = None) -> None:
        self.random, self.number = random, number
        self.prompt, self.reply = LENGTHS[number % len(LENGTHS)]
        self.positions = self.prompt + max(self.reply, 1) - 1
        self.position = random.choice((0, self.positions - 1, random.randrange(self.positions), max(self.prompt - 2, 0),
                                       min(self.prompt, self.positions - 1), self.prompt - 1))  # fmt: skip
        self.group, self.groups = GROUPS[number % 7 % len(GROUPS)]
        self.group = self.group if group is None else group

    def bound(self, **changes: Any) -> dict[str, Any]:
        roots = {name: hashed(self.random) for name in FIELDS}
        sizes = {name: getattr(self, name) for name in ("prompt", "reply", "position", "groups", "group")}
        return {**roots, "slot": 0, "shown": 0, **sizes, **changes}

    def slot(self, slot: int, node: bytes) -> tuple[bytes, tuple[bytes, list[bytes]]]:
        """The root of a record with a node at a slot, and its opening."""
        tree = Sparse({slot: node}, 4, self.random)
        return tree.root, (node, tree.path(slot))

    def beside(self, place: int, node: bytes) -> tuple[bytes, tuple[bytes, list[bytes]]]:
        tree = Sparse({place: node}, 2, self.random)
        return tree.root, (node, tree.path(place))

    def out(self, group: int, node: bytes) -> tuple[bytes, tuple[bytes, list[bytes]]]:
        """The root of a trace in which a group made a node at the position."""
        levels = trees.depth(self.groups)
        index = ((self.position << levels) | group) << 2
        tree = Sparse({index: node}, 2 + levels + trees.depth(self.positions), self.random)
        return tree.root, (node, tree.path(index))

    def id(self, count: int, place: int, token: int) -> tuple[bytes, tuple[bytes, list[bytes]]]:
        """The root of so many ids, of which one is known, and its opening."""
        chunk = chunk_of({place % 32: token}, 32, self.random)
        tree = Sparse({place // 32: keccak256(chunk)}, trees.depth(-(-count // 32)), self.random)
        return tree.root, (chunk, tree.path(place // 32))


def opened(operator: Operator, scene: Scene, slot: int, tensors: dict[int, Known] | None = None, **rest: Any) -> World:
    return World(scene.random, operator, tensors or {0: NONE}, slot=slot, of_groups=(scene.group, scene.groups), **rest)


def program_of(world: World) -> bytes:
    return bytes(world.claim()[0])


class LinkCases(Cases):
    """Plays a list of links."""

    contracts: ClassVar[tuple[str, ...]] = ("TraceVerifier",)

    def setup(self, evm: LocalEvm) -> None:
        self.bind(links=evm.deploy("TraceVerifier", sender=evm.account("deployer")))
        self.take()

    def _call(self, call: Any, wanted: bool | str) -> Call:
        fails = wanted if isinstance(wanted, str) else None
        bound = tuple(call.bound[name] for name in FIELDS)
        sender = self["challenger"]
        return self.tx(
            f"links.{call.function}", bound, *call.rest, sender=sender, fails=fails, raw_outcome=fails is None
        )
