"""Making a network: chain, suite, an environment with a promoted model, and the folder of every node; whole, or not at
all."""

from __future__ import annotations

import secrets
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ethwire.rpc import connect
from keifu.chain import Anvil, ChainClient
from keifu.chain.deployments import Record, find_record
from keifu.chain.finality import final_depth
from keifu.chain.header import genesis_of
from keifu.errors import EnvironmentFault, UsageError
from keifu.index import Indexer, suite_of
from keifu.keys import Account
from keifu.local.dwellers import ATTESTED, enrol_attestors, settle_in
from keifu.local.grants import seed
from keifu.local.roles import ROLES
from keifu.local.suite import deploy_suite, fund, local_client, warp
from keifu.network.folder import Network, NetworkFolder, Part
from keifu.network.kinds import API, ATTESTOR, CHAIN, EXPLORER, INDEX, NODES, node_row
from keifu.network.nodes import Site, make_nodes
from keifu.network.trial_model import write_model
from keifu.node.chain import suite_on
from keifu.provenance import Kind
from keifu.provenance import Record as Artefact
from keifu.provenance.digest import digest_path
from keifu.provenance.registry import Provenance
from keifu.units import COIN, DAY

__all__ = ["VERSIONS", "Wanted", "make"]

YOUTH = 40 * DAY  # the first block's age: what takes weeks has happened when the network is ready
PRODUCTION = "production"
MADE = "made"  # folder of the model, in a network's folder of models
VERSIONS = ("v1", "v2")  # of the model; the first one is promoted


@dataclass(frozen=True)
class Wanted:
    """What somebody asked for: nodes by kind, and another chain than one of the network's own."""

    counts: Mapping[str, int]
    rpc: str = ""
    deployments: Path | None = None
    environment: str = ""  # its id, where nodes serve one that is there already
    artefacts: str = ""
    first_port: int = 0  # 0: any free ones
    with_grants: bool = False  # a distribution for the named accounts, and an operator with stake


@dataclass(frozen=True)
class _Chain:
    """The chain of the network that is being made."""

    client: ChainClient
    record: Record
    deployments: Path
    rpc: str
    is_own: bool

    @property
    def is_local(self) -> bool:
        return final_depth(self.client.chain_id) == 0


def make(folder: NetworkFolder, wanted: Wanted) -> Network:
    """Make the network. Raises what forbids it, and leaves nothing then."""
    folder.require_new()
    parts = _parts(wanted)
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.making.touch()
        with ExitStack() as held:
            chain = _other_chain(held, wanted) if wanted.rpc else _own_chain(held, folder, parts, wanted)
            network = _furnish(folder, wanted, chain, parts)
        folder.save(network)
        folder.making.unlink()
    except OSError as error:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise EnvironmentFault(
            f"cannot make {folder.path}: {error.strerror}", remedy="name another folder by --folder"
        ) from error
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return network


# parts and ports ---------------------------------------------------------------------------------------------------


def _parts(wanted: Wanted) -> list[Part]:
    """Every part with its ports, the chain first."""
    ports = _ports(wanted)
    parts = [] if wanted.rpc else [Part(CHAIN, CHAIN, url=_url(ports))]
    parts += [Part(INDEX, INDEX), Part(API, API, url=_url(ports)), Part(EXPLORER, EXPLORER, url=_url(ports))]
    tag = secrets.token_hex(4)  # two networks of one user share no key
    for row in NODES:
        for number in range(1, wanted.counts.get(row.kind, row.usual) + 1):
            name = f"{row.kind}-{number}"
            serves = _url(ports) if row.serves else ""
            parts.append(Part(name, row.kind, url=_url(ports), serves=serves, role=f"{name} of {tag}"))
    return parts


def _url(ports: Iterator[int]) -> str:
    return f"http://127.0.0.1:{next(ports)}"


def _ports(wanted: Wanted) -> Iterator[int]:
    """Ports that nobody listens on now. Raises EnvironmentFault for one that was asked for and is taken."""
    nodes = sum((1 + row.serves) * wanted.counts.get(row.kind, row.usual) for row in NODES)
    needed = nodes + (2 if wanted.rpc else 3)
    found = []
    with ExitStack() as held:
        for offset in range(needed):
            probe = held.enter_context(socket.socket())
            port = wanted.first_port + offset if wanted.first_port else 0
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError) as error:
                raise EnvironmentFault(
                    f"port {port} cannot be had: {error}",
                    remedy="another --first-port, or none for any that are free; ss -ltnp says who has it",
                ) from error
            found.append(probe.getsockname()[1])
    return iter(found)


# chain -------------------------------------------------------------------------------------------------------------


def _own_chain(held: ExitStack, folder: NetworkFolder, parts: list[Part], wanted: Wanted) -> _Chain:
    """A chain with the suite, whose state is kept when it ends here."""
    port = int(parts[0].url.rpartition(":")[2])
    anvil = held.enter_context(Anvil(port=port, since=int(time.time()) - YOUTH, state=str(folder.chain_state)))
    client = anvil.client()
    record = Record(client.chain_id, genesis_of(client.rpc))
    suite = deploy_suite(client, record, folder.deployments)
    attestors = {Account.from_role(part.role): part.serves for part in parts if part.kind == ATTESTOR}
    for account in attestors:
        fund(client, folder.deployments, account.address, ether=1, coins=ATTESTED // COIN)
    if wanted.with_grants:
        settle_in(client, suite, attestors)
    elif attestors:
        enrol_attestors(client, suite, attestors)
    warp(client, max(int(time.time()) - client.now, 1))
    if wanted.with_grants:
        seed(client, record, folder.deployments, folder.grants)
    return _Chain(client, record, folder.deployments, anvil.url, is_own=True)


def _other_chain(held: ExitStack, wanted: Wanted) -> _Chain:
    """Raises EnvironmentFault when the suite is not on it, UsageError when there is nothing that nodes could serve."""
    rpc = connect(wanted.rpc)
    held.callback(rpc.close)
    client, genesis = ChainClient(rpc), genesis_of(rpc)
    record = suite_on(client, genesis, wanted.deployments)
    is_local = final_depth(client.chain_id) == 0
    _, deployments = find_record(client.chain_id, genesis, wanted.deployments, disposable=is_local)
    if not is_local and wanted.counts.get("operator") != 0 and not (wanted.environment and wanted.artefacts):
        raise UsageError(
            f"chain {client.chain_id} is not local: nothing is promoted there for a trial",
            remedy="--environment ID and --artefacts PATH of what the operators serve, or --operators 0",
        )
    if is_local and wanted.counts.get(ATTESTOR):
        raise UsageError(
            "attestors of a local chain are named weeks before they count",
            remedy="leave --rpc out: a network makes a chain on which that has happened",
        )
    if is_local:
        local_client(wanted.rpc).rpc.close()  # whether ether can be given there
    return _Chain(client, record, deployments, wanted.rpc, is_own=False)


# furniture ---------------------------------------------------------------------------------------------------------


def _furnish(folder: NetworkFolder, wanted: Wanted, chain: _Chain, parts: list[Part]) -> Network:
    environment, artefacts, versions = wanted.environment, wanted.artefacts, tuple[str, ...]()
    if chain.is_local and not environment:
        environment, versions = _promote(folder, chain)
        artefacts = str(folder.models / MADE)
    site = Site(
        folder, chain.rpc, chain.record, chain.deployments, environment, artefacts,
        chain.client if chain.is_local else None,
    )  # fmt: skip
    if not chain.is_local:
        parts = [msgspec.structs.replace(part, role="") for part in parts]
    made = [part for part in parts if node_row(part.kind) is None]
    for row in NODES:
        made += make_nodes(site, row, [part for part in parts if part.kind == row.kind])
    if chain.is_local:
        warp(chain.client, 1)  # ether that was given is in no block before the next: no proof of the newest would hold
    with Indexer(chain.client.rpc, suite_of(chain.record), str(folder.index), on_notice=lambda _: None) as indexer:
        indexer.run(lambda _: True)
    return Network(
        chain_id=chain.client.chain_id,
        genesis=chain.record.genesis,
        rpc=chain.rpc,
        deployments=str(chain.deployments),
        environment=environment,
        parts=tuple(made),
        artefacts=versions,
        grants=str(folder.grants) if wanted.with_grants else "",
    )


def _promote(folder: NetworkFolder, chain: _Chain) -> tuple[str, tuple[str, ...]]:
    """Two versions of a model, the first of them promoted in an environment of the owner; ids of environment and
    versions."""
    client, contracts = chain.client, chain.record.contracts
    author, owner = ROLES["author"].account, ROLES["owner"].account
    provenance = Provenance(client, contracts["ProvenanceRegistry"], contracts["Environments"])
    for account in (author, owner):
        fund(client, chain.deployments, account.address, ether=1, coins=0)
    artefacts = []
    for version in VERSIONS:
        path = folder.models / MADE / version
        path.mkdir(parents=True)
        write_model(path)
        record = Artefact(author.address, Kind.WEIGHTS, digest_path(path).root)
        artefacts.append(provenance.register(record, author))
    name = PRODUCTION if chain.is_own else f"{PRODUCTION} {secrets.token_hex(4)}"
    environment = provenance.declare(name, [], owner)
    provenance.promote(environment, artefacts[0], owner)
    return environment.hex(), tuple(item.hex() for item in artefacts)
