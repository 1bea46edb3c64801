"""Ten bugs of RewardStream."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("staking/RewardStream.vy")

BUGS = [
    _bug(
        "release rounded up",
        "return balance * (block.timestamp - since) // (end - since)",
        "return (balance * (block.timestamp - since) + end - since - 1) // (end - since)",
    ),
    _bug("old rate forgotten when funded", "    self._release()\n    self.released_until", "    self.released_until"),
    _bug(
        "time not moved on by a release",
        "    self.released_until = min(block.timestamp, end)\n    log IRewardStream.Released",
        "    log IRewardStream.Released",
    ),
    _bug("end one second early", "    if block.timestamp >= end:\n", "    if block.timestamp + 1 >= end:\n"),
    _bug("end one second late", "    if block.timestamp >= end:\n", "    if block.timestamp > end + 1:\n"),
    _bug("zero amount funded", '    assert _amount > 0, "stream: zero amount"\n', ""),
    _bug(
        "funds taken twice",
        "token_transfers._pull(token, _amount)",
        "token_transfers._pull(token, _amount * 2)",
    ),
    _bug(
        "half is handed over",
        "    extcall hub.fund_emission(amount)\n",
        "    extcall hub.fund_emission((amount + 1) // 2)\n",
    ),
    _bug(
        "event tells the end as time",
        "log IRewardStream.Released(amount=amount, until=block.timestamp)",
        "log IRewardStream.Released(amount=amount, until=end)",
    ),
    _bug(
        "event names the stream as payer",
        "log IRewardStream.Funded(payer=msg.sender, amount=_amount)",
        "log IRewardStream.Funded(payer=self, amount=_amount)",
    ),
]
