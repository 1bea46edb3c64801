"""A real pipeline over scikit-learn's handwritten digits, every step of it registered.

raw data → labels → train/test split → training run → float weights → int8 weights → evaluation → promotion
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examples.digits.project import ArtefactFolder
from keifu.errors import EnvironmentFault
from keifu.keys import Account
from keifu.provenance import Attestation, Heartbeat, Kind, PolicyEntry, Relation, environments_domain
from keifu.provenance import heartbeat_digest as _heartbeat_digest
from keifu.provenance.export import rfc3339
from keifu.provenance.labels import LabelBatch, label_word
from keifu.provenance.program import Operator, write_program
from keifu.provenance.registry import schema_id
from keifu.units import DAY

__all__ = ["EVALUATED", "SCANNED", "Cast", "DigitsPipeline", "Settings", "infer", "read_int8"]

EVALUATED = "evaluation passed: accuracy on held-out digits at least 0.95"
SCANNED = "scan passed: arrays only, nothing executable"
ACCURACY_BAR = 0.95
INT8_MAX = 127  # weights are -127 … 127, activations 0 … 127, so that a sum of 1,040 products fits 24 bits
SHIFT = 16  # fixed-point fraction of the requantising multiplier, bits


@dataclass(frozen=True)
class Settings:
    """What a training run depends on besides data and code."""

    seed: int = 7
    hidden: int = 64
    epochs: int = 60
    learning_rate: float = 0.01
    test_share: float = 0.25


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
        images, _ = _digits()
        np.savetxt(self.project.place("raw") / "digits.csv", images, fmt="%d", delimiter=",")
        said = {"description": "UCI optical digits, test part, 8x8 pixels of 0 to 16", "rows": len(images)}
        self.project.register("raw", Kind.DATASET, predicate=said)

    def label(self) -> None:
        """Each image is labelled and signed by one labeller; one anchor fixes all labels."""
        images, targets = _digits()
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
        images, targets = _digits()
        order = np.random.default_rng(self.settings.seed).permutation(len(images))
        held_out = int(len(images) * self.settings.test_share)
        for name, rows in (("train", order[held_out:]), ("test", order[:held_out])):
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
        """This file is the training code; its commit is the version."""
        shutil.copy(__file__, self.project.place("code") / "train.py")
        self.project.register("code", Kind.CODE, version=_commit(), predicate={"commit": _commit()})

    def train(self) -> None:
        """One training run, registered with what it used, then the weights that came out of it."""
        started = self.project.source.chain.now
        table = np.loadtxt(self.project["train"].path / "train.csv", delimiter=",", dtype=np.int64)
        layers = _fit(table[:, 1:] / 16.0, table[:, 0], self.settings)
        self.project.write_json("run", "settings.json", vars(self.settings))
        self.project.write_json("run", "environment.json", _environment())
        self.register_run("run", started, self.project.source.chain.now)
        for number, (weights, bias) in enumerate(layers):
            np.save(self.project.place("weights-float") / f"weights{number}.npy", weights.astype(np.float32))
            np.save(self.project.place("weights-float") / f"bias{number}.npy", bias.astype(np.float32))
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
        """int8 weights and int32 biases; an integer multiplier brings hidden activations back to 0 … 127."""
        place = self.project.place("weights-int8")
        source = self.project["weights-float"].path
        layers = [(np.load(source / f"weights{n}.npy"), np.load(source / f"bias{n}.npy")) for n in range(2)]
        table = np.loadtxt(self.project["train"].path / "train.csv", delimiter=",", dtype=np.int64)
        for name, array in _quantise(layers, table[:, 1:]).items():
            np.save(place / f"{name}.npy", array)
        parents = [(Relation.QUANTISED_FROM, "weights-float"), (Relation.DERIVED_FROM, "code")]
        root = write_program(place, _program(place))
        self.project.register("weights-int8", Kind.WEIGHTS, parents, program_root=root)

    def evaluate(self) -> None:
        """Accuracy of the int8 weights on what was held out."""
        table = np.loadtxt(self.project["test"].path / "test.csv", delimiter=",", dtype=np.int64)
        answers = infer(read_int8(self.project["weights-int8"].path), table[:, 1:])
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


def _digits() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    try:
        from sklearn.datasets import load_digits  # noqa: PLC0415 - an optional, heavy import
    except ImportError as error:
        raise EnvironmentFault("scikit-learn is not installed", remedy="run `make setup`") from error
    data = load_digits()
    return data.data.astype(np.int64), data.target.astype(np.int64)


def _fit(images: NDArray[Any], targets: NDArray[Any], settings: Settings) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Weights and biases of a network with one hidden layer."""
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    model = MLPClassifier(
        (settings.hidden,),
        learning_rate_init=settings.learning_rate,
        max_iter=settings.epochs,
        random_state=settings.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # stops after `epochs` on purpose
        model.fit(images, targets)
    return list(zip(model.coefs_, model.intercepts_, strict=True))


def _quantise(layers: list[tuple[NDArray[Any], NDArray[Any]]], pixels: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Symmetric, one scale a tensor; inputs are pixels times seven, so 0 … 112."""
    (w0, b0), (w1, b1) = layers
    scale0, scale1 = np.abs(w0).max() / INT8_MAX, np.abs(w1).max() / INT8_MAX
    q0, q1 = np.rint(w0 / scale0).astype(np.int8), np.rint(w1 / scale1).astype(np.int8)
    in_scale = 1.0 / (16 * 7)  # the float network saw pixels / 16
    bias0 = np.rint(b0 / (scale0 * in_scale)).astype(np.int32)
    hidden = np.maximum(pixels * 7 @ q0.astype(np.int64) + bias0, 0)
    multiplier = int(INT8_MAX * (1 << SHIFT) / np.percentile(hidden, 99.9))
    hidden_scale = scale0 * in_scale * (1 << SHIFT) / multiplier
    bias1 = np.rint(b1 / (scale1 * hidden_scale)).astype(np.int32)
    return {"weights0": q0, "bias0": bias0, "multiplier": np.array([multiplier]), "weights1": q1, "bias1": bias1}


def _program(place: Path) -> list[Operator]:
    """What `infer` does, in the words of `keifu.provenance.program`."""
    arrays = read_int8(place)
    (pixels, hidden), digits = arrays["weights0"].shape, arrays["weights1"].shape[1]
    first = Operator(
        "dense",
        0,
        1,
        pixels,
        hidden,
        "weights0.npy",
        "bias0.npy",
        multiplier=int(arrays["multiplier"][0]),
        shift=SHIFT,
        low=0,
        high=INT8_MAX,
    )
    second = Operator("dense", 1, 2, hidden, digits, "weights1.npy", "bias1.npy")
    return [first, second, Operator("argmax", 2, 3, digits, 1)]


def read_int8(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of quantised weights."""
    names = ("weights0", "bias0", "multiplier", "weights1", "bias1")
    return {name: np.load(path / f"{name}.npy") for name in names}


def infer(model: dict[str, NDArray[Any]], pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Digits by integers alone: (acc·M + 2^(s-1)) >> s, clipped to 0 … 127; ties go to the lowest digit."""
    hidden = pixels * 7 @ model["weights0"].astype(np.int64) + model["bias0"]
    hidden = np.clip((hidden * int(model["multiplier"][0]) + (1 << (SHIFT - 1))) >> SHIFT, 0, INT8_MAX)
    answers: NDArray[np.int64] = np.argmax(hidden @ model["weights1"].astype(np.int64) + model["bias1"], axis=1)
    return answers


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
