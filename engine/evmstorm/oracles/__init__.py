"""Questions that no model of a contract's steps answers, for anybody's contracts:

profit        does a group of accounts end with more than it is entitled to?
promise       can everything that the contract owes be paid, in any order?
harm          do those who destroy other people's coins lose at least as much?
delay         does everybody get out within the documented time, whatever others did?
neutrality    are the same coins worth the same, in one account or in many?

Each knows balances, claims and times, and no contract. A description gives it numbers, mostly in an invariant at the
end of a sequence, and the error that it raises is the finding.
"""

from __future__ import annotations

from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.harm import Harm
from evmstorm.oracles.neutrality import check_alike, split
from evmstorm.oracles.profit import best_coalition, check_paid_in_full, check_profit
from evmstorm.oracles.promise import Claim, check_payable

__all__ = [
    "Claim",
    "Exit",
    "Harm",
    "best_coalition",
    "check_alike",
    "check_exits",
    "check_paid_in_full",
    "check_payable",
    "check_profit",
    "split",
]
