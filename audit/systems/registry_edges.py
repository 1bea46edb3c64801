"""ProvenanceRegistry at its edges: every form of a signature, accounts that are contracts, the last replacement of a
key that is followed, the largest lineage that is walked, and guards that decide by one second or one character.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, ClassVar

from audit.systems._hub_edges import way
from audit.systems._registry import CLOSED
from audit.systems._signature_forms import REFUSED, in_form
from ethwire.abi import encode_args
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, System
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import LINK, RECORD, REGISTER
from keifu.keys import keccak256
from keifu.provenance import Attestation, Kind, Label, Link, Record, RegistryDomain, Relation, Status
from keifu.spec.identities import RECOVERY_NOTICE

__all__ = ["RegistryEdges"]

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
MAX_HOPS, MAX_LINEAGE, MAX_LINKS = 8, 128, 16
SCHEMA = b"\xa1" * 32
NO_KEY, NO_REASON = "registry: not the account's key", "registry: no reason given"
TAKEN_BACK, FORGED = "registry: already revoked", "registry: invalid signature"
FULLEST = 44  # records that all name the same three parents: more links than records that are walked
YES, NO, REVERT, SHORT, LONG = 0, 1, 2, 5, 6  # moods of HostileERC1271


class RegistryEdges(System):
    """Short ways to places where one more, or one less, decides."""

    contracts: ClassVar[tuple[str, ...]] = ("ProvenanceRegistry",)
    actors: ClassVar[tuple[str, ...]] = ("author", "heir", "recovery", "stranger")
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        registry = evm.deploy("ProvenanceRegistry", sender=owner)
        self.bind(
            registry=registry,
            exact=evm.deploy("ExactSigner", sender=owner),
            moody=evm.deploy("HostileERC1271", sender=owner),
        )
        self.domain = RegistryDomain(evm.chain_id, registry)
        self.keys = {role: evm.account(role) for role in self.actors}

    def start(self) -> None:
        self.began = self.now
        self.numbers = 0

    # words ------------------------------------------------------------------------------------------------------------

    def view(self, name: str, *args: Any) -> Any:
        return getattr(self.contract("registry"), name)(*args)

    def say(self, function: str, *args: Any, by: str = "author", fails: str | None = None) -> Any:
        """A call of the registry by the account of a role."""
        return self.tx(f"registry.{function}", *args, sender=self[by], fails=fails)

    def record(self, *parents: bytes, author: str = "author", **more: Any) -> Record:
        self.numbers += 1
        links = tuple(Link(Relation.DERIVED_FROM, parent) for parent in parents)
        digest = keccak256(b"%d" % self.numbers)
        return Record(self[author], more.pop("kind", Kind.WEIGHTS), digest, links=links, **more)

    def beginning_with(self, byte: int, *parents: bytes) -> Record:
        """One whose id begins with this byte: by it the registry finds its place among those that it has walked."""
        while True:
            record = self.record(*parents)
            if self.domain.record_id(record)[0] == byte:
                return record

    def put(self, *records: Record, stored: bool = True) -> Steps:
        """Register them, and store their links."""
        for record in records:
            yield self.say("register", record.args)
        for start in range(0, len(records) if stored else 0, MAX_LINKS):
            yield self.say("store_links", [record.args for record in records[start : start + MAX_LINKS]])

    def id_of(self, record: Record) -> bytes:
        return self.domain.record_id(record)

    def revoked(self, record: Record) -> Any:
        return self.say("set_status", self.id_of(record), Status.REVOKED, "why")

    # signatures -------------------------------------------------------------------------------------------------------

    @way(Choice(("65", "v of 0 or 1", "64", *REFUSED, "v of 2", "high s")), Choice((False, True)))
    def forms_of_a_signature(self, who: str, form: str, salted: bool) -> Steps:
        """Every form of wallets, with either parity, with and without the highest bit that a signature's s has."""
        seen: set[tuple[int, int]] = set()
        nonce = 0
        while len(seen) < 4:
            record = self.record()
            sign = self.domain.domain.salted_digest if salted else self.domain.domain.digest
            digest = sign(REGISTER, _content(record), nonce, self.now)
            signature = self.keys["author"].sign(digest)
            r, s, v = signature[:32], signature[32:64], signature[64]
            if (v, s[0] >> 6) in seen:
                continue
            seen.add((v, s[0] >> 6))
            given = in_form(r, s, v, form)
            if form == "v of 2":
                given = r + s + b"\2"
            if form == "high s":
                given = r + (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big") + bytes([55 - v])
            fails = FORGED if form in (*REFUSED, "v of 2", "high s") else None
            yield self.say("register_for", record.args, self.now, given, by="stranger", fails=fails)
            nonce += fails is None

    @way(Choice((False, True)))
    def an_account_that_is_a_contract(self, who: str, salted: bool) -> Steps:
        """It is asked about this digest, under either domain, with this signature, and about nothing else."""
        exact, signature = self["exact"], b"signed by several"
        record = replace(self.record(), author=exact)
        sign = self.domain.domain.salted_digest if salted else self.domain.domain.digest
        digest = sign(REGISTER, _content(record), 0, self.now)
        question = keccak256(encode_args(["bytes32", "bytes"], [digest, signature], "question"))
        yield self.tx("exact.expect", question, sender=self["stranger"])
        for wrong in (b"signed by few", signature + b"\0", b""):
            yield self.say("register_for", record.args, self.now, wrong, by="stranger", fails=FORGED)
        yield self.say("register_for", record.args, self.now, signature, by="stranger")

    @way(Choice((YES, NO, REVERT, SHORT, LONG)))
    def answers_of_a_contract(self, who: str, mood: int) -> Steps:
        record = replace(self.record(), author=self["moody"])
        yield self.tx("moody.set_mood", mood, sender=self["stranger"])
        fails = None if mood in (YES, LONG) else FORGED
        yield self.say("register_for", record.args, self.now, b"any", by="stranger", fails=fails)

    # anchors ----------------------------------------------------------------------------------------------------------

    def tree(self, *digests: bytes) -> tuple[bytes, list[list[bytes]]]:
        """Root of two leaves, and the proof of each."""
        first, second = (keccak256(keccak256(digest)) for digest in digests)
        return keccak256(min(first, second) + max(first, second)), [[second], [first]]

    @way()
    def a_record_in_an_anchor(self, who: str) -> Steps:
        """It counts as its author signed it, until its leaf or the whole anchor is taken back."""
        record, other = self.record(), self.record()
        digests = [self.domain.record_digest(item) for item in (record, other)]
        root, proofs = self.tree(*digests)
        yield self.say("anchor", root, 2, bytes(32), "", by="stranger")
        signed, salted, strange = (
            self.keys["author"].sign(digests[0]),
            self.keys["author"].sign(self.domain.domain.salted_digest(RECORD, *_members(record))),
            self.keys["stranger"].sign(digests[0]),
        )
        place = self["stranger"], root, record.args, proofs[0]
        assert self.view("is_record", *place, signed), "signed and anchored"
        assert self.view("is_record", *place, salted), "signed under the domain with a salt of zero"
        assert not self.view("is_record", *place, strange), "signed by a stranger"
        assert not self.view("is_record", self["stranger"], root, record.args, proofs[1], signed), "another's proof"
        assert not self.view("is_record", self["author"], root, record.args, proofs[0], signed), "anchored by nobody"
        yield self.say("revoke_leaf", self["stranger"], root, digests[0], proofs[0], "x", by="stranger")
        assert not self.view("is_record", *place, signed), "taken back"
        whole = self["stranger"], root, other.args, proofs[1], self.keys["author"].sign(digests[1])
        assert self.view("is_record", *whole), "the other leaf stays"
        yield self.say("revoke_anchor", root, "", by="stranger", fails=NO_REASON)
        yield self.say("revoke_anchor", root, "x", by="stranger")
        assert not self.view("is_record", *whole), "all of it taken back"
        yield self.say("revoke_anchor", root, "x", by="stranger", fails=TAKEN_BACK)
        again = self["stranger"], root, digests[1], proofs[1], "x"
        yield self.say("revoke_leaf", *again, by="stranger", fails=TAKEN_BACK)

    @way(Choice((0, 1)), Choice((0, 1)))
    def a_tree_by_its_halves(self, who: str, order: int, which: int) -> Steps:
        """In either order both halves lead to the root, for their anchorer and until it is taken back."""
        digests = [self.domain.record_digest(self.record()) for _ in range(2)]
        root, proofs = self.tree(*digests)
        halves = [proofs[1 - order][0], proofs[order][0]]
        place = self["stranger"], digests[which]
        wrong = "registry: not the root's halves"
        for other in ([halves[0], bytes(32)], [bytes(32), halves[1]], [halves[0], halves[0]]):
            yield self.say("anchor", root, 2, bytes(32), "", other, by="stranger", fails=wrong)
        assert self.view("root_of", *place, []) == bytes(32), "anchored by nobody"
        yield self.say("anchor", root, 2, bytes(32), "", halves, by="stranger")
        assert self.view("root_of", *place, []) == root, "by its half"
        assert self.view("root_of", *place, proofs[which]) == root, "by its root"
        assert self.view("root_of", *place, proofs[1 - which]) == bytes(32), "another's proof"
        assert self.view("root_of", self["author"], digests[which], []) == bytes(32), "another's anchor"
        twins = [halves[which], b"\6" * 32], [b"\6" * 32] * 2
        for pair in twins:
            above = keccak256(min(pair) + max(pair))
            yield self.say("anchor", above, 2, bytes(32), "", pair, by="stranger", fails="registry: half is anchored")
        yield self.say("revoke_leaf", self["stranger"], root, digests[which], proofs[which], "x", by="stranger")
        assert self.view("root_of", *place, []) == bytes(32), "taken back"
        assert self.view("root_of", self["stranger"], digests[1 - which], []) == root, "the other leaf stays"
        yield self.say("revoke_anchor", root, "x", by="stranger")
        assert self.view("root_of", self["stranger"], digests[1 - which], []) == bytes(32), "all of it taken back"

    @way(Choice((-1, 0, 1)))
    def anchored_about_when_a_key_was_closed(self, who: str, later: int) -> Steps:
        """In the same second counts, a second later does not, for a label and for a record alike."""
        record = self.record()
        label = Label(self["author"], b"\1" * 32, 7, b"\2" * 32, b"\3" * 32)
        root, proofs = self.tree(self.domain.record_digest(record), self.domain.label_digest(label))
        if later == 1:
            yield self.say("declare_lost", self["author"])
            self.evm.warp(1)
        yield self.say("anchor", root, 2, bytes(32), "", by="stranger")
        if later == -1:
            self.evm.warp(1)
        if later != 1:
            yield self.say("declare_lost", self["author"])
        counts = later != 1
        signatures = (
            self.keys["author"].sign(self.domain.record_digest(record)),
            self.keys["author"].sign(self.domain.label_digest(label)),
        )
        place = self["stranger"], root
        assert self.view("is_record", *place, record.args, proofs[0], signatures[0]) == counts, "record"
        assert self.view("is_label", *place, label.args, proofs[1], signatures[1]) == counts, "label"

    # keys -------------------------------------------------------------------------------------------------------------

    def inherited(self, by: str = "heir") -> Steps:
        yield self.say("propose_replacement", self["author"], self[by])
        yield self.say("accept_replacement", self["author"], self["author"], by=by)

    @way()
    def an_heir_takes_back(self, who: str) -> Steps:
        """What the key that it replaced had said and anchored; that key itself no longer does."""
        record = self.record()
        yield from self.put(record, stored=False)
        root = b"\7" * 32
        yield self.say("anchor", root, 1, bytes(32), "")
        yield self.say("attest", Attestation(SCHEMA, self.id_of(record)).args)
        yield from self.inherited()
        said = SCHEMA, self.id_of(record), self["author"]
        yield self.say("revoke_attestation", *said, fails=NO_KEY)
        yield self.say("revoke_attestation", *said, by="heir")
        yield self.say("revoke_anchor", root, "x", self["author"], fails=NO_KEY)
        yield self.say("revoke_anchor", root, "x", self["author"], by="heir")
        assert self.view("anchor_of", self["author"], root)[2] == self.now
        yield self.say("set_status", self.id_of(record), Status.DEPRECATED, "x", by="heir")

    @way()
    def a_closed_key_proposes_nobody(self, who: str) -> Steps:
        yield self.say("propose_replacement", self["author"], self["heir"])
        yield self.say("declare_lost", self["author"])
        yield self.say("propose_replacement", self["author"], self["stranger"], fails=CLOSED)
        void = "registry: proposal is void"
        yield self.say("accept_replacement", self["author"], self["author"], by="heir", fails=void)

    @way()
    def a_closed_key_accepts_nothing(self, who: str) -> Steps:
        yield self.say("propose_replacement", self["author"], self["heir"])
        yield self.say("declare_lost", self["heir"], by="heir")
        yield self.say("accept_replacement", self["author"], self["author"], by="heir", fails=CLOSED)

    @way()
    def a_recovery_address_replaces_a_lost_key(self, who: str) -> Steps:
        """After notice; the key stays closed since it was lost. Whoever was named before has no say any more."""
        author, recovery = self["author"], self["recovery"]
        yield self.say("name_recovery", recovery)
        yield self.say("declare_lost", author, by="recovery")
        lost = self.now
        yield self.say("propose_replacement", author, self["heir"], by="recovery")
        self.evm.warp(RECOVERY_NOTICE - 1)
        notice = "registry: proposal is under notice"
        yield self.say("accept_replacement", author, recovery, by="heir", fails=notice)
        self.evm.warp(1)
        yield self.say("accept_replacement", author, recovery, by="heir")
        assert tuple(self.view("identity_of", author))[:3] == (self["heir"], lost, recovery), "closed since it was lost"

    @way()
    def as_many_replacements_as_are_followed(self, who: str) -> Steps:
        """The eighth still acts for the first key; the ninth does not."""
        chain = [self["author"], *(f"0x{0x5EED00 + number:040x}" for number in range(MAX_HOPS + 1))]
        for number, (old, new) in enumerate(pairwise(chain)):
            yield self.tx("registry.propose_replacement", old, new, sender=old)
            yield self.tx("registry.accept_replacement", old, old, sender=new)
            acts = number < MAX_HOPS
            assert bool(self.ask("registry.acts_for", new, chain[0])) == acts, f"{number + 1} replacements"

    @way()
    def names_of_one_character(self, who: str) -> Steps:
        yield self.say("claim_name", "n")
        assert self.view("identity_of", self["author"])[3] == keccak256(b"n")
        yield self.say("claim_name", "")
        assert self.view("identity_of", self["author"])[3] == bytes(32)

    # records ----------------------------------------------------------------------------------------------------------

    @way()
    def reasons_of_one_character(self, who: str) -> Steps:
        record = self.record()
        yield from self.put(record, stored=False)
        yield self.say("set_status", self.id_of(record), Status.REVOKED, "", fails=NO_REASON)
        yield self.say("set_status", self.id_of(record), Status.REVOKED, "x")

    @way()
    def every_member_is_in_the_id(self, who: str) -> Steps:
        members: dict[str, Any] = {"content_root": b"\1" * 32, "program_root": b"\2" * 32, "manifest": b"\3" * 32}
        texts = {"uri": "u", "licence": "l", "version": "v"}
        record = self.record(**members, **texts)
        assert self.view("record_id", record.args) == self.id_of(record)
        yield from self.put(record, stored=False)
        assert self.view("check_record", record.args) == Status.ACTIVE
        others: dict[str, Any] = dict.fromkeys(members, b"\4" * 32) | dict.fromkeys(texts, "x")
        for name, value in others.items():
            assert self.view("check_record", replace(record, **{name: value}).args) == 0, name

    @way()
    def what_supersedes_something_revoked(self, who: str) -> Steps:
        old = self.record()
        yield from self.put(old, stored=False)
        yield self.revoked(old)
        made_from = self.record(self.id_of(old))
        yield self.say("register", made_from.args, fails="registry: parent is revoked")
        newer = replace(made_from, links=(Link(Relation.SUPERSEDES, self.id_of(old)),))
        yield self.say("register", newer.args)

    @way(Choice((0, 1, 2, 32)))
    def batches_of_attestations(self, who: str, number: int) -> Steps:
        record = self.record()
        yield from self.put(record, stored=False)
        said = [Attestation(bytes([at + 1]) * 32, self.id_of(record)).args for at in range(number)]
        yield self.say("attest_many", said, fails=None if number else "registry: empty batch")
        for schema, *_ in said:
            assert self.view("attestation_of", self["author"], schema, self.id_of(record))[0] == self.now

    @way(Choice((-1, 0, 1)))
    def an_expiry_about_now(self, who: str, later: int) -> Steps:
        record = self.record()
        yield from self.put(record, stored=False)
        said = Attestation(SCHEMA, self.id_of(record), self.now + later)
        yield self.say("attest", said.args, fails=None if later == 1 else "registry: already expired")

    @way(Choice((0, 1, 2)))
    def links_are_written_down_once(self, who: str, number: int) -> Steps:
        parents = [self.record() for _ in range(number)]
        child = self.record(*map(self.id_of, parents))
        yield from self.put(*parents)
        yield from self.put(child)
        self.emitted("registry.LinksStored", id=self.id_of(child), count_=number)
        yield self.say("store_links", [child.args])
        self.emitted("registry.LinksStored", count=0)

    # lineages ---------------------------------------------------------------------------------------------------------

    def sound(self, record: Record, named: Record, status: int) -> None:
        found = tuple(self.view("soundness_of", self.id_of(record)))
        assert found == (self.id_of(named), status), "the lineage is walked to its end, each record once"

    @way(Choice((0, 1, 2)), Choice((b"\0\0\0", b"\5\5\5", b"\5\5\0", b"\xff\xff\0", b"\1\2\3")))
    def parents_with_one_place(self, who: str, withdrawn: int, first_bytes: bytes) -> Steps:
        """Each parent is found, also where several would stand in one place of the table."""
        parents = [self.beginning_with(byte) for byte in first_bytes]
        child = self.record(*map(self.id_of, parents))
        yield from self.put(*parents, child)
        self.sound(child, child, Status.ACTIVE)
        yield self.revoked(parents[withdrawn])
        self.sound(child, parents[withdrawn], Status.REVOKED)

    @way(Choice((b"\5\5\5", b"\0\0\0", b"\xff\xff\xff", b"\1\2\3")))
    def many_with_the_same_parents(self, who: str, first_bytes: bytes) -> Steps:
        """More links than records may be walked, to a few that stand in one place of the table."""
        parents = [self.beginning_with(byte) for byte in first_bytes]
        layer = [self.record(*map(self.id_of, parents)) for _ in range(FULLEST)]
        groups = [layer[start : start + MAX_LINKS] for start in range(0, FULLEST, MAX_LINKS)]
        joined = [self.record(*map(self.id_of, group)) for group in groups]
        root = self.record(*map(self.id_of, joined))
        yield from self.put(*parents, *layer, *joined, root)
        self.sound(root, root, Status.ACTIVE)

    @way(Choice((MAX_LINEAGE, MAX_LINEAGE + 1)))
    def the_longest_lineage(self, who: str, length: int) -> Steps:
        """As many records as are walked, and one more."""
        chain = [self.record()]
        for _ in range(length - 1):
            chain.append(self.record(self.id_of(chain[-1])))
        yield from self.put(*chain)
        self.sound(chain[-1], *((chain[-1], Status.ACTIVE) if length <= MAX_LINEAGE else (chain[1], 0)))


def _members(record: Record) -> tuple[Any, ...]:
    """As EIP-712 hashes them."""
    *plain, links = record.args
    return (*plain, [LINK.hash(*link) for link in links])


def _content(record: Record) -> bytes:
    return RECORD.hash(*_members(record))
