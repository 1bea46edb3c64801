"""Disputes about token models' answers on a real hub, with the market, its channels and four verifiers: the set-up,
and the log of who covered, disputed, showed and asked what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field, replace
from typing import Any

from audit.systems._compute import CAP, HORIZON, LOCK, LONGEST, WINDOW, Covered, Row
from audit.systems._compute_promises import ComputePromises
from audit.systems._constructors import Deployment, variations
from audit.systems._dispute_answers import Answered, model
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Call
from keifu.abi import encode_args
from keifu.compute.promises import Cover, shown
from keifu.compute.receipt import Evidence, Receipt, Receipts
from keifu.inference.disputes import Case, Seen, Stage, Turn, receipt_fields
from keifu.inference.disputes.proofs import VERIFIERS
from keifu.keys import Domain, keccak256
from keifu.provenance import Kind, Record, RegistryDomain
from keifu.staking import KeyKind, key_consent
from keifu.units import COIN, HOUR

__all__ = ["BOND", "TURN", "TURNS", "Dispute", "DisputeLog"]

TURN = 2 * HOUR
TURNS = 12  # of the longest dispute
BOND = 5 * COIN + 1
QUESTIONS = 4
FIRST_COVER = 300 * COIN + 3
PROVIDERS = (Stage.GROUPS, Stage.RECORD, Stage.NODES, Stage.CHUNKS, Stage.SUMS)  # stages that wait for them


@dataclass
class Dispute:
    """A dispute as both sides played it."""

    row: Row
    operator: str
    challenger: str
    cover: Covered
    answer: Answered
    case: Case
    turn: Turn
    seen: Seen
    receipt: Receipt
    over: bool = False

    @property
    def stage(self) -> int:
        return self.turn.stage

    @property
    def due(self) -> int:
        return self.turn.deadline

    @property
    def waits_for_provider(self) -> bool:
        return self.stage in PROVIDERS

    def lost(self, now: int) -> bool | None:
        """Whether the provider has lost; None while nobody has."""
        if self.stage == Stage.PROVED:
            return True
        return self.waits_for_provider if now > self.due else None


@dataclass
class _Signing:
    """Whose word covers are."""

    domain: Domain


@dataclass
class Opening:
    """What somebody is about to say when it opens a dispute."""

    receipt: Receipt
    signer: str
    answer: Answered
    permit: tuple[Any, ...] = field(default=(ZERO_ADDRESS, 0, b""))


class DisputeLog(ComputePromises):
    """What descriptions of disputes need. The covers' contract stands in the market's place: it keeps covers, keys and
    reserves by the same rules."""

    contracts = ("InferenceDisputes", "InferenceGame")  # type: ignore[assignment]
    wait_weight = 6
    serve = end = bind_to = unbind = None  # type: ignore[assignment]  # there are no services

    # set-up -----------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        super().open()
        evm, hub, maker = self.evm, self.contract("hub"), self.evm.account("deployer")
        core = self.contract("market")
        verifiers = [evm.deploy(name, sender=maker) for name in VERIFIERS]
        self.game_terms = (core.address, [item.address for item in verifiers], TURN)
        game = evm.deploy("InferenceGame", *self.game_terms, sender=maker)
        self.dispute_terms = (core.address, game.address, WINDOW, BOND)
        disputes = evm.deploy("InferenceDisputes", *self.dispute_terms, sender=maker)
        self.bind(core=core, game=game, market=disputes)
        self.core_receipts = Receipts(evm.chain_id, core.address)
        self.receipts = _Signing(Domain("Keifu Inference", "1", evm.chain_id, disputes.address))  # type: ignore[assignment]
        hub.list_service(disputes, HORIZON, 4, sender=self.owner)
        for operator in self.operators:
            hub.lock(disputes, operator, LOCK, sender=operator)
        for who in self.roles.values():
            self.contract("token").approve(disputes, 2**256 - 1, sender=who)
        self._promote()
        self._name_keys(core, disputes)
        self.opened_at = self._cover_first(disputes)
        evm.warp(HOUR)

    def _promote(self) -> None:
        """The model is what an environment promoted first; then something else."""
        author, registry, places = self["author"], self.contract("registry"), self.contract("places")
        known = RegistryDomain(self.evm.chain_id, registry.address)
        self.record = Record(author, Kind.WEIGHTS, keccak256(b"model"), program_root=model().root)
        registry.register(self.record.args, sender=author)
        places.declare_environment("chat", [], False, author, sender=author)
        self.chat = places.environment_id(author, "chat")
        places.promote(self.chat, known.record_id(self.record), sender=author)
        places.promote(self.chat, known.record_id(next(iter(self.records.values()))), sender=author)

    def _name_keys(self, core: Any, disputes: Any) -> None:
        """At the market the operator's third key signed receipts for an hour, and its second one sends transactions."""
        operator = self["operator"]
        first, second, third = (self.keys[name] for name in self.key_names)
        for key, kind in ((second, KeyKind.TRANSACTION), (third, KeyKind.RECEIPT)):
            core.register_key(
                key.address, kind, key_consent(self.core_receipts.domain, operator, key, kind), sender=operator
            )
        self.third_from = self.evm.now
        self.evm.warp(HOUR)
        core.retire_key(third.address, sender=operator)
        self.third_until = self.evm.now
        consent = key_consent(self.receipts.domain, operator, first, KeyKind.RECEIPT)
        disputes.register_key(first.address, KeyKind.RECEIPT, consent, sender=operator)
        disputes.set_cap(first.address, CAP, sender=operator)
        for who in (self["other operator"], self["quiet operator"]):
            disputes.set_cap(who, CAP, sender=who)

    def _cover_first(self, disputes: Any) -> int:
        """Two channels of the payer are covered, and one of somebody who does nothing."""
        now = self.evm.now
        for row, who, key, payer in self._first_covers():
            cover = Cover(row.name, FIRST_COVER, 0, now + LONGEST, now)
            signature = cover.sign(self.receipts.domain, self.signer(key))
            disputes.cover(row.values, cover.args, who, signature, sender=payer)
        return now

    def _first_covers(self) -> list[tuple[Row, str, str, str]]:
        """(channel, operator, key, payer)"""
        operator, quiet, other = (self[name] for name in ("operator", "quiet operator", "other operator"))
        return [
            (self.bystander, quiet, quiet, self["stranger"]),
            (self.pool[0], operator, self.key_names[0], self["payer"]),
            (self.pool[3], other, other, self["other payer"]),
        ]

    def start(self) -> None:
        super().start()
        now, operator = self.opened_at, self["operator"]
        self.served = []
        self.covers = [
            Covered(row, who, key, FIRST_COVER, now + 1, now + LONGEST) for row, who, key, _ in self._first_covers()
        ]
        self.named = {self.key_names[0]: (operator, KeyKind.RECEIPT, now, 0)}
        self.caps = defaultdict(int, {(operator, self.key_names[0]): CAP})
        for who in self.operators[1:]:
            self.caps[who, who] = CAP
        self.reported = dict.fromkeys(self.operators, 1)
        self.disputes: list[Dispute] = []
        self.shown: list[tuple[Any, ...]] = []  # proofs that were right

    def constructors(self) -> Iterator[Deployment]:
        yield from variations(
            "InferenceDisputes",
            self.dispute_terms,
            (0, self["author"], "disputes: market is no contract"),
            (1, self["author"], "disputes: game is no contract"),
            (3, 0, "disputes: no bond"),
            (3, 1, None),
        )
        yield from variations(
            "InferenceGame",
            self.game_terms,
            (0, self["author"], "game: market is no contract"),
            (1, [*self.game_terms[1][:-1], self["author"]], "game: verifier is no contract"),
            (2, 0, "game: no time to answer"),
            (2, 1, None),
        )

    def deadlines(self) -> list[int]:
        found = [time for item in self.covers[-3:] for time in (item.last, item.until)]
        found += [item.due for item in self.disputes[-3:] if not item.over]
        return found + ([self.removed + HORIZON] if self.removed else [])

    # the log's words --------------------------------------------------------------------------------------------------

    def play(self, function: str, dispute: Dispute, *args: Any, sender: str) -> Call:
        return self.tx(f"game.{function}", dispute.turn.args, *args, sender=sender, raw_outcome=True)

    def covers_of(self, operator: str) -> list[Covered]:
        return [item for item in self.covers if item.operator == operator and not item.over]

    def dispute_of(self, name: bytes, operator: str) -> Dispute | None:
        return next(
            (item for item in self.disputes if (item.row.name, item.operator) == (name, operator) and not item.over),
            None,
        )

    def signs_for(self, key: str, time: int) -> str:
        """Whose word a receipt of `time` is by this key, at the market."""
        first, second, third = self.key_names
        if key == second:
            return ZERO_ADDRESS if time >= self.third_from else key
        if key == third and time >= self.third_from:
            return self["operator"] if time <= self.third_until else ZERO_ADDRESS
        return self["operator"] if key == first else key

    def opening(self, answer: Answered, signer: str, **changes: Any) -> Opening:
        """A receipt of an answer."""
        fields = receipt_fields(answer.provider.trace, answer.prompt, answer.ids)
        usual = {"environment": self.chat, "digest": self.record.digest, "evidence": Evidence.PROVED, **fields}
        return Opening(self.receipt(**(usual | changes)), signer, answer)

    def receipt_of(self, opening: Opening) -> tuple[Any, ...]:
        return shown(self.core_receipts.sign(self.signer(opening.signer), [opening.receipt])[0])

    def begun(self, row: Row, opening: Opening, place: Any, who: str, cover: Covered) -> Dispute:
        """How a dispute stands when it has just begun."""
        receipt, groups = opening.receipt, len(model().program)
        roots = (receipt.trace_root, receipt.input_root, receipt.output_root)
        numbers = (receipt.input_units, receipt.output_units, place.position, groups)
        case = Case(model().root, *roots, *numbers)
        missing = int(place.group == groups and place.position + 1 < receipt.input_units)
        dispute = keccak256(encode_args(["bytes32", "address"], (row.name, cover.operator)))
        fixed = (self["market"], dispute, case.hash, cover.operator, who, receipt.time)
        drawn = int(opening.answer.drawing is not None)
        turn = Turn(*fixed, 0, 0, place.group, place.node, place.position, groups, missing, drawn=drawn)
        turn = turn if place.group == groups else replace(turn, marks=tuple(place.marks))
        stage = Stage.GROUPS if place.group == groups else self.after_naming(place.position, place.group, receipt)
        provider = opening.answer.provider
        boundaries = [] if place.group == groups else provider.boundaries(place.position)
        seen = Seen(provider.position_roots(), boundaries)
        turn = replace(turn, stage=int(stage), deadline=self.now + TURN)
        return Dispute(row, cover.operator, who, cover, opening.answer, case, turn, seen, receipt)

    @staticmethod
    def after_naming(position: int, group: int, receipt: Receipt) -> Stage:
        """Where nobody asks for a token, the group that makes it has committed to nothing."""
        unasked = position + 1 < receipt.input_units and group == len(model().program) - 1
        return Stage.PROVED if unasked else Stage.RECORD

    def goes_on(self, dispute: Dispute, turn: Turn, stage: int, event: str = "Moved", **said: Any) -> None:
        dispute.turn = replace(turn, stage=int(stage), deadline=self.now + TURN)
        said |= {"book": self["market"], "dispute": turn.dispute, "stage": int(stage), "deadline": self.now + TURN}
        self.emitted(f"game.{event}", **said)

    def opens(self, opening: Opening, place: Any, spoilt: str = "", sender: str = "") -> Call:
        """The call."""
        record = next(iter(self.records.values())) if spoilt == "record" else self.record
        group = 1 if spoilt == "token" else len(model().program) - 1
        token = model().descriptor(group, 2)
        args = (self.receipt_of(opening), record.args, token, *place, opening.permit)
        return self.market("open", *args, sender=sender)

    def freed(self, operator: str, places: list[bytes], names: list[bytes]) -> None:
        for item in [self.cover_of(at, operator) for at in names]:
            assert item is not None
            item.over = True
        self.emitted("market.CoverFreed", count=len(names))

    def case_but(self, dispute: Dispute, spoilt: str) -> tuple[Any, ...]:
        case = dispute.case
        return astuple(replace(case, reply=case.reply + 1) if spoilt == "case" else case)
