"""Runs in the executable specification's own environment (see `specification`): state tests go in, one a line, and what
the specification makes of each comes out."""

from __future__ import annotations

import json
import sys
from typing import Any

__all__ = ["judge"]


def judge(run: Any, read: Any, cache: Any, line: str) -> dict[str, str]:
    """{hash, logs} of the one subtest in `line`."""
    [case] = read("", "test", json.loads(line))
    result = run(case, cache)
    return {"hash": "0x" + bytes(result.state_root).hex(), "logs": "0x" + bytes(result.logs_hash).hex()}


def main() -> None:
    from ethereum_spec_tools.evm_tools.statetest import read_test_case, run_test_case  # type: ignore[import-not-found]  # noqa: PLC0415
    from ethereum_spec_tools.evm_tools.t8n import ForkCache  # type: ignore[import-not-found]  # noqa: PLC0415

    cache = ForkCache()
    for line in sys.stdin:
        print(json.dumps(judge(run_test_case, read_test_case, cache, line)), flush=True)


if __name__ == "__main__":
    main()
