"""GRT under random sequences, beside a log of what people did; and the five oracles, each of which finds a fault that
is put back."""

from __future__ import annotations

from functools import cache

import pytest

from audit.systems.grant_program import MEMBERS, PAID, SCHEMAS, GrantPrograms, Promised, Proposal
from audit.systems.grant_program_edges import GrantProgramEdges
from audit.systems.grant_release_edges import GrantReleaseEdges
from evmstorm.evm import artifacts
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from evmstorm.fuzz.system import System
from evmstorm.mutation.seeded_bugs import Bug, compile_with, search_for_bug
from keifu.provenance import Kind
from keifu.units import COIN, DAY
from tests.oracles import Oracle, content, finds
from tests.profiles import quick_or_deep

CALLS = 60_000
PROGRAM, MONEY, PROPOSALS, WITNESS = (
    f"vesting/{name}.vy" for name in ("GrantProgram", "lib/programs", "lib/proposals", "GrantWitness")
)
CONTRACT = ("GrantProgram",)

test_programmes_keep_their_invariants = sequences(GrantPrograms, examples=quick_or_deep(3, 100))
test_programmes_at_their_edges = sequences(GrantProgramEdges, examples=quick_or_deep(3, 100))
test_milestones_at_their_edges = sequences(GrantReleaseEdges, examples=quick_or_deep(3, 100))


def test_a_campaign_reaches_what_it_is_for() -> None:
    """Milestones that end in every way, lists that are paid, proposals that are stopped, money that goes back."""
    engine = Engine(GrantPrograms)
    system, search = engine.system, Search(engine, seed=1)
    reached: set[str] = set()
    wanted = {"stopped", "lapsed", "clawed back", "vesting", "list", "paid", "taken", "recused", "second committee"}
    assert isinstance(system, GrantPrograms)

    while engine.calls < CALLS and not wanted <= reached:
        assert search.step() is None
        reached |= {"taken"} if any(item.taken for item in system.programmes) else set()
        for proposal in system.proposals[1:]:
            reached |= {"stopped"} if proposal.stopped else set()
            reached |= {"recused"} if proposal.recused else set()
            reached |= {"second committee"} if proposal.version > 1 and proposal.carried else set()
            for item in proposal.milestones:
                kind = "vesting" if item.grant else "list" if item.is_list and item.paid else "paid"
                reached |= {item.ended} | ({kind} if item.released else set())

    assert wanted <= reached


# the oracles ----------------------------------------------------------------------------------------------------------

A_LIST_TO_THE_TEAM = Bug("", PROGRAM, "    if plan == 0 and not has_list:\n", "    if plan == 0:\n", CONTRACT)
HALF_OF_WHAT_LAPSED = Bug(
    "",
    PROGRAM,
    "    programs._free(program, amount)\n    log",
    "    programs._free(program, amount // 2)\n    log",
    CONTRACT,
)
WHOEVER_CALLS = Bug(
    "", MONEY, "_push(IERC20(self._tokens[_program]), funder, free)",
    "_push(IERC20(self._tokens[_program]), msg.sender, free)", CONTRACT,
)  # fmt: skip
EVERYTHING_WAITS = Bug(
    "",
    PROGRAM,
    "    if state == milestones.RELEASED:\n        deadline",
    "    if state > 0:\n        deadline",
    CONTRACT,
)
THE_FIRST_COUNTS_HALF = Bug(
    "",
    PROPOSALS,
    "unsafe_add(self._objections[_proposal], weight)",
    "unsafe_add(self._objections[_proposal] // 2, weight)",
    CONTRACT,
)

compiled = cache(compile_with)


def started(bug: Bug | None) -> GrantPrograms:
    """As quiet people have a proposal that waits for its evidence."""
    system = Engine(GrantPrograms, compiled(bug) if bug else artifacts.load).system
    assert isinstance(system, GrantPrograms)
    system.start()
    return system


def carried(system: GrantPrograms, **changes: object) -> Proposal:
    """A proposal for the team whose notice is over."""
    attesters = (system["attester"],)
    item = Promised(PAID, system.now + 20 * DAY, int(Kind.RUN), False, SCHEMAS[0], 1, attesters)
    item.__dict__.update(changes)
    args = 2, system["team"], [item.args], bytes(32), ""
    proposal = Proposal(2, system.programmes[1], system["team"], system["stranger"], 1, [item])
    system.do("grants.propose", *args, sender=system["stranger"])
    for member in MEMBERS[:2]:
        system.do("grants.vote", 2, True, sender=system[member])
        proposal.votes.add(system[member])
    proposal.carried = system.now
    system.proposals.append(proposal)
    system.evm.warp(3 * DAY + 1)
    return proposal


def profit(bug: Bug | None) -> None:
    system = started(bug)
    proposal = carried(system, learners=system.list.tree.root)
    record = system.shown_anew(proposal, 0)
    system.do("grants.release", 2, 0, record, sender=system["team"])
    assert system.nobody_gains() is True


def promise(bug: Bug | None) -> None:
    system = started(bug)
    carried(system)
    system.evm.warp(20 * DAY)
    assert system.reserves_are_payable() is True


def harm(bug: Bug | None) -> None:
    assert started(bug).bystanders_lose_nothing() is True


def delay(bug: Bug | None) -> None:
    system = started(bug)
    carried(system, deadline=system.now + 300 * DAY)
    assert system.everybody_leaves_in_time() is True


def neutrality(bug: Bug | None) -> None:
    system = started(bug)
    system.do("hub.stake", system["operator"], 100 * COIN, 0, 0, sender=system["delegator"])
    system.staked[system["delegator"], 0] += 100 * COIN
    assert system.order_is_neutral() is True


ORACLES: list[tuple[Oracle, Bug, str]] = [
    (profit, A_LIST_TO_THE_TEAM, "profit: team have .* more than the log"),
    (promise, HALF_OF_WHAT_LAPSED, "promise: what lapsed is not free"),
    (harm, WHOEVER_CALLS, "harm: "),
    (delay, EVERYTHING_WAITS, "must succeed in the end, was refused: grants: deadline has not passed"),
    (neutrality, THE_FIRST_COUNTS_HALF, "neutrality: objections"),
]


test_an_oracle_finds_what_was_put_back = finds(ORACLES)
test_an_oracle_is_content_without_a_fault = content(ORACLES)


# the edges ------------------------------------------------------------------------------------------------------------

AT_AN_EDGE: list[tuple[type[System], Bug]] = [
    (
        GrantProgramEdges,
        Bug(
            "objections weigh shares", PROPOSALS, "unsafe_add(self._objections[_proposal], weight)",
            "unsafe_add(self._objections[_proposal], shares)", CONTRACT,
        ),
    ),
    (
        GrantProgramEdges,
        Bug(
            "who has objected and leaves makes the whole smaller", PROPOSALS, "max(self._wholes[_proposal], total)",
            "total", CONTRACT,
        ),
    ),
    (
        GrantReleaseEdges,
        Bug(
            "a grantee that deprecates its record hides what is behind it", WITNESS,
            "    if self._found[_evidence]:\n        return True\n", "", ("GrantWitness",),
        ),
    ),
    (
        GrantReleaseEdges,
        Bug(
            "learners share one word", PROGRAM, "milestones._paid[key][_index // 256] = bits | bit",
            "milestones._paid[key][_index // 512] = bits | bit", CONTRACT,
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("system", "bug"), AT_AN_EDGE, ids=lambda item: getattr(item, "__name__", ""))
def test_a_campaign_at_the_edges_finds_what_the_wide_one_does_not_reach(system: type[System], bug: Bug) -> None:
    assert search_for_bug(system, bug, calls=CALLS).example is not None
