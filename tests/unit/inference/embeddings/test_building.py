"""A publisher's folder becomes integers whose vectors are near the floats', and what is hostile in it is named."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from keifu.errors import InputError, UsageError
from keifu.inference.embeddings import keeping
from keifu.inference.embeddings.building import build, quantised
from keifu.inference.embeddings.executor import Executor
from keifu.inference.embeddings.floats import FloatModel, gelu, read_source
from keifu.inference.embeddings.program import checked
from keifu.inference.embeddings.rooting import program_root
from keifu.inference.embeddings.wordpieces import WordPieces
from keifu.inference.programs import root_of_folder
from keifu.spec import inference_model
from keifu.spec.inference_trees import BLOCKS_8, ROWS_8
from tests.conformance.inference.bert_folder import PIECES, folder_of, safetensors, tensors
from tests.conformance.inference.tiny_embedding import program_of, tiny

TEXTS = ("A proof of work.", "is no promise!", "Working proofs 224", "Σ 火 café")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return folder_of(tmp_path_factory.mktemp("published") / "model")


@pytest.fixture(scope="module")
def built(published, tmp_path_factory):
    place = tmp_path_factory.mktemp("built") / "integers"
    return place, build(published, place)


def test_integers_are_close_to_the_floats(published, built):
    floats, executor, tokenizer = FloatModel(read_source(published)), Executor(built[1].program), built[1].tokenizer
    for text in TEXTS:
        ids = tokenizer.encode(text, 48)
        wanted, found = floats.vector(ids), executor.vector(ids).astype(np.float64)
        assert wanted @ found / np.linalg.norm(found) > 0.999
        assert np.linalg.norm(wanted - found / np.linalg.norm(found)) < 0.03


def test_what_is_loaded_is_what_was_stored(built):
    place, stored = built
    loaded = keeping.load(place)
    assert loaded.unit == stored.unit
    assert loaded.tokenizer.pieces == stored.tokenizer.pieces == tuple(PIECES)
    assert program_root(checked(loaded.program)) == program_root(stored.program) == root_of_folder(place)


@pytest.mark.parametrize("layout", [BLOCKS_8, ROWS_8])
def test_the_root_of_a_program_is_the_reference_s(layout):
    groups = tiny(layout)
    assert program_root(checked(program_of(groups))) == inference_model.program_root(groups)


def test_a_folder_that_is_there_is_not_written_over(published, built):
    with pytest.raises(UsageError, match="exists"):
        build(published, built[0])


def test_a_fault_leaves_nothing(tmp_path):
    given = folder_of(tmp_path / "given", pieces=["[CLS]"])
    with pytest.raises(InputError, match="has 1 pieces, the model 20 tokens: another tokenizer's"):
        build(given, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["given"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 2}, "is of version 2"),
        ({"unit": 0}, "unit is 0.0"),
        ({"layouts": {}}, "has formats of"),
        ({"pieces": ["a"]}, "1 pieces, the model has 20 tokens"),
        ({"more": 1}, "more"),
        ({"sha256": "00"}, "is not what was stored"),
        ({"word_shift": 0}, "embedding's shift"),
    ],
)
def test_a_head_that_was_changed_is_refused(built, tmp_path, change, said):
    place = tmp_path / "copy"
    place.mkdir()
    (place / "arrays.bin").symlink_to(built[0] / "arrays.bin")
    head = json.loads((built[0] / "embedding.json").read_text())
    (place / "embedding.json").write_text(json.dumps({**head, **change}))
    with pytest.raises(InputError, match=said):
        checked(keeping.load(place).program)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model_type": "roberta"}, "is of roberta with gelu"),
        ({"hidden_act": "relu"}, "is of bert with relu"),
        ({"num_attention_heads": 3}, "3 heads in 64 lanes"),
        ({"hidden_size": 1 << 30}, "hidden_size"),
        ({"hidden_size": 96, "num_attention_heads": 2}, "96 lanes"),
        ({"layer_norm_eps": 0}, "layer_norm_eps"),
        ({"position_embedding_type": "relative_key"}, "positions of kind relative_key"),
        ({"is_decoder": True}, "is a decoder"),
        ({"max_position_embeddings": 1}, "positions: not every number is from 2 to 8,192"),
        ({"num_hidden_layers": 1}, r"encoder.layer.1.attention.output.LayerNorm.bias is a tensor that is not computed"),
        ({"num_hidden_layers": 3}, r"encoder.layer.2.attention.output.LayerNorm.weight is missing"),
        ({"intermediate_size": 192}, r"intermediate.dense.weight is \[128, 64\], not \[192, 64\]"),
    ],
)
def test_hostile_configurations_are_refused_by_name(tmp_path, config, said):
    with pytest.raises(InputError, match=said):
        read_source(folder_of(tmp_path / "given", config=config))


NAME = "embeddings.LayerNorm.bias"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"dtype": "BF16", "shape": [64], "data_offsets": [0, 128]}, "bias is BF16"),
        ({"dtype": "F32", "shape": [64], "data_offsets": [0, 255]}, "stands at 0 to 255, where it does not fit"),
        ({"dtype": "F32", "shape": [64], "data_offsets": [1 << 39, (1 << 39) + 256]}, "where it does not fit"),
        ({"dtype": "F32", "shape": [64], "data_offsets": [256, 0]}, "where it does not fit"),
        ({"dtype": "F32", "shape": [2] * 9, "data_offsets": [0, 256]}, "is no safetensors file"),
        ({"dtype": "F32", "shape": [-64], "data_offsets": [0, 256]}, "is no safetensors file"),
    ],
)
def test_hostile_heads_are_refused_by_name(tmp_path, entry, said):
    with pytest.raises(InputError, match=said):
        read_source(folder_of(tmp_path / "given", change={NAME: entry}))


def test_tensors_that_share_bytes_are_refused(tmp_path):
    other = "encoder.layer.0.attention.output.LayerNorm.bias"
    shared = {"dtype": "F32", "shape": [64], "data_offsets": [0, 256]}
    given = folder_of(tmp_path / "given", change={NAME: shared, other: shared})
    with pytest.raises(InputError, match=r"begins inside of"):
        read_source(given)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("embeddings.word_embeddings.weight", 1e-30, "embedding's shift: not every number is from 1 to 62"),
        ("encoder.layer.0.output.LayerNorm.bias", 1e6, "scales: not every number is from"),
        ("encoder.layer.0.attention.self.key.bias", 1e30, "scales: not every number is from"),
        ("encoder.layer.0.output.dense.bias", 1e30, "row 11 of layer 0 could pass 63 bits"),
        ("encoder.layer.0.output.LayerNorm.weight", 1e30, "by calibration 1.mixed is no finite number"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_integers_that_no_loader_takes_are_not_written(tmp_path, name, value, said):
    arrays = tensors()
    arrays[name][...] = value
    given = folder_of(tmp_path / "given", arrays=arrays)
    with pytest.raises(InputError, match=said):
        build(given, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["given"]


def test_what_is_no_finite_number_is_refused_by_name(tmp_path):
    arrays = tensors()
    arrays["encoder.layer.1.output.dense.weight"][3, 4] = np.nan
    with pytest.raises(InputError, match=r"encoder.layer.1.output.dense.weight has what is no finite number"):
        read_source(folder_of(tmp_path / "given", arrays=arrays))


@pytest.mark.parametrize("body", [b"", b"1234567", struct.pack("<Q", 1 << 60) + b"{}", struct.pack("<Q", 2) + b"[]"])
def test_what_is_no_such_file_is_refused(tmp_path, body):
    given = folder_of(tmp_path / "given")
    (given / "model.safetensors").write_bytes(body)
    with pytest.raises(InputError, match=r"model\.safetensors"):
        read_source(given)


def test_halves_are_read_too(tmp_path):
    arrays = tensors()
    arrays[NAME] = arrays[NAME].astype(np.float16)
    found = read_source(folder_of(tmp_path / "given", arrays=arrays))
    assert found.first_norm[1].tolist() == arrays[NAME].astype(np.float32).tolist()
    assert safetensors(arrays)


def test_values_that_residuals_do_not_hold_are_refused(tmp_path):
    arrays = tensors()
    arrays["embeddings.position_embeddings.weight"] *= 10_000
    with pytest.raises(InputError, match="places: their values are too large"):
        quantised(read_source(folder_of(tmp_path / "given", arrays=arrays)))


def test_gelu_is_that_of_erf():
    found = gelu(np.array([-8.0, -1.0, 0.0, 0.5, 3.0]))
    assert found == pytest.approx([0, -0.158655, 0, 0.345731, 2.99595], abs=1e-5)


def test_words_are_cut_as_the_package_tokenizers_cuts_them():
    """Ids by the package `tokenizers` 0.23 with this vocabulary."""
    tokenizer = WordPieces(PIECES)
    ids = {name: number for number, name in enumerate(PIECES)}

    def cut(text, most=48):
        return [PIECES[number] for number in tokenizer.encode(text, most)]

    assert cut("A proof, of\u00a0WORKing!") == ["[CLS]", "a", "proof", "[UNK]", "of", "work", "##ing", "!", "[SEP]"]
    assert cut("Proofs. 火火 Café 224 ΣΣ σ") == [
        "[CLS]", "proof", "##s", ".", "火", "火", "cafe", "2", "##24", "[UNK]", "σ", "[SEP]",
    ]  # fmt: skip
    assert cut("a\x00pr\u200boof\ue000\t\x07is") == ["[CLS]", "[UNK]", "is", "[SEP]"]
    assert cut("no " * 99, 5) == ["[CLS]", "no", "no", "no", "[SEP]"]
    assert cut("a" * 101) == ["[CLS]", "[UNK]", "[SEP]"]
    assert cut("") == ["[CLS]", "[SEP]"]
    assert tokenizer.encode("a", 48) == [ids["[CLS]"], ids["a"], ids["[SEP]"]]


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["a", "a"], "has a piece twice"),
        (["[UNK]", "[CLS]"], r"has no \[SEP\]"),
        ([*PIECES, "a" * 103], "piece 20 has 103 letters, at most 102 are read"),
    ],
)
def test_vocabularies_that_are_none_are_refused(pieces, said):
    with pytest.raises(InputError, match=said):
        WordPieces(pieces)


def test_a_text_that_is_too_long_is_refused():
    with pytest.raises(UsageError, match="1,048,577 letters in one text"):
        WordPieces(PIECES).encode("a" * ((1 << 20) + 1), 48)
