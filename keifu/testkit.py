"""Fixtures for tests of a dApp: a chain with the whole suite, on which each test starts afresh. A plugin of pytest.

    pytest_plugins = ["keifu.testkit"]  # in conftest.py

    def test_a_grant_is_claimed(keifu_chain):
        holder = keifu_chain.connect("holder")
        assert holder.grants.claim(keifu_chain.grants) > 0

The chain is that of the folder which `--keifu-kit` or KEIFU_KIT names (`keifu chain save --out FOLDER` writes one),
else one that is made for the session.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from keifu.errors import KeifuError
from keifu.local.kit import Playground, make_kit, opened

__all__ = ["keifu_chain", "keifu_kit", "keifu_session", "pytest_addoption"]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("keifu")
    group.addoption("--keifu-kit", default=os.environ.get("KEIFU_KIT", ""), help="Folder of a kit to start from.")


@pytest.fixture(scope="session")
def keifu_kit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the kit."""
    given = request.config.getoption("--keifu-kit")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("keifu") / "kit"
    make_kit(folder)
    return folder


@pytest.fixture(scope="session")
def keifu_session(keifu_kit: Path) -> Iterator[Playground]:
    """The chain for the whole session: what is done here stays."""
    with ExitStack() as held:
        try:
            chain = held.enter_context(opened(keifu_kit))
        except KeifuError as error:
            pytest.fail(f"{error.message} ({error.remedy})", pytrace=False)
        yield chain


@pytest.fixture
def keifu_chain(keifu_session: Playground) -> Iterator[Playground]:
    """The same chain for one test: what it does is undone."""
    with keifu_session.undoing() as chain:
        yield chain
