"""Chapter one: 8,000 validators are granted 1,143 coins each, and are paid over three years to the last wei."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from examples.demo.story import Story
from keifu.chain import Call, RpcDeployer
from keifu.chain.deployments import Record
from keifu.chain.protocol import Distribution
from keifu.keys import Account, checksum
from keifu.tge import Grants, Ledger, Schedule, coins, read_csv, write_files
from keifu.tge import chain as tge
from keifu.tge.check import verify
from keifu.tge.grants import HEADER
from keifu.tge.status import draw, read_status

__all__ = ["TITLE", "tell"]

TITLE = "Token: a list of grants, paid to the last wei"

VALIDATOR_COINS = 1_143
NOTICE_SECONDS = 3_600  # between the deployment and the event
BATCH = 64  # grants a call of claim_many
CLAIM_GAS = 150_000
BATCH_GAS = 8_000_000


@dataclass(frozen=True)
class _Size:
    grants: int
    own_claims: int  # signed by their claimants
    foreign_claims: int  # sent by somebody else
    lost: int  # grants whose holders never show up


FULL = _Size(grants=8_000, own_claims=200, foreign_claims=50, lost=25)
FAST = _Size(grants=1_000, own_claims=40, foreign_claims=10, lost=5)


@dataclass
class _Telling:
    """What the steps of the chapter share."""

    story: Story
    size: _Size
    validators: list[Account]
    grants: Grants
    distribution: Distribution
    ledger: Ledger
    record: Record
    gas: dict[str, list[int]] = field(default_factory=dict)
    wrong: int = 0

    def claim(self, kind: str, indices: Sequence[int], senders: Sequence[Account]) -> None:
        """Send a claim for each index, each from its sender, and compare every payout with the model."""
        distributor = self.story.deployment.at(self.story.chain, tge.DISTRIBUTOR)
        calls = [
            Call(distributor, "claim", self.arguments(index), sender, gas=CLAIM_GAS)
            for index, sender in zip(indices, senders, strict=True)
        ]
        with self.story.progress(kind, len(calls)) as bar:
            task = bar.task_ids[0]
            receipts = self.story.chain.send_many(calls, on_progress=lambda done: bar.update(task, completed=done))
        now = self.story.chain.now
        for index, receipt in zip(indices, receipts, strict=True):
            amount = receipt.events("Claimed")[0].args["amount"]
            self.wrong += amount != self.ledger.claim(index, now)
        self.gas.setdefault(kind, []).extend(receipt.gas_used for receipt in receipts)

    def claim_batches(self, kind: str, indices: Sequence[int], sender: Account) -> None:
        """Claim many grants in few transactions."""
        distributor = self.story.deployment.at(self.story.chain, tge.DISTRIBUTOR)
        batches = [indices[start : start + BATCH] for start in range(0, len(indices), BATCH)]
        with self.story.progress(kind, len(indices)) as bar:
            for batch in batches:
                arguments = ([self.arguments(index) for index in batch],)
                receipt = self.story.chain.send_many(
                    [Call(distributor, "claim_many", arguments, sender, gas=BATCH_GAS)]
                )[0]
                now = self.story.chain.now
                due = {index: amount for index in batch if (amount := self.ledger.claim(index, now))}
                self.wrong += due != {log.args["index"]: log.args["amount"] for log in receipt.events("Claimed")}
                self.gas.setdefault(kind, []).extend([receipt.gas_used // len(batch)] * len(batch))
                bar.advance(bar.task_ids[0], len(batch))

    def arguments(self, index: int) -> tuple[int, str, int, list[bytes]]:
        return index, self.grants.accounts[index], self.grants.totals[index], self.grants.tree.proof(index)


def tell(story: Story) -> None:
    """CSV → tree → deployment → claims at the event, at each of 36 steps and at the end → what came out."""
    telling = _prepare(story, FAST if story.fast else FULL)
    _deploy(telling)
    _event(telling)
    _steps(telling)
    _conclude(telling)


def _prepare(story: Story, size: _Size) -> _Telling:
    validators = [Account.from_role(f"validator {number}") for number in range(size.grants)]
    path = _write_csv(story.out / "grants.csv", validators)
    grants = read_csv(path)
    summary = write_files(grants, story.out / "grants", csv_path=path)
    story.say(f"{path}: {len(grants):,} grants, {coins(grants.allocation)} coins; root {summary.root}")
    schedule = Schedule(story.chain.now + NOTICE_SECONDS)
    distribution = tge.distribution_of(grants.tree.root, grants.allocation, schedule)
    record = Record(story.chain.chain_id, genesis="")
    return _Telling(story, size, validators, grants, distribution, Ledger(schedule, grants.totals), record)


def _write_csv(path: Path, validators: Sequence[Account]) -> Path:
    lines = [f"{checksum(account.address)},{VALIDATOR_COINS}" for account in validators]
    path.write_text("\n".join([",".join(HEADER), *lines, f"total,{VALIDATOR_COINS * len(lines)}", ""]))
    return path


def _deploy(telling: _Telling) -> None:
    story, distribution = telling.story, telling.distribution
    deployer = story.account("deployer")
    chain = RpcDeployer(story.chain, deployer)
    deployment = tge.deploy(
        chain,
        telling.record,
        distribution,
        save=lambda record: None,
        on_step=lambda name, address: story.say(f"  {name:18} {checksum(address)}"),
    )
    story.deployment.addresses.update(deployment.addresses)
    for name in (tge.TOKEN, tge.DISTRIBUTOR):
        story.deployment.at(story.chain, name)  # their events are decoded from now on
    first = tge.fund(chain, deployment, distribution, story.chain.chain_id, deployer.sign)
    again = tge.fund(chain, deployment, distribution, story.chain.chain_id, deployer.sign)
    story.check("the allocation is paid in, and a second run does not pay it again", first and not again)


def _event(telling: _Telling) -> None:
    story, size = telling.story, telling.size
    story.anvil.warp_to(telling.distribution.start)
    story.say("the event: a third is vested")
    own = list(range(size.own_claims))
    for index in own:  # gas money, by real transactions of the faucet
        story.anvil.account(telling.validators[index].name, ether=1)
    telling.claim("first claims, signed by their claimants", own, [telling.validators[index] for index in own])
    foreign = list(range(size.own_claims, size.own_claims + size.foreign_claims))
    helper = story.account("helper")
    telling.claim("first claims, sent by somebody else", foreign, [helper] * len(foreign))
    token = story.deployment.at(story.chain, tge.TOKEN)
    story.check("whoever sends a claim gets nothing of it", token.balanceOf(helper.address) == 0)


def _steps(telling: _Telling) -> None:
    """At each step one claimant claims, so that every step of the schedule is paid at least once."""
    story, schedule = telling.story, telling.ledger.schedule
    moments = list(schedule.times())[1:]
    half = len(moments) // 2
    _months(telling, "the first 18 months", moments[:half], first=1)
    some = range(telling.size.grants * 2 // 5)
    telling.claim_batches("two fifths of all grants, in batches", some, story.account("helper"))
    status = read_status(story.chain, story.deployment, telling.distribution)
    story.picture(draw(status, story.out / "vesting.svg"))
    _months(telling, "the other 18 months", moments[half:], first=half + 1)
    present = range(telling.size.grants - telling.size.lost)
    telling.claim_batches("the rest of all grants, in batches", present, story.account("helper"))


def _months(telling: _Telling, label: str, moments: Sequence[int], first: int) -> None:
    story = telling.story
    distributor = story.deployment.at(story.chain, tge.DISTRIBUTOR)
    with story.progress(label, len(moments)) as bar:
        for number, moment in enumerate(moments, first):
            turn = number % telling.size.own_claims
            story.anvil.warp_to(moment)
            call = Call(distributor, "claim", telling.arguments(turn), telling.validators[turn], gas=CLAIM_GAS)
            receipt = story.chain.send_many([call])[0]
            amount = receipt.events("Claimed")[0].args["amount"]
            telling.wrong += amount != telling.ledger.claim(turn, story.chain.now)
            telling.gas.setdefault("later claims", []).append(receipt.gas_used)
            bar.advance(bar.task_ids[0])


def _conclude(telling: _Telling) -> None:
    story, ledger, grants = telling.story, telling.ledger, telling.grants
    token = story.deployment.at(story.chain, tge.TOKEN)
    left = token.balanceOf(story.deployment[tge.DISTRIBUTOR])
    unclaimed = sum(grants.totals[-telling.size.lost :])
    story.check("every payout was what the model says, to the wei", telling.wrong == 0)
    story.check("paid and left add up to the allocation", ledger.paid_out + left == grants.allocation)
    story.check(f"nothing is left but {telling.size.lost} grants that nobody claimed", left == unclaimed)
    checks = verify(story.chain, telling.record, grants, folder=story.out / "grants", csv_path=story.out / "grants.csv")
    story.check(f"`tge verify` agrees in all {len(checks)} points", all(check.holds for check in checks))
    story.table(
        "Gas of a grant's claim (median)",
        ("what", "grants", "gas"),
        [(kind, len(used), int(median(used))) for kind, used in telling.gas.items()],
    )
    status = read_status(story.chain, story.deployment, telling.distribution)
    story.table("The distribution", ("", "coins, or as it says"), status.rows())
    story.shared["schedule"] = ledger.schedule
    story.shared["validators"] = telling.validators
    story.shared["grants"] = grants
    story.shared["unclaimed"] = range(telling.size.grants - telling.size.lost, telling.size.grants)
