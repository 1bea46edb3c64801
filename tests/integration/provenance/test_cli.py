"""`keifu prov`: each verb against a real chain; exit status 0 done, 1 a check failed, 2 wrong use, 3 environment."""

from __future__ import annotations

import json
import shutil

import pytest

from keifu.chain.creation import Creation
from keifu.chain.deployments import Record as DeploymentRecord
from keifu.cli import main
from keifu.keys import Account
from keifu.keys.keystore import save_account
from keifu.provenance import PolicyEntry
from keifu.provenance.registry import schema_id
from keifu.provenance.trust import Trust, trust_file

EVALUATED = "evaluation passed"


@pytest.fixture
def prov(anvil, source, monkeypatch, capsys, tmp_path):
    """Runs one command line; (status, standard output, standard error)."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("KEIFU_RPC", anvil.url)
    monkeypatch.setenv("KEIFU_REGISTRY", source.registry.address)
    monkeypatch.setenv("KEIFU_ENVIRONMENTS", source.environments.address)

    def run(*args):
        with pytest.raises(SystemExit) as exit_info:
            main(["prov", *map(str, args)])
        source.chain.forget_nonces()  # the command line has a client of its own
        out, err = capsys.readouterr()
        return exit_info.value.code, out, err

    return run


@pytest.fixture
def model(tmp_path, cast):
    del cast  # the accounts need gas
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(tmp_path.name.encode())
    return folder


def register(prov, folder, *more):
    status, out, err = prov("register", folder, "--kind", "weights", "--role", "author", *more)
    assert status == 0, err
    return out.strip()


def test_digest_and_diff(prov, model, tmp_path):
    status, out, _ = prov("digest", model, "--json")
    assert (status, len(json.loads(out)["files"])) == (0, 1)
    copy = shutil.copytree(model, tmp_path / "copy")
    assert prov("diff", model, copy)[0] == 0
    (copy / "weights.bin").write_bytes(b"other")
    status, out, err = prov("diff", model, copy)
    assert (status, out.strip()) == (1, "weights.bin")
    assert "1 file differs" in err


def test_register_verify_swap(prov, model, tmp_path):
    record_id = register(prov, model, "--version", "1.2.3", "--licence", "MIT")
    status, out, _ = prov("verify", record_id, "--path", model)
    assert (status, out.count("ok  ")) == (0, 5)
    (model / "weights.bin").write_bytes(b"swapped")
    status, out, err = prov("verify", record_id, "--path", model, "--json")
    assert status == 1
    assert [item["ok"] for item in json.loads(out)] == [True, True, True, True, False]
    assert "changed: weights.bin" in err


@pytest.mark.case("tools-39")
def test_links_lineage_export_and_withdrawal(prov, model, tmp_path):
    parent = register(prov, model)
    child_folder = shutil.copytree(model, tmp_path / "child")
    (child_folder / "more.bin").write_bytes(b"more")
    child = register(prov, child_folder, "--link", f"fine-tuned-from={parent}")
    assert f"fine-tuned-from: weights {parent[:8]}" in prov("lineage", child)[1]
    assert len(json.loads(prov("lineage", child, "--format", "json")[1])["records"]) == 2
    assert prov("lineage", f"{child[:8]}…", "--json")[1] == prov("lineage", child, "--format", "json")[1]
    assert prov("lineage", child, "--format", "svg")[1].startswith("<svg")
    indexed = prov("lineage", child, "--format", "json", "--index", tmp_path / "index.sqlite")
    assert json.loads(indexed[1])["records"][0]["id"] == child
    bom = json.loads(prov("export", child, "--path", child_folder, "--name", "tuned")[1])
    assert bom["metadata"]["component"]["name"] == "tuned"
    assert prov("export", child, "--path", model)[0] == 1  # other bytes: no export calls them verified
    assert prov("withdraw", parent, "--reason", "copied", "--role", "author")[0] == 0
    status, out, _ = prov("verify", child)
    assert status == 1
    assert "is revoked" in out


def test_find_says_which_version_this_is(prov, model, cast):
    assert prov("find", model)[0] == 1
    record_id = register(prov, model, "--version", "3.1")
    status, out, _ = prov("find", model, "--author", cast.author.address, "--json")
    assert status == 0
    assert [(item["id"], item["version"]) for item in json.loads(out)] == [(record_id, "3.1")]
    assert prov("find", model, "--author", cast.owner.address)[0] == 1
    (model / "weights.bin").write_bytes(b"another version")
    assert prov("find", model)[0] == 1


def test_bundle_verifies_with_the_right_hash_only(prov, model, source, tmp_path):
    Trust(source.chain.chain_id, source.registry.address, source.environments.address).write(trust_file())
    record_id = register(prov, model)
    out_file = tmp_path / "x.bundle"
    status, block_hash, _ = prov("bundle", record_id, "--out", out_file)
    assert status == 0
    assert prov("verify", out_file, "--block-hash", block_hash.strip(), "--path", model)[0] == 0
    assert prov("verify", out_file, "--block-hash", "0x" + "00" * 32)[0] == 1
    assert prov("verify", out_file)[0] == 2


def test_attest_promote_and_verify_running(prov, model, source, cast, tmp_path):
    record_id = register(prov, model)
    policy = [PolicyEntry(schema_id(EVALUATED), 1, 0, (cast.evaluator.address,))]
    source.declare(f"env {tmp_path.name}", policy, cast.owner)
    source.chain.forget_nonces()
    environment = f"env {tmp_path.name}"
    status, _, err = prov("promote", environment, record_id, "--role", "owner")
    assert (status, "policy is not met" in err) == (1, True)
    assert prov("attest", record_id, "--schema", EVALUATED, "--role", "evaluator")[0] == 0
    assert prov("promote", environment, record_id, "--role", "owner")[:2] == (0, "promotion 1\n")
    where = ("--owner", cast.owner.address, "--path", model)
    assert prov("verify-running", environment, *where)[0] == 0
    (model / "weights.bin").write_bytes(b"swapped")
    assert prov("verify-running", environment, *where)[0] == 1


def test_watch_prints_each_event(prov, model):
    record_id = register(prov, model)
    status, out, _ = prov("watch", "--once")
    assert status == 0
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events if event.get("id") == record_id] == ["Registered"]


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (("lineage", "xyz1"), 2, "not hexadecimal"),
        (("lineage", "abc"), 2, "a prefix at least 4; 3 given"),
        (("lineage", "ab" * 33), 2, "an id has 64 hex digits"),
        (("lineage", "ab" * 32), 2, "no record"),
        (("lineage", "abababab"), 2, "no record begins with abababab"),
        (("digest", "/nowhere"), 2, "does not exist"),
        (("register", "/nowhere", "--kind", "weights"), 2, "does not exist"),
        (("register", ".", "--kind", "weights"), 2, "no key to sign with"),
        (("register", ".", "--kind", "sculpture"), 2, "sculpture"),
        (("register", ".", "--kind", "code", "--role", "a", "--link", "made-of=" + "ab" * 32), 2, "relation"),
        (("register", ".", "--kind", "code", "--role", "a", "--link", "trained-on"), 2, "is no link"),
        (("register", ".", "--kind", "code", "--role", "a", "--version", "v" * 33), 2, "at most 32 fit"),
        (("verify-running", "production"), 2, "of whom"),
        (("lineage", "ab" * 32, "--rpc", "http://127.0.0.1:9"), 3, "did not answer"),
        (("unheard-of",), 2, "No such command"),
    ],
)
def test_wrong_use_has_one_clear_error(prov, args, status, message):
    code, _, err = prov(*args)
    assert code == status
    assert message in err


def test_a_key_file_signs(prov, model, tmp_path, monkeypatch):
    monkeypatch.setenv("KEIFU_PASSWORD", "a long sentence")
    key = tmp_path / "author.json"
    save_account(Account.from_role("author"), key, b"a long sentence", scrypt={"n": 2, "r": 8, "p": 1})
    status, out, err = prov("register", model, "--kind", "weights", "--version", "by file", "--key-file", key)
    assert status == 0, err
    assert out


def test_a_key_in_clear_is_refused_and_not_shown(prov, model, tmp_path, monkeypatch):
    monkeypatch.setenv("KEIFU_PASSWORD", "a long sentence")
    key = tmp_path / "key"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    status, _, err = prov("register", model, "--kind", "weights", "--key-file", key)
    assert status == 2
    assert "no encrypted key file" in err
    assert "ab" * 32 not in err


@pytest.mark.parametrize(
    "verb",
    [
        "digest",
        "diff",
        "register",
        "attest",
        "promote",
        "withdraw",
        "verify",
        "lineage",
        "bundle",
        "export",
        "find",
        "watch",
    ],
)
def test_help_has_an_example(prov, verb):
    status, out, _ = prov(verb, "--help")
    assert status == 0
    assert "Example" in out


def test_addresses_come_from_the_deployments_record(prov, model, source, monkeypatch, tmp_path):
    record_id = register(prov, model)
    monkeypatch.delenv("KEIFU_REGISTRY")
    folder = tmp_path / "deployments"
    status, _, err = prov("lineage", record_id, "--deployments", folder)
    assert (status, "no ProvenanceRegistry is recorded" in err) == (3, True)
    genesis = source.chain.rpc.call("eth_getBlockByNumber", "0x0", False)["hash"]
    registry = Creation("ProvenanceRegistry", "", source.registry.address, {}, "0x")
    record = DeploymentRecord(source.chain.chain_id, genesis, creations={registry.contract: registry})
    record.save(folder)
    assert prov("lineage", record_id, "--deployments", folder)[0] == 0
