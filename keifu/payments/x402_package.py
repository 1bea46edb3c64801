"""x402's own package over our contract: the one place that knows both.

The package has the addresses of its contract and collectors as constants of its modules. Where our suite stands
elsewhere, they are pointed at it, for a whole process and all that it pays or takes by the scheme:

    with pointed_at(suite):
        ...  # clients, servers and facilitators of the package, unmodified

x402 is needed for this alone: `pip install "x402[evm,httpx]"`.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from ethwire.keys import checksum
from keifu.chain import Deployment
from keifu.chain.suite import CHANNELS, ERC3009_COLLECTOR, PERMIT2_COLLECTOR
from keifu.errors import EnvironmentFault

__all__ = ["CONSTANTS", "pointed_at"]

_SCHEME = "x402.mechanisms.evm.batch_settlement"

# The package's constants, and what of the suite they stand for.
CONSTANTS = {
    "BATCH_SETTLEMENT_ADDRESS": CHANNELS,
    "ERC3009_DEPOSIT_COLLECTOR_ADDRESS": ERC3009_COLLECTOR,
    "PERMIT2_DEPOSIT_COLLECTOR_ADDRESS": PERMIT2_COLLECTOR,
}


@contextmanager
def pointed_at(suite: Deployment) -> Iterator[None]:
    """The package speaks to this suite's contracts until the block ends, in every thread of the process.

    Raises EnvironmentFault without the package.
    """
    before = [
        (module, name, getattr(module, name)) for module in _modules() for name in CONSTANTS if hasattr(module, name)
    ]
    try:
        for module, name, _ in before:
            setattr(module, name, checksum(suite[CONSTANTS[name]]))
        yield
    finally:
        for module, name, address in before:
            setattr(module, name, address)


def _modules() -> list[ModuleType]:
    """Every module of the scheme: each has imported the constants under their own names."""
    try:
        scheme = importlib.import_module(_SCHEME)
    except ImportError as error:
        raise EnvironmentFault(f"x402 is missing: {error}", remedy='pip install "x402[evm,httpx]"') from error
    for found in pkgutil.walk_packages(scheme.__path__, f"{_SCHEME}."):
        importlib.import_module(found.name)
    return [module for name, module in sys.modules.items() if name.startswith(_SCHEME)]
