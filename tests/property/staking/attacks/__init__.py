"""Attacks on staking, one file a theme: each prints what the attacker spent and got and what others lost, and is
searched around: other amounts, times, people and orders."""
