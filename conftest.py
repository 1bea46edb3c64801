"""Runs before any test: compiled contracts are what the sources say, and tests repeat on any machine."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from evmstorm.evm import artifacts
from tests.ape_chain import (
    ape_host,
    ask_less,
    isolate_where_ape_is_used,
    keep_no_old_states,
    note_no_nodes,
    own_scopes,
    read_settings_once,
    short_requests,
    start_clock,
    without_source_walks,
)
from tests.beforehand import compiled_by_ape
from tests.profiles import PROFILE
from tests.progress import starting

# Neither profile looks at a clock: no deadline, and no complaint that a machine draws slowly.
settings.register_profile("clockless", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
# What every commit must pass draws the same examples everywhere; the deep profile looks for new ones.
settings.register_profile(
    "quick",
    settings.get_profile("clockless"),
    max_examples=25,
    stateful_step_count=25,
    derandomize=True,
    database=None,
)
settings.register_profile(
    "deep",
    settings.get_profile("clockless"),
    max_examples=1_000,
    stateful_step_count=80,
    derandomize=False,
)
settings.load_profile(PROFILE)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Both builds are brought up to date once, before the workers need them."""
    with compiled_by_ape(session.config) as by_ape:
        starting(session.config, {"contracts: compiled here": artifacts.load_all, "contracts: compiled by ape": by_ape})


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> Generator[None]:
    """ape starts its chain in this hook, in every process that has tests to run."""
    import ape  # noqa: PLC0415 - as above

    gc.enable()
    gc.freeze()  # a million objects that stay until the end: nobody need walk through them again
    own_scopes()
    isolate_where_ape_is_used()
    note_no_nodes()
    keep_no_old_states()
    read_settings_once()
    ask_less()
    with ape_host():
        yield
    if not session.config.getoption("--show-internal"):
        without_source_walks()
    if session.items:
        session.config.add_cleanup(_entered(short_requests()))
        start_clock(ape.networks.provider)


def _entered(context: AbstractContextManager[None]) -> Callable[[], None]:
    """Enter it, and give what leaves it."""
    stack = ExitStack()
    stack.enter_context(context)
    return stack.close


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests of a file stay together."""
    from tests.schedule import Scheduling  # noqa: PLC0415 - needs xdist, which a run without workers does not

    return Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A JUnit report says which numbered case a test closes; workers begin with what takes long."""
    if hasattr(config, "workerinput"):
        from tests.schedule import longest_first  # noqa: PLC0415 - as above

        longest_first(items)
    for item in items:
        for mark in item.iter_markers("case"):
            item.user_properties.append(("case", mark.args[0]))


def pytest_configure(config: pytest.Config) -> None:
    """The collector waits until the tests are collected: what is loaded by then stays."""
    gc.disable()
    config.addinivalue_line("markers", "xdist_group(name): tests that share one worker")
