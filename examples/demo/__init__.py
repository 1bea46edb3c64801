"""`make demo`: the story of the system in chapters, each told on a real chain by the same code that users call."""

from __future__ import annotations

from examples.demo.story import Story

__all__ = ["Story"]
