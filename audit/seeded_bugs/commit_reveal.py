"""Bugs of CommitRevealRandomness."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]


_bug = seeder("governance/CommitRevealRandomness.vy")

BUGS = [
    _bug("commit phase one second long", "% length < length // 2", "% length <= length // 2"),
    _bug("reveal phase one second early", "% length >= length // 2", "% length + 1 >= length // 2"),
    _bug("bond paid back twice", "    self.commitments[epoch][msg.sender] = empty(bytes32)\n", ""),
    _bug("revealed secret counts as missing", "    self.missing[epoch] -= 1\n", ""),
    _bug("bonds forfeited twice", "    self.missing[_epoch] = 0\n", ""),
    _bug("bonds forfeited an epoch early", "_epoch <= self._epoch()", "_epoch <= self._epoch() + 1"),
    _bug(
        "any secret opens a commitment",
        "self.commitments[epoch][msg.sender] == keccak256(abi_encode(epoch, msg.sender, _secret))",
        "self.commitments[epoch][msg.sender] != empty(bytes32)",
    ),
    _bug(
        "copied commitment opens",
        "keccak256(abi_encode(epoch, msg.sender, _secret))",
        "keccak256(abi_encode(epoch, _secret))",
    ),
    _bug(
        "second commitment replaces the first",
        '    assert self.commitments[epoch][msg.sender] == empty(bytes32), "randomness: already committed"\n',
        "",
    ),
    _bug("seed of too few secrets", "self.reveals[_epoch] < MIN_REVEALS", "self.reveals[_epoch] + 1 < MIN_REVEALS"),
    _bug("seed before its epoch", "_epoch > self._epoch() or ", "_epoch > self._epoch() + 1 or "),
    _bug(
        "seed of the last secret alone", "abi_encode(self.mixes[epoch], _secret)", "abi_encode(empty(bytes32), _secret)"
    ),
    _bug("messenger gets what is forfeited", "token.transfer(sink, amount", "token.transfer(msg.sender, amount"),
    _bug("next epoch's secrets are out", "    return self._epoch() + 2\n", "    return self._epoch() + 1\n"),
    _bug("event tells the epoch as the count", "source=self.reveals[epoch])", "source=epoch)"),
]
