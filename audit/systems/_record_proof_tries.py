"""RecordProof and what it reads: headers and nodes of every length and form, each a short way of its own."""

from __future__ import annotations

from audit.state_tries import full_way
from audit.systems._hub_edges import way
from audit.systems._record_proof import CHAIN, EMPTY, FULL, IDS, LONELY
from audit.systems._record_proof_edges import (
    NUMBERS_FROM,
    ROOT_TO_END,
    RecordProofEdgeSystem,
    header_of,
    starts_of,
)
from ethwire.keys import keccak256
from ethwire.rlp import encode, list_of, string
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.provenance import Kind, Link, Record, RegistryDomain, Relation
from keifu.provenance.foreign import record_path

__all__ = ["RecordProofTries"]

BAD_HEADER, BAD_WORD = "state proof: bad header", "state proof: bad word"
WIDEST = 2 ** (8 * 31) - 1  # of a number that is read
LONGEST_NODE, LONGEST_WAY, LONGEST_HEADER = 576, 16, 1_024


class RecordProofTries(RecordProofEdgeSystem):
    """What a proof may be made of."""

    # headers ----------------------------------------------------------------------------------------------------------

    @way(Choice(range(5)), Choice((0, 1, 127, 128, 255, 256, 2**64 - 1, WIDEST)))
    def numbers_of_a_header(self, who: str, place: int, value: int) -> Steps:
        """RPF-1: each of five numbers in every length in which a header can have it."""
        numbers = [0, 7, 1, 1, 9]
        numbers[place] = value
        for extra in (b"", b"x", bytes(32)):
            found = self.record_at(self.shown(b"\x05", self.header(numbers, extra)))
            assert tuple(found[4:]) == (numbers[1], numbers[4]), f"another block than {numbers}: {found}"
        numbers[place] = WIDEST + 1
        self.unread(BAD_HEADER, self.shown(b"\x05", self.header(numbers)))
        yield from ()

    def header(self, numbers: list[int], extra: bytes = b"somebody", more: int = 6) -> bytes:
        storage = self.shown(b"\x05", b"")  # the same state under whatever header
        return header_of(keccak256(storage[1][0]), numbers, extra, more)

    @way(Choice((0, 127, 2**40)))
    def a_header_cut_off(self, who: str, value: int) -> Steps:
        """Nothing is read behind a header's end, at whichever byte that is."""
        numbers = [value, 7, value, 1, 9]
        whole = self.header(numbers)
        least = starts_of(numbers)[-1] + 32
        for length in (0, 91, 122, 123, NUMBERS_FROM - 1, *range(NUMBERS_FROM, least + 2)):
            shown = self.shown(b"\x05", whole[:length])
            if length < least:
                self.unread(BAD_HEADER, shown)
            else:
                self.shows(shown, 5)
        yield from ()

    @way()
    def longest_header_and_node(self, who: str) -> Steps:
        """RPF-1: as long as the contract takes them; a byte more is no argument of the call."""
        for more in (1, 5, 10):
            self.shows(self.shown(b"\x05", self.header([0, 7, 1, 1, 9], b"x", more)), 5)
        header = self.header([0, 7, 1, 1, 9], more=10)
        filled = header + bytes(LONGEST_HEADER - len(header))
        self.shows(self.shown(b"\x05", filled), 5)
        shown = self.shown(b"\x05", filled + b"\x00")
        self.refused("", "record_at", keccak256(shown[0]), FULL, IDS[0], shown)
        root, nodes = full_way(record_path(IDS[0]), encode(5), LONGEST_WAY)
        assert max(map(len, nodes)) <= LONGEST_NODE, "a full branch"
        self.shows(self.over(root, nodes), 5)
        root, nodes = full_way(record_path(IDS[0]), encode(5), LONGEST_WAY + 1)
        shown = self.over(root, nodes)
        self.refused("", "record_at", keccak256(shown[0]), FULL, IDS[0], shown)
        yield from ()

    # nodes ------------------------------------------------------------------------------------------------------------

    @way()
    def words_of_every_length(self, who: str) -> Steps:
        """RPF-1: a slot of each length that a record has. A status beyond a byte is none, nor is more than a word."""
        for size in range(32):
            for first in (1, 127, 128, 255):
                word = first << 8 * size
                if word >> 208 < 1 << 8:
                    self.shows(self.shown(encode(word)), word)
                else:
                    self.unread("", self.shown(encode(word)))
        self.unread(BAD_WORD, self.shown(string(bytes([1]) * 34)))
        self.unread(BAD_WORD, self.shown(string(bytes([1]) * 40)))
        yield from ()

    @way()
    def an_account_of_every_length(self, who: str) -> Steps:
        """Its storage root stands before the hash of its code; what has no room for both is no account."""
        storage = self.shown(b"\x05")
        root = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
        for value in (b"", b"\x01", bytes(ROOT_TO_END - 1), bytes(ROOT_TO_END)):
            state = self.state(value or b"\x00")
            shown = header_of(state.root, (0, 7, 1, 1, 9)), state.way(keccak256(bytes.fromhex(FULL[2:]))), storage[2]
            self.unread("state proof: no such account", shown)
        self.shows(self.over(root, []), 0)
        self.unread("state proof: node too many", self.over(root, storage[2]))
        empty = self.over(root, [])
        self.refused(
            "state proof: no such account", "record_at", keccak256(empty[0]), EMPTY, IDS[0], empty
        )  # another account's place is empty there
        yield from ()

    @way()
    def nodes_that_are_none(self, who: str) -> Steps:
        """What hangs on a believed root and is no node of a trie shows nothing."""
        for node in (b"\x05", b"\x83abc", b"\xbf" + bytes(8)):
            self.unread("state proof: node is no list", self.of_root(node))
        self.unread("", self.of_root(b"\xc0"))
        leaf = self.leaf(b"\x05")
        header, account, _ = self.of_root(list_of(leaf))
        self.unread("state proof: node missing", (header, account, []))
        self.unread("state proof: node missing", (header, [], []))
        self.shows(self.of_root(list_of(leaf)), 5)
        # Two items whose length is given in two bytes are read by the length that is given.
        for value in (bytes(range(1, 27)), bytes(range(1, 28))):
            items = self.leaf(encode(value))
            self.shows(self.of_root(b"\xf9" + len(items).to_bytes(2, "big") + items), int.from_bytes(value, "big"))
            self.shows(self.of_root(b"\xf8" + bytes([len(items)]) + items), int.from_bytes(value, "big"))
        short = string(b"\x20" + record_path(IDS[0])[:-1]) + string(b"\x05")
        self.unread("state proof: leaf too high", self.of_root(list_of(short)))
        longer = string(b"\x20" + record_path(IDS[0]) + b"\x00") + string(b"\x05")
        self.shows(self.of_root(list_of(longer)), 0)
        branch = [string(b"")] * 17
        branch[record_path(IDS[0])[0] >> 4] = string(bytes(31))
        self.unread("state proof: bad child", self.of_root(list_of(b"".join(branch))))
        yield from ()

    @way(Choice((FULL, LONELY)), Choice((0, 1)))
    def every_proof_of_the_campaign(self, who: str, registry: str, which: int) -> Steps:
        block = self.blocks[which]
        for record_id in IDS:
            found = self.seen("record_at", block.hash, registry, record_id, block.proof(registry, record_id))
            assert found[2] == block.words.get((registry, record_id), 0) >> 208, "another status than the state's"
        self.refused("record proof: not that block", "record_at", bytes(32), FULL, IDS[0], block.proof(FULL, IDS[0]))
        yield from ()

    @way(Choice((0, 1, 2, 3, 16)))
    def ids_of_records(self, who: str, links: int) -> Steps:
        """RPF-1: what a record is called there, by the registry's own rules."""
        parents = tuple(Link(Relation(1 + at % 3), keccak256(bytes([at]))[:26] + bytes(6)) for at in range(links))
        root = keccak256(b"digest")
        fields = {"content_root": b"\x21" * 32, "program_root": b"\x22" * 32, "manifest": b"\x23" * 32}
        record = Record(
            self["operator"].lower(), Kind.WEIGHTS, root, uri="a:b", licence="MIT", version="2", links=parents, **fields
        )
        for chain, registry in ((CHAIN, FULL), (1, LONELY)):
            wanted = RegistryDomain(chain, registry).record_id(record)
            assert self.seen("record_id", chain, registry, record.args) == wanted, "another id than the registry's"
        yield from ()
