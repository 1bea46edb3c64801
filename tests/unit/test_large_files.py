"""Documents that a person is handed: one that is too large, or has no end, is left with one error that names it."""

from __future__ import annotations

import os

import pytest

from keifu.accounts.actions import Intent
from keifu.errors import InputError, KeifuError
from keifu.inft.folder import DataFolder, pack, read_item
from keifu.inft.orders import SignedOrder
from keifu.inft.transfer import Transfer, Workings
from keifu.keys.keystore import PASSWORD_FILE_VARIABLE, load_account, password

SPARSE = 17 << 20  # bytes: above every bound here
READERS = {
    "transfer": (lambda folder: Transfer.load(folder / "file"), "file"),
    "order": (lambda folder: SignedOrder.load(folder / "file"), "file"),
    "intent": (lambda folder: Intent.load(folder / "file"), "file"),
    "workings": (Workings.load, "workings.json"),
    "token": (DataFolder.load, "token.json"),
    "item": (lambda folder: read_item(folder, 0), "item-0"),
    "data": (lambda folder: pack([folder / "file"], ["prompt"], private=True), "file"),
    "key": (lambda folder: load_account(folder / "file", b"secret"), "file"),
}


@pytest.mark.parametrize(("read", "name"), READERS.values(), ids=READERS)
def test_a_file_that_is_too_large_is_named(tmp_path, read, name):
    with (tmp_path / name).open("wb") as file:
        file.truncate(SPARSE)
    (tmp_path / name).chmod(0o600)
    with pytest.raises(InputError, match=rf"{name} is too large for"):
        read(tmp_path)


@pytest.mark.parametrize(("read", "name"), [READERS["transfer"], READERS["token"], READERS["data"]])
def test_a_file_without_end_is_left(tmp_path, read, name):
    os.symlink("/dev/zero", tmp_path / name)
    with pytest.raises(InputError, match=rf"{name} is too large for"):
        read(tmp_path)


@pytest.mark.parametrize(("read", "name"), [*READERS.values()][:5], ids=[*READERS][:5])
def test_lists_within_each_other_are_refused(tmp_path, read, name):
    (tmp_path / name).write_bytes(b"[" * 100_000)
    with pytest.raises(InputError, match=r"is no |has no |holds no "):
        read(tmp_path)


def test_a_password_file_without_end_is_left(monkeypatch):
    monkeypatch.setenv(PASSWORD_FILE_VARIABLE, "/dev/zero")
    with pytest.raises(KeifuError, match="cannot read the password file"):
        password()
