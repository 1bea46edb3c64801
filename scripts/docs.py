"""Writes the generated pages of docs/. With --check it writes nothing and fails when one is not current."""

from __future__ import annotations

import sys
from collections.abc import Callable

from keifu.errors import KeifuError
from keifu.staking import parameters

# Each is a `main()` that looks for --check itself.
PAGES: tuple[Callable[[], int], ...] = (parameters.main,)


def main() -> int:
    try:
        return max(page() for page in PAGES)
    except KeifuError as error:
        print(f"docs: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
