"""`python -m keifu`: the command line."""

from __future__ import annotations

from keifu.cli import main

if __name__ == "__main__":
    main()
