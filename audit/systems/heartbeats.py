"""Promote, heartbeat, slash: ProvenanceRegistry, Environments, StakingHub and AlignmentCourt together.

No contract calls `is_heartbeat_false`: whoever slashes asks it. So the service here, an account, slashes once for each
heartbeat where it answers True, and jurors ask it before they vote. Nodes sign what was promoted or something else,
anybody brings anything to either.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from audit.oracles.profit import check_self_slash
from audit.oracles.promise import Promise, check_payable, reserve_of
from audit.systems._court import LOCK, Courtroom
from audit.systems._court_oracles import CourtOracles
from audit.systems._hub import number
from audit.systems._registry import DIGESTS, SCHEMAS, UNKNOWN, Place, Registry, Said
from audit.systems.provenance import Provenance
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from evmstorm.oracles.neutrality import check_alike
from keifu.provenance import Attestation, Heartbeat, Record, heartbeat_digest
from keifu.spec.court import ANSWER, COMMIT, CONVICTED, OVER, REVEAL, SEED
from keifu.units import COIN

NODES = ("operator", "other node")
AUTHORS = ("author", "other author")
HOSTILE = "juror"  # a quarter of the mature seats: who holds three quarters decides
FINE, PENALTY = 700 * COIN, 100 * COIN  # what the service takes for one false heartbeat
CLAIMS = (400 * COIN, 700 * COIN, 2_500 * COIN)
TIMES = (1_500_000_000, 1_500_000_001, 0, 2**40)  # the third is none, the fourth has not come
SPOILT = ("", "", "", "", "", "other key", "other record", "short", "other node")
LIE = b"\xee" * 32
MAX_CASES = 8
MULTIPLE = 4  # of the first node's delegators; the second has none


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


class Heartbeats(Provenance, CourtOracles):
    """A node that signed only what was promoted loses nothing, whoever accuses it; a lie costs its lock."""

    contracts = ("Environments", "AlignmentCourt")
    actors = (*Registry.actors, *Courtroom.actors, "other node")
    funds: ClassVar[int] = 10**25

    # set-up -----------------------------------------------------------------------------------------------------------

    def setup(self, evm: LocalEvm) -> None:
        self.addresses = tuple(self.roles.values())
        Provenance.setup(self, evm)
        Courtroom.setup(self, evm)

    def begin(self) -> None:
        """Two nodes at the service, an environment with two promotions, a true and a false accusation before juries."""
        self.nodes, node = [self[role] for role in NODES], self["other node"]
        self.operators.append(node)
        register = partial(self.model.register_operator, node, 0)
        self.both_now("hub.register_operator", register, 0, "", sender=node)
        self.lock_now(self["service"], node, LOCK)
        Provenance.start(self)
        self.fill_registry()
        place = next(iter(self.places))
        self.truth: dict[int, bool] = {}
        for role, digest in (("other node", LIE), ("operator", self.records[self.ran(place, 1)].digest)):
            proof = self.proof(role, (place, 1), digest, TIMES[0], "")
            self.open_now(proof.root, FINE, self[role])
            self.truth[self.law.opened] = proof.false
        for _ in range(2):
            self.move_on(1, 2)
            self.put_seed(self.law.cases[1].seed_epoch)
        for case, false in self.truth.items():
            for juror in self.jurors:
                if juror != self[HOSTILE] and self.law.drawn(case, 0, juror):
                    self.commit_now(case, juror, false)
        self.library = copy.deepcopy((self.records, self.words, self.said, self.places, self.truth))

    def fill_registry(self) -> None:
        registry, places = self.contract("registry"), self.contract("environments")
        author, attester = self["author"], self["attester"]
        for digest in DIGESTS[:3]:
            record = self.record(author, 5, digest, [], "")
            known = self.domain.record_id(record)
            registry.register(record.args, sender=author)
            registry.attest(Attestation(SCHEMAS[0], known).args, sender=attester)
            self.records[known], self.words[known] = record, [int(author, 16), self.now, 5, 1]
            self.said[attester, SCHEMAS[0], known] = Said(self.now, 0, 1, True)
        place, policy = self.place_id(author, "production"), self.policies[2]
        places.declare_environment("production", policy, sender=author)
        self.places[place] = Place(author, "production", [(self.now, policy, False)], restitutions=[(self.now, author)])
        for known in list(self.records)[:2]:
            places.promote(place, known, sender=author)
            self.places[place].promotions.append((known, self.evm.block_number))

    def start(self) -> None:
        Provenance.start(self)
        CourtOracles.start(self)
        self.records, self.words, self.said, self.places, self.truth = copy.deepcopy(self.library)
        self.spent: dict[bytes, str] = {}  # false heartbeats that the service slashed for
        self.taken = dict.fromkeys(self.nodes, 0)  # wei, for lies

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
        signer = self["author"] if spoilt == "other key" else self["operator"] if spoilt == "other node" else self[role]
        root = heartbeat_digest(self.beats, beat)
        signature = self.keys[signer].sign(root)
        honest = (
            digest == record.digest or not given or signer != self[role] or spoilt == "short" or time not in TIMES[:2]
        )
        return Proof(beat, signature[:-2] if spoilt == "short" else signature, record, root, not honest)

    def brought(self, who: str, proof: Proof) -> Any:
        """ENV-6: what the contract says of a heartbeat."""
        returned = yield self.tx("environments.is_heartbeat_false", *proof.values, sender=who)
        said = bool(int.from_bytes(returned, "big"))
        assert said == proof.false, "ENV-6: only another digest than the promoted one's is evidence"
        return said

    @action(
        "",
        Choice(NODES),
        Choice("numbers"),
        Choice((*DIGESTS[:2], LIE)),
        Choice((*TIMES[:2] * 3, *TIMES)),
        Choice(SPOILT),
        weight=24,
    )
    def bring(self, who: str, role: str, named: tuple[bytes, int], digest: bytes, time: int, spoilt: str) -> Steps:
        """To the service, which slashes once for each false heartbeat."""
        proof = self.proof(role, named, digest, time, spoilt)
        said = yield from self.brought(who, proof)
        if said and proof.root not in self.spent:
            yield from self.slashing(self[role], proof.root, FINE, PENALTY)

    def slashing(self, node: str, root: bytes, damages: int, penalty: int) -> Any:
        there, before = self.ask("hub.lock_of", self["service"], node), self.coalition(node)
        order = self.tx("hub.slash", node, damages, penalty, sender=self["service"], raw_outcome=True)
        done = yield from self.both(lambda m: m.slash(self["service"], node, damages, penalty), order)
        if done is not None:
            self.spent[root] = node
            taken = number(done[0]) + number(done[0], 1)
            assert taken == min(damages + penalty, there), "a proven lie costs what the service asks"
            self.taken[node] += taken
            self.harm.slash(MULTIPLE, number(done[0], 1), number(done[0], 2), self.dust)
            check_self_slash(before, self.coalition(node), number(done[0]))

    def coalition(self, node: str) -> int:
        """A node and the service that slashes it."""
        return self.ask("hub.credit", self["service"]) + self.behind(node)

    @action("", Choice(NODES), Choice("numbers"), Choice((*DIGESTS[:2], LIE)), Choice(SPOILT), Choice(CLAIMS), weight=8)
    def accuse(self, who: str, role: str, named: tuple[bytes, int], digest: bytes, spoilt: str, amount: int) -> Steps:
        """Before the court: jurors will ask the contract."""
        if len(self.law.cases) >= MAX_CASES:
            return
        proof, service = self.proof(role, named, digest, TIMES[0], spoilt), self["service"]
        said = yield from self.brought(who, proof)
        values = (self[role], proof.root, amount, self["accuser"], b"heartbeat")
        order = self.tx("court.open", *values, sender=service, raw_outcome=True)
        done = yield from self.judged(lambda law: law.open(service, *values), order)
        if done is not None:
            self.truth[done[1]] = said
            bond = self.case(done[1]).table.bond(self.case(done[1]).repeated)
            self.flow[service] -= bond
            self.flow[self["court"]] += bond

    # the court --------------------------------------------------------------------------------------------------------

    @action("", Choice("alive"), weight=12)
    def hear(self, who: str, case: int) -> Steps:
        """A whole hearing: jurors vote as the contract answers, but the hostile one, who votes against it."""
        for _ in range(3):
            item = self.case(case)
            if item.phase == SEED and item.seed_epoch not in self.law.seeds:
                self.put_seed(item.seed_epoch)
            if item.phase in (ANSWER, SEED):
                yield from self.moving_on(who, case)
        if self.case(case).phase == COMMIT:
            yield from self.voting(case)
            self.pass_period(case)
        for juror in self.jurors:
            vote = self.case(case).hearings[-1].votes.get(juror)
            if vote and not vote.status and self.case(case).phase in (COMMIT, REVEAL):
                yield from self.opening(juror, case)
        if self.case(case).phase != OVER:
            yield from self.moving_on(who, case)

    def moving_on(self, who: str, case: int) -> Any:
        self.pass_period(case)
        order = self.tx("court.advance", case, sender=who, raw_outcome=True)
        yield from self.judged(lambda law: law.advance(case), order)

    def voting(self, case: int) -> Any:
        for juror in self.jurors:
            item = self.case(case)
            ready = item.phase == COMMIT and not self.law.ended(item, 1) and juror not in item.hearings[-1].votes
            if ready and self.law.drawn(case, item.hearing, juror):
                yield from self.committing(juror, case)

    def committing(self, juror: str, case: int) -> Any:
        guilty = self.truth[case] != (juror == self[HOSTILE])
        seal = self.seal(case, juror, guilty)
        order = self.tx("court.commit", case, seal, sender=juror, raw_outcome=True)
        yield from self.judged(lambda law: law.commit(case, juror, seal), order)
        self.votes[case, self.case(case).hearing, juror] = guilty

    def opening(self, juror: str, case: int) -> Any:
        guilty, salt = self.votes[case, self.case(case).hearing, juror], self.salt(juror)
        order = self.tx("court.reveal", case, guilty, salt, sender=juror, raw_outcome=True)
        yield from self.judged(lambda law: law.reveal(case, juror, guilty, salt), order)

    @action("court.rehear", Choice("alive"), sender=(*NODES, "accuser"), weight=5)
    def rehear(self, who: str, case: int) -> Steps:
        yield from self.reheard(who, case)

    @action("", Choice("closed"), sender="stranger", weight=8)
    def pull(self, who: str, case: int) -> Steps:
        """The service pulls a conviction, unless it has slashed for that heartbeat already."""
        item = self.case(case)
        if item.verdict == CONVICTED and item.fault not in self.spent:
            _, amount, costs = self.contract("court").verdict(case)
            yield from self.slashing(item.operator, item.fault, reserve_of(amount + costs), PENALTY)

    # owners act more often than others --------------------------------------------------------------------------------

    @action("", Choice("pairs"), sender=(*AUTHORS, "operator"), weight=10)
    def promote(self, who: str, pair: tuple[bytes, bytes]) -> Steps:
        yield from super().promote(who, pair)

    @action("", Choice("known", UNKNOWN), Choice((1, 1, 1, 2, 0)), sender=(*AUTHORS, "operator"), weight=6)
    def rollback(self, who: str, place: bytes, number: int) -> Steps:
        yield from super().rollback(who, place, number)

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("ENV-7")
    def only_lies_are_slashed(self) -> bool:
        """A node loses what was taken for heartbeats that the contract calls false: an honest one, nothing."""
        convicted = [case for case, item in self.law.cases.items() if item.verdict == CONVICTED]
        if not all(self.truth[case] for case in convicted):
            return False
        return all(self.behind(node) == LOCK - self.taken[node] for node in self.nodes)

    def behind(self, node: str) -> int:
        return self.ask("hub.lock_of", self["service"], node)

    @invariant("ENV-8", at_end=True)
    def a_lie_can_be_slashed(self) -> bool:
        """A heartbeat that contradicts the registry can be slashed whenever it comes, for all that is locked."""
        place = next(iter(self.places))
        for role in NODES:
            there = self.behind(self[role])
            proof = self.proof(role, (place, 1), LIE, TIMES[0] + 1, "")
            if not self.ask("environments.is_heartbeat_false", *proof.values):
                return False
            self.do("hub.slash", self[role], FINE, PENALTY, sender=self["service"])
            if self.behind(self[role]) != there - min(FINE + PENALTY, there):
                return False
        return True

    @invariant("ORA-2", at_end=True)
    def lies_are_payable(self) -> bool:
        """Promise: a fine that a node's lock holds is paid in full, whichever node lied first."""
        paid = FINE * 4 // 5
        promises = [Promise("service", node, paid, FINE) for node in self.nodes if self.behind(node) >= FINE]
        check_payable(promises, self.evm.anchor, lambda _, node: self.behind(node), self.fine)
        return True

    def fine(self, promise: Promise) -> int:
        before = self.ask("hub.credit", self["service"])
        self.do("hub.slash", promise.operator, promise.reserve, 0, sender=self["service"])
        return self.ask("hub.credit", self["service"]) - before

    @invariant("ORA-5", at_end=True)
    def pay_knows_no_order(self) -> bool:
        """Neutrality: jurors are paid alike in any order; one lie after the other costs what both together cost."""
        super().pay_knows_no_order()
        for node in self.nodes:
            with self.evm.anchor():
                self.do("hub.slash", node, 2 * FINE, 0, sender=self["service"])
                whole = self.coalition(node)
            with self.evm.anchor():
                for _ in range(2):
                    self.do("hub.slash", node, FINE, 0, sender=self["service"])
                check_alike("two lies", whole, [self.coalition(node)], 2)
        return True
