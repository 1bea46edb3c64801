"""A bug of GrantProgram that shows after a slash."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("vesting/lib/proposals.vy", "GrantProgram")

BUGS = [
    _bug("objections weigh shares", "self._objections[_proposal] + weight", "self._objections[_proposal] + shares"),
]  # fmt: skip
