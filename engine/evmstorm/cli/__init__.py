"""`evmstorm fuzz|mutate|coverage|replay`. The same commands join another command line by the entry point group
`keifu.commands`."""

from __future__ import annotations

from evmstorm.cli._main import cli, main

__all__ = ["cli", "main"]
