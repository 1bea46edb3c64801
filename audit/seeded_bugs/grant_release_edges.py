"""A bug of GrantProgram that shows in lists of more than a word of bits."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("vesting/GrantProgram.vy", "GrantProgram")

BUGS = [
    _bug("learners are told apart in one word only", "milestones._paid[key][_index // 256] = bits | bit", "milestones._paid[key][_index // 512] = bits | bit"),
]  # fmt: skip
