"""Fixtures of a world on the in-process EVM: built once, and for each test as it was built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

__all__ = ["built_once"]


def built_once(make: Callable[[], Any]) -> tuple[Any, Any]:
    """The fixture `built`, and that of a test, to which what a test does is undone."""

    @pytest.fixture(scope="session")
    def built() -> Any:
        return make()

    @pytest.fixture
    def world(built: Any) -> Iterator[Any]:
        with built.evm.anchor():
            yield built

    return built, world
