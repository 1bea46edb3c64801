"""The commands of a compute node that promises at the market: its second key, and its owner's words."""

from __future__ import annotations

import tomllib

from keifu.keys import Account
from keifu.keys.keystore import address_in, save_account
from keifu.units import COIN

SCRYPT = {"n": 2, "r": 1, "p": 1}
OFFERS = ("--upstream", "words=http://127.0.0.1:1/v1", "--endpoint", "https://answers.example", "--cap", "30")


def test_a_node_that_offers_has_a_key_for_receipts(keifu, make, tmp_path):
    node = make("compute", "selling node", *OFFERS)
    own = tomllib.loads((node.folder / "node.toml").read_text())["compute"]
    assert own["receipt"] == {"role": "selling node receipt"}
    assert own["market"] == {"endpoint": "https://answers.example", "cap": 30 * COIN}
    status, out, _ = keifu("node", "compute", "doctor", node.folder)
    assert status == 1
    assert "0 of 255 coins are locked by" in out
    assert keifu("node", "compute", "leave", node.folder)[0] == 0
    assert (node.folder / "leaving").exists()
    assert keifu("node", "compute", "offer", node.folder)[0] == 0
    assert not (node.folder / "leaving").exists()
    assert (node.folder / "again").exists()


def test_what_is_promised_nowhere_is_one_line(keifu, tmp_path):
    status, _, err = keifu("node", "compute", "init", tmp_path / "node", "--upstream", OFFERS[1], "--cap", "30")
    assert (status, err.count("\n")) == (2, 1)
    assert "--operator and --cap need --endpoint" in err
    assert not (tmp_path / "node").exists()
    status, _, err = keifu("node", "compute", "leave", tmp_path / "none")
    assert (status, err.count("\n")) == (3, 1)


def test_a_restored_node_has_another_key_for_receipts(keifu, tmp_path, monkeypatch):
    """No key is in a backup: the old one stays where it was, and its operator retires it."""
    monkeypatch.setenv("KEIFU_PASSWORD", "a password of tests")
    key = tmp_path / "key.json"
    save_account(Account.from_role("restored provider"), key, b"a password of tests", scrypt=SCRYPT)
    folder, again, saved = tmp_path / "node", tmp_path / "again", tmp_path / "backup"
    made = ("--owner-pages", "127.0.0.1:0", "--key-file", key, *OFFERS)
    status, _, err = keifu("node", "compute", "init", folder, *made)
    assert status == 0, err
    assert keifu("node", "compute", "backup", folder, saved)[0] == 0
    status, _, err = keifu("node", "compute", "restore", saved, again, "--key-file", key)
    assert status == 0, err
    assert address_in(folder / "receipt.json") != address_in(again / "receipt.json")
