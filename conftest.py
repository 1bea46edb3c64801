"""Runs before any test: compiled contracts are what the sources say, and property tests repeat."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from keifu.evm import artifacts
from keifu.evm.ape_guard import refresh

settings.register_profile("quick", max_examples=25, stateful_step_count=25, deadline=None, print_blob=True)
settings.register_profile(
    "deep",
    max_examples=1_000,
    stateful_step_count=80,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("KEIFU_PROFILE", "quick"))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Both builds are brought up to date once, before the workers need them."""
    del session
    artifacts.load_all()
    import ape  # noqa: PLC0415 - configures itself at import, after pytest has

    refresh(artifacts.project(), lambda: ape.project.load_contracts(use_cache=False))


def pytest_configure(config: pytest.Config) -> None:
    """Every run says how to repeat it."""
    config.addinivalue_line("markers", "xdist_group(name): tests that share one worker")
