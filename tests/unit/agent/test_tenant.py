"""The account as a client of storage asks its owner for no second signature (CHO-1)."""

from __future__ import annotations

from keifu.agent.chores import Tenant
from keifu.keys import Account
from keifu.storage.texts import is_signed_by


def test_an_account_s_word_would_count_for_nothing_so_nobody_signs_it():
    account = Account.from_role("an agent's account").address
    assert Tenant(account).sign(bytes(32)) == b""
    assert not is_signed_by(account, b"any 2 shards give the file", Account.from_role("owner").sign(bytes(32)))
