"""What the SDK offers of storage: files that many providers keep, paid once and read from whoever has their shards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from keifu.compute.client.store import Store
from keifu.compute.client.store import usual_folder as payments_folder
from keifu.errors import UsageError
from keifu.sdk.amounts import coins_of, wei_of
from keifu.sdk.link import Link
from keifu.sdk.verbs import Area, Later, Now, verb
from keifu.storage.boxes import open_share
from keifu.storage.ciphers import FileKeys
from keifu.storage.client import endowing, keeping
from keifu.storage.client.address import FileAddress
from keifu.storage.client.fetching import Opened, described, opened, opened_box
from keifu.storage.client.ledger import Ledger, Row, usual_folder
from keifu.storage.client.market import Market
from keifu.storage.client.paying import Payer
from keifu.storage.client.quoting import Wish
from keifu.storage.client.storing import Storing, address_of, descriptor_of, keys_of
from keifu.storage.client.trees import source_of, write_file, write_tree
from keifu.storage.states import GWEI
from keifu.units import DAY

__all__ = ["Endowed", "Quoted", "Storage", "Stored"]

M = TypeVar("M", bound=Now | Later)
CODE = (10, 4)


@dataclass(frozen=True)
class Stored:
    """A file in storage. The address is what others read it by, with its keys where it is private."""

    address: str
    content_root: str
    deal: str
    size: int
    state: str


@dataclass(frozen=True)
class Endowed:
    """An endowment, the file's address in the term under way, the first epoch that is not paid for, the coins that are
    left, and for how many further terms they are enough."""

    endowment: str
    address: str
    until: int
    coins: Decimal
    lasts: int


@dataclass(frozen=True)
class Quoted:
    """Coins at the most (or so much of the token), the probability of loss in a year, and the providers that would
    store it."""

    number: int
    cost: Decimal
    loss_in_a_year: float
    providers: tuple[str, ...]


class Storage(Area[M]):
    """Files with many providers: any k of k + m shards give one."""

    @verb
    def quote(
        self,
        path: str | Path,
        *,
        days: int = 30,
        code: tuple[int, int] = CODE,
        public: bool = False,
        restitution: str | int | Decimal | None = None,
        token: str = "",
    ) -> Quoted:
        """What storing a file or folder would cost now, and how safe it would be. Nothing is paid. `token` is a listed
        one, by address or symbol, in which that is; without it the suite's coin."""
        source = source_of(Path(path).resolve())
        with _storing(self._link) as storing:
            wish = _wish(storing.market, source.size, days, code, public, restitution, token)
            number, made = storing.quote(source, wish, public=public)
        holders = tuple(offer.provider for offer in made.holders)
        return Quoted(number, coins_of(made.cost, made.terms.money.decimals), made.loss, holders)

    @verb
    def put(
        self,
        path: str | Path,
        *,
        max_price: str | int | Decimal,
        days: int = 30,
        code: tuple[int, int] = CODE,
        public: bool = False,
        restitution: str | int | Decimal | None = None,
        again: bool = False,
        token: str = "",
    ) -> Stored:
        """Store a file or folder for at most `max_price` coins, or as much of a listed `token`. The same call goes on
        where an earlier one ended, and what is stored is not paid again, unless `again` asks for another copy."""
        source = source_of(Path(path).resolve())
        with _storing(self._link) as storing:
            wish = _wish(storing.market, source.size, days, code, public, restitution, token)
            most = wei_of(max_price, storing.market.money(wish.token).decimals)
            return _stored(storing.put(source, wish, most=most, public=public, again=again))

    @verb
    def get(
        self, address: str, out: str | Path, *, name: str = "", box: str = "", max_price: str | int | Decimal = 0
    ) -> int:
        """Read a file or folder, or one file of a folder, to `out`; its bytes. `box` holds keys that were shared. For
        what nodes do not give freely at most `max_price` coins are paid, out of channels."""
        with _reading(self._link, address, box, wei_of(max_price)) as file:
            if name:
                return write_file(file.downloads.read(*file.place(name)), Path(out))
            if (manifest := file.manifest) is not None:
                return write_tree(manifest, file.read(), Path(out))
            return write_file(file.read(), Path(out))

    @verb
    def read(self, address: str, start: int = 0, length: int | None = None, *, name: str = "", box: str = "") -> bytes:
        """Bytes of a file, from `start` on."""
        with _reading(self._link, address, box) as file:
            begin, size = file.place(name) if name else (file.manifest_bytes, file.descriptor.size)
            size = size if name else size - file.manifest_bytes
            if not 0 <= start <= size:
                raise UsageError(f"byte {start} is not in it", remedy=f"it has {size}, counted from 0")
            return b"".join(file.downloads.read(begin + start, min(size - start, size if length is None else length)))

    @verb
    def list(self) -> list[Stored]:
        """What this client has stored on this chain."""
        if not usual_folder().exists():
            return []
        with Ledger(usual_folder(), writes=False) as ledger:
            rows = ledger.files()
        return [_stored(row) for row in rows if row.deal and row.keys and row.chain == self._link.client.chain_id]

    @verb
    def verify(self, address: str, *, leaves: int = 3) -> bool:
        """Whether each provider shows so many drawn leaves of its shard."""
        market, found = _market(self._link), FileAddress.parse(address)
        row = _kept(found)
        descriptor = descriptor_of(row.kept) if row else described(market, found)
        return not any(item.fault for item in keeping.sampled(market, found.deal, descriptor, leaves))

    @verb
    def renew(self, address: str, *, days: int, max_price: str | int | Decimal) -> int:
        """Pay for a file for longer, in what its deal is paid in; the first epoch that is not paid for."""
        market = _market(self._link)
        with Ledger(usual_folder()) as ledger:
            row = _own(ledger, address)
            most = wei_of(max_price, market.money(row.kept.token).decimals)
            return keeping.renew(market, ledger, self._link.deployer, row, days * DAY, most)[1]

    @verb
    def endow(
        self,
        address: str,
        *,
        amount: str | int | Decimal,
        term_days: int = 120,
        fall: float = 0.0,
        above: float = 0.0,
        reward: str | int | Decimal = "1",
        heir: str = "",
    ) -> Endowed:
        """Coins that pay for a file term after term: the price begins `above` percent over the dearest provider's, and
        falls by `fall` percent a term. Nobody takes them back; the heir (you, unless one is named) gets the rest when
        nobody goes on. The same call again pays nothing twice."""
        share = endowing.BPS // 100
        with _storing(self._link) as storing:
            wish = endowing.Wish(
                wei_of(amount), term_days * DAY, round(fall * share), round(above * share), wei_of(reward),
                heir or self._link.account.address,
            )  # fmt: skip
            return _endowed(*endowing.endow(storing, _own(storing.ledger, address), wish))

    @verb
    def extend(self, address: str) -> Endowed:
        """Open the next term of an endowed file when it is time, for its reward. Its address changes with the term."""
        with _storing(self._link) as storing:
            return _endowed(*endowing.extend(storing, _own(storing.ledger, address)))

    @verb
    def share(self, address: str, public_key: bytes, *, repair_only: bool = False) -> str:
        """The keys of a file in a box for whoever has the private key of `public_key` (64 bytes)."""
        with Ledger(usual_folder(), writes=False) as ledger:
            row = _own(ledger, address)
        return keeping.make_box(row, self._link.account, public_key, repair_only=repair_only).hex()

    @verb
    def erase(self, address: str) -> int:
        """End a file's deal and shred its keys; how many providers have signed that its shards are deleted so far."""
        with Ledger(usual_folder()) as ledger:
            row = _own(ledger, address)
            return len(keeping.erase(_market(self._link), ledger, self._link.deployer, row)[1])


def _market(link: Link) -> Market:
    return Market(link.client, link.suite, link.record.first_block)


@contextmanager
def _storing(link: Link) -> Iterator[Storing]:
    with Ledger(usual_folder()) as ledger:
        yield Storing(_market(link), ledger, link.deployer, link.account, time.sleep)


@contextmanager
def _reading(link: Link, address: str, box: str, most: int = 0) -> Iterator[Opened]:
    market, found = _market(link), FileAddress.parse(address)
    row = _kept(found)
    descriptor = descriptor_of(row.kept) if row else described(market, found)
    if box:
        keys: FileKeys | None = open_share(opened_box(box), link.account, descriptor.content_root)
    else:
        keys = found.keys or (None if row is None else keys_of(row, link.account))
    if not most:
        with opened(market, found, descriptor, keys) as file:
            yield file
        return
    with Store(payments_folder()) as store:
        payer = Payer.of(market, link.account, store, most)
        with opened(market, found, descriptor, keys, payer=payer) as file:
            yield file


def _kept(address: FileAddress) -> Row | None:
    if not usual_folder().exists():
        return None
    with Ledger(usual_folder(), writes=False) as ledger:
        return ledger.by_deal(address.deal)


def _own(ledger: Ledger, address: str) -> Row:
    row = ledger.by_deal(FileAddress.parse(address).deal)
    if row is None:
        raise UsageError("this file was not stored from here", remedy="k.storage.list() has those that were")
    return row


def _stored(row: Row) -> Stored:
    return Stored(str(address_of(row)), row.root.hex(), row.deal.hex(), row.kept.size, row.state)


def _endowed(row: Row, found: endowing.Endowment) -> Endowed:
    return Endowed(found.address, str(address_of(row)), found.until, coins_of(found.coins), found.lasts)


def _wish(
    market: Market,
    size: int,
    days: int,
    code: tuple[int, int],
    public: bool,
    restitution: str | int | Decimal | None,
    token: str,
) -> Wish:
    worth = None if restitution is None else wei_of(restitution) // GWEI
    return Wish(size, *code, days * DAY, not public, worth, market.token_named(token))
