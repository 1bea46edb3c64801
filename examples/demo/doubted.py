"""A float model's answer is sold as re-executed, and is a lie. Members of a panel compute it again, a jury convicts the
provider, and a member that did not compute loses coins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.demo.market import FUNDS, PAGE, PRICE, RECORDS, Market, NodeProcess, Provider, until
from examples.demo.story import Story
from examples.floats.server import FloatServer, floats, make_weights
from keifu.chain.suite import COURT, HUB, REEXECUTION, TOKEN
from keifu.compute.client.client import Answer, ComputeClient
from keifu.compute.client.client import Provider as Named
from keifu.compute.client.side import chain_side
from keifu.compute.client.store import Store
from keifu.compute.market import services
from keifu.compute.receipt import Evidence
from keifu.errors import CheckFailed
from keifu.keys import keccak256
from keifu.local.suite import warp
from keifu.node.compute.making import market_section, own_section, passed_on
from keifu.node.kinds import kind_of
from keifu.node.setup import Wish, make_node
from keifu.payments.wallet import Terms as Paying
from keifu.payments.wallet import Wallet
from keifu.provenance.digest import digest_path
from keifu.reexecution import actions
from keifu.reexecution.doubting import doubt
from keifu.reexecution.reading import MATURITY, SLOT_STAKE, Demand, Reading, Seat, Terms, mature, seal
from keifu.reexecution.tolerance import Rule, Tolerance, Word
from keifu.staking import actions as staking
from keifu.staking import court
from keifu.staking.hotkeys import KeyKind, name_key
from keifu.units import COIN, DAY, coins

__all__ = ["doubts"]

TOLERANCE = Tolerance(Rule.NUMBERS, 1e-4, 1e-3)
FEE, RESTITUTION, LOCKED, TERM = 8 * COIN, 800 * COIN, 4_000 * COIN, 30 * DAY
BLOCKS = 4  # in each wait for the court
SEATS = 1_000_000  # coins of the juror
NODES, IDLE = ("first member", "second member"), "idle member"
CLIENT, JUROR = "doubting client", "juror of floats"
QUESTION, LIE = "how far is it?", 0.5
SALT = keccak256(b"what nobody else knows")


class _FloatProvider(Provider):
    """Sells what another server answers, for an operator whose own key stays apart from the node."""

    def __init__(self, market: Market, upstream: str, digest: bytes) -> None:
        super().__init__(market, "floats")
        self.upstream, self.digest = upstream, digest
        self.operator = f"operator of {self.role}"
        market.account(self.operator, FUNDS)

    @property
    def environment(self) -> bytes:
        return b""

    def promise(self) -> None:
        market, chain = self.market, self.market.chain(self.operator)
        staking.register(chain, market.suite, 0, PAGE)
        services.lock_coins(chain, market.suite, LOCKED, REEXECUTION)
        name_key(chain, market.suite, market.client.chain_id, self.receipt_key, KeyKind.RECEIPT)

    def section(self) -> dict[str, Any]:
        served = (f"words={self.upstream}",)
        return own_section(
            "127.0.0.1:0", "1 second", (), served, {"request": PRICE},
            market=market_section(PAGE, self.market.account(self.operator).address),
            more=passed_on(served, ["embeddings"], self.digest),
        )  # fmt: skip

    def has_promised(self) -> bool:
        compute = self.market.suite.at(self.market.client, "ComputeMarket")
        named: str = compute.key(self.receipt_key.address)[0]
        return named.lower() == self.market.account(self.operator).address.lower()


@dataclass
class _Scene:
    story: Story
    market: Market
    reading: Reading
    weights: Path
    servers: dict[str, FloatServer]
    provider: _FloatProvider

    def at(self, contract: str) -> Any:
        return self.market.suite.at(self.market.client, contract)

    def coins_of(self, role: str) -> int:
        found: int = self.at(TOKEN).balanceOf(self.market.account(role).address)
        return found

    def lock_of(self, role: str) -> int:
        found: int = self.at(HUB).lock_of(self.market.suite[REEXECUTION], self.market.account(role).address)
        return found

    def pass_to(self, moment: int) -> None:
        warp(self.market.client, max(moment - self.market.client.now, 1))

    def wait(self, seconds: int) -> None:
        """Time and some blocks: the court's clock asks for both."""
        warp(self.market.client, seconds, BLOCKS)

    def seats(self, demand: Demand) -> list[Seat]:
        return self.reading.seats(demand, self.reading.promise(demand.promise))

    def words(self, demand: Demand) -> dict[str, int]:
        """What each member has shown, by its role; 0 for nothing."""
        roles = {self.market.account(role).address.lower(): role for role in (*NODES, IDLE)}
        return {roles[seat.executor]: seat.word for seat in self.seats(demand)}

    def sealed(self, demand: Demand) -> int:
        return sum(any(seat.seal) for seat in self.seats(demand))


def doubts(story: Story, market: Market) -> None:
    """A pool, a promise, a lie; a panel, a jury; and what each of them has then."""
    weights = make_weights((market.folder / "weights").resolve())
    lying, *own = (story.held.enter_context(floats(weights, seed)) for seed in range(len(NODES) + 1))
    provider = _FloatProvider(market, lying.url, digest_path(weights).root)
    scene = _Scene(
        story, market, Reading(market.client, market.suite), weights, dict(zip(NODES, own, strict=True)), provider
    )  # fmt: skip
    _settle_in(scene)
    provider.promise()
    story.held.callback(provider.end)
    provider.start()
    with _client(scene) as asking:
        answer = _sold(scene, asking, lying)
        before = {role: scene.lock_of(role) for role in (provider.operator, IDLE)}
        held = scene.coins_of(CLIENT)
        demand = _judged(scene, asking, answer)
    provider.end()
    _convicted(scene, demand)
    _paid(scene, demand, before, held)


def _settle_in(scene: _Scene) -> None:
    """Three members hold slots, and a juror sits in court, long enough to count."""
    market, suite = scene.market, scene.market.suite
    promised = Terms(scene.provider.digest, TOLERANCE.encoded, 3, 2, FEE, RESTITUTION, 0, 0)
    for place, role in enumerate((*NODES, IDLE)):
        market.account(role, SLOT_STAKE // COIN)
        chain = market.chain(role)
        staking.register(chain, suite, 0, "")
        services.lock_coins(chain, suite, SLOT_STAKE, REEXECUTION)
        chain.call(suite[REEXECUTION], REEXECUTION, "join", promised.pool, place)
    market.account(JUROR, SEATS)
    juror = market.chain(JUROR)
    staking.register(juror, suite, 0, "")
    services.lock_coins(juror, suite, SEATS * COIN, COURT)
    juror.call(suite[COURT], COURT, "join")
    scene.pass_to(market.client.now + MATURITY + DAY)
    juror.call(suite[COURT], COURT, "poke", juror.sender)
    scene.story.say(
        f"A model in floating point: no program proves its answers wrong. {len(NODES) + 1} members have locked"
        f" {coins(SLOT_STAKE)} coins each to compute them again, a week ago."
    )


@contextmanager
def _client(scene: _Scene) -> Iterator[ComputeClient]:
    market = scene.market
    side = chain_side(market.client, market.suite, 0, None)
    client = market.account(CLIENT, FUNDS)
    paying = Paying(side.chain_id, side.channels, side.market, PRICE, market.suite["Erc3009DepositCollector"], COIN)
    with (
        Store(market.folder / CLIENT) as store,
        ComputeClient(Wallet(client, store, paying), side.sources, now=side.now) as asking,
    ):
        yield asking


def _ask(scene: _Scene, asking: ComputeClient) -> Answer:
    where = Named(scene.provider.url, scene.market.account(scene.provider.operator).address)
    return asking.ask(where, "/v1/embeddings", {"model": "words", "input": QUESTION})


def _sold(scene: _Scene, asking: ComputeClient, server: FloatServer) -> Answer:
    """An answer under a promise, and false."""
    market, suite, story = scene.market, scene.market.suite, scene.story
    before = _ask(scene, asking)
    (kept,) = asking.store.channels()
    terms = Terms(
        scene.provider.digest, TOLERANCE.encoded, 3, 2, FEE, RESTITUTION, 0, market.client.now + TERM
    )  # fmt: skip
    number = actions.offer(market.chain(scene.provider.operator), suite, kept.channel, terms)
    promise = scene.reading.promise(number)
    actions.accept(market.chain(CLIENT), suite, promise, terms.panel)
    asking.store.keep_promise(number)
    until(lambda: _ask(scene, asking).evidence == Evidence.REEXECUTED)
    server.lie = LIE
    answer = _ask(scene, asking)
    slots = scene.reading.slots(terms.pool)
    ready = sum(1 for _ in mature(slots, market.client.now, (promise.operator, promise.client)))
    story.check(
        f"before the promise an answer is {before.evidence.word}, after it {answer.evidence.word}: {ready} could judge",
        (before.evidence, answer.evidence, ready) == (Evidence.UNVERIFIED, Evidence.REEXECUTED, len(NODES) + 1),
    )
    return answer


def _judged(scene: _Scene, asking: ComputeClient, answer: Answer) -> Demand:
    """Two members compute; the third says yes to whatever comes."""
    market, suite, story = scene.market, scene.market.suite, scene.story
    (item,) = asking.store.again(answer.receipt.struct_hash)
    (number,) = asking.store.promises()
    client, idle = market.chain(CLIENT), market.chain(IDLE)
    opened = doubt(client, suite, scene.reading, scene.reading.promise(number), item)
    market.anvil.mine(max(scene.reading.seed_block(opened) + 2 - market.client.rpc.block_number(), 1))
    actions.go_on(client, suite, scene.reading, opened.id)
    nodes = [_member(scene, role) for role in NODES]
    demand = scene.reading.demand(opened.id)
    own = [seat.executor for seat in scene.seats(demand)].index(idle.sender.lower())
    word = demand.id, int(Word.AGREES), keccak256(answer.receipt.response_hash), SALT
    idle.call(suite[REEXECUTION], REEXECUTION, "commit", demand.id, own, seal(*word, idle.sender))
    if not until(lambda: scene.sealed(demand) == len(NODES) + 1):
        raise CheckFailed("the members' nodes seal no word", remedy=f"look at {nodes[0].log}")
    scene.pass_to(demand.commit_until + 1)
    idle.call(suite[REEXECUTION], REEXECUTION, "reveal", demand.id, own, *word[1:])
    until(lambda: all(scene.words(demand).values()))
    said = scene.words(demand)
    for node in nodes:
        node.end()
    story.check(
        "two members have computed it again, and differ; one agrees without a look",
        said == dict.fromkeys(NODES, int(Word.DIFFERS)) | {IDLE: int(Word.AGREES)},
    )
    scene.pass_to(demand.reveal_until + 1)
    return scene.reading.demand(demand.id)


def _member(scene: _Scene, role: str) -> NodeProcess:
    """The node of a re-executor, as `keifu node reexecutor` runs it."""
    market, folder = scene.market, scene.market.folder / role.replace(" ", "-")
    model = {
        "upstream": scene.servers[role].url, "digest": scene.provider.digest.hex(), "weights": str(scene.weights),
        "absolute": TOLERANCE.absolute, "relative": TOLERANCE.relative, "fee": FEE, "endpoints": ["embeddings"],
    }  # fmt: skip
    own = {"poll": "1 second", "models": {"floats": model}}
    make_node(
        kind_of("reexecutor"), folder,
        Wish(market.anvil.url, "127.0.0.1:0", market.folder / RECORDS, role=role, own=own),
    )  # fmt: skip
    found = NodeProcess("reexecutor", folder)
    scene.story.held.callback(found.end)
    return found


def _convicted(scene: _Scene, demand: Demand) -> None:
    """The client accuses, and a jury reads what the panel found."""
    market, suite, client = scene.market, scene.market.suite, scene.market.chain(CLIENT)
    juror, judging = market.chain(JUROR), scene.at(COURT)
    case = actions.accuse(client, suite, demand, scene.reading.promise(demand.promise), b"")
    scene.wait(DAY)
    court.advance(client, suite, case)
    source = scene.at("Randomness").source(court.read_case(judging, case).seed_epoch)
    market.anvil.mine(max(source + 2 - market.client.rpc.block_number(), 1))
    court.draw(market.client, client, suite, case)
    seats = court.commit(juror, suite, case, guilty=True, salt=SALT)
    scene.wait(2 * DAY)
    juror.call(suite[COURT], COURT, "reveal", case, True, SALT)
    scene.wait(DAY)
    court.advance(client, suite, case)
    scene.wait(2 * DAY)  # in which nobody calls for a re-hearing
    court.advance(client, suite, case)
    scene.story.say(f"The client accuses. A jury of {seats} seats reads what the panel found, and votes guilty.")


def _paid(scene: _Scene, demand: Demand, before: dict[str, int], held: int) -> None:
    market, suite, story = scene.market, scene.market.suite, scene.story
    client, operator = market.chain(CLIENT), scene.provider.operator
    actions.go_on(client, suite, scene.reading, demand.id)
    actions.withdraw(client, suite)
    lost = {role: lock - scene.lock_of(role) for role, lock in before.items()}
    outcome = scene.reading.demand(demand.id).data()["outcome"]
    story.check(
        f"the provider is {outcome}: {coins(lost[operator])} coins of its lock are gone",
        outcome == "convicted" and lost[operator] > RESTITUTION,
    )
    gained = scene.coins_of(CLIENT) - held
    story.check(
        f"the client has its fees and its bond back, and {coins(gained)} coins for the lie", gained == RESTITUTION
    )
    slot = next(
        slot for slot in scene.reading.slots(scene.reading.promise(demand.promise).terms.pool)
        if slot.executor == market.account(IDLE).address.lower()
    )  # fmt: skip
    story.check(
        f"the member that did not compute has lost {coins(lost[IDLE])} coins, and its slot",
        lost[IDLE] > FEE and slot.left > 0,
    )
