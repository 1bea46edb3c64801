"""ProvenanceRegistry: the set-up of both contracts, records and attestations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Choice, Flag
from keifu.keys import keccak256
from keifu.provenance import (
    Attestation,
    Kind,
    Link,
    Record,
    RegistryDomain,
    Relation,
    Status,
    environments_domain,
)
from keifu.spec.identities import Identities
from keifu.units import DAY

NOBODY = "0x" + "22" * 20
UNKNOWN = b"\x77" * 26 + bytes(6)
DIGESTS = tuple(bytes([number]) * 32 for number in range(1, 6))
SCHEMAS = (b"\xa1" * 32, b"\xa2" * 32)
FORGERIES = ("", "", "", "other key", "used nonce", "expired")
MAX_RECORDS = 24
CLOSED = "registry: key was replaced or lost"
Key = tuple[str, bytes, bytes]


@dataclass
class Said:
    """The latest attestation of one attester under one schema about one record."""

    time: int
    expiry: int
    edition: int
    revocable: bool
    revoked: int = 0

    def stands(self, now: int) -> bool:
        return self.revoked == 0 and (self.expiry == 0 or self.expiry > now)

    @property
    def word(self) -> int:
        return self.time


@dataclass
class Place:
    """One environment."""

    owner: str
    name: str
    policies: list[tuple[int, list[Any], bool]] = field(default_factory=list)
    promotions: list[tuple[bytes, int]] = field(default_factory=list)
    restitutions: list[tuple[int, str]] = field(default_factory=list)


class Registry(System):
    """Nothing that was recorded ever changes but its status."""

    contracts: ClassVar[tuple[str, ...]] = ("ProvenanceRegistry", "Environments")
    actors: ClassVar[tuple[str, ...]] = ("author", "other author", "attester", "other attester")

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        registry = evm.deploy("ProvenanceRegistry", sender=owner)
        places = evm.deploy("Environments", registry, sender=owner)
        self.bind(registry=registry, environments=places)
        self.domain = RegistryDomain(evm.chain_id, registry)
        self.beats = environments_domain(evm.chain_id, places)
        self.keys = {self[role]: evm.account(role) for role in self.actors}
        self.record_word, self.nonce_word = self.read("registry.records._records"), self.read("registry.nonces")
        self.place_word = self.read("environments.promotions._environments")
        self.notice = artifacts.constant("registry/Environments.vy", "NOTICE")
        first, second = self["attester"], self["other attester"]
        crowd = [f"0x{number:040x}" for number in range(1, 8)]  # eight attesters, of whom the last ones speak
        self.policies: list[list[tuple[bytes, int, int, list[str]]]] = [
            [],
            [],
            [(SCHEMAS[0], 1, 0, [first])],
            [(SCHEMAS[0], 1, DAY, [first, second])],
            [(SCHEMAS[0], 2, 0, [first, second]), (SCHEMAS[1], 1, 0, [second])],
            [(SCHEMAS[0], 0, 0, [first])],
            [(SCHEMAS[0], 2, 0, [first])],
            [(SCHEMAS[1], 1, 0, [first, second, first])],
            [(SCHEMAS[0], 1, DAY, [*crowd, first]), (SCHEMAS[1], 1, 0, [*crowd[:6], second, first])],
        ]

    def start(self) -> None:
        self.records: dict[bytes, Record] = {}
        self.words: dict[bytes, list[int]] = {}  # author, time, kind, status
        self.nonces = dict.fromkeys(self.addresses, 0)
        self.said: dict[Key, Said] = {}
        self.roots: dict[tuple[str, bytes], list[int]] = {}  # time, leaves, taken back at
        self.above: dict[tuple[str, bytes], bytes] = {}  # of a half of an anchored tree: its root
        self.written: set[bytes] = set()
        self.people = Identities()
        self.places: dict[bytes, Place] = {}

    def deadlines(self) -> list[int]:
        expiries = [item.expiry for item in list(self.said.values())[-4:] if item.expiry]
        ages = [item.time + DAY for item in list(self.said.values())[-2:]]
        return [place.policies[-1][0] for place in self.places.values()] + expiries + ages

    def ids(self, who: str) -> list[bytes]:
        return [*self.records, UNKNOWN]

    def own_ids(self, who: str) -> list[bytes]:
        return [number for number, record in self.records.items() if record.author == who]

    # registry ---------------------------------------------------------------------------------------------------------

    def record(self, author: str, kind: int, digest: bytes, parents: list[bytes], version: str) -> Record:
        later = version == "2"  # takes the place of its first parent
        links = tuple(Link(Relation(7 if later and not i else 1 + i % 7), parent) for i, parent in enumerate(parents))
        return Record(author, Kind(kind), digest, version=version, links=links)

    def refusal_of(self, record: Record, number: bytes) -> str | None:
        if number in self.records:
            return "registry: record is registered"
        if not self.people.is_open(record.author):
            return CLOSED
        for link in record.links:
            if link.parent not in self.records:
                return "registry: unknown parent"
            if self.words[link.parent][3] == Status.REVOKED and link.relation != Relation.SUPERSEDES:
                return "registry: parent is revoked"
        return None

    def registered(self, record: Record, number: bytes) -> None:
        self.records[number] = record
        self.words[number] = [int(record.author, 16), self.now, int(record.kind), 1]
        if self.sometimes():
            self.emitted("registry.Registered", id=number, author=record.author, digest=record.digest)

    @action(
        "", Choice(range(1, 11)), Choice(DIGESTS), Choice("ids", UNKNOWN), Choice((0, 0, 1, 2, 5, 16)),
        Choice(("", "2")), Choice(("", "", "", "", "author", "kind", "digest", "relation")), weight=10,
    )  # fmt: skip
    def register(
        self, who: str, kind: int, digest: bytes, parent: bytes, links: int, version: str, spoilt: str
    ) -> Steps:
        if len(self.records) >= MAX_RECORDS:
            return None
        record = self.record(who, kind, digest, [parent] * links, version)
        values = list(record.args)
        fails = self.refusal_of(record, number := self.domain.record_id(record))
        match spoilt:
            case "author":
                values[0], fails = NOBODY, "registry: not the author"
            case "kind":
                values[1], fails = 0 if links else 11, "registry: unknown kind"
            case "digest":
                values[2], fails = bytes(32), "registry: empty digest"
            case "relation" if links:
                values[9] = [(8 if links > 1 else 0, parent)]
                fails = "registry: unknown relation" if self.people.is_open(who) else CLOSED
        returned = yield self.tx("registry.register", tuple(values), sender=who, fails=fails)
        if fails is None:
            assert returned == number, "register returns the record's id"
            self.registered(record, number)

    def signature(self, who: str, digest: bytes, forgery: str) -> bytes:
        signer = self.addresses[(self.addresses.index(who) + 1) % 4] if forgery == "other key" else who
        return self.keys[signer].sign(digest)

    @action("", Choice(range(1, 11)), Choice(DIGESTS), Choice("addresses"), Choice(FORGERIES), weight=5)
    def register_for(self, who: str, kind: int, digest: bytes, author: str, forgery: str) -> Steps:
        if len(self.records) >= MAX_RECORDS:
            return None
        record = self.record(author, kind, digest, [], "signed")
        number = self.domain.record_id(record)
        deadline = self.now - 1 if forgery == "expired" else self.now
        nonce = self.nonces[author] + (forgery == "used nonce")
        signature = self.signature(author, self.domain.register_digest(record, nonce, deadline), forgery)
        fails = self.refusal_of(record, number)
        if forgery:
            fails = "registry: signature expired" if forgery == "expired" else "registry: invalid signature"
        returned = yield self.tx("registry.register_for", record.args, deadline, signature, sender=who, fails=fails)
        if fails is None:
            assert returned == number, "register_for returns the record's id"
            self.nonces[author] += 1
            self.registered(record, number)

    @action("registry.cancel_nonce", weight=1)
    def cancel_nonce(self, who: str) -> Steps:
        yield
        self.nonces[who] += 1

    @action("", Choice("own_ids", UNKNOWN), Choice("ids", UNKNOWN), Flag(), Choice((0, 1, 2, 3, 4)), Flag(), weight=4)
    def set_status(self, who: str, own: bytes, other: bytes, honest: bool, status: int, silent: bool) -> Steps:
        number = own if honest else other
        known = self.records.get(number)
        fails = None
        if known is None:
            fails = "registry: unknown record"
        elif not self.people.acts(who, known.author):
            fails = "registry: not the record's author"
        elif status <= self.words[number][3]:
            fails = "registry: status only grows"
        elif status > 3:
            fails = "registry: unknown status"
        elif silent:
            fails = "registry: no reason given"
        yield self.tx("registry.set_status", number, status, "" if silent else "why", sender=who, fails=fails)
        if fails is None:
            self.words[number][3] = status
            if self.sometimes():
                self.emitted("registry.StatusChanged", id=number, status=status, reason="why")

    def attestation_fails(self, key: Key, expiry: int, reference: bytes) -> str | None:
        before = self.said.get(key)
        if key[2] not in self.records:
            return "registry: unknown subject"
        if self.words[key[2]][3] == Status.REVOKED:
            return "registry: subject is revoked"
        if not self.people.is_open(key[0]):
            return CLOSED
        if expiry and expiry <= self.now:
            return "registry: already expired"
        if reference != bytes(32) and reference not in map(_key, self.said):
            return "registry: unknown reference"
        if before and not before.revocable and before.stands(self.now):
            return "registry: attestation stands"
        return None

    def attested(self, key: Key, expiry: int, revocable: bool) -> None:
        edition = self.said[key].edition + 1 if key in self.said else 1
        self.said[key] = Said(self.now, expiry, edition, revocable)
        if self.sometimes():
            wanted = {"edition": edition, "expiry": expiry, "revocable": revocable}
            self.emitted("registry.Attested", attester=key[0], schema=key[1], subject=key[2], **wanted)

    @action(
        "", Choice(SCHEMAS), Choice("ids", UNKNOWN), Choice((0, 0, -1, 0, 1, DAY)), Flag(), Choice((0, 0, 0, 1, 2)),
        weight=9,
    )  # fmt: skip
    def attest(self, who: str, schema: bytes, subject: bytes, lifetime: int, revocable: bool, reference: int) -> Steps:
        key = (who, schema, subject)
        expiry = self.now + lifetime if lifetime else 0
        refers = bytes(32) if reference == 0 else b"\x99" * 32
        if reference == 1 and self.said:
            refers = _key(next(iter(self.said)))
        fails = self.attestation_fails(key, expiry, refers)
        values = Attestation(schema, subject, expiry, revocable, refers).args
        returned = yield self.tx("registry.attest", values, sender=who, fails=fails)
        if fails is None:
            assert returned == _key(key), "attest returns the key"
            self.attested(key, expiry, revocable)

    @action("", Choice(SCHEMAS), Choice("ids", UNKNOWN), Choice("addresses"), Choice(FORGERIES), weight=4)
    def attest_for(self, who: str, schema: bytes, subject: bytes, attester: str, forgery: str) -> Steps:
        statement = Attestation(schema, subject)
        deadline = self.now - 1 if forgery == "expired" else self.now
        nonce = self.nonces[attester] + (forgery == "used nonce")
        digest = self.domain.attest_digest(attester, statement, nonce, deadline)
        fails = self.attestation_fails((attester, schema, subject), 0, bytes(32))
        if forgery:
            fails = "registry: signature expired" if forgery == "expired" else "registry: invalid signature"
        signature = self.signature(attester, digest, forgery)
        values = (attester, statement.args, deadline, signature)
        returned = yield self.tx("registry.attest_for", *values, sender=who, fails=fails)
        if fails is None:
            assert returned == _key((attester, schema, subject)), "attest_for returns the key"
            self.nonces[attester] += 1
            self.attested((attester, schema, subject), 0, True)

    @action("", Choice(SCHEMAS), Choice("ids", UNKNOWN), Choice("own_or_other"), weight=4)
    def revoke_attestation(self, who: str, schema: bytes, subject: bytes, attester: str) -> Steps:
        said, fails = self.said.get((attester, schema, subject)), None
        if said is None:
            fails = "registry: unknown attestation"
        elif not self.people.acts(who, attester):
            fails = "registry: not the account's key"
        elif not said.revocable:
            fails = "registry: attestation is irrevocable"
        elif said.revoked:
            fails = "registry: already revoked"
        yield self.tx("registry.revoke_attestation", schema, subject, attester, sender=who, fails=fails)
        if fails is None and said is not None:
            said.revoked = self.now
            if self.sometimes():
                self.emitted("registry.AttestationRevoked", attester=attester, schema=schema, subject=subject)

    def own_or_other(self, who: str) -> list[str]:
        """Accounts, oneself three times as often."""
        return [who] * 3 + list(self.addresses)

    @action("", Choice("ids", UNKNOWN), weight=5)
    def store_links(self, who: str, number: bytes) -> Steps:
        """Of one record; refused until its parents' are stored."""
        record = self.records.get(number) or self.record(who, 1, DIGESTS[0], [], "never registered")
        fails = None
        if number not in self.records:
            fails = "registry: unknown record"
        elif number not in self.written and any(parent not in self.written for parent in self.made_from(number)):
            fails = "registry: parent is not stored"
        yield self.tx("registry.store_links", [record.args], sender=who, fails=fails)
        if fails is None:
            self.written.add(number)

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("REG-1")
    def records_only_grow(self) -> bool:
        """A record keeps author, time and kind for ever; its status is the last one that its author set."""
        return all(
            self.record_word(number) == author | time << 160 | kind << 200 | status << 208
            for number, (author, time, kind, status) in self.words.items()
        )

    @invariant("REG-5", at_end=True)
    def every_value_is_read_back(self) -> bool:
        """Every value of what was said and anchored, not the first alone."""
        registry = self.contract("registry")
        for key, said in self.said.items():
            wanted = (said.time, said.expiry, said.revoked, said.edition, said.revocable)
            if tuple(registry.attestation_of(*key)) != wanted:
                return False
            for since in (0, said.time, said.time + 1):
                standing = said.stands(self.now) and said.time >= since
                if registry.is_standing(*key, since) != standing:
                    return False
        for (anchorer, root), (time, count, revoked) in self.roots.items():
            if tuple(registry.anchor_of(anchorer, root)) != (time, count, revoked, self.leaves_revoked(anchorer, root)):
                return False
        return all(
            tuple(registry.state_of(number))
            == (record.author, int(record.kind), self.words[number][3], self.words[number][1])
            and registry.check_record(record.args) == registry.status_of(number) == self.words[number][3]
            and registry.record_id(record.args) == number
            for number, record in self.records.items()
        )

    def leaves_revoked(self, anchorer: str, root: bytes) -> int:
        """How many leaves of an anchored tree were taken back."""
        return 0

    def made_from(self, number: bytes) -> list[bytes]:
        return [link.parent for link in self.records[number].links if link.relation != Relation.SUPERSEDES]

    def family(self, number: bytes) -> set[bytes]:
        """The record and everything that it was made from."""
        found, pending = {number}, [number]
        while pending:
            parents = self.made_from(pending.pop())
            pending += [parent for parent in parents if parent not in found]
            found.update(parents)
        return found

    def is_sound(self, number: bytes) -> bool:
        return number in self.written and all(self.words[item][3] == Status.ACTIVE for item in self.family(number))

    @invariant("REG-8", at_end=True)
    def a_withdrawn_ancestor_shows(self) -> bool:
        """From every descendant whose links are stored, with the state of the one that is named."""
        for number in self.records:
            named, status = self.contract("registry").soundness_of(number)
            if (status == Status.ACTIVE) != self.is_sound(number):
                return False
            if status and (named not in self.family(number) or self.words[named][3] != status):
                return False
        return True

    @invariant("REG-4")
    def nonces_follow(self) -> bool:
        """A signature counts once."""
        return all(self.nonce_word(who) == nonce for who, nonce in self.nonces.items())


def _key(key: Key) -> bytes:
    return keccak256(bytes.fromhex(key[0][2:]).rjust(32, b"\0") + key[1] + key[2])
