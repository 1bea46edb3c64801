"""Questions that no model of a contract's steps answers, for anybody's contracts:

profit        is a coalition richer in the end than what people did entitles it to?
promise       is everything that the contract owes there to be paid, whoever comes first?
harm          does it cost those who burn other people's coins at least as much?
delay         does everybody get out within the time that the documents give, whatever strangers did?
neutrality    are the same coins worth the same, in one account or in many?

Each knows balances, claims and times, and no contract: a description hands it numbers, mostly from an invariant at the
end of a sequence, and what it raises is the finding.
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
