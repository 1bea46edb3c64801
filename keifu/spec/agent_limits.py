"""What the registries of agents allow: how long texts are, and what a value of feedback is.

Imports nothing, so that a command line can be checked with it.
"""

from __future__ import annotations

__all__ = [
    "BEST",
    "LARGEST",
    "LONGEST_CONSENT",
    "MAX_AGENT_URI",
    "MAX_DECIMALS",
    "MAX_ENDPOINT",
    "MAX_KEY",
    "MAX_NAMED",
    "MAX_TAG",
    "MAX_URI",
    "MAX_VALUE",
    "WALLET_KEY",
]

LARGEST, MAX_DECIMALS = 10**38, 18  # of a value
BEST = 100  # answer of a validator
LONGEST_CONSENT = 300  # seconds from a wallet's signature to its deadline
MAX_AGENT_URI, MAX_URI, MAX_ENDPOINT, MAX_TAG = 2_048, 1_024, 512, 64  # bytes
MAX_KEY, MAX_VALUE = 64, 1_024  # bytes of an agent's metadata
MAX_NAMED = 100  # accounts that a reader names at once
WALLET_KEY = "agentWallet"  # of the metadata, which only a wallet's consent writes
