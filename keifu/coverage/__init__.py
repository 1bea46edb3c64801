"""Line and branch coverage of Vyper source, measured on the byte code that is deployed.

`TracedEvm` is the in-process EVM on py-evm: whatever runs on `LocalEvm` runs on it too, and leaves a count for every
instruction of every contract.
"""

from keifu.coverage._evm import Hits
from keifu.coverage._traced import TracedEvm

__all__ = ["Hits", "TracedEvm"]
