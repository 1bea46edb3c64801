"""NOT-1: a notary signs one block a number, whatever kills it, whatever chain it is shown, and after a restore."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from types import SimpleNamespace

import pytest

from keifu.errors import InputError, NoAnswer
from keifu.keys import keccak256
from keifu.node.backup import backup, restore
from keifu.node.folder import NodeFolder
from keifu.node.kinds import kind_of
from keifu.node.notary.book import SHOWN, Book, begin_above_the_head
from keifu.node.notary.foreign import FAR_APART, Foreign
from keifu.node.settings import FILE
from keifu.node.setup import toml_of
from keifu.node.watcher.peers import MAX_LINES, read_headers
from keifu.provenance.signed_headers import read_header_line
from tests.killed_process import require_nothing_wrong
from tests.unit.node.conftest import CLOSED, GENESIS, tables
from tests.unit.node.notarising import CHAIN, DOMAIN, KEY, NOW, Bench, Chain

LEAST_PLACES = 40  # lines that run
EVERY = 8  # of them is killed


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    assert made.round() is None  # it begins above what is there
    made.chain.top += 1
    return made


def test_not_1_killed_at_each_line(tmp_path):
    require_nothing_wrong("tests.unit.node.killed_notary", [tmp_path], "first", EVERY, LEAST_PLACES)


def test_what_is_signed_is_the_chain_s(bench):
    signed = bench.round()
    assert (signed.header.number, signed.header.block_hash) == (11, bench.chain.hash_of(11))
    assert (signed.header.chain_id, signed.header.time, signed.is_signed(DOMAIN)) == (CHAIN, NOW, True)
    assert bench.shown() == [signed]
    assert bench.round() is None  # once


def test_numbers_are_those_of_all_notaries(bench):
    bench.chain.top = 47
    assert bench.round(every=16) is None or bench.shown()[0].header.number == 32
    assert bench.round(every=16) is None


def test_not_1_a_chain_that_lost_a_signed_block(bench):
    """Neither its number nor a later one is signed, until the endpoint shows the signed one again."""
    first = bench.round()
    bench.chain.reorganise(1, at=11)
    for _ in range(3):
        assert bench.round() is None
        bench.chain.top += 1
        assert bench.round() is None
        assert bench.trouble == "the other chain has another block 11 than the one that was signed"
    bench.chain.reorganise(0, at=11)
    assert bench.round().header.number == bench.chain.top
    assert bench.shown()[-1] == first


def test_not_1_a_chain_that_was_restored_to_an_older_state(bench):
    bench.round()
    bench.chain.top = 9
    bench.chain.reorganise(1, at=9)
    assert bench.round() is None
    assert bench.trouble == "the other chain is final up to block 9, and block 11 was signed"
    for _ in range(3):
        bench.chain.top += 1
        assert bench.round() is None


def test_not_1_a_restored_book_begins_above_the_head(bench):
    """What its key has signed since the backup is not in it."""
    bench.chain.top = 20
    begin_above_the_head(bench.file)
    assert bench.round() is None
    bench.chain.top = 21
    assert bench.round().header.number == 21


def test_not_1_a_folder_that_took_over_begins_above_the_head(bench):
    """A copy of it, which does not know what its key has signed elsewhere: only what it knows is never below."""
    known = bench.round().header.number
    bench.alone_since, bench.chain.top = 5, known + 9
    assert bench.round() is None
    bench.chain.top += 1
    assert bench.round().header.number == known + 10
    assert bench.round() is None
    bench.alone_since, bench.chain.top = 6, known  # an endpoint that is behind
    assert bench.round() is None
    with closing(sqlite3.connect(bench.file, isolation_level=None)) as database:
        assert Book(database, KEY.address, CHAIN, 6).floor == known + 10


def test_not_1_the_book_itself_refuses(tmp_path):
    with closing(sqlite3.connect(tmp_path / "node.db", isolation_level=None)) as database:
        book = Book(database, KEY.address, CHAIN)
        signed = []
        for number in (5, 4):
            with pytest.raises(ValueError, match="is not above what was signed"):
                book.sign(number, bytes(32), NOW, lambda header: signed.append(header) or b"")
            book.begin(4)
        assert signed == []
        made = [book.sign(number, keccak256(bytes([number])), NOW, lambda _: bytes(65)) for number in range(5, 80)]
        assert book.shown() == made[: -SHOWN - 1 : -1]


def test_a_failure_while_it_is_written_down_signs_nothing(bench):
    chain = Chain(11)
    with closing(sqlite3.connect(bench.file, isolation_level=None)) as database:
        database.execute("CREATE TRIGGER full BEFORE INSERT ON notarised BEGIN SELECT RAISE(ABORT, 'no room'); END")
        with pytest.raises(sqlite3.Error, match="no room"):
            Book(database, KEY.address, CHAIN).sign(11, chain.hash_of(11), NOW, lambda header: header.sign(DOMAIN, KEY))
        assert Book(database, KEY.address, CHAIN).floor == 10
        database.execute("DROP TRIGGER full")
    assert bench.round().header.number == 11


def test_lines_of_strangers(bench):
    """One bad line spoils none of the others."""
    line = bench.round().line
    said, fault = read_headers("\n".join([line, "nonsense", line]).encode())
    assert ([item.line for item in said], fault) == ([line, line], "malformed")
    assert read_headers("\n".join([line] * (MAX_LINES + 1)).encode())[1] == "huge"
    for bad in ('"number": 11', f'"chain": {CHAIN}', f'"time": {NOW}'):
        with pytest.raises((ValueError, InputError)):
            read_header_line(line.replace(bad, bad.partition(":")[0] + ": -1"))
    for bad in (line.replace('"hash": "0x', '"hash": "0x00'), line.replace('"key": "0x', '"key": "0y')):
        with pytest.raises((ValueError, InputError)):
            read_header_line(bad)


def test_not_1_from_a_backup_it_begins_anew(tmp_path):
    """By the commands' own backup and restore, with the same account."""
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    own = {"listen": "127.0.0.1:0", "foreign": CLOSED, "foreign_chain": CHAIN, "foreign_genesis": GENESIS, "poll": 1}
    changed = {name: table for name, table in tables(key={"role": "notary"}).items() if name != "operator"}
    (before / FILE).write_text(toml_of("notary", changed | {"notary": own}))
    with ExitStack() as held:
        database = NodeFolder(before).open_database(held, {"kind": "notary", "key": KEY.address})
        book = Book(database, KEY.address, CHAIN)
        book.begin(3)
        signed = book.sign(4, bytes(32), NOW, lambda header: header.sign(DOMAIN, KEY))
    backup(kind_of("notary"), before, tmp_path / "saved")
    assert restore(kind_of("notary"), tmp_path / "saved", after, role="notary").replaces == ""
    with closing(sqlite3.connect(NodeFolder(after).database_file, isolation_level=None)) as database:
        book = Book(database, KEY.address, CHAIN)
        assert (book.floor, book.may_sign(5), book.shown()) == (None, False, [signed])


def test_one_endpoint_keeps_no_notary_from_beginning():
    """What it begins above is never lowered, so a number that is made up is not taken."""

    def head(*numbers):
        endpoints = [SimpleNamespace(block_number=lambda number=number: number) for number in numbers]
        return Foreign(SimpleNamespace(endpoints=endpoints, require_chain=lambda chain: None), CHAIN).head()

    assert (head(10, 12, 11), head(5, 5 + FAR_APART)) == (12, 5 + FAR_APART)
    for numbers in ((10, 11, 12 + FAR_APART), (0, 1 << 40, 1 << 40), (1 << 63,)):
        with pytest.raises(NoAnswer, match="its newest block is"):
            head(*numbers)
