"""Three attestors without a chain, and an owner that asks them: for tests of what they sign, and of what is left when
one dies."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keifu.inft.folder import DataFolder, DataItem
from keifu.inft.pieces import MemorySource
from keifu.inft.requests import About, Answer, Asked, NotAttested, TransferRequest
from keifu.inft.seals import encrypt
from keifu.inft.statements import Move
from keifu.inft.stores import FolderStore, Store, put
from keifu.inft.transfer import Terms
from keifu.keys import Account
from keifu.node.attestor.book import Book
from keifu.node.attestor.desk import Desk
from keifu.node.attestor.receptions import Receptions
from keifu.units import DAY

__all__ = ["NAMES", "PLAIN", "Bench"]

NAMES = ("first", "second", "third")
PLAIN = (b"You are brief.", b"Nothing yet.")
OWNER, BUYER, KEY = (Account.from_role(name) for name in ("owner", "buyer", "buyer's key"))
TERMS = Terms(31_337, "0x" + "5a" * 20, 2_000_000, 7)
MOVE = Move("0x" + "5b" * 20, 7, OWNER.address, BUYER.address)


class Anything:
    """A chain that has nothing against any request."""

    def require_movable(self, request: TransferRequest) -> None:
        del request


class Bench:
    """A folder for each attestor, and one for the data."""

    def __init__(self, folder: Path, store: Store | None = None, plain: Sequence[bytes] = PLAIN) -> None:
        self.folder, self.now = folder, 1_000_000.0
        self.store: Store = store or FolderStore(folder / "data")
        secrets = [encrypt(one) for one in plain]
        names = ("prompt", "memory", *("data" for _ in plain[2:]))
        self.data = DataFolder(
            [DataItem(name, name, one.data_hash.hex(), one.key.hex()) for name, one in zip(names, secrets, strict=True)]
        )
        self.addresses = [self.put(one.data) for one in secrets]

    def put(self, data: bytes) -> str:
        return put(self.store, MemorySource(data))

    def desk(self, name: str, world: Any = None, most: int = 60) -> Desk:
        """Of an attestor whose process has just begun."""
        database = sqlite3.connect(self.place(name) / "node.sqlite", isolation_level=None)
        book = Book(database, lambda: self.now)
        account = Account.from_role(name)
        return Desk(account, self.receptions(name), book, self.store, world or Anything(), most)

    def place(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path

    def receptions(self, name: str) -> Receptions:
        return Receptions(self.place(name) / "receptions", Account.from_role(name), DAY, lambda: self.now)

    def about(self, name: str) -> About:
        account, (public, until) = Account.from_role(name), self.receptions(name).newest()
        bare = About(TERMS.chain_id, TERMS.verifier, account.address, public.hex(), until)
        return About(
            bare.chain_id, bare.verifier, bare.attestor, bare.public_key, until, account.sign(bare.digest).hex()
        )

    def request(
        self, *, move: Move = MOVE, signer: Account = OWNER, public_key: bytes = KEY.public_key
    ) -> TransferRequest:
        named = [self.about(name).named for name in NAMES]
        made = TransferRequest.of(move, self.data, self.addresses, public_key, TERMS, named)
        return self.signed(made, signer)

    @staticmethod
    def signed(request: TransferRequest, signer: Account = OWNER) -> TransferRequest:
        request.signature = signer.sign(request.digest).hex()
        return request

    def asked(self, request: TransferRequest, name: str, lead: Answer | None = None) -> Asked:
        named = request.attestors[NAMES.index(name)]
        return Asked(request, request.sealed_keys(self.data, named), lead)

    def all(self, request: TransferRequest) -> list[Answer]:
        """What each answers, the leading one first."""
        lead = self.desk(NAMES[0]).attest(self.asked(request, NAMES[0]))
        return [lead, *(self.desk(name).attest(self.asked(request, name, lead)) for name in NAMES[1:])]

    def refusal(self, asked: Asked, name: str = NAMES[0], **more: Any) -> str:
        """The code by which it is refused."""
        try:
            self.desk(name, **more).attest(asked)
        except NotAttested as error:
            return error.code
        return "attested"
