"""A client's folder keeps what a panel is shown, and which promises it accepted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keifu.compute.client.kept import keep
from keifu.compute.client.store import Store
from keifu.compute.receipt import Evidence, Receipts
from keifu.keys import Account
from tests.unit.reexecuting.test_shown import RECEIPT

KEY = Account.from_role("key of receipts")


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "client") as found:
        yield found


def kept(store, number, evidence=Evidence.REEXECUTED, request=b"asked"):
    [signed] = Receipts(1, "0x" + "22" * 20).sign(KEY, [replace(RECEIPT, number=number, evidence=evidence)])
    with store._writing() as database:
        store._keep(database, number, signed, held=True)
        keep(database, signed, b"answered", request)
    return signed


def test_both_sides_bytes_are_kept_under_the_receipt(store):
    first, second = kept(store, 1), kept(store, 2, request=b"asked again")
    assert [(item.signed, item.request, item.response) for item in store.again()] == [
        (first, b"asked", b"answered"),
        (second, b"asked again", b"answered"),
    ]
    [found] = store.again(second.receipt.struct_hash)
    assert found.request == b"asked again"
    assert list(store.again(b"\7" * 32)) == []


def test_nothing_is_kept_of_other_kinds_nor_without_the_request(store):
    kept(store, 1, Evidence.UNVERIFIED)
    kept(store, 2, request=b"")
    assert list(store.again()) == []


def test_promises_are_kept_once_the_newest_first(store, tmp_path):
    for number in (3, 9, 3):
        store.keep_promise(number)
    assert store.promises() == [9, 3]
    with Store(tmp_path / "client", beside=True) as other:
        assert other.promises() == [9, 3]
