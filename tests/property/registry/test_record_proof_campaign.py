"""RPF under random sequences, beside what two states hold and a log of what attestors promised and signed; at the
edges; and the five oracles, each of which finds a fault that is put back."""

from __future__ import annotations

from functools import cache

import pytest

from audit.oracles.profit import check_self_slash
from audit.systems.record_proof import RecordProofs
from audit.systems.record_proof_edges import RecordProofEdges
from evmstorm.evm import artifacts
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from keifu.units import COIN
from tests.oracles import Oracle, content, finds
from tests.profiles import quick_or_deep

CALLS = 4_000
DAMAGES, RESERVE = 250 * COIN, 2_250 * COIN

test_proofs_and_attestors_keep_their_invariants = sequences(RecordProofs, examples=quick_or_deep(3, 100))
test_proofs_and_attestors_at_their_edges = sequences(RecordProofEdges, examples=quick_or_deep(3, 100))


def test_a_campaign_reaches_what_it_is_for() -> None:
    """Contradictions that are paid, and promises after them."""
    engine = Engine(RecordProofs)
    system, search = engine.system, Search(engine, seed=1)
    assert isinstance(system, RecordProofs)
    taken = again = 0

    while engine.calls < CALLS and not (taken and again):
        assert search.step() is None
        taken += sum(amount > 0 for amount in system.owed.values())
        again += len(system.periods) > len(system.operators)

    assert taken
    assert again


# the oracles ----------------------------------------------------------------------------------------------------------


def bug(before: str, after: str) -> Bug:
    return Bug("", "registry/RecordProof.vy", before, after, ("RecordProof",))


SLASH, CREDIT = "extcall hub.slash(attestor, DAMAGES, PENALTY)", "payouts.credits[msg.sender] += reward\n"
MORE_THAN_WAS_LOST = bug(CREDIT, "payouts.credits[msg.sender] += reward + 2_100 * 10**18\n")
TOO_LITTLE_IS_TAKEN = bug(SLASH, "extcall hub.slash(attestor, DAMAGES - 10**18, PENALTY)")
ALL_IS_PENALTY = bug(SLASH, "extcall hub.slash(attestor, 0, DAMAGES + PENALTY)")
KEPT_LONGER = bug("& U40) + EVIDENCE_WINDOW\n", "& U40) + 2 * EVIDENCE_WINDOW\n")
NEVER_PROLONGED = bug("(_last << LAST_AT)", "((_last if word == 0 else (word >> LAST_AT) & U40) << LAST_AT)")

compiled = cache(compile_with)


def started(fault: Bug | None) -> RecordProofs:
    system = Engine(RecordProofs, compiled(fault) if fault else artifacts.load).system
    assert isinstance(system, RecordProofs)
    system.start()
    system.evm.warp(1)
    return system


def profit(fault: Bug | None) -> None:
    system = started(fault)
    before = system.friends()
    system.contradicts(system.open_periods()[0])
    check_self_slash(before, system.friends(), DAMAGES)


def promise(fault: Bug | None) -> None:
    assert started(fault).bindings_are_payable() is True


def harm(fault: Bug | None) -> None:
    """As many coins of strangers as a pool takes: more than the penalty lets them lose."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audit.systems._record_proof.STAKED", 4 * RESERVE)
        assert started(fault).strangers_lose_by_the_penalty_alone() is True


def delay(fault: Bug | None) -> None:
    assert started(fault).everybody_leaves_in_time() is True


def neutrality(fault: Bug | None) -> None:
    assert started(fault).order_and_parts_pay_alike() is True


ORACLES: list[tuple[Oracle, Bug, str]] = [
    (profit, MORE_THAN_WAS_LOST, "profit: "),
    (promise, TOO_LITTLE_IS_TAKEN, "promise: "),
    (harm, ALL_IS_PENALTY, "harm: "),
    (delay, KEPT_LONGER, "more than the lock"),
    (neutrality, NEVER_PROLONGED, "neutrality: "),
]

test_an_oracle_finds_what_was_put_back = finds(ORACLES)
test_an_oracle_is_content_without_a_fault = content(ORACLES)
