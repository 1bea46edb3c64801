"""Promote, heartbeat, slash: ProvenanceRegistry, Environments, StakingHub and AlignmentCourt together.

No contract calls `is_heartbeat_false`: whoever slashes asks it. So the service here slashes where it answers True, and
jurors ask it before they vote. Nodes sign what was promoted or something else, anybody brings anything to either.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

from audit.systems._court import SOME, VOTE, Courtroom
from audit.systems._hub import Coins
from audit.systems._registry import DIGESTS, SCHEMAS, UNKNOWN, Place, Registry, Said
from audit.systems.provenance import Provenance
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from keifu.provenance import Attestation, Heartbeat, Record, heartbeat_digest
from keifu.spec.court import GUILTY
from keifu.units import COIN

NODES = ("node", "other node")
AUTHORS = ("author", "other author")
NODE_BOND, NODE_PROMISE = 20_000 * COIN, 10_000 * COIN
FINE = 700 * COIN  # what the service takes for one false heartbeat
CLAIMS = (COIN, FINE, 3 * FINE)
HONEST_SEATS, HOSTILE_SEATS = 3, 2  # so that no jury is the hostile juror's: who holds most of the stake decides
TIMES = (1_800_000_000, 1_800_000_001)
SPOILT = ("", "", "", "", "", "other key", "other record", "short", "other node")
LIE = b"\xee" * 32


@dataclass(frozen=True)
class Proof:
    """A heartbeat as somebody brings it. `root` stands for the fault, `false` is what the contract has to answer."""

    beat: Heartbeat
    signature: bytes
    record: Record
    root: bytes
    false: bool

    @property
    def values(self) -> tuple[Any, ...]:
        return self.beat.args, self.signature, self.record.args


class Heartbeats(Provenance, Courtroom):
    """A node that signed only what was promoted loses nothing, whoever accuses it; a lie costs its bond."""

    contracts = ("Environments", "AlignmentCourt")
    actors = (*Registry.actors, *Courtroom.actors, *NODES)

    # set-up -----------------------------------------------------------------------------------------------------------

    def setup(self, evm: LocalEvm) -> None:
        self.addresses = tuple(self.roles.values())
        Registry.setup(self, evm)
        Courtroom.setup(self, evm)
        self.nodes = [self[role] for role in NODES]

    def begin(self) -> None:
        """Nodes at the service, an environment with two promotions, a true and a false accusation before juries."""
        for role in NODES:
            self.enrol(self[role], NODE_BOND)
            self.promise(self[role], self["service"], NODE_PROMISE)
            self.operators.append(self[role])
        Registry.start(self)
        self.fill_registry()
        place, votes = next(iter(self.places)), ("juror", "second juror")
        self.truth: dict[int, bool] = {}
        for role, digest, jurors in (
            ("other node", LIE, votes),
            ("node", self.records[self.ran(place, 1)].digest, votes),
        ):
            proof = self.proof(role, (place, 1), digest, TIMES[0], "")
            case = self.charge(role, FINE, proof.root, dict.fromkeys(jurors, proof.false))
            self.truth[case] = proof.false
        self.later(VOTE)
        self.book = pickle.dumps((self.records, self.words, self.said, self.places, self.truth))

    def fill_registry(self) -> None:
        registry, places = self.contract("registry"), self.contract("environments")
        author, attester = self["author"], self["attester"]
        for digest in DIGESTS[:3]:
            record = self.record(author, 5, digest, [], "")
            number = self.domain.record_id(record)
            registry.register(record.args, sender=author)
            registry.attest(Attestation(SCHEMAS[0], number).args, sender=attester)
            self.records[number], self.words[number] = record, [int(author, 16), self.now, 5, 1]
            self.said[attester, SCHEMAS[0], number] = Said(self.now, 0, 1, True)
        place, policy = self.place_id(author, "production"), self.policies[2]
        places.declare_environment("production", policy, sender=author)
        self.places[place] = Place(author, [(self.now, policy)])
        for number in list(self.records)[:2]:
            places.promote(place, number, sender=author)
            self.places[place].promotions.append((number, self.evm.block_number))

    def start(self) -> None:
        Registry.start(self)
        Courtroom.start(self)
        self.records, self.words, self.said, self.places, self.truth = self.revived(self.book)
        self.spent: dict[bytes, str] = {}  # false heartbeats that the service slashed for
        self.withdrawn = dict.fromkeys(self.nodes, 0)

    def deadlines(self) -> list[int]:
        return [*Courtroom.deadlines(self), *Registry.deadlines(self)[:2]]

    # heartbeats -------------------------------------------------------------------------------------------------------

    def ran(self, place: bytes, seq: int) -> bytes:
        return self.places[place].promotions[seq - 1][0]

    def numbers(self, who: str) -> list[tuple[bytes, int]]:
        """(environment, number) of promotions, and the next one, that nobody made yet."""
        known = [(place, seq) for place, item in self.places.items() for seq in range(1, len(item.promotions) + 2)]
        return [*known, (UNKNOWN, 1)]

    def proof(self, role: str, named: tuple[bytes, int], digest: bytes, time: int, spoilt: str) -> Proof:
        place, seq = named
        given = place in self.places and seq <= len(self.places[place].promotions)
        record = self.records[self.ran(place, seq) if given else next(iter(self.records))]
        if spoilt == "other record":
            given = False
            record = next(item for item in self.records.values() if item != record)
        beat = Heartbeat(self[role], place, seq, digest, time)
        signer = self["author"] if spoilt == "other key" else self["node"] if spoilt == "other node" else self[role]
        root = heartbeat_digest(self.beats, beat)
        signature = self.keys[signer].sign(root)
        honest = digest == record.digest or not given or signer != self[role] or spoilt == "short"
        return Proof(beat, signature[:-2] if spoilt == "short" else signature, record, root, not honest)

    def brought(self, who: str, proof: Proof) -> Any:
        """ENV-6: what the contract says of a heartbeat."""
        returned = yield self.tx("environments.is_heartbeat_false", *proof.values, sender=who)
        said = bool(int.from_bytes(returned, "big"))
        assert said == proof.false, "ENV-6: only another digest than the promoted one's is evidence"
        return said

    @action("", Choice(NODES), Choice("numbers"), Choice((*DIGESTS[:2], LIE)), Choice(TIMES), Choice(SPOILT), weight=24)
    def bring(self, who: str, role: str, named: tuple[bytes, int], digest: bytes, time: int, spoilt: str) -> Steps:
        """To the service, which slashes once for each false heartbeat."""
        proof = self.proof(role, named, digest, time, spoilt)
        said = yield from self.brought(who, proof)
        if not said or proof.root in self.spent:
            return
        self.model.now = self.now
        there = self.model.hub.effective(self["service"], self[role])
        order = self.tx(
            "hub.slash", self[role], FINE, ZERO_ADDRESS, who, proof.root, sender=self["service"], raw_outcome=True
        )
        taken = yield from self.both(lambda m: m.hub.slash(self["service"], self[role], FINE, "", who)[0], order=order)
        if taken is not None:
            self.spent[proof.root] = self[role]
            assert taken == min(FINE, there), "a proven lie costs what the service asks"
            if taken:
                self.emitted("hub.Slashed", service=self["service"], operator=self[role], evidence=proof.root)

    @action(
        "", Choice(NODES), Choice("numbers"), Choice((*DIGESTS[:2], LIE)), Choice(SPOILT), Choice(CLAIMS), weight=10
    )
    def accuse(self, who: str, role: str, named: tuple[bytes, int], digest: bytes, spoilt: str, amount: int) -> Steps:
        """Before the court: jurors will ask the contract."""
        proof = self.proof(role, named, digest, TIMES[0], spoilt)
        values = (self["service"], self[role], who, amount, proof.root)
        case = yield from self.judged(
            lambda m: m.open_case(who, *values), "open_case", *values,
            sender=who, case=len(self.model.cases) + 1, spends=self.model.terms.bond,
        )  # fmt: skip
        if case is not None:
            self.truth[case] = yield from self.brought(who, proof)

    # the court --------------------------------------------------------------------------------------------------------

    def sitting(self, who: str) -> list[int]:
        seeded = self.model.seeds
        return [
            case
            for case, item in self.model.cases.items()
            if self.near(case, "vote") and item.juries[-1].seed_epoch in seeded
        ]

    @action("", Choice("sitting"), Choice(SOME), weight=10)
    def jury_commits(self, who: str, case: int, present: int) -> Steps:
        """Jurors vote as the contract answers, but the hostile one, who votes against it."""
        if case not in self.model.cases or self.phase(case) != "vote":
            return
        for number, juror in enumerate(self.jurors):
            hostile = juror == self["hostile juror"]
            seats = self.model.drawn_seats(case, juror)[: HOSTILE_SEATS if hostile else 2 * HONEST_SEATS]
            enough = len(seats) >= (1 if hostile else HONEST_SEATS)
            if present >> number & 1 and enough and juror not in self.model.cases[case].juries[-1].ballots:
                vote, salt = self.truth[case] != hostile, self.salt(juror)
                sealed = self.model.seal(case, self.turn(case), juror, vote, salt)
                yield from self.committed_by(juror, case, seats, sealed, vote, salt)

    @action("", Choice("ended"), sender=(*NODES, "claimant"), weight=6)
    def appeal(self, who: str, case: int) -> Steps:
        if case:
            bond = self.model.bond(self.turn(case) + 1)
            yield from self.judged(lambda m: m.appeal(case, who), "appeal", case, sender=who, case=case, spends=bond)

    # nodes that try to get away ---------------------------------------------------------------------------------------

    @action("hub.unbond", Coins(NODE_BOND), sender=NODES, weight=2)
    def unbond(self, who: str, amount: int) -> Steps:
        """What left before and has matured becomes a credit on the way."""
        bond = self.model.hub.operators[who].bond
        matured = bond.leaving if self.now >= bond.unlock else 0
        done = yield from self.both(lambda m: m.hub.unbond(who, amount))
        self.withdrawn[who] += matured if done is not None else 0

    @action("hub.withdraw_bond", Choice("nodes"), sender=NODES, weight=2)
    def withdraw_bond(self, who: str, receiver: str) -> Steps:
        self.withdrawn[who] += (yield from self.paying(lambda m: m.hub.withdraw_bond(who), receiver)) or 0

    @action("", Coins(NODE_PROMISE), sender=NODES, weight=3)
    def uncommit(self, who: str, amount: int) -> Steps:
        order = self.tx("hub.uncommit", self["service"], amount, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.hub.uncommit(who, self["service"], amount), order=order)

    # owners act more often than others --------------------------------------------------------------------------------

    @action("", Choice("known", UNKNOWN), Choice("candidates", UNKNOWN), sender=(*AUTHORS, "node"), weight=10)
    def promote(self, who: str, place: bytes, artefact: bytes) -> Steps:
        yield from super().promote(who, place, artefact)

    @action("", Choice("known", UNKNOWN), Choice((1, 1, 1, 2, 0)), sender=(*AUTHORS, "node"), weight=6)
    def rollback(self, who: str, place: bytes, number: int) -> Steps:
        yield from super().rollback(who, place, number)

    # what always holds ------------------------------------------------------------------------------------------------

    def lost(self, node: str) -> int:
        """Wei of its bond that slashes took, as the hub's storage has it."""
        word = self.bond_word(node)
        return NODE_BOND - self.withdrawn[node] - (word & 2**96 - 1) - (word >> 96 & 2**96 - 1)

    @invariant("ENV-7")
    def only_lies_are_slashed(self) -> bool:
        """A node loses at most what was asked for heartbeats that the contract calls false: an honest one, nothing."""
        guilty = [(number, case) for number, case in self.model.cases.items() if case.verdict == GUILTY]
        if not all(self.truth[number] for number, _ in guilty):
            return False
        for node in self.nodes:
            asked = FINE * list(self.spent.values()).count(node)
            asked += sum(case.amount for _, case in guilty if case.fault[1] == node)
            if not 0 <= self.lost(node) <= asked:
                return False
        return True

    @invariant("ENV-8", at_end=True)
    def a_lie_can_be_slashed(self) -> bool:
        """A heartbeat that contradicts the registry can be slashed whenever it comes, for all that is at stake."""
        self.model.now = self.now
        place = next(iter(self.places))
        for role in NODES:
            there = self.model.hub.effective(self["service"], self[role])
            proof = self.proof(role, (place, 1), LIE, TIMES[0] + 1, "")
            if not self.ask("environments.is_heartbeat_false", *proof.values):
                return False
            slash = (self[role], FINE, ZERO_ADDRESS, self["claimant"], proof.root)
            if self.do("hub.slash", *slash, sender=self["service"]) != min(FINE, there):
                return False
        return True
