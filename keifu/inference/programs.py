"""The program root of a folder of weights, whichever kind of program it holds."""

from __future__ import annotations

from pathlib import Path

from keifu.inference.tokens.keeping import is_token_model, load
from keifu.inference.tokens.program import checked
from keifu.provenance.program import program_root

__all__ = ["root_of_folder"]


def root_of_folder(folder: Path) -> bytes:
    """Raises InputError naming what is not as it should be, or could overflow."""
    if not is_token_model(folder):
        return program_root(folder)
    from keifu.inference.tokens.rooting import program_root as root_of_tokens  # noqa: PLC0415 - numba, seconds

    return root_of_tokens(checked(load(folder).program))
