"""Line and branch coverage of Vyper and Solidity sources, measured on the byte code that is deployed.

evm = TracedEvm()                     # runs whatever runs on LocalEvm, and counts every instruction
...
coverage = Coverage(["Vault"])
coverage.record(evm.hits)
print_table(coverage.report())
"""

from evmstorm.coverage._report import BranchCoverage, Coverage, FileCoverage
from evmstorm.coverage._traced import Hits, TracedEvm
from evmstorm.coverage._views import lcov, print_table, write_html, write_lcov

__all__ = [
    "BranchCoverage",
    "Coverage",
    "FileCoverage",
    "Hits",
    "TracedEvm",
    "lcov",
    "print_table",
    "write_html",
    "write_lcov",
]
