"""What build publishes: whole, readable by npm's library, and cut into shards that give each proof back."""

from __future__ import annotations

import json
import subprocess

import pytest

from audit.tge_replay import validators
from evmstorm.evm import artifacts
from keifu.errors import InputError
from keifu.merkle import verify
from keifu.tge import files, find_proof, read_summary, write_files
from keifu.units import COIN

LOAD = """
const { StandardMerkleTree } = require('@openzeppelin/merkle-tree');
const tree = StandardMerkleTree.load(JSON.parse(require('fs').readFileSync(process.argv[1])));
tree.validate();
console.log(tree.root);
"""


@pytest.fixture(scope="module")
def grants():
    return validators(50)


@pytest.fixture(scope="module")
def folder(grants, tmp_path_factory):
    path = tmp_path_factory.mktemp("grants")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "SHARD_LINES", 16)  # several shards, the last one not full
        write_files(grants, path)
    return path


def test_the_summary_says_what_was_granted(grants, folder):
    summary = read_summary(folder)
    assert summary.root == "0x" + grants.tree.root.hex()
    assert (summary.grants, int(summary.allocation)) == (50, 50 * 1_143 * COIN)


def test_every_account_finds_its_proof(grants, folder):
    assert len(list(folder.glob("proofs/*.jsonl"))) == 4
    for index, account in enumerate(grants.accounts):
        found_index, found_account, total, proof = find_proof(folder, account).arguments
        assert (found_index, found_account, total) == (index, account, grants.totals[index])
        assert verify(grants.tree.root, grants.tree.leaf(index), proof)


def test_an_account_without_a_grant_is_told(folder):
    with pytest.raises(InputError, match="has no grant"):
        find_proof(folder, "0x" + "11" * 20)


def test_npm_loads_and_validates_the_tree(grants, folder):
    command = ["node", "-e", LOAD, str(folder / "tree.json")]
    made = subprocess.run(command, capture_output=True, text=True, check=True, cwd=artifacts.project().root)
    assert made.stdout.strip() == "0x" + grants.tree.root.hex()


def test_the_list_has_every_grant_in_wei(grants, folder):
    lines = (folder / "allocation.csv").read_text().splitlines()
    assert lines[0] == "index,account,total"
    assert lines[8] == f"7,{grants.accounts[7]},{grants.totals[7]}"
    assert len(lines) == 51


def test_a_second_build_leaves_nothing_of_the_first(grants, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "SHARD_LINES", 16)
        write_files(grants, tmp_path)
    write_files(validators(3), tmp_path)
    assert [path.name for path in tmp_path.glob("proofs/*.jsonl")] == ["00000.jsonl"]
    assert read_summary(tmp_path).grants == 3


def test_a_folder_that_is_not_whole_is_told(grants, tmp_path):
    with pytest.raises(InputError, match=r"no allocation\.json"):
        read_summary(tmp_path)
    write_files(grants, tmp_path)
    (tmp_path / "proofs" / "00000.jsonl").unlink()
    with pytest.raises(InputError, match="is not whole"):
        find_proof(tmp_path, grants.accounts[0])
    (tmp_path / "allocation.json").write_text(json.dumps({"root": 1}))
    with pytest.raises(InputError, match="is not a summary"):
        read_summary(tmp_path)
