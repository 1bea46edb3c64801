"""Boxes open for whom they were made and for the file that they name, on any machine."""

from __future__ import annotations

import itertools

import pytest

from keifu.errors import CheckFailed, UsageError
from keifu.keys import Account
from keifu.storage.boxes import WalletKey, open_share, share
from keifu.storage.ciphers import FileKeys

OWNER, FRIEND = Account.from_role("owner"), Account.from_role("friend")
ROOT, OTHER = b"r" * 32, b"o" * 32
KEYS = FileKeys(b"k" * 32, b"m" * 32)


@pytest.mark.parametrize("keys", [KEYS, FileKeys(b"k" * 32), FileKeys(b"", b"m" * 32)], ids=["both", "key", "mask"])
def test_a_box_opens_with_the_same_wallet_elsewhere(keys):
    box = WalletKey(OWNER).wrap(keys, ROOT)
    again = WalletKey(Account.from_role("owner")).unwrap(box, ROOT)
    assert again == keys


@pytest.mark.parametrize(("account", "root"), [(FRIEND, ROOT), (OWNER, OTHER)], ids=["account", "file"])
def test_another_account_or_file_does_not_open_it(account, root):
    box = WalletKey(OWNER).wrap(KEYS, ROOT)
    with pytest.raises(CheckFailed, match=f"does not hold the keys of 0x{root.hex()}"):
        WalletKey(account).unwrap(box, root)


@pytest.mark.parametrize("box", [b"", b"short", b"n" * 40])
def test_what_is_no_box_is_refused(box):
    with pytest.raises(CheckFailed, match="does not hold the keys"):
        WalletKey(OWNER).unwrap(box, ROOT)


def test_a_shared_box_is_for_one_key_and_one_file():
    box = share(KEYS, FRIEND.public_key, ROOT)
    assert open_share(box, FRIEND, ROOT) == KEYS
    for account, root in ((OWNER, ROOT), (FRIEND, OTHER)):
        with pytest.raises(CheckFailed, match="does not hold the keys"):
            open_share(box, account, root)


def test_a_wallet_that_signs_at_random_is_refused():
    class Wayward:
        address = OWNER.address
        counter = itertools.count()

        def sign(self, digest: bytes) -> bytes:
            return bytes([next(self.counter)]) * 65

    with pytest.raises(UsageError, match="signs one text in two ways"):
        WalletKey(Wayward())
