"""Bugs of RecordProof and of the proofs in a chain's state that it reads."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["BUGS"]

_bug = partial(Bug, contracts=("RecordProof",))

SERVICE, STATE = "registry/RecordProof.vy", "lib/state_proofs.vy"

BUGS = [
    # the state
    _bug(
        "a node is believed",
        STATE,
        '            assert keccak256(_nodes[used]) == wanted, "state proof: node does not hash"\n',
        "",
    ),
    _bug(
        "any header",
        SERVICE,
        '    assert keccak256(_proof.header) == _block_hash, "record proof: not that block"\n',
        "",
    ),
    _bug("a leaf on another path", STATE, "(nibbles ^ path) >> (256 - 4 * shared) != 0", "shared > 64"),
    _bug("an extension ends the way", STATE, "if kind & 2 != 0:", "if True:"),
    _bug("an odd path loses a nibble", STATE, "if kind & 1 == 0:", "if True:"),
    _bug("a branch's neighbour", STATE, "if nibble == path >> 252:", "if nibble == (path >> 252) ^ 1:"),
    _bug(
        "nodes within nodes are overlooked",
        STATE,
        "        if prefix < LIST:\n",
        "        if prefix >= LIST:\n            break\n        if prefix < LIST:\n",
    ),
    _bug("a branch's list is no list", STATE, "at += prefix - LIST", "at += prefix - STRING"),
    _bug("nodes may be left over", STATE, '    assert used == count, "state proof: node too many"\n', ""),
    _bug("the empty trie takes nodes", STATE, '        assert count == 0, "state proof: node too many"\n', ""),
    _bug(
        "an account that is not there",
        STATE,
        '    assert len(account) > STORAGE_ROOT_TO_END, "state proof: no such account"\n',
        "    if len(account) == 0:\n        return EMPTY_ROOT\n",
    ),
    _bug(
        "the code's hash for the storage's",
        STATE,
        "STORAGE_ROOT_TO_END: constant(uint256) = 65",
        "STORAGE_ROOT_TO_END: constant(uint256) = 32",
    ),
    _bug("a word of one byte", STATE, "    if size == 1:\n        return convert(slice(value, 0, 1), uint256)\n", ""),
    _bug(
        "the transactions' root",
        STATE,
        "STATE_ROOT_AT: constant(uint256) = 91",
        "STATE_ROOT_AT: constant(uint256) = 124",
    ),
    _bug("the gas limit for the number", STATE, "NUMBER: constant(uint256) = 1", "NUMBER: constant(uint256) = 2"),
    _bug("the gas used for the time", STATE, "        elif i == TIMESTAMP:", "        elif i == 3:"),
    _bug("the registry's links", SERVICE, "0000000002\n", "0000000003\n"),
    _bug("time and kind of a record overlap", SERVICE, "time=(word >> TIME_AT) & U40,", "time=word >> TIME_AT,"),
    # attestors
    _bug("no quorum", SERVICE, "_trust.quorum > 0 and len(_signed) >= _trust.quorum", "True"),
    _bug("a quorum of nobody", SERVICE, "_trust.quorum > 0 and ", ""),
    _bug(
        "one attestor signs for all",
        SERVICE,
        '        assert convert(attestor, uint256) > last, "record proof: attestors are not in order"\n',
        "",
    ),
    _bug(
        "anybody attests",
        SERVICE,
        '        assert attestor in _trust.attestors, "record proof: attestor is not trusted"\n',
        "",
    ),
    _bug(
        "a header of any age",
        SERVICE,
        '    assert block.timestamp <= header.timestamp + _trust.max_age, "record proof: block too old"\n',
        "",
    ),
    _bug(
        "nobody signed",
        SERVICE,
        '        assert self._is_signed(said, signed.signature), "record proof: bad signature"\n',
        "",
    ),
    _bug("signed for any chain", SERVICE, "Header(address key,uint256 chainId,", "Header(address key,uint256 chainID,"),
    _bug("a signature before the binding", SERVICE, "        and _word & U40 <= _time\n", ""),
    _bug("a signature after the binding", SERVICE, "        and _time <= (_word >> LAST_AT) & U40\n", ""),
    _bug("a signature of tomorrow", SERVICE, "        and _time <= block.timestamp\n", ""),
    _bug("a binding whose window is over", SERVICE, "        and block.timestamp <= self._until(_word)\n", ""),
    _bug("a binding without coins", SERVICE, "        _word >> RESERVED_AT > 0\n        and ", "        "),
    # promises and reports
    _bug(
        "bound without a lock",
        SERVICE,
        '        assert RESERVE <= staticcall hub.lock_of(self, msg.sender), "record proof: lock too small"\n',
        "",
    ),
    _bug("bound for ever", SERVICE, " and _last <= block.timestamp + LONGEST", ""),
    _bug("bound again in the second of the slash", SERVICE, "since = block.timestamp + 1", "since = block.timestamp"),
    _bug(
        "shortened by binding again",
        SERVICE,
        '        assert _last >= (word >> LAST_AT) & U40, "record proof: last day is earlier"\n',
        "        pass\n",
    ),
    _bug(
        "unlocked before the window is over",
        SERVICE,
        "if word >> RESERVED_AT > 0 and block.timestamp > self._until(word):",
        "if word >> RESERVED_AT > 0 and block.timestamp > (word >> LAST_AT) & U40:",
    ),
    _bug(
        "unlocked below the reserve",
        SERVICE,
        "extcall hub.unlock(msg.sender, _amount, self._reserved(msg.sender))",
        "extcall hub.unlock(msg.sender, _amount, 0)",
    ),
    _bug("never freed", SERVICE, "        self._bindings[msg.sender] = word ^ (1 << RESERVED_AT)\n", "        pass\n"),
    _bug(
        "evidence is copied",
        SERVICE,
        '    assert commitments._committed(self._evidence(_first, _second)) > 0, "record proof: not committed"\n',
        "",
    ),
    _bug("one header twice", SERVICE, " and _first.blockHash != _second.blockHash", ""),
    _bug("two numbers", SERVICE, " and _first.number == _second.number", ""),
    _bug("two chains", SERVICE, "_first.chainId == _second.chainId and ", ""),
    _bug("two attestors", SERVICE, "attestor != empty(address) and attestor == self._attestor_of(_second)", "True"),
    _bug(
        "the first is forged",
        SERVICE,
        '    assert self._is_signed(_first, _first_signature), "record proof: bad signature"\n',
        "",
    ),
    _bug(
        "the second is forged",
        SERVICE,
        '    assert self._is_signed(_second, _second_signature), "record proof: bad signature"\n',
        "",
    ),
    _bug(
        "no binding is needed",
        SERVICE,
        '    assert self._answers(word, convert(_first.time, uint256)), "record proof: no binding answers"\n',
        "",
    ),
    _bug("slashed again", SERVICE, "    self._bindings[attestor] = word ^ (1 << RESERVED_AT)\n", ""),
    _bug(
        "the penalty is paid out",
        SERVICE,
        "extcall hub.slash(attestor, DAMAGES, PENALTY)",
        "extcall hub.slash(attestor, RESERVE, 0)",
    ),
    _bug(
        "the attestor has the reward",
        SERVICE,
        "payouts.credits[msg.sender] += reward",
        "payouts.credits[attestor] += reward",
    ),
    _bug("keys of another kind", SERVICE, "hotkeys.HEARTBEAT", "hotkeys.RECEIPT"),
]
