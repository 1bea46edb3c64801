"""The suite as a whole: how large its largest contract is, and how long deploying it takes."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._lab import Lab
from benchmarks._rows import Row, seconds
from evmstorm.evm import artifacts
from keifu.chain import Deployment, Params, RpcDeployer, deploy_protocol
from keifu.errors import ArtifactError, EnvironmentFault
from keifu.tge import Schedule
from keifu.tge.chain import distribution_of
from keifu.units import COIN

__all__ = ["ROWS"]

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "packages" / "abi" / "src" / "index.ts"
BYTES_A_KB = 1_000
FACTORY = "Create3Factory"  # deploys the others
ELSEWHERE = {
    "CommitRevealRandomness", "DrandRandomness",  # for chains whose prevrandao is no randomness
}  # fmt: skip


def _sizes() -> dict[str, int]:
    """Run-time bytes on chain, immutables included, of every contract that is deployed."""
    return {
        name: len(artifact.runtime_code) + artifact.immutables_size
        for name, artifact in artifacts.load_all().items()
        if not artifact.is_testing
    }


def _largest(_: Lab) -> int:
    return max(_sizes().values())


def _deploy_all(lab: Lab) -> float:
    with lab.undo():
        deployer = RpcDeployer(lab.client, lab.account("suite deployer"))
        params = Params(distribution=distribution_of(b"\1" * 32, COIN, Schedule(lab.client.now)))
        deployment: list[Deployment] = []
        taken = seconds(lambda: deployment.append(deploy_protocol(deployer, params)))
    missing = _sizes().keys() - deployment[0].addresses.keys() - {FACTORY} - ELSEWHERE
    if missing:
        raise ArtifactError(f"deploy_protocol leaves out {', '.join(sorted(missing))}")
    return taken


def _bundled(name: str) -> float:
    """Kilobytes of a program that imports one name of the npm package, or everything, as a page would get it."""
    with TemporaryDirectory() as folder:
        program, bundle = Path(folder, "one.ts"), Path(folder, "one.js")
        what = f"{{ {name} as found }}" if name else "* as found"
        program.write_text(f'import {what} from "{PACKAGE}"; console.log(found);\n')
        tool = ROOT / "node_modules" / "esbuild" / "bin" / "esbuild"
        command = ["node", str(tool), str(program), "--bundle", "--minify", "--format=esm", "--log-level=error"]
        done = subprocess.run([*command, f"--outfile={bundle}"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise EnvironmentFault(f"esbuild: {done.stderr.strip()}", remedy="make setup")
        return len(gzip.compress(bundle.read_bytes())) / BYTES_A_KB


ROWS = (
    Row("size.largest_contract", _largest, "run-time code with immutables; EIP-170 allows 24,576"),
    Row("time.deploy_all", _deploy_all, "one account, one RPC, every contract through CREATE3"),
    Row(
        "size.abi",
        lambda _: _bundled("stakingHubAbi"),
        "stakingHubAbi, by esbuild, minified; the compute market's and all of the package's beside",
        also=(
            ("computeMarketAbi", lambda _: _bundled("computeMarketAbi")),
            ("everything", lambda _: _bundled("")),
        ),
    ),
)
