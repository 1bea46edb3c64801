"""Durable sending: intents that are kept on the disk until each has taken effect once."""

from __future__ import annotations

from keifu.chain.sender._sender import Sender
from keifu.chain.sender.book import Policy
from keifu.chain.sender.intent import Intent, State
from keifu.chain.sender.step import Step

__all__ = ["Intent", "Policy", "Sender", "State", "Step"]
