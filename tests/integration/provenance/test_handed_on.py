"""What is handed on to whoever checks a record: a bundle that answers a question, and documents fetched by record."""

from __future__ import annotations

import json

import pytest

from keifu.keys import Account

AUTHOR = ("--role", "handing author")
NODE = Account.from_role("handing node").address.lower()


@pytest.fixture(scope="module")
def place(anvil):
    """The owner of the environment."""
    anvil.account("handing author")
    return anvil.account("handing owner").address


@pytest.fixture
def made(keifu, place, tmp_path):
    """A data set with two labels, one of them proved, weights that run, and what a node signed about them."""
    assert keifu("trust", "init")[0] == 0
    (tmp_path / "data").mkdir()
    for number in range(2):
        (tmp_path / "data" / f"{number}").write_text(f"{tmp_path.name} {number}")
    (tmp_path / "labels.csv").write_text("index,sample,label\n0,data/0,setosa\n1,data/1,virginica\n")
    data = keifu("prov", "register", tmp_path / "data", "--kind", "dataset", *AUTHOR)[1].strip()
    signed, anchored, proof = tmp_path / "signed", tmp_path / "anchored", tmp_path / "label.json"
    assert keifu("prov", "label", tmp_path / "labels.csv", "--dataset", data, "--out", signed, *AUTHOR)[0] == 0
    assert keifu("prov", "anchor", signed, "--out", anchored, *AUTHOR)[0] == 0
    own = Account.from_role("handing author").address
    assert keifu("prov", "prove-label", anchored, "--sample", 1, "--anchorer", own, "--out", proof)[0] == 0
    (tmp_path / "weights").write_text(tmp_path.name)
    register = ("prov", "register", tmp_path / "weights", "--kind", "weights", "--link", f"trained-on={data}")
    weights = keifu(*register, *AUTHOR)[1].strip()
    name = f"handed {tmp_path.name}"
    environment = keifu("prov", "declare", name, "--role", "handing owner")[1].strip()
    assert keifu("prov", "promote", name, weights, "--role", "handing owner")[0] == 0
    where = ("--owner", place, "--path", tmp_path / "weights")
    (tmp_path / "beats").write_text(keifu("prov", "heartbeat", name, *where, "--role", "handing node")[1])
    return weights, environment


@pytest.mark.case("provenance-6")
def test_a_bundle_shows_the_labels_and_heartbeats_that_are_asked_for(keifu, made, anvil, tmp_path):
    """From the command line: with a label's proof and a heartbeat in it, and refused without the one asked about."""
    weights, environment = made
    whole, bare = tmp_path / "whole.bundle", tmp_path / "bare.bundle"
    beats = ("--environment", environment, "--heartbeats", tmp_path / "beats")
    bundle = ("prov", "bundle", weights, *beats)
    status, block, err = keifu(*bundle, "--label", tmp_path / "label.json", "--out", whole)
    assert status == 0, err
    check = ("--block-hash", block.strip(), "--environment", environment)
    asked = ("--sample", 1, "--node", NODE)
    status, out, err = keifu("prov", "verify", whole, *check, *asked)
    assert status == 0, err
    assert f"ok   label: sample 1 of {json.loads((tmp_path / 'label.json').read_text())['label'][1]}, signed by " in out
    assert f"ok   node {NODE}: runs promotion 1" in out
    assert keifu(*bundle, "--out", bare)[1] == block
    for question, words in ((("--sample", 1), "the label of sample 1"), (("--sample", 0), "the label of sample 0")):
        status, _, err = keifu("prov", "verify", bare, *check, *question)
        assert (status, f"asked about {words}, which the bundle does not show" in err) == (1, True)
    status, _, err = keifu("prov", "verify", whole, *check, "--node", "0x" + "12" * 20)
    assert (status, "asked about node 0x1212" in err) == (1, True)
    anvil.warp(1_000)
    anvil.mine()
    status, _, err = keifu(*bundle, "--out", bare)
    assert (status, "the heartbeat of 0x" in err, "is of second" in err) == (1, True, True)
    old = keifu(*bundle, "--max-age", 3_600, "--out", bare)
    later = ("--block-hash", old[1].strip(), "--environment", environment)
    assert [keifu("prov", "verify", bare, *later, *age)[0] for age in ((), ("--max-age", 3_600))] == [1, 0]


@pytest.mark.parametrize("option", [("--sample", 1), ("--node", NODE), ("--max-age", 60)])
def test_what_only_a_bundle_shows_is_not_asked_of_a_chain(keifu, option):
    """An option that changes nothing would pass for a check."""
    status, _, err = keifu("prov", "verify", "ab" * 32, *option)
    assert (status, "--node, --sample and --max-age ask a bundle" in err) == (2, True)


def test_manifests_and_statements_are_fetched_by_record(keifu, made, tmp_path, monkeypatch):
    """On a machine that never saw the files, the folder is what `--documents` needs."""
    weights, _ = made
    status, out, err = keifu("prov", "documents", weights, "--out", tmp_path / "handed", "--json")
    assert status == 0, err
    hashes = json.loads(out)["documents"]
    assert len(hashes) == 2
    assert sorted(path.stem for path in (tmp_path / "handed").iterdir()) == sorted(hashes)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another machine"))
    verify = ("prov", "verify", weights, "--path", tmp_path / "weights")
    assert "names too" in keifu(*verify, "--documents", tmp_path / "handed")[1]
    status, _, err = keifu("prov", "documents", weights, "--out", tmp_path / "none")
    assert (status, "the manifest" in err, "is not at hand" in err) == (2, True, True)
    assert not (tmp_path / "none").exists()
    assert keifu("prov", "documents", weights, "--out", tmp_path / "again", "--documents", tmp_path / "handed")[0] == 0
