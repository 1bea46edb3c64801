"""Runs one byte string as one sequence of calls.

Eight bytes make a step: action, actor, mode, pick, and 32 bits of value. A prefix of the bytes is a prefix of the
sequence, an action byte of 0 is a step that does nothing, so that cutting and zeroing bytes shortens the sequence:
Hypothesis' shrinker and ours both work on that.
"""

from __future__ import annotations

import hashlib
import inspect
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import GeneratorType
from typing import Any

from ethwire.abi import CallEncoder
from ethwire.errors import AbiError, ArtifactError
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.evm.artifacts import Artifact
from evmstorm.evm.hardforks import newest
from evmstorm.evm.machine import intrinsic_gas
from evmstorm.fuzz import _dictionary
from evmstorm.fuzz._waits import Waits
from evmstorm.fuzz.finding import WAIT, Finding, Step
from evmstorm.fuzz.system import MAY_REVERT, RAW_OUTCOME, Action, Call, DescriptionError, System
from evmstorm.fuzz.values import mixed

__all__ = ["CHUNK", "STEPS", "Engine", "Finding", "Step"]

FIELDS = struct.Struct("<BBBBI")  # of a step: action, actor, mode, pick, value
CHUNK = FIELDS.size  # bytes a step
STEPS = 64  # steps a sequence
OPERATIONS = 256  # values of the action byte; 0 does nothing
REASONS = 4_096  # failures whose reasons are kept: those with arguments may be others each time
GAS_BUCKET = 6  # log2 of the gas that counts as the same path


@dataclass
class Counts:
    """Calls of one action: done, refused as predicted or allowed. `idle` counts how often it had nothing to call."""

    ok: int = 0
    refused: int = 0
    idle: int = 0
    reasons: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Plan:
    """An action made ready: everything looked up that can be before the first call."""

    index: int
    action: Action
    counts: Counts
    allow: frozenset[str]
    to: str
    encode: CallEncoder
    senders: tuple[str, ...]
    draws: tuple[tuple[Callable[..., Any], int], ...]
    pays: Callable[..., int] | None


class _Broken(Exception):
    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        self.message = message


class Engine:
    """One system in one EVM, run as often as wanted. `load` gives artefacts (for mutants, not the tree's), `machine`
    makes the EVM (for coverage, a traced one), which follows the newest fork that a contract under test is for."""

    def __init__(
        self,
        system: type[System],
        load: Callable[[str], Artifact] = artifacts.load,
        machine: Callable[..., LocalEvm] = LocalEvm,
    ) -> None:
        self.system = system()
        named = [system.fork] if system.fork else [load(name).evm_version for name in system.contracts]
        self.evm = machine(load, fork=newest(named), **({"chain": system.chain} if system.chain else {}))
        self.system.prepare(self.evm)
        self.system.dictionary, self.system.durations = self._words()
        self.actions = system.actions()
        self.invariants = system.invariants()
        self._refuse_empty()
        self._always = [(item.id, item.method) for item in self.invariants if not item.at_end]
        self._at_end = [(item.id, item.method) for item in self.invariants if item.at_end]
        self._waits = Waits(self.system)
        self.counts = [Counts() for _ in self.actions]
        self._plans = [self._plan(index, item) for index, item in enumerate(self.actions)]
        self._table = self._operations(self._plans)
        self.calls = self.waits = self.sequences = 0
        self.checked = self.ended = 0  # times that the invariants after calls, and those at the end, were all checked
        self.seen: set[Any] | None = None  # signals of coverage; None does not collect
        self.fresh = 0  # signals of the last sequence that were new
        self._reasons: dict[bytes | str, str] = {}
        self._trace: list[Step] | None = None
        self._current = ""
        self._base = self.evm.snapshot()
        self.code_hash = system.code_hash() if load is artifacts.load else ""

    @property
    def shape(self) -> str:
        """SHA-256 over what the bytes of a sequence stand for: actions, their arguments and senders, and waits."""
        parts = [
            (plan.action.name, plan.action.weight, [type(value).__name__ for value in plan.action.values], plan.senders)
            for plan in self._plans
        ]
        words = (parts, self.system.wait_weight, self.system.addresses, CHUNK, STEPS)
        return hashlib.sha256(repr(words).encode()).hexdigest()

    def draw_as(self, other: Engine) -> None:
        """Draw from the words of another engine: on another machine the code's constants may be others."""
        self.system.dictionary, self.system.durations = other.system.dictionary, other.system.durations
        self._waits = Waits(self.system)

    def rebase(self) -> None:
        """Start each sequence from what is there now, as if `setup` had left it."""
        self._base = self.evm.snapshot()

    # making ready -----------------------------------------------------------------------------------------------------

    def _refuse_empty(self) -> None:
        """A description that could not find anything, or whose figures would be of two things."""
        title = self.system.title()
        if not self.actions:
            raise DescriptionError(f"{title}: no actions, so nothing would be called", remedy="mark one with @action")
        for item in self.actions:
            if not (inspect.isgeneratorfunction(item.method) or item.always_reverts):
                raise DescriptionError(
                    f"{title}: {item.name} never yields, so its call would never be made",
                    remedy="put `yield` where the call happens, or mark it always_reverts=True",
                )
        known: dict[tuple[str, bool], str] = {}
        for rule in self.invariants:
            other = known.setdefault((rule.id, rule.at_end), rule.name)
            if other != rule.name:
                raise DescriptionError(
                    f"{title}: {rule.id} is the number of both {other} and {rule.name}", remedy="give each its own"
                )

    def _words(self) -> tuple[list[int], list[int]]:
        found: set[int] = set()
        bound = self.system.bound()
        selectors = {abi.selector.hex() for contract in bound for abi in contract.interface.functions}
        for contract in bound:
            code = self.evm.code(contract)
            size = len(code)
            with suppress(ArtifactError):  # bare byte code has no artefact, and says nothing of immutables
                size = len(self.evm.load(contract.interface.name).runtime_code)
            found.update(_dictionary.constants(code[:size], code[size:], selectors))
        values = _dictionary.neighbours(found | {0, 1})
        return values, _dictionary.durations(found)

    def _plan(self, index: int, item: Action) -> _Plan:
        title = self.system.title()
        to, encode = "", None
        if item.target:
            to, encode = self.system.resolve(item.target, len(item.values) if item.values else None)
            self._check_types(item)
        unknown = [role for role in item.senders if role not in self.system.roles]
        if unknown:
            raise DescriptionError(f"{title}: {item.name} is sent by {unknown}, who are no actors")
        # Accounts of code do not send transactions (EIP-3607): they receive, hold and sign.
        callers = tuple(who for who in self.system.addresses if not self.evm.code(who))
        senders = tuple(self.system.roles[role] for role in item.senders) or callers
        ranks = {True: 0, False: 0}
        draws = []
        for value in item.values:
            draws.append((value.draw, ranks[value.picks]))
            ranks[value.picks] += 1
        return _Plan(
            index=index,
            action=item,
            counts=self.counts[index],
            allow=frozenset(item.allow),
            to=to,
            encode=encode or (lambda args: b""),
            senders=senders,
            draws=tuple(draws),
            pays=item.pays.draw if item.pays else None,
        )

    def _check_types(self, item: Action) -> None:
        name, _, function = item.target.partition(".")
        abi = self.system.contract(name).interface.function(function, len(item.values) if item.values else None)
        for value, abi_type, argument in zip(item.values, abi.inputs, abi.input_names or abi.inputs, strict=False):
            if not value.fits(abi_type):
                raise DescriptionError(
                    f"{self.system.title()}: {item.name} gives {type(value).__name__} for {argument} of {item.target}, "
                    f"which is {abi_type}"
                )
        given = len(item.values)
        if given != len(abi.inputs):
            raise DescriptionError(f"{self.system.title()}: {item.name} gives {given} arguments to {item.target}")

    def _operations(self, plans: list[_Plan]) -> list[_Plan | int | None]:
        """Action byte to plan: None does nothing, -1 waits; weights spread over the other 254."""
        weighted: list[tuple[_Plan | int, int]] = [(plan, plan.action.weight) for plan in plans]
        weighted.append((-1, self.system.wait_weight))
        total = sum(weight for _, weight in weighted)
        table: list[_Plan | int | None] = [None]
        reached = 0
        for entry, weight in weighted:
            reached += weight
            table += [entry] * (max(1, reached * (OPERATIONS - 1) // total - len(table) + 1))
        if len(table) > OPERATIONS:
            raise DescriptionError(f"{self.system.title()}: too many actions for one byte; lower the weights")
        return table + [weighted[0][0]] * (OPERATIONS - len(table))

    def rewind(self) -> None:
        """Back to the state that `setup` left."""
        self.evm.restore(self._base)

    # running ----------------------------------------------------------------------------------------------------------

    def run(self, data: bytes, trace: list[Step] | None = None) -> Finding | None:
        """Run the sequence from the state that `setup` left; the first finding, or None. `trace` collects the steps."""
        system, table = self.system, self._table
        self.rewind()
        self._trace = trace
        self.sequences += 1
        self.fresh = 0
        step = 0
        try:
            system.checks.clear()
            system.start()
            for step, fields in enumerate(FIELDS.iter_unpack(data[: len(data) - len(data) % CHUNK])):
                operation, actor, mode, pick, value = fields
                plan = table[operation]
                if plan is None:
                    continue
                if plan.__class__ is int:
                    self._current = WAIT
                    changed = self._wait(mode, pick, value)
                else:
                    changed = self._act(plan, actor, mode, pick, value)
                if changed:
                    for number, check in self._always:
                        if (verdict := check(system)) is not True:
                            return Finding(number, str(verdict) if verdict else "does not hold", step, self._current)
                    self.checked += 1
            return self._finish(step)
        except _Broken as broken:
            return Finding(f"{self._current}: {broken.kind}", broken.message, step, self._current)
        except AssertionError as error:
            return Finding(f"{self._current}: model", str(error) or "an assertion of the model", step, self._current)
        except (ArithmeticError, LookupError, ValueError) as error:
            return Finding(f"{self._current}: model", f"{type(error).__name__}: {error}", step, self._current)
        except (AttributeError, NameError, TypeError, AbiError) as error:  # no model does that: a slip of the pen
            with system.blamed(self._current):
                raise error

    def _finish(self, step: int) -> Finding | None:
        for number, check in self._at_end:
            self._current = number
            with self.evm.anchor():  # and not snapshot and restore: open snapshots add to the depth of calls
                verdict = check(self.system)
            if verdict is not True:
                return Finding(number, str(verdict) if verdict else "does not hold", step, number)
        self.ended += 1
        return None

    def _wait(self, mode: int, pick: int, value: int) -> bool:
        seconds, blocks = self._waits.drawn(mode, pick, value)
        if seconds <= 0:
            return False
        self.waits += 1
        self.evm.warp(seconds, blocks)
        if self._trace is not None:
            self._trace.append(Step(WAIT, self.evm.now, seconds=seconds, blocks=blocks))
        return True

    def _act(self, plan: _Plan, actor: int, mode: int, pick: int, value: int) -> bool:
        system, item = self.system, plan.action
        self._current = system.acting = item.name
        senders = plan.senders
        who = senders[actor % len(senders)]
        args = [
            draw(system, who, *mixed(mode, pick, value, rank)) if rank else draw(system, who, mode, pick, value)
            for draw, rank in plan.draws
        ]
        pays = 0
        if plan.pays is not None:
            pays = plan.pays(system, who, *mixed(mode, pick, value, len(args)))
            steps = item.method(system, who, *args, pays)
        else:
            steps = item.method(system, who, *args)
        if steps.__class__ is not GeneratorType:
            return self._refused(plan, who, args, pays, steps)
        try:
            order = next(steps)
        except StopIteration as stop:
            return self._refused(plan, who, args, pays, stop.value)
        changed = False
        try:
            while True:
                if order.__class__ is Call:
                    changed |= (returned := self._custom(plan, order)) is not None
                else:
                    returned = self._declared(plan, who, args, pays, order)
                    if returned is None and order is not RAW_OUTCOME:
                        return changed
                    changed |= returned is not None
                order = steps.send(returned)
        except StopIteration:
            return changed

    def _declared(self, plan: _Plan, who: str, args: list[Any], pays: int, order: Any) -> bytes | None:
        """The action's own call, which must succeed unless the order is MAY_REVERT."""
        returned = self._send(plan, who, plan.to, plan.encode(args), pays, plan.action.target, args)
        if returned is None and order is not RAW_OUTCOME:
            if order is not MAY_REVERT:
                raise _Broken("liveness", f"must succeed, was refused: {self.system.refusal or '(no reason)'}")
            if self.system.refusal not in plan.allow:
                raise _Broken("reason", f"refused for a reason that is not allowed: {self.system.refusal or '(none)'}")
        return returned

    def _refused(self, plan: _Plan, who: str, args: list[Any], pays: int, reason: str | None) -> bool:
        """The model says that the call must be refused for `reason`; None: there is nothing to do now."""
        if reason is None:
            plan.counts.idle += 1
            return False
        if self._send(plan, who, plan.to, plan.encode(args), pays, plan.action.target, args) is not None:
            raise _Broken("refusal", f"must be refused ({reason or 'no reason'}), but succeeded")
        if self.system.refusal != reason:
            raise _Broken("reason", f"must be refused for {reason!r}, was for {self.system.refusal!r}")
        return False

    def _custom(self, plan: _Plan, order: Call) -> bytes | None:
        returned = self._send(plan, order.sender, order.to, order.data, order.value, *order.text)
        target = order.text[0]
        if order.fails is not None:
            if returned is not None:
                raise _Broken("refusal", f"{target} must be refused ({order.fails or 'no reason'}), but succeeded")
            if self.system.refusal != order.fails:
                raise _Broken(
                    "reason", f"{target} must be refused for {order.fails!r}, was for {self.system.refusal!r}"
                )
        elif returned is None and not order.raw_outcome:
            if not order.may_revert:
                raise _Broken("liveness", f"{target} must succeed, was refused: {self.system.refusal or '(no reason)'}")
            if self.system.refusal not in plan.allow:
                raise _Broken(
                    "reason", f"{target} was refused for a reason that is not allowed: {self.system.refusal!r}"
                )
        return returned

    def _send(self, plan: _Plan, who: str, to: str, data: bytes, value: int, target: str, args: Any) -> bytes | None:
        """One transaction; the returned data, or None when it was refused (`system.refusal` says why)."""
        raw = self.evm.raw
        self.calls += 1
        counts = plan.counts
        answer = raw.call(who, to, data, value)
        if answer is None:
            reason = self.system.refusal = self.reason_of(raw.failure)
            signal: Any = reason
            counts.refused += 1
        else:
            counts.ok += 1
            signal = 0
        if self.seen is not None:
            if answer is not None:
                signal = raw.gas_used - intrinsic_gas(data) >> GAS_BUCKET  # what the code itself took
            key = (plan.index, signal)
            if key not in self.seen:
                self.seen.add(key)
                self.fresh += 1
        if self._trace is not None:
            outcome = "ok" if answer is not None else f"refused: {self.system.refusal}"
            self._trace.append(Step(plan.action.name, self.evm.now, who, target, tuple(args), value, outcome))
        return answer

    def reason_of(self, failure: bytes | str) -> str:
        """Reason of a machine's failure, decoded once for each of the first ones."""
        reason = self._reasons.get(failure)
        if reason is None:
            reason = self.evm.reason(failure)
            if len(self._reasons) < REASONS:
                self._reasons[failure] = reason
        return reason
