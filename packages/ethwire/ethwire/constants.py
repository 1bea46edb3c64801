"""Numbers and words that every program around an Ethereum chain needs, each once."""

from __future__ import annotations

__all__ = ["DAY", "ETHER", "GWEI", "HOUR", "MINUTE", "ZERO_ADDRESS"]

ZERO_ADDRESS = "0x" + "00" * 20
ETHER = 10**18  # wei
GWEI = 10**9  # wei
MINUTE, HOUR, DAY = 60, 3_600, 86_400  # seconds
