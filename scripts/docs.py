"""Writes the generated pages of docs/ and builds the site into out/site, with every warning an error.

With --check it writes nothing and fails when a page is not current.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from audit import parameters
from benchmarks import table
from keifu.errors import KeifuError
from scripts import errors, flow_picture

# Each is a `main()` that looks for --check itself.
PAGES: tuple[Callable[[], int], ...] = (parameters.main, table.main, flow_picture.main, errors.main)
BUILD = (sys.executable, "-m", "mkdocs", "build", "--strict")  # with --quiet it would not count warnings
QUIET = {"NO_MKDOCS_2_WARNING": "1"}


def main() -> int:
    try:
        failed = max(page() for page in PAGES)
    except KeifuError as error:
        print(f"docs: {error}", file=sys.stderr)
        return error.exit_code
    if failed or "--check" in sys.argv[1:]:
        return failed
    built = subprocess.run(BUILD, env=os.environ | QUIET, capture_output=True, text=True, check=False)
    if built.returncode:
        print(built.stderr, file=sys.stderr)
        print("docs: the site has faults: see the warnings above", file=sys.stderr)
        return 1
    print("docs: the site is in out/site; python -m http.server --directory out/site shows it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
