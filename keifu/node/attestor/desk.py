"""Attests one request after another. No line of it may be the last one: whatever is done again ends in the same.

Old data is checked against the token, opened, encrypted anew and stored; then a statement is signed and written down,
and only then it leaves. Keys and plain data are never on the disk: the new keys follow from a reception key and from
the request, so a node that was killed makes the same ones again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Protocol

from keifu.errors import CheckFailed, InputError
from keifu.inft.pieces import Draft, Source
from keifu.inft.renewing import Renewed, Same, renewed, seed_of
from keifu.inft.requests import Answer, AnswerItem, Asked, NotAttested, TransferRequest, opened_keys
from keifu.inft.seals import PUBLIC_KEY_BYTES, open_seal, seal
from keifu.inft.stores import Store, keep_all
from keifu.inft.transfer import Transfer
from keifu.keys import Account, keccak256
from keifu.node.attestor.book import Book
from keifu.node.attestor.receptions import Receptions
from keifu.spec.inft_limits import MAX_ITEMS

__all__ = ["Desk", "World"]

AT_ONCE = 4  # items


class World(Protocol):
    """What the chain says of a request."""

    def require_movable(self, request: TransferRequest) -> None:
        """Raises NotAttested for what the contracts would refuse, or the node's owner does not promise."""


class Desk:
    """Of one attestor. `most` requests are signed an hour."""

    def __init__(
        self, account: Account, receptions: Receptions, book: Book, store: Store, world: World, most: int
    ) -> None:
        self._account, self._receptions, self._book = account, receptions, book
        self._store, self._world, self._most = store, world, most

    def attest(self, asked: Asked) -> Answer:
        """What is signed for a request: the same each time. Raises NotAttested, or what the store raises."""
        request = asked.request
        name = request.digest
        if (found := self._book.answer(name)) is not None:
            if asked.lead is not None:
                self._book.require_same(name, asked.lead.digest)
            return found
        place = self._place(request)
        _require_form(asked)
        self._world.require_movable(request)
        if self._book.hour >= self._most:
            raise NotAttested("busy", "this attestor has signed its hour's requests", "come back later, or ask another")
        reception = self._receptions.key(bytes.fromhex(request.attestors[place].public_key))
        seed = seed_of(reception, name) if place == 0 else self._led(asked, reception)
        boxes = _boxes(request, seed) if place == 0 else {}
        items = (
            self._compared(asked, asked.lead, reception, seed) if asked.lead else self._stored(asked, reception, seed)
        )
        transfer = request.transfer(items)
        answer = self._signed(transfer, items, boxes)
        if asked.lead is not None and asked.lead.digest != answer.digest:
            raise NotAttested(
                "other_statement", "the leading attestor's statement is not what follows from the request",
                "ask other attestors, and let this one's owner know",
            )  # fmt: skip
        self._book.keep(name, answer, transfer)
        self._store.settle()
        return answer

    def _place(self, request: TransferRequest) -> int:
        for place, named in enumerate(request.attestors):
            if named.attestor == self._account.address:
                return place
        raise NotAttested("not_named", f"{self._account.address} is not asked by this request", "name it, and sign")

    def _led(self, asked: Asked, reception: Account) -> bytes:
        """What the leading attestor has sealed to this one."""
        box = asked.lead.boxes.get(self._account.address) if asked.lead else None
        if asked.lead is None or box is None or len(asked.lead.items) != len(asked.request.items):
            raise NotAttested("not_led", "the leading attestor has not answered yet", "ask the first named one first")
        try:
            return open_seal(bytes.fromhex(box), reception, asked.request.digest)
        except (ValueError, InputError, CheckFailed) as error:
            raise NotAttested("not_led", "the leading attestor's box is none", "ask other attestors") from error

    def _stored(self, asked: Asked, reception: Account, seed: bytes) -> list[AnswerItem]:
        """By the leading attestor. All items are known to be right before the first one is kept, and paid for."""
        request, drafts = asked.request, list[Draft]()

        def work(number: int, key: bytes, old: Source) -> Renewed:
            draft = drafts[number]
            with old:
                new = renewed(request, number, key, seed, old, draft.write)
            draft.finish()
            return new

        with ExitStack() as stack:  # whatever fails, none of them stays
            for number in range(len(request.items)):
                drafts.append(self._store.draft(f"{request.digest.hex()}-{number}"))
                stack.callback(drafts[-1].drop)
            news = self._worked(asked, reception, [(item.address,) for item in request.items], work)
            kept = zip(drafts, (new.data_hash for new in news), strict=True)
            return [new.answer(address) for new, address in zip(news, keep_all(self._store, kept), strict=True)]

    def _compared(self, asked: Asked, lead: Answer, reception: Account, seed: bytes) -> list[AnswerItem]:
        """By the others: what the leading one has stored is what is made here, and kept nowhere."""
        request = asked.request

        def work(number: int, key: bytes, old: Source, stored: Source) -> Renewed:
            with old, stored:
                same = Same(stored)
                new = renewed(request, number, key, seed, old, same.take)
            if not same.is_whole:
                address = lead.items[number].address[:80]
                raise NotAttested(
                    "not_stored", f"item {number}: what is stored at {address} is not the data encrypted anew",
                    "ask other attestors, and let the leading one's owner know",
                )  # fmt: skip
            return new

        addresses = [(old.address, new.address) for old, new in zip(request.items, lead.items, strict=True)]
        news = self._worked(asked, reception, addresses, work)
        return [new.answer(item.address) for new, item in zip(news, lead.items, strict=True)]

    def _worked(
        self, asked: Asked, reception: Account, addresses: Sequence[Sequence[str]], work: Callable[..., Renewed]
    ) -> list[Renewed]:
        """`work` for each item, with its number, its old key, and sources of its addresses. Hashing lets other threads
        run: while the next item is fetched here, those before are worked on."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            going = [
                pool.submit(work, number, key, *map(self._store.source, addresses[number]))
                for number, key in enumerate(opened_keys(asked, reception))
            ]
            return [one.result() for one in going]

    def _signed(self, transfer: Transfer, items: list[AnswerItem], boxes: dict[str, str]) -> Answer:
        digest = transfer.statement_digest
        return Answer(self._account.address, digest.hex(), self._account.sign(digest).hex(), items, boxes)


def _boxes(request: TransferRequest, seed: bytes) -> dict[str, str]:
    """The seed for each other attestor. One sealer for each box, from the seed: an answer that is made again is the
    same to the byte."""
    name = request.digest
    return {
        one.attestor: seal(seed, bytes.fromhex(one.public_key), name, Account(keccak256(seed + one.packed))).hex()
        for one in request.attestors[1:]
    }


def _require_form(asked: Asked) -> None:
    """Raises NotAttested for what no contract would take."""
    request = asked.request
    if len(bytes.fromhex(request.public_key)) != PUBLIC_KEY_BYTES:
        raise NotAttested("no_public_key", "the buyer has no public key", "ask it for one: keifu inft key")
    if not 0 < len(request.items) <= MAX_ITEMS or len(asked.keys) != len(request.items):
        raise NotAttested("form", f"{len(asked.keys)} keys for {len(request.items)} items", "one for each of 1 to 8")
    if len({one.attestor for one in request.attestors}) != len(request.attestors):
        raise NotAttested("form", "an attestor is named twice", "name each once")
    for one in request.attestors:
        # What new keys follow from is sealed to it: the owner's own key could stand there.
        if not one.has_signed(request.chain_id, request.verifier):
            raise NotAttested(
                "no_reception", f"{one.attestor[:42]} has not signed the reception key that is named for it",
                "name what its page says, whole",
            )  # fmt: skip
    if not request.is_signed:
        raise NotAttested("not_signed", f"{request.sender} has not signed this request", "sign it as the owner")
    try:
        Account.random().shared_point(bytes.fromhex(request.public_key))
    except (ValueError, InputError) as error:
        raise NotAttested(
            "no_public_key", "the buyer's public key is no point of secp256k1", "ask it for its key again"
        ) from error
