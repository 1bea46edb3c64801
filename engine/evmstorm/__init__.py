"""Searches contracts for sequences of calls that break what should always hold, at tens of thousands of calls a second.

    evm          an in-process EVM in C, the compiler's artefacts, fast recompilation of one function
    fuzz         descriptions of a system under test, the search, counterexamples, replay on a real node
    mutation     seeded bugs and mutants: how much a description notices
    coverage     which lines and branches of the source a campaign ran
    conformance  the machine compared with another one by random programs

Knows no contract: what is searched is a project of yours, see `evmstorm.project`.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
