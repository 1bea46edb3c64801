"""`gas.case`: one case before a first jury of eleven seats, every transaction of it, on anvil.

`python -m benchmarks.court_case` prints each step. Eleven jurors with the same coins have one seat each, whatever the
seed; one of them is wrong, so a penalty is in it.
"""

from __future__ import annotations

import sys

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from benchmarks._lab import Lab
from benchmarks.tge import UNLIMITED
from keifu.abi import Contract
from keifu.chain import Account
from keifu.units import COIN, DAY

__all__ = ["BAR", "measure"]

BAR = 2_500_000
_JURORS, _SEATS, _SEAT = 11, 40, 2_000 * COIN
_ASKED, _FAULT, _SALT = 2_000 * COIN, b"\x05" * 32, b"\x09" * 32
_DAILY_BLOCKS = 2


def _seal(juror: Account, guilty: bool) -> bytes:
    kinds = ["uint256", "uint256", "address", "bool", "bytes32"]
    return keccak(encode(kinds, [1, 0, juror.address, guilty, _SALT]))


def _jurors(lab: Lab, token: Contract, hub: Contract, court: Contract) -> list[Account]:
    jurors = [lab.account(f"bench juror {number}") for number in range(_JURORS)]
    for juror in jurors:
        token.transfer(juror, _SEATS * _SEAT, sender=lab.deployer)
        token.approve(hub, UNLIMITED, sender=juror)
        hub.register_operator(0, "", sender=juror)
        hub.lock(court, juror, _SEATS * _SEAT, sender=juror)
        court.join(sender=juror)
    return jurors


def measure(lab: Lab) -> dict[str, list[int]]:
    """Gas of each step, a number for each transaction."""
    owner, service = lab.deployer, lab.account("bench service")
    operator, accuser = lab.account("bench accused"), lab.account("bench accuser")
    insurance = lab.account("bench insurance")
    token = lab.deploy("KeifuToken", owner)
    hub = lab.deploy("StakingHub", token, owner, insurance, owner, 14 * DAY, DAY, 30, 10)
    box = lab.deploy("MockRandomness")
    court = lab.deploy("AlignmentCourt", token, hub, box, _DAILY_BLOCKS)
    for listed in (court, service):
        hub.list_service(listed, 40 * DAY, 0, sender=owner)
    jurors = _jurors(lab, token, hub, court)
    for account in (service, operator, accuser):
        token.transfer(account, 10**5 * COIN, sender=owner)
        token.approve(hub, UNLIMITED, sender=account)
    token.approve(court, UNLIMITED, sender=service)
    hub.register_operator(0, "", sender=operator)
    hub.lock(service, operator, 10**4 * COIN, sender=operator)
    steps: dict[str, list[int]] = {}

    def wait(seconds: int) -> None:
        lab.anvil.warp(seconds)
        court.poke(jurors[0], sender=owner)  # a block, and an epoch whose first call has been made

    wait(7 * DAY)
    steps["open"] = [court.open(operator, _FAULT, _ASKED, accuser, b"what happened", sender=service).gas_used]
    steps["answer"] = [court.answer(1, b"it was not so", sender=operator).gas_used]
    wait(DAY)
    steps["name the seed"] = [court.advance(1, sender=owner).gas_used]
    box.put(court.get_case(1)[12], b"\x07" * 32, sender=owner)
    wrong = jurors[-1]
    steps["commit"] = [court.commit(1, _seal(juror, juror is not wrong), sender=juror).gas_used for juror in jurors]
    wait(2 * DAY)
    steps["reveal"] = [court.reveal(1, juror is not wrong, _SALT, sender=juror).gas_used for juror in jurors]
    wait(DAY)
    steps["close the hearing"] = [court.advance(1, sender=owner).gas_used]
    wait(2 * DAY)
    steps["verdict"] = [court.advance(1, sender=owner).gas_used]
    guilt, amount, costs = court.verdict(1)
    assert guilt == 2
    steps["pull: slash"] = [hub.slash(operator, (amount + costs) * 5 // 4, 0, sender=service).gas_used]
    steps["pull: collect"] = [hub.collect(service, 0, sender=service).gas_used]
    steps["pull: pay victim and accuser"] = [
        token.transfer(accuser, paid, sender=service).gas_used for paid in (amount, costs)
    ]
    steps["jurors paid"] = [court.claim(1, jurors, sender=owner).gas_used]
    return steps


def main() -> int:
    with Lab() as lab:
        steps = measure(lab)
    total = sum(sum(gas) for gas in steps.values())
    for name, gas in steps.items():
        print(f"{name:30} {len(gas):>3} x {max(gas):>9,}  {sum(gas):>10,}")
    print(f"{'gas.case':30} {'':>15}  {total:>10,}  (bar {BAR:,})")
    return 0 if total <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
