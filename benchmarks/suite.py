"""The suite as a whole: how large its largest contract is, and how long deploying it takes."""

from __future__ import annotations

from benchmarks._lab import Lab
from benchmarks._rows import Row, seconds
from evmstorm.evm import artifacts
from keifu.chain import Deployment, Params, RpcDeployer, deploy_protocol
from keifu.errors import ArtifactError
from keifu.tge import Schedule
from keifu.tge.chain import distribution_of
from keifu.units import COIN

__all__ = ["ROWS"]

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


ROWS = (
    Row("size.largest_contract", _largest, "run-time code with immutables; EIP-170 allows 24,576"),
    Row("time.deploy_all", _deploy_all, "one account, one RPC, every contract through CREATE3"),
)
