"""Bugs of AgentAccount and its modules."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

ACCOUNT, SESSIONS, IDENTITY = "inft/AgentAccount.vy", "inft/lib/sessions.vy", "inft/lib/identity.vy"
_bug = seeder(ACCOUNT, "AgentAccount")

BUGS = [
    _bug("the sold token's batch goes on", "        self._check_owner(_owner)\n        raw_call", "        raw_call"),
    _bug("anybody executes", '    assert msg.sender == identity._owner(), "account: not the owner"\n', ""),
    _bug(
        "a target comes back with another session",
        "@external\ndef execute_session(",
        "@external\n@reentrant\ndef execute_session(",
    ),
    _bug("a batch counts twice", "    self.nonces[_signer] = _nonce + 1\n", ""),
    _bug("an intent one second late", "block.timestamp <= _deadline", "block.timestamp <= _deadline + 1"),
    _bug(
        "any key signs for the owner",
        'assert self._signed(owner, struct_hash, _signature), "account: bad signature"',
        'assert len(_signature) == 65, "account: bad signature"',
    ),
    _bug("a plain signature counts", "self._statement(_digest, holding), _signature", "_digest, _signature"),
    _bug(
        "what was signed for one session counts in the next",
        "SESSION_CALL_TYPE, _key, sessions._number(_key),",
        "SESSION_CALL_TYPE, _key, max(sessions._number(_key), 1),",
    ),
    _bug(
        "a session outlives the sale",
        '    assert (word >> HOLDING_AT) & U64 == holding & U64, "account: token has a new owner"\n',
        "",
        SESSIONS,
    ),
    _bug(
        "transfers are not counted",
        "abi_encode(owner, self._ask(contract, TRANSFER_COUNT, id))",
        "abi_encode(owner, 0 * self._ask(contract, TRANSFER_COUNT, id))",
        IDENTITY,
    ),
    _bug("a session one second too long", "block.timestamp < (word >> UNTIL_AT)", "block.timestamp <= (word >> UNTIL_AT)", SESSIONS),
    _bug("uses are not counted", "self.sessions[_key] = word - (1 << USES_AT)", "self.sessions[_key] = word", SESSIONS),
    _bug("one wei over the limit", "assert _lost <= limit - spent,", "assert _lost <= limit - spent + 1,", SESSIONS),
    _bug("what was spent is forgotten", "limit | (spent + _lost) << SPENT_AT", "limit | _lost << SPENT_AT", SESSIONS),
    _bug("the window never ends", "    if word >> WINDOW_AT == _window:\n        spent = ", "    if word >> WINDOW_AT != 0:\n        spent = ", SESSIONS),
    _bug("coins that come back hide a payment", "            lost = max(lost, _value)\n", "            lost = max(lost, 0)\n", SESSIONS),
    _bug("an approval costs nothing", "                lost += named\n", "                lost += 0\n", SESSIONS),
    _bug("any spender is approved", '    assert self.allowed[right], "account: spender not granted"\n', "", SESSIONS),
    _bug("coins without a limit", '    assert _value == 0 or coin, "account: coin without a limit"\n', "", SESSIONS),
    _bug("a new grant keeps the old limits", "    number: uint256 = self.grants + 1\n", "    number: uint256 = max(self.grants, 1)\n", SESSIONS),
]  # fmt: skip
