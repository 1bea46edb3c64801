"""Chapter: coins behind promises. One broken promise is proved by code, another is judged by a jury."""

from __future__ import annotations

from dataclasses import dataclass

from examples.demo.story import Story
from keifu.abi import Contract
from keifu.chain import Account, Params, RpcDeployer, deploy_protocol
from keifu.chain.header import encode_header
from keifu.chain.services import SERVICES, Service, list_now
from keifu.keys import keccak256
from keifu.local.sample import SAMPLE, deploy_sample
from keifu.staking import case_of, seal
from keifu.tge import Grants, Schedule
from keifu.tge.chain import DISTRIBUTOR, distribution_of, fund
from keifu.units import COIN, DAY

__all__ = ["TITLE", "tell"]

TITLE = "Stake, slashing and the court"
MAX = 2**256 - 1
OWN = 0  # the sub-account: the account itself
OPERATORS = ("first operator", "second operator")
DELEGATORS = ("first delegator", "second delegator", "leaving delegator")
JURORS = ("first juror", "second juror", "third juror", "fourth juror")
DISSENTER = JURORS[3]
CLAIMANTS = ("first claimant", "second claimant")
GRANT = 1_143 * COIN
LOCK, STAKE, SEATS = 5_000 * COIN, 1_000 * COIN, 300_000 * COIN
RESTITUTION, PRICE, MULTIPLE = 1_000 * COIN, 20 * COIN, 2
PROMISED = 60 * DAY
NOTICE = 29 * DAY  # a multiple counts after 28 days, from an epoch's start
CONVICTED = 2


@dataclass
class _Scene:
    story: Story
    claimants: dict[str, Account]  # by role; they hold grants and took nothing yet
    token: Contract
    hub: Contract
    court: Contract
    randomness: Contract
    sample: Contract

    def account(self, role: str) -> Account:
        return self.story.account(role)

    def balance(self, who: Account) -> int:
        balance: int = self.token.balanceOf(who.address)
        return balance

    def wait(self, seconds: int) -> None:
        """Time and some blocks: the court's clock asks for both."""
        self.story.anvil.warp(seconds)
        self.story.anvil.mine(4)


def tell(story: Story) -> None:
    scene = _set(story)
    _join(scene)
    _promise(scene)
    _stake_grants(scene)
    ticket = _delegate(scene)
    _prove(scene, ticket)
    _judge(scene)
    _leave(scene, ticket)


def _set(story: Story) -> _Scene:
    deployer = story.account("deployer")
    chain = RpcDeployer(story.chain, deployer)
    story.deployment.addresses.update(deploy_protocol(chain).addresses)
    if DISTRIBUTOR not in story.deployment.addresses:
        _distribute(story)
    story.deployment.addresses[SAMPLE] = deploy_sample(chain, story.deployment)
    list_now(chain, story.deployment, story.anvil.warp, (*SERVICES, Service(SAMPLE, 4)))
    validators, unclaimed = story.shared["validators"], story.shared["unclaimed"]
    claimants = {role: validators[index] for role, index in zip(CLAIMANTS, unclaimed, strict=False)}
    names = ("KeifuToken", "StakingHub", "AlignmentCourt", "Randomness", SAMPLE)
    scene = _Scene(story, claimants, *(story.deployment.at(story.chain, name) for name in names))
    for role in (*OPERATORS, *DELEGATORS, *JURORS, "client"):
        account = story.account(role)
        scene.token.transfer(account.address, 2 * SEATS, sender=deployer)
        for spender in (scene.hub, scene.court, scene.sample):
            scene.token.approve(spender.address, MAX, sender=account)
    story.say("the timelock has listed two services: the court, and a sample service that asks the court")
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
    for role in OPERATORS:
        operator = scene.account(role)
        scene.hub.register_operator(1_000, f"https://example.org/{role.split()[0]}", sender=operator)
        scene.hub.lock(scene.sample.address, operator.address, LOCK, sender=operator)
        scene.hub.set_multiple(scene.sample.address, MULTIPLE, sender=operator)
    for role in JURORS:
        juror = scene.account(role)
        scene.hub.register_operator(0, "", sender=juror)
        scene.hub.lock(scene.court.address, juror.address, SEATS, sender=juror)
        scene.court.join(sender=juror)
    scene.story.say(
        f"{len(OPERATORS)} operators lock {LOCK // COIN:,} coins each behind the sample service,"
        f" {len(JURORS)} jurors {SEATS // COIN:,} each behind the court"
    )
    scene.wait(NOTICE)


def _promise(scene: _Scene) -> None:
    """Each operator promises the client to keep a secret. What a promise needs is bound, earns, and carries stake."""
    client, last = scene.account("client"), scene.story.chain.now + PROMISED
    for number, role in enumerate(OPERATORS):
        operator = scene.account(role)
        guarded = keccak256(_secret(role))
        scene.sample.offer(client.address, RESTITUTION, PRICE, last, guarded, sender=operator)
        scene.sample.accept(number, sender=client)
        scene.hub.poke(operator.address, scene.sample.address, sender=operator)
    bound, exposure = scene.hub.operator_state(scene.account(OPERATORS[0]).address)[:2]
    scene.story.say(
        f"each promises its client {RESTITUTION // COIN:,} coins if a secret gets out; {bound / COIN:,.1f} coins of its"
        f" lock are reserved for that, and it can take up to {exposure / COIN:,.0f} coins of delegations"
    )
    reserved = scene.sample.reserved(scene.account(OPERATORS[0]).address)
    scene.story.check("the reserved coins are a part of the lock, and bound", reserved == bound <= LOCK)
    scene.story.check(
        "delegations may be as many times the bound coins as the multiple says", exposure == MULTIPLE * bound
    )


def _secret(role: str) -> bytes:
    return keccak256(f"the secret of the {role}".encode())


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
    story.check(
        "all that was due to the claimants is staked, and none of it passed through their wallets", due == staked > 0
    )


def _delegate(scene: _Scene) -> int:
    """All delegate and earn; one hears of a fault and begins to leave. Its ticket."""
    story, hub = scene.story, scene.hub
    operator = scene.account(OPERATORS[0])
    for role in DELEGATORS:
        hub.stake(operator.address, STAKE, STAKE, OWN, sender=scene.account(role))
    story.anvil.warp(DAY)
    hub.reward(operator.address, 700 * COIN, sender=scene.account("client"))
    story.anvil.warp(DAY)
    hub.poke(operator.address, scene.sample.address, sender=operator)
    earned = [hub.pending_rewards(operator.address, scene.account(role).address) for role in DELEGATORS]
    story.check("a fee of 700 coins is earned by delegators in equal parts", len(set(earned)) == 1 and earned[0] > 0)
    story.say(f"{DELEGATORS[2]} hears that the secret is out, and tries to slip away")
    receipt = hub.unstake(operator.address, STAKE, 0, OWN, sender=scene.account(DELEGATORS[2]))
    return int(receipt.events("Unstaked")[0].args["ticket"])


def _prove(scene: _Scene, ticket: int) -> None:
    """Somebody shows the secret. Damages come from the lock, and pay; a penalty reaches delegators, and pays nobody."""
    story, hub, sample = scene.story, scene.hub, scene.sample
    operator, prover = scene.account(OPERATORS[0]), scene.account("prover")
    client, leaving = scene.account("client"), scene.account(DELEGATORS[2])

    def worth() -> dict[str, int]:
        rows = {"operator's lock": hub.lock_of(sample.address, operator.address)}
        for role in DELEGATORS[:2]:
            rows[role] = hub.position(operator.address, scene.account(role).address)[1]
        for role, claimant in scene.claimants.items():
            rows[role] = hub.position(operator.address, claimant.address)[1]
        rows["leaving delegator"] = hub.ticket(leaving.address, ticket)[0]
        rows["client"], rows["prover"] = sample.credits(client.address), sample.credits(prover.address)
        rows["insurance"] = hub.credit(hub.insurance())
        return rows

    before = worth()
    secret = _secret(OPERATORS[0])
    sample.commit_proof(keccak256(secret + bytes(12) + bytes.fromhex(prover.address[2:])), sender=prover)
    receipt = sample.prove(0, secret, sender=prover)
    after = worth()
    change = {role: after[role] - before[role] for role in before}
    story.say(f"somebody shows the service that the promise is broken, for {receipt.gas_used:,} gas")
    story.table(
        "A proven fault: who lost, and who received",
        ("who", "before", "after", "change"),
        [(role, *(round(row[role] / COIN, 2) for row in (before, after, change))) for role in before],
    )
    paid = change["client"] + change["prover"]
    gains = paid + change["insurance"]
    holders = len(DELEGATORS + CLAIMANTS)
    story.check("the client has its whole restitution", change["client"] == RESTITUTION)
    story.check("what was lost is what was received, to the wei", 0 <= sum(change.values()) + holders >= 0 < gains)
    penalty = -change["operator's lock"] - (paid * 5 + 3) // 4
    bearers = [role for role in change if role in (*DELEGATORS, *CLAIMANTS)]
    lost = -sum(change[role] for role in bearers)
    story.check(
        f"delegators lost {MULTIPLE} times the penalty, and none of it was paid to the client or the prover",
        MULTIPLE * penalty <= lost <= MULTIPLE * penalty + holders and paid <= -change["operator's lock"] * 4 // 5 + 1,
    )
    story.check(
        "the leaving delegator lost as much as those who stayed",
        abs(change["leaving delegator"] - change["first delegator"]) <= 1 and change["first delegator"] < 0,
    )
    story.check("those who staked from a grant lost coins, too", all(change[role] < 0 for role in scene.claimants))
    for who in (client, prover):
        sample.withdraw(who.address, sender=who)


def _judge(scene: _Scene) -> None:
    story, court, client = scene.story, scene.court, scene.account("client")
    accused = scene.account(OPERATORS[1])
    before = scene.balance(client)
    case = case_of(scene.sample.accuse(1, b"the secret was told to somebody, see transcript 7", sender=client))
    court.answer(case, b"it was not told by me", sender=accused)
    scene.wait(DAY)
    court.advance(case, sender=client)
    epoch = court.get_case(case)[12]
    source = scene.randomness.source(epoch)
    story.anvil.mine(source + 1 - int(story.chain.rpc.call("eth_blockNumber"), 16))
    header = encode_header(story.chain.rpc.call("eth_getBlockByNumber", hex(source), False))
    scene.randomness.capture(epoch, header, sender=client)
    court.advance(case, sender=client)
    story.say(f"case {case} is answered; the header of block {source}, which came after it, draws the jury")
    seats = {}
    for role in JURORS:
        juror, salt = scene.account(role), keccak256(role.encode())
        seats[role] = court.drawn(case, 0, juror.address)
        court.commit(case, seal(case, 0, juror.address, role != DISSENTER, salt), sender=juror)
    scene.wait(2 * DAY)
    for role in JURORS:
        court.reveal(case, role != DISSENTER, keccak256(role.encode()), sender=scene.account(role))
    story.say(f"{sum(seats.values())} seats vote in secret and then reveal; {DISSENTER} votes innocent")
    scene.wait(DAY)
    court.advance(case, sender=client)
    scene.wait(2 * DAY)  # in which nobody calls for a re-hearing
    court.advance(case, sender=client)
    lock = scene.hub.lock_of(scene.sample.address, accused.address)
    scene.sample.pull(1, sender=client)
    taken = lock - scene.hub.lock_of(scene.sample.address, accused.address)
    verdict, amount, costs = court.verdict(case)
    story.check("the operator is convicted, and the service has slashed it", verdict == CONVICTED and taken > amount)
    scene.sample.withdraw(client.address, sender=client)
    gained = scene.balance(client) - before
    story.check(
        f"the client has its {RESTITUTION // COIN:,} coins, and its whole bond back", gained == amount == RESTITUTION
    )
    paid = {role: scene.balance(scene.account(role)) for role in JURORS}
    weight = scene.hub.lock_of(court.address, scene.account(DISSENTER).address)
    court.claim(case, [scene.account(role).address for role in JURORS], sender=client)
    fees = {role: scene.balance(scene.account(role)) - paid[role] for role in JURORS}
    lost = weight - scene.hub.lock_of(court.address, scene.account(DISSENTER).address)
    story.say(f"a seat of the majority earns {costs / COIN / sum(seats[role] for role in JURORS[:3]):.0f} coins")
    story.check(
        "jurors of the majority are paid for each seat; the juror who voted otherwise lost coins",
        sum(fees.values()) == costs and fees[DISSENTER] == 0 < lost,
    )


def _leave(scene: _Scene, ticket: int) -> None:
    story, hub, leaving = scene.story, scene.hub, scene.account(DELEGATORS[2])
    worth, maturity = hub.ticket(leaving.address, ticket)
    story.anvil.warp_to(max(maturity, story.chain.now + 1))
    before = scene.balance(leaving)
    hub.withdraw(ticket, OWN, sender=leaving)
    story.check(
        "after the waiting time the leaving delegator is paid the rest", scene.balance(leaving) - before == worth
    )
    story.shared["hub"] = hub
