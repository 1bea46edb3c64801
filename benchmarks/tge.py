"""The token, the distributor and the escrow, beside OpenZeppelin, Solady, Uniswap and Sablier."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from audit.tge_replay import Replay, replay, validators
from benchmarks._lab import GENESIS, Lab
from benchmarks._rows import Row, cpu_seconds
from benchmarks._trees import SortedTree
from benchmarks.million import build_million
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import artifacts
from keifu.abi import Contract, encode_args
from keifu.keys import keccak256
from keifu.units import COIN

__all__ = ["ROWS"]

GRANT = 1_143 * COIN  # one testnet validator's
LEAVES = 8_192
CLAIM = (LEAVES // 2, LEAVES // 2 + 1)  # two grants that nothing else touches
UNLIMITED = 2**256 - 1


def holder(index: int) -> str:
    """The address of claimant `index`; nobody needs its key, as anyone may claim for it."""
    return "0x" + keccak256(b"bench holder %d" % index)[12:].hex()


def month() -> int:
    """Seconds of a vesting step."""
    return int(artifacts.constant("lib/constants.vy", "MONTH"))


# the distributor beside Uniswap's -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grants:
    """A funded distributor and the tree behind its root."""

    token: Contract
    distributor: Contract
    tree: SortedTree

    def claim(self, lab: Lab, index: int) -> int:
        call = self.distributor.claim(index, holder(index), GRANT, self.tree.proof(index), sender=lab.deployer)
        return lab.gas(call)


@cache
def _our_tree() -> SortedTree:
    return SortedTree(
        [
            keccak256(keccak256(encode_args(["uint256", "address", "uint256"], (index, holder(index), GRANT))))
            for index in range(LEAVES)
        ]
    )


@cache
def _uniswap_tree() -> SortedTree:
    return SortedTree(
        [
            keccak256(index.to_bytes(32, "big") + bytes.fromhex(holder(index)[2:]) + GRANT.to_bytes(32, "big"))
            for index in range(LEAVES)
        ]
    )


def _ours(lab: Lab) -> Grants:
    token = lab.shared(our_token)
    step, steps = month(), int(artifacts.constant("lib/constants.vy", "TGE_STEPS"))
    sweep = GENESIS + step * steps + int(artifacts.constant("lib/constants.vy", "MIN_SWEEP_DELAY"))
    distributor = lab.deploy(
        "TGEDistributor",
        token,
        ZERO_ADDRESS,
        _our_tree().root,
        LEAVES * GRANT,
        GENESIS,
        step,
        steps,
        sweep,
        lab.deployer,
    )
    token.transfer(distributor, LEAVES * GRANT, sender=lab.deployer)
    return Grants(token, distributor, _our_tree())


def _uniswap(lab: Lab) -> Grants:
    token = lab.shared(peer_token)
    distributor = lab.deploy("MerkleDistributor", token, _uniswap_tree().root)
    token.transfer(distributor, LEAVES * GRANT, sender=lab.deployer)
    return Grants(token, distributor, _uniswap_tree())


def our_token(lab: Lab) -> Contract:
    """Our token, all of it with the deployer."""
    return lab.deploy("KeifuToken", lab.deployer)


def peer_token(lab: Lab) -> Contract:
    """OpenZeppelin's ERC20, all of it with the deployer: what every peer pays out."""
    return lab.deploy("PeerToken")


def _claim_first(lab: Lab) -> int:
    return lab.shared(_ours).claim(lab, CLAIM[0])


def _claim_first_uniswap(lab: Lab) -> int:
    return lab.shared(_uniswap).claim(lab, CLAIM[0])


def _claim_later(lab: Lab) -> int:
    grants = lab.shared(_ours)
    with lab.undo():
        grants.claim(lab, CLAIM[1])
        lab.anvil.warp(month())
        return grants.claim(lab, CLAIM[1])


def _claim_warm_uniswap(lab: Lab) -> int:
    """Bitmap word in use, holder has a balance: the state that a later claim finds."""
    grants = lab.shared(_uniswap)
    with lab.undo():
        grants.claim(lab, CLAIM[1] + 1)
        grants.token.transfer(holder(CLAIM[1]), 1, sender=lab.deployer)
        return grants.claim(lab, CLAIM[1])


def _claim_fresh_uniswap(lab: Lab) -> int:
    """Bitmap word in use, holder without a balance."""
    grants = lab.shared(_uniswap)
    with lab.undo():
        grants.claim(lab, CLAIM[1] + 1)
        return grants.claim(lab, CLAIM[1])


# the escrow beside OpenZeppelin's wallet and Sablier ------------------------------------------------------------------


@dataclass(frozen=True)
class Escrow:
    """An escrow, or Sablier's contract, that may take the deployer's coins."""

    token: Contract
    contract: Contract


def _our_escrow(lab: Lab) -> Escrow:
    token = lab.shared(our_token)
    escrow = lab.deploy("VestingEscrow", token, ZERO_ADDRESS)
    token.approve(escrow, UNLIMITED, sender=lab.deployer)
    _create(lab, Escrow(token, escrow))  # the contract holds coins from now on
    return Escrow(token, escrow)


def _create(lab: Lab, escrow: Escrow) -> int:
    plan = {
        "beneficiary": holder(1),
        "revoker": lab.deployer.address,
        "total": GRANT,
        "start": GENESIS,
        "step": month(),
        "steps": 36,
        "cliff": 0,
        "divisor": 3,
    }
    return lab.gas(escrow.contract.create(plan, sender=lab.deployer))


def _escrow_create(lab: Lab) -> int:
    return _create(lab, lab.shared(_our_escrow))


def _escrow_claim(lab: Lab) -> int:
    escrow = lab.shared(_our_escrow)
    with lab.undo():
        escrow.contract.claim(1, sender=lab.deployer)
        lab.anvil.warp(month())
        return lab.gas(escrow.contract.claim(1, sender=lab.deployer))


def _wallet(lab: Lab) -> Escrow:
    token = lab.shared(peer_token)
    wallet = lab.deploy("VestingWallet", holder(2), GENESIS - month(), 36 * month())
    token.transfer(wallet, GRANT, sender=lab.deployer)
    return Escrow(token, wallet)


def _wallet_release(lab: Lab) -> int:
    wallet = lab.shared(_wallet)
    with lab.undo():
        wallet.contract.release(wallet.token, sender=lab.deployer)
        lab.anvil.warp(month())
        return lab.gas(wallet.contract.release(wallet.token, sender=lab.deployer))


def _sablier(lab: Lab) -> Escrow:
    token = lab.shared(peer_token)
    comptroller = lab.deploy("SablierComptroller", lab.deployer)
    lockup = lab.deploy("SablierLockup", comptroller, ZERO_ADDRESS)
    token.approve(lockup, UNLIMITED, sender=lab.deployer)
    _sablier_new(lab, Escrow(token, lockup))
    return Escrow(token, lockup)


def _sablier_new(lab: Lab, sablier: Escrow) -> int:
    stream = {
        "sender": lab.deployer.address,
        "recipient": holder(3),
        "depositAmount": GRANT,
        "token": sablier.token.address,
        "cancelable": True,
        "transferable": True,
        "timestamps": (GENESIS, GENESIS + 36 * month()),
        "shape": "",
    }
    unlocked, granularity, cliff = (GRANT // 3, 0), month(), 0
    create = sablier.contract.createWithTimestampsLL
    return lab.gas(create(stream, unlocked, granularity, cliff, sender=lab.deployer))


def _sablier_create(lab: Lab) -> int:
    return _sablier_new(lab, lab.shared(_sablier))


def _sablier_withdraw(lab: Lab) -> int:
    sablier = lab.shared(_sablier)
    with lab.undo():
        sablier.contract.withdrawMax(1, holder(3), sender=lab.deployer)
        lab.anvil.warp(month())
        return lab.gas(sablier.contract.withdrawMax(1, holder(3), sender=lab.deployer))


# the token ------------------------------------------------------------------------------------------------------------


def _transfer(lab: Lab, token: Contract) -> int:
    token.transfer(holder(0), COIN, sender=lab.deployer)
    return lab.gas(token.transfer(holder(0), COIN, sender=lab.deployer))


def _our_transfer(lab: Lab) -> int:
    return _transfer(lab, lab.shared(our_token))


def _peer_transfer(lab: Lab) -> int:
    return _transfer(lab, lab.shared(peer_token))


def _solady_transfer(lab: Lab) -> int:
    return _transfer(lab, lab.deploy("SoladyToken"))


# time -----------------------------------------------------------------------------------------------------------------


def _eight_thousand(_: Lab) -> float:
    """Processor seconds for tree, deployment, every claim at the event and again at the end, each payout checked."""
    outcomes: list[Replay] = []
    taken = cpu_seconds(lambda: outcomes.append(replay(validators())))
    if outcomes[0].mismatches or outcomes[0].left:
        raise AssertionError(f"chain and model differ: {outcomes[0]}")
    return taken


def _million(_: Lab) -> float:
    return build_million().seconds


def _million_mebibytes(_: Lab) -> float:
    return build_million().peak_bytes / 2**20


ROWS = (
    Row(
        "gas.tge_claim_first",
        _claim_first,
        "Uniswap MerkleDistributor; 8,192 leaves, nothing claimed yet, holder without a balance",
        _claim_first_uniswap,
    ),
    Row(
        "gas.tge_claim_later",
        _claim_later,
        "Uniswap MerkleDistributor, which pays once and vests nothing; slot in use, holder has a balance",
        _claim_warm_uniswap,
        also=(("Uniswap to a holder without a balance:", _claim_fresh_uniswap),),
    ),
    Row(
        "gas.escrow_claim",
        _escrow_claim,
        "OpenZeppelin VestingWallet; second claim of a grant: every slot in use",
        _wallet_release,
        also=(("Sablier withdrawMax:", _sablier_withdraw),),
    ),
    Row(
        "gas.escrow_create",
        _escrow_create,
        "Sablier Lockup; revocable, a third at the start, 36 steps, recipient known",
        _sablier_create,
    ),
    Row(
        "gas.erc20_transfer",
        _our_transfer,
        "OpenZeppelin's ERC-20; both sides have a balance before and after",
        _peer_transfer,
        also=(("Solady:", _solady_transfer),),
    ),
    Row(
        "time.tge_8000",
        _eight_thousand,
        "8,000 grants, tree, deployment and 16,000 claims, each payout beside the model; processor seconds",
        heavy=True,
    ),
    Row(
        "time.tree_1m",
        _million,
        "1,000,000 grants, from the CSV to tree, proofs and allocation files on disk",
        also=(("peak memory, MiB:", _million_mebibytes),),
        heavy=True,
    ),
)
