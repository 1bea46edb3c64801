"""`keifu <noun> <verb>`: one file a noun, imported only when it is called, so that `keifu --help` stays quick."""

from __future__ import annotations

from keifu.cli.root import main

__all__ = ["main"]
