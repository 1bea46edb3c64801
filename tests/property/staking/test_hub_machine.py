"""State machines over the staking hub, from tame to hostile; invariants HUB-* are asserted after every step."""

from __future__ import annotations

from hypothesis import settings

from tests.property.staking.machine import Delegation, Hostile, Rewards, Slashing

TestDelegation = Delegation.TestCase
TestRewards = Rewards.TestCase
TestSlashing = Slashing.TestCase
TestHostile = Hostile.TestCase
TestHostile.settings = settings(stateful_step_count=50)
