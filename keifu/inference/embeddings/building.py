"""From a publisher's folder to one of integers: calibrated by texts that ship with this package."""

from __future__ import annotations

from pathlib import Path

from keifu.inference.embeddings.floats import Source, read_source
from keifu.inference.embeddings.keeping import Stored, store
from keifu.inference.embeddings.program import checked
from keifu.inference.embeddings.quantising import Quantised, calibrated, quantise
from keifu.inference.embeddings.wordpieces import WordPieces
from keifu.inference.tokens.building import calibration, expect_new, put_whole

__all__ = ["build", "quantised"]


def quantised(source: Source) -> Quantised:
    """Raises InputError for values that do not fit."""
    tokenizer, (texts, questions) = WordPieces(source.pieces), calibration()
    given = [tokenizer.encode(text, source.sizes.positions) for text in (*texts, *questions)]
    return quantise(source, calibrated(source, given))


def build(given: Path, folder: Path) -> Stored:
    """Write the folder, which must not be there; a fault leaves nothing. Raises UsageError and InputError."""
    expect_new(folder)
    source = read_source(given)
    made = quantised(source)
    stored = Stored(checked(made.program), made.unit, WordPieces(source.pieces))
    put_whole(folder, lambda unfinished: store(unfinished, stored))
    return stored
