"""What MLflow, DVC, the hub's cache and git leave on a disk, made here in their documented formats.

Each format was compared with what the tool itself writes (MLflow 3.17, DVC 3.67). The hub's own package and git are
at hand in tests, and make or read theirs.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

RUN, EXPERIMENT, MODEL = "6c15779e973b4a2f83fc85beeaf89a71", "910029163691673423", "m-4da215c836de467e8d6b69f0451aac47"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
START = 1_735_689_600_820


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def mlflow_run(folder: Path, *, logged: bool = False, **changed: object) -> Path:
    """A finished run with parameters, a metric, tags, a data set and an artifact, or a model that it logged."""
    experiment = folder / "mlruns" / EXPERIMENT
    said = {
        "artifact_uri": f"file://{experiment / RUN / 'artifacts'}", "end_time": START + 72_000,
        "entry_point_name": "''",
        "experiment_id": f"'{EXPERIMENT}'", "lifecycle_stage": "active", "run_id": RUN, "run_name": "first",
        "source_name": "''", "source_type": 4, "source_version": "''", "start_time": START, "status": 3, "tags": "[]",
        "user_id": "somebody", **changed,
    }  # fmt: skip
    write(
        experiment,
        {
            f"{RUN}/meta.yaml": "".join(f"{key}: {value}\n" for key, value in said.items()),
            f"{RUN}/params/epochs": "3",
            f"{RUN}/params/optimiser/name": "adam",
            f"{RUN}/metrics/accuracy": "1795703007863 0.5 0\n1795703007866 0.7 2\n1795703007865 0.6 1\n",
            f"{RUN}/tags/mlflow.user": "somebody",
            f"{RUN}/tags/mlflow.source.git.commit": COMMIT,
            f"{RUN}/tags/team": "digits",
            f"{RUN}/inputs/b2691d/meta.yaml": "destination_id: 80cb\ndestination_type: RUN\nsource_id: 80cb\n"
            "source_type: DATASET\ntags:\n  mlflow.data.context: training\n",
            "datasets/80cb/meta.yaml": "digest: abc\nname: digits\nprofile: '{}'\nschema: '{}'\nsource: '{}'\n"
            "source_type: local\n",
        },
    )
    if logged:
        write(
            experiment / "models" / MODEL,
            {
                "meta.yaml": f"artifact_location: x\nmodel_id: {MODEL}\nmodel_type: null\nname: net\n"
                f"source_run_id: {RUN}\nstatus: 2\nstatus_message: null\n",
                "artifacts/MLmodel": f"flavors: {{}}\nrun_id: {RUN}\n",
                "artifacts/weights.bin": b"weights",
            },
        )
    else:
        write(experiment / RUN / "artifacts", {"net/weights.bin": b"weights"})
    return experiment / RUN


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def dvc_project(folder: Path) -> Path:
    """A stage that read a folder and a program and wrote a file and a folder; a `.dvc` file of the data."""
    files = {
        "data/a": b"a\n",
        "data/sub/b": b"b\n",
        "train.sh": b"cp data/a model.bin\n",
        "model.bin": b"a\n",
        "out/x": b"a\n",
    }
    write(folder, files)

    def tree(name: str) -> str:
        listed = [
            {"md5": _md5(body), "relpath": path.removeprefix(f"{name}/")}
            for path, body in sorted(files.items())
            if path.startswith(f"{name}/")
        ]
        return f"{_md5(json.dumps(listed).encode())}.dir"

    write(
        folder,
        {
            "dvc.lock": f"""schema: '2.0'
stages:
  train:
    cmd: sh train.sh
    deps:
    - path: data
      hash: md5
      md5: {tree("data")}
      size: 4
      nfiles: 2
    - path: train.sh
      hash: md5
      md5: {_md5(files["train.sh"])}
      size: 20
    params:
      params.yaml:
        lr: 0.1
    outs:
    - path: model.bin
      hash: md5
      md5: {_md5(files["model.bin"])}
      size: 2
    - path: out
      hash: md5
      md5: {tree("out")}
      size: 2
      nfiles: 1
""",
            "data.dvc": f"outs:\n- md5: {tree('data')}\n  size: 4\n  nfiles: 2\n  hash: md5\n  path: data\n",
        },
    )
    return folder


def hub_cache(folder: Path, card: str = "---\nlicense: apache-2.0\nbase_model: owner/base\n---\n# Net\n") -> Path:
    """A model in the hub's cache: a large file under its SHA-256, a small one under git's id."""
    weights, text = b"weights", card.encode()
    small = hashlib.sha1(b"blob %d\0" % len(text) + text, usedforsecurity=False).hexdigest()
    large = hashlib.sha256(weights).hexdigest()
    root = write(
        folder / "models--owner--net",
        {f"blobs/{large}": weights, f"blobs/{small}": text, "refs/main": COMMIT, "refs/pr/1": COMMIT},
    )
    snapshot = root / "snapshots" / COMMIT
    (snapshot / "sub").mkdir(parents=True)
    (snapshot / "README.md").symlink_to(f"../../blobs/{small}")
    (snapshot / "sub" / "weights.bin").symlink_to(f"../../../blobs/{large}")
    return root


def git(folder: Path, *words: str) -> str:
    """Git without anybody's settings."""
    identity = {f"GIT_{who}_{what}": "releaser" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    dates = {"GIT_AUTHOR_DATE": "1735689600 +0000", "GIT_COMMITTER_DATE": "1735689600 +0000"}
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-C", folder, *words], check=True, capture_output=True, text=True,
        env=os.environ | identity | dates | settings,
    )  # fmt: skip
    return done.stdout.strip()


def repository(folder: Path) -> Path:
    """A release under a plain tag and an annotated one, with later work on top that belongs to none."""
    root = write(
        folder / "project",
        {
            "train.py": "print(1)\n", "a.txt": "x", "a/b": "y", "a/c/d": "z", "ä": "ö", "empty": "",
            ".gitignore": "out\n",
        },
    )  # fmt: skip
    (root / "train.py").chmod(0o755)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "release")
    git(root, "tag", "v1.0")
    git(root, "tag", "-a", "v1.0-signed", "-m", "the same, with a message")
    write(root, {"later": "work"})
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "later")
    return root
