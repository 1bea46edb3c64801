"""Every campaign gives the same on the native machine and on revm."""

from __future__ import annotations

import pytest

from evmstorm.conformance import campaigns
from evmstorm.project import names
from tests.profiles import quick_or_deep

SEQUENCES = quick_or_deep(2, 40)


@pytest.mark.parametrize("name", names())
def test_campaigns_give_the_same_on_both_machines(name: str) -> None:
    campaigns.compare(name, SEQUENCES)
