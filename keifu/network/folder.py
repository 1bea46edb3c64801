"""The folder of a network: what it consists of, and everything that its parts must not lose.

network.json     the chain and the parts; written last, so a folder without it was never made to its end
deployments/     where the contracts are
models/          what the operators serve, a copy for each
agents/          encrypted data of agents, which owners, attestors and buyers share
grants/          the published list of a distribution, where there is one
nodes/NAME/      the folder of each node
chain.json       the state of a chain of its own
index.sqlite     the index
parts/NAME       held by the part that runs, with its process id
logs/NAME.log    what it has written
lock             held by the supervisor
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from keifu.chain.held import holder_of, state_folder
from keifu.errors import EnvironmentFault, UsageError
from keifu.network.kinds import CHAIN

__all__ = ["MAKING", "Network", "NetworkFolder", "Part", "usual_folder"]

FILE, MAKING = "network.json", "unfinished"
SCHEMA = 1


def usual_folder() -> Path:
    """Where this user's network is unless another folder is named."""
    return state_folder() / "network"


class Part(msgspec.Struct, frozen=True):
    """One process: `url` is where it is asked, `serves` where strangers are answered."""

    name: str
    kind: str
    url: str = ""
    serves: str = ""
    account: str = ""
    role: str = ""  # whose key it signs with, on a local chain


class Network(msgspec.Struct, frozen=True):
    """A network as it was made."""

    chain_id: int
    genesis: str
    rpc: str
    deployments: str
    environment: str
    parts: tuple[Part, ...]
    artefacts: tuple[str, ...] = ()  # ids of the versions of the model that was made for it; the first was promoted
    grants: str = ""  # folder of the published list, where there is a distribution
    schema: int = SCHEMA

    @property
    def has_chain(self) -> bool:
        """Whether the chain is a part of it."""
        return any(part.kind == CHAIN for part in self.parts)

    @property
    def exports(self) -> dict[str, str]:
        """What other commands read to work on its chain."""
        found = {"KEIFU_RPC": self.rpc, "KEIFU_DEPLOYMENTS": self.deployments}
        return found | ({"KEIFU_GRANTS": self.grants} if self.grants else {})

    def count(self, kind: str) -> int:
        return sum(part.kind == kind for part in self.parts)

    def part(self, name: str) -> Part:
        """Raises UsageError."""
        for part in self.parts:
            if part.name == name:
                return part
        raise UsageError(f"the network has no part {name!r}", remedy=", ".join(part.name for part in self.parts))


class NetworkFolder:
    """Paths, and reading and writing of what the network is."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.file = self.path / FILE
        self.making = self.path / MAKING
        self.lock = self.path / "lock"
        self.deployments = self.path / "deployments"
        self.models = self.path / "models"
        self.grants = self.path / "grants"
        self.agents = self.path / "agents"
        self.chain_state = self.path / "chain.json"
        self.chain_cache = self.path / "chain-states"
        self.index = self.path / "index.sqlite"
        self.supervisor = self.path / "supervisor.json"

    def node(self, name: str) -> Path:
        return self.path / "nodes" / name

    def part_lock(self, name: str) -> Path:
        return self.path / "parts" / name

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def holder(self) -> int | None:
        """The supervisor's process; None when none runs."""
        return holder_of(self.lock)

    # what it is ----------------------------------------------------------------------------------------------------

    @property
    def is_made(self) -> bool:
        return self.file.exists()

    def save(self, network: Network) -> None:
        """Written last: from now on this is a network."""
        partial = self.file.with_suffix(".partial")
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(network), indent=2) + b"\n")
        partial.replace(self.file)

    def load(self) -> Network:
        """Raises EnvironmentFault for a folder without a network, or with half of one."""
        try:
            network = msgspec.json.decode(self.file.read_bytes(), type=Network)
        except FileNotFoundError as error:
            self.require_whole()
            raise EnvironmentFault(f"there is no network in {self.path}", remedy="make one: keifu up") from error
        except (OSError, msgspec.DecodeError) as error:
            raise EnvironmentFault(
                f"{self.file} is not whole: {error}", remedy=f"restore it, or begin anew: rm -r {self.path}"
            ) from error
        if network.schema != SCHEMA:
            raise EnvironmentFault(
                f"{self.file} has schema {network.schema}, this version reads {SCHEMA}",
                remedy="use the version of Keifu that wrote it, or begin anew in another folder",
            )
        return network

    def require_whole(self) -> None:
        """Raises EnvironmentFault for what was begun and not finished."""
        if self.making.exists() and not self.is_made:
            raise EnvironmentFault(
                f"{self.path} holds a network that was not made to its end",
                remedy=f"nothing runs from it; begin anew: rm -r {self.path}",
            )

    def require_new(self) -> None:
        """Raises EnvironmentFault when something is there."""
        self.require_whole()
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise EnvironmentFault(
                f"{self.path} is not empty and holds no network", remedy="name another folder by --folder"
            )
