"""The registry beside the Ethereum Attestation Service, digests beside sha256sum, trees beside openssl."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import tge
from benchmarks._lab import Lab
from benchmarks._rows import Row
from keifu.abi import Contract
from keifu.errors import ArtifactError
from keifu.evm import artifacts
from keifu.keys import keccak256

__all__ = ["ROWS"]

NOBODY = "0x" + "00" * 20
NOTHING = b"\0" * 32
EAS_BATCH = 20


def _registry(lab: Lab) -> float:
    del lab
    artifacts.load("ProvenanceRegistry")
    raise ArtifactError("the registry's rows wait for its final calls")


def _pending(lab: Lab) -> float:
    del lab
    raise ArtifactError("keifu.provenance is not complete")


@dataclass(frozen=True)
class Eas:
    """EAS with a schema of one digest, and one attestation made."""

    contract: Contract
    schema: bytes

    def data(self, number: int) -> tuple[object, ...]:
        """An attestation of a digest: recipient, expiry, revocable, reference, data, value."""
        return (tge.holder(number), 0, True, NOTHING, keccak256(number.to_bytes(32, "big")), 0)


def _eas(lab: Lab) -> Eas:
    registry = lab.deploy("SchemaRegistry")
    schema = ("bytes32 digest", NOBODY, True)
    uid: bytes = registry.register.call(*schema, sender=lab.deployer)
    registry.register(*schema, sender=lab.deployer)
    eas = Eas(lab.deploy("EAS", registry), uid)
    eas.contract.attest((uid, eas.data(1)), sender=lab.deployer)
    return eas


def _eas_attest(lab: Lab) -> int:
    eas = lab.shared(_eas)
    with lab.undo():
        return lab.gas(eas.contract.attest((eas.schema, eas.data(2)), sender=lab.deployer))


def _eas_batch(lab: Lab) -> float:
    """Gas of each attestation of a batch."""
    eas = lab.shared(_eas)
    batch = [eas.data(number) for number in range(2, 2 + EAS_BATCH)]
    with lab.undo():
        return lab.gas(eas.contract.multiAttest([(eas.schema, batch)], sender=lab.deployer)) / EAS_BATCH


ROWS = (
    Row("gas.register", _registry, "record with two links; EAS: 32 bytes without any link", _eas_attest),
    Row("gas.attest", _registry, "EAS: 32 bytes", _eas_attest),
    Row("gas.anchor_record", _registry, "10,000 records in one anchor; EAS: each of a batch of 20", _eas_batch),
    Row("gas.promote", _registry, "policy of two attestations"),
    Row("gas.membership_1m", _registry, "one of 1,000,000 leaves, whole transaction"),
    Row("rate.label_signatures", _pending, "100,000 labels, one core", heavy=True),
    Row("ratio.digest", _pending, "directory of 1 GiB, same files, same run", heavy=True),
    Row("ratio.merkle_openssl", _pending, "1 GiB, leaves of 256 bytes, one core, best of 7 interleaved", heavy=True),
)
