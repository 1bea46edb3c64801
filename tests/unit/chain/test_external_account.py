"""An account whose key is elsewhere: what it gives back is sent only when it is what was asked for."""

from __future__ import annotations

import pytest

from ethwire import rlp
from keifu.chain import ExternalAccount, Fees, sign_transaction
from keifu.errors import CheckFailed
from keifu.keys import Account

KEY = Account.from_role("device")
ASKED = {"chain_id": 31_337, "nonce": 1, "fees": Fees(9, 2), "gas": 21_000, "to": KEY.address, "value": 3, "data": b""}


class Device(ExternalAccount):
    """Gives back whatever a test makes of the right answer."""

    def __init__(self, change):
        super().__init__(KEY.address)
        self.change = change

    def signed(self, transaction):
        raw, _ = sign_transaction(KEY, **ASKED)
        return self.change(raw)


def fields(change):
    def changed(raw):
        items = rlp.decode(raw[1:])
        change(items)
        return raw[:1] + rlp.encode(items)

    return changed


def test_what_was_asked_for_is_taken():
    assert sign_transaction(Device(lambda raw: raw), **ASKED) == sign_transaction(KEY, **ASKED)


@pytest.mark.parametrize(
    "change",
    [
        fields(lambda items: items.__setitem__(6, b"\4")),  # value
        fields(lambda items: items.__setitem__(9, [])),  # parity: a list
        fields(lambda items: items.__setitem__(9, [b"\1"])),
        fields(lambda items: items.__setitem__(9, b"\2")),
        fields(lambda items: items.__setitem__(10, [b"\1"])),
        fields(lambda items: items.__setitem__(11, b"\1" * 40)),
        fields(lambda items: items.__setitem__(8, [[b"\1" * 20, []]])),  # a list of accesses
        fields(list.clear),
        lambda raw: b"",
        lambda raw: raw + b"\0",
        lambda raw: raw[:-1],
    ],
)  # fmt: skip
def test_anything_else_is_not_sent(change):
    with pytest.raises(CheckFailed, match="signed another transaction than it was asked for: it was not sent"):
        sign_transaction(Device(change), **ASKED)
