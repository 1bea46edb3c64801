"""A real pipeline over scikit-learn's handwritten digits, every step of it registered.

raw data → labels → train/test split → training run → float weights → int8 weights → evaluation → promotion
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from examples.digits import training
from examples.digits.project import ArtefactFolder
from examples.digits.training import BRIGHTEST, Settings, fit
from examples.digits.weights import digits, quantise_digits, shuffled
from keifu.errors import EnvironmentFault
from keifu.inference import Layer, quantising
from keifu.inference.kernels import Executor
from keifu.keys import Account
from keifu.provenance import Attestation, Heartbeat, Kind, PolicyEntry, Relation, environments_domain
from keifu.provenance import heartbeat_digest as _heartbeat_digest
from keifu.provenance.export import rfc3339
from keifu.provenance.labels import LabelBatch, label_word
from keifu.provenance.program import read_program
from keifu.provenance.registry import schema_id
from keifu.units import DAY

__all__ = ["EVALUATED", "SCANNED", "Cast", "DigitsPipeline", "infer"]

EVALUATED = "evaluation passed: accuracy on held-out digits at least 0.96"
SCANNED = "scan passed: arrays only, nothing executable"
ACCURACY_BAR = 0.96


@dataclass(frozen=True)
class Cast:
    """Who does what. All need gas except labellers and nodes, who only sign."""

    author: Account
    labellers: tuple[Account, ...]
    evaluator: Account
    scanner: Account
    owner: Account
    nodes: tuple[Account, ...]


class DigitsPipeline:
    """The steps in order; `run` does them all. Files are below the project's folder."""

    def __init__(self, project: ArtefactFolder, cast: Cast, settings: Settings | None = None) -> None:
        self.project = project
        self.cast = cast
        self.settings = settings or Settings()
        self.environment = b""
        self.seq = 0
        self.labels: LabelBatch
        self.label_root = b""
        self.layers: list[Layer] = []
        self.accuracy = 0.0

    def run(self) -> None:
        """Everything, from the raw data to production."""
        self.raw()
        self.label()
        self.split()
        self.code()
        self.train()
        self.quantise()
        self.evaluate()
        self.attest()
        self.promote()

    # data ----------------------------------------------------------------------------------------------------------

    def raw(self) -> None:
        """1,797 images of eight by eight pixels, 0 … 16, as scikit-learn ships them."""
        images, _ = digits()
        np.savetxt(self.project.place("raw") / "digits.csv", images, fmt="%d", delimiter=",")
        said = {"description": "UCI optical digits, test part, 8x8 pixels of 0 to 16", "rows": len(images)}
        self.project.register("raw", Kind.DATASET, predicate=said)

    def label(self) -> None:
        """Each image is labelled and signed by one labeller; one anchor fixes all labels."""
        images, targets = digits()
        self.labels = LabelBatch.sign(
            self.project.source.domain,
            self.project["raw"].id,
            [self.cast.labellers[i % len(self.cast.labellers)] for i in range(len(images))],
            [row.tobytes() for row in images],
            [label_word(int(target)) for target in targets],
        )
        self.labels.write(self.project.place("labels") / "labels.npz")
        self.label_root = self.labels.tree().root
        said = {"anchor": self.label_root.hex(), "labels": len(targets), "labellers": len(self.cast.labellers)}
        artefact = self.project.register("labels", Kind.LABEL_SET, [(Relation.DERIVED_FROM, "raw")], predicate=said)
        self.project.source.anchor(
            self.label_root, len(targets), artefact.record.manifest, "file:labels", self.cast.author
        )

    def split(self) -> None:
        """A fixed shuffle; the last quarter is held out."""
        images, targets = digits()
        for name, rows in zip(("train", "test"), shuffled(self.settings, len(images)), strict=True):
            table = np.column_stack([targets[rows], images[rows]])
            np.savetxt(self.project.place(name) / f"{name}.csv", table, fmt="%d", delimiter=",")
            self.project.register(
                name,
                Kind.DATASET,
                [(Relation.DERIVED_FROM, "raw"), (Relation.LABELLED_BY, "labels")],
                predicate={"seed": self.settings.seed, "rows": len(rows)},
            )

    # model ---------------------------------------------------------------------------------------------------------

    def code(self) -> None:
        """The files that train and quantise; their commit is the version."""
        for module in (training, quantising):
            shutil.copy(str(module.__file__), self.project.place("code"))
        self.project.register("code", Kind.CODE, version=_commit(), predicate={"commit": _commit()})

    def train(self) -> None:
        """One training run, registered with what it used, then the weights that came out of it."""
        started = self.project.source.chain.now
        table = np.loadtxt(self.project["train"].path / "train.csv", delimiter=",", dtype=np.int64)
        self.layers = fit(table[:, 1:] / BRIGHTEST, table[:, 0], self.settings)
        self.project.write_json("run", "settings.json", vars(self.settings))
        self.project.write_json("run", "environment.json", _environment())
        self.register_run("run", started, self.project.source.chain.now)
        for number, layer in enumerate(self.layers):
            np.save(self.project.place("weights-float") / f"weights{number}.npy", layer.weights.astype(np.float32))
            np.save(self.project.place("weights-float") / f"bias{number}.npy", layer.bias.astype(np.float32))
        parents = [(Relation.DERIVED_FROM, "run"), (Relation.TRAINED_ON, "train")]
        self.project.register("weights-float", Kind.WEIGHTS, parents)

    def register_run(self, name: str, started: int, finished: int) -> None:
        """The run's record with an SLSA statement: inputs, parameters, environment, times (unix seconds)."""
        inputs = [self.project[item] for item in ("train", "code")]
        said = {
            "buildDefinition": {
                "buildType": "https://keifu.dev/training/v1",
                "externalParameters": vars(self.settings),
                "internalParameters": _environment(),
                "resolvedDependencies": [
                    {"name": item.name, "digest": {"sha256": item.record.digest.hex()}} for item in inputs
                ],
            },
            "runDetails": {
                "builder": {"id": f"eip155:{self.project.source.chain.chain_id}:{self.cast.author.address}"},
                "metadata": {"startedOn": rfc3339(started), "finishedOn": rfc3339(finished)},
            },
        }
        parents = [(Relation.TRAINED_ON, "train"), (Relation.DERIVED_FROM, "code")]
        self.project.register(name, Kind.RUN, parents, predicate=said)

    def quantise(self) -> None:
        """int8 weights and 14 bits between layers, with a scale for each channel that training data give."""
        place = self.project.place("weights-int8")
        table = np.loadtxt(self.project["train"].path / "train.csv", delimiter=",", dtype=np.int64)
        source = self.project["weights-float"].path
        layers = [
            replace(layer, weights=np.load(source / f"weights{n}.npy"), bias=np.load(source / f"bias{n}.npy"))
            for n, layer in enumerate(self.layers)
        ]
        root = quantise_digits(place, layers, table[:, 1:], self.settings)
        parents = [(Relation.QUANTISED_FROM, "weights-float"), (Relation.DERIVED_FROM, "code")]
        self.project.register("weights-int8", Kind.WEIGHTS, parents, program_root=root)

    def evaluate(self) -> None:
        """Accuracy of the int8 weights on what was held out."""
        table = np.loadtxt(self.project["test"].path / "test.csv", delimiter=",", dtype=np.int64)
        answers = infer(self.project["weights-int8"].path, table[:, 1:])
        self.accuracy = float((answers == table[:, 0]).mean())
        self.project.write_json("evaluation", "report.json", {"accuracy": self.accuracy, "samples": len(table)})
        self.project.register(
            "evaluation",
            Kind.EVALUATION,
            [(Relation.EVALUATED_ON, "test"), (Relation.DERIVED_FROM, "weights-int8")],
            predicate={
                "result": "PASSED",
                "configuration": [
                    {
                        "name": "test",
                        "digest": {"sha256": self.project["test"].record.digest.hex()},
                        "annotations": {"metrics": {"accuracy": round(self.accuracy, 4)}},
                    }
                ],
                "passedTests": ["accuracy"],
            },
        )
        if self.accuracy < ACCURACY_BAR:
            raise EnvironmentFault(f"accuracy is {self.accuracy:.3f}, expected {ACCURACY_BAR} at least")

    # production ----------------------------------------------------------------------------------------------------

    def attest(self) -> None:
        """The evaluator and the scanner stand by the int8 weights."""
        subject = self.project["weights-int8"].id
        report = self.project["evaluation"].record.digest
        source = self.project.source
        source.attest(Attestation(schema_id(EVALUATED), subject, data=report), self.cast.evaluator)
        source.attest(Attestation(schema_id(SCANNED), subject), self.cast.scanner)

    def promote(self) -> None:
        """Production takes only what both have attested within thirty days."""
        month = 30 * DAY
        policy = [
            PolicyEntry(schema_id(EVALUATED), 1, month, (self.cast.evaluator.address,)),
            PolicyEntry(schema_id(SCANNED), 1, month, (self.cast.scanner.address,)),
        ]
        self.environment = self.project.source.declare("digits production", policy, self.cast.owner)
        subject = self.project["weights-int8"].id
        self.seq = self.project.source.promote(self.environment, subject, self.cast.owner)

    def heartbeat(self, node: Account, digest: bytes) -> tuple[Heartbeat, bytes]:
        """What a node signs that loaded bytes of this digest."""
        source = self.project.source
        assert source.environments is not None
        heartbeat = Heartbeat(node.address, self.environment, self.seq, digest, source.chain.now)
        domain = environments_domain(source.chain.chain_id, source.environments.address)
        return heartbeat, node.sign(_heartbeat_digest(domain, heartbeat))


def infer(folder: Path, pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The digits that a program of integers sees."""
    program = read_program(folder)
    return Executor(program).run(pixels.astype(np.int16))[:, 0].astype(np.int64)


def _environment() -> dict[str, str]:
    packages = {name: version(name) for name in ("numpy", "scikit-learn")}
    return {"python": platform.python_version(), "machine": platform.machine(), **packages}


def _commit() -> str:
    """Commit of the checkout, 32 digits; "unversioned" outside of one."""
    git = shutil.which("git")
    if git is None:
        return "unversioned"
    here = Path(__file__).parent
    run = subprocess.run([git, "-C", here, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S603
    return run.stdout.strip()[:32] or "unversioned"
