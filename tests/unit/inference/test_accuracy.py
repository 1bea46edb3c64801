"""How near integers are to the floats that they were made of: a report for whoever made them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from keifu.cli.model import cli
from keifu.errors import InputError
from keifu.inference.accuracy import of_tokens, of_vectors, own_texts, perplexity, texts_of
from keifu.inference.embeddings.building import build as build_vectors
from keifu.inference.tokens.building import build, calibration
from tests.conformance.inference.bert_folder import folder_of
from tests.conformance.inference.gguf_file import speaking


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("accuracy")


@pytest.fixture(scope="module")
def file(place):
    return speaking(place / "tiny.gguf")


@pytest.fixture(scope="module")
def blocks(file, place):
    build(file, place / "blocks")
    return place / "blocks"


@pytest.fixture(scope="module")
def rows(file, place):
    build(file, place / "rows", rows=True)
    return place / "rows"


@pytest.fixture(scope="module")
def vectors(place):
    given = folder_of(place / "published")
    build_vectors(given, place / "vectors")
    return given, place / "vectors"


def test_no_text_of_the_report_is_one_of_calibration():
    texts, questions = calibration()
    assert len(own_texts()) > 3
    assert not set(own_texts()) & {*texts, *questions}


def test_blocks_are_nearer_than_rows(file, blocks, rows):
    near, far = of_tokens(file, blocks, own_texts()), of_tokens(file, rows, own_texts())
    assert near.positions == far.positions > 500
    assert near.floats == far.floats
    assert 1 >= near.same > 0.99 > far.same > 0.5
    assert abs(near.integers / near.floats - 1) < abs(far.integers / far.floats - 1)


def test_vectors_have_cosines(vectors):
    found = of_vectors(*vectors, own_texts())
    assert found.texts == len(own_texts())
    assert 0.999 < found.worst <= found.mean <= 1


def test_a_perplexity_of_equals_is_how_many_there_are():
    assert perplexity(lambda ids: np.zeros((len(ids), 8)), [[1, 2, 3], [7, 0]]) == pytest.approx(8)
    sure = np.log(np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0, 0, 0]]) + 1e-300)
    assert perplexity(lambda _: sure, [[0, 0, 1]]) == pytest.approx(2)


def test_another_model_s_folder_is_refused(file, blocks, vectors, tmp_path):
    other = speaking(tmp_path / "other.gguf", layers=1)
    with pytest.raises(InputError, match="was not made of"):
        of_tokens(other, blocks, own_texts())
    given = folder_of(tmp_path / "given", config={"num_attention_heads": 1})
    with pytest.raises(InputError, match="was not made of"):
        of_vectors(given, vectors[1], own_texts())


def test_texts_that_say_nothing_are_refused(file, blocks, tmp_path):
    path = tmp_path / "texts"
    for body, said in ((b" \n\n\n", "has no texts"), (b"\xff\xfe", "is no text")):
        path.write_bytes(body)
        with pytest.raises(InputError, match=said):
            texts_of(path)
    path.write_bytes(b"a text\n\nanother\n\n\n")
    assert texts_of(path) == ["a text", "another"]
    with pytest.raises(InputError, match="no text has two tokens"):
        of_tokens(file, blocks, ["a"])


def test_the_command_says_it(file, blocks, vectors, tmp_path):
    said = CliRunner().invoke(cli, ["compare", str(file), str(blocks)], catch_exceptions=False)
    assert said.exit_code == 0
    assert "positions: the same next token at" in said.output
    texts = tmp_path / "texts"
    texts.write_text("What is a receipt?\n\nIt says what was computed.")
    said = CliRunner().invoke(cli, ["compare", str(file), str(blocks), "--texts", str(texts), "--json"])
    found = json.loads(said.output)
    assert 2 < found["positions"] < 60
    assert found["floats"] == pytest.approx(found["integers"], rel=0.01)
    said = CliRunner().invoke(cli, ["compare", *map(str, vectors)])
    assert "6 texts: cosine 0.999" in said.output
