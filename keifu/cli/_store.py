"""What commands of storage share: the client's folder, and files named by their number here or by their address."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._types import FOLDER
from keifu.errors import UsageError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from keifu.cli.session import RpcSession
    from keifu.storage.ciphers import FileKeys
    from keifu.storage.client.address import FileAddress
    from keifu.storage.client.ledger import Ledger, Row
    from keifu.storage.client.market import Market
    from keifu.storage.client.paying import Payer
    from keifu.storage.layout import Descriptor

__all__ = [
    "CODE",
    "FILE",
    "Bar",
    "Named",
    "ledger_of",
    "market_of",
    "named",
    "paying",
    "row_of",
    "storage_folder",
    "token_option",
]

SUITE = ("StorageMarket", "StorageDeals", "StorageRepairs", "StakingHub", "KeifuToken")
SHARDS_AT_MOST = 32
SCHEME = "keifu:"


class Code(click.ParamType):
    """K+M: any K of K+M shards give the file."""

    name = "k+m"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        k, plus, m = str(value).partition("+")
        if not (plus and k.isdecimal() and m.isdecimal() and len(k) + len(m) < len("1000")):
            self.fail(f"{value!r} is no code: write 10+4, for files that any 10 of 14 shards give", param, ctx)
        if not (int(k) and int(m) and int(k) + int(m) <= SHARDS_AT_MOST):
            self.fail(f"{value!r}: at least 1+1, and {SHARDS_AT_MOST} shards at most", param, ctx)
        return int(k), int(m)


class FileName(click.ParamType):
    """A file by its number here, or by its address."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | FileAddress:
        if not isinstance(value, str):
            found: int | FileAddress = value
            return found
        if value.isdecimal() and len(value) < len("10000000000"):
            return int(value)
        if not value.startswith(SCHEME):
            self.fail(f"{value!r} is no file: give its number in `keifu store ls`, or its address keifu:…", param, ctx)
        from keifu.errors import InputError
        from keifu.storage.client.address import FileAddress

        try:
            return FileAddress.parse(value)
        except InputError as error:
            self.fail(error.message, param, ctx)


CODE, FILE = Code(), FileName()


def storage_folder(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--folder", type=FOLDER, envvar="KEIFU_STORAGE", show_envvar=True,
        help="The client's folder.  [default: storage in your own state folder]",
    )(body)  # fmt: skip


def token_option(body: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--token", default="", metavar="ADDRESS|SYMBOL",
        help="A listed token that pays, by its address or symbol.  [default: the suite's coin]",
    )(body)  # fmt: skip


def market_of(session: RpcSession) -> Market:
    from keifu.storage.client.market import Market

    return Market(session.client, session.suite(*SUITE), session.record.first_block)


def ledger_of(folder: Path | None, *, writes: bool = True) -> Ledger:
    from keifu.storage.client.ledger import Ledger, usual_folder

    return Ledger(folder or usual_folder(), writes=writes)


def row_of(ledger: Ledger, file: int | FileAddress, *, needs_deal: bool = True, own: bool = False) -> Row:
    """A file that was stored from here. Raises UsageError for another one, for one whose deal is not agreed yet where
    that is needed, and for one that an endowment pays for where its client's own is needed."""
    row = ledger.file(file) if isinstance(file, int) else ledger.by_deal(file.deal)
    if row is None:
        raise UsageError("this file was not stored from here", remedy="keifu store ls shows those that were")
    if needs_deal and not row.deal:
        raise UsageError(f"file {row.number} is not stored yet", remedy="keifu store put goes on")
    if own and row.kept.endowment:
        raise UsageError(
            f"an endowment pays for file {row.number}: its terms are nobody's to end or to prolong",
            remedy="keifu store top-up gives it more coins",
        )
    return row


class Named:
    """A file to read: its address, descriptor, and keys where there are some."""

    def __init__(self, address: FileAddress, descriptor: Descriptor, keys: FileKeys | None, row: Row | None) -> None:
        self.address, self.descriptor, self.keys, self.row = address, descriptor, keys, row


def named(
    session: RpcSession, file: int | FileAddress, folder: Path | None, box: Path | None = None, *, keyless: bool = False
) -> Named:
    """What this client kept of a file, else what the chain says of its deal. Raises UsageError for one that was never
    stored, and CheckFailed."""
    from keifu.storage.client.fetching import described
    from keifu.storage.client.ledger import usual_folder
    from keifu.storage.client.storing import address_of, descriptor_of, keys_of

    row = None
    if isinstance(file, int) or (folder or usual_folder()).exists():
        with ledger_of(folder, writes=False) as ledger:
            row = ledger.file(file) if isinstance(file, int) else ledger.by_deal(file.deal)
    if row is not None:
        if not row.deal:
            raise UsageError(f"file {row.number} is not stored yet", remedy="keifu store put goes on")
        keys = None if keyless else _unboxed(session, box, row.root) or keys_of(row, session.signer)
        return Named(address_of(row), descriptor_of(row.kept), keys, row)
    assert not isinstance(file, int)
    found = described(market_of(session), file)
    keys = None if keyless else _unboxed(session, box, found.content_root) or file.keys
    return Named(file, found, keys, None)


def _unboxed(session: RpcSession, box: Path | None, root: bytes) -> FileKeys | None:
    if box is None:
        return None
    from keifu._files import read_bounded
    from keifu.storage.boxes import open_share
    from keifu.storage.client.fetching import opened_box

    text = read_bounded(box, 1 << 16, "a box of keys").decode("ascii", "replace")
    return open_share(opened_box(text), session.account, root)


@contextmanager
def paying(session: RpcSession, market: Market, coins: int, coin: str | None) -> Iterator[Payer | None]:
    """Whoever pays nodes for what they give, out of the client's channels; nobody where nothing may be paid."""
    if not coins:
        yield None
        return
    from keifu.compute.client.store import Store, usual_folder
    from keifu.storage.client.paying import Payer

    with Store(usual_folder()) as store:
        yield Payer.of(market, session.account, store, coins, coin or "")


class Bar:
    """A bar on standard error while bytes travel, where somebody looks."""

    def __init__(self, size: int, label: str) -> None:
        self._size, self._label = size, label
        self._update: Callable[[int], None] = lambda count: None

    @contextmanager
    def shown(self) -> Iterator[None]:
        if not sys.stderr.isatty():
            yield
            return
        bar: ProgressBar[int] = click.progressbar(length=self._size, label=self._label, file=sys.stderr)
        with bar:
            self._update = bar.update
            yield

    def read(self, count: int) -> None:
        self._update(count)

    def say(self, text: str) -> None:
        click.echo(text, err=True)
