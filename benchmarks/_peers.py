"""The peers' contracts from their npm packages: compiled with npm's solc, or as published where no source is shipped.

Compiler output is kept in .cache/peers under a hash of everything that decides it: the driver, the settings, our own
Solidity and the npm lock.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from keifu.abi import Interface
from keifu.errors import EnvironmentFault
from keifu.keys import keccak256

__all__ = ["PUBLISHED", "UNITS", "PeerCode", "Unit", "known", "load"]

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "peers"
DRIVER = Path("benchmarks") / "solc.mjs"
SOLIDITY = Path("benchmarks") / "solidity"
_PLACEHOLDER = re.compile(r"__\$([0-9a-f]{34})\$__")
_SABLIER_OZ = "@sablier/lockup/node_modules/@openzeppelin/contracts/"
_SABLIER_UPGRADEABLE = "@sablier/evm-utils/node_modules/@openzeppelin/contracts-upgradeable/"


@dataclass(frozen=True, eq=False)
class Unit:
    """Contracts that are compiled together; `contracts` maps a name to its source file."""

    contracts: dict[str, str]
    runs: int
    via_ir: bool = False
    remappings: tuple[str, ...] = ()

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "optimizer": {"enabled": True, "runs": self.runs},
            "viaIR": self.via_ir,
            "evmVersion": "cancun",
            "remappings": list(self.remappings),
            "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}},
        }

    def __str__(self) -> str:
        return f"solc {_npm_version('solc')}, optimizer {self.runs:,} runs{', via IR' if self.via_ir else ''}, cancun"


UNITS = (
    Unit(
        {
            "PeerToken": f"{SOLIDITY}/PeerToken.sol",
            "PeerNFT": f"{SOLIDITY}/PeerNFT.sol",
            "SoladyToken": f"{SOLIDITY}/SoladyToken.sol",
            "VestingWallet": "@openzeppelin/contracts/finance/VestingWallet.sol",
            "EAS": "@ethereum-attestation-service/eas-contracts/contracts/EAS.sol",
            "SchemaRegistry": "@ethereum-attestation-service/eas-contracts/contracts/SchemaRegistry.sol",
            "PeerNft": f"{SOLIDITY}/PeerNft.sol",
            "ERC6551Registry": "erc6551/ERC6551Registry.sol",
            "ERC6551Account": "erc6551/examples/simple/ERC6551Account.sol",
        },
        runs=10_000,
    ),
    # Sablier's own settings: with more runs the contract passes the size limit of EIP-170.
    Unit(
        {
            "SablierLockup": "@sablier/lockup/src/SablierLockup.sol",
            "LockupHelpers": "@sablier/lockup/src/libraries/LockupHelpers.sol",
            "LockupMath": "@sablier/lockup/src/libraries/LockupMath.sol",
            "SablierComptroller": "@sablier/evm-utils/src/SablierComptroller.sol",
        },
        runs=100,
        via_ir=True,
        remappings=(
            f"@sablier/:@openzeppelin/contracts/={_SABLIER_OZ}",
            f"@openzeppelin/contracts-upgradeable/={_SABLIER_UPGRADEABLE}",
            f"@chainlink/contracts/={SOLIDITY}/chainlink/",
        ),
    ),
)
# Packages that ship no source: the byte code that they publish, with the compiler that they used.
PUBLISHED = {
    "MerkleDistributor": "@uniswap/merkle-distributor/build/MerkleDistributor.json",
    "StakingRewards": "@uniswap/liquidity-staker/build/StakingRewards.json",
}


@dataclass(frozen=True)
class PeerCode:
    """A peer's artefact. `made_with` says which compiler and settings; `libraries` names what must be linked."""

    name: str
    interface: Interface
    code: str
    made_with: str
    libraries: dict[str, str] = field(default_factory=dict)  # placeholder -> library

    def linked(self, addresses: dict[str, str]) -> bytes:
        """Creation code with the libraries' addresses in their places."""
        code = self.code
        for placeholder, library in self.libraries.items():
            code = code.replace(f"__${placeholder}$__", addresses[library][2:])
        return bytes.fromhex(code)


def known() -> set[str]:
    return {name for unit in UNITS for name in unit.contracts} | set(PUBLISHED)


@cache
def load(name: str) -> PeerCode:
    """The artefact of a peer; raises EnvironmentFault when its package or node is not there."""
    if name in PUBLISHED:
        return _published(name)
    unit = next(unit for unit in UNITS if name in unit.contracts)
    compiled = _compile(unit)
    contract = compiled[name]
    placeholders = set(_PLACEHOLDER.findall(contract["code"]))
    return PeerCode(
        name=name,
        interface=Interface(name, contract["abi"]),
        code=contract["code"],
        made_with=str(unit),
        libraries={mark: library for library in unit.contracts if (mark := _mark(unit, library)) in placeholders},
    )


def _mark(unit: Unit, library: str) -> str:
    """solc's placeholder for a library: the start of the hash of its full name."""
    return keccak256(f"{unit.contracts[library]}:{library}".encode()).hex()[:34]


def _published(name: str) -> PeerCode:
    path = ROOT / "node_modules" / PUBLISHED[name]
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise EnvironmentFault(f"the npm package of {name} is not installed", remedy="run `make setup`") from None
    metadata = json.loads(document["metadata"])
    runs = metadata["settings"]["optimizer"]["runs"]
    compiler = metadata["compiler"]["version"].partition("+")[0]
    return PeerCode(
        name=name,
        interface=Interface(name, document["abi"]),
        code=document["bytecode"].removeprefix("0x"),
        made_with=f"as published: solc {compiler}, {runs:,} runs, {metadata['settings']['evmVersion']}",
    )


@cache
def _npm_version(package: str) -> str:
    try:
        version: str = json.loads((ROOT / "node_modules" / package / "package.json").read_bytes())["version"]
    except FileNotFoundError:
        raise EnvironmentFault(f"{package} is not installed", remedy="run `make setup`") from None
    return version


def _cache_file(unit: Unit) -> Path:
    digest = hashlib.sha256(json.dumps([unit.contracts, unit.settings], sort_keys=True).encode())
    for path in (ROOT / DRIVER, ROOT / "package-lock.json", *sorted((ROOT / SOLIDITY).rglob("*.sol"))):
        digest.update(path.read_bytes())
    return CACHE / f"{digest.hexdigest()[:32]}.json"


@cache
def _compile(unit: Unit) -> dict[str, dict[str, Any]]:
    cached = _cache_file(unit)
    if not cached.exists():
        contracts = _run_solc(unit)
        cached.parent.mkdir(parents=True, exist_ok=True)
        partial = cached.with_suffix(".partial")
        partial.write_text(json.dumps(contracts))
        partial.replace(cached)
    found: dict[str, dict[str, Any]] = json.loads(cached.read_bytes())
    return found


def _run_solc(unit: Unit) -> dict[str, dict[str, Any]]:
    request = {
        "language": "Solidity",
        "sources": {source: {} for source in unit.contracts.values()},
        "settings": unit.settings,
    }
    try:
        process = subprocess.run(
            ["node", str(DRIVER)], input=json.dumps(request), capture_output=True, text=True, cwd=ROOT, check=True
        )
    except FileNotFoundError:
        raise EnvironmentFault("node is not installed", remedy="install Node 20 or newer") from None
    except subprocess.CalledProcessError as error:
        last = error.stderr.strip().splitlines()[-1:] or ["no output"]
        raise EnvironmentFault(f"solc did not run: {last[0]}", remedy="run `make setup`") from error
    output = json.loads(process.stdout)
    errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
    if errors:
        raise EnvironmentFault(f"a peer does not compile: {errors[0]}")
    return {
        name: {
            "abi": output["contracts"][source][name]["abi"],
            "code": output["contracts"][source][name]["evm"]["bytecode"]["object"],
        }
        for name, source in unit.contracts.items()
    }
