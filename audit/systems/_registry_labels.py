"""Trees of labels that people anchor in ProvenanceRegistry, and take back whole or label by label."""

from __future__ import annotations

from audit.systems._registry import CLOSED, DIGESTS
from audit.systems._registry_keys import RegistryKeys
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice, Flag
from keifu.keys import keccak256
from keifu.provenance import Label

__all__ = ["RegistryLabels"]

ROOTS = (b"\xb1" * 32, b"\xb2" * 32, bytes(32))
Leaf = tuple[str, bytes]  # who anchored the tree, and the digest of the label


class RegistryLabels(RegistryKeys):
    """An anchored label counts unless it was taken back, or anchored after its labeller's key was closed."""

    def setup(self, evm: LocalEvm) -> None:
        super().setup(evm)
        labellers = (self["author"], self["attester"])
        self.labels = [
            Label(who, b"\xd1" * 32, index, b"\xd2" * 32, b"\xd3" * 32) for index, who in enumerate(labellers)
        ]
        self.digests = [self.domain.label_digest(label) for label in self.labels]
        self.leaves = [keccak256(keccak256(digest)) for digest in self.digests]
        first, second = self.leaves
        self.proofs = ([second], [first])
        self.tree = _parent(first, second)
        self.taller = _parent(self.tree, first)  # its halves: a tree of two labels, and the first of them again
        self.other = _parent(second, DIGESTS[1])  # shares a half with the first tree

    def start(self) -> None:
        super().start()
        self.taken_back: dict[Leaf, int] = {}

    def trees(self, who: str) -> tuple[bytes, ...]:
        """Roots that people anchor."""
        return (*ROOTS, self.tree, self.tree, self.tree, self.taller, self.other, self.other, self.leaves[0])

    def halves_of(self, root: bytes) -> tuple[bytes, ...]:
        """The two nodes below a root, where they are known."""
        first, second = self.leaves
        known = {self.tree: (first, second), self.taller: (self.tree, first), self.other: (DIGESTS[1], second)}
        return known.get(root, ())

    @action(
        "", Choice("trees"), Choice((0, 1, 1_000, 2**32 - 1, 2**32)), Choice(("", "right", "right", "wrong")), weight=3
    )
    def anchor(self, who: str, root: bytes, count: int, halved: str) -> Steps:
        """With halves or without; wrong ones are of another tree."""
        fails, halves = None, self.halves_of(root) if halved else ()
        given = (*halves[:1], DIGESTS[0]) if halved == "wrong" and halves else halves
        if root == bytes(32):
            fails = "registry: empty root"
        elif not 0 < count < 2**32:
            fails = "registry: leaf count out of range"
        elif (who, root) in self.roots:
            fails = "registry: root is anchored"
        elif not self.people.is_open(who):
            fails = CLOSED
        elif given != halves:
            fails = "registry: not the root's halves"
        elif any((who, half) in self.above for half in halves):
            fails = "registry: half is anchored"
        more = [list(given)] if halves else []
        yield self.tx("registry.anchor", root, count, bytes(32), "", *more, sender=who, fails=fails)
        if fails is None:
            self.roots[who, root] = [self.now, count, 0]
            self.above.update({(who, half): root for half in halves})

    def anchored(self, who: str) -> list[bytes]:
        """Roots, those that are anchored more often than the others."""
        return [*self.trees(who), *(root for _, root in self.roots), *(root for _, root in self.roots)]

    @action("", Choice("anchored"), Choice("own_or_other"), Flag(), weight=1)
    def revoke_anchor(self, who: str, root: bytes, anchorer: str, silent: bool) -> Steps:
        found, fails = self.roots.get((anchorer, root)), None
        if found is None:
            fails = "registry: unknown anchor"
        elif not self.people.acts(who, anchorer):
            fails = "registry: not the account's key"
        elif silent:
            fails = "registry: no reason given"
        elif found[2]:
            fails = "registry: already revoked"
        yield self.tx("registry.revoke_anchor", root, "" if silent else "why", anchorer, sender=who, fails=fails)
        if fails is None and found is not None:
            found[2] = self.now

    def leaves_revoked(self, anchorer: str, root: bytes) -> int:
        return sum(root == self.tree and who == anchorer for who, _ in self.taken_back)

    def anchorers(self, who: str) -> list[str]:
        """Accounts, those that anchored the tree three times as often."""
        return [anchorer for anchorer, root in self.roots if root == self.tree] * 3 + [who]

    @action("", Choice("anchorers"), Choice((0, 1)), Flag(), Choice(("", "", "", "wrong", "silent")), weight=4)
    def take_back(self, who: str, anchorer: str, number: int, by_labeller: bool, spoilt: str) -> Steps:
        """One leaf, as its anchorer or as its labeller; a wrong proof is that of the other one."""
        label, digest = self.labels[number], self.digests[number]
        account = label.labeller if by_labeller else anchorer
        found, fails = self.roots.get((anchorer, self.tree)), None
        if found is None:
            fails = "registry: unknown anchor"
        elif not self.people.acts(who, account):
            fails = "registry: not the account's key"
        elif spoilt == "silent":
            fails = "registry: no reason given"
        elif found[2]:
            fails = "registry: already revoked"
        elif spoilt == "wrong":
            fails = "registry: not in the tree"
        elif (anchorer, digest) in self.taken_back:
            fails = "registry: already revoked"
        proof = self.proofs[1 - number if spoilt == "wrong" else number]
        reason = "" if spoilt == "silent" else "why"
        if by_labeller:
            yield self.tx(
                "registry.revoke_label", anchorer, self.tree, label.args, proof, reason, sender=who, fails=fails
            )
        else:
            yield self.tx("registry.revoke_leaf", anchorer, self.tree, digest, proof, reason, sender=who, fails=fails)
        if fails is None:
            self.taken_back[anchorer, digest] = self.now
            if self.sometimes():
                self.emitted("registry.LeafRevoked", anchorer=anchorer, root=self.tree, digest=digest, account=account)

    def shown(self, anchorer: str, digest: bytes, node: bytes) -> bytes:
        """Root of a tree in which a label counts, by a proof that ends at this node."""
        for root in (self.above.get((anchorer, node)), node):
            anchored = self.roots.get((anchorer, root)) if root else None
            if root and anchored and not anchored[2] and (root, anchorer, digest) not in self.leaves_out:
                return root
        return bytes(32)

    @invariant("REG-13", at_end=True)
    def short_proofs_show_their_tree(self) -> bool:
        """A proof that ends at a half shows what the whole one does, and nothing of another tree."""
        registry = self.contract("registry")
        return all(
            registry.root_of(anchorer, digest, path[:length]) == self.shown(anchorer, digest, node)
            for anchorer in self.addresses
            for digest, leaf, path in zip(self.digests, self.leaves, self.proofs, strict=True)
            for length, node in ((0, leaf), (1, self.tree))
        )

    @property
    def leaves_out(self) -> set[tuple[bytes, str, bytes]]:
        return {(self.tree, anchorer, digest) for anchorer, digest in self.taken_back}

    @invariant("REG-9", at_end=True)
    def labels_count(self) -> bool:
        """Those that nobody took back, in a tree that stands; a label only where its labeller's key was in use."""
        registry = self.contract("registry")
        for anchorer in self.addresses:
            time, _, revoked = self.roots.get((anchorer, self.tree), (0, 0, 0))
            for label, digest, proof in zip(self.labels, self.digests, self.proofs, strict=True):
                at = self.taken_back.get((anchorer, digest), 0)
                member = time > 0 and not revoked and not at
                closed = self.people.closed.get(label.labeller, 0)
                counts = member and (not closed or time <= closed)
                signature = self.keys[label.labeller].sign(digest)
                if registry.leaf_revoked_at(anchorer, self.tree, digest) != at:
                    return False
                if registry.is_member(anchorer, self.tree, digest, proof) != member:
                    return False
                if registry.is_label(anchorer, self.tree, label.args, proof, signature) != counts:
                    return False
        return True


def _parent(first: bytes, second: bytes) -> bytes:
    return keccak256(min(first, second) + max(first, second))
