"""Chapter: a committee grants an agent's team; one milestone is shown and paid, another lapses, and a word taken back
takes back what has not vested."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from examples.demo.story import Story
from keifu.chain import Deployment, RpcDeployer, deploy_protocol
from keifu.chain.suite import GRANTS, REGISTRY, TOKEN
from keifu.errors import CheckFailed
from keifu.grants import Reader, State, actions
from keifu.provenance import Attestation, Kind, Record
from keifu.provenance.digest import digest_path
from keifu.provenance.registry import Provenance, schema_id
from keifu.units import COIN, DAY, coins

__all__ = ["TITLE", "tell"]

TITLE = "A grant: evidence is paid, silence is not"
FUNDER, TEAM, REVIEWER = "grants' funder", "lending agent's team", "risk reviewer"
MEMBERS = ("first member", "second member", "third member")
FUNDS, VESTED, AT_ONCE = 900, 600, 300  # coins
STEPS = 6
WORDS = "lending agent: never borrows more than half of what it holds"
LATER = "lending agent: runs for a month with live prices"
DRAFT = """programme = {programme}
grantee = "{team}"
statement = "proposal.md"

[[milestones]]
amount = "{vested}"
within = "60 days"
kind = "evaluation"
schema = "{words}"
attesters = ["{reviewer}"]
vesting = {{ step = "30 days", steps = {steps}, cliff = 1 }}

[[milestones]]
amount = "{at_once}"
within = "90 days"
kind = "evaluation"
schema = "{later}"
attesters = ["{reviewer}"]
"""


@dataclass
class _Scene:
    story: Story
    suite: Deployment
    folder: Path
    reader: Reader

    def chain(self, role: str) -> RpcDeployer:
        return RpcDeployer(self.story.chain, self.story.account(role))

    def balance(self, role: str) -> int:
        found: int = self.suite.at(self.story.chain, TOKEN).balanceOf(self.story.account(role).address)
        return found


def tell(story: Story) -> None:
    """Fund, decide, show, pay; then what comes back."""
    scene = _set(story)
    programme = _open(scene)
    proposal = _decide(scene, programme)
    record = _evaluate(scene)
    _show(scene, proposal, record)
    _come_back(scene, programme, proposal, record)


def _set(story: Story) -> _Scene:
    deployer, suite = RpcDeployer(story.chain, story.account("deployer")), story.deployment
    suite.addresses.update(deploy_protocol(deployer).addresses)
    while (ready := actions.list_token(deployer, suite)) > 0:  # queued, and after the delay executed
        story.anvil.warp(max(ready - story.chain.now, 1))
    suite.at(story.chain, TOKEN).transfer(story.account(FUNDER), FUNDS * COIN, sender=story.account("deployer"))
    folder = story.out / "grants"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return _Scene(story, suite, folder, Reader(story.chain, suite.at(story.chain, GRANTS)))


def _open(scene: _Scene) -> int:
    story, funder = scene.story, scene.chain(FUNDER)
    members = [story.account(role).address for role in MEMBERS]
    last = story.chain.now + 400 * DAY
    number = actions.open_programme(
        funder, scene.suite, scene.suite[TOKEN], members, 2, objection_bps=1_000, notice=3 * DAY, last=last
    )
    actions.fund(funder, scene.suite, number, FUNDS * COIN)
    story.say(f"a programme with {FUNDS} coins: two of three members carry a proposal, stake may object for three days")
    return number


def _decide(scene: _Scene, programme: int) -> int:
    """The team proposes; a member with an interest has no vote; the other two carry it."""
    story = scene.story
    (scene.folder / "proposal.md").write_text("An agent that lends and borrows within limits.\n")
    draft = scene.folder / "proposal.toml"
    draft.write_text(
        DRAFT.format(
            programme=programme, team=story.account(TEAM).address, reviewer=story.account(REVIEWER).address,
            vested=VESTED, at_once=AT_ONCE, steps=STEPS, words=WORDS, later=LATER,
        )
    )  # fmt: skip
    proposal = actions.propose(
        scene.chain(TEAM), scene.suite, actions.read_proposal(scene.reader, draft), story.chain.now
    )
    actions.recuse(scene.chain(MEMBERS[2]), scene.suite, proposal, "holds shares in the team's firm")
    for role in MEMBERS[:2]:
        actions.vote(scene.chain(role), scene.suite, scene.reader, proposal)
    found = scene.reader.proposal(proposal)
    story.check("two votes carry it, without the member that has an interest", found.carried_at > 0)
    story.check("all of it is reserved", found.programme.reserved == FUNDS * COIN and found.programme.free == 0)
    story.anvil.warp(3 * DAY + 1)
    return proposal


def _evaluate(scene: _Scene) -> bytes:
    """The team runs its agent against a year of made-up prices, and registers what came out."""
    story, team = scene.story, scene.story.account(TEAM)
    report = scene.folder / "evaluation.txt"
    report.write_text(f"largest share borrowed on any day of a year: {_largest_share():.3f}\n")
    found = digest_path(report)
    record = Record(team.address, Kind.EVALUATION, found.root, manifest=found.root, version="1.0.0")
    return Provenance(story.chain, scene.suite[REGISTRY]).register(record, team)


def _largest_share() -> float:
    """Of what the agent holds, by a price that walks; it borrows half at most, and pays back when the price falls."""
    prices, price, borrowed, largest = random.Random(20), 1.0, 0.0, 0.0  # noqa: S311 - prices of a story
    for _ in range(365):
        price *= 1 + prices.uniform(-0.04, 0.04)
        borrowed = min(borrowed + 0.05, price / 2)
        largest = max(largest, borrowed / price)
    return largest


def _show(scene: _Scene, proposal: int, record: bytes) -> None:
    """A release is refused before the reviewer has said so, and pays into the escrow afterwards."""
    story, team = scene.story, scene.chain(TEAM)
    try:
        actions.release(team, scene.suite, scene.reader, proposal, 0, record)
    except CheckFailed as refused:
        story.check(f"without the reviewer's word nothing is paid ({refused.message})", True)
    else:
        story.check("without the reviewer's word nothing is paid", False)
    registry = Provenance(story.chain, scene.suite[REGISTRY])
    registry.attest(Attestation(schema_id(WORDS), record), story.account(REVIEWER))
    shown = actions.release(team, scene.suite, scene.reader, proposal, 0, record)
    story.check(f"with it, {coins(shown.asked)} coins go into an escrow", shown.grant > 0)
    story.anvil.warp(60 * DAY)
    before = scene.balance(TEAM)
    actions.collect(team, scene.reader, proposal, 0)
    paid = scene.balance(TEAM) - before
    story.check(f"after two of {STEPS} months the team has {coins(paid)} coins", paid == 2 * VESTED * COIN // STEPS)


def _come_back(scene: _Scene, programme: int, proposal: int, record: bytes) -> None:
    """The second milestone is never shown; and the reviewer takes its word for the first one back."""
    story, anybody = scene.story, scene.chain(FUNDER)
    story.anvil.warp(30 * DAY)
    actions.lapse(anybody, scene.suite, proposal, 1)
    free = scene.reader.programme(programme).free
    story.check(f"the milestone that nobody showed lapses: {coins(free)} coins are free", free == AT_ONCE * COIN)
    registry = Provenance(story.chain, scene.suite[REGISTRY])
    registry.revoke_attestation(schema_id(WORDS), record, story.account(REVIEWER))
    back = actions.claw_back(anybody, scene.suite, scene.reader, proposal, 0)
    story.check(f"the reviewer's word is taken back: {coins(back)} coins that had not vested return", back > 0)
    story.check(
        "a coin that has vested stays with the team",
        back == VESTED * COIN - 3 * VESTED * COIN // STEPS
        and scene.reader.milestone(proposal, 0)[1].state is State.CLAWED_BACK,
    )
    rows = [
        (item.index, coins(item.asked), item.word(story.chain.now), item.evidence.hex()[:8] or "–")
        for item in scene.reader.proposal(proposal).milestones
    ]
    story.table("Milestones", ("milestone", "coins", "state", "evidence"), rows)
