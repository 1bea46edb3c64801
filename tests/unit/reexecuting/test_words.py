"""A member's word is on the disk before its seal, is not changed, and follows from the key alone."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

import pytest

from keifu.chain.suite import REEXECUTION
from keifu.keys import Account
from keifu.node.reexecutor.book import Words
from keifu.reexecution.reading import seal
from keifu.reexecution.tolerance import Word

ME = Account.from_role("member")
CHAIN = SimpleNamespace(id=31337, suite={REEXECUTION: "0x" + "11" * 20})
DIGEST = b"\5" * 32


def words(key=ME, database=None):
    return Words(CHAIN, key, database or sqlite3.connect(":memory:", isolation_level=None))


def test_the_first_word_stays():
    book = words()
    first = book.keep(1, 0, Word.AGREES, b"own", DIGEST, "why")
    assert book.keep(1, 0, Word.DIFFERS, b"other", b"\6" * 32, "else") == first == book.get(1, 0)
    assert book.get(1, 1) is None


def test_it_is_there_after_a_restart(tmp_path):
    path = tmp_path / "node.sqlite"
    kept = words(database=sqlite3.connect(path, isolation_level=None)).keep(1, 2, Word.DIFFERS, b"own", DIGEST, "why")
    assert words(database=sqlite3.connect(path, isolation_level=None)).get(1, 2) == kept


def test_a_seal_is_of_demand_word_digest_salt_and_member():
    said = words().keep(7, 1, Word.DIFFERS, b"own", DIGEST, "why")
    assert said.seal(ME.address) == seal(7, 2, DIGEST, said.salt, ME.address)


def test_a_salt_follows_from_key_demand_and_seat():
    def salt(book, demand, seat):
        return book.made(demand, seat, Word.AGREES, b"", DIGEST, "").salt

    assert salt(words(), 1, 0) == salt(words(), 1, 0)
    others = {salt(words(), 1, 1), salt(words(), 2, 0), salt(words(Account.from_role("another")), 1, 0)}
    assert len(others | {salt(words(), 1, 0)}) == 4


@pytest.mark.parametrize("most", [1, 2, 100])
def test_demands_are_looked_at_until_they_are_dropped(most):
    book = words()
    seen: set[int] = set()
    while len(seen) < 5:
        seen |= set(book.open(5, most))
    book.drop(2)
    assert book.open(5, most) == [1, 3, 4, 5]
