"""InferenceGame alone: an account begins disputes, and what stands in for the market and the verifiers answers one
exact call, so that each word that the game asks them is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, ClassVar

from audit.systems._constructors import Deployment, variations
from audit.systems._hub_edges import way
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, System
from evmstorm.fuzz.values import Value
from keifu.abi import encode_args
from keifu.inference.disputes import Case, Question, Stage, Turn
from keifu.inference.disputes.turns import NO_MARKS
from keifu.keys import keccak256
from keifu.spec import inference_trees as trees
from keifu.staking import KeyKind
from keifu.units import HOUR

__all__ = [
    "BEGUN",
    "NOTHING",
    "TIME",
    "WINDOW",
    "GameEdgeSystem",
    "Start",
    "Tensor",
    "climbed",
    "depth",
    "game_way",
    "grown",
    "said_once",
    "words",
]

WINDOW = HOUR
NOTHING = bytes(32)
TIME = 1_700_000_001  # of the receipt
VERIFIERS = 5
CHUNK, PART_LEVELS, RECORD_LEVELS = 128, 5, 4
# Words of the event `Begun`: operator, time, group and boundary, the case, and marks.
BEGUN = ["address", "uint256", "uint256", "bytes32", *["bytes32"] * 4, *["uint256"] * 4, *["bytes32"] * 3]

# Takes two words from anybody, the hash of a call and an answer: it gives the answer to that call, and 0 to all others.
EXACT = bytes.fromhex(
    "36604014601b57"  # two words are kept
    "365f5f37365f205f541460015402"  # the answer, if the call's hash is the one that is kept, or nothing
    "5f5260205ff3"
    "5b5f355f5560203560015500"
)


def words(count: int, salt: int = 0) -> list[bytes]:
    """So many different words."""
    return [keccak256(b"%d of %d" % (number, salt)) for number in range(count)]


def climbed(node: bytes, index: int, path: Sequence[bytes]) -> bytes:
    """The root over a node with these neighbours."""
    for beside in path:
        node = keccak256(beside + node if index & 1 else node + beside)
        index >>= 1
    return node


def depth(count: int) -> int:
    """Levels of a tree over so many leaves."""
    return (count - 1).bit_length()


def grown(leaves: Sequence[bytes], levels: int) -> bytes:
    """The root of leaves, zero where there are none."""
    return trees.tree(list(leaves), levels) if leaves else NOTHING


@dataclass(frozen=True)
class Tensor:
    """A tensor of so many chunks of which one part of 32 is known, and the hash of everything beside it."""

    count: int
    part: int = 0

    @property
    def size(self) -> int:
        """Chunks of the part."""
        return min(32, self.count - 32 * self.part)

    @property
    def data(self) -> bytes:
        return b"".join(words(4 * self.size, self.count))

    @property
    def chunks(self) -> list[bytes]:
        return [keccak256(self.data[at : at + CHUNK]) for at in range(0, len(self.data), CHUNK)]

    @property
    def beside(self) -> list[bytes]:
        return words(max(depth(self.count) - PART_LEVELS, 0), self.part)

    @property
    def root(self) -> bytes:
        node = grown(self.chunks, min(depth(self.count), PART_LEVELS))
        return climbed(node, self.part, self.beside)


@dataclass(frozen=True)
class Start:
    """How a dispute begins. A path is `levels` words long; seed and scale stand behind it where tokens are drawn."""

    groups: int = 3
    group: int = 3
    prompt: int = 3
    reply: int = 2
    position: int = 3
    boundary: bytes = keccak256(b"boundary")
    marks: tuple[bytes, ...] = NO_MARKS
    drawing: tuple[bytes, int] | None = None
    time: int = TIME

    @property
    def positions(self) -> int:
        return self.prompt + self.reply - 1 if self.reply else self.prompt

    @property
    def is_named(self) -> bool:
        return self.group < self.groups

    @property
    def path(self) -> list[bytes]:
        return words(depth(self.positions) + (depth(self.groups) if self.is_named else 0), 1)

    @property
    def tree(self) -> bytes:
        index = self.position << depth(self.groups) | self.group if self.is_named else self.position
        return climbed(self.boundary, index, self.path)

    @property
    def trace(self) -> bytes:
        if self.drawing is None:
            return self.tree
        seed, scale = self.drawing
        return keccak256(self.tree + seed + (scale % 2**24).to_bytes(3, "big"))

    @property
    def whole_path(self) -> list[bytes]:
        return self.path + ([self.drawing[0], self.drawing[1].to_bytes(32, "big")] if self.drawing else [])

    @property
    def case(self) -> Case:
        program, inputs, outputs = words(3, 2)
        return Case(program, self.trace, inputs, outputs, self.prompt, self.reply, self.position, self.groups)

    @property
    def unasked(self) -> int:
        """Groups at the end that commit to nothing: nobody asks for a token before the prompt's end."""
        return int(self.reply > 0 and self.position + 1 < self.prompt)

    @property
    def first_stage(self) -> Stage:
        return self.after_naming(self.group) if self.is_named else Stage.GROUPS

    def after_naming(self, group: int) -> Stage:
        return Stage.PROVED if group + self.unasked >= self.groups else Stage.RECORD

    def turn(self, book: str, dispute: bytes, case: Case, operator: str, challenger: str) -> Turn:
        """Where the dispute stands before its first move."""
        fixed = (book, dispute, case.hash, operator, challenger, self.time)
        sees = self.position if self.reply else self.positions - 1
        numbers: dict[str, Any] = {"vector": int(self.reply == 0), "drawn": int(self.drawing is not None)}
        turn = Turn(*fixed, 0, 0, self.group, self.boundary, sees, self.groups, **numbers)
        return replace(turn, marks=self.marks) if self.is_named else replace(turn, slot=self.unasked)

    def begun(self, case: Case, operator: str) -> tuple[Any, ...]:
        """What the log says of it, in words of BEGUN."""
        return (operator, self.time, self.group, self.boundary, *case.args, *self.marks)


def said_once(system: System, name: str, indexed: Sequence[bytes], kinds: Sequence[str], values: Sequence[Any]) -> None:
    """The last call logged "contract.Event" once, with these topics and all of its data."""
    where, _, title = name.partition(".")
    contract = system.contract(where)
    topic = contract.interface.event(title).topic
    found = [item for item in system.evm.raw.logs if item.address == contract.address and item.topics[0] == topic]
    assert len(found) == 1, f"{title} logged {len(found)} times"
    assert list(found[0].topics[1:]) == list(indexed), f"{title} is about something else"
    assert found[0].data == encode_args(list(kinds), values), f"{title} says something else"


def game_way(*values: Value) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A short way whose turn is undone with it."""

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def kept(system: GameEdgeSystem, who: str, *args: Any) -> Steps:
            system.turn = None
            yield from method(system, who, *args)

        return way(*values)(kept)

    return mark


class GameEdgeSystem(System):
    """Set-up, and each move beside the turn that both sides keep."""

    contracts = ("InferenceGame",)
    actors: ClassVar[tuple[str, ...]] = ("book", "operator", "challenger", "key", "stranger")
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        deployer = evm.account("deployer")
        making = bytes.fromhex(f"60{len(EXACT):02x}8060095f395ff3") + EXACT
        made = [evm.raw.deploy(deployer.address, making, 0) for _ in range(VERIFIERS + 1)]
        market, *verifiers = [str(item) for item in made]
        self.join(market=market, **{f"verifier {at}": item for at, item in enumerate(verifiers)})
        self.terms = (market, verifiers, WINDOW)
        game = evm.deploy("InferenceGame", *self.terms, sender=deployer)
        self.bind(game=game, attacker=evm.deploy("CallbackAttacker", sender=deployer))

    def start(self) -> None:
        self.began = self.now
        self.turn: Turn | None = None
        self.beginning: Start | None = None

    def constructors(self) -> Iterator[Deployment]:
        market, verifiers, _ = self.terms
        nobody = self["stranger"]
        for at in range(VERIFIERS):
            wrong = [nobody if number == at else item for number, item in enumerate(verifiers)]
            yield "InferenceGame", (market, wrong, WINDOW), "game: verifier is no contract"
        yield from variations(
            "InferenceGame", self.terms, (0, nobody, "game: market is no contract"),
            (2, 0, "game: no time to answer"), (2, 1, None), (2, 2**32 - 1, None),
            (2, 2**32, "game: no time to answer"),
        )  # fmt: skip

    # what people know -------------------------------------------------------------------------------------------------

    @property
    def at(self) -> Turn:
        assert self.turn is not None
        return self.turn

    @property
    def case(self) -> Case:
        assert self.beginning is not None
        return self.beginning.case

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is done inside is undone."""
        kept = copy(self.turn), self.beginning
        with self.evm.anchor():
            yield
        self.turn, self.beginning = kept

    def answers(self, role: str, call: bytes, answer: int) -> None:
        """From now on this stand-in gives the answer to this call alone."""
        done = self.evm.raw.call(self["stranger"], self[role], keccak256(call) + answer.to_bytes(32, "big"))
        assert done is not None

    def logged(self, title: str, third: str, kinds: list[str], values: Sequence[Any]) -> None:
        """The last call logged this once, with all of its data; `third` is an indexed account, if there is one."""
        indexed = [encode_args(["address"], (self.at.book,)), self.at.dispute]
        indexed += [encode_args(["address"], (third,))] if third else []
        said_once(self, f"game.{title}", indexed, kinds, values)

    def stands(self, turn: Turn, stage: int, title: str = "Moved", kinds: Sequence[str] = (), *said: Any) -> None:
        """The chain keeps the hash of this, and the log says how to find it."""
        self.turn = replace(turn, stage=int(stage), deadline=self.now + WINDOW)
        first = ["uint256", "uint256"]
        self.logged(title, "", [*first, *kinds], (int(stage), self.now + WINDOW, *said))
        self.keeps(self.at.hash)

    def keeps(self, wanted: bytes) -> None:
        found = self.ask("game.turn_of", self.at.book, self.at.dispute)
        assert found == int.from_bytes(wanted, "big"), "DIS-7: another turn than both sides know"

    # moves ------------------------------------------------------------------------------------------------------------

    def begins(self, start: Start, fails: str | None = None, path: list[bytes] | None = None, **spoilt: Any) -> Steps:
        """`spoilt` are fields of the case that are not those of the path."""
        dispute, case = keccak256(b"dispute"), replace(start.case, **spoilt)
        opening = (dispute, self["operator"], self["challenger"], start.time, start.group, start.boundary)
        way_up = start.whole_path if path is None else path
        yield self.tx("game.begin", opening, case.args, way_up, list(start.marks), sender=self["book"], fails=fails)
        if fails is not None:
            return
        turn = start.turn(self["book"], dispute, case, self["operator"], self["challenger"])
        self.turn, self.beginning = turn, start
        self.logged("Begun", self["challenger"], BEGUN, start.begun(case, self["operator"]))
        if start.drawing:
            self.logged("Drawn", "", ["bytes32", "uint256"], start.drawing)
        else:
            self.emitted("game.Drawn", count=0)
        self.stands(turn, start.first_stage)

    def shows(self, name: str, *args: Any, fails: str | None = None, sender: str = "") -> Steps:
        """A provider's answer."""
        call = self.tx(f"game.{name}", self.at.args, *args, sender=sender or self["operator"], fails=fails)
        yield call
        if fails is None:
            following = Stage.NAMING if name == "show_groups" else Stage.ASKING
            self.stands(self.at.after(name, args), following)

    def names_group(self, group: int, boundary: bytes, path: list[bytes], fails: str | None = None) -> Steps:
        marks = tuple(words(3, 9))
        call = self.tx(
            "game.name_group", self.at.args, group, boundary, path, list(marks), sender=self["challenger"], fails=fails
        )
        yield call
        if fails is None:
            assert self.beginning is not None
            self.logged("GroupNamed", "", ["uint256", *["bytes32"] * 4], (group, boundary, *marks))
            self.stands(self.at.named(group, boundary, marks), self.beginning.after_naming(group))

    def asks(self, question: Question, fails: str | None = None, sender: str = "") -> Steps:
        who = sender or self["challenger"]
        yield self.tx("game.ask", self.at.args, *question.args, sender=who, fails=fails)
        if fails is None:
            said = (question.slot, question.part, question.stride, question.count)
            self.stands(self.at.questioned(question), question.stage, "Asked", ["uint256"] * 4, *said)

    def narrows(self, sums: bytes, block: int, fails: str | None = None) -> Steps:
        yield self.tx("game.ask_within", self.at.args, sums, block, sender=self["challenger"], fails=fails)
        if fails is None:
            self.stands(self.at.narrowed(sums, block), Stage.SUMS, "Narrowed", ["uint256"], block)

    def asking(self, roots: Sequence[bytes] = (), **start: Any) -> Steps:
        """To where the challenger asks: the middle one of three groups has shown the roots of its tensors."""
        committed = words(3, 4)
        fields: dict[str, Any] = {"group": 1, "boundary": trees.boundary(*committed)} | start
        yield from self.begins(Start(**fields))
        yield from self.shows("show_record", list(roots), committed, list(self.at.marks), 0, b"")

    def proves(self, verifier: int, function: bytes, fixed: bytes, rest: bytes, fails: str | None = None) -> Steps:
        """The verifier says yes to exactly this call."""
        if verifier < VERIFIERS:
            self.answers(f"verifier {verifier}", function + fixed + rest, 1)
        call = self.tx(
            "game.prove", self.at.args, self.case.args, verifier, function, rest, sender=self["stranger"], fails=fails
        )
        yield call
        if fails is None:
            self.stands(self.at, Stage.PROVED)

    def finishes(self, is_lost: bool) -> Steps:
        """By the book, which hears whether the provider lost; the dispute is nowhere then."""
        returned = yield self.tx("game.finish", self.at.args, sender=self["book"])
        assert int.from_bytes(returned, "big") == is_lost, "DIS-7: another side lost than the one that has to move"
        self.keeps(NOTHING)

    def key_call(self, time: int) -> bytes:
        """What the game asks the market about the operator's key."""
        selector = keccak256(b"operator_of(address,uint8,uint256)")[:4]
        return selector + encode_args(["address", "uint8", "uint256"], (self["key"], KeyKind.TRANSACTION, time))
