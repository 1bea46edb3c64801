"""Chapter one: 8,000 validators are granted 1,143 coins each, and are paid over three years to the last wei."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from examples.demo.stage import Stage
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

    stage: Stage
    size: _Size
    validators: list[Account]
    grants: Grants
    distribution: Distribution
    ledger: Ledger
    gas: dict[str, list[int]] = field(default_factory=dict)
    wrong: int = 0

    def claim(self, kind: str, indices: Sequence[int], senders: Sequence[Account]) -> None:
        """Send a claim for each index, each from its sender, and compare every payout with the model."""
        distributor = self.stage.deployment.at(self.stage.chain, tge.DISTRIBUTOR)
        calls = [
            Call(distributor, "claim", self.arguments(index), sender, gas=CLAIM_GAS)
            for index, sender in zip(indices, senders, strict=True)
        ]
        with self.stage.progress(kind, len(calls)) as bar:
            task = bar.task_ids[0]
            receipts = self.stage.chain.send_many(calls, on_progress=lambda done: bar.update(task, completed=done))
        now = self.stage.chain.now
        for index, receipt in zip(indices, receipts, strict=True):
            amount = receipt.events("Claimed")[0].args["amount"]
            self.wrong += amount != self.ledger.claim(index, now)
        self.gas.setdefault(kind, []).extend(receipt.gas_used for receipt in receipts)

    def claim_batches(self, kind: str, indices: Sequence[int], sender: Account) -> None:
        """Claim many grants in few transactions."""
        distributor = self.stage.deployment.at(self.stage.chain, tge.DISTRIBUTOR)
        batches = [indices[start : start + BATCH] for start in range(0, len(indices), BATCH)]
        with self.stage.progress(kind, len(indices)) as bar:
            for batch in batches:
                arguments = ([self.arguments(index) for index in batch],)
                receipt = self.stage.chain.send_many(
                    [Call(distributor, "claim_many", arguments, sender, gas=BATCH_GAS)]
                )[0]
                now = self.stage.chain.now
                due = {index: amount for index in batch if (amount := self.ledger.claim(index, now))}
                self.wrong += due != {log.args["index"]: log.args["amount"] for log in receipt.events("Claimed")}
                self.gas.setdefault(kind, []).extend([receipt.gas_used // len(batch)] * len(batch))
                bar.advance(bar.task_ids[0], len(batch))

    def arguments(self, index: int) -> tuple[int, str, int, list[bytes]]:
        return index, self.grants.accounts[index], self.grants.totals[index], self.grants.tree.proof(index)


def tell(stage: Stage) -> None:
    """CSV → tree → deployment → claims at the event, at each of 36 steps and at the end → what came out."""
    telling = _prepare(stage, FAST if stage.fast else FULL)
    _deploy(telling)
    _event(telling)
    _steps(telling)
    _conclude(telling)


def _prepare(stage: Stage, size: _Size) -> _Telling:
    validators = [Account.from_role(f"validator {number}") for number in range(size.grants)]
    path = _write_csv(stage.out / "grants.csv", validators)
    grants = read_csv(path)
    summary = write_files(grants, stage.out / "grants", csv_path=path)
    stage.say(f"{path}: {len(grants):,} grants, {coins(grants.allocation)} coins; root {summary.root}")
    schedule = Schedule(stage.chain.now + NOTICE_SECONDS)
    distribution = tge.distribution_of(grants.tree.root, grants.allocation, schedule)
    return _Telling(stage, size, validators, grants, distribution, Ledger(schedule, grants.totals))


def _write_csv(path: Path, validators: Sequence[Account]) -> Path:
    lines = [f"{checksum(account.address)},{VALIDATOR_COINS}" for account in validators]
    path.write_text("\n".join([",".join(HEADER), *lines, f"total,{VALIDATOR_COINS * len(lines)}", ""]))
    return path


def _deploy(telling: _Telling) -> None:
    stage, distribution = telling.stage, telling.distribution
    deployer = stage.account("deployer")
    chain = RpcDeployer(stage.chain, deployer)
    record = Record(stage.chain.chain_id, genesis="")
    deployment = tge.deploy(
        chain,
        record,
        distribution,
        save=lambda record: None,
        on_step=lambda name, address: stage.say(f"  {name:16} {checksum(address)}"),
    )
    stage.deployment.addresses.update(deployment.addresses)
    for name in (tge.TOKEN, tge.DISTRIBUTOR):
        stage.deployment.at(stage.chain, name)  # their events are decoded from now on
    first = tge.fund(chain, deployment, distribution, stage.chain.chain_id, deployer.sign)
    again = tge.fund(chain, deployment, distribution, stage.chain.chain_id, deployer.sign)
    stage.check("the allocation is paid in, and a second run does not pay it again", first and not again)


def _event(telling: _Telling) -> None:
    stage, size = telling.stage, telling.size
    stage.anvil.warp_to(telling.distribution.start)
    stage.say("the event: a third is vested")
    own = list(range(size.own_claims))
    for index in own:  # gas money, by real transactions of the faucet
        stage.anvil.account(telling.validators[index].name, ether=1)
    telling.claim("first claims, signed by their claimants", own, [telling.validators[index] for index in own])
    foreign = list(range(size.own_claims, size.own_claims + size.foreign_claims))
    helper = stage.account("helper")
    telling.claim("first claims, sent by somebody else", foreign, [helper] * len(foreign))
    token = stage.deployment.at(stage.chain, tge.TOKEN)
    stage.check("whoever sends a claim gets nothing of it", token.balanceOf(helper.address) == 0)


def _steps(telling: _Telling) -> None:
    """At each step one claimant claims, so that every step of the schedule is paid at least once."""
    stage, schedule = telling.stage, telling.ledger.schedule
    moments = list(schedule.times())[1:]
    half = len(moments) // 2
    _months(telling, "the first 18 months", moments[:half], first=1)
    some = range(telling.size.grants * 2 // 5)
    telling.claim_batches("two fifths of all grants, in batches", some, stage.account("helper"))
    status = read_status(stage.chain, stage.deployment, telling.distribution)
    stage.picture(draw(status, stage.out / "vesting.svg"))
    _months(telling, "the other 18 months", moments[half:], first=half + 1)
    present = range(telling.size.grants - telling.size.lost)
    telling.claim_batches("the rest of all grants, in batches", present, stage.account("helper"))


def _months(telling: _Telling, label: str, moments: Sequence[int], first: int) -> None:
    stage = telling.stage
    distributor = stage.deployment.at(stage.chain, tge.DISTRIBUTOR)
    with stage.progress(label, len(moments)) as bar:
        for number, moment in enumerate(moments, first):
            turn = number % telling.size.own_claims
            stage.anvil.warp_to(moment)
            call = Call(distributor, "claim", telling.arguments(turn), telling.validators[turn], gas=CLAIM_GAS)
            receipt = stage.chain.send_many([call])[0]
            amount = receipt.events("Claimed")[0].args["amount"]
            telling.wrong += amount != telling.ledger.claim(turn, stage.chain.now)
            telling.gas.setdefault("later claims", []).append(receipt.gas_used)
            bar.advance(bar.task_ids[0])


def _conclude(telling: _Telling) -> None:
    stage, ledger, grants = telling.stage, telling.ledger, telling.grants
    token = stage.deployment.at(stage.chain, tge.TOKEN)
    left = token.balanceOf(stage.deployment[tge.DISTRIBUTOR])
    unclaimed = sum(grants.totals[-telling.size.lost :])
    stage.check("every payout was what the model says, to the wei", telling.wrong == 0)
    stage.check("paid and left add up to the allocation", ledger.paid_out + left == grants.allocation)
    stage.check(f"nothing is left but {telling.size.lost} grants that nobody claimed", left == unclaimed)
    checks = verify(stage.chain, stage.deployment, telling.distribution, grants, None)
    stage.check(f"`tge verify` agrees in all {len(checks)} points", all(check.holds for check in checks))
    stage.table(
        "Gas of a grant's claim (median)",
        ("what", "grants", "gas"),
        [(kind, len(used), int(median(used))) for kind, used in telling.gas.items()],
    )
    status = read_status(stage.chain, stage.deployment, telling.distribution)
    stage.table("The distribution", ("", "coins, or as it says"), status.rows())
    stage.shared["schedule"] = ledger.schedule
    stage.shared["validators"] = telling.validators
    stage.shared["grants"] = grants
    stage.shared["unclaimed"] = range(telling.size.grants - telling.size.lost, telling.size.grants)
