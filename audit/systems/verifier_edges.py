"""DataVerifier at its edges: proofs of which one part is wrong, wrong keys, contradictions, and who hears of them.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from audit.systems._constructors import Deployment, variations
from audit.systems._hub_edges import way
from audit.systems._inft import ATTESTORS, LOCKED, NEEDED, NOTICE
from audit.systems._inft_edges import changed
from audit.systems._liability_edges import BACKING, DAMAGES, UNSIGNED, LiabilityEdges
from audit.systems._wallet_signatures import MOODS, forms
from ethwire.abi import encode_args
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import ACCESS
from keifu.spec.attestors import COMPLAINT_WINDOW, LONGEST_DEADLINE, MAX_BACKING, PENALTY
from keifu.units import DAY

__all__ = ["VerifierEdges"]

FORMLESS, NOT_ANEW = "verifier: proof has no such form", "verifier: data is not encrypted anew"
OTHER_KEY, OTHER_DATA = "verifier: sealed to another key", "verifier: access to other data"
NO_KEY, NO_SEAL = "verifier: receiver has no public key", "verifier: sealed key has no such form"
OUTPUTS = "(bytes32,bytes32,bytes,bytes,bytes,address,bytes,bytes)[]"

# What is wrong with one field of a proof, in which half, and of which item.
FORMS = (
    ("access", {"old": bytes(32)}, 0, OTHER_DATA), ("access", {"new": bytes(32)}, 0, OTHER_DATA),
    ("access", {"old": bytes(32)}, 1, OTHER_DATA), ("access", {"new": bytes(32)}, 1, OTHER_DATA),
    ("ownership", {"oracle": 1}, 0, "verifier: no such oracle"),
    ("ownership", {"oracle": 1}, 1, "verifier: no such oracle"),
    ("ownership", {"key": b""}, 0, NO_KEY), ("ownership", {"key": bytes(63)}, 1, NO_KEY),
    ("ownership", {"sealed": b"\2" * 64}, 0, NO_SEAL), ("ownership", {"sealed": b""}, 0, NO_SEAL),
    ("ownership", {"sealed": b"\4" + bytes(64)}, 1, NO_SEAL), ("ownership", {"sealed": b"\1" + bytes(64)}, 1, NO_SEAL),
    ("access", {"key": bytes(64)}, 0, OTHER_KEY), ("access", {"key": b""}, 0, OTHER_KEY),
    ("access", {"key": bytes(63)}, 1, OTHER_KEY),
    ("ownership", {"proof": bytes(64 + 64 * NEEDED - 1)}, 0, FORMLESS),
    ("ownership", {"proof": bytes(64 + 64 * NEEDED + 1)}, 0, FORMLESS),
    ("ownership", {"proof": bytes(31)}, 1, FORMLESS), ("ownership", {"proof": bytes(64)}, 1, FORMLESS),
    ("ownership", {"nonce": b""}, 0, FORMLESS), ("ownership", {"nonce": bytes(31)}, 0, FORMLESS),
    ("ownership", {"nonce": bytes(32)}, 1, FORMLESS), ("access", {"nonce": bytes(31)}, 0, FORMLESS),
    ("access", {"nonce": bytes(32)}, 1, FORMLESS),
    ("access", {"nonce": b"\1" * 32}, 0, "verifier: access under another nonce"),
    ("access", {"proof": b""}, 0, "verifier: receiver has not signed"),
)  # fmt: skip

# Bits of the head of a proof: at which byte, which, and what is wrong then.
TERMS = (
    (32, 0x80, UNSIGNED), (43, 1, UNSIGNED),
    (44, 0x80, "verifier: signed in an epoch to come"),
    (48, 0x80, "verifier: deadline too far"), (52, 1, UNSIGNED),
    (53, 0x80, "verifier: proof is for another chain"), (60, 1, "verifier: proof is for another chain"),
    *((at, bit, FORMLESS) for at in (61, 62, 63) for bit in (0x80, 1)),
)  # fmt: skip


class VerifierEdges(LiabilityEdges):
    """Short ways to what the verifier refuses, and to what it says of what it took."""

    contracts = ("DataVerifier",)

    def setup(self, evm: LocalEvm) -> None:
        super().setup(evm)
        deployer = evm.account("owner")
        for name, contract in (("wallet", "HostileERC1271"), ("reader", "ProofReader")):
            self.bind(**{name: evm.deploy(contract, sender=deployer)})
        self.bind(signing=evm.deploy("ContractWallet", self["buyer"], sender=deployer))

    def constructors(self) -> Iterator[Deployment]:
        right = (self["token"], self["hub"], self.owner, 3)
        yield from variations(
            "DataVerifier", right, (2, ZERO_ADDRESS, "verifier: no owner"), (3, 2, None), (3, 4, None),
            (3, 1, "verifier: bad number of signers"), (3, 5, "verifier: bad number of signers"),
        )  # fmt: skip

    # proofs -----------------------------------------------------------------------------------------------------------

    @way(Choice(("access", "ownership")))
    def one_field_is_wrong(self, who: str, half: str) -> Steps:
        said = self.said_of(self.token_id)
        proofs = self.right(said)
        for of, fields, at, reason in FORMS:
            if of == half:
                yield self.move(said, changed(proofs, at, half, **fields), fails=reason)
        yield self.move(said, proofs)

    @way()
    def one_bit_of_the_terms_is_wrong(self, who: str) -> Steps:
        """The first and the last bit of each of them; the last three bytes of the head are none."""
        said = self.said_of(self.token_id)
        proofs = self.right(said)
        for at, bit, reason in TERMS:
            head = bytearray(proofs[0][1][-1])
            head[at] ^= bit
            yield self.move(said, changed(proofs, proof=bytes(head)), fails=reason)
        yield self.move(said, proofs)

    @way(Choice((0, 1)))
    def data_stays_as_it_was(self, who: str, at: int) -> Steps:
        said = self.said_of(self.token_id)
        for hash_ in (said.items[at].old_hash, bytes(32)):
            items = [replace(item, new_hash=hash_) if item is said.items[at] else item for item in said.items]
            yield self.move(said, self.right(replace(said, items=items)), fails=NOT_ANEW)
        yield self.move(said)

    @way(Choice((0, 1, LONGEST_DEADLINE, LONGEST_DEADLINE + 1, -1)))
    def deadline(self, who: str, life: int) -> Steps:
        said = self.said_of(self.token_id, deadline=self.now + life)
        too_far = "verifier: deadline too far" if life > LONGEST_DEADLINE else None
        yield self.move(said, fails="verifier: proof has expired" if life < 0 else too_far)

    @way(Choice((0, 1, -1)))
    def epoch(self, who: str, later: int) -> Steps:
        """Signed now; in an epoch to come; in the last one in which nothing counted yet."""
        said = self.said_of(self.token_id)
        said = replace(said, epoch=said.epoch + later)
        reason = {1: "verifier: signed in an epoch to come", -1: "verifier: attestor does not count"}.get(later)
        yield self.move(said, fails=reason)

    @way()
    def signers_in_order(self, who: str) -> Steps:
        said = self.said_of(self.token_id)
        proofs = self.right(said)
        proof = proofs[0][1][-1]
        head, first, second = proof[:64], proof[64:128], proof[128:]
        reason = "verifier: signers are not in order"
        yield self.move(said, changed(proofs, proof=head + second + first), fails=reason)
        yield self.move(said, changed(proofs, proof=head + first + first), fails=reason)
        yield self.move(said, self.right(said, roles=(ATTESTORS[0], "stranger")), fails=UNSIGNED)
        yield self.move(said, self.right(said, roles=(ATTESTORS[0], "newcomer")), fails=UNSIGNED)
        yield self.move(said, changed(proofs, proof=head + bytes(64) + second), fails=UNSIGNED)
        yield self.move(said, proofs)

    @way()
    def sealed_to_the_account_itself(self, who: str) -> Steps:
        """A receiver that wants no key of its own gets the keys sealed to its account's, and to no other."""
        buyer = self.signer(self["buyer"])
        said = self.said_of(self.token_id)
        own = replace(said, items=[replace(item, public_key=buyer.public_key) for item in said.items])
        signers = [self.signer(self[role]) for role in ATTESTORS[:NEEDED]]
        one = self.one_time.public_key
        half = replace(own, items=[own.items[0], replace(own.items[1], public_key=one)])
        yield self.move(half, half.proofs(self.proofs_in, signers, buyer, own_key=True), fails=OTHER_KEY)
        yield self.move(own, own.proofs(self.proofs_in, signers, buyer, own_key=True))

    @way()
    def an_assistant_signs(self, who: str) -> Steps:
        """Who may say that the data can be got: the receiver and its assistant, until that is no longer one."""
        said = self.said_of(self.token_id)
        yield self.move(said, self.right(said, "seller"), fails="verifier: receiver has not signed")
        yield self.nft("delegateAccess", self["seller"], sender="buyer")
        self.emitted("nft.DelegateAccess", _user=self["buyer"], _assistant=self["seller"])
        assert self.ask("nft.getDelegateAccess", self["buyer"]) == int(self["seller"], 16)
        with self.evm.anchor():
            yield self.move(said, self.right(said))
        with self.evm.anchor():
            yield self.move(said, self.right(said, "seller"))
        yield self.move(said, self.right(said, "creator"), fails="verifier: receiver has not signed")

    @way()
    def access_in_every_form(self, who: str) -> Steps:
        """The receiver's word as wallets sign it, and a contract's by ERC-1271, which takes no token here."""
        said, unsigned = self.said_of(self.token_id), "verifier: receiver has not signed"
        data = [item.datum_hash for item in said.items]
        words = *said.move.members, data, said.nonce, said.deadline
        buyer, stranger = self.signer(self["buyer"]), self.signer(self["stranger"])
        for signature, counts in forms(self.proofs_in, buyer, stranger, ACCESS, *words):
            with self.evm.anchor():
                proofs = changed(self.right(said), 0, "access", proof=signature)
                yield self.move(said, proofs, fails=None if counts else unsigned)
        wallet = self.said_of(self.token_id, self["wallet"])
        for mood, counts in MOODS.items():
            yield self.tx("wallet.set_mood", mood, sender=self["stranger"])
            for signature in (b"", bytes(65), bytes(130)):
                proofs = changed(self.right(wallet), 0, "access", proof=signature)
                yield self.move(wallet, proofs, fails="inft: receiver refuses" if counts else unsigned)
        signing = self.said_of(self.token_id, self["signing"])
        yield self.move(signing, self.right(signing), fails="inft: receiver refuses")
        yield self.move(signing, self.right(signing, "seller"), fails=unsigned)
        yield self.move(said)

    @way()
    def what_was_verified(self, who: str) -> Steps:
        """Who signed, how much they back, and until when a wrong key can be proved."""
        said = self.said_of(self.token_id, backing=BACKING)
        yield self.move(said)
        until = self.now + COMPLAINT_WINDOW
        self.emitted(
            "verifier.TransferVerified", token=self["nft"], token_id=self.token_id, nonce=said.nonce,
            signers=tuple(self.signers_of()), backing=BACKING, until=until,
        )  # fmt: skip
        assert self.answer("verifier.verdict", self["nft"], said.nonce) == (until, BACKING, False, False)
        for role in ATTESTORS[:NEEDED]:
            assert self.ask("verifier.reserved", self[role]) == DAMAGES + PENALTY
        assert self.answer("verifier.verdict", self["nft"], bytes(32)) == (0, 0, False, False)

    @way(Choice(("buyer", "seller")))
    def another_token_contract(self, who: str, signer: str) -> Steps:
        """Gets what its proofs say and who says that the data can be got; its nonces are its own."""
        said = self.said_of(self.token_id)
        yield self.move(said)
        again = self.said_of(self.token_id, self["seller"], nonce=said.nonce)
        yield self.move(again, self.right(again, "seller"), fails="verifier: nonce was used")
        other = replace(said, move=replace(said.move, token=self["reader"], token_id=5, clone_id=6))
        move = *other.move.args[:4], self["seller"]
        proofs = self.right(other, signer)
        yield self.tx("reader.read", self["verifier"], move, [], sender=who, fails="verifier: no proof")
        yield self.tx("reader.read", self["verifier"], move, self.right(said), sender=who, fails=UNSIGNED)
        returned = yield self.tx("reader.read", self["verifier"], move, proofs, sender=who)
        key, nonces = self.one_time.public_key, (b"", b"")
        wanted = [
            (item.old_hash, item.new_hash, item.sealed_key, key, key, self[signer], *nonces) for item in other.items
        ]
        wanted[0] = (*wanted[0][:6], said.nonce, said.nonce)
        assert returned == encode_args([OUTPUTS], (wanted,)), "another answer than the proofs say"

    @way(Choice((0, 1)))
    def most_is_backed(self, who: str, more: int) -> Steps:
        for role in ATTESTORS[:NEEDED]:
            yield self.tx("hub.lock", self["verifier"], self[role], MAX_BACKING, sender=self[role])
            yield self.verifier("join", sender=role)
        self.evm.warp(NOTICE * DAY)
        said = self.said_of(self.token_id, backing=MAX_BACKING + more)
        yield self.move(said, fails="verifier: too much to back" if more else None)

    @way(Choice((0, 1, 2)))
    def all_is_backed(self, who: str, more: int) -> Steps:
        """Every coin that counts can be promised, once: five quarters of a part, and the penalty."""
        most = (LOCKED - PENALTY) * 4 // 5 * NEEDED
        said = self.said_of(self.token_id, backing=most + more)
        yield self.move(said, fails="verifier: lock too small" if more else None)
        if not more:
            second = self.said_of(self.token_id, self["seller"], backing=1)
            yield self.move(second, self.right(second, "seller"), fails="verifier: lock too small")
            yield self.move(replace(second, backing=0), self.right(replace(second, backing=0), "seller"))

    @way()
    def no_service_any_more(self, who: str) -> Steps:
        """After the hub has removed it nothing is backed, and transfers go on."""
        yield self.tx("hub.remove_service", self["verifier"], sender=self.owner)
        said = self.said_of(self.token_id, backing=1)
        yield self.move(said, fails="verifier: service not listed")
        said = replace(said, backing=0)
        yield self.move(said)
