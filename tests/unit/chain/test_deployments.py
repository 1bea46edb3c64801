"""The manifest: what is written is read back; what cannot be relied on is refused in one line."""

from __future__ import annotations

import json

import msgspec
import pytest

from keifu.chain.creation import Creation
from keifu.chain.deployments import SCHEMA, Record, open_record
from keifu.chain.parameters import Distribution, Params
from keifu.errors import ChainMismatch, InputError
from keifu.units import DAY

GENESIS = "0xaa"
WHO = "0x" + "0a" * 20


@pytest.fixture
def record():
    terms = Distribution(b"\7" * 32, 10**27, 1_767_225_600, DAY, 10, 1_900_000_000)
    params = Params(distribution=terms, proposers=(WHO,)).by(WHO)
    creation = Creation("KeifuToken", "KeifuToken", WHO, {"holder": WHO}, "0x00", "0x01", 7, "0x02")
    return Record(1, GENESIS, deployer=WHO, first_block=6, parameters=params.data(), creations={"KeifuToken": creation})


@pytest.mark.case("tools-3")
def test_what_is_written_is_read_back(record, tmp_path):
    record.save(tmp_path)
    assert open_record(1, GENESIS, tmp_path) == record
    assert record.params.distribution.allocation == 10**27
    assert Params.from_data(record.params.data()) == record.params
    assert dict(record.contracts) == {"KeifuToken": WHO}
    assert [path.name for path in tmp_path.iterdir()] == ["1.json"]


@pytest.mark.case("tools-3")
def test_amounts_are_text_in_the_file(record, tmp_path):
    written = json.loads(record.save(tmp_path).read_text())
    assert (written["schema"], written["chain_id"], written["genesis"]) == (SCHEMA, 1, GENESIS)
    assert written["parameters"]["distribution"]["allocation"] == str(10**27)
    assert set(written["contracts"]["KeifuToken"]) == set(Creation.__struct_fields__)


@pytest.mark.case("tools-3")
def test_addresses_are_not_changed_behind_the_record_s_back(record):
    with pytest.raises(TypeError):
        record.contracts["KeifuToken"] = "0x"


@pytest.mark.case("tools-3")
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"schema": 0}, InputError, "has no schema number, this version reads 1 .move it away and deploy again"),
        ({"schema": 2}, InputError, "has schema 2, this version reads 1 .use the version of Keifu that wrote it"),
        ({"genesis": "0xbb"}, ChainMismatch, "is of another chain 1: its first block is 0xbb, not 0xaa"),
        ({"chain_id": 2}, InputError, "says it is of chain 2"),
        ({"contracts": {"KeifuToken": WHO}}, InputError, "cannot read .*1.json: Expected `object`"),
        ({"first_block": "x"}, InputError, "cannot read .*1.json"),
        ({"parameters": {"tresury": WHO}}, InputError, "cannot read .*: unknown parameter tresury"),
        ({"parameters": {"unbonding": "x"}}, InputError, "cannot read .*: damaged parameters: unbonding is 'x'"),
        ({"parameters": {"daily_blocks": "x"}}, InputError, "cannot read .*: damaged parameters"),
        ({"parameters": {"distribution": {"root": "0x"}}}, InputError, "cannot read .*: damaged parameters"),
    ],
)
def test_what_cannot_be_relied_on_is_refused_in_one_line(record, tmp_path, changes, error, message):
    path = record.save(tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(error, match=message) as caught:
        open_record(1, GENESIS, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.case("tools-3")
@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "{}", "\x00"])
def test_a_damaged_file_is_told(tmp_path, text):
    (tmp_path / "1.json").write_text(text)
    with pytest.raises(InputError, match="cannot read"):
        open_record(1, GENESIS, tmp_path)


@pytest.mark.case("tools-3")
def test_a_record_of_an_older_version_is_told(tmp_path):
    (tmp_path / "1.json").write_text(json.dumps({"chain_id": 1, "genesis": GENESIS, "contracts": {"KeifuToken": WHO}}))
    with pytest.raises(InputError, match="has no schema number, this version reads 1"):
        open_record(1, GENESIS, tmp_path)


def test_a_record_of_a_chain_that_is_gone_is_put_aside(tmp_path):
    (tmp_path / "1.json").write_text(json.dumps({"chain_id": 1, "genesis": "0xbb", "contracts": {"KeifuToken": WHO}}))
    assert open_record(1, GENESIS, tmp_path, disposable=True) == Record(1, GENESIS)


def test_a_file_that_was_cut_off_in_writing_is_not_the_record(record, tmp_path, monkeypatch):
    record.save(tmp_path)
    monkeypatch.setattr(msgspec.json, "format", lambda *_, **__: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        Record(1, GENESIS).save(tmp_path)
    monkeypatch.undo()
    assert open_record(1, GENESIS, tmp_path) == record
