"""Bugs of CommitRevealRandomness."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["ATTACKS", "BUGS"]


_bug = seeder("governance/CommitRevealRandomness.vy")

ATTACKS = [
    _bug(
        "staking-8: the seed depends on the order of reveals",
        "self.mixes[epoch] ^= convert(part, uint256)",
        "self.mixes[epoch] = convert(keccak256(abi_encode(self.mixes[epoch], part)), uint256)",
    ),
]

BUGS = [
    *ATTACKS,
    _bug("commit phase one second long", "% length < length // 2", "% length <= length // 2"),
    _bug("reveal phase one second early", "% length >= length // 2", "% length + 1 >= length // 2"),
    _bug("bond paid back twice", "    self.commitments[epoch][msg.sender] = empty(bytes32)\n", ""),
    _bug("revealed secret counts as missing", "    self.missing[epoch] -= 1\n", ""),
    _bug("bonds forfeited twice", "    self.missing[_epoch] = 0\n", ""),
    _bug("bonds forfeited an epoch early", "_epoch <= self._epoch()", "_epoch <= self._epoch() + 1"),
    _bug(
        "any secret opens a commitment",
        "self.commitments[epoch][msg.sender] == keccak256(part)",
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
    _bug(
        "seed of strangers alone", "_epoch > self._epoch() or self.named_reveals[_epoch] == 0", "_epoch > self._epoch()"
    ),
    _bug("a commitment tells the seed", "== keccak256(part)", "== part"),
    _bug("a place for anybody too many", "taken < MAX_SECRETS", "taken <= MAX_SECRETS"),
    _bug("named participants take places for anybody", "    if self.named[msg.sender]:\n", "    if False:\n"),
    _bug("named afterwards", "if self.kept[epoch][msg.sender]", "if self.named[msg.sender]"),
    _bug("a sixth kept place", "self.named_count < NAMED_PLACES", "self.named_count <= NAMED_PLACES"),
    _bug("anybody names", '    assert msg.sender == owner, "randomness: not the owner"\n', ""),
    _bug("naming counts no places", "        self.named_count += 1\n", "        pass\n"),
    _bug("seed before its epoch", "_epoch > self._epoch() or ", "_epoch > self._epoch() + 1 or "),
    _bug(
        "seed of the last secret alone",
        "self.mixes[epoch] ^= convert(part, uint256)",
        "self.mixes[epoch] = convert(part, uint256)",
    ),
    _bug(
        "two equal parts add up",
        "self.mixes[epoch] ^= convert(part, uint256)",
        "self.mixes[epoch] |= convert(part, uint256)",
    ),
    _bug("messenger gets what is forfeited", "token.transfer(sink, amount", "token.transfer(msg.sender, amount"),
    _bug("next epoch's secrets are out", "    return self._epoch() + 2\n", "    return self._epoch() + 1\n"),
    _bug("event tells the epoch as the count", "source=self.reveals[epoch])", "source=epoch)"),
]
