"""Backups: what they hold, that they never hold a key, and that one which was changed is refused."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from contextlib import ExitStack, closing

import pytest

from keifu.errors import EnvironmentFault, InputError, UsageError
from keifu.keys import Account
from keifu.keys.keystore import save_account
from keifu.node import fence
from keifu.node.backup import backup, replaced, restore
from keifu.node.folder import NodeFolder
from keifu.node.kinds import kind_of
from keifu.node.settings import FILE, load_settings
from keifu.node.setup import toml_of
from keifu.payments.channel import Channel
from keifu.payments.ledger import Ledger, Note
from tests.unit.node.conftest import tables

CHANNEL = Channel("0x01", "0x02", "0x03", "0x04", "0x05", 900, bytes(32))
OPERATOR, JUROR = kind_of("operator"), kind_of("juror")
NODE, OTHER = Account.from_role("node").address, Account.from_role("other").address


@pytest.fixture
def kept(folder):
    """The folder of a node that has run."""
    with ExitStack() as held:
        database = NodeFolder(folder).open_database(held, {"kind": "operator", "key": NODE})
        database.execute("CREATE TABLE seen (number INTEGER)")
        database.execute("INSERT INTO seen VALUES (7)")
    return folder


@pytest.fixture
def saved(kept, tmp_path_factory):
    target = tmp_path_factory.mktemp("backups") / "node.backup"
    backup(OPERATOR, kept, target)
    return target


@pytest.fixture
def new(tmp_path_factory):
    return tmp_path_factory.mktemp("new") / "node"


def entries(path):
    with tarfile.open(path) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}


def write(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def test_a_restored_node_has_a_key_of_its_own(saved, new):
    made = restore(OPERATOR, saved, new, role="other")
    assert (made.account, made.replaces, replaced(new)) == (OTHER, NODE, (NODE,))
    settings, _ = load_settings(OPERATOR.settings, new, environment={})
    assert settings.key.role == "other"
    assert settings.operator.artefacts == ["models/*"]
    with sqlite3.connect(new / "node.sqlite") as database:
        assert database.execute("SELECT number FROM seen").fetchall() == [(7,)]
        assert database.execute("SELECT value FROM node_owner WHERE name = 'key'").fetchall() == [(OTHER,)]
    database.close()
    fence.require_here(new)


def test_a_backup_holds_no_key_and_nobody_else_reads_it(kept, tmp_path_factory):
    save_account(Account.from_role("node"), kept / "key.json", b"word", scrypt={"n": 2, "r": 1, "p": 1})
    (kept / FILE).write_text(toml_of("operator", tables(key={"file": "key.json"})))
    target = tmp_path_factory.mktemp("with key") / "node.backup"
    assert backup(OPERATOR, kept, target) == ("node.toml", "node.sqlite")
    assert target.stat().st_mode & 0o777 == 0o600
    assert json.loads(entries(target)["backup.json"])["account"] == NODE


def test_what_a_node_earned_is_in_one_file_with_its_newest_notes(kept, tmp_path_factory):
    """A backup of a node that runs: what was charged last stands beside the rows there."""
    id_, place = bytes(32), NodeFolder(kept)
    with closing(Ledger(place.money_file)) as ledger:
        ledger.write([(id_, *CHANNEL.values, 9, b"v", 3, 1)], [], [])
        ledger.note(ledger.encoded(Note([], [], answered=[("2026-01-01", "m", 4, 1, 1, id_)])))
        target = tmp_path_factory.mktemp("of money") / "node.backup"
        assert backup(OPERATOR, kept, target) == ("node.toml", "node.sqlite", "money.sqlite")
    copy = kept / "copy.sqlite"
    copy.write_bytes(entries(target)["money.sqlite"])
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT charged, number FROM channel").fetchall() == [("7", 2)]


def test_a_key_that_may_act_elsewhere_is_refused(saved, new):
    with pytest.raises(UsageError, match="may still act where the backup was made"):
        restore(OPERATOR, saved, new, role="node")
    assert not list(new.parent.iterdir())


def test_a_juror_keeps_its_account(tmp_path, new):
    changed = tables(juror={"poll": "1 seconds"})
    del changed["operator"]
    (tmp_path / FILE).write_text(toml_of("juror", changed))
    (tmp_path / "decisions.toml").write_text('[first-jury]\n7 = "guilty"\n')
    saved = tmp_path / "juror.backup"
    assert backup(JUROR, tmp_path, saved) == ("node.toml", "decisions.toml")
    with pytest.raises(UsageError, match="a juror's key is its account"):
        restore(JUROR, saved, new, role="other")
    assert restore(JUROR, saved, new, role="node").replaces == ""
    assert (new / "decisions.toml").read_text() == '[first-jury]\n7 = "guilty"\n'


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda files: files | {FILE: files[FILE] + b"\n"}, "node.toml was changed"),
        (lambda files: files | {"more": b"x"}, "it is not whole"),
        (lambda files: {name: content for name, content in files.items() if name != FILE}, "it is not whole"),
        (lambda files: {FILE: files[FILE]}, "backup.json"),
        (lambda files: files | {"backup.json": b"[]"}, "is no backup"),
        (lambda files: files | {"backup.json": b"\xff"}, "is no backup"),
    ],
)
def test_what_was_changed_is_refused_and_leaves_nothing(saved, new, change, words):
    write(saved, change(entries(saved)))
    with pytest.raises(InputError, match=words):
        restore(OPERATOR, saved, new, role="other")
    assert not list(new.parent.iterdir())


def test_a_file_outside_its_folder_is_refused(saved, new):
    files = entries(saved)
    manifest = json.loads(files["backup.json"])
    manifest["files"]["../x"] = manifest["files"][FILE]
    write(saved, files | {"../x": files[FILE], "backup.json": json.dumps(manifest).encode()})
    with pytest.raises(InputError, match=r"\.\./x was changed"):
        restore(OPERATOR, saved, new, role="other")
    assert not list(new.parent.iterdir())


def test_what_is_no_archive_and_another_kind_s(saved, new, tmp_path_factory):
    text = tmp_path_factory.mktemp("text") / "text"
    text.write_text("text")
    with pytest.raises(InputError, match="is no backup of a node"):
        restore(OPERATOR, text, new)
    with pytest.raises(InputError, match="is of a node of kind 'operator'"):
        restore(JUROR, saved, new)


def test_nothing_is_overwritten(kept, saved, new):
    with pytest.raises(InputError, match="is there already"):
        backup(OPERATOR, kept, saved)
    new.mkdir()
    with pytest.raises(UsageError, match="is there already"):
        restore(OPERATOR, saved, new)


def test_a_folder_belongs_to_one_machine(folder, monkeypatch):
    fence.require_here(folder)  # nobody's yet
    monkeypatch.setenv("KEIFU_MACHINE", "a")
    fence.belong_here(folder)
    fence.require_here(folder)
    monkeypatch.setenv("KEIFU_MACHINE", "b")
    with pytest.raises(EnvironmentFault, match="belongs to another machine") as fault:
        fence.require_here(folder)
    assert "--take-over" in fault.value.remedy
