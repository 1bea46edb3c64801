"""Bugs of Timelock and of the library's modules that it is made of."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

CONTROLLER = "site-packages/snekmate/governance/timelock_controller.vy"
ACCESS = "site-packages/snekmate/auth/access_control.vy"


_bug = seeder(CONTROLLER, "Timelock")

BUGS = [
    _bug(
        "proposers and executors swapped",
        "__init__(_min_delay, _proposers, _executors, _owner)",
        "__init__(_min_delay, _executors, _proposers, _owner)",
        "governance/Timelock.vy",
    ),
    _bug(
        "deployer administers",
        "__init__(_min_delay, _proposers, _executors, _owner)",
        "__init__(_min_delay, _proposers, _executors, msg.sender)",
        "governance/Timelock.vy",
    ),
    _bug("ripe one second early", "timestamp > block.timestamp:", "timestamp > block.timestamp + 1:"),
    _bug("executed twice", "    self.get_timestamp[id] = _DONE_TIMESTAMP\n", ""),
    _bug("scheduled again when done", "assert not self._is_operation(id)", "assert not self._is_operation_pending(id)"),
    _bug("delay one second short", "delay >= self.get_minimum_delay", "delay + 1 >= self.get_minimum_delay"),
    _bug(
        "anyone schedules",
        "    access_control._check_role(PROPOSER_ROLE, msg.sender)\n    id: bytes32",
        "    id: bytes32",
    ),
    _bug("anyone cancels", "    access_control._check_role(CANCELLER_ROLE, msg.sender)\n", ""),
    _bug("anyone executes", "        access_control._check_role(role, msg.sender)\n", "        pass\n"),
    _bug(
        "anyone changes the delay",
        '    assert msg.sender == self, "timelock_controller: caller must be timelock"\n',
        "",
    ),
    _bug(
        "predecessor need not be done", "or self._is_operation_done(predecessor)", "or self._is_operation(predecessor)"
    ),
    _bug("failure without words passes", "    if not success:\n", "    if not success and len(return_data) > 0:\n"),
    _bug("coins stay behind", "value=amount, revert_on_failure=False", "value=0, revert_on_failure=False"),
    _bug(
        "operation carried out inside itself",
        '    assert self._is_operation_ready(id), "timelock_controller: operation is not ready"\n'
        "    self.get_timestamp[id]",
        "    self.get_timestamp[id]",
    ),
    _bug(
        "event tells the delay as index",
        "index=idx,\n            target=target,",
        "index=delay,\n            target=target,",
    ),
    _bug(
        "anyone grants a role",
        "    self._check_role(self.getRoleAdmin[role], msg.sender)\n    self._grant_role(role, account)",
        "    self._grant_role(role, account)",
        ACCESS,
    ),
    _bug(
        "anyone renounces for others",
        '    assert account == msg.sender, "access_control: can only renounce roles for itself"\n',
        "",
        ACCESS,
    ),
]
