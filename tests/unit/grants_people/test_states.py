"""In which words a proposal and a milestone stand, and that each refusal of the contract has a remedy."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from keifu.grants.refusals import REMEDIES
from keifu.grants.state import Committee, Milestone, Programme, Proposal, State

ROOT = Path(__file__).parents[3]
A, B, C = (f"0x{digit * 40}" for digit in "abc")
NOW, NOTICE, LAST = 1_000, 100, 5_000
PROGRAMME = Programme(1, A, B, 10, 0, 1, 1_000, NOTICE, LAST)
MILESTONE = Milestone(0, 5, 2_000, 1, False, bytes(32), 1, (C,), 0, 0, 0, bytes(32))
VOTING = Proposal(1, PROGRAMME, Committee(1, (A, B, C), 2, 0), "0xdd", "0xee", 0, 0, 0, False, 0, (MILESTONE,))
CARRIED = replace(VOTING, votes=0b11, carried_at=NOW)


@pytest.mark.parametrize(
    ("proposal", "now", "word"),
    [
        (VOTING, NOW, "voting"),
        (replace(VOTING, recused=0b11), NOW, "without a quorum"),
        (replace(VOTING, grantee=A, proposer=B), NOW, "without a quorum"),
        (replace(VOTING, programme=replace(PROGRAMME, version=2)), NOW, "committee has changed"),
        (VOTING, LAST + 1, "programme has ended"),
        (CARRIED, NOW + NOTICE, "in notice"),
        (CARRIED, NOW + NOTICE + 1, "payable"),
        (replace(CARRIED, milestones=(replace(MILESTONE, state=State.LAPSED),)), NOW + NOTICE + 1, "over"),
        (replace(CARRIED, stopped=True), NOW, "stopped by stake"),
    ],
)
def test_a_proposal_s_state(proposal, now, word):
    assert proposal.state(now) == word


@pytest.mark.parametrize(
    ("milestone", "now", "word"),
    [
        (MILESTONE, 2_000, "pending"),
        (MILESTONE, 2_001, "overdue"),
        (replace(MILESTONE, state=State.RELEASED), NOW, "released"),
        (replace(MILESTONE, state=State.RELEASED, learners=b"x" * 32, left=1), NOW, "list is being paid"),
        (replace(MILESTONE, state=State.RELEASED, learners=b"x" * 32), NOW, "list was paid"),
        (replace(MILESTONE, state=State.CLAWED_BACK), NOW, "clawed back"),
    ],
)
def test_a_milestone_s_state(milestone, now, word):
    assert milestone.word(now) == word


def test_amounts_are_in_coins_of_the_programme_s_token():
    six = replace(PROGRAMME, decimals=6)
    assert [six.coins(amount) for amount in (1_000_000, 1, 2_500_000_000_000)] == ["1", "0.000001", "2,500,000"]
    assert replace(PROGRAMME, decimals=0).coins(7) == "7"
    assert replace(VOTING, programme=six, milestones=(replace(MILESTONE, asked=1_500_000),) * 2).asked == "3"


@pytest.mark.parametrize(("counted", "stopping"), [(0, 0), (10, 1), (11, 2), (1_600, 160)])
def test_what_stops_a_proposal_is_a_share_of_what_was_counted(counted, stopping):
    assert replace(PROGRAMME, counted=counted).stopping == stopping


def test_votes_are_named_by_seat():
    assert replace(VOTING, votes=0b101).voted == [A, C]
    assert replace(VOTING, recused=0b010).without_vote == [B]


def test_every_refusal_has_a_remedy():
    sources = [ROOT / "contracts/vesting/GrantProgram.vy"]
    sources += [
        ROOT / f"contracts/vesting/lib/{name}.vy" for name in ("committees", "milestones", "programs", "proposals")
    ]
    said = {reason for file in sources for reason in re.findall(r'"(grants: [^"]+)"', file.read_text())}
    at_deployment = {"grants: no owner", "grants: witness is no contract"}
    assert said - at_deployment - set(REMEDIES) == set()
    assert {reason for reason in REMEDIES if reason.startswith("grants: ")} - said == set()
