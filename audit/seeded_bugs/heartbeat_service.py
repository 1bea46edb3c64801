"""Bugs of HeartbeatService and of the keys that speak for an operator."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["BUGS"]

_bug = partial(Bug, contracts=("HeartbeatService",))

SERVICE, KEYS = "registry/HeartbeatService.vy", "lib/hotkeys.vy"

BUGS = [
    _bug(
        "a binding without a reserve",
        SERVICE,
        '        assert reserved <= staticcall hub.lock_of(self, msg.sender), "heartbeats: lock too small"\n',
        "",
    ),
    _bug(
        "the penalty is not reserved",
        SERVICE,
        "self._reserves[msg.sender] + damages + penalty",
        "self._reserves[msg.sender] + damages",
    ),
    _bug("bound again in the second of the slash", SERVICE, "since = block.timestamp + 1", "since = block.timestamp"),
    _bug("prolonged for ever", SERVICE, " and _last <= block.timestamp + LONGEST", ""),
    _bug(
        "shortened by binding again",
        SERVICE,
        '        assert _last >= (word >> LAST_AT) & U40, "heartbeats: last day is earlier"\n',
        "        pass\n",
    ),
    _bug("anybody ends a binding", SERVICE, "msg.sender == _operator or not staticcall hub.listed(self)", "True"),
    _bug("ending frees at once", SERVICE, "((_last + evidence_window) << UNTIL_AT)", "(_last << UNTIL_AT)"),
    _bug(
        "the owner frees what another would be paid",
        SERVICE,
        "msg.sender == staticcall environments.restitution_of(_environment)",
        "msg.sender == _operator or msg.sender == staticcall environments.restitution_of(_environment)",
    ),
    _bug(
        "settled in the last second",
        SERVICE,
        "block.timestamp > (word >> UNTIL_AT) & U40",
        "block.timestamp >= (word >> UNTIL_AT) & U40",
    ),
    _bug("reported after the window", SERVICE, "block.timestamp <= (word >> UNTIL_AT) & U40", "True"),
    _bug("a lie of before the binding", SERVICE, "word & U40 <= time and ", ""),
    _bug("a lie of after the binding", SERVICE, " and time <= (word >> LAST_AT) & U40", ""),
    _bug(
        "evidence is copied",
        SERVICE,
        "self._evidence(_heartbeat, _signature, msg.sender)]",
        "self._evidence(_heartbeat, _signature, empty(address))]",
    ),
    _bug("committed in the same block", SERVICE, "at_block > 0 and at_block < block.number", "at_block > 0"),
    _bug(
        "the truth is a fault",
        SERVICE,
        '    assert staticcall environments.is_heartbeat_false(\n        _heartbeat, _signature, _record\n    ), "heartbeats: heartbeat is not false"\n',
        "",
    ),
    _bug(
        "two environments contradict each other", SERVICE, "        and _first.environment == _second.environment\n", ""
    ),
    _bug(
        "two promotions contradict each other", SERVICE, "        and _first.promotionSeq == _second.promotionSeq\n", ""
    ),
    _bug("a heartbeat contradicts itself", SERVICE, "        and _first.digest != _second.digest\n", ""),
    _bug(
        "the second heartbeat may be forged",
        SERVICE,
        '    assert staticcall environments.is_heartbeat_signed(_second, _second_signature), "heartbeats: bad signature"\n',
        "",
    ),
    _bug(
        "a slash keeps its binding",
        SERVICE,
        "    self._free(_operator, _heartbeat.environment)\n    taken",
        "    taken",
    ),
    _bug(
        "the prover is paid before the client",
        SERVICE,
        "min(restitution, taken * 4 // 5)",
        "min(restitution // 2, taken * 4 // 5)",
    ),
    _bug(
        "the prover names who is paid",
        SERVICE,
        "    self.credits[to] += paid\n",
        "    self.credits[msg.sender] += paid\n",
    ),
    _bug("credits are paid twice", SERVICE, "    self.credits[_account] = 0\n", ""),
    _bug(
        "anybody withdraws to itself",
        SERVICE,
        "return self._pay(_account, _account)",
        "return self._pay(_account, msg.sender)",
    ),
    _bug(
        "a key without its consent",
        KEYS,
        "assert signatures._signed_by_key(_key, struct_hash, digest, _signature), ",
        "assert signatures._signed_by_key(_key, struct_hash, digest, _signature) or len(_signature) == 65, ",
    ),
    _bug("a key changes hands", KEYS, '    assert self._keys[_key] == 0, "keys: key is taken"\n', ""),
    _bug("a retired key speaks on", KEYS, " or (retired > 0 and _time > retired)", ""),
    _bug("rotation frees of what was said", KEYS, " or (retired > 0 and _time > retired)", " or retired > 0"),
    _bug("anybody retires a key", KEYS, '    assert msg.sender in [operator, _key], "keys: not the operator"\n', ""),
    _bug(
        "a new key answers for what it said before", KEYS, "word == 0 or _time < (word >> SINCE_AT) & U40", "word == 0"
    ),
]
