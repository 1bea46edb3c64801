"""A contract chooses the fork that it runs on; a chain refuses what was compiled for a later one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ethwire.commands import exit_status
from ethwire.constants import ETHER
from ethwire.errors import ArtifactError, UsageError
from evmstorm.cli import cli
from evmstorm.conformance.machines import init_code
from evmstorm.conformance.programs import SENDER
from evmstorm.evm import LocalEvm, artifacts, foreign, machines
from evmstorm.evm.hardforks import CANCUN, HARDFORKS, hardfork, newest
from evmstorm.evm.native_machine import NativeMachine
from evmstorm.evm.revm_machine import PyrevmMachine

SOURCE = "# pragma version 0.4.3\n# pragma evm-version {}\n\n@external\ndef one() -> uint256:\n    return 1\n"
LEADING_ZEROS = bytes.fromhex("5f351e5f5260205ff3")


@pytest.fixture
def compiled(tmp_path):
    (tmp_path / "contracts").mkdir()

    def compile_for(version):
        path = tmp_path / "contracts" / "One.vy"
        path.write_text(SOURCE.format(version))
        return artifacts.compile_contract(path, tmp_path)

    return compile_for


@pytest.mark.case("tools-27")
@pytest.mark.parametrize("version", ["cancun", "prague"])
def test_the_pragma_is_obeyed(compiled, version):
    artifact = compiled(version)
    assert artifact.evm_version == version
    evm = LocalEvm(lambda name: artifact, fork=hardfork(version))
    one = evm.deploy("One", sender=evm.account("owner"))
    assert one.one(sender=evm.account("owner")).value == 1


@pytest.mark.case("tools-27")
def test_an_older_chain_refuses_it_by_name(compiled):
    artifact = compiled("prague")
    evm = LocalEvm(lambda name: artifact)
    with pytest.raises(UsageError, match="One is compiled for prague, and this chain follows cancun"):
        evm.deploy("One", sender=evm.account("owner"))


@pytest.mark.case("tools-27")
def test_a_fork_that_the_compiler_does_not_know_is_one_clear_line(compiled):
    with pytest.raises(ArtifactError, match=r"One\.vy.*nonsense"):
        compiled("nonsense")


def test_forks_have_an_order():
    assert newest([]) == CANCUN
    assert newest(["shanghai", "prague", "cancun"]).name == "prague"
    with pytest.raises(UsageError, match="no fork nonsense"):
        hardfork("nonsense")


@pytest.mark.parametrize("fork", HARDFORKS, ids=lambda fork: fork.name)
def test_leading_zeros_are_counted_from_osaka_on(fork):
    machine = NativeMachine(fork)
    machine.set_balance(SENDER, ETHER)
    asks = machine.deploy(SENDER, init_code(LEADING_ZEROS))
    answers = [machine.call(SENDER, asks, number.to_bytes(32, "big")) for number in (0, 1, 2**64, 2**255)]
    if fork.name == "osaka":
        assert [int.from_bytes(answer, "big") for answer in answers] == [256, 255, 191, 0]
    else:
        assert answers == [None] * 4


def test_a_transaction_has_no_more_gas_than_osaka_allows():
    for fork, most in ((hardfork("osaka"), 1 << 24), (hardfork("prague"), 10**9)):
        machine = NativeMachine(fork)
        machine.set_balance(SENDER, ETHER)
        says = machine.deploy(SENDER, init_code(bytes.fromhex("5a5f5260205ff3")))
        assert most - 21_100 < int.from_bytes(machine.call(SENDER, says), "big") < most


def test_blocks_past_are_in_prague_s_contract():
    machine = NativeMachine(hardfork("prague"))
    machine.set_block(10_000, 1_800_000_000, bytes(32))
    history = "0x0000f90827f1c53a10cb7a02335b175320002935"
    asks = machine.deploy(SENDER, init_code(bytes.fromhex("5f35405f5260205ff3")))
    for number in (9_999, 9_800):
        word = number.to_bytes(32, "big")
        assert machine.call(SENDER, history, word) == machine.call(SENDER, asks, word)
    assert machine.call(SENDER, history, (10_000 - 8_191).to_bytes(32, "big")) not in (None, bytes(32))
    assert machine.call(SENDER, history, (10_000 - 8_192).to_bytes(32, "big")) is None
    assert machine.call(SENDER, history, (10_000).to_bytes(32, "big")) is None


@pytest.mark.case("tools-35")
def test_another_machine_is_taken_everywhere(monkeypatch):
    monkeypatch.setenv(machines.VARIABLE, "native")
    for noun in ("fuzz", "mutate"):
        assert exit_status(cli, [noun, "--machine", "abacus"], program="evmstorm") == 2
    assert exit_status(cli, ["fuzz", "--machine", "revm", "--list"], program="evmstorm") == 0
    assert isinstance(LocalEvm().raw, PyrevmMachine)
    with pytest.raises(UsageError, match="follows cancun, not prague"):
        LocalEvm(fork=hardfork("prague"))
    monkeypatch.setenv(machines.VARIABLE, "abacus")
    with pytest.raises(UsageError, match="no machine abacus"):
        LocalEvm()


@pytest.mark.case("tools-30")
@pytest.mark.parametrize(
    "fields",
    [
        {"bytecode": {"object": "0x6001"}},
        {"bytecode": "0x6001"},
        {"deploymentBytecode": {"bytecode": "0x6001"}},
        {"evm": {"bytecode": {"object": "6001"}}},
        {"bin": "6001"},
    ],
    ids=["foundry", "hardhat", "ape", "solc", "combined"],
)
def test_artefacts_of_other_tools_are_read(tmp_path: Path, fields):
    import json  # noqa: PLC0415

    path = tmp_path / "Bank.json"
    path.write_text(json.dumps({"abi": [], **fields}))
    found = foreign.read(path)
    assert (found.interface.name, found.creation_code) == ("Bank", b"\x60\x01")


@pytest.mark.case("tools-30")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "has no ABI"),
        ('{"abi": []}', "has no creation code"),
        ('{"abi": [], "bytecode": "0x60__$lib$__"}', "its libraries are not linked"),
    ],
)
def test_what_is_no_artefact_is_refused(tmp_path: Path, text, message):
    path = tmp_path / "Bank.json"
    path.write_text(text)
    with pytest.raises(ArtifactError, match=message):
        foreign.read(path)
    with pytest.raises(ArtifactError, match="is not there"):
        foreign.read(tmp_path / "none.json")
