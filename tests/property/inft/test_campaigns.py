"""INF, DAT, MKT, IDN, REP, VAL and PRV under random sequences, beside logs of what people did; and the five oracles,
each of which finds a fault that is put back."""

from __future__ import annotations

from functools import cache

import pytest

from audit.systems.agent_market import AgentMarket
from audit.systems.agents import AgentRegistries
from audit.systems.inft import Inft
from audit.systems.proof_validator import ProofValidator
from evmstorm.evm import artifacts
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from keifu.spec.attestors import Lost, Signed
from keifu.spec.inft import Moved
from keifu.units import COIN, DAY
from tests.oracles import Oracle, content, finds
from tests.profiles import quick_or_deep

CALLS = 2_400
LIABILITY, ATTESTORS, LINEAGE = "inft/lib/liability.vy", "inft/lib/attestors.vy", "inft/lib/lineage.vy"

test_tokens_and_attestors_keep_their_invariants = sequences(Inft, examples=quick_or_deep(3, 100))
test_sales_keep_their_invariants = sequences(AgentMarket, examples=quick_or_deep(3, 100))
test_registries_of_agents_keep_their_invariants = sequences(AgentRegistries, examples=quick_or_deep(3, 100))
test_answers_of_the_validator_are_the_log_s = sequences(ProofValidator, examples=quick_or_deep(3, 100))


def test_a_campaign_reaches_what_it_is_for() -> None:
    """Backed transfers, wrong keys that are shown, leases, sales that end both ways."""
    engine = Engine(AgentMarket)
    system, search = engine.system, Search(engine, seed=1)
    assert isinstance(system, AgentMarket)
    reached: set[str] = set()

    while engine.calls < CALLS:
        assert search.step() is None
        book = system.model
        reached |= {"backed" for item in book.attestors.log if isinstance(item, Signed) and item.backing}
        reached |= {"a wrong key" for item in book.attestors.log if isinstance(item, Lost)}
        reached |= {"moved twice" for token in book.tokens.tokens() if book.tokens.moves(token) > 1}
        reached |= {"burned" for item in book.tokens.log if isinstance(item, Moved) and int(item.to, 16) == 0}
        reached |= {"sold" for sale in book.sales() if book.end_of(sale.order.number)}
        reached |= {"held" for _ in book.open_sales()}

    assert reached == {"backed", "a wrong key", "moved twice", "burned", "sold", "held"}


# the oracles ----------------------------------------------------------------------------------------------------------

DAMAGES_ARE_THE_PAYMENT = Bug("", LIABILITY, "return (_paid * 5 + 3) // 4", "return _paid", ("DataVerifier",))
PAID_TWICE = Bug(
    "",
    LIABILITY,
    "    self.credits[_said.move.sender] += paid\n",
    "    self.credits[_said.move.sender] += paid + 10**18\n",
    ("DataVerifier",),
)
LATE_RELEASE = Bug(
    "",
    ATTESTORS,
    "block.timestamp >= state.release_at",
    "block.timestamp >= state.release_at + 86_400",
    ("DataVerifier",),
)
WHOLE_ROUND = Bug(
    "",
    LINEAGE,
    "return _price // BPS * bps + _price % BPS * bps // BPS",
    "return _price // BPS * bps",
    ("IntelligentNFT",),
)
ROYALTY_OF_THE_SELLER = Bug(
    "", "inft/AgentMarket.vy", "        rest -= share.amount\n", "        rest -= 2 * share.amount\n", ("AgentMarket",)
)

compiled = cache(compile_with)


def started(kind: type[Inft], bug: Bug | None) -> Inft:
    system = Engine(kind, compiled(bug) if bug else artifacts.load).system
    assert isinstance(system, kind)
    system.start()
    return system


def call(system: Inft, action: str, role: str, *args: object) -> None:
    """One action of the campaign that must succeed."""
    steps = getattr(type(system), action)
    run = steps.method if hasattr(steps, "method") else steps
    generator = run(system, system[role], *args)
    order = next(generator)
    answer = system.evm.raw.call(order.sender, order.to, order.data)
    assert answer is not None, system.evm.revert().reason
    with pytest.raises(StopIteration):
        generator.send(answer)


def backed(system: Inft, *, wrong: bool) -> int:
    """A transfer of the creator's token to the buyer that two attestors back."""
    token = system.model.tokens.tokens()[0]
    call(system, "move", "creator", token, "buyer", "", ("attestor", "other attestor"), 800 * COIN, wrong)
    return token


def promise(bug: Bug | None) -> None:
    system = started(Inft, bug)
    backed(system, wrong=True)
    assert system.promises_are_payable() is True


def profit(bug: Bug | None) -> None:
    system = started(Inft, bug)
    backed(system, wrong=True)
    nonce = next(iter(system.said))
    order = system.wrong_key_call(nonce, system["buyer"])
    locks = {who: system.lock_of(who) for who in system.model.attestors.check_wrong(nonce).signers}
    assert system.evm.raw.call(order.sender, order.to, order.data) is not None
    lost = {who: amount - system.lock_of(who) for who, amount in locks.items()}
    system.model.attestors.prove_wrong(nonce, lost)
    assert system.nobody_is_richer_than_the_log_says() is True


def harm(bug: Bug | None) -> None:
    system = started(AgentMarket, bug)
    assert isinstance(system, AgentMarket)
    token = system.model.tokens.tokens()[0]
    call(system, "sell", "stranger", token, "buyer", 800 * COIN, 0, "", "", False, 0)
    system.evm.warp(3 * DAY + 1)
    number = system.model.sales()[0].order.number
    call(system, "finish", "stranger", number)
    assert system.who_signed_nothing_wrong_loses_nothing() is True


def delay(bug: Bug | None) -> None:
    system = started(Inft, bug)
    backed(system, wrong=False)
    assert system.attestors_get_out() is True


def neutrality(bug: Bug | None) -> None:
    assert started(Inft, bug).parts_of_a_price_are_worth_the_whole() is True


ORACLES: list[tuple[Oracle, Bug, str]] = [
    (promise, DAMAGES_ARE_THE_PAYMENT, "promise: "),
    (profit, PAID_TWICE, "profit: "),
    (harm, ROYALTY_OF_THE_SELLER, "profit: .* less than"),
    (delay, LATE_RELEASE, "must succeed in the end, was refused: verifier: too early"),
    (neutrality, WHOLE_ROUND, "^neutrality|^assert False is True"),
]


test_an_oracle_finds_what_was_put_back = finds(quick_or_deep(ORACLES[2:3], ORACLES))
test_an_oracle_is_content_without_a_fault = content(ORACLES)
