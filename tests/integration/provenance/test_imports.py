"""`keifu prov import` on a chain: what is registered verifies, an import goes on where it stopped, and a release is
registered by the action that a repository's CI runs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from keifu.keys.keystore import save_account
from keifu.provenance import Status
from tests.unit.provenance.other_tools import COMMIT, dvc_project, git, hub_cache, mlflow_run, repository

ROOT = Path(__file__).parents[3]
ACTION = ROOT / "examples" / "release" / "action.yml"


@pytest.fixture
def imported(keifu, anvil, request):
    """Import something as an account of this test; the records by name."""
    role = f"importer {request.node.name}"
    anvil.account(role)

    def imported(tool, path, *more):
        status, out, err = keifu("prov", "import", tool, path, "--role", role, "--json", *more)
        assert status == 0, err
        return {item["name"]: item for item in json.loads(out)}

    return imported


def test_a_stage_of_dvc_is_a_lineage_that_verifies(keifu, imported, tmp_path):
    project = dvc_project(tmp_path)
    made = imported("dvc", project)
    status, out, err = keifu("prov", "verify", made["model.bin"]["id"], "--path", project / "model.bin")
    assert status == 0, err
    assert "4 records, 2 links deep, none withdrawn" in out
    for name, path in (("data", "data"), ("stage train", "dvc.lock"), ("out", "out")):
        assert keifu("prov", "verify", made[name]["id"], "--path", project / path)[0] == 0
    assert {fact["basis"] for item in made.values() for fact in item["facts"]} == {"verified", "asserted"}
    out = keifu("prov", "lineage", made["model.bin"]["id"])[1]
    assert "trained-on: dataset" in out
    assert keifu("prov", "withdraw", made["data"]["id"], "--reason", "copied", "--role", "somebody else")[0] == 1


def test_what_is_said_beside_holds_for_everything_that_was_made(imported, tmp_path, source):
    (data,) = imported("dvc", dvc_project(tmp_path) / "data.dvc").values()
    made = imported("dvc", tmp_path, "--version", "2", "--link", f"supersedes={data['id']}")
    assert {name: item["record"]["version"] for name, item in made.items()} == {
        "data": "", "train.sh": "", "stage train": "", "model.bin": "2", "out": "2",
    }  # fmt: skip
    for name, item in made.items():
        relations = [link["relation"] for link in item["record"]["links"]]
        assert ("supersedes" in relations) == (name in {"model.bin", "out"})


def test_an_import_that_was_cut_off_goes_on(imported, tmp_path, source):
    dvc_project(tmp_path)
    (data,) = imported("dvc", tmp_path / "data.dvc").values()
    assert data["new"]
    made = imported("dvc", tmp_path)
    assert (made["data"]["id"], made["data"]["new"]) == (data["id"], False)
    assert all(item["new"] for name, item in made.items() if name != "data")
    again = imported("dvc", tmp_path)
    assert [item["new"] for item in again.values()] == [False] * 5
    assert [item["id"] for item in again.values()] == [item["id"] for item in made.values()]
    assert source.entry(bytes.fromhex(data["id"])).status == Status.ACTIVE


def test_a_run_of_mlflow_is_bundled_and_verified_offline(keifu, imported, tmp_path):
    made = imported("mlflow", mlflow_run(tmp_path, logged=True), "--version", "1.0", "--licence", "MIT")
    (run, model) = made.values()
    assert (run["record"]["version"], model["record"]["version"], model["record"]["licence"]) == ("", "1.0", "MIT")
    bundle = tmp_path / "model.bundle"
    status, block, err = keifu("prov", "bundle", model["id"], "--out", bundle)
    assert status == 0, err
    assert keifu("trust", "init")[0] == 0
    status, out, err = keifu("prov", "verify", bundle, "--block-hash", block.strip())
    assert status == 0, err
    assert "run time: started after its inputs were registered, finished before it was itself" in out
    status, out, err = keifu("prov", "export", run["id"], "--format", "slsa")
    assert status == 0, err
    assert json.loads(out)["predicate"]["buildDefinition"]["externalParameters"]["epochs"] == "3"


def test_a_model_of_the_hub_s_cache_verifies_with_links_followed(keifu, imported, tmp_path):
    cache = hub_cache(tmp_path)
    (model,) = imported("huggingface", cache).values()
    assert (model["kind"], model["record"]["uri"]) == ("model", f"hf://owner/net@{COMMIT}")
    assert keifu("prov", "verify", model["id"], "--path", cache / "snapshots" / COMMIT)[0] == 0


def test_a_dry_run_needs_nothing_of_a_chain(keifu, tmp_path, monkeypatch):
    monkeypatch.setenv("KEIFU_RPC", "http://127.0.0.1:9")
    root = repository(tmp_path)
    status, out, err = keifu("prov", "import", "git", root, "--revision", "v1.0", "--role", "nobody", "--dry-run")
    assert status == 0, err
    assert "verified  commit: " in out
    assert "asserted  tag: v1.0 (as the repository says)" in out


@pytest.mark.parametrize(
    ("tool", "more", "said"),
    [
        ("git", ("--stage", "train"), "--stage says nothing about git"),
        ("mlflow", ("--revision", "v1"), "--revision says nothing about mlflow"),
        ("huggingface", ("--kind", "data=dataset"), "--kind with a path says nothing about huggingface"),
        ("dvc", ("--ignore", "data"), "--ignore says nothing about dvc"),
        ("dvc", ("--kind", "sculpture"), "unknown kind 'sculpture'"),
        ("git", (), "no git repository"),
        ("mlflow", (), "has no meta.yaml"),
        ("dvc", (), "cannot read"),
        ("huggingface", (), "is no repository of a Hugging Face cache"),
    ],
)
def test_what_cannot_be_imported_is_one_line_and_sends_nothing(keifu, anvil, tmp_path, tool, more, said):
    before = anvil.rpc.call("eth_blockNumber")
    status, out, err = keifu("prov", "import", tool, tmp_path, "--role", "importer", *more)
    assert (status, out, said in err, err.count("\n")) == (2, "", True, 1), err
    assert anvil.rpc.call("eth_blockNumber") == before


def release(root, action, environment, output):
    """What a runner does with the step of the action that registers: its script in bash, in the repository."""
    step = next(item for item in action["runs"]["steps"] if item.get("id") == "register")
    given = {name: environment[value] for name, value in step["env"].items()}
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", step["run"]], cwd=root, check=False, capture_output=True, text=True,
        env=os.environ | given | {"PATH": path, "GITHUB_OUTPUT": str(output)},
    )  # fmt: skip


def test_the_action_registers_a_release_and_the_next_one_supersedes_it(keifu, anvil, source, tmp_path):
    author = anvil.account("releaser")
    save_account(author, tmp_path / "key.json", b"secret")
    action = yaml.safe_load(ACTION.read_text())
    root, output = repository(tmp_path), tmp_path / "output"
    inputs = {
        "rpc": anvil.url, "registry": source.registry.address, "key": (tmp_path / "key.json").read_text(),
        "password": "secret", "tag": "v1.0", "supersedes": "",
    }  # fmt: skip
    assert inputs.keys() | {"install"} == action["inputs"].keys()
    environment = {f"${{{{ inputs.{name} }}}}": value for name, value in inputs.items()}
    (root / "train.py").write_text("what a step before wrote")  # never registered
    done = release(root, action, environment, output)
    assert done.returncode == 0, done.stderr
    source.chain.forget_nonces()
    record = output.read_text().strip().removeprefix("record=")
    git(root, "clone", "-q", "-b", "v1.0", str(root), str(tmp_path / "clone"))
    status, _, err = keifu("prov", "verify", record, "--path", tmp_path / "clone", "--author", author.address)
    assert status == 0, err
    git(root, "tag", "v1.1")
    done = release(
        root, action, environment | {"${{ inputs.tag }}": "v1.1", "${{ inputs.supersedes }}": record}, output
    )
    assert done.returncode == 0, done.stderr
    newer = output.read_text().splitlines()[-1].removeprefix("record=")
    (link,) = source.entry(bytes.fromhex(newer)).record.links
    assert (link.relation.word, link.parent.hex()) == ("supersedes", record)
    refused = release(root, action, environment | {"${{ inputs.tag }}": "v9"}, output)
    assert (refused.returncode, "no tag 'v9'" in refused.stderr) == (2, True)
