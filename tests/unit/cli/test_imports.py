"""The walls between the rooms hold; each kind of fault is noticed when it is there, and what is allowed is not."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import pytest

from scripts.check_imports import constants, engine_names_nothing_of_ours, long_lines, suite_names, walls

CONTRACT = "StakingHub"
SPELT = ["86_400", "86400", "10**18", "1" + "0" * 18, '"0x" + "00" * 20', f'"0x{"0" * 40}"']


def said(check: Callable[[str, ast.Module], Iterator[tuple[int, str]]], path: str, text: str) -> list[str]:
    return [fault for _, fault in check(path, ast.parse(text))]


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("keifu/chain/x.py", "from evmstorm.evm import LocalEvm", "keifu never imports evmstorm"),
        ("keifu/chain/x.py", "import audit.parameters", "keifu never imports audit"),
        ("keifu/cli/x.py", "def f():\n    from examples.demo import story", "keifu never imports examples"),
        ("packages/ethwire/ethwire/x.py", "from keifu import units", "ethwire never imports keifu"),
        ("engine/evmstorm/fuzz/x.py", "from keifu.units import DAY", "evmstorm never imports keifu"),
        ("engine/evmstorm/fuzz/x.py", "import audit.systems.hub", "evmstorm never imports audit"),
        ("engine/tests/test_x.py", "from keifu.units import DAY", "engine/tests never imports keifu"),
        ("engine/tests/test_x.py", "from tests.roles import OWNER", "engine/tests never imports tests"),
        ("audit/x.py", "from tests.roles import OWNER", "audit never imports tests"),
        ("keifu/spec/x.py", "from keifu.keys import keccak256", "a model imports no room but ethwire"),
        ("keifu/keys/x.py", "from keifu.chain import Call", "chain is above keys"),
        ("keifu/chain/x.py", "from keifu.tge import grants", "tge is above chain"),
        ("keifu/staking/x.py", "import keifu.cli", "cli is above staking"),
        ("audit/systems/x.py", "from keifu.chain._client import Call", "_client is private to keifu.chain"),
        ("audit/systems/x.py", "from keifu.chain import _client", "_client is private to keifu.chain"),
        ("tests/unit/staking/test_x.py", "from keifu.chain._client import Call", "_client is private to keifu.chain"),
        ("benchmarks/x.py", "from audit.second_engines.forge import _x", "_x is private to audit.second_engines.forge"),
    ],
)
def test_a_wall_is_noticed(path: str, text: str, fault: str) -> None:
    (found,) = said(walls, path, text)
    assert found.endswith(fault)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "keifu/spec/x.py",
            "if TYPE_CHECKING:\n    from keifu.provenance import Record",
        ),
        ("keifu/spec/x.py", "from ethwire.keys import keccak256\nfrom keifu.spec._cases import Case"),
        ("keifu/cli/x.py", "from keifu.tge import grants\nfrom keifu.units import COIN"),
        ("keifu/tge/x.py", "from keifu.staking import hub"),
        ("engine/evmstorm/fuzz/x.py", "from ethwire.abi import Contract\nfrom evmstorm.fuzz._worker import Job"),
        ("engine/tests/test_x.py", "from evmstorm.fuzz._worker import Job\nfrom systems.vault import Vault"),
        ("tests/unit/provenance/test_x.py", "from keifu.provenance._picture import draw"),
        ("audit/x.py", "from keifu.chain import Call\nfrom evmstorm.fuzz import System"),
        ("audit/x.py", "from __future__ import annotations\nfrom keifu import __version__"),
    ],
)
def test_what_is_allowed_is_no_fault(path: str, text: str) -> None:
    assert said(walls, path, text) == []


@pytest.mark.parametrize("spelt", SPELT)
def test_a_constant_said_again_is_noticed(spelt: str) -> None:
    for text in (f"NAME = {spelt}", f"def f(x=3 * ({spelt})):\n    return x", f"class A:\n    b: object = {spelt}"):
        assert any("has a home" in fault for fault in said(constants, "audit/x.py", text)), text
    assert said(constants, "keifu/units.py", f"NAME = {spelt}") == []


@pytest.mark.parametrize("text", ["A = 86_401", "A = 10**17", 'A = "0x" + "11" * 20', '"""86_400"""', "A = 3 * DAY"])
def test_another_constant_is_not(text: str) -> None:
    assert said(constants, "audit/x.py", text) == []


def test_the_engine_names_no_contract_of_the_suite() -> None:
    assert list(engine_names_nothing_of_ours(f"x\nload({CONTRACT})", suite_names())) == [
        (2, f"the engine names {CONTRACT}, a contract of the suite")
    ]
    assert list(engine_names_nothing_of_ours("ThirdPartyVault, MyStakingHubs", suite_names())) == []


def test_a_long_line_is_noticed() -> None:
    assert list(long_lines("x" * 120 + "\n" + "x" * 121)) == [(2, "121 characters, of 120")]
