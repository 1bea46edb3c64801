"""A court on anvil: one accused operator, two jurors with 100 seats each, seeds that a test puts in a box."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_utils import keccak

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN, DAY
from tests.roles import role_fixtures

EPOCH = REVEAL = APPEAL = DAY
UNBONDING = 40 * DAY
BOND = 100 * COIN
ASKED = 1_000 * COIN
PENALTY = 50 * COIN
EVIDENCE, SEED, SALT = b"\x05" * 32, b"\x07" * 32, b"\x09" * 32
INNOCENT, GUILTY, NO_QUORUM, VOID = 1, 2, 3, 3


globals().update(
    role_fixtures("owner", "accuser", "victim", "operator", "juror", "other_juror", "service", "stranger", "sink")
)


@pytest.fixture(scope="module")
def token(project, owner):
    return project.KeifuToken.deploy(owner, sender=owner)


@pytest.fixture(scope="module")
def hub(project, token, owner, sink):
    return project.StakingHub.deploy(token, owner, sink, UNBONDING, EPOCH, sender=owner)


@pytest.fixture(scope="module")
def box(project, owner):
    return project.MockRandomness.deploy(sender=owner)


@pytest.fixture(scope="module")
def court(project, chain, token, hub, box, owner, accuser, operator, service, juror, other_juror):
    """Everybody has committed what they will, three epochs ago."""
    court = project.AlignmentCourt.deploy(token, hub, box, BOND, REVEAL, APPEAL, sender=owner)
    hub.list_service(court, DAY, 0, 5_000, ZERO_ADDRESS, sender=owner)
    hub.list_service(service, court.longest_case(), 5_000, 3_000, court, sender=owner)
    for account, to, amount in (
        (operator, service, 10_000 * COIN),
        (juror, court, 100_000 * COIN),
        (other_juror, court, 100_000 * COIN),
    ):
        token.transfer(account, 10**24, sender=owner)
        token.approve(hub, 2**256 - 1, sender=account)
        hub.register_operator(0, "", sender=account)
        hub.bond(amount, sender=account)
        hub.commit(to, amount, sender=account)
    token.transfer(accuser, 10**24, sender=owner)
    for account in (accuser, operator):
        token.approve(court, 2**256 - 1, sender=account)
    chain.pending_timestamp += 3 * EPOCH
    chain.mine()
    return court


@pytest.fixture(scope="module")
def open_case(court, box, service, operator, victim, accuser, owner):
    """Open a case whose jury has its seed; its number."""

    def open_case():
        opened = court.open_case(service, operator, victim, ASKED, EVIDENCE, sender=accuser)
        box.put(opened.events[0].seed_epoch, SEED, sender=owner)
        return opened.return_value

    return open_case


@pytest.fixture(scope="module")
def case(open_case):
    return open_case()


@pytest.fixture(scope="module")
def wait(chain):
    def wait(seconds):
        chain.pending_timestamp += seconds
        chain.mine()

    return wait


@pytest.fixture
def at(chain):
    """Give the next block this time."""
    return chain.provider.set_timestamp


@pytest.fixture(scope="module")
def reveal_of(court):
    """The first second of the current jury's reveal."""
    return lambda case: court.get_round(case, court.get_case(case).round).opened + 2 * EPOCH


@pytest.fixture(scope="module")
def to_reveal(chain, reveal_of):
    """To the first second of the current jury's reveal, or some seconds after it."""
    return lambda case, later=0: chain.mine(timestamp=reveal_of(case) + later)


@pytest.fixture(scope="module")
def commit(court):
    """Seal votes for some drawn seats; the receipt of the last."""

    def commit(case, votes, seats=3):
        for juror, guilty in votes.items():
            drawn = court.drawn_seats(case, juror)[:seats]
            sealed = seal(case, court.get_case(case).round, juror, guilty)
            receipt = court.commit_vote(case, drawn, sealed, sender=juror)
        return receipt

    return commit


@pytest.fixture(scope="module")
def sit(court, commit, to_reveal, wait):
    """The current jury to its end."""

    def sit(case, votes, seats=3):
        commit(case, votes, seats)
        to_reveal(case)
        for juror, guilty in votes.items():
            court.reveal_vote(case, guilty, SALT, sender=juror)
        wait(REVEAL)

    return sit


@pytest.fixture(scope="module")
def call_appeal(court, box, owner, operator):
    def call_appeal(case):
        receipt = court.appeal(case, sender=operator)
        box.put(receipt.events[0].seed_epoch, SEED, sender=owner)
        return receipt

    return call_appeal


def seal(case, turn, juror, guilty, salt=SALT):
    kinds = ["uint256", "uint256", "address", "bool", "bytes32"]
    return keccak(encode(kinds, [case, turn, juror.address, guilty, salt]))


def seats_of(case, turn, juror, one_in):
    """Of the first hundred seats, those that one in so many draws."""
    kinds = ["bytes32", "uint256", "uint256", "address", "uint256"]
    draws = [keccak(encode(kinds, [SEED, case, turn, juror.address, seat])) for seat in range(100)]
    return [seat for seat, draw in enumerate(draws) if int.from_bytes(draw, "big") < (2**256 - 1) // one_in]
