"""A function of a contract in words: its name and the types of its arguments."""

from __future__ import annotations

import re

__all__ = ["FUNCTION"]

FUNCTION = re.compile(r"[A-Za-z_]\w*\(((?:[a-z]+[0-9]*(?:,[a-z]+[0-9]*)*)?)\)")
