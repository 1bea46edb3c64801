"""AlignmentCourt's constructor."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts

NOBODY = "0x" + "00" * 19 + "aa"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({0: NOBODY}, "court: token is no contract"),
        ({1: NOBODY}, "court: hub is no contract"),
        ({2: NOBODY}, "court: randomness is no contract"),
        ({3: 1}, "court: too few blocks a day"),
    ],
)
def test_refusals(room, change, reason):
    args = [room.token, room.hub, room.box, 2]
    for index, value in change.items():
        args[index] = value
    with reverts(reason):
        room.evm.deploy("AlignmentCourt", *args, sender=room.owner)


def test_what_it_was_given_is_shown(room, court):
    assert (court.token(), court.hub(), court.randomness()) == tuple(
        contract.address for contract in (room.token, room.hub, room.box)
    )
    assert (court.daily_blocks(), court.SEAT(), court.LEAST_SEATS()) == (4, 2_000, 400)
