"""Search contracts for sequences of calls that break what should always hold, at tens of thousands of calls a second.

class Vault(System): ...            evmstorm.fuzz.system says how
evmstorm fuzz vault                 searches, shrinks, saves a counterexample
evmstorm replay FILE                sends it to anvil; --as-test makes a regression test
"""

from __future__ import annotations

from evmstorm.fuzz.compound import Array, Bytes, Struct, Text
from evmstorm.fuzz.engine import Engine
from evmstorm.fuzz.finding import Finding
from evmstorm.fuzz.system import MAY_REVERT, RAW_OUTCOME, Call, DescriptionError, Steps, System, action, invariant
from evmstorm.fuzz.values import Amount, Choice, Duration, Fixed, Flag, Index, Made, Value, Who

__all__ = [
    "MAY_REVERT",
    "RAW_OUTCOME",
    "Amount",
    "Array",
    "Bytes",
    "Call",
    "Choice",
    "DescriptionError",
    "Duration",
    "Engine",
    "Finding",
    "Fixed",
    "Flag",
    "Index",
    "Made",
    "Steps",
    "Struct",
    "System",
    "Text",
    "Value",
    "Who",
    "action",
    "invariant",
]
