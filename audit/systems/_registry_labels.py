"""Labels that people anchor in ProvenanceRegistry, and take back one by one."""

from __future__ import annotations

from audit.systems._registry import ROOTS
from audit.systems._registry_keys import RegistryKeys
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice, Flag
from keifu.keys import keccak256
from keifu.provenance import Label

__all__ = ["RegistryLabels"]

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
        first, second = (keccak256(keccak256(digest)) for digest in self.digests)
        self.proofs = ([second], [first])
        self.tree = keccak256(min(first, second) + max(first, second))

    def start(self) -> None:
        super().start()
        self.taken_back: dict[Leaf, int] = {}

    def trees(self, who: str) -> tuple[bytes, ...]:
        return (*ROOTS, self.tree, self.tree, self.tree)

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
