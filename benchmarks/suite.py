"""The suite as a whole: how large its largest contract is, and how long deploying it takes."""

from __future__ import annotations

from benchmarks._lab import Lab
from benchmarks._rows import Row, seconds
from keifu.chain import RpcDeployer, deploy_protocol
from keifu.errors import ArtifactError
from keifu.evm import artifacts

__all__ = ["ROWS"]


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
        names: list[str] = []
        taken = seconds(lambda: deploy_protocol(deployer, on_step=lambda name, _: names.append(name)))
    if not names:
        raise ArtifactError("deploy_protocol deploys nothing")
    return taken


ROWS = (
    Row("size.largest_contract", _largest, "run-time code with immutables; EIP-170 allows 24,576"),
    Row("time.deploy_all", _deploy_all, "one account, one RPC, every contract through CREATE3"),
)
