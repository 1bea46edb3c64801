# pragma version 0.4.3
"""
@title Numbers that more than one contract agrees on
@license MIT
@notice Read by tests and Python from here, never typed again.
"""

# Supply of the token, wei: a thousand million coins of 18 decimals, all of them minted at deployment.
TOKEN_SUPPLY: constant(uint256) = 10**27

# A vesting month, seconds: a twelfth of a Julian year of 365.25 days.
MONTH: constant(uint256) = 2_629_800

# A Julian year, seconds.
YEAR: constant(uint256) = 12 * MONTH

# The part of a grant that is vested at the token generation event: one in so many, rounded down.
TGE_DIVISOR: constant(uint256) = 3

# Monthly steps in which the rest follows.
TGE_STEPS: constant(uint256) = 36

# Shortest time between the last step of a distribution and the sweep of what nobody claimed, seconds.
MIN_SWEEP_DELAY: constant(uint256) = 2 * YEAR

# Largest amount that is packed into half a storage slot, wei: far above the supply of any coin in use.
MAX_AMOUNT: constant(uint256) = 2**128 - 1
