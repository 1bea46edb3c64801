"""What a canary asks is what the node that serves the model answers: else an honest one is counted as silent."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from keifu.compute.embedding import LETTERS_OF_A_TOKEN, EmbeddingModel
from keifu.compute.model import ModelFault
from keifu.compute.openai import read_request
from keifu.errors import InputError, UsageError
from keifu.inference.embeddings.keeping import Stored
from keifu.inference.embeddings.wordpieces import LARGEST_TEXT, WordPieces
from keifu.node.watcher.canary_trade import questions_for
from keifu.node.watcher.questions import OfLabels, OfReplies, OfVectors

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


def test_questions_are_sentences_of_the_owner_s_texts(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mail.txt").write_text("Who pays for it?  Nobody\nknows that. No.\n\n" + "so " * 99)
    (tmp_path / "b.txt").write_bytes(b"A second text \xff here.")
    made = OfReplies(tmp_path, is_chat=True, tokens=20, lot=random.Random(1))
    assert len(made) == 3
    drawn = [made.draw() for _ in range(600)]
    assert {endpoint for endpoint, _ in drawn} == {"chat/completions"}
    texts = {asked["messages"][0]["content"] for _, asked in drawn}
    assert texts == {"Who pays for it?", "Nobody knows that.", "A second text \ufffd here."}
    assert {asked.get("stream") for _, asked in drawn} == {True, None}
    assert {asked["max_tokens"] for _, asked in drawn} == set(range(4, 21))
    assert set().union(*(asked for _, asked in drawn)) == {"messages", "max_tokens", "stream"}
    plain = OfReplies(tmp_path, is_chat=False, tokens=4, lot=random.Random(1)).draw()
    assert (plain[0], plain[1]["prompt"] in texts, plain[1]["max_tokens"]) == ("completions", True, 4)


def test_a_folder_without_sentences_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("No.")
    with pytest.raises(InputError, match="has no text with sentences"):
        OfReplies(tmp_path, is_chat=True, tokens=4, lot=random.Random(1))


def test_texts_of_vectors_fit_into_the_context_and_come_in_each_form_that_clients_send(tmp_path):
    (tmp_path / "b.txt").write_text("A text that fits. This one is far too long for it. And another one.")
    made = OfVectors(tmp_path, fits=lambda text: len(text) < 20, lot=random.Random(1))
    drawn = [made.draw() for _ in range(200)]
    assert {endpoint for endpoint, _ in drawn} == {"embeddings"}
    given = [asked["input"] for _, asked in drawn]
    assert {item if isinstance(item, str) else item[0] for item in given} == {"A text that fits.", "And another one."}
    assert {type(item) for item in given} == {str, list}
    assert {asked.get("encoding_format") for _, asked in drawn} == {"float", "base64", None}
    assert set().union(*(asked for _, asked in drawn)) == {"input", "encoding_format"}
    with pytest.raises(InputError, match="has no text with sentences"):
        OfVectors(tmp_path, fits=lambda text: False, lot=random.Random(1))


def test_pictures_are_asked_one_at_a_time(tmp_path):
    def takes(given):
        if any(len(item) != 2 for item in given):
            raise UsageError("every input has 2 integers")

    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="has no JSON file with pictures"):
        OfLabels(tmp_path, takes=takes, lot=random.Random(1))
    (tmp_path / "a" / "these.json").write_text("[[1, 2], [3, 4]]")
    (tmp_path / "more.json").write_text("[[5, 6]]")
    (tmp_path / "notes.txt").write_text("no picture")
    made = OfLabels(tmp_path, takes=takes, lot=random.Random(1))
    assert len(made) == 3
    drawn = [made.draw() for _ in range(100)]
    assert {endpoint for endpoint, _ in drawn} == {"classify"}
    assert {tuple(asked["input"][0]) for _, asked in drawn} == {(1, 2), (3, 4), (5, 6)}
    assert {len(asked["input"]) for _, asked in drawn} == {1}


@pytest.mark.parametrize(
    ("text", "words"), [("[[1, 2, 3]]", "every input has 2 integers"), ("[1, 2]", "Expected"), ("[", "truncated")]
)
def test_a_file_without_pictures_of_the_model_is_refused_by_name(tmp_path, text, words):
    def takes(_):
        raise UsageError("every input has 2 integers")

    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=rf"a\.json is no list of the model's pictures: .*{words}"):
        OfLabels(tmp_path, takes=takes, lot=random.Random(1))
