"""Registry and environments in any order of calls, beside the model: same answers, same refusals, nothing ever lost."""

from __future__ import annotations

import hashlib

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, Revert, artifacts
from keifu.keys import keccak256
from keifu.provenance import Attestation, Kind, Link, PolicyEntry, Record, RegistryDomain
from keifu.spec.provenance import RECOVERY_NOTICE, ProvenanceModel, Refused

ROLES = ("author", "rival", "attestor", "owner")
SCHEMAS = tuple(hashlib.sha256(name.encode()).digest() for name in ("evaluated", "scanned"))
FAR = 2**39
DIGESTS = tuple(hashlib.sha256(name.encode()).digest() for name in ("one", "two", "three"))
LEAVES = tuple(keccak256(keccak256(digest)) for digest in DIGESTS)
NOTICE = artifacts.constant("registry/Environments.vy", "NOTICE")

roles = st.sampled_from(ROLES)
schemas = st.sampled_from(SCHEMAS)
picks = st.integers(0, 2**16)


def reason_of(action, refusal):
    """Why it was refused; None when it was not."""
    try:
        action()
    except refusal as error:
        return error.reason if isinstance(error, Revert) else str(error)
    return None


def parent(first, second):
    return keccak256(min(first, second) + max(first, second))


class RegistryMachine(RuleBasedStateMachine):
    """Every rule predicts with the model, then calls; a refusal has to be the predicted one, to the letter."""

    @initialize()
    def deploy(self):
        self.evm = LocalEvm()
        deployer = self.evm.account("deployer")
        self.registry = self.evm.deploy("ProvenanceRegistry", sender=deployer)
        self.environments = self.evm.deploy("Environments", self.registry, sender=deployer)
        self.domain = RegistryDomain(self.evm.chain_id, self.registry.address)
        self.model = ProvenanceModel(NOTICE)
        self.accounts = {role: self.evm.account(role) for role in ROLES}
        self.answers: dict[tuple[bytes, int], tuple[bytes, int]] = {}
        self.used: list[tuple[Record, int, bytes]] = []
        self.sync()
        # A place to start from: two records, an open environment and one that asks for the attestor.
        for number in range(2):
            self.register("author", "author", number, 0, number)
        for number in (4, 5):  # weights and a model, which can run
            self.register("author", "author", number - 1, 1, 1)
        self.declare("owner", "staging", 0, 0, True, "rival")
        policy = [PolicyEntry(SCHEMAS[0], 1, 3_000, (self.address("attestor"),))]
        self.declare_with("owner", "production", policy, False, "owner")

    def sync(self):
        self.model.now, self.model.block = self.evm.now, self.evm.block_number

    def both(self, predict, call):
        """The model's prediction, then the contract."""
        self.sync()
        expected = reason_of(predict, Refused)
        actual = reason_of(call, Revert)
        assert actual == expected, f"the contract says {actual!r}, the model {expected!r}"

    def address(self, role):
        return self.accounts[role].address

    def known(self, pick, otherwise=b"\x99" * 26 + bytes(6)):
        ids = list(self.model.records)
        return ids[pick % len(ids)] if ids and pick % 16 else otherwise

    def record(self, role, number, pick, links):
        parents = tuple(Link(1 + i % 7, self.known(pick + i)) for i in range(links))
        return Record(self.address(role), Kind(1 + number % 10), bytes([number + 1]) * 32, links=parents)

    # registry ------------------------------------------------------------------------------------------------------

    @rule(role=roles, by=roles, number=st.integers(0, 30), pick=picks, links=st.integers(0, 3))
    def register(self, role, by, number, pick, links):
        record = self.record(role, number, pick, links)
        self.both(
            lambda: self.model.register(self.address(by), record, self.domain.record_id(record)),
            lambda: self.registry.register(record.args, sender=self.accounts[by]),
        )

    @rule(role=roles, signer=roles, number=st.integers(0, 30), pick=picks, late=st.booleans(), off=st.integers(0, 1))
    def register_for(self, role, signer, number, pick, late, off):
        record = self.record(role, number, pick, 1)
        deadline = self.evm.now - 1 if late else self.evm.now
        nonce = self.model.nonces.get(record.author, 0) + off
        signature = self.accounts[signer].sign(self.domain.register_digest(record, nonce, deadline))
        valid = signer == role and off == 0
        self.both(
            lambda: self.model.register_for(record, self.domain.record_id(record), valid=valid, deadline=deadline),
            lambda: self.registry.register_for(record.args, deadline, signature, sender=self.accounts["rival"]),
        )
        if valid:
            self.used.append((record, deadline, signature))

    @precondition(lambda self: self.used)
    @rule(pick=picks)
    def replay(self, pick):
        """A signature that was used, or whose nonce has passed, registers nothing. (REG-4)"""
        record, deadline, signature = self.used[pick % len(self.used)]
        if self.domain.record_id(record) in self.model.records:
            before = self.registry.nonces(record.author)
            again = (record.args, deadline, signature)
            assert reason_of(lambda: self.registry.register_for(*again, sender=self.accounts["rival"]), Revert)
            assert self.registry.nonces(record.author) == before

    @rule(role=roles)
    def cancel_nonce(self, role):
        self.both(
            lambda: self.model.cancel_nonce(self.address(role)),
            lambda: self.registry.cancel_nonce(sender=self.accounts[role]),
        )

    @rule(role=roles, pick=picks, status=st.integers(1, 4))
    def set_status(self, role, pick, status):
        record_id = self.known(pick)
        self.both(
            lambda: self.model.set_status(self.address(role), record_id, status),
            lambda: self.registry.set_status(record_id, status, "because", sender=self.accounts[role]),
        )

    @rule(role=roles, schema=schemas, pick=picks, life=st.sampled_from([0, 0, 1, 5_000]), revocable=st.booleans())
    def attest(self, role, schema, pick, life, revocable):
        expiry = self.evm.now + life - 1 if life else 0
        self.attest_as(role, Attestation(schema, self.known(pick), expiry, revocable))

    def attest_as(self, role, said):
        self.both(
            lambda: self.model.attest(self.address(role), said),
            lambda: self.registry.attest(said.args, sender=self.accounts[role]),
        )

    @precondition(lambda self: self.model.statements)
    @rule(role=roles, pick=picks, mine=st.booleans())
    def revoke_attestation(self, role, pick, mine):
        keys = list(self.model.statements)
        attester, schema, subject = keys[pick % len(keys)]
        sender = self.acting(attester, role) if mine else self.accounts[role]
        self.both(
            lambda: self.model.revoke(sender.address, schema, subject, attester),
            lambda: self.registry.revoke_attestation(schema, subject, attester, sender=sender),
        )

    def acting(self, account, role):
        """Who acts for an account; somebody else when nobody does."""
        who = self.model.identities.acting(account)
        return next((item for item in self.accounts.values() if item.address == who), self.accounts[role])

    @rule(pick=picks)
    def store_links(self, pick):
        """Of one record: refused until its parents' are stored. (REG-8)"""
        found = self.model.records.get(self.known(pick))
        if found is not None:
            self.both(
                lambda: self.model.store_links(self.domain.record_id(found.record)),
                lambda: self.registry.store_links([found.record.args], sender=self.accounts["rival"]),
            )

    @rule(role=roles, number=st.integers(1, 5), mine=st.booleans())
    def revoke_anchor(self, role, number, mine):
        root, anchorer = bytes([number]) * 32, self.address(role)
        sender = self.acting(anchorer, role) if mine else self.accounts["rival"]
        self.both(
            lambda: self.model.revoke_anchor(sender.address, anchorer, root),
            lambda: self.registry.revoke_anchor(root, "why", anchorer, sender=sender),
        )

    # identities ----------------------------------------------------------------------------------------------------

    @rule(role=roles, other=roles, account=roles)
    def propose_replacement(self, role, other, account):
        names = (self.address(account), self.address(other))
        self.both(
            lambda: self.model.identities.propose(self.address(role), *names, self.evm.now),
            lambda: self.registry.propose_replacement(*names, sender=self.accounts[role]),
        )

    @precondition(lambda self: self.model.identities.proposals)
    @rule(role=roles, pick=picks, right=st.booleans())
    def accept_replacement(self, role, pick, right):
        proposals = list(self.model.identities.proposals.items())
        (account, proposer), (new, _) = proposals[pick % len(proposals)]
        named = next(item for item in self.accounts.values() if item.address == new)
        sender = named if right else self.accounts[role]
        self.both(
            lambda: self.model.identities.accept(sender.address, account, proposer, self.evm.now),
            lambda: self.registry.accept_replacement(account, proposer, sender=sender),
        )

    @rule(role=roles, other=roles)
    def name_recovery(self, role, other):
        self.both(
            lambda: self.model.identities.name_recovery(self.address(role), self.address(other), self.evm.now),
            lambda: self.registry.name_recovery(self.address(other), sender=self.accounts[role]),
        )

    @rule(role=roles, account=roles, pick=st.integers(0, 7))
    def declare_lost(self, role, account, pick):
        if pick == 0 or role != account:
            self.both(
                lambda: self.model.identities.declare_lost(self.address(role), self.address(account), self.evm.now),
                lambda: self.registry.declare_lost(self.address(account), sender=self.accounts[role]),
            )

    @rule(role=roles, number=st.integers(1, 5))
    def anchor(self, role, number):
        root = bytes([number]) * 32
        self.both(
            lambda: self.model.anchor(self.address(role), root, number),
            lambda: self.registry.anchor(root, number, bytes(32), "", sender=self.accounts[role]),
        )

    @rule(role=roles, first=st.integers(0, 2), second=st.integers(0, 2), right=st.booleans())
    def anchor_by_halves(self, role, first, second, right):
        """Trees of two leaves, which share some; the same leaf twice is one half too many."""
        halves = (LEAVES[first], LEAVES[second])
        root = parent(*halves) if right else bytes([7]) * 32
        self.both(
            lambda: self.model.anchor(self.address(role), root, 2, halves, right=right),
            lambda: self.registry.anchor(root, 2, bytes(32), "", list(halves), sender=self.accounts[role]),
        )

    @rule(role=roles, number=st.integers(0, 2))
    def anchor_one_leaf(self, role, number):
        self.both(
            lambda: self.model.anchor(self.address(role), LEAVES[number], 1),
            lambda: self.registry.anchor(LEAVES[number], 1, bytes(32), "", sender=self.accounts[role]),
        )

    @rule(role=roles, pick=picks)
    def revoke_tree(self, role, pick):
        mine = [root for anchorer, root in self.model.anchors if anchorer == self.address(role)]
        if mine:
            root, sender = mine[pick % len(mine)], self.acting(self.address(role), role)
            self.both(
                lambda: self.model.revoke_anchor(sender.address, self.address(role), root),
                lambda: self.registry.revoke_anchor(root, "why", self.address(role), sender=sender),
            )

    # environments --------------------------------------------------------------------------------------------------

    def policy(self, pick, entries):
        who = [self.address(role) for role in ROLES]
        made = []
        for i in range(entries):
            count = 1 + (pick >> i) % 3
            attesters = tuple((who[(pick + i) % 4 :] + who)[:count])
            made.append(PolicyEntry(SCHEMAS[i % 2], 1 + pick % count, (0, 3_000)[(pick >> 3) % 2], attesters))
        return made

    def environment(self, pick):
        known = list(self.model.environments)
        return known[pick % len(known)] if known else b"\x77" * 32

    @rule(
        role=roles,
        name=st.sampled_from(["production", "staging"]),
        pick=picks,
        entries=st.integers(0, 2),
        sound=st.booleans(),
        other=roles,
    )
    def declare(self, role, name, pick, entries, sound, other):
        self.declare_with(role, name, self.policy(pick, entries), sound, other)

    def declare_with(self, role, name, policy, sound, other):
        environment = self.environments.environment_id(self.address(role), name)
        args, to = [entry.args for entry in policy], self.address(other)
        self.both(
            lambda: self.model.declare(self.address(role), environment, policy, sound=sound, to=to),
            lambda: self.environments.declare_environment(name, args, sound, to, sender=self.accounts[role]),
        )

    @rule(role=roles, pick=picks, mine=st.booleans(), other=roles)
    def announce_restitution(self, role, pick, mine, other):
        environment, to = self.environment(pick), self.address(other)
        sender = self.owner_of(environment, role, mine)
        self.both(
            lambda: self.model.announce_restitution(sender.address, environment, to),
            lambda: self.environments.announce_restitution(environment, to, sender=sender),
        )

    @rule(role=roles, pick=picks, entries=st.integers(0, 2), mine=st.booleans(), sound=st.booleans())
    def announce(self, role, pick, entries, mine, sound):
        environment, policy = self.environment(pick), self.policy(pick, entries)
        sender = self.owner_of(environment, role, mine)
        args = [entry.args for entry in policy]
        self.both(
            lambda: self.model.announce(sender.address, environment, policy, sound=sound),
            lambda: self.environments.announce_policy(environment, args, sound, sender=sender),
        )

    @rule(role=roles, pick=picks, other=picks, mine=st.sampled_from([True, True, True, False]))
    def promote(self, role, pick, other, mine):
        environment, artefact = self.environment(pick), self.known(other)
        sender = self.owner_of(environment, role, mine)
        self.both(
            lambda: self.model.promote(sender.address, environment, artefact),
            lambda: self.environments.promote(environment, artefact, sender=sender),
        )

    @rule(role=roles, pick=picks, seq=st.integers(0, 3), mine=st.sampled_from([True, True, True, False]))
    def rollback(self, role, pick, seq, mine):
        environment = self.environment(pick)
        sender = self.owner_of(environment, role, mine)
        self.both(
            lambda: self.model.rollback(sender.address, environment, seq),
            lambda: self.environments.rollback(environment, seq, sender=sender),
        )

    @rule(pick=picks, other=picks, without=st.integers(0, 7))
    def satisfy(self, pick, other, without):
        """Most of what the policies of an environment ask for; now and then one attester is missing."""
        environment, artefact = self.environment(pick), self.known(other | 1)
        policies = self.model.environments[environment].policies
        wanted = [(who, entry.schema) for policy in policies for entry in policy.entries for who in entry.attesters]
        for number, (attester, schema) in enumerate(wanted):
            if number != without:
                role = next(role for role in ROLES if self.address(role) == attester)
                self.attest_as(role, Attestation(schema, artefact))

    def owner_of(self, environment, role, mine):
        found = self.model.environments.get(environment)
        if not mine or found is None:
            return self.accounts[role]
        return self.acting(found.owner, role)

    @rule(
        seconds=st.sampled_from(
            [12, 2_999, 3_000, 3_001, 4_999, 5_000, NOTICE - 1, NOTICE, RECOVERY_NOTICE, 2 * RECOVERY_NOTICE]
        )
    )
    def wait(self, seconds):
        self.evm.warp(seconds)

    # what always holds ---------------------------------------------------------------------------------------------

    @invariant()
    def records_are_as_they_were_registered(self):
        """REG-1: author, kind and time never change; status is the model's, which only grows."""
        for record_id, entry in self.model.records.items():
            author, kind, status, time = self.registry.state_of(record_id)
            assert (author, kind, status, time) == (entry.record.author, entry.record.kind, entry.status, entry.time)
            assert self.registry.check_record(entry.record.args) == entry.status

    @invariant()
    def the_graph_has_no_cycle(self):
        """REG-2"""
        for record_id, entry in self.model.records.items():
            for link in entry.record.links:
                assert record_id not in self.model.ancestors(link.parent)

    @invariant()
    def attestations_are_their_attesters_latest_words(self):
        """REG-5"""
        self.sync()
        for (attester, schema, subject), said in self.model.statements.items():
            state = self.registry.attestation_of(attester, schema, subject)
            assert state == (said.time, said.expiry, said.revoked_at, said.edition, said.revocable)
            standing = self.registry.is_standing(attester, schema, subject, 0)
            assert standing == said.stands(self.evm.now)

    @invariant()
    def identities_are_what_was_said(self):
        """REG-10, REG-11: who acts, since when a key is closed, and its recovery address."""
        self.sync()
        said = self.model.identities
        for account in (item.address for item in self.accounts.values()):
            _, closed, recovery, _ = self.registry.identity_of(account)
            assert (closed, recovery) == (said.closed.get(account, 0), said.recovery(account, self.evm.now))
            assert self.registry.acts_for(said.acting(account), account) != (said.acting(account) == ZERO_ADDRESS)

    @invariant()
    def soundness_is_that_of_every_ancestor(self):
        """REG-8"""
        for record_id in self.model.records:
            found, status = self.registry.soundness_of(record_id)
            assert (status == 1) == self.model.is_sound(record_id)
            assert status == 0 or self.model.records[found].status == status

    @invariant()
    def anchors_stay(self):
        """REG-6"""
        for (anchorer, root), facts in self.model.anchors.items():
            assert self.registry.anchor_of(anchorer, root) == facts.facts

    @invariant()
    def short_proofs_show_their_tree(self):
        """REG-13"""
        for role in ROLES:
            for digest, node in zip(DIGESTS, LEAVES, strict=True):
                root = self.registry.root_of(self.address(role), digest, [])
                assert root == self.model.root_of(self.address(role), digest, node)

    @invariant()
    def environments_say_what_runs(self):
        """ENV-2: `current` is the model's, the state of artefact and policy included."""
        self.sync()
        for environment, found in self.model.environments.items():
            assert self.environments.current(environment) == self.model.current(environment)
            assert self.environments.restitution_of(environment) == found.restitution(self.evm.now)
            version = sum(policy.since <= self.evm.now for policy in found.policies)
            assert self.environments.environment_of(environment) == (found.owner, len(found.promotions), version)

    @invariant()
    def nonces_only_grow(self):
        """REG-4"""
        for account in self.accounts.values():
            assert self.registry.nonces(account) == self.model.nonces.get(account.address, 0)

    @invariant()
    def the_past_never_changes(self):
        """ENV-4: an answer for a past block, once given, is given for ever."""
        for environment in self.model.environments:
            block = self.evm.block_number - 1
            self.answers[environment, block] = self.model.at(environment, block)
        for (environment, block), answer in self.answers.items():
            assert self.environments.at(environment, block) == answer

    @rule(blocks=st.integers(1, 3))
    def mine(self, blocks):
        self.evm.mine(blocks)


TestRegistryMachine = RegistryMachine.TestCase
TestRegistryMachine.settings = settings(stateful_step_count=40)
