"""The manifest: names are committed, files that differ are named, and the OpenSSF tool says the same of every tree."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from keifu.errors import CheckFailed, InputError
from keifu.provenance import Kind, Record, Status
from keifu.provenance.digest import digest_path
from keifu.provenance.documents import Documents
from keifu.provenance.manifest import Manifest
from keifu.provenance.registry import Entry
from keifu.provenance.statement import canonical
from keifu.provenance.verify import check_bytes
from tests.unit.provenance.test_digest import TRICKY, write

AUTHOR = "0x" + "11" * 20
FILES = {"a/weights.bin": b"one", "b/weights.bin": b"two", "config.json": b"{}"}
# The tool signs and verifies each of these folders, and says what it signed and whether it still holds.
OPENSSF = """
import base64, json, pathlib, sys
from model_signing import hashing, signing, verifying
answers = []
for job in json.load(sys.stdin):
    folder, signature = pathlib.Path(job["folder"]), pathlib.Path(job["folder"]) / "model.sig"
    config = hashing.Config().use_file_serialization(allow_symlinks=job["links"])
    config.set_ignored_paths(paths=[*job["ignore"], "model.sig"])
    config.set_allow_symlinks(job["links"])
    if job["sign"]:
        signer = signing.Config().use_elliptic_key_signer(private_key=job["key"])
        signer.set_hashing_config(config).sign(folder, signature)
        answers.append(json.loads(base64.b64decode(json.loads(signature.read_text())["dsseEnvelope"]["payload"])))
    else:
        try:
            check = verifying.Config().use_elliptic_key_verifier(public_key=job["key"] + ".pub")
            check.set_hashing_config(config).verify(folder, signature)
            answers.append("ok")
        except ValueError as error:
            answers.append(str(error))
print(json.dumps(answers))
"""


def openssf(jobs):
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", OPENSSF],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


def entry_of(manifest):
    record = Record(AUTHOR, Kind.WEIGHTS, manifest.digest, manifest=manifest.hash)
    return Entry(b"\x01" * 32, record, Status.ACTIVE, 1)


@pytest.fixture
def tree(tmp_path):
    return write(tmp_path / "tree", FILES)


@pytest.fixture
def registered(tree):
    manifest = Manifest.of(digest_path(tree))
    return manifest, entry_of(manifest)


def swap(tree):
    one, other = tree / "a/weights.bin", tree / "b/weights.bin"
    one.rename(tree / "kept")
    other.rename(one)
    (tree / "kept").rename(other)


def rename(tree):
    (tree / "config.json").rename(tree / "config.yaml")


def below_git(tree):
    write(tree, {".git/weights.bin": b"more"})


def change(tree):
    (tree / "a/weights.bin").write_bytes(b"three")


@pytest.mark.case("provenance-2")
@pytest.mark.parametrize(
    ("fraud", "words"),
    [
        (swap, "changed: a/weights.bin, b/weights.bin"),
        (rename, "missing: config.json; added: config.yaml"),
        (below_git, "added: .git/weights.bin"),
        (change, "changed: a/weights.bin"),
    ],
)
def test_names_are_committed_and_the_file_is_named(tree, registered, fraud, words):
    manifest, entry = registered
    assert check_bytes(entry, tree, manifest).ok
    assert check_bytes(entry, tree).ok
    fraud(tree)
    finding = check_bytes(entry, tree, manifest)
    assert (finding.ok, words in finding.detail) == (False, True)
    assert not check_bytes(entry, tree).ok  # without the manifest no file is named, but it is refused


@pytest.mark.case("provenance-14")
def test_a_file_that_differs_is_named_and_digests_are_whole(tree, registered):
    manifest, entry = registered
    change(tree)
    assert check_bytes(entry, tree, manifest).detail == "changed: a/weights.bin"
    assert entry.record.digest.hex() in check_bytes(entry, tree).detail


@pytest.mark.case("provenance-12")
def test_what_was_left_out_is_remembered(tree, tmp_path):
    write(tree, {"logs/today": b"x", "model.sig": b"signature"})
    manifest = Manifest.of(digest_path(tree, ignore=["logs"]))
    assert manifest.ignored == ("logs", "model.sig")
    write(tree, {"logs/tomorrow": b"y", "model.sig": b"another"})
    finding = check_bytes(entry_of(manifest), tree, manifest)
    assert (finding.ok, "left out: logs, model.sig" in finding.detail) == (True, True)
    write(tree, {"notes/today": b"x"})
    assert "added: notes/today" in check_bytes(entry_of(manifest), tree, manifest).detail


@pytest.mark.case("provenance-11")
@pytest.mark.case("provenance-12")
def test_openssf_signs_what_we_digest_and_refuses_what_we_refuse(tmp_path):
    """Plain, tricky, with left-out paths, with its own signature in place, a Hugging Face cache, and trees of the
    shapes that the tool's own tests use. It also signs an empty folder, which is no artefact here."""
    key = tmp_path / "key"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], check=True)
    with (tmp_path / "key.pub").open("w") as public:
        subprocess.run(["openssl", "ec", "-in", key, "-pubout"], check=True, stdout=public, stderr=subprocess.DEVNULL)
    cache = tmp_path / "models--a--b"
    write(cache / "blobs", {"1f": b"weights", "2e": b"{}"})
    snapshot = cache / "snapshots" / "main"
    snapshot.mkdir(parents=True)
    for name, blob in (("model.bin", "1f"), ("config.json", "2e")):
        (snapshot / name).symlink_to(f"../../blobs/{blob}")
    cases = [
        (write(tmp_path / "plain", FILES), [], False),
        (write(tmp_path / "tricky", TRICKY), [], False),
        (write(tmp_path / "ignoring", FILES | {"logs/today": b"x"}), ["logs"], False),
        (snapshot, [], True),
        *own_shapes(tmp_path / "own"),
    ]
    jobs = [
        {"folder": str(folder), "ignore": ignore, "links": links, "key": str(key), "sign": True}
        for folder, ignore, links in cases
    ]
    manifests = []
    for payload, (folder, ignore, links) in zip(openssf(jobs), cases, strict=True):
        ours = Manifest.of(digest_path(folder, ignore=ignore, links=links))  # model.sig is in place by now
        manifests.append(ours)
        theirs = [(item["name"], item["digest"]) for item in payload["predicate"]["resources"]]
        assert theirs == [(file.name, file.digest.hex()) for file in ours.files]
        assert payload["subject"][0]["digest"]["sha256"] == ours.digest.hex()
        said = payload["predicate"]["serialization"]
        assert (said["method"], said["hash_type"], said["allow_symlinks"]) == ("files", "sha256", links)
        assert set(ours.ignored) <= set(said["ignore_paths"])
    checks = [job | {"sign": False} for job in jobs]
    assert openssf(checks) == ["ok"] * len(cases)
    swap(cases[0][0])
    (snapshot / "model.bin").unlink()
    (snapshot / "model.bin").symlink_to("../../blobs/2e")
    refused = openssf(checks)
    for answer, manifest, (folder, _, _) in zip(refused, manifests, cases, strict=True):
        assert (answer == "ok") == check_bytes(entry_of(manifest), folder, manifest).ok
    assert [answer == "ok" for answer in refused] == [False, True, True, False, *[True] * len(cases[4:])]


def own_shapes(where):
    """Folders beside files, an empty file, files five folders deep, and a link that leads out of the tree."""
    outside = write(where / "outside", {"file": b"somewhere else"})
    several = {f"d{folder}/f{folder}{file}": b"%d" % file for folder in range(2) for file in range(3)}
    several |= {f"f{file}": b"%d in root" % file for file in range(4)}
    linked = where / "linked"
    linked.mkdir()
    (linked / "link").symlink_to(outside / "file")
    return [
        (write(where / "several", several), [], False),
        (write(where / "empty-file", {"empty_file": b""}), [], False),
        (write(where / "deep", {f"d0/d1/d2/d3/d4/f{file}": b"deep %d" % file for file in range(4)}), [], False),
        (linked, [], True),
    ]


def test_written_and_read_back(tree):
    manifest = Manifest.of(digest_path(tree), [b"a statement"])
    assert Manifest.read(manifest.body) == manifest
    assert manifest.digest == digest_path(tree).root


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda d: d.update(more=1), "not a manifest"),
        (lambda d: d.pop("statements"), "not a manifest"),
        (lambda d: d.update(format="keifu-manifest/2"), "a manifest of format"),
        (lambda d: d["serialization"].update(method="shards"), "a manifest of format"),
        (lambda d: d["resources"].reverse(), "not in order"),
        (lambda d: d["resources"].append(d["resources"][-1]), "named twice"),
        (lambda d: d["resources"].clear(), "not in order"),
        (lambda d: d["resources"][0].update(digest="AB" * 32), "canonical form"),
        (lambda d: d["resources"][0].update(digest="ab"), "1 bytes, not 32"),
        (lambda d: d["resources"][0].update(size="1"), "not a manifest"),
    ],
)
def test_other_spellings_and_gaps_are_refused(tree, edit, message):
    document = json.loads(Manifest.of(digest_path(tree)).body)
    edit(document)
    with pytest.raises(InputError, match=message):
        Manifest.read(canonical(document))


@pytest.mark.parametrize("body", [b"", b"[" * 200_000, b"{}", b"\xff", json.dumps({"format": 1}).encode()])
def test_garbage_is_no_manifest(body):
    with pytest.raises(InputError, match="not a manifest"):
        Manifest.read(body)


def test_documents_give_out_nothing_but_what_was_asked_for(tmp_path, tree):
    manifest = Manifest.of(digest_path(tree))
    kept = Documents(kept=tmp_path / "kept")
    kept.keep(manifest.body)
    assert Documents(kept=tmp_path / "kept").manifest(entry_of(manifest).record) == manifest
    (tmp_path / "kept" / f"{manifest.hash.hex()}.json").write_bytes(b"changed")
    assert Documents(kept=tmp_path / "kept").get(manifest.hash) is None
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "any name.json").write_bytes(manifest.body)
    assert Documents(folders=[tmp_path / "folder"]).get(manifest.hash) == manifest.body


def test_a_manifest_of_other_bytes_is_refused(tree):
    manifest = Manifest.of(digest_path(tree))
    record = Record(AUTHOR, Kind.WEIGHTS, b"\x07" * 32, manifest=manifest.hash)
    with pytest.raises(CheckFailed, match="the manifest's files have digest"):
        Documents([manifest.body]).manifest(record)
