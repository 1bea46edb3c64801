"""`keifu.keys.apart`: a key file that another process opens."""

from __future__ import annotations

import pytest

from keifu.errors import InputError
from keifu.keys import Account
from keifu.keys.apart import open_apart
from keifu.keys.keystore import save_account


def test_the_same_account_and_the_same_refusal(tmp_path):
    account, path = Account.from_role("somebody"), tmp_path / "key.json"
    save_account(account, path, b"a long one", scrypt={"n": 2, "r": 1, "p": 1})
    assert open_apart(path, b"a long one").secret() == account.secret()
    with pytest.raises(InputError, match="the password does not open"):
        open_apart(path, b"another one")
