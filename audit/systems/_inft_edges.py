"""What ways to the edges of intelligent NFTs start from: one private token, and proofs of which a part is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from audit.systems._inft import ATTESTORS, NEEDED, InftSystem
from ethwire.abi import encode_args
from keifu.inft import Item, Move, Statement, seal, shared_point
from keifu.keys import keccak256
from keifu.units import DAY

__all__ = ["ACCESS", "CLONES", "GENERATIONS", "OWNERSHIP", "ROYALTY", "InftEdges", "changed", "received"]

# Fields of a proof's two halves, in the ERC's order.
ACCESS = ("old", "new", "nonce", "key", "proof")
OWNERSHIP = ("oracle", "old", "new", "sealed", "key", "nonce", "proof")

ROYALTY, CLONES, GENERATIONS = 1_000, 2, 2  # of the token that is there at the start


def received(operator: str, sender: str, token_id: int, data: bytes = b"") -> bytes:
    """What a receiver is asked, as `TokenReceiver` keeps it."""
    return keccak256(encode_args(("address", "address", "uint256", "bytes"), (operator, sender, token_id, data)))


def changed(proofs: Sequence[Any], at: int = 0, half: str = "ownership", **fields: Any) -> list[Any]:
    """Proofs with fields of one half of the one at `at` in another form."""
    names, place = (ACCESS, 0) if half == "access" else (OWNERSHIP, 1)
    parts = list(proofs[at])
    parts[place] = tuple(fields.get(name, value) for name, value in zip(names, parts[place], strict=True))
    return [*proofs[:at], tuple(parts), *proofs[at + 1 :]]


class InftEdges(InftSystem):
    """Calls by the names of roles, over the state that the campaign begins with."""

    wait_weight = 1

    def start(self) -> None:
        super().start()
        self.began = self.now
        self.token_id = self.number(self["creator"], 9)

    def nft(self, function: str, *args: Any, sender: str = "creator", fails: str | None = None) -> Any:
        return self.tx(f"nft.{function}", *args, sender=self[sender], fails=fails)

    def verifier(self, function: str, *args: Any, sender: str = "stranger", fails: str | None = None) -> Any:
        return self.tx(f"verifier.{function}", *args, sender=self[sender], fails=fails)

    def by_owner(self, function: str, *args: Any, fails: str | None = None) -> Any:
        """By the account that names attestors."""
        return self.tx(f"verifier.{function}", *args, sender=self.owner, fails=fails)

    # statements and proofs --------------------------------------------------------------------------------------------

    def hashes(self, token_id: int) -> list[bytes]:
        return [bytes(item[1]) for item in self.answer("nft.intelligentDataOf", token_id)]

    def sealed(self, old: bytes, *, wrong: bool = False) -> Item:
        """One item encrypted anew, its key sealed to a key for this transfer alone."""
        key, new = self.fresh("key"), self.fresh("data")
        named = keccak256(b"another key" if wrong else key)
        return Item(old, new, seal(key, self.one_time.public_key, new, self.sealer), self.one_time.public_key, named)

    def said_of(
        self, token_id: int, receiver: str = "", *, clone: int = 0, wrong: bool = False, **parts: Any
    ) -> Statement:
        """What is to be said of a transfer from the token's owner, by default to the buyer."""
        owner = f"0x{self.ask('nft.ownerOf', token_id):040x}"
        move = Move(self["nft"], token_id, owner, receiver or self["buyer"], clone)
        items = [self.sealed(old, wrong=wrong) for old in self.hashes(token_id)]
        epoch = self.ask("hub.epoch")
        return replace(Statement(move, items, self.fresh("nonce"), self.now + DAY, epoch), **parts)

    def right(self, said: Statement, receiver: str = "buyer", roles: Sequence[str] = ATTESTORS[:NEEDED]) -> list[Any]:
        """Proofs of what is said, as they should be."""
        signers = [self.signer(self[role]) for role in roles]
        return said.proofs(self.proofs_in, signers, self.signer(self[receiver]))

    def move(self, said: Statement, proofs: list[Any] | None = None, **rest: Any) -> Any:
        """Its owner's `iTransfer`."""
        shown = self.right(said) if proofs is None else proofs
        args = said.move.receiver, said.move.token_id, shown
        return self.tx("nft.iTransfer", *args, sender=said.move.sender, **rest)

    def signers_of(self, roles: Sequence[str] = ATTESTORS[:NEEDED]) -> list[str]:
        return self.in_order(tuple(self[role] for role in roles))

    def evidence(self, said: Statement, /, **parts: Any) -> tuple[Any, ...]:
        """Arguments that show the key of an item, by default the first, with parts of them changed by name."""
        item = said.items[parts.get("index", 0) % len(said.items)]
        usual = {
            "token": said.move.token,
            "nonce": said.nonce,
            "said": said.args(self.evm.chain_id),
            "signers": self.signers_of(),
            "items": [one.hash for one in said.items],
            "index": 0,
            "item": item.args,
            "key": int.from_bytes(self.one_time.secret(), "big"),
            "shared": shared_point(item.sealed_key, self.one_time),
        }
        return tuple((usual | parts).values())
