"""The program root of a folder of weights, whichever kind of program it holds."""

from __future__ import annotations

from pathlib import Path

from keifu.inference.embeddings import keeping as embeddings
from keifu.inference.pictures import promised_root
from keifu.inference.tokens import keeping as tokens
from keifu.inference.tokens.program import checked
from keifu.provenance.first_program import first_root, is_first
from keifu.provenance.program import PROGRAM_FILE, program_root, read_program

__all__ = ["disputed_root", "is_of_blocks", "root_of_folder", "roots_of_folder"]


def is_of_blocks(folder: Path) -> bool:
    """Whether it is a token model or an embedding model."""
    return tokens.is_token_model(folder) or embeddings.is_embedding_model(folder)


def root_of_folder(folder: Path) -> bytes:
    """Raises InputError naming what is not as it should be, or could overflow."""
    if not is_of_blocks(folder):
        return program_root(folder)
    if embeddings.is_embedding_model(folder):
        return _root_of_embeddings(folder)
    from keifu.inference.tokens.rooting import program_root as root_of_tokens  # noqa: PLC0415 - numba, seconds

    return root_of_tokens(checked(tokens.load(folder).program))


def roots_of_folder(folder: Path) -> list[bytes]:
    """By which a record may name what a folder holds, its own first. Raises InputError as `root_of_folder`."""
    if not is_of_blocks(folder) and is_first(folder):
        return [first_root(folder)]
    # Of a model of pictures a record has that of `program.json`, or that of the program that disputes open.
    return [root_of_folder(folder), disputed_root(folder)]


def disputed_root(folder: Path) -> bytes:
    """Of the program that disputes open; zeros where no answer of what the folder holds could be disputed. Raises
    InputError as `root_of_folder`."""
    if is_of_blocks(folder):
        return root_of_folder(folder)
    return promised_root(read_program(folder)) if (folder / PROGRAM_FILE).is_file() else bytes(32)


def _root_of_embeddings(folder: Path) -> bytes:
    from keifu.inference.embeddings.program import checked as checked_embeddings  # noqa: PLC0415 - as above
    from keifu.inference.embeddings.rooting import program_root as root  # noqa: PLC0415

    return root(checked_embeddings(embeddings.load(folder).program))
