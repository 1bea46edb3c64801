"""Disputes and verifiers of token models under random sequences; and the five oracles, each of which finds a fault that
is put back."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from audit.systems.encoder_verifier import EncoderVerifiers
from audit.systems.inference_dispute_edges import InferenceDisputeEdges
from audit.systems.inference_disputes import LAYER, POSITIONS, TURN, Dispute, InferenceDisputeBook, answers
from audit.systems.inference_game_edges import InferenceGameEdges
from audit.systems.inference_verifier import InferenceVerifiers
from audit.systems.picture_verifier import PictureVerifiers
from audit.systems.text_links import TextLinks
from audit.systems.trace_verifier import TraceVerifiers
from evmstorm.evm import artifacts
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from keifu.inference.disputes import Stage
from tests.oracles import Oracle, content, finds
from tests.profiles import quick_or_deep

CALLS = 20_000
BOOK, PROMISES, COVERS = (
    "compute/InferenceDisputes.vy",
    "compute/lib/promises.vy",
    "compute/lib/covers.vy",
)

test_disputes_keep_their_invariants = sequences(InferenceDisputeBook, examples=quick_or_deep(3, 100))
test_disputes_at_their_edges = sequences(InferenceDisputeEdges, examples=quick_or_deep(2, 100))
test_the_game_at_its_edges = sequences(InferenceGameEdges, examples=quick_or_deep(2, 100))
test_each_lane_is_what_the_specification_says = sequences(InferenceVerifiers, examples=quick_or_deep(3, 100))
test_each_lane_of_a_picture_is_what_the_specification_says = sequences(PictureVerifiers, examples=quick_or_deep(3, 100))
test_each_lane_of_a_text_is_what_the_specification_says = sequences(EncoderVerifiers, examples=quick_or_deep(3, 100))
test_parts_of_a_trace_hang_together = sequences(TraceVerifiers, examples=quick_or_deep(3, 100))
test_parts_of_a_text_s_trace_hang_together = sequences(TextLinks, examples=quick_or_deep(3, 100))


def test_a_campaign_reaches_what_it_is_for() -> None:
    """Disputes that end in each way, by a proof and by silence; covers that are released and settled meanwhile."""
    engine = Engine(InferenceDisputeBook)
    system, search, reached = engine.system, Search(engine, seed=1), set()
    wanted = {"proved", "silent provider", "acquitted", "sums", "narrowed", "chunks", "released"}
    assert isinstance(system, InferenceDisputeBook)

    while engine.calls < CALLS and not wanted <= reached:
        assert search.step() is None
        for item in system.disputes:
            reached |= {"proved"} if item.stage == Stage.PROVED and item.over else set()
            reached |= {"silent provider"} if item.waits_for_provider and item.over else set()
            reached |= {"acquitted"} if item.over and item.stage in (Stage.NAMING, Stage.ASKING) else set()
            reached |= ({"sums"} if item.seen.sums else set()) | ({"chunks"} if item.seen.chunks else set())
            reached |= {"narrowed"} if item.turn.within else set()
            reached |= {"released"} if not item.over and item.cover.over else set()

    assert wanted <= reached


# the oracles ----------------------------------------------------------------------------------------------------------


def _bug(original: str, changed: str, file: str = BOOK) -> Bug:
    return Bug("", file, original, changed, ("InferenceDisputes",))


PAID_TWICE = _bug("reward = arrived - restitution", "reward = arrived")
NO_PART_FOR_THE_CHALLENGER = _bug("    return (_paid * 5 + 3) // 4", "    return _paid", PROMISES)
ANYBODY_RELEASES = _bug(
    '    assert msg.sender == self._payer(self._reserved_word(id)), "compute: not the payer"\n',
    "    self._reserved_word(id)\n",
    COVERS,
)
A_DAY_LONGER = _bug("self._last(_word) + evidence_window", "self._last(_word) + evidence_window + 86_400", PROMISES)
THE_LAST_GETS_MORE = _bug(
    "        payouts.credits[_turn.operator] += bond\n",
    "        payouts.credits[msg.sender] += bond\n"
    "        payouts.credits[_turn.operator] = payouts.credits[msg.sender]\n",
)

compiled = cache(compile_with)


def started(bug: Bug | None) -> InferenceDisputeBook:
    """Two operators cover a channel each."""
    system = Engine(InferenceDisputeBook, compiled(bug) if bug else artifacts.load).system
    assert isinstance(system, InferenceDisputeBook)
    system.start()
    return system


def disputing(system: InferenceDisputeBook, number: int) -> Dispute:
    """The payer of a cover disputes a right answer."""
    cover = system.covers[number]
    opening = system.opening(answers()[0], cover.operator, channel_id=cover.row.name)
    place, payer = answers()[0].place(POSITIONS - 1, LAYER), cover.row.payer
    call = system.opens(opening, place, sender=payer)
    system.do(call.text[0], *call.text[1], sender=payer)
    dispute = system.begun(cover.row, opening, place, payer, cover)
    system.disputes.append(dispute)
    return dispute


def profit(bug: Bug | None) -> None:
    system = started(bug)
    cover = system.covers[1]
    system.convicted(cover)
    cover.over = True
    system.pay_to(cover.row.payer, cover.restitution + cover.restitution // 10)
    system.lose(cover.operator, cover.needed)
    assert system.nobody_gains() is True


def promise(bug: Bug | None) -> None:
    assert started(bug).covers_are_payable() is True


def harm(bug: Bug | None) -> None:
    system = started(bug)
    cover = system.covers[0]
    order = system.tx("market.release", cover.row.name, cover.operator, sender=system["watcher"])
    system.evm.raw.call(order.sender, order.to, order.data)
    assert system.bystanders_lose_nothing() is True


def delay(bug: Bug | None) -> None:
    assert started(bug).everybody_leaves_in_time() is True


def neutrality(bug: Bug | None) -> None:
    """Both challengers have nothing to show."""
    system = started(bug)
    for number in (1, 2):
        dispute = disputing(system, number)
        shown = dispute.answer.provider.record(POSITIONS - 1, LAYER, dispute.turn.marks)
        system.do("game.show_record", dispute.turn.args, *shown, sender=dispute.operator)
        dispute.seen.take("show_record", shown, dispute.turn)
        after = dispute.turn.after("show_record", shown)
        dispute.turn = replace(after, stage=int(Stage.ASKING), deadline=system.now + TURN)
    system.evm.warp(TURN + 1)
    assert system.closing_is_neutral() is True


ORACLES: list[tuple[Oracle, Bug, str]] = [
    (profit, PAID_TWICE, "profit: .* more than the log"),
    (promise, NO_PART_FOR_THE_CHALLENGER, "promise: a claim of"),
    (harm, ANYBODY_RELEASES, "harm: "),
    (delay, A_DAY_LONGER, "must succeed in the end, was refused: compute: still open to claims"),
    (neutrality, THE_LAST_GETS_MORE, "neutrality: closed disputes"),
]


test_an_oracle_finds_what_was_put_back = finds(quick_or_deep(ORACLES[:2], ORACLES))
test_an_oracle_is_content_without_a_fault = content(ORACLES)
