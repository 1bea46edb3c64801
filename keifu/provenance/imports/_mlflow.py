"""A run of MLflow, as its file store keeps it: `mlruns/EXPERIMENT/RUN`. No server and no MLflow is needed.

The run itself is one record: its parameters, metrics, tags and inputs as files. What it made are others: each model
that it logged, or else all of its artifacts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from keifu._files import read_bounded
from keifu.errors import CheckFailed, InputError
from keifu.provenance._model import Kind, Relation
from keifu.provenance.digest import digest_path
from keifu.provenance.imports._found import Found, asserted, of_files, shown, verified
from keifu.provenance.imports._yaml import read_yaml
from keifu.provenance.statement import rfc3339

__all__ = ["read_mlflow"]

WHO = "MLflow"
BUILD_TYPE = "https://keifu.dev/import/mlflow/v1"
FINISHED, READY = 3, 2
LARGEST_VALUE = 1 << 20  # bytes of a parameter, a tag, or all values of a metric
MILLISECONDS = 1_000
COMMIT_TAG = "mlflow.source.git.commit"


class _Run(msgspec.Struct):
    run_id: str
    artifact_uri: str
    status: int
    lifecycle_stage: str
    start_time: int
    end_time: int | str = 0
    run_name: str = ""


class _Input(msgspec.Struct):
    source_type: str
    source_id: str


class _Dataset(msgspec.Struct):
    name: str
    digest: str
    source_type: str = ""
    source: str = ""


class _Logged(msgspec.Struct):
    name: str
    model_id: str
    source_run_id: str = ""
    status: int = READY


class _Model(msgspec.Struct):
    run_id: str = ""


def read_mlflow(path: Path, kind: Kind = Kind.MODEL) -> list[Found]:
    """The run in the folder `path` and what it made, as records of `kind`. Raises InputError for what is no finished
    run, CheckFailed where its files contradict each other."""
    if not (path / "meta.yaml").is_file():
        raise InputError(f"{path} is no run of MLflow: it has no meta.yaml", remedy="mlruns/EXPERIMENT/RUN")
    run = read_yaml(path / "meta.yaml", _Run, "run of MLflow")
    if run.status != FINISHED or run.lifecycle_stage != "active":
        raise InputError(f"run {run.run_id} is not finished, or was deleted", remedy="import a run that ended well")
    made = list(_made(path, run))
    tree = digest_path(path, ignore=["artifacts"] if (path / "artifacts").exists() else [], exact=True)
    values = {name: _texts(path / name) for name in ("params", "tags")}
    metrics = {name: _last(text, name) for name, text in _texts(path / "metrics").items()}
    facts = [of_files(tree), asserted("run", run.run_id, WHO), asserted("started", _moment(run.start_time), WHO)]
    if int(run.end_time or 0):
        facts.append(asserted("finished", _moment(int(run.end_time)), WHO))
    facts += [asserted(f"parameter {name}", shown(value, name), WHO) for name, value in values["params"].items()]
    facts += [asserted(f"metric {name}", value, WHO) for name, value in metrics.items()]
    inputs = list(_inputs(path))
    facts += [asserted(f"data set {item.name}", shown(item.digest, item.name), WHO) for item in inputs]
    predicate = _predicate(run, values["params"], values["tags"], metrics, inputs)
    name = run.run_name or run.run_id
    whole = Found(name, Kind.RUN, tree, tuple(facts), predicate)
    return [whole, *(_artefact(what, folder, run, name, kind) for what, folder in made)]


def _made(path: Path, run: _Run) -> Iterator[tuple[str, Path]]:
    """Name and folder of each model that the run logged; of its artifacts, when there is none."""
    found = []
    for meta in sorted(path.parent.glob("models/*/meta.yaml")):
        logged = read_yaml(meta, _Logged, "model of MLflow")
        if logged.source_run_id == run.run_id and logged.status == READY:
            found.append((f"{logged.name} {logged.model_id}", meta.parent / "artifacts"))
    artifacts = path / "artifacts"
    found += [(str(item.parent.relative_to(artifacts)), item.parent) for item in sorted(artifacts.rglob("MLmodel"))]
    if found:
        yield from found
    elif artifacts.is_dir() and any(artifacts.iterdir()):
        yield "artifacts", artifacts
    elif not run.artifact_uri.startswith(("file:", "/")):
        raise InputError(
            f"the artifacts of run {run.run_id} are at {run.artifact_uri}, not in its folder",
            remedy=f"mlflow artifacts download --run-id {run.run_id} --dst-path {artifacts}",
        )


def _artefact(name: str, folder: Path, run: _Run, parent: str, kind: Kind) -> Found:
    tree = digest_path(folder)
    facts = [of_files(tree), asserted("run", run.run_id, WHO)]
    described = folder / "MLmodel"
    if described.is_file() and (said := read_yaml(described, _Model, "MLmodel file").run_id):
        if said != run.run_id:
            raise CheckFailed(f"{described} says that run {said} made it, not {run.run_id}")
        facts.append(verified("run in MLmodel", said, "the same in both files"))
    return Found(name, kind, tree, tuple(facts), {"run": run.run_id}, ((Relation.DERIVED_FROM, parent),))


def _texts(folder: Path) -> dict[str, str]:
    """What each file below a folder holds, by its path there."""
    if not folder.is_dir():
        return {}
    found = {}
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        try:
            found[path.relative_to(folder).as_posix()] = read_bounded(path, LARGEST_VALUE, "a value").decode().strip()
        except UnicodeDecodeError as error:
            raise InputError(f"{path} is not UTF-8") from error
    return found


def _last(text: str, name: str) -> str:
    """The value of a metric's last step: lines of time, value and step."""
    try:
        rows = [(int(step), int(time), value) for time, value, step, *_ in map(str.split, text.splitlines())]
        _, _, value = max(rows)
        float(value)
    except ValueError as error:
        raise InputError(f"metric {name} is not lines of time, value and step") from error
    return value


def _inputs(path: Path) -> Iterator[_Dataset]:
    for meta in sorted(path.glob("inputs/*/meta.yaml")):
        item = read_yaml(meta, _Input, "input of an MLflow run")
        if item.source_type == "DATASET" and item.source_id.isalnum():
            yield read_yaml(path.parent / "datasets" / item.source_id / "meta.yaml", _Dataset, "data set of MLflow")


def _predicate(
    run: _Run, params: dict[str, str], tags: dict[str, str], metrics: dict[str, str], inputs: Sequence[_Dataset]
) -> dict[str, Any]:
    """As SLSA arranges it. MLflow's digests are of its own kind, so they stand beside, not among the digests."""
    needed: list[dict[str, Any]] = [
        {"name": item.name, "annotations": {"mlflow": {"digest": item.digest, "source": item.source}}}
        for item in inputs
    ]
    if commit := tags.get(COMMIT_TAG):
        needed.append({"name": "source", "digest": {"gitCommit": commit}})
    times = {"startedOn": _moment(run.start_time)}
    if int(run.end_time or 0):
        times["finishedOn"] = _moment(int(run.end_time))
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": params,
            "internalParameters": {name: value for name, value in tags.items() if not name.startswith("mlflow.")},
            "resolvedDependencies": needed,
        },
        "runDetails": {
            "builder": {"id": "https://mlflow.org"},
            "metadata": {"invocationId": run.run_id, **times},
            "byproducts": [{"name": "metrics", "annotations": {"mlflow": metrics}}] if metrics else [],
        },
    }


def _moment(milliseconds: int) -> str:
    return rfc3339(milliseconds // MILLISECONDS)
