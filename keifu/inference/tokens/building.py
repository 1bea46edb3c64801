"""From a publisher's GGUF file to a folder of integers: calibrated by texts that ship with this package."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from keifu.errors import UsageError
from keifu.inference.tokens.floats import source_of
from keifu.inference.tokens.gguf import Gguf
from keifu.inference.tokens.keeping import Stored, store
from keifu.inference.tokens.program import checked
from keifu.inference.tokens.quantising import calibrated, quantise
from keifu.inference.tokens.tokenizer import Tokenizer
from keifu.inference.tokens.vocabulary import expect_rows, vocabulary_of

__all__ = ["build", "calibration", "expect_new", "integers_of", "put_whole"]

_TEXTS = Path(__file__).with_name("calibration.json")
_MOST = 1 << 16  # tokens of a text


def integers_of(path: Path, *, rows: bool = False) -> Stored:
    """Read, calibrate and quantise. Raises InputError naming what in the file is not as it should be."""
    file = Gguf(path)
    source, vocabulary = source_of(file), vocabulary_of(file)
    expect_rows(vocabulary, source.sizes.tokens)
    tokenizer, (given, questions) = Tokenizer(vocabulary), calibration()
    texts = [tokenizer.encode(text, _MOST) for text in given]
    if vocabulary.is_chat:
        texts += [tokenizer.chat([("user", question)], _MOST) for question in questions]
    maxima = calibrated(source, [text[: source.sizes.positions] for text in texts])
    made = quantise(source, maxima, rows=rows)
    return Stored(checked(made.program), made.logit_scale, vocabulary)


def build(path: Path, folder: Path, *, rows: bool = False) -> Stored:
    """Write the folder, which must not be there; a fault leaves nothing. Raises UsageError and InputError."""
    expect_new(folder)
    made = integers_of(path, rows=rows)
    put_whole(folder, lambda unfinished: store(unfinished, made))
    return made


def calibration() -> tuple[list[str], list[str]]:
    """Texts and questions."""
    given = json.loads(_TEXTS.read_text())
    return given["texts"], given["questions"]


def expect_new(folder: Path) -> None:
    """Before anything is worked for. Raises UsageError."""
    if folder.exists():
        raise UsageError(f"{folder} exists", remedy="name a new folder")


def put_whole(folder: Path, write: Callable[[Path], None]) -> None:
    """A new folder with what `write` writes, or none."""
    expect_new(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        write(unfinished)
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
