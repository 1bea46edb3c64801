"""CommitRevealRandomness.commit, reveal, forfeit, name: bonded secrets. RND-3"""

from __future__ import annotations

from itertools import permutations

import pytest
from eth_abi.abi import encode
from eth_utils import keccak

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, reverts
from keifu.units import COIN

LENGTH = 10_000
BOND = 16_400 * COIN
EVERYONE = 2**256 - 1


class Source:
    """Secrets of five named accounts' places and of strangers."""

    def __init__(self):
        self.evm = evm = LocalEvm()
        self.owner, self.sink = evm.account("owner"), evm.account("sink")
        self.token = evm.deploy("KeifuToken", self.owner, sender=self.owner)
        self.contract = evm.deploy(
            "CommitRevealRandomness", self.token, self.owner, self.sink, BOND, LENGTH, sender=self.owner
        )
        self.named = [self.funded(f"named {number}") for number in range(5)]
        self.strangers = [self.funded(f"stranger {number}") for number in range(16)]
        self.contract.name(self.named[0], True, sender=self.owner)

    def funded(self, role):
        account = self.evm.account(role)
        self.token.transfer(account, 2 * BOND, sender=self.owner)
        self.token.approve(self.contract, EVERYONE, sender=account)
        return account

    def part(self, epoch, account):
        """What is mixed for an account's secret."""
        return keccak(encode(["uint256", "address", "bytes32"], [epoch, account.address, self.secret(account)]))

    def secret(self, account):
        return keccak(account.address.encode())

    def commit(self, account, epoch=1):
        self.contract.commit(keccak(self.part(epoch, account)), sender=account)

    def reveal(self, account):
        self.contract.reveal(self.secret(account), sender=account)

    def phase(self, epoch, half):
        """To the commit (0) or reveal (1) phase of an epoch."""
        self.evm.warp_to(self.contract.genesis() + epoch * LENGTH + half * LENGTH // 2 + 100)


@pytest.fixture(scope="module")
def built():
    return Source()


@pytest.fixture
def source(built):
    with built.evm.anchor():
        yield built


@pytest.mark.case("staking-8")
def test_the_seed_is_the_same_in_every_order_of_reveals(source):
    people = [source.named[0], *source.strangers[:4]]
    spent = sum(source.token.balanceOf(account) for account in people)
    for account in people:
        source.commit(account)
    source.phase(0, 1)
    seeds, got = set(), set()
    for order in permutations(people):
        with source.evm.anchor():
            for account in order:
                source.reveal(account)
            source.phase(1, 0)
            seeds.add(source.contract.seed(1))
            got.add(sum(source.token.balanceOf(account) for account in people))
    print(f"staking-8: attackers spent {spent // COIN:,}, got {max(got) // COIN:,}; {len(seeds)} seed in 120 orders")
    assert len(seeds) == 1
    assert got == {spent}
    mix = 0
    for account in people:
        mix ^= int.from_bytes(source.part(1, account), "big")
    kinds = ["uint256", "address", "uint256", "uint256"]
    assert seeds == {keccak(encode(kinds, [source.evm.chain_id, source.contract.address, 1, mix]))}


def test_rnd_3_commitments_do_not_tell_the_seed(source):
    """A commitment that were keccak(epoch, committer, secret) itself would: the seed is their exclusive or."""
    account = source.named[0]
    source.contract.commit(source.part(1, account), sender=account)
    source.phase(0, 1)
    with reverts("randomness: not that secret"):
        source.reveal(account)


def test_rnd_3_without_a_named_participant_there_is_no_seed(source):
    for account in source.strangers[:3]:
        source.commit(account)
    source.phase(0, 1)
    for account in source.strangers[:3]:
        source.reveal(account)
    source.phase(1, 0)
    assert source.contract.seed(1) == bytes(32)
    source.commit(source.named[0], 2)
    source.phase(1, 1)
    source.reveal(source.named[0])
    assert source.contract.seed(2) == bytes(32)  # its epoch has not begun
    source.phase(2, 0)
    assert source.contract.seed(2) != bytes(32)
    assert source.contract.next() == 4


def test_rnd_3_strangers_cannot_take_the_kept_places(source):
    for account in source.strangers[:15]:
        source.commit(account)
    with reverts("randomness: no place left"):
        source.commit(source.strangers[15])
    source.commit(source.named[0])


def test_rnd_3_silence_costs_the_bond(source):
    silent, honest = source.named[0], source.strangers[0]
    for account in (silent, honest):
        source.commit(account)
    source.phase(0, 1)
    source.reveal(honest)
    with reverts("randomness: reveal phase not over"):
        source.contract.forfeit(1, sender=honest)
    source.phase(1, 0)
    before = source.token.balanceOf(source.sink)
    source.contract.forfeit(1, sender=honest)
    assert source.token.balanceOf(source.sink) == before + BOND
    assert source.contract.forfeit(1, sender=honest).value == 0
    assert source.token.balanceOf(honest) == 2 * BOND


def test_the_owner_names_at_most_five(source):
    with reverts("randomness: not the owner"):
        source.contract.name(source.named[1], True, sender=source.named[1])
    with reverts("randomness: nothing to change"):
        source.contract.name(source.named[0], True, sender=source.owner)
    for account in source.named[1:]:
        source.contract.name(account, True, sender=source.owner)
    with reverts("randomness: all places are kept"):
        source.contract.name(source.strangers[0], True, sender=source.owner)
    source.contract.name(source.named[0], False, sender=source.owner)
    source.contract.name(source.strangers[0], True, sender=source.owner)
    assert source.contract.named_count() == 5


def test_phases_and_secrets(source):
    account, other = source.named[0], source.strangers[0]
    with reverts("randomness: empty commitment"):
        source.contract.commit(bytes(32), sender=account)
    source.commit(account)
    with reverts("randomness: already committed"):
        source.commit(account)
    with reverts("randomness: reveal phase not open"):
        source.reveal(account)
    source.phase(0, 1)
    with reverts("randomness: commit phase over"):
        source.commit(other)
    with reverts("randomness: not that secret"):
        source.reveal(other)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({0: ZERO_ADDRESS}, "randomness: token is no contract"),
        ({1: ZERO_ADDRESS}, "randomness: no owner"),
        ({2: ZERO_ADDRESS}, "randomness: no sink"),
        ({3: 0}, "randomness: no bond"),
        ({4: 3}, "randomness: bad length"),
    ],
)
def test_constructor_refusals(source, change, reason):
    args = [source.token, source.owner, source.sink, BOND, LENGTH]
    for index, value in change.items():
        args[index] = value
    with reverts(reason):
        source.evm.deploy("CommitRevealRandomness", *args, sender=source.owner)
