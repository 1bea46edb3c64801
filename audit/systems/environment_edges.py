"""Environments at their edges: the second in which a notice or an age ends, the largest policy, every number of a
promotion, every kind of record, every form of a heartbeat.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from audit.systems._constructors import Deployment, variations
from audit.systems._hub_edges import way
from audit.systems._signature_forms import FORMS, REFUSED, in_form
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.system import Steps, System
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import HEARTBEAT
from keifu.provenance import (
    Attestation,
    Heartbeat,
    Kind,
    Link,
    Record,
    RegistryDomain,
    Relation,
    Status,
    environment_id,
    environments_domain,
)
from keifu.spec.kinds import RUNNABLE

__all__ = ["EnvironmentEdges"]

NAME, AGE, MOST = "production", 1_000, 8
FIRST, SECOND = b"\xa1" * 32, b"\xa2" * 32
NOT_MET, NOT_OWNER = "environments: policy is not met", "environments: not the owner"
CROWD = tuple(f"0x{0xC0DE00 + number:040x}" for number in range(MOST))  # attesters, of whom each can be called
Entry = tuple[bytes, int, int, list[str]]


class EnvironmentEdges(System):
    """Short ways to places where one second, one number or one attester decides."""

    contracts: ClassVar[tuple[str, ...]] = ("Environments",)
    actors: ClassVar[tuple[str, ...]] = ("owner", "heir", "node", "stranger")
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        deployer = evm.account("deployer")
        registry = evm.deploy("ProvenanceRegistry", sender=deployer)
        places = evm.deploy("Environments", registry, sender=deployer)
        self.bind(registry=registry, environments=places)
        self.domain, self.beats = RegistryDomain(evm.chain_id, registry), environments_domain(evm.chain_id, places)
        self.keys = {role: evm.account(role) for role in self.actors}
        self.notice = artifacts.constant("registry/Environments.vy", "NOTICE")
        self.place = environment_id(evm.chain_id, places.address, self["owner"], NAME)
        self.data = self.record(Kind.DATASET, 1)
        self.weights = [self.record(Kind.WEIGHTS, number, self.domain.record_id(self.data)) for number in (2, 3)]
        for record in (self.data, *self.weights):
            registry.register(record.args, sender=self["owner"])
            registry.store_links([record.args], sender=self["owner"])
        self.first, self.second = map(self.domain.record_id, self.weights)

    def start(self) -> None:
        self.began = self.now

    def constructors(self) -> Iterator[Deployment]:
        nobody = "0x" + "22" * 20
        yield from variations("Environments", (self["registry"],), (0, nobody, "environments: registry has no code"))

    # words ------------------------------------------------------------------------------------------------------------

    def record(self, kind: Kind, number: int, *parents: bytes) -> Record:
        links = tuple(Link(Relation.TRAINED_ON, parent) for parent in parents)
        return Record(self["owner"], kind, bytes([number]) * 32, links=links)

    def view(self, name: str, *args: Any) -> Any:
        return getattr(self.contract("environments"), name)(*args)

    def send(self, function: str, *args: Any, by: str = "owner", fails: str | None = None) -> Any:
        return self.tx(f"environments.{function}", *args, sender=self[by], fails=fails)

    def declared(self, *entries: Entry, sound: bool = False) -> Any:
        return self.send("declare_environment", NAME, list(entries), sound, ZERO_ADDRESS)

    def attested(self, who: str, schema: bytes, artefact: bytes) -> Any:
        return self.tx("registry.attest", Attestation(schema, artefact).args, sender=who)

    def promoted(self, artefact: bytes, fails: str | None = None) -> Any:
        return self.send("promote", self.place, artefact, fails=fails)

    def ok(self, artefact: bytes, seq: int, holds: bool) -> None:
        assert tuple(self.view("current", self.place)) == (artefact, seq, holds), "what runs, and whether it may"

    # declaring --------------------------------------------------------------------------------------------------------

    @way(Choice(("", "p", "p" * 64)))
    def lengths_of_a_name(self, who: str, name: str) -> Steps:
        fails = None if name else "environments: empty name"
        yield self.send("declare_environment", name, [], False, ZERO_ADDRESS, fails=fails)
        if name:
            again = "environments: already declared"
            yield self.send("declare_environment", name, [], False, ZERO_ADDRESS, fails=again)
            yield self.send("declare_environment", name, [], False, ZERO_ADDRESS, by="stranger")
            place = self.view("environment_id", self["owner"], name)
            assert tuple(self.view("environment_of", place)) == (self["owner"], 0, 1)

    @way()
    def what_was_never_declared(self, who: str) -> Steps:
        unknown = b"\x55" * 32
        assert tuple(self.view("environment_of", unknown)) == (ZERO_ADDRESS, 0, 0)
        assert tuple(self.view("current", unknown)) == (bytes(32), 0, False)
        assert self.view("restitution_of", unknown) == ZERO_ADDRESS
        assert self.refuses("environments.policy_of", unknown, 0)
        yield self.send("promote", unknown, self.first, fails=NOT_OWNER)
        yield self.declared()

    @way(Choice((1, 2, MOST)), Choice((1, 2, MOST)))
    def policies_of_every_size(self, who: str, entries: int, attesters: int) -> Steps:
        """Each entry is read back as it was given, and the last attester of the last one decides."""
        people = list(CROWD[:attesters])
        policy = [(bytes([at + 1]) * 32, attesters, at * AGE, people[at % attesters :] + people[: at % attesters])
                  for at in range(entries)]  # fmt: skip
        yield self.declared(*policy)
        since, found, sound = self.view("policy_of", self.place, 1)
        assert (since, sound) == (self.now, False)
        assert [(bytes(item[0]), item[1], item[2], list(item[3])) for item in found] == policy
        said = [(schema, attester) for schema, _, _, names in policy for attester in names]
        for schema, attester in said[:-1]:
            yield self.attested(attester, schema, self.first)
        yield self.promoted(self.first, fails=NOT_MET)
        yield self.attested(said[-1][1], said[-1][0], self.first)
        yield self.promoted(self.first)
        self.ok(self.first, 1, True)
        yield self.tx("registry.revoke_attestation", said[0][0], self.first, said[0][1], sender=said[0][1])
        self.ok(self.first, 1, False)

    @way(Choice((0, 1, 2, 3)), Choice((2, MOST)))
    def as_many_as_are_needed(self, who: str, needed: int, attesters: int) -> Steps:
        """Of several, in whatever order they stand; neither none nor more than there are can be asked for."""
        people = list(CROWD[:attesters])
        out_of_range = needed == 0 or needed > attesters
        yield self.send(
            "declare_environment", NAME, [(FIRST, needed, 0, people)], False, ZERO_ADDRESS,
            fails="environments: needed out of range" if out_of_range else None,
        )  # fmt: skip
        for number, attester in enumerate(reversed(people)):
            if out_of_range or number == needed:
                break
            yield self.promoted(self.first, fails=NOT_MET)
            yield self.attested(attester, FIRST, self.first)
        if not out_of_range:
            yield self.promoted(self.first)

    @way(Choice((0, 1, 6)), Choice((1, 5, 7)))
    def nobody_is_named_twice(self, who: str, one: int, other: int) -> Steps:
        people = list(CROWD)
        people[other] = people[one]
        fails = "environments: attester named twice" if one != other else None
        policy: list[Entry] = [(FIRST, 1, 0, people)]
        yield self.send("declare_environment", NAME, policy, False, ZERO_ADDRESS, fails=fails)

    # time -------------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1)))
    def a_policy_counts_from_its_second(self, who: str, early: int) -> Steps:
        """Until then the one before does, and none is announced."""
        attester = CROWD[0]
        yield self.declared((FIRST, 1, 0, [attester]))
        yield self.send("announce_policy", self.place, [(SECOND, 1, 0, [attester])], True)
        since = self.now + self.notice
        yield self.attested(attester, FIRST, self.first)
        self.evm.warp(self.notice - early)
        assert self.view("environment_of", self.place)[2] == (1 if early else 2)
        assert self.view("policy_of", self.place, 2)[0::2] == (since, True)
        yield self.promoted(self.first, fails=None if early else NOT_MET)
        under_notice = "environments: a policy is under notice" if early else None
        yield self.send("announce_policy", self.place, [], False, fails=under_notice)
        for version in (0, 3 if early else 4):
            assert self.refuses("environments.policy_of", self.place, version)

    @way(Choice((0, 1)), Choice((False, True)))
    def restitution_moves_in_its_second(self, who: str, early: int, named: bool) -> Steps:
        first = self["stranger"] if named else ZERO_ADDRESS
        yield self.send("declare_environment", NAME, [], False, first)
        before = self["stranger"] if named else self["owner"]
        assert self.view("restitution_of", self.place) == before
        yield self.send("announce_restitution", self.place, self["heir"])
        self.evm.warp(self.notice - early)
        assert self.view("restitution_of", self.place) == (before if early else self["heir"])
        under_notice = "environments: an address is under notice" if early else None
        yield self.send("announce_restitution", self.place, self["node"], fails=under_notice)

    @way(Choice((0, 1)), Choice((AGE, 2**32 - 1)))
    def an_attestation_ages_in_its_second(self, who: str, late: int, age: int) -> Steps:
        """For a promotion and for what runs now, not for a rollback. An age beyond the first second is any age."""
        attester = CROWD[0]
        yield self.declared((FIRST, 1, age, [attester]))
        for artefact in (self.first, self.second):
            yield self.attested(attester, FIRST, artefact)
            yield self.promoted(artefact)
        self.evm.warp(AGE + late)
        holds = not late or age > AGE
        self.ok(self.second, 2, holds)
        yield self.promoted(self.first, fails=None if holds else NOT_MET)
        yield self.send("rollback", self.place, 1)

    # promotions -------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1, 2, 3, 4)))
    def numbers_of_a_rollback(self, who: str, number: int) -> Steps:
        yield self.declared()
        for artefact in (self.first, self.second, self.first):
            yield self.promoted(artefact)
        fails = None if number in (1, 2) else "environments: not an earlier promotion"
        yield self.send("rollback", self.place, number, by="stranger", fails=NOT_OWNER)
        yield self.send("rollback", self.place, number, fails=fails)
        if fails is None:
            artefact = self.first if number == 1 else self.second
            self.emitted("environments.RolledBack", environment=self.place, seq=4, to_seq=number)
            self.emitted("environments.Promoted", environment=self.place, seq=4, artefact=artefact)
            self.ok(artefact, 4, True)

    @way(Choice((1, 2, 3, 5)))
    def history_by_block(self, who: str, promotions: int) -> Steps:
        """Before the first one, in the block of each, between two, and after the last; of two in a block the later."""
        yield self.declared()
        made: list[tuple[int, bytes]] = []
        for number in range(promotions):
            self.evm.warp(10, 2)
            artefact = (self.first, self.second)[number % 2]
            yield self.promoted(artefact)
            made.append((self.evm.block_number, artefact))
        yield self.promoted(self.second)
        made.append((self.evm.block_number, self.second))
        assert self.refuses("environments.at", self.place, self.evm.block_number)
        self.evm.warp(10, 2)
        for block in range(made[0][0] - 1, self.evm.block_number):
            ran = [artefact for since, artefact in made if since <= block]
            assert tuple(self.view("at", self.place, block)) == ((ran[-1], len(ran)) if ran else (bytes(32), 0)), block

    @way(Choice([*Kind]))
    def kinds_that_run(self, who: str, kind: Kind) -> Steps:
        record = self.record(kind, 99)
        yield self.declared()
        yield self.tx("registry.register", record.args, sender=self["owner"])
        fails = None if kind in RUNNABLE else "environments: nothing runs this kind"
        yield self.promoted(self.domain.record_id(record), fails=fails)

    @way(
        Choice((Status.DEPRECATED, Status.REVOKED)), Choice((False, True)), Choice(("artefact", "ancestor", "unstored"))
    )
    def what_is_withdrawn(self, who: str, status: Status, sound: bool, what: str) -> Steps:
        """Of the artefact always, of an ancestor where the policy asks for it."""
        yield self.declared(sound=sound)
        yield self.promoted(self.first)
        yield self.promoted(self.second)
        self.ok(self.second, 2, True)
        if what == "unstored":
            fresh = self.record(Kind.MODEL, 77)
            yield self.tx("registry.register", fresh.args, sender=self["owner"])
            fails = "environments: lineage is not sound" if sound else None
            yield self.promoted(self.domain.record_id(fresh), fails=fails)
            return
        of = self.second if what == "artefact" else self.domain.record_id(self.data)
        yield self.tx("registry.set_status", of, status, "x", sender=self["owner"])
        holds = what == "ancestor" and not sound
        self.ok(self.second, 2, holds)
        wrong = "environments: artefact is not active" if what == "artefact" else "environments: lineage is not sound"
        yield self.promoted(self.second, fails=None if holds else wrong)
        fails = "environments: lineage is not sound" if what == "ancestor" and sound else None
        yield self.send("rollback", self.place, 1, fails=fails)

    @way()
    def an_heir_owns_it(self, who: str) -> Steps:
        yield self.declared()
        owner, heir = self["owner"], self["heir"]
        yield self.tx("registry.propose_replacement", owner, heir, sender=owner)
        yield self.tx("registry.accept_replacement", owner, owner, sender=heir)
        for function, *args in (
            ("promote", self.first),
            ("announce_policy", [], False),
            ("announce_restitution", heir),
        ):
            yield self.send(function, self.place, *args, fails=NOT_OWNER)
            yield self.send(function, self.place, *args, by="heir")

    # heartbeats -------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1, 2)), Choice((-1, 0, 1)), Choice((*FORMS, "salted")))
    def evidence(self, who: str, seq: int, later: int, form: str) -> Steps:
        """Another digest than the promoted artefact's, signed by the node for a second that has come."""
        yield self.declared()
        yield self.promoted(self.first)
        right, other = self.weights
        for time in (0, self.now + later):
            for digest in (right.digest, other.digest):
                beat = Heartbeat(self["node"], self.place, seq, digest, time)
                sign = self.beats.salted_digest if form == "salted" else self.beats.digest
                plain = self.keys["node"].sign(sign(HEARTBEAT, *beat.args))
                given = in_form(plain[:32], plain[32:64], plain[64], form)
                strange = self.keys["stranger"].sign(sign(HEARTBEAT, *beat.args))
                signed = form not in REFUSED
                false = signed and seq == 1 and digest != right.digest and 0 < time <= self.now
                if form == "66":  # longer than what the function takes
                    continue
                assert self.view("is_heartbeat_signed", beat.args, given) == signed
                assert not self.view("is_heartbeat_signed", beat.args, strange)
                assert self.view("is_heartbeat_false", beat.args, given, right.args) == false
                assert not self.view("is_heartbeat_false", beat.args, strange, right.args)
                assert not self.view("is_heartbeat_false", beat.args, given, other.args), "not what was promoted"
