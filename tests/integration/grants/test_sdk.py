"""`k.grants`: what the commands do, for programs, called and awaited."""

from __future__ import annotations

import asyncio

import pytest

import keifu as package
from keifu.errors import CheckFailed, UsageError
from keifu.units import COIN, DAY

from .conftest import ATTESTER, MEMBERS, TEAM


@pytest.fixture
def connected(chain, records):
    """A connection as a role."""
    made = []

    def connected(role):
        made.append(package.connect(chain.url, deployments=records, role=role))
        return made[-1]

    yield connected
    for one in made:
        one.close()


def test_a_proposal_is_made_voted_on_shown_and_paid(connected, propose, registered, passes, programme, tmp_path):
    propose()  # writes the file
    team, record = connected(TEAM).grants, registered("by a program", ATTESTER)
    made = team.propose(tmp_path / "proposal.toml")
    for role in MEMBERS[:2]:
        connected(role).grants.vote(made.number)
    with pytest.raises(CheckFailed, match="in notice"):
        team.release(made.number, 0, record)
    passes(4 * DAY)
    assert all(item.holds for item in team.evidence(made.number, 0, record))
    assert team.release(made.number, 0, record).state.word == "released"
    assert team.programme(programme).reserved == 0
    assert [item.number for item in team.proposals(programme)] == [1, 2]


def test_awaited(chain, records, propose):
    number = propose((7, ""))

    async def ask():
        async with package.connect_async(chain.url, deployments=records, role=TEAM) as k:
            return await k.grants.proposal(number)

    assert asyncio.run(ask()).milestones[0].asked == 7 * COIN


def test_an_id_that_is_none(connected, propose):
    with pytest.raises(UsageError, match="is no id of a record"):
        connected(TEAM).grants.release(propose(), 0, "abc")
