"""Mutants from outside that once survived every test and campaign: each is put back, and must be noticed here."""

from __future__ import annotations

import pytest

from ethwire.abi import Contract
from ethwire.constants import ZERO_ADDRESS
from evmstorm.conformance.machines import init_code
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.evm.artifact import Artifact
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from keifu.abi import encode_args
from keifu.errors import Revert
from keifu.keys import Account, keccak256
from keifu.tge import Schedule
from keifu.units import COIN, DAY

pytestmark = pytest.mark.case("tools-34")

SHARED = 131_072  # from here on a mutant let grants share a counter
INDEXES = (0, 1, SHARED - 1, SHARED, SHARED + 1, 2 * SHARED, 2**32, 2**33 - 1)
TOTAL = 360 * COIN
MAGIC = bytes.fromhex("1626ba7e")
ALIASED = Bug(
    "grants from an index on share a counter",
    "vesting/TGEDistributor.vy",
    "    self._paid[_index >> 1] = unsafe_add(pair, amount << offset)",
    "    self._paid[(_index % 131_072) >> 1] = unsafe_add(pair, amount << offset)",
    ("TGEDistributor",),
)
DIRTY = Bug(
    "the tail of an answer is not looked at",
    "lib/signatures.vy",
    "convert(answer, bytes32) == convert(ERC1271_MAGIC, bytes32)",
    "convert(slice(answer, 0, 4), bytes4) == ERC1271_MAGIC",
    ("KeifuToken",),
)


def as_it_is(name: str) -> Artifact:
    return artifacts.load(name)


# indexes ----------------------------------------------------------------------------------------------------------


def leaf(index: int, account: Account) -> bytes:
    return keccak256(keccak256(encode_args(("uint256", "address", "uint256"), [index, account.address, TOTAL])))


def pair(left: bytes, right: bytes) -> bytes:
    return keccak256(min(left, right) + max(left, right))


class Grants:
    """A list with the indexes above, each with its proof."""

    def __init__(self, account: Account) -> None:
        self.account = account
        layers = [[leaf(index, account) for index in INDEXES]]
        while len(layers[-1]) > 1:
            last = layers[-1]
            layers.append([pair(*last[at : at + 2]) for at in range(0, len(last), 2)])
        self.root = layers[-1][0]
        self._layers = layers[:-1]

    def arguments(self, position: int) -> tuple[int, str, int, list[bytes]]:
        proof = [layer[(position >> depth) ^ 1] for depth, layer in enumerate(self._layers)]
        return INDEXES[position], self.account.address, TOTAL, proof


def paid_apart(load: object) -> bool:
    """Whether each grant, claimed in turn, is counted at its own index and at no other."""
    evm = LocalEvm(load)  # type: ignore[arg-type]
    deployer, holder = evm.account("deployer"), evm.account("holder")
    grants, schedule = Grants(holder), Schedule(evm.now + DAY)
    token = evm.deploy("KeifuToken", deployer, sender=deployer)
    terms = [grants.root, TOTAL * len(INDEXES), schedule.start, schedule.step, schedule.steps]
    sweep = schedule.end + artifacts.constant("lib/constants.vy", "MIN_SWEEP_DELAY")
    distributor = evm.deploy("TGEDistributor", token, ZERO_ADDRESS, *terms, sweep, deployer.address, sender=deployer)
    token.transfer(distributor, TOTAL * len(INDEXES), sender=deployer)
    evm.warp_to(schedule.end)
    for position in range(len(INDEXES)):
        before = [distributor.paid(index) for index in INDEXES]
        try:
            distributor.claim(*grants.arguments(position), sender=holder)
        except Revert:
            return False
        wanted = [TOTAL if at == position else amount for at, amount in enumerate(before)]
        if [distributor.paid(index) for index in INDEXES] != wanted:
            return False
    return bool(token.balanceOf(holder) == TOTAL * len(INDEXES))


def test_each_grant_has_a_counter_of_its_own() -> None:
    assert paid_apart(as_it_is)


def test_grants_that_share_a_counter_are_noticed() -> None:
    assert not paid_apart(compile_with(ALIASED))


# answers ----------------------------------------------------------------------------------------------------------


def answering(evm: LocalEvm, answer: bytes) -> str:
    """A wallet that answers every question with these bytes."""
    code = b"\x7f" + answer.ljust(32, b"\0")[:32] + b"\x5f\x52\x60" + bytes([len(answer)]) + b"\x5f\xf3"
    made = evm.raw.deploy(evm.account("maker").address, init_code(code))
    assert made is not None
    return made


def permits(token: Contract, evm: LocalEvm, answer: bytes) -> bool:
    owner, spender = answering(evm, answer), evm.account("spender")
    call = encode_args(
        ("address", "address", "uint256", "uint256", "bytes"), [owner, spender.address, 400, evm.now, b"\x01" * 65]
    )
    selector = keccak256(b"permit(address,address,uint256,uint256,bytes)")[:4]
    try:
        evm.send(spender, token, selector + call)
    except Revert:
        return False
    return bool(token.allowance(owner, spender) == 400)


@pytest.fixture(params=["as it is", "seeded"])
def token(request: pytest.FixtureRequest) -> tuple[Contract, LocalEvm, bool]:
    seeded = request.param == "seeded"
    evm = LocalEvm(compile_with(DIRTY) if seeded else as_it_is)
    holder = evm.account("holder")
    return evm.deploy("KeifuToken", holder, sender=holder), evm, seeded


def test_a_yes_is_thirty_two_bytes_and_nothing_behind(token: tuple[Contract, LocalEvm, bool]) -> None:
    contract, evm, seeded = token
    assert permits(contract, evm, MAGIC.ljust(32, b"\0"))
    assert not permits(contract, evm, MAGIC.ljust(31, b"\0")), "one byte short"
    for place in (4, 5, 16, 31):
        answer = bytearray(MAGIC.ljust(32, b"\0"))
        answer[place] = 1
        assert permits(contract, evm, bytes(answer)) == seeded, f"byte {place} of the answer is not zero"
