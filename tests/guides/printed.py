"""The commands that a page prints, for tests elsewhere that type them."""

from __future__ import annotations

from tests.guides._pages import Step, steps

__all__ = ["Step", "steps"]
