"""Descriptions as tests: `pytest` searches each one in the folders that `evmstorm_descriptions` names.

    [tool.pytest.ini_options]
    evmstorm_descriptions = "described"

A test fails with the shrunk counterexample. Nothing heavy is imported before there is something to search.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

__all__ = ["pytest_addoption", "pytest_collect_file"]

FOLDERS = "evmstorm_descriptions"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(FOLDERS, "Folders of descriptions that evmstorm searches.", type="paths", default=[])
    group = parser.getgroup("evmstorm")
    group.addoption("--evmstorm-calls", type=int, default=20_000, help="Calls and waits to spend on each description.")
    group.addoption("--evmstorm-seed", type=int, default=1, help="Seed that a search follows from.")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    folders = [folder.resolve() for folder in parent.config.getini(FOLDERS)]
    if file_path.suffix != ".py" or file_path.name.startswith("_") or file_path.parent.resolve() not in folders:
        return None
    return Description.from_parent(parent, path=file_path)


class InvariantBroken(Exception):
    """A search ended with a counterexample; the message is its script."""


class Description(pytest.File):
    """The file of one description."""

    def collect(self) -> Iterator[pytest.Item]:
        yield SearchItem.from_parent(self, name=self.path.stem)


class SearchItem(pytest.Item):
    """The search over one description."""

    def runtest(self) -> None:
        from evmstorm import project  # noqa: PLC0415
        from evmstorm.fuzz.alive import check_alive  # noqa: PLC0415
        from evmstorm.fuzz.counterexample import build  # noqa: PLC0415
        from evmstorm.fuzz.engine import Engine  # noqa: PLC0415
        from evmstorm.fuzz.search import Search  # noqa: PLC0415
        from evmstorm.fuzz.shrink import shrink  # noqa: PLC0415

        calls, seed = self.config.getoption("evmstorm_calls"), self.config.getoption("evmstorm_seed")
        with project.using(project.around(self.path.resolve())):
            engine = Engine(project.load(str(self.path.resolve())))
            search = Search(engine, seed)
            while engine.calls + engine.waits < calls:
                if (finding := search.step()) is not None:
                    data, finding = shrink(engine, search.data, finding)
                    raise InvariantBroken(build(engine, data, finding, seed).script())
            check_alive(engine, engine.counts, engine.sequences, engine.checked)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from ethwire.errors import EthwireError  # noqa: PLC0415

        if isinstance(excinfo.value, InvariantBroken | EthwireError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"search {self.name}"
