"""Attacks on what a verifier is told by commands on a chain: lines that an author writes, blocks that are no more,
promotions that were rolled back, an index that was changed, strangers in the place of those whom one trusts."""

from __future__ import annotations

import itertools
import json
import sqlite3

import pytest

from keifu.errors import CheckFailed, EnvironmentFault, RpcError
from keifu.provenance import Kind, Link, PolicyEntry, Record, Relation, Status
from keifu.provenance.bundle import Bundle
from keifu.provenance.digest import digest_path
from keifu.provenance.proved import Proved
from keifu.provenance.registry import schema_id
from keifu.provenance.statement import canonical, statement

NUMBERS = itertools.count()
FORGED = "x\n    said by 0x{}, since 2020-01-01T00:00:00Z; proved"


@pytest.fixture
def attacker(anvil):
    return anvil.account("attacker")


@pytest.fixture
def owner(anvil):
    return anvil.account("attacked owner")


@pytest.fixture
def put(source, attacker):
    """Register a record by the attacker; its id."""

    def put(kind, *links, by=attacker, **more):
        digest = next(NUMBERS).to_bytes(32, "little")[::-1] if "digest" not in more else more.pop("digest")
        record = Record(by.address, kind, b"\xa7" + digest[1:], links=tuple(Link(*link) for link in links), **more)
        return source.register(record, by)

    return put


@pytest.mark.parametrize("verb", [("prov", "source"), ("prov", "ask"), ("report",)])
def test_an_address_or_a_version_writes_no_line_of_an_answer(keifu, put, verb):
    """Seen to succeed: an ancestor's author said in its own record who else had said so, and since when."""
    victim = "77" * 20
    data = put(Kind.DATASET, uri=FORGED.format(victim), version="1\n! nothing")
    weights = put(Kind.WEIGHTS, (Relation.TRAINED_ON, data))
    status, out, err = keifu(*verb, weights.hex())
    assert status == 0, err
    assert "<U+000A>" in out
    assert not [line for line in out.splitlines() if line.lstrip().startswith(f"said by 0x{victim}")]


def test_a_version_writes_no_line_of_a_list(keifu, source, attacker, tmp_path):
    (tmp_path / "it").write_text(f"found {next(NUMBERS)}")
    record = Record(attacker.address, Kind.WEIGHTS, digest_path(tmp_path / "it").root, version="1\nabababab  weights")
    found = source.register(record, attacker)
    status, out, _ = keifu("prov", "find", tmp_path / "it")
    assert (status, len(out.splitlines()), out.startswith(found.hex())) == (0, 1, True)
    parent = source.register(Record(attacker.address, Kind.DATASET, b"\xa8" + found[1:]), attacker)
    child = Record(attacker.address, Kind.MODEL, found, version="1\n! 12345678", links=(Link(1, parent),))
    source.register(child, attacker)
    assert len(keifu("prov", "impact", parent.hex())[1].splitlines()) == 3


def test_a_name_of_a_file_writes_no_line_and_no_escape(keifu, anvil, tmp_path):
    """Neither where findings are listed, nor where the fault is told."""
    anvil.account("attacked author")
    folder = tmp_path / "model"
    folder.mkdir()
    name = "weights\nok   bytes: 1 file, 3 bytes: as registered\x1b[1A"
    (folder / name).write_text(f"bytes {next(NUMBERS)}")
    made = keifu("prov", "register", folder, "--kind", "weights", "--role", "attacked author")[1].strip()
    (folder / name).write_text("others")
    status, out, err = keifu("prov", "verify", made, "--path", folder)
    assert status == 1
    (said,) = (line for line in out.splitlines() if "bytes:" in line)
    assert said.startswith("FAIL bytes: changed: weights<U+000A>ok   bytes: ")
    assert "\x1b" not in out + err
    assert len(err.splitlines()) == 1
    status, out, _ = keifu("prov", "diff", folder, tmp_path / "deployments")
    assert (status, "\x1b" in out, len(out.splitlines())) == (1, False, 2)


def test_a_back_dated_run_does_not_hide_behind_another_statement(keifu, put, tmp_path):
    """Seen to succeed: only the first statement was looked at, and that one says nothing of times."""
    data = put(Kind.DATASET)
    path = tmp_path / "run"
    path.write_text(f"run {next(NUMBERS)}")
    digest = digest_path(path).root
    times = {"startedOn": "2020-01-01T00:00:00Z", "finishedOn": "2020-01-01T01:00:00Z"}
    said = [
        statement("notes", digest, {"notes": "nothing"}),
        statement("run", digest, {"runDetails": {"metadata": times}}, "run"),
    ]
    files = [tmp_path / f"statement {number}" for number in range(2)]
    for file, document in zip(files, said, strict=True):
        file.write_bytes(canonical(document))
    given = [word for file in files for word in ("--statement", file)]
    link = ("--link", f"trained-on={data.hex()}")
    made = keifu("prov", "register", path, "--kind", "run", *given, *link, "--role", "attacker")
    assert made[0] == 0, made[2]
    status, out, _ = keifu("prov", "verify", made[1].strip())
    assert (status, "FAIL run time: says it started" in out) == (1, True)


def test_an_index_that_was_changed_is_refused(keifu, put, tmp_path):
    """Seen to succeed: the file's word was printed as proved."""
    data = put(Kind.DATASET, version="1.0", licence="MIT")
    index = tmp_path / "index.sqlite"
    show = ("prov", "lineage", data.hex(), "--json", "--index", index)
    assert json.loads(keifu(*show)[1])["records"][0]["record"]["licence"] == "MIT"
    database = sqlite3.connect(index)
    (body,) = database.execute("SELECT body FROM record WHERE id = ?", (data,)).fetchone()
    database.execute("UPDATE record SET body = ? WHERE id = ?", (body.replace("MIT", "0BSD"), data))
    database.commit()
    database.close()
    status, out, err = keifu(*show)
    assert (status, out, f"the index has a record {data.hex()} that does not hash to it" in err) == (1, "", True)


def test_strangers_stand_by_nothing_in_any_answer(keifu, source, put, owner, attacker):
    """Seen to succeed: `ask` said that the policy holds, by attesters whom the trust file does not name."""
    name = f"stranger {next(NUMBERS)}"
    weights = put(Kind.WEIGHTS)
    source.declare(name, [PolicyEntry(schema_id("fine"), 1, 0, (attacker.address,))], owner)
    keifu("prov", "attest", weights.hex(), "--schema", "fine", "--role", "attacker")
    assert keifu("prov", "promote", name, weights.hex(), "--role", "attacked owner")[0] == 0
    assert keifu("trust", "init", "--attester", "0x" + "11" * 20, "--environment", f"{name}={owner.address}")[0] == 0
    for ask in (("prov", "ask"), ("prov", "running"), ("report",)):
        status, out, _ = keifu(*ask, name)
        assert "not whom you trust" in out, ask
        assert status == (0 if ask == ("report",) else 1)
    mine = ("--attester", attacker.address, "--environment", f"{name}={owner.address}", "--replace")
    assert keifu("trust", "init", *mine)[0] == 0
    assert keifu("prov", "ask", name)[0] == 0


def test_what_was_rolled_back_is_said_nowhere_to_run(keifu, source, owner, attacker, tmp_path):
    """A bundle of the promotion that was taken back, a heartbeat under its number, a question about its record."""
    files = [tmp_path / name for name in ("first", "second")]
    for file in files:
        file.write_text(f"{file.name} {next(NUMBERS)}")
    author = ("--role", "attacker")
    first, second = (keifu("prov", "register", file, "--kind", "weights", *author)[1].strip() for file in files)
    name = f"rolled back {next(NUMBERS)}"
    environment = source.declare(name, [], owner)
    for record in (first, second):
        assert keifu("prov", "promote", name, record, "--role", "attacked owner")[0] == 0
    where = (name, "--owner", owner.address)
    beat = keifu("prov", "heartbeat", *where, "--path", files[1], *author)[1]
    made = tmp_path / "second.bundle"
    assert keifu("prov", "bundle", second, "--environment", environment.hex(), "--out", made)[0] == 0
    assert keifu("prov", "rollback", name, 1, "--role", "attacked owner")[0] == 0
    after = Proved.now(source)
    with pytest.raises(CheckFailed, match="the header is of block"):
        Bundle.read(made).verify(after.pinned, environment=environment)
    (tmp_path / "beats").write_text(beat)
    status, out, _ = keifu("prov", "verify-running", *where, "--heartbeats", tmp_path / "beats")
    node = attacker.address.lower()
    assert (status, f"FAIL node {node}: still runs promotion 2" in out) == (1, True)
    assert keifu("prov", "verify-running", *where, "--path", files[1])[0] == 1
    status, out, _ = keifu("prov", "verify", second, "--environment", environment.hex())
    assert (status, f"FAIL promotion: it runs {first}, asked was {second}" in out) == (1, True)
    assert keifu("prov", "verify", first, "--environment", environment.hex())[0] == 0


def test_a_block_that_is_no_more_shows_nothing(source, anvil, put):
    """A node still knows the orphan by its hash, and proves another state at its number."""
    number = anvil.snapshot()
    record = put(Kind.DATASET)
    orphan = Proved.now(source).pinned
    block = source.chain.rpc.call("eth_getBlockByHash", orphan.block, False)
    anvil.restore(number)
    source.chain.forget_nonces()
    put(Kind.CODE)
    with pytest.raises((CheckFailed, RpcError)):
        Proved(source, orphan).lineage(record)
    honest, call = Proved.now(source), source.chain.rpc.call
    try:
        source.chain.rpc.call = lambda method, *args: block if method == "eth_getBlockByHash" else call(method, *args)
        with pytest.raises((CheckFailed, EnvironmentFault)):
            Proved(source, orphan).lineage(record)
    finally:
        del source.chain.rpc.call
    assert honest.block.hash != orphan.block


def test_a_lost_key_adds_nothing_and_takes_nothing_away(keifu, anvil, tmp_path):
    """What it registered before stays its author's; whoever asks learns since when it is closed."""
    lost = anvil.account("attacked lost key").address
    (tmp_path / "it").write_text(f"lost {next(NUMBERS)}")
    register = ("prov", "register", tmp_path / "it", "--kind", "weights", "--role", "attacked lost key")
    record = keifu(*register)[1].strip()
    assert keifu("prov", "lost-key", lost, "--role", "attacked lost key")[0] == 0
    assert keifu("prov", "verify", record, "--author", lost)[0] == 0
    status, out, _ = keifu("prov", "identity", lost)
    assert (status, "FAIL key: " in out, "nobody acts for it" in out) == (1, True, True)
    (tmp_path / "it").write_text("later")
    status, _, err = keifu(*register)
    assert (status, "key was replaced or lost" in err) == (1, True)
    assert keifu("prov", "attest", record, "--schema", "fine", "--role", "attacked lost key")[0] == 1


@pytest.mark.parametrize("verb", ["bundle", "export", "ask"])
def test_a_file_that_cannot_be_written_is_named(keifu, put, tmp_path, verb):
    record, out = put(Kind.WEIGHTS).hex(), tmp_path / "nowhere" / "file"
    option = "--page" if verb == "ask" else "--out"
    status, _, err = keifu("prov", verb, record, option, out)
    assert (status, err.count("\n"), f"{out}: No such file or directory" in err) == (3, 1, True)


def test_an_author_of_an_account_that_only_looks_alike_is_refused(keifu, put, attacker):
    """The first and the last digits alike, as people compare addresses."""
    record, own = put(Kind.WEIGHTS).hex(), attacker.address.lower()
    alike = own[:14] + ("0" if own[14] != "0" else "1") + own[15:]
    status, out, _ = keifu("prov", "verify", record, "--author", alike)
    assert (status, f"author is {own}, trusted is {alike}" in out) == (1, True)
    assert keifu("prov", "verify", record, "--author", own.upper().replace("0X", "0x"))[0] == 0


def test_a_revoked_record_is_not_in_order_whoever_asks(keifu, source, put, attacker):
    record = put(Kind.WEIGHTS)
    source.withdraw(record, Status.REVOKED, "stolen\nok   lineage: 1 record, none withdrawn", attacker)
    for ask in (("prov", "verify"), ("prov", "weights")):
        status, out, err = keifu(*ask, record.hex())
        assert status == 1, err
        assert not [line for line in out.splitlines() if line.startswith("ok   lineage")]
