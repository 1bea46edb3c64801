"""The suite as a whole: how large its largest contract is, and what a page gets of its package."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._lab import Lab
from benchmarks._rows import Row
from evmstorm.evm import artifacts
from keifu.chain import Deployment
from keifu.errors import ArtifactError, EnvironmentFault

__all__ = ["ROWS", "require_everything"]

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


def require_everything(deployment: Deployment) -> None:
    """Raises ArtifactError for a contract that a deployment leaves out."""
    missing = _sizes().keys() - deployment.addresses.keys() - {FACTORY} - ELSEWHERE
    if missing:
        raise ArtifactError(f"the deployment leaves out {', '.join(sorted(missing))}")


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
