"""`import keifu`: one flat name for everything public, each loaded when it is first used."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import keifu

LAZY = tuple(
    f"keifu{room}" for room in ("", ".accounts", ".chain", ".inft", ".keys", ".provenance", ".sdk", ".staking", ".tge")
)
ROOT = Path(keifu.__file__).parent
GUIDE = ROOT.parent / "docs" / "guides" / "sdk.md"
ENGINE = {"coverage", "evm", "fuzz"}  # a house of its own


@pytest.mark.parametrize("package", LAZY)
def test_every_public_name_is_there(package):
    module = importlib.import_module(package)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        module.nothing  # noqa: B018


@pytest.mark.parametrize("package", LAZY)
def test_what_a_type_checker_sees_is_what_is_loaded(package):
    """Names stand in `if TYPE_CHECKING` for tools and in `attach` for Python: the same ones, of the same modules."""
    source = ast.parse((ROOT.parent / package.replace(".", "/") / "__init__.py").read_text())
    seen = {
        (item.name, node.module)
        for block in source.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for item in node.names
    }
    module = importlib.import_module(package)
    assert {name for name, _ in seen} == set(module.__all__) - {"__version__"}
    assert [
        name for name, where in seen if getattr(module, name) is not getattr(importlib.import_module(where), name)
    ] == []


def test_the_public_surface():
    """What is public is what the guide lists, and nothing else shows: a change of it is made on purpose."""
    table = GUIDE.read_text().split("## All that is public")[1]
    listed = re.findall(r"`(\w+)`", table)
    assert sorted(listed) == sorted(set(keifu.__all__) - {"__version__"})
    assert {name for name in dir(keifu) if not name.startswith("_")} == set(listed)


@pytest.mark.case("tools-41")
def test_the_front_door_is_light_and_typed():
    code = "import sys, keifu; keifu.COIN; print(sorted(n for n in sys.modules if '.' not in n))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        set(ast.literal_eval(done.stdout)) & {"numpy", "numba", "eth_abi", "httpx", "coincurve", "msgspec", "click"}
        == set()
    )
    assert (ROOT / "py.typed").is_file()


# What a distribution may load into every Python.
OF_THE_SYSTEM = {"sitecustomize", "usercustomize"}

HELP_OF_ALL = """
import contextlib, io, sys
from click import Context
from keifu.cli import main
from keifu.cli.root import cli
for noun in cli.list_commands(Context(cli)):
    for words in ([noun, "--help"], [noun, "digest", "--help"] if noun == "prov" else []):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            main(words) if words else None
print(sorted({name.split(".")[0] for name in sys.modules if "." not in name}))
"""


@pytest.mark.case("provenance-19")
def test_the_help_of_every_noun_imports_nothing_that_it_does_not_need():
    """Seen red with `import numpy` in a module of options. Seconds are for the benchmarks (`time.refuse`)."""
    done = subprocess.run([sys.executable, "-c", HELP_OF_ALL], capture_output=True, text=True, check=True)
    loaded = {name for name in ast.literal_eval(done.stdout) if not name.startswith("_")}
    assert loaded - set(sys.stdlib_module_names) - OF_THE_SYSTEM <= {"keifu", "ethwire", "click", "evmstorm"}


def test_no_private_module_is_imported_across_packages():
    """`from keifu.x._y import …` stands inside keifu/x alone."""
    found = []
    for path in (path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] not in ENGINE):
        package = ".".join(path.relative_to(ROOT.parent).parent.parts)
        for node in ast.walk(ast.parse(path.read_text())):
            where = getattr(node, "module", None) if isinstance(node, ast.ImportFrom) else None
            if where and where.startswith("keifu.") and "._" in where:
                owner = where[: where.index("._")]
                if not (package == owner or package.startswith(owner + ".")):
                    found.append(f"{path.relative_to(ROOT.parent)}: {where}")
    assert found == []
