"""`getSummary` and `readAllFeedback`, beside the same computed in Python from what was said."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from evmstorm.evm import reverts

SAID = [
    ("client", 80, 0, "uptime", "week"),
    ("client", -9_977, 2, "uptime", "month"),
    ("friend", 5, 1, "speed", "week"),
    ("friend", -1, 0, "uptime", "week"),
    ("client", 33_333, 3, "speed", ""),
    ("friend", 7, 1, "", "month"),
]


def spoken(world, agent):
    for role, value, decimals, tag, tag2 in SAID:
        world.say(agent, value, decimals, tag, getattr(world, role), tag2)


def expected(roles, tag, tag2, revoked=()):
    """The standard's words: the mean at the decimals that most used, the fewest of those; cut towards zero."""
    found = [
        (value, decimals)
        for place, (role, value, decimals, first, second) in enumerate(SAID)
        if role in roles and tag in ("", first) and tag2 in ("", second) and place not in revoked
    ]
    if not found:
        return 0, 0, 0
    counts = Counter(decimals for _, decimals in found)
    places = min(counts, key=lambda decimals: (-counts[decimals], decimals))
    mean = sum(Fraction(value, 10**decimals) for value, decimals in found) / len(found)
    return len(found), int(mean * 10**places), places


@pytest.mark.parametrize("roles", [("client",), ("friend",), ("client", "friend")])
@pytest.mark.parametrize("tag", ["", "uptime", "speed", "none"])
@pytest.mark.parametrize("tag2", ["", "week", "month"])
def test_the_mean_of_what_was_said(world, agent, roles, tag, tag2):
    spoken(world, agent)
    named = [getattr(world, role) for role in roles]
    assert world.summary(agent, *named, tag=tag, tag2=tag2) == expected(roles, tag, tag2)


def test_what_was_revoked_does_not_count(world, reputation, agent):
    spoken(world, agent)
    reputation.revokeFeedback(agent, 2, sender=world.client)
    assert world.summary(agent, world.client, world.friend) == expected(("client", "friend"), "", "", {1})


def test_a_client_that_is_named_twice_counts_twice(world, agent):
    world.say(agent)
    assert world.summary(agent, world.client, world.client) == (2, 80, 0)


def test_clients_have_to_be_named(reputation, agent):
    with reverts("reputation: no clients named"):
        reputation.getSummary(agent, [], "", "")


def test_a_mean_that_has_no_room(world, agent):
    world.say(agent, 10**38, 0)
    for _ in range(2):
        world.say(agent, 1, 18)
    with reverts("reputation: mean too large"):
        world.summary(agent)


def test_all_that_was_said(world, reputation, agent):
    spoken(world, agent)
    reputation.revokeFeedback(agent, 1, sender=world.friend)
    columns = list(zip(*reputation.readAllFeedback(agent, [], "", "", True), strict=True))
    names = {role: getattr(world, role).address for role in ("client", "friend")}
    wanted = sorted(SAID, key=lambda said: said[0])  # clients in the order in which they first spoke
    assert [(who, *row) for who, _, *row, _ in columns] == [(names[said[0]], *said[1:]) for said in wanted]
    assert [index for _, index, *_ in columns] == [1, 2, 3, 1, 2, 3]
    assert [row[-1] for row in columns] == [False, False, False, True, False, False]
    assert len(reputation.readAllFeedback(agent, [], "", "", False)[0]) == 5
    assert reputation.readAllFeedback(agent, [world.friend], "uptime", "week", False)[2] == (-1,)
    assert reputation.readAllFeedback(agent, [world.stranger], "", "", True)[0] == ()
