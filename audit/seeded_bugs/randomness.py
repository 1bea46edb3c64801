"""Bugs of Randomness."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]


_bug = seeder("governance/Randomness.vy")

BUGS = [
    _bug(
        "seed captured again",
        '    assert self.seed[_epoch] == empty(bytes32), "randomness: already captured"\n',
        "",
    ),
    _bug("block before it is there", "assert source < block.number", "assert source <= block.number"),
    _bug(
        "header unchecked",
        '    assert keccak256(_header) == blockhash(source), "randomness: not that header"\n',
        "",
    ),
    _bug("prevrandao may repeat", '    assert mix != self.last, "randomness: prevrandao repeats"\n', ""),
    _bug("last prevrandao forgotten", "    self.last = mix\n", ""),
    _bug("window one block long", "if block.number <= block_of + REACH:", "if block.number <= block_of + REACH + 1:"),
    _bug("late block one block early", "(block.number - 1 - block_of)", "(block.number - block_of)"),
    _bug("tip for a late capture", "source == self._block_of(_epoch) and self.balance", "self.balance"),
    _bug("last tip kept", "self.balance >= tip", "self.balance > tip"),
    _bug("tip doubled", "value=tip,", "value=2 * tip,"),
    _bug(
        "who refuses the tip captures nothing",
        '        if not raw_call(msg.sender, b"", value=tip, revert_on_failure=False):\n            pass\n',
        '        raw_call(msg.sender, b"", value=tip)\n',
    ),
    _bug("seed not of its epoch", "abi_encode(chain.id, self, _epoch, mix)", "abi_encode(chain.id, self, mix)"),
    _bug("seed of another field", "extract32(_header, at + 1)", "extract32(_header, at + 34)"),
    _bug("seeds asked for that are public", "block.number + LOOKAHEAD", "block.number"),
    _bug("event names the epoch as the block", "source=source)", "source=_epoch)"),
]
