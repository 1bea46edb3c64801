"""Chapter: stake that backs promises. One operator is slashed by a proven fault, another stands before the court."""

from __future__ import annotations

from dataclasses import dataclass

from ethwire.constants import ZERO_ADDRESS
from examples.demo.story import Story
from keifu.abi import Contract
from keifu.chain import Account, Params, RpcDeployer, deploy_protocol
from keifu.chain.header import encode_header
from keifu.keys import keccak256
from keifu.staking import case_of, read_operator, seal, through_timelock
from keifu.tge import Grants, Schedule
from keifu.tge.chain import DISTRIBUTOR, distribution_of, fund
from keifu.units import COIN, DAY

__all__ = ["TITLE", "tell"]

TITLE = "Stake, slashing and the court"
MAX = 2**256 - 1
OPERATORS = ("first operator", "second operator")
DELEGATORS = ("first delegator", "second delegator", "leaving delegator")
JURORS = ("first juror", "second juror", "third juror")
CLAIMANTS = ("first claimant", "second claimant")
GRANT = 1_143 * COIN
BOND, STAKE, JUROR_BOND = 5_000 * COIN, 2_000 * COIN, 100_000 * COIN
COMMITTED, FAULT = 8_000 * COIN, 6_500 * COIN
VICTIM_BPS, PROVER_BPS = 5_000, 3_000
VERDICTS = {1: "not guilty", 2: "guilty", 3: "no quorum"}
GUILTY = 2


@dataclass
class _Scene:
    story: Story
    claimants: dict[str, Account]  # by role; they hold grants and took nothing yet
    token: Contract
    hub: Contract
    court: Contract
    randomness: Contract
    timelock: Contract

    def account(self, role: str) -> Account:
        return self.story.account(role)

    def balance(self, who: Account) -> int:
        balance: int = self.token.balanceOf(who.address)
        return balance


def tell(story: Story) -> None:
    scene = _set(story)
    _join(scene)
    _stake_grants(scene)
    ticket = _delegate(scene)
    _slash(scene, ticket)
    _judge(scene)
    _leave(scene, ticket)


def _set(story: Story) -> _Scene:
    deployer = story.account("deployer")
    story.deployment.addresses.update(deploy_protocol(RpcDeployer(story.chain, deployer)).addresses)
    if DISTRIBUTOR not in story.deployment.addresses:
        _distribute(story)
    validators, unclaimed = story.shared["validators"], story.shared["unclaimed"]
    claimants = {role: validators[index] for role, index in zip(CLAIMANTS, unclaimed, strict=False)}
    names = ("KeifuToken", "StakingHub", "AlignmentCourt", "Randomness", "Timelock")
    scene = _Scene(story, claimants, *(story.deployment.at(story.chain, name) for name in names))
    roles = (*OPERATORS, *DELEGATORS, *JURORS, "accuser")
    for role in roles:
        account = story.account(role)
        scene.token.transfer(account.address, 2 * JUROR_BOND, sender=deployer)
        for spender in (scene.hub, scene.court):
            scene.token.approve(spender.address, MAX, sender=account)
    service = story.account("sample service")
    for listed, terms in (
        (service.address, (VICTIM_BPS, PROVER_BPS, scene.court.address)),
        (scene.court.address, (0, 5_000, ZERO_ADDRESS)),
    ):
        horizon = scene.court.longest_case()
        through_timelock(
            scene.timelock, scene.hub, "list_service", listed, horizon, *terms, sender=deployer, wait=story.anvil.warp
        )
    story.say("a sample service and the court are listed through the timelock; the service names the court as arbiter")
    return scene


def _distribute(story: Story) -> None:
    """A short list of grants, for when this chapter is told without the one that pays them."""
    deployer = story.account("deployer")
    validators = [Account.from_role(f"validator {number}") for number in range(len(CLAIMANTS))]
    grants = Grants([account.address.lower() for account in validators], [GRANT] * len(validators))
    distribution = distribution_of(grants.tree.root, grants.allocation, Schedule(story.chain.now))
    chain = RpcDeployer(story.chain, deployer)
    deployment = deploy_protocol(chain, Params(distribution=distribution))
    fund(chain, deployment, distribution, story.chain.chain_id, deployer.sign)
    story.deployment.addresses.update(deployment.addresses)
    story.shared.update(grants=grants, validators=validators, unclaimed=range(len(validators)))


def _join(scene: _Scene) -> None:
    service = scene.account("sample service").address
    for role in OPERATORS:
        operator = scene.account(role)
        scene.hub.register_operator(1_000, f"https://example.org/{role.split()[0]}", sender=operator)
        scene.hub.bond(BOND, sender=operator)
        scene.hub.commit(service, BOND, sender=operator)
    for role in JURORS:
        juror = scene.account(role)
        scene.hub.register_operator(0, "", sender=juror)
        scene.hub.bond(JUROR_BOND, sender=juror)
        scene.hub.commit(scene.court.address, JUROR_BOND, sender=juror)
    scene.story.say(f"{len(OPERATORS)} operators bond {BOND // COIN:,} coins each and commit them to the service")


def _stake_grants(scene: _Scene) -> None:
    """Claimants who have taken nothing so far stake what is due, and no coin passes through their wallets."""
    story, hub, grants = scene.story, scene.hub, scene.story.shared["grants"]
    distributor, operator = story.deployment.at(story.chain, DISTRIBUTOR), scene.account(OPERATORS[0]).address
    due = staked = 0
    for claimant in scene.claimants.values():
        story.anvil.account(claimant.name, ether=1)  # for gas
        index = grants.numbers[claimant.address.lower()]
        grant, wallet = (index, claimant.address, grants.totals[index]), scene.balance(claimant)
        amount = distributor.claimable(*grant)
        proof = grants.tree.proof(index)
        distributor.claim_and_stake(index, grant[2], proof, operator, amount, amount, sender=claimant)
        due += amount
        staked += hub.position(operator, claimant.address)[1] if scene.balance(claimant) == wallet else 0
    story.say(
        f"{len(scene.claimants)} claimants stake {due // COIN:,} coins straight from their grants, in one call each"
    )
    story.check("all that was due to the claimants is stake, and none of it was in their wallets", due == staked > 0)


def _delegate(scene: _Scene) -> int:
    """All delegate; the operator commits more, and one who does not like that begins to leave. Its ticket."""
    story, hub = scene.story, scene.hub
    operator, service = scene.account(OPERATORS[0]), scene.account("sample service")
    for role in DELEGATORS:
        hub.stake(operator.address, STAKE, STAKE, sender=scene.account(role))
    story.anvil.warp(2 * DAY)
    hub.reward(operator.address, 700 * COIN, sender=scene.account("accuser"))
    story.anvil.warp(2 * DAY)
    earned = [hub.pending_rewards(operator.address, scene.account(role).address) for role in DELEGATORS]
    story.check("a fee of 700 coins is earned by delegators in equal parts", len(set(earned)) == 1 and earned[0] > 0)
    hub.commit(service.address, COMMITTED - BOND, sender=operator)
    notice = hub.commitment(service.address, operator.address)[2] - story.chain.now
    story.say(f"the operator commits more; it counts in {notice / DAY:.0f} days, so that delegators can leave before")
    story.anvil.warp(notice - DAY)
    story.say(f"{DELEGATORS[2]} hears of a fault and tries to slip away a day before")
    receipt = hub.unstake(operator.address, STAKE, sender=scene.account(DELEGATORS[2]))
    story.anvil.warp(2 * DAY)
    return int(receipt.events("Unstaked")[0].args["ticket"])


def _slash(scene: _Scene, ticket: int) -> None:
    story, hub = scene.story, scene.hub
    operator, service = scene.account(OPERATORS[0]), scene.account("sample service")
    victim, prover, leaving = scene.account("victim"), scene.account("prover"), scene.account(DELEGATORS[2])

    def worth() -> dict[str, int]:
        rows = {"operator's bond": read_operator(hub, operator.address).bond}
        for role in DELEGATORS[:2]:
            rows[role] = hub.position(operator.address, scene.account(role).address)[1]
        for role, claimant in scene.claimants.items():
            rows[role] = hub.position(operator.address, claimant.address)[1]
        rows["leaving delegator"] = hub.ticket(leaving.address, ticket)[0]
        rows["victim"], rows["prover"] = hub.credit(victim.address), hub.credit(prover.address)
        rows["insurance"] = hub.totals()[1]
        return rows

    before, slashable = worth(), hub.slashable(operator.address)
    receipt = hub.slash(operator.address, FAULT, victim.address, prover.address, keccak256(b"evidence"), sender=service)
    after, taken = worth(), slashable - hub.slashable(operator.address)
    change = {role: after[role] - before[role] for role in before}
    story.table(
        f"A proven fault of {FAULT // COIN:,} coins, {receipt.gas_used:,} gas: who lost and who received",
        ("who", "before", "after", "change"),
        [(role, *(round(row[role] / COIN, 2) for row in (before, after, change))) for role in before],
    )
    received = sum(change[role] for role in ("victim", "prover", "insurance"))
    story.check("what the stake lost is what was received, to the wei", taken == received == FAULT)
    lost = received - sum(change.values())
    story.check(
        "each holder bore its part of that, to the wei", received <= lost < received + len(DELEGATORS + CLAIMANTS)
    )
    story.check("the bond went first, and whole", after["operator's bond"] == 0)
    story.check(
        "the leaving delegator paid as much as those who stayed",
        change["leaving delegator"] == change["first delegator"] < 0,
    )
    story.check("who staked from a grant paid, too", all(change[role] < 0 for role in scene.claimants))
    paid = change["victim"] + change["prover"]
    story.check("victim and prover together got four fifths of the bond, nothing of delegators", paid == BOND * 8 // 10)
    for who in (victim, prover):
        hub.collect(who.address, sender=who)


def _judge(scene: _Scene) -> None:
    story, court, accuser = scene.story, scene.court, scene.account("accuser")
    accused = scene.account(OPERATORS[1])
    case = case_of(
        court.open_case(
            scene.account("sample service").address,
            accused.address,
            accuser.address,
            1_000 * COIN,
            keccak256(b"transcript of an answer that no code can judge"),
            sender=accuser,
        )
    )
    epoch = court.get_round(case, 0)[2]
    source = scene.randomness.source(epoch)
    head = int(story.chain.rpc.call("eth_blockNumber"), 16)
    story.anvil.mine(source + 1 - head)
    header = encode_header(story.chain.rpc.call("eth_getBlockByNumber", hex(source), False))
    scene.randomness.capture(epoch, header, sender=scene.account("watcher"))
    story.say(f"case {case} is open; the header of block {source}, which came after it, draws the jury")
    votes = {JURORS[0]: True, JURORS[1]: True, JURORS[2]: False}
    for role, guilty in votes.items():
        juror = scene.account(role)
        sealed = seal(case, 0, juror.address, guilty, keccak256(role.encode()))
        court.commit_vote(case, court.drawn_seats(case, juror.address)[:5], sealed, sender=juror)
    story.anvil.warp_to(court.get_round(case, 0)[0] + court.commit_period())
    for role, guilty in votes.items():
        court.reveal_vote(case, guilty, keccak256(role.encode()), sender=scene.account(role))
    story.anvil.warp(court.reveal_period() + court.appeal_period())
    receipt = court.execute(case, sender=accuser)
    verdict, taken = (receipt.events("Executed")[0].args[key] for key in ("verdict", "taken"))
    story.say(f"verdict: {VERDICTS[verdict]}; {taken // COIN:,} coins are taken from {OPERATORS[1]}")
    story.check("the verdict ran against the commitment to the service", verdict == GUILTY and taken == 1_000 * COIN)
    for role, guilty in votes.items():
        if guilty:
            court.claim_juror(case, 0, sender=scene.account(role))
    paid = [court.credits(scene.account(role).address) for role in JURORS]
    story.check("jurors of the majority share the fee, the other gets nothing", paid[0] == paid[1] > 0 == paid[2])


def _leave(scene: _Scene, ticket: int) -> None:
    story, hub, leaving = scene.story, scene.hub, scene.account(DELEGATORS[2])
    worth, maturity = hub.ticket(leaving.address, ticket)
    story.anvil.warp_to(max(maturity, story.chain.now + 1))
    before = scene.balance(leaving)
    hub.withdraw(ticket, sender=leaving)
    story.check("the matured ticket pays what was left of it", scene.balance(leaving) - before == worth)
    story.shared["hub"] = hub
