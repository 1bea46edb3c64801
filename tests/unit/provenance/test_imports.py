"""Imports: artefacts, links and facts of each tool; bad input is one clear line, and nothing outside is read."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from google.protobuf.json_format import Parse
from in_toto_attestation.v1 import statement_pb2

from keifu.errors import CheckFailed, InputError
from keifu.provenance import Kind, Relation
from keifu.provenance.digest import digest_path
from keifu.provenance.export import Basis
from keifu.provenance.imports import read_dvc, read_huggingface, read_mlflow, read_tag
from keifu.provenance.statement import read_statement
from tests.unit.provenance.other_tools import (
    COMMIT,
    EXPERIMENT,
    MODEL,
    RUN,
    dvc_project,
    git,
    hub_cache,
    mlflow_run,
    repository,
    write,
)


def facts(found, basis):
    return {fact.name: fact.value for fact in found.facts if fact.basis == basis}


def readers(folder):
    """One import of each tool."""
    return {
        "mlflow": lambda: read_mlflow(mlflow_run(folder, logged=True)),
        "dvc": lambda: read_dvc(dvc_project(folder)),
        "huggingface": lambda: [read_huggingface(hub_cache(folder))],
        "git": lambda: [read_tag(repository(folder), "v1.0")],
    }


@pytest.mark.parametrize("tool", ["mlflow", "dvc", "huggingface", "git"])
def test_every_record_has_a_manifest_a_statement_that_in_toto_reads_and_facts_with_their_basis(tool, tmp_path):
    for found in readers(tmp_path)[tool]():
        assert found.manifest.statements == (hashlib.sha256(found.statement).digest(),)
        assert found.manifest.digest == found.tree.root
        document = read_statement(found.statement, found.tree.root)
        read = Parse(json.dumps(document), statement_pb2.Statement())
        assert read.subject[0].name == found.name
        said = document["subject"][0]["annotations"]["keifu"]["facts"]
        assert [(item["name"], item["basis"]) for item in said] == [(fact.name, fact.basis) for fact in found.facts]
        assert facts(found, Basis.VERIFIED)["files"].endswith(found.tree.root.hex())
        assert all(item["how"] for item in said)


def test_a_run_of_mlflow_and_the_model_that_it_logged(tmp_path):
    run, model = read_mlflow(mlflow_run(tmp_path, logged=True))
    assert (run.kind, run.name, model.kind, model.name) == (Kind.RUN, "first", Kind.MODEL, f"net {MODEL}")
    assert model.parents == ((Relation.DERIVED_FROM, "first"),)
    said = facts(run, Basis.ASSERTED)
    assert (said["parameter epochs"], said["parameter optimiser/name"]) == ("3", "adam")
    assert (said["metric accuracy"], said["data set digits"]) == ("0.7", "abc")
    assert said["started"] == "2025-01-01T00:00:00Z"
    assert facts(model, Basis.VERIFIED)["run in MLmodel"] == RUN
    assert model.tree.root == digest_path(tmp_path / "mlruns" / EXPERIMENT / "models" / MODEL / "artifacts").root
    body = run.statement.decode()
    assert "somebody" not in body  # who ran it is nobody's business
    assert json.loads(body)["predicate"]["buildDefinition"]["resolvedDependencies"][1] == {
        "name": "source",
        "digest": {"gitCommit": COMMIT},
    }


def test_a_run_of_mlflow_without_a_model_is_imported_with_its_artifacts(tmp_path):
    _, made = read_mlflow(mlflow_run(tmp_path), Kind.WEIGHTS)
    assert (made.name, made.kind, [file.name for file in made.tree.files]) == (
        "artifacts", Kind.WEIGHTS, ["net/weights.bin"],
    )  # fmt: skip


def test_what_runs_of_mlflow_do_not_hold_is_named(tmp_path):
    with pytest.raises(InputError, match=r"has no meta\.yaml"):
        read_mlflow(tmp_path)
    for changed in ({"status": 4}, {"status": 1}, {"lifecycle_stage": "deleted"}):
        with pytest.raises(InputError, match="is not finished, or was deleted"):
            read_mlflow(mlflow_run(tmp_path, **changed))
    for changed in ({"status": "done"}, {"start_time": "soon"}, {"run_id": "{a: 1}"}):
        with pytest.raises(InputError, match="is no run of MLflow"):
            read_mlflow(mlflow_run(tmp_path, **changed))
    run = mlflow_run(tmp_path, logged=True)
    write(run, {"metrics/accuracy": "better\n"})
    with pytest.raises(InputError, match="metric accuracy is not lines of time, value and step"):
        read_mlflow(run)
    mlflow_run(tmp_path)
    write(run.parent, {f"models/{MODEL}/artifacts/MLmodel": "run_id: ffff\n"})
    with pytest.raises(CheckFailed, match=f"says that run ffff made it, not {RUN}"):
        read_mlflow(run)
    elsewhere = mlflow_run(tmp_path / "far", artifact_uri="s3://bucket/x")
    (elsewhere / "artifacts" / "net" / "weights.bin").unlink()
    (elsewhere / "artifacts" / "net").rmdir()
    (elsewhere / "artifacts").rmdir()
    with pytest.raises(InputError, match="are at s3://bucket/x, not in its folder"):
        read_mlflow(elsewhere)


def test_a_stage_of_dvc_with_what_it_read_and_wrote(tmp_path):
    data, code, run, model, out = read_dvc(dvc_project(tmp_path))
    assert [item.kind for item in (data, code, run, model, out)] == [
        Kind.DATASET, Kind.CODE, Kind.RUN, Kind.MODEL, Kind.MODEL,
    ]  # fmt: skip
    assert run.parents == ((Relation.TRAINED_ON, "data"), (Relation.DERIVED_FROM, "train.sh"))
    assert model.parents == out.parents == ((Relation.DERIVED_FROM, run.name),)
    assert facts(run, Basis.ASSERTED) == {
        "stage": "train", "command": "sh train.sh", "parameter params.yaml:lr": "0.1",
    }  # fmt: skip
    assert facts(data, Basis.VERIFIED)["MD5 of DVC"].endswith(".dir")
    assert data.tree.root == digest_path(tmp_path / "data").root
    (alone,) = read_dvc(tmp_path / "data.dvc")
    assert (alone.name, alone.kind, alone.tree.root) == ("data", Kind.DATASET, data.tree.root)
    chosen = read_dvc(tmp_path, "train", Kind.WEIGHTS, {"out": Kind.EVALUATION})
    assert [item.kind for item in chosen[3:]] == [Kind.WEIGHTS, Kind.EVALUATION]


@pytest.mark.parametrize("name", ["data/a", "data/sub/b", "train.sh", "model.bin", "out/x"])
def test_a_file_that_is_not_what_dvc_saw_is_named(tmp_path, name):
    write(dvc_project(tmp_path), {name: "changed"})
    with pytest.raises(CheckFailed, match=r"has MD5 .*, DVC saw"):
        read_dvc(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("'2.0'", "'1.0'", "has schema '1.0'"),
        ("path: model.bin", "path: ../../etc/passwd", "not below its folder"),
        ("path: model.bin", "path: /etc/passwd", "not below its folder"),
        ("path: model.bin", "path: s3://bucket/model.bin", "not below its folder"),
        ("path: model.bin", "path: nowhere", "cannot read .*nowhere"),
        ("    outs:", "    cmd: other\n    outs:", "says a name twice"),
        ("    cmd: sh train.sh", "    cmd: &x a\n    frozen: *x", "refers to another part of itself"),
        ("  train:", "  train: [", "is no dvc.lock"),
        ("hash: md5\n      md5: ", "hash: etag\n      etag: ", "has no MD5"),
        ("stages:", "stages:\n  other:\n    cmd: x", "has no stage ''; it has other, train"),
    ],
)
def test_what_is_no_lock_of_dvc_is_named(tmp_path, old, new, message):
    lock = dvc_project(tmp_path) / "dvc.lock"
    assert old in lock.read_text()
    lock.write_text(lock.read_text().replace(old, new))
    with pytest.raises(InputError, match=message):
        read_dvc(lock)


def test_yaml_that_goes_deep_or_holds_no_text_is_refused(tmp_path):
    for body in ("[" * 100_000, "\x00", "- " * 50_000 + "a", "a: !!python/object/apply:os.system ['true']"):
        write(tmp_path, {"dvc.lock": body})
        with pytest.raises(InputError, match=r"is no dvc\.lock"):
            read_dvc(tmp_path)
    (tmp_path / "dvc.lock").write_bytes(b"a: \xff\xfe")
    with pytest.raises(InputError, match=r"is no dvc\.lock"):
        read_dvc(tmp_path)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("- ", "")], ids=["list", "map", "block"])
def test_levels_are_counted(tmp_path, opening, closing):
    def refusal(levels):
        write(tmp_path, {"dvc.lock": opening * levels + "a" + closing * levels})
        with pytest.raises(InputError, match=r"is no dvc\.lock") as fault:
            read_dvc(tmp_path)
        return str(fault.value)

    assert "levels deep" not in refusal(64)
    assert "goes more than 64 levels deep" in refusal(65)


def test_a_path_that_the_file_of_dvc_does_not_have_gets_no_kind(tmp_path):
    with pytest.raises(InputError, match="has no path 'nowhere'"):
        read_dvc(dvc_project(tmp_path), "", None, {"nowhere": Kind.MODEL})
    with pytest.raises(InputError, match="has no stage 'other'"):
        read_dvc(tmp_path, "other")


def test_a_model_in_the_hub_s_cache(tmp_path):
    cache = hub_cache(tmp_path)
    found = read_huggingface(cache)
    assert (found.name, found.kind, found.licence, found.version) == (
        "owner/net",
        Kind.MODEL,
        "Apache-2.0",
        COMMIT[:12],
    )
    assert found.uri == f"hf://owner/net@{COMMIT}"
    assert facts(found, Basis.ASSERTED) == {
        "repository": "models/owner/net", "commit": COMMIT, "licence": "apache-2.0", "base model": "owner/base",
    }  # fmt: skip
    assert facts(found, Basis.VERIFIED)["blobs"] == "2 files hash to the names of their blobs"
    assert found.tree == digest_path(cache / "snapshots" / COMMIT, links=True)
    assert read_huggingface(cache, "pr/1").tree == found.tree


HUB = """
import sys
from huggingface_hub import hf_hub_download, scan_cache_dir
for name in ("config.json", "weights.bin"):
    hf_hub_download("owner/net", name, cache_dir=sys.argv[1], endpoint=sys.argv[2])
(repo,) = scan_cache_dir(sys.argv[1]).repos
(revision,) = repo.revisions
print(repo.repo_id, revision.commit_hash, *sorted(file.file_name for file in revision.files))
"""
SERVED = {"config.json": b'{"layers": 2}', "weights.bin": bytes(range(256)) * 40}


class _Hub(http.server.BaseHTTPRequestHandler):
    """As much of the hub as a download asks for."""

    def do_HEAD(self):
        body = SERVED[self.path.rsplit("/", 1)[1]]
        large = len(body) > 1_000
        blob = b"blob %d\0" % len(body) + body
        tag = hashlib.sha256(body) if large else hashlib.sha1(blob, usedforsecurity=False)
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{tag.hexdigest()}"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()

    def do_GET(self):
        if not self.path.endswith(tuple(SERVED)):
            self.send_error(404)
            return
        self.do_HEAD()
        self.wfile.write(SERVED[self.path.rsplit("/", 1)[1]])

    def log_message(self, *_):
        pass


def test_a_cache_that_the_hub_s_own_package_made(tmp_path):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hub) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            environment = {
                **os.environ,
                "HF_HUB_DISABLE_XET": "1",
                "HF_HUB_DISABLE_TELEMETRY": "1",
                "HF_HUB_OFFLINE": "0",
            }
            done = subprocess.run(
                [sys.executable, "-c", HUB, tmp_path / "cache", url],
                check=False, capture_output=True, text=True, env=environment,
            )  # fmt: skip
        finally:
            server.shutdown()
            thread.join()
    assert done.stdout.split() == ["owner/net", COMMIT, "config.json", "weights.bin"], done.stderr
    found = read_huggingface(tmp_path / "cache" / "models--owner--net")
    assert facts(found, Basis.VERIFIED)["blobs"] == "2 files hash to the names of their blobs"
    assert {file.name: file.digest for file in found.tree.files} == {
        name: hashlib.sha256(body).digest() for name, body in SERVED.items()
    }


def test_a_cache_that_is_not_what_it_says_is_refused(tmp_path):
    cache = hub_cache(tmp_path)
    with pytest.raises(InputError, match="is no repository of a Hugging Face cache"):
        read_huggingface(tmp_path)
    for name in ("v9", "../../etc", "/etc/passwd"):
        with pytest.raises(InputError, match=r"has no reference 'v9'; it has main, pr/1|not below its folder"):
            read_huggingface(cache, name)
    with pytest.raises(InputError, match="has no snapshot of commit f"):
        read_huggingface(cache, "f" * 40)
    write(cache, {"refs/odd": "master"})
    with pytest.raises(InputError, match="names no commit"):
        read_huggingface(cache, "odd")
    large = next(path for path in (cache / "blobs").iterdir() if len(path.name) == 64)
    small = next(path for path in (cache / "blobs").iterdir() if len(path.name) == 40)
    for blob in (large, small):
        body = blob.read_bytes()
        blob.write_bytes(b"#" + body[1:])
        with pytest.raises(CheckFailed, match=f"its blob is called {blob.name}"):
            read_huggingface(cache)
        blob.write_bytes(body)


def test_a_link_out_of_the_cache_is_not_followed(tmp_path):
    """Otherwise anybody's file could be published as a part of the model."""
    cache, secret = hub_cache(tmp_path), tmp_path / ("a" * 64)
    secret.write_text("secret")
    (cache / "snapshots" / COMMIT / "more").symlink_to(secret)
    with pytest.raises(InputError, match="out of the repository's blobs"):
        read_huggingface(cache)


def test_a_card_that_cannot_be_read_is_named_and_a_cache_without_one_is_taken(tmp_path):
    with pytest.raises(InputError, match="has no card that can be read"):
        read_huggingface(hub_cache(tmp_path / "bad", "---\nlicense: [\n---\n"))
    bare = read_huggingface(hub_cache(tmp_path / "bare", "# Only words\n"))
    assert (bare.licence, facts(bare, Basis.ASSERTED).keys()) == ("", {"repository", "commit"})
    other = read_huggingface(hub_cache(tmp_path / "other", "---\nlicense: my-own\n---\n"))
    assert (other.licence, facts(other, Basis.ASSERTED)["licence"]) == ("", "my-own")


def test_a_tag_gives_the_digest_of_its_checkout(tmp_path):
    root = repository(tmp_path)
    found = read_tag(root, "v1.0")
    git(root, "clone", "-q", "-b", "v1.0", str(root), str(tmp_path / "clone"))
    assert found.tree.root == digest_path(tmp_path / "clone").root
    assert not found.manifest.difference(found.manifest.tree(tmp_path / "clone"))
    assert (found.kind, found.version, found.name) == (Kind.CODE, "v1.0", "project")
    assert facts(found, Basis.VERIFIED)["commit"] == git(root, "rev-parse", "v1.0")
    annotated = read_tag(root, "v1.0-signed")
    assert annotated.tree == found.tree
    assert facts(annotated, Basis.VERIFIED)["tag object"] == git(root, "rev-parse", "v1.0-signed")
    assert facts(annotated, Basis.ASSERTED)["tagged"] == "2025-01-01T00:00:00Z"
    assert "releaser" not in annotated.statement.decode()
    git(root, "checkout", "-q", "v1.0")
    assert read_tag(root).tree == found.tree
    assert "a" not in {file.name.split("/")[0] for file in read_tag(root, "v1.0", ["a"]).tree.files}


def test_a_tag_of_a_repository_with_sha256_ids(tmp_path):
    root = write(tmp_path / "project", {"a/b": "x"})
    git(root, "init", "-q", "--object-format=sha256")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")
    git(root, "tag", "v1")
    assert len(facts(read_tag(root, "v1"), Basis.VERIFIED)["commit"]) == 64


def test_what_is_no_tag_is_named(tmp_path):
    with pytest.raises(InputError, match="no git repository"):
        read_tag(tmp_path)
    root = repository(tmp_path)
    with pytest.raises(InputError, match="no tag is on the checked-out commit"):
        read_tag(root)
    for name in ("v9", "--help", "main", "v1.0^{tree}"):
        with pytest.raises(InputError, match="no tag"):
            read_tag(root, name)


def test_links_and_modules_in_a_tag_are_named(tmp_path):
    root = repository(tmp_path)
    (root / "link").symlink_to("/etc/passwd")
    git(root, "add", "-A")
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{COMMIT},module")
    git(root, "commit", "-q", "-m", "more")
    git(root, "tag", "v2")
    with pytest.raises(InputError, match="link is a symbolic link"):
        read_tag(root, "v2")
    with pytest.raises(InputError, match="module is a submodule"):
        read_tag(root, "v2", ["link"])
    assert read_tag(root, "v2", ["link", "module"]).version == "v2"
    write(root, {"café": "1", "cafe\u0301": "2"})
    git(root, "-c", "core.precomposeunicode=false", "add", "-A")
    git(root, "commit", "-q", "-m", "names")
    git(root, "tag", "v3")
    with pytest.raises(InputError, match="two names look the same"):
        read_tag(root, "v3", ["link", "module"])


def test_an_object_that_is_not_what_its_id_says_is_refused(tmp_path):
    """The bytes of one file, of one folder and of the commit are replaced under their ids."""
    root = repository(tmp_path)
    commit = git(root, "rev-parse", "v1.0")
    blob, folder = git(root, "rev-parse", "v1.0:train.py"), git(root, "rev-parse", "v1.0:a")
    other = git(root, "rev-parse", "main")
    held = root / ".git" / "objects"

    def place(digest: str) -> Path:
        return held / digest[:2] / digest[2:]

    for digest, foreign in ((blob, git(root, "rev-parse", "main:later")), (folder, git(root, "rev-parse", "v1.0:a/c")),
                            (commit, other)):  # fmt: skip
        kept = place(digest).read_bytes()
        place(digest).chmod(0o644)
        place(digest).write_bytes(place(foreign).read_bytes())
        with pytest.raises((CheckFailed, InputError)):
            read_tag(root, "v1.0")
        place(digest).write_bytes(kept)
    place(blob).unlink()
    with pytest.raises(CheckFailed, match="is not in the repository"):
        read_tag(root, "v1.0")


def test_a_name_that_nobody_sees_is_refused(tmp_path):
    with pytest.raises(InputError, match="which nobody sees"):
        read_mlflow(mlflow_run(tmp_path, run_name='"first\\u202e"'))
