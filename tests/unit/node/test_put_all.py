"""Storing several items: side by side where the store allows it, and never begun behind one that failed where not."""

from __future__ import annotations

import pytest

from keifu.errors import EnvironmentFault
from keifu.inft.stores import FolderStore, put_all
from keifu.keys import keccak256

ITEMS = [b"item %d" % number for number in range(9)]


class Paid:
    """Takes so many items, each for money."""

    at_once = 1

    def __init__(self, most: int) -> None:
        self.most, self.begun = most, []

    def put(self, data: bytes, digest: bytes = b"") -> str:
        self.begun.append(data)
        if len(self.begun) > self.most:
            raise EnvironmentFault("no provider is left", remedy="ask again later")
        return data.decode()


@pytest.mark.parametrize("known", [True, False])
def test_a_folder_has_every_item_under_its_hash_in_order(tmp_path, known):
    store = FolderStore(tmp_path)
    addresses = put_all(store, [(item, keccak256(item) if known else b"") for item in ITEMS])
    assert addresses == [f"folder:{keccak256(item).hex()}" for item in ITEMS]
    assert [store.get(address) for address in addresses] == ITEMS


def test_behind_an_item_that_failed_nothing_is_paid_for():
    store = Paid(2)
    with pytest.raises(EnvironmentFault, match="no provider is left"):
        put_all(store, ((item, b"") for item in ITEMS))
    assert store.begun == ITEMS[:3]
