"""Ten bugs of ThirdPartyVault."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("ThirdPartyVault.vy")

BUGS = [
    _bug(
        "shares rounded for the depositor",
        "assets * (self.total_shares + VIRTUAL) // (self.active + VIRTUAL)",
        "(assets * (self.total_shares + VIRTUAL) + self.active + VIRTUAL - 1) // (self.active + VIRTUAL)",
    ),
    _bug(
        "exits are not slashed",
        "min((taken * self.exiting + whole - 1) // whole, self.exiting)",
        "0",
    ),
    _bug("exit paid twice", "    self.exit_claims[msg.sender] = 0\n", ""),
    _bug(
        "total unchecked",
        "    self.total_shares += made\n",
        "    self.total_shares = unsafe_add(self.total_shares, made + 1)\n",
    ),
    _bug("exit one second early", "block.timestamp >= self.ripe_at", "block.timestamp + 1 >= self.ripe_at"),
    _bug("anyone may slash", '    assert msg.sender == GUARDIAN, "vault: not the guardian"\n', ""),
    _bug(
        "moved shares swapped",
        "    self.shares[msg.sender] -= amount\n    self.shares[receiver] += amount\n",
        "    self.shares[receiver] -= amount\n    self.shares[msg.sender] += amount\n",
    ),
    _bug("stream not settled at exit", 'shares"\n    self._settle()\n    # After', 'shares"\n    # After'),
    _bug("exit claims not taken off the total", "    self.total_claims -= claims\n", ""),
    _bug(
        "event tells the shares as assets",
        "log Deposited(owner=msg.sender, assets=assets, shares=made)",
        "log Deposited(owner=msg.sender, assets=made, shares=made)",
    ),
]
