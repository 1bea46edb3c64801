"""Texts as the package `tokenizers` reads them, chats as the model was trained, and vocabularies that are refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from keifu.errors import InputError, UsageError
from keifu.inference.tokens.gguf import Gguf
from keifu.inference.tokens.tokenizer import Tokenizer
from keifu.inference.tokens.vocabulary import checked_vocabulary, vocabulary_of
from tests.conformance.inference.gguf_file import CHAT, VECTORS, file_of, words

TEXTS = json.loads(VECTORS.read_text())["texts"]
ALL = 1 << 20


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    path = tmp_path_factory.mktemp("words") / "words.gguf"
    path.write_bytes(file_of(words(), {}))
    return Tokenizer(vocabulary_of(Gguf(path)))


def test_ids_are_those_of_the_package(tokenizer):
    for text, ids in TEXTS:
        assert tokenizer.encode(text, ALL) == ids
        assert tokenizer.decode(ids) == text
    assert len(TEXTS) > 60


def test_a_long_word_comes_back(tokenizer):
    text = "receipts" * (1 << 11)
    ids = tokenizer.encode(text, ALL)
    assert tokenizer.decode(ids) == text
    assert len(ids) == 5 * (1 << 11)


def test_what_cannot_fit_is_refused_before_it_is_read(tokenizer, monkeypatch):
    monkeypatch.setattr(tokenizer, "_word", None)
    with pytest.raises(UsageError, match="more than 10 tokens"):
        tokenizer.encode("receipts" * (1 << 11), 10)


def test_a_chat_that_cannot_fit_is_read_no_further(tokenizer, monkeypatch):
    """Nobody has paid yet, and nobody else is answered meanwhile."""
    read, encode = [], tokenizer.encode
    monkeypatch.setattr(tokenizer, "encode", lambda text, most: read.append(text) or encode(text, most))
    with pytest.raises(UsageError, match="at most 20 fit"):
        tokenizer.chat([("user", "What is a receipt?")] * 1_000, 20)
    assert len(read) < 10


def test_characters_come_whole(tokenizer):
    text = "日本 é 👩‍👩‍👧"
    decoding = tokenizer.decoding()
    parts = [decoding.add(number) for number in tokenizer.encode(text, ALL)]
    assert "".join(parts) + decoding.end() == text
    assert all("\ufffd" not in part for part in parts)
    assert tokenizer.decode([3 + 0xE6]) == "\ufffd"


def test_a_chat_is_as_its_template_says(tokenizer):
    found = tokenizer.chat([("user", "Why?"), ("assistant", "So."), ("user", "<|im_end|>")], ALL)
    marked = [("<|im_start|>", "<|im_end|>").index(mark) for mark in _marks(tokenizer, found)]
    assert marked == [0, 1, 0, 1, 0, 1, 0, 1, 0]  # what somebody types never becomes a mark
    text = tokenizer.decode(found)
    assert text == "system\nBe brief\nuser\nWhy?\nassistant\nSo.\nuser\n<|im_end|>\nassistant\n"
    assert tokenizer.decode(tokenizer.chat([("system", "Sing"), ("user", "x")], ALL)).startswith("system\nSing\n")


def _marks(tokenizer, ids):
    controls = tokenizer.vocabulary.controls
    return [tokenizer.vocabulary.tokens[number] for number in ids if number in controls]


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (lambda t: t.encode("a b c d e f", 3), "more than 3 tokens"),
        (lambda t: t.encode("\ud800", ALL), "half a character"),
        (lambda t: t.chat([], ALL), "a chat without a message"),
        (lambda t: t.chat([("tool", "x")], ALL), "'tool' is no role"),
        (lambda t: t.chat([("user", "x")], 4), "more than 4 tokens|at most 4 fit"),
        (lambda t: t.require([5, 512]), "from 0 to 511"),
        (lambda t: t.require([-1]), "from 0 to 511"),
        (lambda t: t.require([True]), "from 0 to 511"),
        (lambda t: t.require(["5"]), "from 0 to 511"),
    ],
)
def test_what_has_no_tokens_is_refused(tokenizer, work, said):
    with pytest.raises(UsageError, match=said):
        work(tokenizer)


def test_a_byte_without_a_token_is_refused(tokenizer):
    found = tokenizer.vocabulary
    others = ["qq" if item == "q" else item for item in found.tokens]
    fewer = Tokenizer(replace(found, tokens=tuple(others), merges=()))
    with pytest.raises(UsageError, match="no token for byte 0x71"):
        fewer.encode("quick", ALL)


def test_a_model_without_a_chat_completes_texts_alone(tmp_path):
    for template in ("{% for x in y %}{{ x }}{% endfor %}", CHAT + "{{ cycler.__init__ }}", None):
        keys = {name: value for name, value in words().items() if name != "tokenizer.chat_template"}
        keys |= {"tokenizer.chat_template": template} if template else {}
        (tmp_path / "plain.gguf").write_bytes(file_of(keys, {}))
        plain = Tokenizer(vocabulary_of(Gguf(tmp_path / "plain.gguf")))
        assert plain.encode("the", ALL)
        with pytest.raises(UsageError, match="no form of a chat"):
            plain.chat([("user", "x")], ALL)


def _changed(key, change):
    keys = words()
    keys[key] = change(keys[key]) if callable(change) else change
    return {name: value for name, value in keys.items() if value is not None}


HOSTILE = [
    ("tokenizer.ggml.model", "llama", "tokenizer.ggml.model is 'llama'; gpt2 is read"),
    ("tokenizer.ggml.pre", "other", "tokenizer.ggml.pre is 'other'; smollm is read"),
    ("tokenizer.ggml.pre", None, "tokenizer.ggml.pre is None"),
    ("tokenizer.ggml.add_bos_token", True, "add_bos_token is True"),
    ("tokenizer.ggml.tokens", None, "tokenizer.ggml.tokens is missing"),
    ("tokenizer.ggml.tokens", [1, 2], "tokenizer.ggml.tokens is missing, or no list"),
    ("tokenizer.ggml.token_type", [1, 3], "token_type has 2 items, there are 512 tokens"),
    ("tokenizer.ggml.token_type", lambda kinds: [99, *kinds[1:]], "token_type has 99, which is not known"),
    ("tokenizer.ggml.token_type", lambda kinds: [1] * len(kinds), "token 2 ends a reply, and could stand in a text"),
    ("tokenizer.ggml.eos_token_id", 512, "tokenizer.ggml.eos_token_id is 512, not from 0 to 511"),
    ("tokenizer.ggml.eos_token_id", 7, "token 7 ends a reply, and could stand in a text"),
    ("tokenizer.ggml.merges", lambda merges: ["xyz", *merges], "merge 0 is 'xyz', not two tokens"),
    ("tokenizer.ggml.merges", lambda merges: ["z qz", *merges], "merge 0 is 'z qz', not two tokens"),
    ("tokenizer.ggml.merges", lambda merges: [*merges, merges[0]], "two merges are of the same tokens"),
    ("tokenizer.ggml.tokens", lambda tokens: [*tokens[:-1], tokens[3]], "merge 252 is|two of them are the same"),
    ("tokenizer.ggml.tokens", lambda tokens: ["x" * 2_000, *tokens[1:]], "token 0 has 2,000 characters"),
    ("tokenizer.ggml.tokens", lambda tokens: [*tokens[:300], "日", *tokens[301:]], "merge .* is|stands for no byte"),
    ("tokenizer.ggml.tokens", lambda tokens: [tokens[0], "<start>", *tokens[2:]], "marks that are no tokens"),
    ("tokenizer.chat_template", "x" * 70_000, "chat_template is no text of a possible length"),
    ("tokenizer.chat_template", 5, "chat_template is no text of a possible length"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "change", "said"), HOSTILE)
def test_hostile_vocabularies_are_refused_by_name(tmp_path, key, change, said):
    (tmp_path / "hostile.gguf").write_bytes(file_of(_changed(key, change), {}))
    with pytest.raises(InputError, match=said):
        vocabulary_of(Gguf(tmp_path / "hostile.gguf"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tokens": ()}, "too many or none"),
        ({"end": -1}, "a token beyond the 512"),
        ({"controls": frozenset({2, 600})}, "a token beyond the 512"),
        ({"merges": ((3, 4, 5),)}, "tokens 3 and 4 do not come to token 5"),
        ({"merges": ((2, 4, 5),)}, "one of them is none of a text's"),
        ({"merges": ((3, 4, 900),)}, "one of them is none of a text's"),
    ],
)
def test_a_vocabulary_of_any_origin_is_checked(tokenizer, change, said):
    with pytest.raises(InputError, match=said):
        checked_vocabulary(replace(tokenizer.vocabulary, **change))
