"""Bugs of DrandRandomness and of the signatures that it checks."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]


_bug = seeder("governance/DrandRandomness.vy", "DrandRandomness")

CURVE = "lib/bls_bn254.vy"

BUGS = [
    _bug(
        "seed captured again",
        '    assert self.seed[_epoch] == empty(bytes32), "randomness: already captured"\n',
        "",
    ),
    _bug(
        "round before its time",
        "round <= self._round_at(block.timestamp)",
        "round <= self._round_at(block.timestamp) + 1",
    ),
    _bug("clock one round slow", "(_time - genesis) // period + 1", "(_time - genesis) // period"),
    _bug(
        "signature unchecked",
        '    assert bls_bn254._signed(KEY, self._message(round), _signature), "randomness: not that signature"\n',
        "",
    ),
    _bug("signature of the epoch's number", "self._message(round), _signature", "self._message(_epoch), _signature"),
    _bug("seed can be known before", "self, _epoch, _signature))", "self, _epoch, round))"),
    _bug("seed of another epoch", "    self.seed[_epoch] = seed\n", "    self.seed[_epoch + 1] = seed\n"),
    _bug("stride ignored", "    return first + _epoch * stride\n", "    return first + _epoch\n"),
    _bug("seeds asked for that are public", "block.timestamp + LOOKAHEAD", "block.timestamp"),
    _bug("event names the epoch as the round", "source=round)", "source=_epoch)"),
    _bug("second form of a point", "x < P and y < P and", "x < P and", CURVE),
    _bug("point off the curve", '    assert bls_bn254._on_curve(_signature), "randomness: not on the curve"\n', ""),
    _bug("sign of a hashed point turned", "if _u % 2 != y % 2:", "if _u % 2 == y % 2:", CURVE),
]
