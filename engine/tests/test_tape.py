"""What a tape says of other code: it differs where anybody could see it, and only there."""

from __future__ import annotations

import os

import pytest

from ethwire.keys import Account
from evmstorm.conformance.machines import init_code
from evmstorm.evm import artifacts
from evmstorm.evm.machines import VARIABLE
from evmstorm.evm.native_machine import NativeMachine, Transaction
from evmstorm.evm.tape import TapedMachine
from evmstorm.forks import forked
from evmstorm.mutation.known import Known, Rival, explored

SENDER = Account.from_role("sender").address
METER = "contracts/Meter.vy"
STORE = bytes.fromhex("5f355f5500")  # what comes in, into slot 0
CALLS = 300


@pytest.fixture
def machine() -> NativeMachine:
    return NativeMachine()


@pytest.fixture(scope="module")
def known() -> Known:
    return Known("meter", explored("meter", 1, CALLS))


def compiled(old: str, new: str) -> artifacts.Artifact:
    project = artifacts.project()
    text = (project.root / METER).read_text()
    assert text.count(old) == 1
    return artifacts.compile_contract(project.paths()["Meter"], project.root, {METER: text.replace(old, new)})


def rival_of(known: Known, old: str, new: str) -> Rival:
    return Rival(known, artifacts.load("Meter"), compiled(old, new))


def looked_at(known: Known, old: str, new: str) -> tuple[int, str, bool]:
    """In a copy of the process, as it is used: sequences that differ, what was noticed first, whether tapes played."""

    def work(_: None) -> tuple[int, str, bool]:
        rival = rival_of(known, old, new)
        found = [rival.notices(item) for item in known.sequences]
        return len(rival.differing), next(filter(None, found), ""), rival._player is not None

    ((_, answer),) = forked(work, [None], 1)
    assert answer is not None
    return answer


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_a_digest_is_of_the_state_and_not_of_the_way_there(machine: NativeMachine) -> None:
    where = machine.deploy(SENDER, init_code(STORE))
    assert where is not None
    empty = machine.digest()
    machine.call(SENDER, where, word(5))
    five = machine.digest()
    mark = machine.snapshot()
    machine.call(SENDER, where, word(7))
    machine.set_balance(SENDER, 10)

    assert len({empty, five, machine.digest()}) == 3
    machine.revert(mark)
    assert machine.digest() == five
    machine.call(SENDER, where, word(0))
    assert machine.digest() == empty


def test_words_of_two_accounts_count_apart(machine: NativeMachine) -> None:
    first, second = (machine.deploy(SENDER, init_code(STORE)) for _ in range(2))
    assert first is not None
    assert second is not None
    before = machine.digest()
    digests = set()
    for places in ((first,), (second,), (first, second)):
        mark = machine.snapshot()
        for place in places:
            machine.call(SENDER, place, word(1))
        digests.add(machine.digest())
        machine.revert(mark)

    assert len(digests | {before}) == 4


def test_the_right_code_never_differs(known: Known) -> None:
    assert looked_at(known, "meter: no limit", "meter: none at all") == (0, "", True)


@pytest.mark.parametrize(
    ("old", "new", "noticed"),
    [
        ("total=self.total)", "total=_amount)", "add: model"),
        ("self.total += _amount", "self.total = _amount", "add: model"),
        ("_amount <= LIMIT", "_amount < LIMIT", "add: liveness"),
        ('"meter: over the limit"', '"meter: too much"', "add: reason"),
        ("    return self.total", "    return _amount", ""),
    ],
    ids=["log", "storage", "refusal", "reason", "return value that no model reads"],
)
def test_what_can_be_seen_differs_and_models_judge_it(known: Known, old: str, new: str, noticed: str) -> None:
    differing, found, _ = looked_at(known, old, new)

    assert differing > 0
    assert found == noticed


def test_a_set_up_that_comes_out_otherwise_is_made_by_the_description(known: Known) -> None:
    with pytest.raises(Exception, match="meter: no limit"):
        rival_of(known, "_limit > 0", "_limit > 100")


def test_what_is_deployed_in_another_way_is_left_to_models() -> None:
    known = Known("meter", explored("meter", 1, CALLS))
    original = artifacts.load("Meter")
    other = compiled("_amount <= LIMIT", "_amount < LIMIT")
    assert known.machine is not None
    known.machine.script[:] = [line for line in known.machine.script if line.method != "deploy"]

    rival = Rival(known, original, other)

    assert "add: liveness" in {rival.notices(item) for item in known.sequences}


@pytest.mark.parametrize("how", ["changed", "by another contract"])
def test_what_is_deployed_in_two_ways_is_left_to_models(how: str) -> None:
    """A description that changes one copy of the code would not see the mutant there, and call it the right code."""
    original, other = artifacts.load("Meter"), compiled("_amount <= LIMIT", "_amount < LIMIT")
    machine = TapedMachine()
    code = original.creation_code
    machine.deploy(SENDER, code + word(100))
    assert machine.script.play(NativeMachine(), code, other.creation_code)[0]
    if how == "changed":
        machine.deploy(SENDER, bytes([code[0] ^ 1]) + code[1:] + word(100))
    else:
        machine.call(SENDER, SENDER, b"make" + code + word(100))

    assert machine.script.play(NativeMachine(), code, other.creation_code) == (False, False)


def test_without_the_machine_in_c_models_look_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, VARIABLE, "revm")
    known = Known("meter", explored("meter", 1, CALLS))

    assert all(item.tape is None for item in known.sequences)
    rival = rival_of(known, "_amount <= LIMIT", "_amount < LIMIT")
    assert "add: liveness" in {rival.notices(item) for item in known.sequences}


@pytest.mark.parametrize("deploys", [True, False], ids=["deployment", "transaction with all its fields"])
def test_a_tape_does_not_hold_what_it_cannot_play(deploys: bool) -> None:
    machine = TapedMachine()
    machine.begin()
    machine.set_balance(SENDER, 1)
    assert machine.end()
    machine.begin()
    if deploys:
        machine.deploy(SENDER, init_code(STORE))
    else:
        machine.transact(Transaction(SENDER, SENDER))

    assert machine.end() is None


def test_a_halt_is_not_a_revert() -> None:
    machine, player = TapedMachine(), NativeMachine()
    machine.snapshot()
    reverts, halts = init_code(bytes.fromhex("5f5ffd")), init_code(b"\xfe")
    machine.deploy(SENDER, reverts)
    place = machine.script[-1].outcome[0]
    met, same = machine.script.play(player, reverts, halts)
    machine.begin()
    machine.call(SENDER, place)
    tape = machine.end()

    assert (met, same) == (True, True), "other code alone is no difference"
    assert tape is not None
    assert not player.play(tape)


def test_what_killed_before_comes_first_among_the_first_ones(known: Known) -> None:
    again = Known("meter", known.sequences[:5])
    first, second, third = (item.data for item in again.sequences[:3])

    again.put_first(second, 2)
    again.put_first(third, 2)

    assert [item.data for item in again.sequences[:3]] == [second, first, third]
