"""Who acts in a room's tests: ape's test accounts by their roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

__all__ = ["role_fixtures"]


def role_fixtures(*roles: str) -> dict[str, Callable[..., Any]]:
    """A fixture for each role, the first with the first account and so on, and `cast` with all of them by name.

    globals().update(role_fixtures("deployer", "owner"))    # in a room's conftest
    """

    @pytest.fixture(scope="module")
    def cast(accounts):
        return {role: accounts[index] for index, role in enumerate(roles)}

    def fixture_of(role):
        @pytest.fixture(scope="module", name=role)
        def account(cast):
            return cast[role]

        return account

    return {"cast": cast, **{role: fixture_of(role) for role in roles}}
