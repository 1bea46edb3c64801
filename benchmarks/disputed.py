"""A provider of a token model, its client, and disputes between them, on any backend of contracts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ethwire.eip712 import Domain
from keifu.abi import Contract
from keifu.abi import Receipt as Mined
from keifu.compute.promises import Cover, needed_for, shown
from keifu.compute.receipt import Evidence, Receipt, Receipts
from keifu.inference.disputes import (
    NO_PERMIT,
    Case,
    Challenger,
    Place,
    Provider,
    Seen,
    Stage,
    Turn,
    receipt_fields,
)
from keifu.inference.disputes.moves import answer, question
from keifu.inference.disputes.proofs import VERIFIERS
from keifu.keys import Account, keccak256
from keifu.payments import Channel, Vouchers
from keifu.provenance import Kind, Record, RegistryDomain
from keifu.spec.inference_openings import Published
from keifu.staking import KeyKind, key_consent
from keifu.units import COIN, DAY, HOUR

__all__ = ["BOND", "RESERVE", "RESTITUTION", "TURN", "WINDOW", "Answer", "Disputed", "Played"]

WINDOW, TURN, TERM, HORIZON = 3 * DAY, 2 * HOUR, 30 * DAY, 14 * DAY
BOND, RESTITUTION = 5 * COIN, 400 * COIN
RESERVE = needed_for(RESTITUTION)
ENOUGH = 2**256 - 1
ROLES = ("operator", "payer", "watcher", "stranger")
NOTHING = bytes(32)


@dataclass
class Answer:
    """What a client has of a reply: the receipt, the ids, and the roots of positions."""

    receipt: Receipt
    prompt: list[int]
    ids: list[int]
    positions: list[bytes]


@dataclass
class Played:
    """A dispute as it went."""

    turn: Turn
    case: Case
    mined: list[tuple[str, Mined]]


class Disputed:
    """The contracts with an operator that covers a payer's channel."""

    def __init__(
        self,
        deploy: Callable[..., Contract],
        account: Callable[[str], Account],
        chain: Callable[[], tuple[int, int]],
        published: Published,
    ) -> None:
        """`chain` answers the chain's id and time."""
        self.account, self.chain, self.published = account, chain, published
        self.maker = account("deployer")
        self.key = account("receipts")
        self.account_for: dict[str, Account] = {}  # others who act for a role
        self.last_operator: Any = None
        self._deploy = deploy
        self._make()
        self._promise()

    def __getattr__(self, role: str) -> Account:
        if role not in ROLES:
            raise AttributeError(role)
        return self.account_for.get(role) or self.account(role)

    def _make(self) -> None:
        owner = self.maker.address

        def make(name: str, *args: Any) -> Contract:
            return self._deploy(name, *args, sender=self.maker)

        self.token = make("KeifuToken", owner)
        self.hub = make("StakingHub", self.token, owner, owner, self.account("treasury").address, 14 * DAY, DAY, 30, 10)
        self.registry = make("ProvenanceRegistry")
        self.places = make("Environments", self.registry)
        beats = make("HeartbeatService", self.token, self.hub, self.places, 1_000, WINDOW)
        self.channels = make("Channels", self.token, self.hub, owner, owner)
        terms = (COIN, WINDOW, TURN, COIN)
        self.market = make("ComputeMarket", self.token, self.hub, beats, self.channels, *terms)
        self.verifiers = [make(name) for name in VERIFIERS]
        self.game = make("InferenceGame", self.market, [item.address for item in self.verifiers], TURN)
        self.disputes = make("InferenceDisputes", self.market, self.game, WINDOW, BOND)

    def _promise(self) -> None:
        operator, maker = self.operator, self.maker
        for role in ROLES:
            self.token.transfer(self.account(role).address, 20_000 * COIN, sender=maker)
            self.token.approve(self.disputes, ENOUGH, sender=self.account(role))
        self.token.transfer(self.disputes, COIN, sender=maker)  # it holds other people's coins
        self.hub.list_service(self.disputes, HORIZON, 4, sender=maker)
        self.hub.register_operator(0, "", sender=operator)
        self.token.approve(self.hub, ENOUGH, sender=operator)
        self.hub.lock(self.disputes, operator.address, 4 * RESERVE, sender=operator)
        for contract, name in ((self.market, "Keifu Compute"), (self.disputes, "Keifu Inference")):
            domain = Domain(name, "1", self.chain()[0], contract.address)
            self.market_domain = getattr(self, "market_domain", domain)
            consent = key_consent(domain, operator.address, self.key, KeyKind.RECEIPT)
            contract.register_key(self.key.address, KeyKind.RECEIPT, consent, sender=operator)
        self.domain = domain
        self.disputes.set_cap(self.key.address, 4 * RESERVE, sender=operator)
        self.record = Record(maker.address, Kind.WEIGHTS, keccak256(b"model"), program_root=self.published.root)
        self.registry.register(self.record.args, sender=maker)
        self.places.declare_environment("chat", [], sender=maker)
        self.place = self.places.environment_id(maker.address, "chat")
        known = RegistryDomain(self.chain()[0], self.registry.address).record_id(self.record)
        self.places.promote(self.place, known, sender=maker)
        channel = Channel(
            self.payer.address, self.payer.address, operator.address, operator.address, self.token.address, DAY, NOTHING
        )
        self.channel, self.channel_id = channel, Vouchers(self.chain()[0], self.channels.address).channel_id(channel)
        self.cover()

    def cover(self) -> None:
        now = self.chain()[1]
        promised = Cover(self.channel_id, RESTITUTION, 0, now + TERM, now + HOUR)
        args = (promised.args, self.operator.address, promised.sign(self.domain, self.key))
        self.disputes.cover(self.channel.values, *args, sender=self.payer)

    # answers ----------------------------------------------------------------------------------------------------------

    def answer(self, provider: Provider, prompt: list[int], ids: list[int], **changes: Any) -> Answer:
        fields = receipt_fields(provider.trace, prompt, ids)
        about = (self.channel_id, 1, self.place, 1, self.record.digest, NOTHING, NOTHING)
        roots = (fields["input_root"], fields["output_root"], fields["trace_root"])
        units = (fields["input_units"], fields["output_units"])
        receipt = Receipt(*about, *roots, *units, 1, 1, Evidence.PROVED, self.chain()[1])
        return Answer(replace(receipt, **changes), list(prompt), list(ids), provider.position_roots())

    def signed(self, receipt: Receipt) -> Any:
        return shown(Receipts(self.chain()[0], self.market.address).sign(self.key, [receipt])[0])

    def last(self) -> Any:
        """The model's last operator, opened."""
        if self.last_operator is not None:
            return self.last_operator
        group = len(self.published.program) - 1
        return self.published.descriptor(group, len(self.published.program[group]))

    # a dispute --------------------------------------------------------------------------------------------------------

    def open(self, answer: Answer, place: Place, sender: Account | None = None, permit: Any = NO_PERMIT) -> Played:
        args = (self.signed(answer.receipt), self.record.args, self.last(), *place, permit)
        mined = self.disputes.open(*args, sender=sender or self.payer)
        (begun,), (moved,) = mined.events("Begun"), mined.events("Moved")
        turn = Turn.begun(begun, is_drawn=bool(mined.events("Drawn")))
        return Played(turn.moved(moved), Case.begun(begun), [("open", mined)])

    def step(self, played: Played, name: str, *args: Any, sender: Account) -> Played:
        mined = getattr(self.game, name)(played.turn.args, *args, sender=sender)
        says = next(log for log in mined.logs if log.event in ("Moved", "Asked", "Narrowed"))
        turn = played.turn.after(name, args).moved(says)
        return Played(turn, played.case, [*played.mined, (name, mined)])

    def show(self, played: Played, provider: Provider, seen: Seen) -> Played:
        """The provider's turn."""
        name, args = answer(provider, played.case, played.turn)
        seen.take(name, args, played.turn)
        return self.step(played, name, *args, sender=self.operator)

    def go_on(self, played: Played, challenger: Challenger, seen: Seen) -> Played:
        """The challenger's turn."""
        name, args = question(challenger, seen, played.case, played.turn)
        sender = self.stranger if name == "prove" else self.account_of(played.turn)
        return self.step(played, name, *args, sender=sender)

    def account_of(self, turn: Turn) -> Account:
        return next(self.account(role) for role in ROLES if self.account(role).address == turn.challenger)

    def play(self, answer: Answer, provider: Provider, challenger: Challenger, *, withheld: bool = False) -> Played:
        """To the proof."""
        seen = Seen(answer.positions)
        position = challenger.position(seen)
        assert position is not None, "nothing is wrong"
        if not withheld:
            seen.boundaries = provider.boundaries(position)
        place = challenger.place(seen)
        assert place is not None
        played = self.open(answer, place)
        if challenger.is_reply(seen):
            return self.go_on(played, challenger, seen)
        return self.carry_on(played, provider, challenger, seen)

    def carry_on(self, played: Played, provider: Provider, challenger: Challenger, seen: Seen) -> Played:
        """From wherever it stands to the proof."""
        while played.turn.stage != Stage.PROVED:
            if played.turn.stage in (Stage.NAMING, Stage.ASKING):
                played = self.go_on(played, challenger, seen)
            else:
                played = self.show(played, provider, seen)
        return played

    def close(self, played: Played, sender: Account | None = None) -> Mined:
        mined: Mined = self.disputes.close(played.turn.args, self.channel_id, sender=sender or self.stranger)
        return mined
