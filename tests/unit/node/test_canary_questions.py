"""What a canary asks is what the node that serves the model answers: else an honest one is counted as silent."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from keifu.compute.embedding import LETTERS_OF_A_TOKEN, EmbeddingModel
from keifu.compute.model import ModelFault
from keifu.compute.openai import read_request
from keifu.errors import InputError
from keifu.inference.embeddings.keeping import Stored
from keifu.inference.embeddings.wordpieces import LARGEST_TEXT, WordPieces
from keifu.node.watcher.canary_trade import questions_for

POSITIONS = 16
WORDS = WordPieces(["[UNK]", "[CLS]", "[SEP]", "a", "text", "that", "fits", "."])
FITTING = "A text that fits."
TEXTS = {
    "too many letters of few words": "a text " + "x" * POSITIONS * LETTERS_OF_A_TOKEN + ".",
    "more letters than are read": "a text " + "x" * LARGEST_TEXT + ".",
    "no words": "\ufffd \ufffd \ufffd",
    "too many words": "a " * POSITIONS + ".",
}


def stored():
    return Stored(SimpleNamespace(sizes=SimpleNamespace(positions=POSITIONS, tokens=8, width=4)), 1.0, WORDS)


def is_answered(text):
    served = EmbeddingModel.__new__(EmbeddingModel)
    served._tokenizer, served._sizes, served.name = WORDS, stored().program.sizes, "words"
    try:
        call = read_request("embeddings", b'{"model":"words","input":"%b"}' % text.encode(), 0).call
        return served.most_input(call) > 0
    except ModelFault:
        return False


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_that_its_node_refuses_is_no_question_about_vectors(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    assert not is_answered(text)
    with pytest.raises(InputError, match="has no text with sentences"):
        questions_for(stored(), tmp_path, 4, random.Random(1))


def test_the_others_of_its_folder_are_asked(tmp_path):
    for place, text in enumerate((*TEXTS.values(), FITTING)):
        (tmp_path / f"{place}.txt").write_text(text)
    made = questions_for(stored(), tmp_path, 4, random.Random(1))
    assert is_answered(FITTING)
    assert {str(made.draw()[1]["input"]).strip("[']") for _ in range(20)} == {FITTING}
