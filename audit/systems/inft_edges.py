"""IntelligentNFT at its edges: what a token's word holds, what the log says, receivers, users to the last place.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from collections.abc import Iterator

from audit.systems._constructors import Deployment, variations
from audit.systems._hub import number
from audit.systems._hub_edges import way
from audit.systems._inft_edges import CLONES, GENERATIONS, ROYALTY, received
from audit.systems._usage_edges import UsageEdges
from ethwire.abi import encode_args
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.keys import keccak256
from keifu.spec.inft_limits import MAX_GENERATIONS, MAX_ITEMS, MAX_ROYALTY_BPS
from keifu.units import COIN

__all__ = ["TokenEdges"]

KINDS = (
    "data", "prompt", "history", "memory", "weights", "adapter", "tools", "configuration",
    "persona", "knowledge", "dataset", "code", "index", "policy", "log", "media",
)  # fmt: skip
NO_TOKEN, NO_MOVER = "inft: no such token", "inft: not the owner or approved"
NOT_OWNER, NO_OPERATOR, REFUSES = "inft: not the owner", "inft: not the owner or an operator", "inft: receiver refuses"
INTERFACES = ("01ffc9a7", "80ac58cd", "5b5e139f", "49064906", "2a55205a", "ee5a526e", "aa18b754")
BASE_URI = "https://example.org/"
TAKE, REFUSE, MUMBLE = range(3)  # moods of a receiver
BPS = 10_000


class TokenEdges(UsageEdges):
    """Short ways of creators, owners and receivers, from one private token of two items."""

    contracts = ("IntelligentNFT",)

    def setup(self, evm: LocalEvm) -> None:
        super().setup(evm)
        receiver = evm.deploy("TokenReceiver", sender=evm.account("owner"))
        self.bind(receiver=receiver)

    def constructors(self) -> Iterator[Deployment]:
        right = (self["verifier"], BASE_URI)
        yield from variations("IntelligentNFT", right, (0, ZERO_ADDRESS, "inft: no verifier"))

    def open_public(self, items: int = 2, terms: tuple[int, int, int] = (0, 0, 0), salt: int = 1) -> Steps:
        """A public token of the creator's; its number."""
        hashes = [keccak256(b"public %d" % item) for item in range(items)]
        made = yield self.nft("mint_data", self["creator"], salt, hashes, 0, False, *terms)
        return number(made)

    # views ------------------------------------------------------------------------------------------------------------

    @way()
    def what_it_is(self, who: str) -> Steps:
        """Names, interfaces and kinds, and what is not there."""
        assert (self.answer("nft.name"), self.answer("nft.symbol")) == ("Keifu Agents", "KAGENT")
        assert self.ask("nft.verifier") == int(self["verifier"], 16)
        assert self.answer("nft.tokenURI", self.token_id) == f"{BASE_URI}{self.token_id}"
        assert all(self.answer("nft.supportsInterface", bytes.fromhex(one)) for one in INTERFACES)
        assert not self.answer("nft.supportsInterface", b"\xff" * 4)
        assert tuple(self.answer("nft.kind_name", kind) for kind in range(16)) == KINDS
        assert self.refuses("nft.kind_name", 16)
        assert self.refuses("nft.moving")
        assert self.refuses("nft.balanceOf", ZERO_ADDRESS)
        for view in ("ownerOf", "getApproved", "transfer_count", "is_private", "tokenURI", "intelligentDataOf",
                     "data_hash_of", "authorizedUsersOf", "lease_offer"):  # fmt: skip
            assert self.refuses(f"nft.{view}", 7), view
        assert self.ask("nft.token_id_of", self["creator"], 9) == self.token_id
        data = keccak256(encode_args(["bytes32[]"], (self.hashes(self.token_id),)))
        assert self.answer("nft.data_hash_of", self.token_id) == data
        assert self.answer("nft.is_private", self.token_id)
        yield self.nft("burn", 7, fails=NO_TOKEN)
        yield self.nft("delegateAccess", self["buyer"])

    # minting ----------------------------------------------------------------------------------------------------------

    @way(Choice((1, 2, MAX_ITEMS)), Choice((True, False)))
    def mints(self, who: str, count: int, private: bool) -> Steps:
        """What each item is and its hash; the log says all of it."""
        hashes = tuple(keccak256(b"item %d" % item) for item in range(count))
        kinds = sum((15 - item) << 4 * item for item in range(count))
        args = self["buyer"], 1, hashes
        too_many = "inft: kinds of more items than there are"
        yield self.nft("mint_data", *args, 1 << 4 * count, private, 0, 0, 0, fails=too_many)
        yield self.nft("mint_data", ZERO_ADDRESS, *args[1:], 0, private, 0, 0, 0, fails="inft: no receiver")
        yield self.nft("mint_data", *args[:2], [], 0, private, 0, 0, 0, fails="inft: no data")
        empty = (*hashes[:-1], bytes(32))
        yield self.nft("mint_data", *args[:2], empty, 0, private, 0, 0, 0, fails="inft: no data hash")
        token = number((yield self.nft("mint_data", *args, kinds, private, 0, 0, 0)))
        self.emitted("nft.Updated", _tokenId=token, _oldDataHashes=(), _newDataHashes=hashes)
        self.emitted("nft.Transfer", from_=ZERO_ADDRESS, to=self["buyer"], tokenId=token)
        self.emitted("nft.TermsSet", count=0)
        named = tuple((KINDS[15 - item], hashes[item]) for item in range(count))
        assert tuple(self.answer("nft.intelligentDataOf", token)) == named
        assert self.answer("nft.is_private", token) == private
        assert self.ask("nft.transfer_count", token) == 0
        assert self.answer("nft.terms_of", token) == (ZERO_ADDRESS, 0, 0, 0, 0)
        yield self.nft("mint_data", *args, kinds, private, 0, 0, 0, fails="inft: token was minted before")
        yield self.nft("mint", self["buyer"], 1, fails="inft: token was minted before")
        plain = number((yield self.nft("mint", self["buyer"], 2)))
        self.emitted("nft.Transfer", from_=ZERO_ADDRESS, to=self["buyer"], tokenId=plain)
        yield self.nft("mint", ZERO_ADDRESS, 3, fails="inft: no receiver")
        assert self.ask("nft.balanceOf", self["buyer"]) == 2

    @way(Choice(((1, 0, 0), (0, 1, 0), (0, 0, 1), (MAX_ROYALTY_BPS, 2**32 - 1, MAX_GENERATIONS))))
    def terms_at_their_bounds(self, who: str, terms: tuple[int, int, int]) -> Steps:
        creator, hashes = self["creator"], [keccak256(b"x")]
        for at, value, reason in (
            (0, MAX_ROYALTY_BPS + 1, "inft: royalty too high"),
            (1, 2**32, "inft: too many clones"),
            (2, MAX_GENERATIONS + 1, "inft: too many generations"),
        ):
            wrong = (*terms[:at], value, *terms[at + 1 :])
            yield self.nft("mint_data", creator, 1, hashes, 0, False, *wrong, fails=reason)
        token = number((yield self.nft("mint_data", creator, 1, hashes, 0, False, *terms)))
        names = zip(("royalty_bps", "clone_cap", "generations"), terms, strict=True)
        self.emitted("nft.TermsSet", token_id=token, creator=creator, **dict(names))
        assert self.answer("nft.terms_of", token) == (creator, *terms[:2], 0, terms[2])

    # moves ------------------------------------------------------------------------------------------------------------

    @way()
    def approvals(self, who: str) -> Steps:
        """One account for one token until it moves, operators for all; the log names them."""
        creator, seller, buyer = (self[role] for role in ("creator", "seller", "buyer"))
        token = yield from self.open_public()
        yield self.nft("approve", seller, token, sender="seller", fails=NO_OPERATOR)
        yield self.nft("approve", seller, token)
        self.emitted("nft.Approval", owner=creator, approved=seller, tokenId=token)
        assert self.ask("nft.getApproved", token) == int(seller, 16)
        yield self.nft("approve", buyer, token, sender="seller", fails=NO_OPERATOR)
        yield self.nft("setApprovalForAll", buyer, True)
        self.emitted("nft.ApprovalForAll", owner=creator, operator=buyer, approved=True)
        assert self.answer("nft.isApprovedForAll", creator, buyer)
        yield self.nft("approve", ZERO_ADDRESS, token, sender="buyer")
        self.emitted("nft.Approval", owner=creator, approved=ZERO_ADDRESS, tokenId=token)
        yield self.nft("transferFrom", creator, buyer, token, sender="seller", fails=NO_MOVER)
        yield self.nft("approve", seller, token, sender="buyer")
        yield self.nft("setApprovalForAll", buyer, False)
        self.emitted("nft.ApprovalForAll", owner=creator, operator=buyer, approved=False)
        yield self.nft("transferFrom", creator, buyer, token, sender="buyer", fails=NO_MOVER)
        yield self.nft("transferFrom", buyer, seller, token, sender="seller", fails="inft: not the owner's token")
        yield self.nft("transferFrom", creator, ZERO_ADDRESS, token, sender="seller", fails="inft: no receiver")
        yield self.nft("transferFrom", creator, buyer, token, sender="seller")
        self.emitted("nft.Transfer", from_=creator, to=buyer, tokenId=token)
        assert (self.ask("nft.getApproved", token), self.ask("nft.transfer_count", token)) == (0, 1)
        assert (self.ask("nft.balanceOf", creator), self.ask("nft.balanceOf", buyer)) == (1, 1)

    @way(Choice((0, 1)))
    def plain_moves_of_private_data(self, who: str, safe: int) -> Steps:
        """By no path of ERC-721, for nobody."""
        creator, buyer = self["creator"], self["buyer"]
        yield self.nft("approve", self["seller"], self.token_id)
        name, rest = ("safeTransferFrom", (b"",)) if safe else ("transferFrom", ())
        for sender in ("creator", "seller"):
            args = creator, buyer, self.token_id, *rest
            yield self.nft(name, *args, sender=sender, fails="inft: private data moves by iTransfer")

    @way(Choice((TAKE, REFUSE, MUMBLE)))
    def receivers(self, who: str, mood: int) -> Steps:
        """A contract is asked by every call but the plain one and a mint; one that refuses gets nothing."""
        creator, receiver, stranger = self["creator"], self["receiver"], self["stranger"]
        token = yield from self.open_public(terms=(0, 2, 1))
        yield self.tx("receiver.arm", mood, receiver, b"", sender=stranger)
        yield self.nft("approve", self["seller"], token)
        fails = None if mood == TAKE else REFUSES
        for name, args in (
            ("safeTransferFrom", (creator, receiver, token, b"why")),
            ("iTransfer", (receiver, token, [])),
            ("iClone", (receiver, token, [])),
        ):
            with self.evm.anchor():
                made = yield self.nft(name, *args, sender="seller", fails=fails)
                if fails is None:
                    assert self.ask("receiver.seen_owner") == int(receiver, 16)
                    given = number(made) if name == "iClone" else token
                    seen = received(self["seller"], creator, given, b"why" if name == "safeTransferFrom" else b"")
                    assert bytes(self.answer("receiver.seen_call")) == seen
        yield self.nft("safeTransferFrom", creator, self["token"], token, b"", fails=REFUSES)
        with self.evm.anchor():
            yield self.nft("safeTransferFrom", creator, self["buyer"], token, b"")
            self.emitted("nft.Transfer", from_=creator, to=self["buyer"], tokenId=token)
        yield self.nft("transferFrom", creator, receiver, token)

    @way()
    def burns(self, who: str) -> Steps:
        creator = self["creator"]
        yield self.nft("approve", self["seller"], self.token_id)
        yield self.nft("burn", self.token_id, sender="seller", fails=NOT_OWNER)
        yield self.nft("burn", self.token_id)
        self.emitted("nft.Transfer", from_=creator, to=ZERO_ADDRESS, tokenId=self.token_id)
        assert self.ask("nft.balanceOf", creator) == 0
        assert self.refuses("nft.ownerOf", self.token_id)
        for call in ("burn", "lease_offer"):
            yield self.nft(call, self.token_id, fails=NO_TOKEN)
        yield self.nft("mint", creator, 9, fails="inft: token was minted before")

    # data -------------------------------------------------------------------------------------------------------------

    @way()
    def moves_with_data(self, who: str) -> Steps:
        """The log has old and new hashes and the sealed keys; the buyer's time begins."""
        token, creator, buyer = self.token_id, self["creator"], self["buyer"]
        old, said = tuple(self.hashes(token)), self.said_of(token)
        new = tuple(item.new_hash for item in said.items)
        yield self.nft("iTransfer", creator, token, self.right(said), fails="inft: receiver owns it")
        yield self.nft("iTransfer", buyer, token, self.right(said), sender="seller", fails=NO_MOVER)
        yield self.nft("iTransfer", buyer, token, self.right(said)[:1], fails="inft: not one proof an item")
        swapped = said.items[::-1]
        other = self.said_of(token, items=swapped)
        yield self.move(other, fails="inft: proof is for other data")
        yield self.move(said)
        self.emitted("nft.Updated", _tokenId=token, _oldDataHashes=old, _newDataHashes=new)
        self.emitted("nft.MetadataUpdate", _tokenId=token)
        self.emitted("nft.Transfer", from_=creator, to=buyer, tokenId=token)
        self.emitted("nft.Transferred", _tokenId=token, _from=creator, _to=buyer)
        sealed = tuple(item.sealed_key for item in said.items)
        self.emitted("nft.PublishedSealedKey", _to=buyer, _tokenId=token, _sealedKeys=sealed)
        assert tuple(self.hashes(token)) == new
        assert self.refuses("nft.moving")

    @way()
    def public_data(self, who: str) -> Steps:
        """Moves and is cloned as it is, without a proof, and is never renewed."""
        token = yield from self.open_public(terms=(0, 1, 1))
        proofs = self.right(self.said_of(self.token_id))
        yield self.nft("iTransfer", self["buyer"], token, proofs, fails="inft: public data needs no proof")
        yield self.nft("update", token, [], fails="inft: public data stays")
        yield self.nft("iTransfer", self["buyer"], token, [])
        self.emitted("nft.PublishedSealedKey", count=0)
        self.emitted("nft.Transferred", _tokenId=token, _from=self["creator"], _to=self["buyer"])
        hashes = tuple(self.hashes(token))
        clone = number((yield self.nft("iClone", self["seller"], token, [], sender="buyer")))
        self.emitted("nft.Cloned", _tokenId=token, _newTokenId=clone, _from=self["buyer"], _to=self["seller"])
        self.emitted("nft.Updated", _tokenId=clone, _oldDataHashes=(), _newDataHashes=hashes)
        assert self.answer("nft.intelligentDataOf", clone) == self.answer("nft.intelligentDataOf", token)
        assert (self.ask("nft.transfer_count", token), self.ask("nft.transfer_count", clone)) == (1, 0)
        plain = number((yield self.nft("mint", self["buyer"], 5)))
        yield self.nft("iTransfer", self["seller"], plain, [], sender="buyer")
        self.emitted("nft.Updated", count=0)

    @way()
    def renews(self, who: str) -> Steps:
        token, creator = self.token_id, self["creator"]
        old, said = tuple(self.hashes(token)), self.said_of(token, creator)
        proofs = self.right(said, "creator")
        yield self.nft("approve", self["seller"], token)
        yield self.nft("update", token, proofs, sender="seller", fails=NOT_OWNER)
        yield self.nft("update", token, proofs)
        sealed = tuple(item.sealed_key for item in said.items)
        self.emitted("nft.PublishedSealedKey", _to=creator, _tokenId=token, _sealedKeys=sealed)
        new = tuple(item.new_hash for item in said.items)
        self.emitted("nft.Updated", _tokenId=token, _oldDataHashes=old, _newDataHashes=new)
        assert self.ask("nft.transfer_count", token) == 0

    # clones and royalties ---------------------------------------------------------------------------------------------

    @way()
    def clones_of_private_data(self, who: str) -> Steps:
        """New data for the clone; the parent keeps its own, and counts."""
        token, creator, buyer = self.token_id, self["creator"], self["buyer"]
        before = self.hashes(token)
        for made in range(CLONES):
            clone = self.clone_number(token, made)
            said = self.said_of(token, clone=clone)
            done = yield self.nft("iClone", buyer, token, self.right(said))
            assert number(done) == clone
            self.emitted("nft.Cloned", _tokenId=token, _newTokenId=clone, _from=creator, _to=buyer)
            sealed = tuple(item.sealed_key for item in said.items)
            self.emitted("nft.PublishedSealedKey", _to=buyer, _tokenId=clone, _sealedKeys=sealed)
            self.emitted("nft.MetadataUpdate", _tokenId=clone)
            terms = {"royalty_bps": ROYALTY, "clone_cap": CLONES, "generations": GENERATIONS - 1}
            self.emitted("nft.TermsSet", token_id=clone, creator=creator, **terms)
            assert self.hashes(token) == before
            assert self.hashes(clone) == [item.new_hash for item in said.items]
            assert self.ask("nft.parent_of", clone) == token
            assert self.answer("nft.terms_of", token) == (creator, ROYALTY, CLONES, made + 1, GENERATIONS)
            assert self.answer("nft.terms_of", clone) == (creator, ROYALTY, CLONES, 0, GENERATIONS - 1)
        yield self.nft("iClone", buyer, token, [], fails="inft: no clone left")

    def clone_number(self, token: int, made: int) -> int:
        words = token.to_bytes(32, "big") + made.to_bytes(32, "big") + keccak256(b"clone")
        return int.from_bytes(keccak256(words), "big")

    @way(Choice((MAX_ROYALTY_BPS, 333)), Choice((0, 1, 9_999, COIN + 7, 2**256 - 1)))
    def royalties_of_the_longest_line(self, who: str, bps: int, price: int) -> Steps:
        """Half to the nearest creator, and so on; the shares are the whole royalty, to the wei."""
        token = yield from self.open_public(items=1, terms=(bps, 1, MAX_GENERATIONS))
        creators, owners = [self["creator"]], ("creator", "seller", "buyer")
        for made in range(MAX_GENERATIONS):
            owner, to = owners[made % 3], owners[(made + 1) % 3]
            token = number((yield self.nft("iClone", self[to], token, [], sender=owner)))
            creators.insert(0, self[owner])
            whole, left, wanted = price * bps // BPS, price * bps // BPS, []
            for creator in creators[:-1]:
                wanted.append((creator, left // 2))
                left -= left // 2
            wanted.append((creators[-1], left))
            shares = [(who.lower(), amount) for who, amount in self.answer("nft.royalty_shares", token, price)]
            assert shares == (wanted if whole else [])
            receiver, amount = self.answer("nft.royaltyInfo", token, price)
            assert (receiver.lower(), amount) == (creators[-1] if whole else ZERO_ADDRESS, whole)
        last = owners[MAX_GENERATIONS % 3]
        yield self.nft("iClone", self["buyer"], token, [], sender=last, fails="inft: no clone left")
