"""A published folder is refused for every byte, line, field and file that its CSV does not make."""

from __future__ import annotations

import json
import random

import msgspec
import pytest

from audit.tge_replay import validators
from keifu.tge import Grants, files, read_csv, write_files
from keifu.tge.files import Summary
from keifu.tge.published import compare
from keifu.units import COIN

STEP, STEPS = 2_629_800, 36
FILES = ["allocation.json", "allocation.csv", "tree.json", "proofs/00000.jsonl", "proofs/00001.jsonl"]
FILES.append("proofs/accounts.bin")
OTHER_FIELDS = {
    "format": "keifu-tge-2",
    "root": "0x" + "11" * 32,
    "grants": 21,
    "allocation": "1",
    "smallest": "1",
    "largest": "1",
    "csv_sha256": "00" * 32,
    "leaf_encoding": ["address", "uint256"],
    "step_seconds": 60,
    "steps": 1,
    "event_divisor": 1,
    "shard_lines": 4_096,
}


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(files, "SHARD_LINES", 16)


@pytest.fixture
def csv_path(tmp_path):
    grants = validators(20)
    rows = zip(grants.accounts, grants.totals, strict=True)
    path = tmp_path / "grants.csv"
    path.write_text("account,total\n" + "".join(f"{account},{total // COIN}\n" for account, total in rows))
    return path


@pytest.fixture
def grants(csv_path):
    return read_csv(csv_path)


@pytest.fixture
def folder(small_shards, grants, csv_path, tmp_path):
    write_files(grants, tmp_path / "out", csv_path=csv_path, step=STEP, steps=STEPS)
    return tmp_path / "out"


@pytest.fixture
def faults(grants, csv_path, folder):
    def run(grants=grants, csv_path=csv_path, step=STEP, steps=STEPS):
        return compare(grants, folder, csv_path=csv_path, step=step, steps=steps)

    return run


@pytest.mark.case("tools-2")
def test_what_the_csv_makes_is_agreed_to(faults, folder):
    assert faults() == []
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*")) == sorted(FILES)


@pytest.mark.case("tools-2")
@pytest.mark.parametrize("field", [field.name for field in msgspec.structs.fields(Summary)])
def test_each_field_of_the_summary_is_named(faults, folder, field):
    path = folder / "allocation.json"
    summary = json.loads(path.read_text())
    path.write_text(json.dumps({**summary, field: OTHER_FIELDS[field]}))
    assert [fault.split(" is ")[0] for fault in faults()] == [f"allocation.json: {field}"]


@pytest.mark.case("tools-2")
@pytest.mark.parametrize("name", FILES)
def test_each_byte_of_each_file_counts(faults, folder, name):
    path = folder / name
    whole = path.read_bytes()
    for place in random.Random(name).sample(range(len(whole)), 25):
        for other in (whole[place] ^ 1, whole[place] ^ 0x20):
            path.write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
            assert _named(faults, name), (place, other)


@pytest.mark.case("tools-2")
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("change", [b"", b"\n", b" "], ids=["cut", "a line more", "a space more"])
def test_each_file_ends_where_it_should(faults, folder, name, change):
    path = folder / name
    path.write_bytes(path.read_bytes() + change if change else path.read_bytes()[:-1])
    assert _named(faults, name)


@pytest.mark.case("tools-2")
@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(faults, folder, name):
    (folder / name).unlink()
    (fault,) = faults()
    assert fault.startswith(f"{name}: no allocation.json" if name == FILES[0] else f"{name}: No such file or directory")


@pytest.mark.case("tools-2")
@pytest.mark.parametrize("name", ["proofs/00002.jsonl", "proofs/notes.txt"])
def test_a_file_too_many_is_named(faults, folder, name):
    (folder / name).write_text("")
    assert faults() == [f"{name}: not a file of this list"]


@pytest.mark.case("tools-2")
def test_lines_that_changed_places_are_named(faults, folder):
    path = folder / "proofs/00000.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[1], lines[0], *lines[2:]]))
    assert [fault.split(",")[0] for fault in faults()] == ["proofs/00000.jsonl: line 1"]


@pytest.mark.case("tools-2")
def test_another_schedule_than_the_published_one_is_named(faults):
    assert faults(step=60) == [f"allocation.json: step_seconds is {STEP}, not 60"]
    assert faults(steps=12) == [f"allocation.json: steps is {STEPS}, not 12"]


@pytest.mark.case("tools-2")
def test_another_list_is_named_in_every_file(faults, grants):
    other = Grants(grants.accounts, [*grants.totals[:-1], grants.totals[-1] + 1])
    named = {fault.split(":")[0] for fault in faults(grants=other)}
    assert named == {"allocation.json", "allocation.csv", "tree.json", "proofs/00000.jsonl", "proofs/00001.jsonl"}


@pytest.mark.case("tools-2")
def test_the_same_grants_in_another_csv_are_named(faults, csv_path, tmp_path):
    other = tmp_path / "other.csv"
    other.write_bytes(csv_path.read_bytes().replace(b"\n", b"\r\n"))
    assert [fault.split(" is ")[0] for fault in faults(csv_path=other)] == ["allocation.json: csv_sha256"]


def _named(faults, name: str) -> bool:
    return any(fault.startswith(f"{name}:") for fault in faults())
