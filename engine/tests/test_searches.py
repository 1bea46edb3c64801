"""A search that searched nothing is refused by name, every figure says what it counts, and findings are told whole."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from ethwire.abi import Interface
from evmstorm.conformance.machines import init_code
from evmstorm.evm import LocalEvm
from evmstorm.fuzz import Amount, DescriptionError, Engine, Steps, System, action, campaign, invariant, report
from evmstorm.fuzz.alive import check_alive
from evmstorm.fuzz.campaign import ActionCount, InvariantCount, Plan, SystemResult
from evmstorm.fuzz.counterexample import build
from evmstorm.fuzz.engine import CHUNK
from evmstorm.fuzz.finding import Finding, cost
from evmstorm.fuzz.shrink import shrink

# set(uint256): storage[0] = the argument.
STORE = bytes.fromhex("6004355f5500")
# late(): reverts before block 50,000; else storage[0] = 1.
LATE = bytes.fromhex("61c3504310600d5760015f55005b5f5ffd")
SET = {
    "type": "function",
    "name": "set",
    "inputs": [{"name": "value", "type": "uint256"}],
    "outputs": [],
    "stateMutability": "nonpayable",
}
BLOCK = 50_000


class Store(System):
    """Byte code without a source."""

    code = STORE

    def setup(self, evm: LocalEvm) -> None:
        interface = Interface("Store", [SET])
        self.bind(store=evm.deploy_code(interface, init_code(self.code), sender=evm.account("owner")))
        self.word = evm.raw.slot(self["store"], 0)

    def start(self) -> None:
        self.value = 0

    @action("store.set", Amount(1_000))
    def set(self, who: str, value: int) -> Steps:
        yield
        self.value = value

    @invariant("STO-1")
    def follows(self) -> bool:
        """The word is what was set."""
        return self.word() == self.value

    @invariant("STO-2", at_end=True)
    def ends(self) -> bool:
        """It still is in the end."""
        return self.word() == self.value


def _with(**members: Any) -> type[System]:
    return type("Changed", (Store,), members)


@pytest.mark.case("tools-30")
def test_byte_code_with_an_abi_is_enough() -> None:
    engine = Engine(Store)
    assert engine.run(bytes(range(256)) * 2) is None
    assert engine.counts[0].ok > 0


@pytest.mark.case("tools-28")
def test_a_method_that_forgot_to_yield_is_refused_by_name() -> None:
    @action("store.set", Amount(1_000))
    def forgetful(self: System, who: str, value: int) -> None:
        return None

    with pytest.raises(DescriptionError, match="forgetful never yields, so its call would never be made"):
        Engine(_with(forgetful=forgetful))


@pytest.mark.case("tools-28")
def test_a_method_of_calls_that_always_revert_need_not_yield() -> None:
    @action("store.set", Amount(1_000), always_reverts=True)
    def refused(self: System, who: str, value: int) -> str:
        return "store: no"

    assert Engine(_with(refused=refused)).actions[-1].name == "refused"


@pytest.mark.case("tools-28")
def test_no_actions_are_refused() -> None:
    with pytest.raises(DescriptionError, match="no actions, so nothing would be called"):
        Engine(_with(set=None))


@pytest.mark.case("tools-28")
@pytest.mark.parametrize(("at_end", "refused"), [(False, True), (True, False)])
def test_one_number_for_two_sentences_is_refused(at_end: bool, refused: bool) -> None:
    """The same sentence may be checked after calls and once more at the end: those figures are apart."""

    @invariant("STO-1", at_end=at_end)
    def second(self: System) -> bool:
        """Another one."""
        return True

    changed = _with(second=second)
    if not refused:
        assert len(Engine(changed).invariants) == 3
        return
    with pytest.raises(DescriptionError, match="STO-1 is the number of both follows and second"):
        Engine(changed)


@pytest.mark.case("tools-28")
@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([ActionCount("set", 0, 0, 10)], "no action made a call in 7 sequences"),
        ([ActionCount("set", 5, 0, 0), ActionCount("other", 0, 0, 2_000)], "other was never called: it had nothing to"),
        ([ActionCount("set", 5, 0, 0), ActionCount("other", 0, 2_000, 0)], "other was refused 2000 times and never"),
    ],
    ids=["nothing", "idle", "refused"],
)
def test_a_search_without_calls_does_not_pass(counts: list[ActionCount], message: str) -> None:
    @action("store.set", Amount(1_000))
    def other(self: System, who: str, value: int) -> Steps:
        yield

    engine = Engine(Store if len(counts) == 1 else _with(other=other))
    with pytest.raises(DescriptionError, match=message):
        check_alive(engine, counts, 7, 1)


@pytest.mark.case("tools-28")
def test_what_had_nothing_to_call_is_counted() -> None:
    @action("store.set", Amount(1_000))
    def waits(self: System, who: str, value: int) -> Steps:
        if value >= 0:
            return None
        yield

    engine = Engine(_with(waits=waits))
    engine.run(bytes(range(256)) * 2)
    assert (engine.counts[1].ok, engine.counts[1].refused) == (0, 0)
    assert engine.counts[1].idle > 0


@pytest.mark.case("tools-29")
def test_checks_are_counted_where_they_are_made() -> None:
    engine = Engine(Store)
    for _ in range(3):
        engine.run(bytes(range(256)) * 2)
    assert engine.checked == engine.counts[0].ok + engine.waits
    assert engine.ended == 3


@pytest.mark.case("tools-29")
def test_the_report_says_what_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    after = InvariantCount("STO-1", "The word is what was set.", False, 12_345)
    ends = replace(after, id="STO-2", at_end=True, checks=317)
    never = replace(after, id="STO-3", checks=0)
    result = SystemResult("store", 1, "", actions=[ActionCount("set", 12_000, 500)], invariants=[after, ends, never])
    assert [verdict for _, _, verdict in report._rows(result)] == [
        "held after 12,345 calls and waits",
        "held at 317 ends of sequences",
        "NEVER CHECKED",
        "held for 12,500 calls",
    ]
    result.actions.append(ActionCount("never", 0, 0, 3))
    console = Console(record=True, width=200)
    monkeypatch.setattr(report, "Console", lambda **_: console)
    report.print_results([result], Plan())
    assert "never was never called (3 times nothing to do)" in console.export_text()


# findings ------------------------------------------------------------------------------------------------------------


class Worse(Store):
    """`set` of more than 500 is a theft; of more than 400 it is told with a wrong reason."""

    @action("store.set", Amount(1_000))
    def set(self, who: str, value: int) -> Steps:
        if value > 500:
            return "store: too much"  # and the contract takes it
        yield
        assert value <= 400, "the model is wrong"
        self.value = value


def _found(system: type[System], wanted: str) -> tuple[Engine, bytes, Finding]:
    engine, chance = Engine(system), random.Random(1)
    for _ in range(5_000):
        data = chance.randbytes(64 * CHUNK)
        finding = engine.run(data)
        if finding is not None and finding.id == wanted:
            return engine, data, finding
    raise AssertionError(f"{wanted} was not found")


@pytest.mark.case("tools-32")
def test_a_theft_is_not_shrunk_into_something_cheaper() -> None:
    engine, data, finding = _found(Worse, "set: refusal")
    data, finding = shrink(engine, data, finding)
    assert finding.id == "set: refusal"


@pytest.mark.case("tools-32")
def test_what_costs_most_comes_first() -> None:
    kinds = ["STO-1", "set: refusal", "set: liveness", "set: model", "set: reason"]
    assert [cost(Finding(kind, "", 0)) for kind in kinds] == [0, 1, 2, 3, 4]


@pytest.mark.case("tools-32")
def test_several_findings_are_kept_with_their_originals(tmp_path: Any) -> None:
    engine, theft, first = _found(Worse, "set: refusal")
    _, model, second = _found(Worse, "set: model")
    result = SystemResult("store", 1, "")
    found = [campaign._RawFinding(model, second, 0.5, 1), campaign._RawFinding(theft, first, 2.0, 2)]

    campaign._keep(result, engine, Plan(findings=str(tmp_path)), found)

    assert [item.finding for item in result.findings] == ["set: refusal", "set: model"]
    assert [item.original for item in result.findings] == [theft.hex(), model.hex()]
    assert [item.seconds for item in result.findings] == [2.0, 0.5]
    assert len(list(tmp_path.glob("*.json"))) == 2


@pytest.mark.case("tools-33")
def test_values_are_the_plainest_that_do() -> None:
    engine, data, finding = _found(Worse, "set: refusal")
    data, finding = shrink(engine, data, finding)
    (step,) = build(engine, data, finding, 1).steps
    assert step.args in ("1000", "999", "1001")


class Ripe(Store):
    """Nothing may be set once two hours have passed; the contract does not know."""

    @action("store.set", Amount(1_000))
    def set(self, who: str, value: int) -> Steps:
        if self.now >= self.begin + 7_200:
            return "store: too late"
        yield
        self.value = value

    def start(self) -> None:
        super().start()
        self.begin = self.now


@pytest.mark.case("tools-33")
def test_waits_are_merged() -> None:
    engine, wait = Engine(Ripe), 255

    def waiting(seconds: int) -> bytes:
        return bytes([wait, 0, 7, 0]) + seconds.to_bytes(4, "little")

    table = engine._table
    wait = next(byte for byte, entry in enumerate(table) if entry == -1)
    data = waiting(4_000) + waiting(3_000) + waiting(500) + bytes([1]) + bytes(7)
    finding = engine.run(data)
    assert finding is not None
    data, finding = shrink(engine, data, finding)
    steps = build(engine, data, finding, 1).steps
    assert [step.action for step in steps] == ["wait", "set"]


class Late(Store):
    """`set` works from block 50,000 on."""

    code = LATE

    @action("store.set", Amount(1_000))
    def set(self, who: str, value: int) -> Steps:
        if self.block < BLOCK:
            return ""
        yield
        self.value = 1


@pytest.mark.case("tools-31")
@pytest.mark.parametrize(("jumps", "reached"), [(None, True), (False, False)])
def test_blocks_are_skipped_where_the_code_reads_their_number(jumps: bool | None, reached: bool) -> None:
    engine, chance = Engine(type("Changed", (Late,), {"jumps_blocks": jumps})), random.Random(1)
    for _ in range(300):
        assert engine.run(chance.randbytes(64 * CHUNK)) is None
    assert (engine.counts[0].ok > 0) == reached


@pytest.mark.case("tools-31")
def test_a_wait_aims_at_heights() -> None:
    seen: set[int] = set()

    class Aims(Late):
        def heights(self) -> list[int]:
            seen.add(self.block)
            return [123_456]

    engine, chance = Engine(Aims), random.Random(1)
    for _ in range(200):
        engine.run(chance.randbytes(64 * CHUNK))
    assert {123_455, 123_456, 123_457} & seen


@pytest.mark.case("tools-31")
def test_a_wait_is_one_block_where_no_code_asks() -> None:
    engine = Engine(Store)
    assert {engine._waits.drawn(mode, 3, 9)[1] for mode in range(256)} == {1}
