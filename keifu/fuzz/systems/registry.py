"""ProvenanceRegistry and Environments: records out of a fixed family, attestations, policies, promotions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from keifu.evm import LocalEvm, artifacts
from keifu.fuzz.models.provenance import ProvenanceModel, Refused
from keifu.fuzz.system import Steps, System, action, invariant
from keifu.fuzz.values import Choice, Index
from keifu.keys import keccak256
from keifu.provenance import Attestation, Kind, Link, PolicyEntry, Record, RegistryDomain, Relation

FAMILY = 10  # records, each made from up to two earlier ones
NAMES = ("production", "staging")
SCHEMAS = tuple(hashlib.sha256(name.encode()).digest() for name in ("evaluated", "scanned"))
MONTH = 2_592_000
AGES = (0, MONTH)  # largest age of an attestation, seconds; 0: any
LIVES = (0, 0, 1, MONTH)  # seconds until an attestation expires; 0: never
NOBODY = b"\x99" * 26 + bytes(6)
FOUNDERS = 4  # records that are there before the first call
OPENED = ((NAMES[0], 2), (NAMES[1], 0))  # environments of the owner that are there, with the shape of their policy
ROOTS = tuple(bytes([number + 1]) * 32 for number in range(3))


class Registry(System):
    """Everybody registers, attests, withdraws and promotes, in his own name and in others'."""

    contracts = ("ProvenanceRegistry", "Environments")
    actors = ("author", "rival", "attestor", "owner")

    def setup(self, evm: LocalEvm) -> None:
        registry = evm.deploy("ProvenanceRegistry", sender=self["owner"])
        environments = evm.deploy("Environments", registry, sender=self["owner"])
        self.bind(registry=registry, environments=environments)
        self.keys = {self[role]: evm.account(role) for role in self.actors}
        self.notice: int = artifacts.constant("registry/Environments.vy", "NOTICE")
        self.domain = RegistryDomain(evm.chain_id, registry.address)
        self.family: list[tuple[Record, bytes]] = []
        for number in range(FAMILY):
            author = self[("author", "author", "rival")[number % 3]]
            links = tuple(Link(Relation(1 + number % 7), self.family[parent][1]) for parent in self.parents(number))
            record = Record(author, Kind(1 + number), bytes([number + 1]) * 32, links=links)
            self.family.append((record, self.domain.record_id(record)))
        self.ids = [record_id for _, record_id in self.family]
        self.places = {
            (who, name): environments.environment_id(who, name) for who in self.roles.values() for name in NAMES
        }
        for record, _ in self.family[:FOUNDERS]:
            registry.register(record.args, sender=record.author)
        for name, shape in OPENED:
            entries = [entry.args for entry in self.policy(shape)]
            environments.declare_environment(name, entries, sender=self["owner"])
        self.record_word = self.read("registry._records")
        self.said_word = self.read("registry.attestations._attestations")
        self.anchor_word = self.read("registry.anchors._anchors")
        self.nonce = self.read("registry.nonces")
        self.environment_word = self.read("environments._environments")
        self.promotion_word = self.read("environments._promotions")

    def parents(self, number: int) -> set[int]:
        return {number - 1, number // 2} - {number, -1} if number % 4 else set()

    def start(self) -> None:
        self.model = ProvenanceModel(self.notice)
        self.model.now, self.model.block = self.now, self.evm.block_number
        for record, record_id in self.family[:FOUNDERS]:
            self.model.register(record.author, record, record_id)
        for name, shape in OPENED:
            self.model.declare(self["owner"], self.places[self["owner"], name], self.policy(shape))

    def deadlines(self) -> list[int]:
        ends = [said.expiry for said in self.model.statements.values() if said.expiry]
        aged = [said.time + MONTH for said in self.model.statements.values()]
        starts = [since for place in self.model.environments.values() for since, _ in place.policies]
        return [*ends, *aged, *starts]

    def predicted(self, step: Callable[[], None]) -> str | None:
        """The model's reason for a refusal, or None after it took the step."""
        self.model.now, self.model.block = self.now, self.evm.block_number
        try:
            step()
        except Refused as refused:
            return str(refused)
        return None

    def known(self, who: str) -> list[bytes]:
        """Registered records, with one that is not."""
        del who
        return [*self.model.records, NOBODY]

    def said(self, who: str) -> list[tuple[bytes, bytes]]:
        """(schema, subject) of what somebody attested."""
        return [(schema, subject) for attester, schema, subject in self.model.statements if attester == who]

    def policy(self, shape: int) -> list[PolicyEntry]:
        """None, one of one, one of two, two of two, or one each of two schemas."""
        first, second = self["attestor"], self["rival"]
        age = AGES[shape // 5 % 2]
        match shape % 5:
            case 0:
                return []
            case 1:
                return [PolicyEntry(SCHEMAS[0], 1, age, (first,))]
            case 2:
                return [PolicyEntry(SCHEMAS[0], 1, age, (first, second))]
            case 3:
                return [PolicyEntry(SCHEMAS[0], 2, age, (first, second))]
        return [PolicyEntry(SCHEMAS[0], 1, age, (first,)), PolicyEntry(SCHEMAS[1], 1, 0, (second,))]

    # registry ------------------------------------------------------------------------------------------------------

    @action("", Index(FAMILY - 1), weight=12)
    def register(self, who: str, number: int) -> Steps:
        record, record_id = self.family[number]
        fails = self.predicted(lambda: self.model.register(who, record, record_id))
        yield self.tx("registry.register", record.args, sender=who, fails=fails)
        if fails is None and self.sometimes():
            self.emitted("registry.Registered", id=record_id, author=who, digest=record.digest)

    @action("", Index(FAMILY - 1), Choice(("", "", "nonce", "late", "other key", "other record")), weight=6)
    def register_for(self, who: str, number: int, fault: str) -> Steps:
        record, record_id = self.family[number]
        deadline = self.now - (fault == "late")
        nonce = self.model.nonces.get(record.author, 0) + (fault == "nonce")
        signed = self.family[(number + 1) % FAMILY][0] if fault == "other record" else record
        key = self.keys[self["owner"] if fault == "other key" else record.author]
        signature = key.sign(self.domain.register_digest(signed, nonce, deadline))
        valid = fault in ("", "late")
        fails = self.predicted(lambda: self.model.register_for(record, record_id, valid=valid, deadline=deadline))
        yield self.tx("registry.register_for", record.args, deadline, signature, sender=who, fails=fails)

    @action("registry.cancel_nonce", weight=1)
    def cancel_nonce(self, who: str) -> Steps:
        self.predicted(lambda: self.model.cancel_nonce(who))
        yield

    @action("", Choice("known"), Choice((2, 2, 3, 1, 4)), Choice((True, True, False)), weight=1)
    def set_status(self, who: str, record_id: bytes, status: int, mine: bool) -> Steps:
        known = self.model.records.get(record_id)
        sender = known.record.author if known and mine else who
        fails = self.predicted(lambda: self.model.set_status(sender, record_id, status))
        yield self.tx("registry.set_status", record_id, status, "because", sender=sender, fails=fails)

    @action("", Choice(SCHEMAS), Choice("known"), Choice(LIVES), Choice((True, True, False)), weight=12)
    def attest(self, who: str, schema: bytes, subject: bytes, life: int, revocable: bool) -> Steps:
        said = Attestation(schema, subject, self.now + life if life else 0, revocable)
        fails = self.predicted(lambda: self.model.attest(who, said))
        yield self.tx("registry.attest", said.args, sender=who, fails=fails)

    @action("", Choice("said", (SCHEMAS[0], NOBODY)), weight=2)
    def revoke_attestation(self, who: str, about: tuple[bytes, bytes]) -> Steps:
        schema, subject = about
        fails = self.predicted(lambda: self.model.revoke(who, schema, subject))
        yield self.tx("registry.revoke_attestation", schema, subject, sender=who, fails=fails)

    @action("", Choice(ROOTS), weight=1)
    def anchor(self, who: str, root: bytes) -> Steps:
        fails = self.predicted(lambda: self.model.anchor(who, root, 5))
        yield self.tx("registry.anchor", root, 5, bytes(32), "", sender=who, fails=fails)

    # environments --------------------------------------------------------------------------------------------------

    @action("", Choice(NAMES), Index(9), weight=4)
    def declare(self, who: str, name: str, shape: int) -> Steps:
        policy = self.policy(shape)
        fails = self.predicted(lambda: self.model.declare(who, self.places[who, name], policy))
        entries = [entry.args for entry in policy]
        yield self.tx("environments.declare_environment", name, entries, sender=who, fails=fails)

    @action("", Choice(NAMES), Index(9), sender=("owner", "owner", "author"), weight=3)
    def announce(self, who: str, name: str, shape: int) -> Steps:
        place, policy = self.places[self["owner"], name], self.policy(shape)
        fails = self.predicted(lambda: self.model.announce(who, place, policy))
        entries = [entry.args for entry in policy]
        yield self.tx("environments.announce_policy", place, entries, sender=who, fails=fails)

    @action("", Choice(NAMES), Choice("known"), sender=("owner", "owner", "author"), weight=12)
    def promote(self, who: str, name: str, artefact: bytes) -> Steps:
        place = self.places[self["owner"], name]
        fails = self.predicted(lambda: self.model.promote(who, place, artefact))
        yield self.tx("environments.promote", place, artefact, sender=who, fails=fails)
        if fails is None and self.sometimes():
            seq = len(self.model.environments[place].promotions)
            self.emitted("environments.Promoted", environment=place, seq=seq, artefact=artefact)

    @action("", Choice(NAMES), Index(4), sender=("owner", "owner", "author"), weight=5)
    def rollback(self, who: str, name: str, seq: int) -> Steps:
        place = self.places[self["owner"], name]
        fails = self.predicted(lambda: self.model.rollback(who, place, seq))
        yield self.tx("environments.rollback", place, seq, sender=who, fails=fails)

    # what always holds ---------------------------------------------------------------------------------------------

    @invariant("REG-1")
    def records_stay(self) -> bool:
        """A record keeps author, kind and time; what was not registered is not there."""
        for record_id in self.ids:
            entry = self.model.records.get(record_id)
            word = 0
            if entry is not None:
                word = int(entry.record.author, 16) | entry.time << 160 | entry.record.kind << 200 | entry.status << 208
            if self.record_word(record_id) != word:
                return False
        return True

    @invariant("REG-4")
    def nonces_count_signatures(self) -> bool:
        """A nonce counts the signatures that were used or cancelled."""
        return all(self.nonce(who) == count for who, count in self.model.nonces.items())

    @invariant("REG-5")
    def latest_words_stand(self) -> bool:
        """An attestation is its attester's latest word."""
        for (attester, schema, subject), said in self.model.statements.items():
            key = keccak256(bytes(12) + bytes.fromhex(attester[2:]) + schema + subject)
            word = said.time | said.expiry << 40 | said.revoked_at << 104 | said.edition << 144 | said.revocable << 176
            if self.said_word(key) != word:
                return False
        return True

    @invariant("REG-6")
    def anchors_stay(self) -> bool:
        """An anchor stays as it was made."""
        return all(self.anchor_word(*key) == time | count << 40 for key, (time, count) in self.model.anchors.items())

    @invariant("ENV-4")
    def promotions_stay(self) -> bool:
        """Every promotion stays under its number, with its artefact and its block."""
        for place, known in self.model.environments.items():
            if self.environment_word(place) >> 160 & (2**40 - 1) != len(known.promotions):
                return False
            for seq, (artefact, block) in enumerate(known.promotions, 1):
                if self.promotion_word(place, seq) != int.from_bytes(artefact, "big") | block:
                    return False
        return True

    @invariant("ENV-2", at_end=True)
    def production_is_the_models(self) -> bool:
        """`current` and `at` say what the model says, policy included."""
        self.model.now = self.now
        environments = self.contract("environments")
        for place, known in self.model.environments.items():
            if environments.current(place) != self.model.current(place):
                return False
            blocks = {block + around for _, block in known.promotions for around in (-1, 0)}
            for block in blocks:
                if block < self.evm.block_number and environments.at(place, block) != self.model.at(place, block):
                    return False
        return True
