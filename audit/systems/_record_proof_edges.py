"""RecordProof at its edges: headers and tries as one wants them, and the words in which short ways are described."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audit.state_tries import Trie, account_of
from audit.systems._record_proof import CHAIN, FULL, IDS, WINDOW, RecordProofLog
from audit.systems._record_proof_oracles import secret_of
from ethwire.constants import ZERO_ADDRESS
from ethwire.errors import Revert
from ethwire.keys import keccak256
from ethwire.rlp import encode, list_of, string
from keifu.keys import Account
from keifu.provenance.foreign import BlockHeader, record_path
from keifu.staking import KeyKind
from keifu.units import DAY

__all__ = ["AGE", "NUMBERS_FROM", "ROOT_TO_END", "RecordProofEdgeSystem", "Shown", "header_of", "starts_of"]

AGE = 400 * DAY
NUMBERS_FROM = 448  # byte of a header at which its difficulty stands
ROOT_TO_END = 65  # bytes of an account from its storage root on
LISTED = 5  # numbers of a header, the timestamp is the last of them
Shown = tuple[bytes, list[bytes], list[bytes]]


def header_of(state_root: bytes, numbers: Sequence[int], extra: bytes = b"somebody", more: int = 6) -> bytes:
    """A header with difficulty, number, gas limit, gas used and timestamp as given, and so many fields behind."""
    word = bytes(range(32))
    front = [word, word, word[:20], state_root, word, word, bytes(256)]
    return encode([*front, *numbers, extra, *[word] * more])


def starts_of(numbers: Sequence[int]) -> list[int]:
    """At which byte each number of a header begins."""
    found, at = [], NUMBERS_FROM
    for number in numbers:
        found.append(at)
        at += len(encode(number))
    return found


class RecordProofEdgeSystem(RecordProofLog):
    """The campaign's set-up; every way begins a day later."""

    wait_weight = 1

    def open(self) -> None:
        super().open()
        self.evm.warp(DAY)

    def start(self) -> None:
        super().start()
        self.began = self.now

    # calls ------------------------------------------------------------------------------------------------------------

    def seen(self, name: str, *args: Any) -> Any:
        """What a view answers, whole; one that reverts is a finding."""
        try:
            return getattr(self.contract("proofs"), name)(*args)
        except Revert as error:
            raise AssertionError(f"{name} must answer, was refused: {error.reason}") from error

    def refused(self, reason: str, name: str, *args: Any) -> None:
        try:
            found = f"answered {getattr(self.contract('proofs'), name)(*args)}"
        except Revert as error:
            found = error.reason
        assert found == reason, f"{name} must be refused for {reason!r}: {found}"

    def send(self, function: str, *args: Any, by: str = "operator", fails: str | None = None) -> Any:
        return self.tx(f"proofs.{function}", *args, sender=self[by], fails=fails)

    # proofs -----------------------------------------------------------------------------------------------------------

    def state(self, account: bytes, path: str = FULL) -> Trie:
        return Trie({keccak256(bytes.fromhex(path[2:])): account})

    def shown(self, value: bytes, header: bytes | None = None) -> Shown:
        """A registry whose only slot holds `value`, encoded."""
        storage = Trie({record_path(IDS[0]): value})
        return self.over(storage.root, storage.way(record_path(IDS[0])), header)

    def over(self, root: bytes, storage: list[bytes], header: bytes | None = None) -> Shown:
        state = self.state(account_of(root))
        made = header if header is not None else header_of(state.root, (0, 7, 1, 1, self.now))
        return made, state.way(keccak256(bytes.fromhex(FULL[2:]))), storage

    def of_root(self, node: bytes) -> Shown:
        """A storage trie that is one node, whatever it is."""
        return self.over(keccak256(node), [node])

    def leaf(self, value: bytes) -> bytes:
        """Items of a leaf below the root, encoded."""
        return string(b"\x20" + record_path(IDS[0])) + string(value)

    def plain_leaf(self, value: bytes) -> bytes:
        return list_of(self.leaf(value))

    def record_at(self, shown: Shown) -> Any:
        return self.seen("record_at", keccak256(shown[0]), FULL, IDS[0], shown)

    def unread(self, reason: str, shown: Shown) -> None:
        self.refused(reason, "record_at", keccak256(shown[0]), FULL, IDS[0], shown)

    def shows(self, shown: Shown, word: int) -> None:
        found = self.record_at(shown)
        fields = (f"0x{word & ((1 << 160) - 1):040x}", word >> 200 & 255, word >> 208, word >> 160 & ((1 << 40) - 1))
        assert (found[0].lower(), *found[1:4]) == fields, f"{word:#x} is shown as {found}"

    # statements -------------------------------------------------------------------------------------------------------

    def says(self, which: int = 0, time: int = 0, key: str = "operator") -> BlockHeader:
        block = self.blocks[which]
        return BlockHeader(self.evm.account(key).address, CHAIN, block.number, block.hash, time or self.now)

    def signs(self, header: BlockHeader, by: Account | None = None) -> bytes:
        return header.sign(self.domain, by or self.signers[header.key])

    def asked(self, signed: list[tuple[str, int, bytes]], quorum: int = 1, **changes: Any) -> tuple[Any, ...]:
        """Arguments of `attested_record` about the first block."""
        said = {"chain": CHAIN, "registry": FULL, "attestors": self.operators, "quorum": quorum, "age": AGE} | changes
        return tuple(said.values()), IDS[0], self.blocks[0].proof(FULL, IDS[0]), signed

    def counts_now(self, header: BlockHeader, reason: str = "") -> None:
        """One statement by itself, as a question's whole quorum."""
        question = self.asked([(header.key, header.time, self.signs(header))])
        if reason:
            self.refused(reason, "attested_record", *question)
        else:
            assert self.seen("attested_record", *question)[4] == self.blocks[0].number, "another block was shown"

    def pair(self, first: int = 0, second: int = 0, key: str = "operator") -> tuple[Any, ...]:
        """Arguments of `report`: two blocks of one number, signed at these times."""
        one, other = self.says(0, first, key), self.says(1, second, key)
        return one.args, self.signs(one), other.args, self.signs(other)

    def committed_by(self, pair: tuple[Any, ...], by: str = "watcher") -> Any:
        yield self.send("commit_proof", secret_of(pair[0], pair[2], self[by]), by=by)
        self.evm.mine()

    # what must be seen ------------------------------------------------------------------------------------------------

    def promised(
        self, since: int, last: int, reserve: int, attestor: str = "operator", bound: int | None = None
    ) -> None:
        until = last + WINDOW if since else 0
        found = tuple(self.seen("binding", self[attestor]))
        assert found == (since, last, until, reserve), f"what is promised: {found}"
        assert self.seen("reserved", self[attestor]) == reserve, "what is reserved"
        asked = self.view("get_lock", self["proofs"], self[attestor])[1]
        assert asked == (reserve if bound is None else bound), "what the hub was asked to bind"

    def speaks(self, kind: int | None, since: int, until: int) -> None:
        """KEY-1, of every kind and at each second that decides."""
        key, operator = self.node.address, self["operator"]
        named = (ZERO_ADDRESS, 0, 0, 0) if kind is None else (operator, kind, since, until)
        assert tuple(self.seen("key", key)) == named, "what is known of a key"
        for of in (0, *KeyKind, 4):
            for time in (0, since - 1, since, since + 1, until - 1, until, until + 1):
                wanted = key
                if kind is not None and time >= since:
                    wanted = operator if of == kind and (not until or time <= until) else ZERO_ADDRESS
                assert self.seen("operator_of", key, of, max(0, time)) == wanted, "for whom a key speaks"
