"""Evidence before the court: what it would not take is refused before anything is sent; no text is shown in hex."""

from __future__ import annotations

from pathlib import Path

import pytest

from keifu.cli._evidence import MAXIMUM, read_evidence
from keifu.errors import InputError
from keifu.staking.court import Statement


@pytest.mark.parametrize("size", [1, MAXIMUM])
def test_evidence_of_a_size_that_the_court_takes(tmp_path: Path, size: int) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(b"e" * size)
    assert read_evidence(path) == b"e" * size


@pytest.mark.parametrize("size", [0, MAXIMUM + 1])
def test_evidence_that_the_court_would_refuse(tmp_path: Path, size: int) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(b"e" * size)
    with pytest.raises(InputError, match=rf"evidence has {size:,} bytes, the court takes 1 to 2,048") as refused:
        read_evidence(path)
    assert refused.value.remedy == "put the evidence somewhere public and give its digest here"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"the model was exchanged", "the model was exchanged"),
        (b"two\nlines", "two\nlines"),
        (b"\xff\xfe", "0xfffe"),
        (b"\x1b[2J", "0x1b5b324a"),
        (b"a\n\x1b[2J", "0x610a1b5b324a"),
        ("\u202eguilty".encode(), "0xe280ae6775696c7479"),
    ],
    ids=["text", "lines", "bytes that are no text", "an escape sequence", "the same below a line", "turned around"],
)
def test_evidence_that_cannot_be_read_as_text_is_shown_in_hex(said: bytes, shown: str) -> None:
    assert Statement("accusation", "0x" + "11" * 20, 1, said).text == shown
