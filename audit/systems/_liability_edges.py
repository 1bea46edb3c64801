"""Faults of attestors at their edges: wrong keys, contradictions, and what is paid for them to the wei."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.systems._attestor_edges import AttestorEdges
from audit.systems._hub import number
from audit.systems._hub_edges import way
from audit.systems._inft import ATTESTORS, LOCKED, NEEDED
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.inft import Statement, shared_point
from keifu.spec.attestors import COMPLAINT_WINDOW, EVIDENCE_WINDOW, LEAST, PENALTY, REWARD
from keifu.units import COIN

__all__ = ["BACKING", "DAMAGES", "UNSIGNED", "LiabilityEdges"]

BACKING = 1_600 * COIN
DAMAGES = BACKING // NEEDED * 5 // 4  # of each signer; the hub keeps a fifth
UNSIGNED, NOT_SAID = "verifier: not signed by an attestor", "verifier: not what was verified"


class LiabilityEdges(AttestorEdges):
    """Short ways of those who show that somebody signed what it should not have."""

    # wrong keys -------------------------------------------------------------------------------------------------------

    def with_wrong_key(self, **parts: Any) -> Statement:
        return self.said_of(self.token_id, wrong=True, **parts)

    @way(Choice((0, 1)))
    def a_wrong_key(self, who: str, index: int) -> Steps:
        """Each signer loses its part and a penalty, once; the sender gets what was backed."""
        creator, reason = self["creator"], "verifier: wrong key was proved"
        said = self.with_wrong_key(backing=BACKING)
        yield self.move(said)
        args = self.evidence(said, index=index)
        yield self.verifier("prove_wrong_key", *args)
        self.emitted("verifier.WrongKeyProved", token=self["nft"], nonce=said.nonce, index=index, paid=BACKING)
        for role in ATTESTORS[:NEEDED]:
            assert self.lock_of(self[role]) == LOCKED - DAMAGES - PENALTY
            assert self.coins(role)["mature"] == LOCKED - DAMAGES - PENALTY
            assert self.ask("verifier.reserved", self[role]) == 0
        assert self.lock_of(self[ATTESTORS[2]]) == LOCKED
        assert self.answer("verifier.verdict", self["nft"], said.nonce)[1:] == (BACKING, True, True)
        yield self.verifier("prove_wrong_key", *args, fails=reason)
        self.evm.warp(COMPLAINT_WINDOW + 1)
        free = self["nft"], said.nonce, said.hash, self.signers_of()
        yield self.verifier("free", *free, fails="verifier: nothing is reserved")
        yield self.verifier("withdraw", ZERO_ADDRESS, sender="creator", fails="verifier: no receiver")
        before = self.stored(self["stranger"])
        paid = yield self.verifier("withdraw", self["stranger"], sender="creator")
        assert number(paid) == BACKING == self.stored(self["stranger"]) - before
        assert self.ask("verifier.credits", creator) == 0

    @way()
    def a_wrong_key_that_nothing_backs(self, who: str) -> Steps:
        said = self.with_wrong_key()
        yield self.move(said)
        yield self.verifier("prove_wrong_key", *self.evidence(said))
        self.emitted("verifier.WrongKeyProved", paid=0)
        for role in ATTESTORS[:NEEDED]:
            assert self.lock_of(self[role]) == LOCKED - PENALTY
        assert self.ask("verifier.credits", self["creator"]) == 0

    @way(Choice((0, 1, PENALTY - 1, PENALTY, PENALTY + 1)))
    def a_wrong_key_beside_a_promise(self, who: str, spare: int) -> Steps:
        """Its penalty takes coins that no open promise needs, and no others."""
        backing = (LOCKED - PENALTY - spare) * 4 // 5 * NEEDED
        first = self.said_of(self.token_id, self["seller"], backing=backing)
        yield self.move(first, self.right(first, "seller"))
        left = [LOCKED - self.ask("verifier.reserved", self[role]) for role in ATTESTORS[:NEEDED]]
        assert all(spare <= each <= spare + 2 for each in left)
        said = self.with_wrong_key()
        yield self.move(said)
        yield self.verifier("prove_wrong_key", *self.evidence(said))
        for role, each in zip(ATTESTORS[:NEEDED], left, strict=True):
            assert self.lock_of(self[role]) == LOCKED - min(PENALTY, each)

    @way(Choice((1, 2, 3)))
    def odd_backing(self, who: str, more: int) -> Steps:
        """The sender gets at least what is backed, whatever is left over in a division."""
        backing = BACKING + more
        said = self.with_wrong_key(backing=backing)
        yield self.move(said)
        paid = yield self.verifier("prove_wrong_key", *self.evidence(said))
        assert backing <= number(paid) <= backing + NEEDED

    @way(Choice((0, 1)))
    def end_of_complaints(self, who: str, late: int) -> Steps:
        """A promise ends with the second after the last complaint."""
        said = self.with_wrong_key(backing=BACKING)
        yield self.move(said)
        self.evm.warp(COMPLAINT_WINDOW + late)
        free = self["nft"], said.nonce, said.hash, self.signers_of()
        if not late:
            yield self.verifier("free", *free, fails="verifier: complaint window is open")
            yield self.verifier("prove_wrong_key", *self.evidence(said))
            return
        yield self.verifier("prove_wrong_key", *self.evidence(said), fails="verifier: complaint window is over")
        yield self.verifier("free", self["nft"], said.nonce, bytes(32), self.signers_of(), fails=NOT_SAID)
        yield self.verifier("free", self["nft"], said.nonce, said.hash, self.signers_of()[::-1], fails=NOT_SAID)
        yield self.verifier("free", *free)
        self.emitted("verifier.BackingFreed", token=self["nft"], nonce=said.nonce)
        assert self.answer("verifier.verdict", self["nft"], said.nonce)[1:] == (BACKING, True, False)
        assert [self.ask("verifier.reserved", self[role]) for role in ATTESTORS] == [0] * len(ATTESTORS)
        yield self.verifier("free", *free, fails="verifier: nothing is reserved")

    @way()
    def wrong_evidence(self, who: str) -> Steps:
        said = self.with_wrong_key()
        item, chain = said.items[0], self.evm.chain_id
        yield self.move(said)
        for parts, reason in (
            ({"token": self["market"]}, "verifier: no such transfer"),
            ({"nonce": bytes(32)}, "verifier: no such transfer"),
            ({"said": replace(said, backing=1).args(chain)}, NOT_SAID),
            ({"said": replace(said, epoch=1).args(chain)}, NOT_SAID),
            ({"said": replace(said, deadline=1).args(chain)}, NOT_SAID),
            ({"signers": self.signers_of()[:1]}, NOT_SAID),
            ({"items": [item.hash]}, NOT_SAID),
            ({"index": 2}, "verifier: no such item"),
            ({"item": said.items[1].args}, NOT_SAID),
            ({"item": replace(item, key_hash=bytes(32)).args}, NOT_SAID),
            ({"item": replace(item, public_key=bytes(64)).args}, NOT_SAID),
            ({"key": 0}, "verifier: not the receiver's key"),
            ({"key": 7}, "verifier: not the receiver's key"),
            ({"shared": b""}, "verifier: not the shared point"),
            ({"shared": bytes(64)}, "verifier: not the shared point"),
        ):
            yield self.verifier("prove_wrong_key", *self.evidence(said, **parts), fails=reason)

    @way(Choice((0, 1)))
    def the_other_item(self, who: str, bad: int) -> Steps:
        """One wrong key among right ones: the right one convicts nobody."""
        said = self.said_of(self.token_id)
        items = [replace(item, key_hash=bytes(32)) if at == bad else item for at, item in enumerate(said.items)]
        said = replace(said, items=items)
        yield self.move(said)
        right = self.evidence(said, index=1 - bad)
        yield self.verifier("prove_wrong_key", *right, fails="verifier: key is right")
        yield self.verifier("prove_wrong_key", *self.evidence(said, index=bad))

    @way(Choice((2, 3)))
    def sealed_with_no_point(self, who: str, prefix: int) -> Steps:
        """Nobody can open it: the receiver's private key alone proves it."""
        tag = bytes([prefix])
        xs = (x.to_bytes(32, "big") for x in range(1, 100))
        seal = next(tag + x + bytes(32) for x in xs if not shared_point(tag + x + bytes(32), self.one_time))
        said = self.said_of(self.token_id)
        said = replace(said, items=[replace(said.items[0], sealed_key=seal), said.items[1]])
        yield self.move(said)
        yield self.verifier("prove_wrong_key", *self.evidence(said, key=7), fails="verifier: not the receiver's key")
        yield self.verifier("prove_wrong_key", *self.evidence(said))

    @way()
    def nothing_backed_beside_a_promise(self, who: str) -> Steps:
        """Whoever has asked coins back that a promise needs signs on, as long as the rest is the least."""
        first = self.said_of(self.token_id, self["seller"], backing=2 * BACKING)
        yield self.move(first, self.right(first, "seller"))
        yield self.verifier("leave", LOCKED - LEAST, sender=ATTESTORS[0])
        assert self.ask("verifier.reserved", self[ATTESTORS[0]]) > LEAST
        yield self.move(self.said_of(self.token_id))

    # contradictions ---------------------------------------------------------------------------------------------------

    def contradicting(
        self, first: Statement, second: Statement, roles: tuple[str, str] = (ATTESTORS[0],) * 2, **parts: Any
    ) -> tuple[Any, ...]:
        """Arguments that show two statements under one nonce."""
        chain = self.evm.chain_id
        said = zip((first, second), roles, strict=True)
        signed = [one.sign(self.proofs_in, self.signer(self[role])) for one, role in said]
        usual = {"token": self["nft"], "nonce": first.nonce}
        return *(usual | parts).values(), first.args(chain), signed[0], second.args(chain), signed[1]

    @way(Choice(("items", "token_id", "clone_id", "sender", "receiver", "backing")))
    def a_contradiction(self, who: str, part: str) -> Steps:
        """Costs a penalty and pays whoever shows it, once an attestor."""
        first, attestor = self.said_of(self.token_id), self[ATTESTORS[0]]
        moved: dict[str, Any] = {part: 7 if part.endswith("id") else self["seller"]}
        other: dict[str, Any] = {"items": {"items": first.items[::-1]}, "backing": {"backing": 1}}
        second = replace(first, **other.get(part) or {"move": replace(first.move, **moved)})
        args = self.contradicting(first, second)
        yield self.verifier("prove_contradiction", *args)
        self.emitted(
            "verifier.EquivocationProved", token=self["nft"], nonce=first.nonce, attestor=attestor,
            reporter=self["stranger"],
        )  # fmt: skip
        assert self.lock_of(attestor) == LOCKED - PENALTY - REWARD * 5 // 4
        assert self.coins(ATTESTORS[0])["mature"] == LOCKED - PENALTY - REWARD * 5 // 4
        assert self.ask("verifier.credits", self["stranger"]) == REWARD
        assert self.answer("verifier.contradicted", self["nft"], first.nonce, attestor)
        assert not self.answer("verifier.contradicted", self["nft"], first.nonce, self[ATTESTORS[1]])
        yield self.verifier("prove_contradiction", *args, fails="verifier: contradiction was proved")
        both = (ATTESTORS[1],) * 2
        said = yield self.verifier("prove_contradiction", *self.contradicting(first, second, both))
        assert number(said) == int(self[ATTESTORS[1]], 16)
        assert self.ask("verifier.credits", self["stranger"]) == 2 * REWARD

    @way(Choice((-1, 0)))
    def a_contradiction_beside_a_promise(self, who: str, more: int) -> Steps:
        """Takes coins that no open promise needs, and waits for those that one does."""
        cost, attestor = PENALTY + REWARD * 5 // 4, self[ATTESTORS[0]]
        backing = (LOCKED - PENALTY - cost) * 4 // 5 * NEEDED - more * NEEDED
        said = self.said_of(self.token_id, backing=backing)
        yield self.move(said)
        reserved = self.ask("verifier.reserved", attestor)
        first = self.said_of(self.token_id)
        args = self.contradicting(first, replace(first, backing=1))
        enough = reserved + cost <= LOCKED
        assert enough == (more == 0)
        yield self.verifier("prove_contradiction", *args, fails=None if enough else "verifier: promises are open")
        self.evm.warp(COMPLAINT_WINDOW + 1)
        yield self.verifier("free", self["nft"], said.nonce, said.hash, self.signers_of())
        if not enough:
            yield self.verifier("prove_contradiction", *args)
        assert self.lock_of(attestor) == LOCKED - cost

    @way()
    def a_contradiction_of_one_that_has_left(self, who: str) -> Steps:
        """What is left of its coins is taken, and of two wei one is the reward."""
        attestor = self[ATTESTORS[0]]
        yield self.verifier("leave", LOCKED - 2, sender=ATTESTORS[0])
        self.evm.warp(EVIDENCE_WINDOW)
        yield self.verifier("release", sender=ATTESTORS[0])
        first = self.said_of(self.token_id)
        yield self.verifier("prove_contradiction", *self.contradicting(first, replace(first, backing=1)))
        assert (self.lock_of(attestor), self.ask("verifier.credits", self["stranger"])) == (0, 1)
        before = self.stored(self["buyer"])
        yield self.verifier("withdraw", self["buyer"])
        assert self.stored(self["buyer"]) == before + 1

    @way()
    def no_contradiction(self, who: str) -> Steps:
        """The same promise again, with another deadline or epoch; and what others signed, or for elsewhere."""
        first = self.said_of(self.token_id)
        for again in (first, replace(first, deadline=first.deadline + 1), replace(first, epoch=1)):
            args = self.contradicting(first, again)
            yield self.verifier("prove_contradiction", *args, fails="verifier: no contradiction")
        second = replace(first, backing=1)
        for roles, reason in (
            (("stranger", "stranger"), UNSIGNED),
            ((ATTESTORS[0], ATTESTORS[1]), "verifier: not one signer"),
            ((ATTESTORS[0], "stranger"), "verifier: not one signer"),
            (("newcomer", "newcomer"), UNSIGNED),
        ):
            yield self.verifier("prove_contradiction", *self.contradicting(first, second, roles), fails=reason)
        for parts in ({"token": self["market"]}, {"nonce": bytes(32)}):
            yield self.verifier("prove_contradiction", *self.contradicting(first, second, **parts), fails=UNSIGNED)
        yield self.verifier("prove_contradiction", *self.contradicting(first, second))
