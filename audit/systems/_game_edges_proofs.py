"""What the game asks verifiers, word by word: with sums and without, about blocks of sums, traces and drawn tokens; and
which calls it never makes."""

from __future__ import annotations

from typing import Any

from audit.systems._game_edges import NOTHING, GameEdgeSystem, Start, game_way, words
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi import encode_args
from keifu.inference.disputes import Question, Stage

__all__ = ["GameProofEdges"]

# Which verifier is asked what of sums, and behind which word of the rest it says of which lane.
SUMMED = (
    (0, "InferenceVerifier", "norm", 4), (0, "InferenceVerifier", "linear", 6), (1, "AttentionVerifier", "total", 3),
    (1, "AttentionVerifier", "attended", 5), (3, "PictureVerifier", "convolved", 4),
    (3, "PictureVerifier", "largest", 3), (4, "EncoderVerifier", "pooled", 3),
)  # fmt: skip
OF_BLOCKS = ("attended", "pooled")
PLAIN = ((0, "InferenceVerifier", "embedding"), (1, "AttentionVerifier", "score"), (4, "EncoderVerifier", "added"))
CLAIM_KINDS = [*["bytes32"] * 3, *["uint256"] * 3, "bytes32", "int256", "uint256", "uint256"]
BOUND_KINDS = [*["bytes32"] * 4, *["uint256"] * 5, "bytes32", "bytes32", "uint256", "uint256"]
CLAIM, WORD = 320, 32
TRACE, OTHERS = 2, 9
SLOT, LANE = 11, 70_000
EDGES = (0, 1, 2**62, 2**62 + 1, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 1)  # a sum before a block, as it is shown
SEED = words(1, 78)[0]
LANES, SLOTS, OTHER_SUMS, OTHER_DRAWING = (
    f"game: another {what}" if what != "sums" else "game: other sums" for what in ("lane", "slot", "sums", "drawing")
)


def rest(lane_at: int, *, lane: int = LANE, slot: int = SLOT, place: int = 1, more: int = 0) -> bytes:
    """Arguments behind the claim: where the descriptor is, at which word it stands, and the lane."""
    found = words(max(lane_at + 1, place + 1) + more, OTHERS)
    found[0] = (CLAIM + WORD * place).to_bytes(WORD, "big")
    if place:
        found[place] = found[place][:2] + bytes([slot]) + found[place][3:]
    found[lane_at] = lane.to_bytes(WORD, "big")
    return b"".join(found)


class GameProofEdges(GameEdgeSystem):
    """Short ways to `prove`."""

    def setup(self, evm: LocalEvm) -> None:
        super().setup(evm)
        self.selectors = {
            name: evm.load(contract).interface.function(name, None).selector
            for contract, name in [
                *((item[1], item[2]) for item in (*SUMMED, *PLAIN)), ("TraceVerifier", "source"),
                ("TraceVerifier", "drawn"), ("InferenceVerifier", "token"),
            ]
        }  # fmt: skip

    def claim(self, *, with_sums: bool = False, base: int = 0, trace: bytes = b"") -> bytes:
        case, turn = self.case, self.at
        place = (turn.group, case.position, case.positions)
        sums = (turn.sums, base, turn.first, turn.stride) if with_sums else (NOTHING, 0, 0, 0)
        return encode_args(CLAIM_KINDS, (case.program, trace or case.trace, turn.record, *place, *sums))

    def bound_words(self, trace: bytes = b"") -> bytes:
        case, turn = self.case, self.at
        roots = (case.program, trace or case.trace, case.inputs, case.outputs)
        numbers = (case.prompt, case.reply, case.position, case.groups)
        shown = (turn.group, turn.boundary, turn.record, turn.slot, turn.shown)
        return encode_args(BOUND_KINDS, (*roots, *numbers, *shown))

    def summed(self, lane: int = LANE, slot: int = SLOT, stride: int = 1, **start: Any) -> Steps:
        """To where sums are shown."""
        yield from self.asking(words(16, 5), **start)
        yield from self.asks(Question(Stage.SUMS, slot, lane, stride, 3))
        yield from self.shows("show_sums", b"".join(words(1, 6))[:24])

    @game_way(Choice(SUMMED), Choice((1, 32)))
    def proofs_of_sums(self, who: str, item: tuple[int, str, str, int], stride: int) -> Steps:
        """DIS-8: the claim holds the sums that were shown, and the call is about their lane and slot."""
        verifier, _, name, lane_at = item
        function = self.selectors[name]
        for slot, fields in ((SLOT, {}), (SLOT, {"more": 9}), (SLOT, {"place": lane_at + 1}), (0, {"place": 0})):
            with self.aside():
                yield from self.summed(slot=slot, stride=stride)
                fixed = self.claim(with_sums=True)
                right = rest(lane_at, slot=slot, **fields)
                yield from self.proves(verifier, function, self.claim(), right, "game: not proved")
                yield from self.proves(verifier, function, fixed, right)
                yield from self.proves(verifier, function, fixed, right, "game: proved")
                yield from self.finishes(True)

    @game_way(Choice(SUMMED))
    def proofs_of_another_lane(self, who: str, item: tuple[int, str, str, int]) -> Steps:
        """DIS-8: rests that are too short, that name another lane, or a descriptor elsewhere."""
        verifier, _, name, lane_at = item
        function = self.selectors[name]
        yield from self.summed()
        fixed, right = self.claim(with_sums=True), rest(lane_at)
        refused = [(right[:size], LANES) for size in (0, 31, 32, WORD * lane_at, len(right) - 1)]
        refused += [(rest(lane_at, lane=lane), LANES) for lane in (0, LANE + 1, LANE + 2**32)]
        refused += [(rest(lane_at, slot=slot), SLOTS) for slot in (0, SLOT + 1, 255)]
        end = CLAIM + len(right)
        places = (0, CLAIM - 32, CLAIM - 1, end - 31, end, end + 32, 2**256 - 1)
        refused += [(place.to_bytes(WORD, "big") + right[WORD:], SLOTS) for place in places]
        for given, reason in refused:
            yield from self.proves(verifier, function, fixed, given, reason)
        yield from self.proves(verifier, function, fixed, right)

    @game_way(Choice(PLAIN), Choice((0, 1, 2)))
    def proofs_without_sums(self, who: str, item: tuple[int, str, str], asked: int) -> Steps:
        """DIS-8: nothing of sums stands in the claim, whether they were asked for, shown, or neither."""
        verifier, _, name = item
        if asked == 2:
            yield from self.summed(stride=32)
        else:
            yield from self.asking(words(16, 5))
        if asked == 1:
            yield from self.asks(Question(Stage.SUMS, SLOT, LANE, 32, 3))
        function, given = self.selectors[name], b"".join(words(7, OTHERS))
        summed = self.selectors["linear"]
        if asked < 2:  # of a lane that nobody has shown, a call may say anything
            with self.aside():
                yield from self.proves(0, summed, self.claim(), b"")
        yield from self.proves(verifier, function, self.claim(), given)

    @game_way(Choice(EDGES), Choice((1, 2, 31)), Choice((1, 0)))
    def proofs_within_a_block(self, who: str, before: int, block: int, reply: int) -> Steps:
        """DIS-8: the claim says what is before a block, with its sign, and at which term it begins; only functions of
        positions have such sums."""
        last = 32 * block + 4
        shown = [word[:8] for word in words(32, 6)]
        shown[block - 1] = before.to_bytes(8, "big")
        sums = b"".join(shown)
        yield from self.asking(words(16, 5), prompt=last + 1, reply=reply, position=last if reply else 2)
        yield from self.asks(Question(Stage.SUMS, SLOT, LANE, 32, 32))
        yield from self.shows("show_sums", sums)
        yield from self.narrows(sums, block)
        yield from self.shows("show_sums", bytes(32))
        base = before - 2**64 if before >= 2**63 else before
        for verifier, _, name, lane_at in SUMMED:
            with self.aside():
                fixed, fails = self.claim(with_sums=True, base=base), None if name in OF_BLOCKS else OTHER_SUMS
                yield from self.proves(verifier, self.selectors[name], fixed, rest(lane_at), fails)
        yield from self.proves(0, self.selectors["embedding"], self.claim(), b"")

    @game_way(Choice((0, 1, 2, 3, 4)), Choice(("before", "record", "chunks")))
    def each_verifier(self, who: str, verifier: int, when: str) -> Steps:
        """DIS-8: five of them, each by its number, at any stage; one word of 1 is a proof."""
        if when == "before":
            yield from self.begins(Start(reply=0, prompt=4))
        else:
            yield from self.asking(words(16, 5), reply=0, prompt=4)
        if when == "chunks":
            yield from self.asks(Question(Stage.CHUNKS, SLOT, 40))
            yield from self.shows("show_chunks", 2**32 - 2, b"", [])
        function = self.selectors["source"]
        fixed = self.bound_words() if verifier == TRACE else self.claim()
        yield from self.proves(5, function, fixed, SEED, "game: no such verifier")
        yield from self.proves(2**200, function, fixed, SEED, "game: no such verifier")
        other = (verifier + 1) % 5
        self.answers(f"verifier {verifier}", b"", 1)
        yield from self.proves(other, function, fixed[:-1] + b"\x99", SEED, "game: not proved")
        for answer in (0, 2):
            self.answers(f"verifier {verifier}", function + fixed + SEED, answer)
            args = (self.at.args, self.case.args, verifier, function, SEED)
            yield self.tx("game.prove", *args, sender=who, fails="game: not proved")
        case = (*self.case.args[:-1], self.case.groups + 1)
        yield self.tx(
            "game.prove", self.at.args, case, verifier, function, SEED, sender=who, fails="game: another case"
        )
        yield from self.proves(verifier, function, fixed, SEED)

    @game_way(Choice((0, TRACE, 4)), Choice((0, 1, 2**24 - 1)))
    def proofs_of_drawn_tokens(self, who: str, verifier: int, scale: int) -> Steps:
        """DIS-8: seed and scale stand behind the arguments, with the tree that the claim is about."""
        yield from self.asking(words(16, 5), drawing=(SEED, scale))
        assert self.beginning is not None
        tree = self.beginning.tree
        drawing = tree + SEED + scale.to_bytes(WORD, "big")
        plain = self.selectors["source" if verifier == TRACE else "embedding"]
        make = self.bound_words if verifier == TRACE else self.claim
        inner, outer = make(trace=tree), make()
        yield from self.proves(verifier, self.selectors["token"], inner, drawing, "game: tokens are drawn")
        for wrong in (b"", drawing[1:], SEED + drawing[WORD:], tree + tree + drawing[64:], drawing[:-1] + b"\x77"):
            reason = OTHER_DRAWING
            yield from self.proves(verifier, plain, inner, wrong, reason)
        yield from self.proves(verifier, plain, outer, drawing, "game: not proved")
        for given in (drawing, SEED + drawing):
            with self.aside():
                yield from self.proves(verifier, plain, inner, given)
        for given in (bytes(96), bytes(97)):
            with self.aside():
                yield from self.proves(verifier, self.selectors["drawn"], outer, given)
        yield from self.proves(verifier, self.selectors["drawn"], outer, bytes(95), OTHER_DRAWING)

    @game_way()
    def the_longest_dispute(self, who: str) -> Steps:
        """DIS-5: what the game says of itself."""
        window = self.terms[2]
        assert self.ask("game.window") == window
        assert self.ask("game.longest") == 12 * window
        assert self.ask("game.market") == int(self["market"], 16)
        for at in range(5):
            assert self.ask("game.verifiers", at) == int(self[f"verifier {at}"], 16)
        yield from self.begins(Start())
