"""A local chain in a folder: its state, where everything is, and whose keys have what. Tests of a dApp begin with it.

kit.json        chain, moment, how anvil is called, accounts by their role
state.json      what `anvil --load-state` reads
<chain id>.json the deployment record
grants          the published list, where the chain has a distribution
"""

from __future__ import annotations

import gzip
import shutil
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ethwire.anvil import anvil_options
from keifu._files import read_bounded, write_whole
from keifu.abi import Contract
from keifu.chain import Anvil, ChainClient, Deployment
from keifu.chain.deployments import Record, open_record
from keifu.chain.header import genesis_of
from keifu.errors import EnvironmentFault, InputError
from keifu.keys import Account, checksum
from keifu.local.dwellers import settle_in
from keifu.local.grants import seed
from keifu.local.roles import ROLES, address_of
from keifu.local.suite import deploy_suite, fund
from keifu.sdk import Keifu, connect

__all__ = ["Kit", "KitAccount", "Playground", "make_kit", "opened", "read_kit", "save_kit"]

KIT, STATE, GRANTS = "kit.json", "state.json", "grants"
FORMAT = "keifu-kit/1"
LARGEST_KIT = 1 << 20  # bytes
BEGIN = 1_800_000_000  # first block of a kit that is made here, unix seconds: the same wherever it is made
REMEDY = "keifu chain save --out FOLDER writes one"


class KitAccount(msgspec.Struct, frozen=True):
    """A role's account. Anyone can make its key."""

    address: str
    key: str
    purpose: str


class Kit(msgspec.Struct, frozen=True):
    """What is in `kit.json`."""

    format: str
    chain_id: int
    time: int  # of the newest block, unix seconds
    anvil: list[str]  # with which the state is loaded
    accounts: dict[str, KitAccount]
    grants: bool


def save_kit(client: ChainClient, record: Record, grants: Path | None, folder: Path) -> Kit:
    """Write what a local chain is now into `folder`; `kit.json` comes last: where it is, the rest is whole.

    Raises InputError for a folder that holds something else, so that nothing of anybody's is replaced.
    """
    _require_free(folder)
    chain_id = client.chain_id
    kit = Kit(FORMAT, chain_id, client.now, anvil_options(chain_id), _accounts(), grants is not None)
    state = _state(client)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / KIT).unlink(missing_ok=True)
    shutil.rmtree(folder / GRANTS, ignore_errors=True)
    if grants is not None:
        shutil.copytree(grants, folder / GRANTS)
    write_whole(folder / STATE, state)
    record.save(folder)
    write_whole(folder / KIT, msgspec.json.format(msgspec.json.encode(kit), indent=2) + b"\n")
    return kit


def make_kit(folder: Path) -> Kit:
    """The kit of a fresh chain: the suite, everybody with ether and coins, an operator with stake, a list of grants."""
    _require_free(folder)
    with Anvil(since=BEGIN) as anvil, ExitStack() as made:
        client = anvil.client()
        record = Record(client.chain_id, genesis_of(client.rpc))
        work = folder.with_name(f".{folder.name}.making")
        work.mkdir(parents=True)
        made.callback(shutil.rmtree, work)
        suite = deploy_suite(client, record, work)
        settle_in(client, suite)
        seed(client, record, work, work / GRANTS)
        return save_kit(client, record, work / GRANTS, folder)


def read_kit(folder: Path) -> Kit:
    """Raises InputError when there is none."""
    body = read_bounded(folder / KIT, LARGEST_KIT, "a kit", remedy=REMEDY)
    try:
        kit = msgspec.json.decode(body, type=Kit)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"{folder / KIT} is no kit: {error}", remedy=REMEDY) from error
    if kit.format != FORMAT:
        raise InputError(f"{folder / KIT} is of format {kit.format[:80]!r}, not {FORMAT}", remedy=REMEDY)
    return kit


class Playground:
    """A chain that runs from a kit. What a test does there is undone by `undoing`."""

    def __init__(self, folder: Path, kit: Kit, anvil: Anvil) -> None:
        self.folder, self.kit, self.anvil = folder, kit, anvil
        self.url, self.client = anvil.url, anvil.client()
        record = open_record(kit.chain_id, genesis_of(self.client.rpc), folder)
        if not record.contracts:
            raise InputError(f"{folder} has no record of a suite on chain {kit.chain_id}", remedy=REMEDY)
        self.suite = Deployment(dict(record.contracts))
        self._connections: list[Keifu] = []

    @property
    def grants(self) -> Path:
        """Folder of the published list. Raises InputError when the kit has none."""
        if not self.kit.grants:
            raise InputError(
                "this kit has no list of grants", remedy="save a chain that was started with --with-grants"
            )
        return self.folder / GRANTS

    def account(self, role: str) -> Account:
        """Raises UsageError for a role that is not there, with the nearest."""
        address_of(role)
        return ROLES[role].account

    def contract(self, name: str) -> Contract:
        """A contract of the suite, to read and to call."""
        return self.suite.at(self.client, name)

    def connect(self, role: str) -> Keifu:
        """A connection of the SDK that signs as a role; it is closed when the test is over."""
        made = connect(self.url, deployments=self.folder, role=role)
        self._connections.append(made)
        return made

    def fund(self, address: str, *, ether: int = 10, coins: int = 1_000) -> None:
        """Ether and coins for an account of yours."""
        fund(self.client, self.folder, address, ether=ether, coins=coins)

    def warp(self, seconds: int) -> None:
        """Let time pass at once."""
        self.anvil.warp(seconds)

    @contextmanager
    def undoing(self) -> Iterator[Playground]:
        """What is done inside is not done afterwards."""
        before = self.anvil.snapshot()
        try:
            yield self
        finally:
            while self._connections:
                self._connections.pop().close()
            self.anvil.restore(before)


@contextmanager
def opened(folder: Path) -> Iterator[Playground]:
    """Run the chain of a kit. Its clock goes on from the moment of the kit, a second a block: tests repeat.

    Raises InputError when there is no kit, or a damaged one.
    """
    kit = read_kit(folder)
    state = folder / STATE
    if not state.is_file():
        raise InputError(f"{folder} has no {STATE}", remedy=REMEDY)
    try:
        anvil = Anvil(chain_id=kit.chain_id, timestamp=kit.time, load=str(state))
    except EnvironmentFault as error:
        raise InputError(f"anvil does not read {state}: {error.message}", remedy=REMEDY) from error
    with anvil:
        yield Playground(folder, kit, anvil)


def _require_free(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / KIT).is_file():
        raise InputError(f"{folder} holds something else than a kit", remedy="name a new folder")


def _accounts() -> dict[str, KitAccount]:
    return {
        role.name: KitAccount(checksum(role.account.address), "0x" + role.account.secret().hex(), role.purpose)
        for role in ROLES.values()
    }


def _state(client: ChainClient) -> bytes:
    """As `--load-state` reads it: anvil gives it packed."""
    answer: Any = client.rpc.call("anvil_dumpState")
    try:
        packed = bytes.fromhex(str(answer).removeprefix("0x"))
        unpacked = gzip.decompress(packed)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise EnvironmentFault(f"anvil gave no state: {str(answer)[:80]!r}") from error
    return unpacked
