"""Randomness.capture: a seed is the prevrandao of one block that the formula names. RND-1, RND-2, RND-4, RND-5"""

from __future__ import annotations

import ape
import pytest

from evmstorm.evm import LocalEvm, reverts
from keifu.chain.header import encode_header

STRIDE = 10
TIP = 10**15
REACH = 256


@pytest.fixture(scope="module")
def randomness(project, deployer):
    contract = project.Randomness.deploy(STRIDE, TIP, sender=deployer)
    contract.fund_tips(sender=deployer, value=TIP)
    return contract


@pytest.fixture
def header(chain):
    def header(number):
        block = chain.provider.make_request("eth_getBlockByNumber", [hex(number), False])
        return encode_header(block)

    return header


@pytest.fixture
def named(randomness, chain):
    """An epoch that could be named long ago and its block, which is there by now."""
    epoch = randomness.next()
    source = randomness.source(epoch)
    chain.mine(source - chain.blocks.height + 1)
    return epoch, source


def test_rnd_1_an_epoch_is_named_long_before_its_block(randomness, chain):
    epoch = randomness.next()
    assert randomness.source(epoch) > chain.blocks.height + randomness.LOOKAHEAD()
    assert randomness.seed(epoch) == bytes(32)


def test_rnd_2_anyone_captures_once_and_gets_the_tip(randomness, named, header, stranger, chain):
    epoch, source = named
    before = stranger.balance
    receipt = randomness.capture(epoch, header(source), sender=stranger)
    seed = randomness.seed(epoch)
    assert receipt.events == [randomness.Captured(epoch=epoch, seed=seed, source=source)]
    assert seed != bytes(32)
    assert stranger.balance == before + TIP - receipt.total_fees_paid
    with ape.reverts("randomness: already captured"):
        randomness.capture(epoch, header(source), sender=stranger)


def test_rnd_2_no_other_header(randomness, named, header, stranger):
    epoch, source = named
    with ape.reverts("randomness: not that header"):
        randomness.capture(epoch, header(source - 1), sender=stranger)
    bent = bytearray(header(source))
    bent[500] ^= 1
    with ape.reverts("randomness: not that header"):
        randomness.capture(epoch, bytes(bent), sender=stranger)


def test_not_before_the_block_is_there(randomness, header, stranger, chain):
    with ape.reverts("randomness: too early"):
        randomness.capture(randomness.next(), header(chain.blocks.height), sender=stranger)


def test_an_epoch_whose_block_no_header_can_name_is_refused(randomness, header, stranger, chain):
    last = (2**64 - 1 - randomness.first()) // STRIDE
    known = header(chain.blocks.height)
    for beyond in (last + 1, 2**256 - 1):
        with ape.reverts("randomness: epoch out of range"):
            randomness.capture(beyond, known, sender=stranger)
        with ape.reverts("randomness: epoch out of range"):
            randomness.source(beyond)
    with ape.reverts("randomness: too early"):
        randomness.capture(last, known, sender=stranger)
    assert randomness.source(last) <= 2**64 - 1 < randomness.source(last) + STRIDE


def test_rnd_4_a_missed_block_gives_way_to_one_256_later_and_pays_nobody(randomness, named, header, stranger, chain):
    """RND-4"""
    epoch, source = named
    chain.mine(300)
    late = randomness.source(epoch)
    assert late == source + REACH
    held, before = randomness.balance, stranger.balance
    assert held >= TIP
    receipt = randomness.capture(epoch, header(late), sender=stranger)
    assert receipt.events == [randomness.Captured(epoch=epoch, seed=randomness.seed(epoch), source=late)]
    assert randomness.balance == held
    assert stranger.balance == before - receipt.total_fees_paid


def test_rnd_4_the_missed_header_is_too_late(randomness, named, header, stranger, chain):
    """RND-4"""
    epoch, source = named
    chain.mine(300)
    with ape.reverts("randomness: not that header"):
        randomness.capture(epoch, header(source), sender=stranger)
    assert randomness.seed(epoch) == bytes(32)


def test_rnd_5_a_prevrandao_seeds_one_epoch_only(project, deployer, header, stranger, chain):
    """RND-5: with 256 blocks an epoch, a late epoch falls on the block of the next one; the second capture is refused,
    and the late epoch waits for the block after."""
    randomness = project.Randomness.deploy(REACH, 0, sender=deployer)
    late, timely = randomness.next(), randomness.next() + 1
    chain.mine(randomness.source(timely) + 1 - chain.blocks.height)
    shared = randomness.source(timely)
    assert randomness.source(late) == shared
    randomness.capture(timely, header(shared), sender=stranger)
    with ape.reverts("randomness: prevrandao repeats"):
        randomness.capture(late, header(shared), sender=stranger)
    chain.mine(REACH)
    assert randomness.source(late) == shared + REACH
    randomness.capture(late, header(shared + REACH), sender=stranger)
    assert randomness.seed(late) not in (bytes(32), randomness.seed(timely))


def test_constructor_refuses_no_stride(project, deployer):
    with ape.reverts("randomness: no stride"):
        project.Randomness.deploy(0, 0, sender=deployer)


def test_rnd_5_no_deployment_where_prevrandao_means_nothing():
    """RND-5"""
    evm = LocalEvm()
    deployer = evm.account("deployer")
    evm.prevrandao = lambda number: bytes(32)
    evm.mine()
    with reverts("randomness: no prevrandao"):
        evm.deploy("Randomness", STRIDE, TIP, sender=deployer)
    evm.prevrandao = lambda number: b"\1" * 32
    evm.mine()
    assert evm.deploy("Randomness", STRIDE, TIP, sender=deployer).stride() == STRIDE
