"""Encrypted key files, read and written as eth-account (and so ape) does."""

from __future__ import annotations

import json

import pytest
from eth_account import Account as ReferenceAccount

from keifu.errors import InputError, UsageError
from keifu.keys import Account
from keifu.keys.keystore import load_account, password, save_account

SECRET = b"a long sentence"
QUICK = {"n": 2, "r": 8, "p": 1}


@pytest.fixture
def author():
    return Account.from_role("author")


@pytest.fixture
def key_file(author, tmp_path):
    path = tmp_path / "author.json"
    save_account(author, path, SECRET, scrypt=QUICK)
    return path


def test_comes_back(author, key_file):
    assert load_account(key_file, SECRET) == author


def test_the_reference_reads_ours(author, key_file):
    assert bytes(ReferenceAccount.decrypt(key_file.read_text(), SECRET)) == author.secret()


@pytest.mark.parametrize(("kdf", "iterations"), [("scrypt", 2), ("pbkdf2", 2)])
def test_reads_the_reference(author, tmp_path, kdf, iterations):
    path = tmp_path / "reference.json"
    path.write_text(json.dumps(ReferenceAccount.encrypt(author.secret(), SECRET, kdf=kdf, iterations=iterations)))
    path.chmod(0o600)
    assert load_account(path, SECRET) == author


@pytest.mark.parametrize("zeros", [1, 3])
def test_an_iv_without_its_leading_zeros(author, tmp_path, monkeypatch, zeros):
    """As eth-account writes one of 256."""
    path = tmp_path / "short.json"
    monkeypatch.setattr("keifu.keys.keystore.secrets.token_bytes", lambda size: bytes(zeros).ljust(size, b"x"))
    save_account(author, path, SECRET, scrypt=QUICK)
    document = json.loads(path.read_text())
    document["crypto"]["cipherparams"]["iv"] = document["crypto"]["cipherparams"]["iv"][2 * zeros :]
    path.write_text(json.dumps(document))
    assert bytes(ReferenceAccount.decrypt(path.read_text(), SECRET)) == author.secret()
    assert load_account(path, SECRET) == author


def test_too_long_an_iv_is_told(key_file):
    document = json.loads(key_file.read_text())
    document["crypto"]["cipherparams"]["iv"] += "00"
    key_file.write_text(json.dumps(document))
    with pytest.raises(InputError, match="malformed key file: an iv of 17 bytes"):
        load_account(key_file, SECRET)


def test_no_key_in_clear_and_only_the_owner_reads(author, key_file):
    assert author.secret().hex() not in key_file.read_text()
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_a_wrong_password_is_told(key_file):
    with pytest.raises(InputError, match="the password does not open"):
        load_account(key_file, b"another")


def test_a_file_that_others_may_read_is_refused(key_file):
    key_file.chmod(0o640)
    with pytest.raises(InputError, match="others may read"):
        load_account(key_file, SECRET)


def test_a_key_in_clear_is_refused(author, tmp_path):
    path = tmp_path / "plain.key"
    path.write_text(author.secret().hex())
    path.chmod(0o600)
    with pytest.raises(InputError, match=r"no encrypted key file|malformed key file"):
        load_account(path, SECRET)


def test_a_file_cannot_make_us_take_all_memory(key_file):
    document = json.loads(key_file.read_text())
    document["crypto"]["kdfparams"]["n"] = 1 << 30
    key_file.write_text(json.dumps(document))
    with pytest.raises(InputError, match="too much memory"):
        load_account(key_file, SECRET)


def test_a_key_file_is_never_overwritten(author, key_file):
    with pytest.raises(InputError, match="is there already"):
        save_account(author, key_file, SECRET, scrypt=QUICK)


def test_password_from_file_or_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("KEIFU_PASSWORD", raising=False)
    monkeypatch.delenv("KEIFU_PASSWORD_FILE", raising=False)
    with pytest.raises(UsageError, match="no password for the key file"):
        password()
    monkeypatch.setenv("KEIFU_PASSWORD", "from the environment")
    assert password() == b"from the environment"
    path = tmp_path / "password"
    path.write_text("from a file\n")
    monkeypatch.setenv("KEIFU_PASSWORD_FILE", str(path))
    assert password() == b"from a file"
