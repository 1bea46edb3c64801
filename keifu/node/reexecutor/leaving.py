"""Winding up a re-executor: its slots are asked back, and its coins paid out when no panel can be drawn from them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from keifu.abi import Contract
from keifu.chain import RpcDeployer
from keifu.chain.firsts import unless_done
from keifu.chain.suite import HUB, REEXECUTION
from keifu.errors import CheckFailed
from keifu.node.chain import NodeChain
from keifu.node.juror.leaving import Left
from keifu.node.reexecutor.making import models_of
from keifu.node.sections import ReExecutorWork
from keifu.reexecution.actions import unlock
from keifu.reexecution.reading import DRAW_PERIOD, SLOT_STAKE, slot_of

__all__ = ["leave"]

UNIT = SLOT_STAKE // 20  # of fines


def leave(chain: NodeChain, deployer: RpcDeployer, settings: ReExecutorWork, base: Path) -> Left:
    """Do what is due in each pool; then take out what nothing reserves. Raises CheckFailed when there is nothing, or a
    seat is still open."""
    contract = chain.suite.at(chain.client, REEXECUTION)
    leaving, at = 0, 0
    for model in models_of(settings, base):
        found, until = _left(contract, deployer, model.pool, chain.client.now)
        leaving, at = leaving + found, max(at, until)
    hub = chain.suite.at(chain.client, HUB)
    free = hub.lock_of(contract.address, deployer.sender) - contract.reserved(deployer.sender)
    if free:
        return Left(unlock(deployer, chain.suite, free, ()), leaving, at)
    if not leaving:
        raise CheckFailed(f"{deployer.sender} has no coins behind ReExecution", remedy="nothing is left to do")
    return Left(0, leaving, at)


def _is_no_longer(contract: Contract, pool: bytes, place: int, executor: str) -> bool:
    return slot_of(contract.slot(pool, place)).executor != executor


def _left(contract: Contract, deployer: RpcDeployer, pool: bytes, now: int) -> tuple[int, int]:
    """Wei of the own slot that are leaving, and when they can be taken."""
    for place in range(contract.slot_count(pool)):
        slot = slot_of(contract.slot(pool, place))
        if slot.executor != deployer.sender.lower():
            continue
        if not slot.left:
            deployer.call(contract.address, REEXECUTION, "leave", pool, place)
            slot = slot_of(contract.slot(pool, place))
        if slot.seats == 0 and now > slot.left + DRAW_PERIOD:
            free = partial(deployer.call, contract.address, REEXECUTION, "free_slot", pool, place)
            unless_done(free, partial(_is_no_longer, contract, pool, place, slot.executor))  # anybody may
            return 0, 0
        return SLOT_STAKE - slot.fines * UNIT, slot.left + DRAW_PERIOD
    return 0, 0
