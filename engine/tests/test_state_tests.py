"""The runner of official state tests, on a few in their format that the executable specification has filled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ethwire.errors import InputError
from evmstorm.conformance import fixtures, state_tests
from evmstorm.evm.hardforks import HARDFORKS

FOLDER = Path(__file__).parent / "state_tests"
FILLED = FOLDER / "programs.json"


@pytest.fixture
def subtests():
    return list(fixtures.read(FILLED))


def test_every_fork_is_as_the_specification_has_it(subtests):
    results = state_tests.run_file(FILLED)
    assert {fork for fork, _, _ in results} == {fork.name for fork in HARDFORKS}
    assert [name for _, name, passed in results if not passed] == []


def test_another_root_or_another_hash_of_the_logs_fails(subtests):
    first = subtests[0]
    for field in ("hash", "logs"):
        wrong = fixtures.SubTest(first.name, first.fork, first.test, {**first.post, field: "0x" + "00" * 32})
        assert not state_tests.passes(wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": "0x1"},
        {"gasPrice": "0x6"},
        {"gasLimit": ["0xffffffffff"]},
        {"value": ["0x:bigint 0x1" + "0" * 64]},
        {"value": [hex(10**24)]},
    ],
    ids=["nonce", "price", "gas", "number", "balance"],
)
def test_a_transaction_that_no_block_takes_changes_nothing(subtests, change):
    item = subtests[0]
    test = {**item.test, "transaction": {**item.test["transaction"], **change}}
    with pytest.raises(fixtures.InvalidTransaction):
        fixtures.transaction(
            fixtures.SubTest(item.name, item.fork, test, item.post), fixtures.account(_sender(item.test))
        )


def _sender(test):
    return test["pre"][test["transaction"]["sender"]]


def test_the_command_counts_each_fork_and_names_what_fails(tmp_path):
    tests = json.loads(FILLED.read_text())
    name = next(iter(tests))
    tests[name]["post"]["Cancun"][0]["hash"] = "0x" + "00" * 32
    (tmp_path / "wrong.json").write_text(json.dumps({name: tests[name]}))

    result = CliRunner().invoke(state_tests.main, [str(tmp_path), "--processes", "1"], standalone_mode=False)

    assert result.return_value == 1
    assert "cancun: 0 of 1 subtests pass (0.00%)" in result.output
    assert "failed: wrong.json: program 0 on cancun" in result.output


def test_what_is_no_state_test_is_refused(tmp_path):
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(InputError, match="no state tests"):
        state_tests.score(tmp_path, processes=1)
    (tmp_path / "other.json").write_text("[1]")
    with pytest.raises(InputError, match="is no state test"):
        list(fixtures.read(tmp_path / "other.json"))
