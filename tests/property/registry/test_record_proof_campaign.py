"""RPF under random sequences, beside what two states hold and a log of what attestors promised and signed."""

from __future__ import annotations

from audit.systems.record_proof import RecordProofs
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from tests.profiles import quick_or_deep

CALLS = 4_000

test_proofs_and_attestors_keep_their_invariants = sequences(RecordProofs, examples=quick_or_deep(3, 100))


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
