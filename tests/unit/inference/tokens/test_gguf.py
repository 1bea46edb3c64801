"""Somebody else's GGUF files: read as they are, quantised close to their floats, and refused with a name otherwise."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from click.testing import CliRunner

from keifu.cli.model import cli
from keifu.errors import InputError
from keifu.inference.tokens.building import build
from keifu.inference.tokens.executor import Executor
from keifu.inference.tokens.floats import FloatModel, source_of
from keifu.inference.tokens.gguf import Gguf
from keifu.inference.tokens.keeping import load
from keifu.inference.tokens.quantising import calibrated, quantise
from keifu.inference.tokens.rooting import program_root
from tests.conformance.inference.gguf_file import file_of, metadata, model, speaking, tensors, words

IDS = [(place * 37 + 5) % 96 for place in range(40)]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return source_of(Gguf(model(tmp_path_factory.mktemp("gguf") / "tiny.gguf")))


@pytest.mark.parametrize(("rows", "near"), [(False, 0.999), (True, 0.99)])
def test_integers_are_close_to_the_floats(source, rows, near):
    made = quantise(source, calibrated(source, [IDS]), rows=rows)
    executor, floats = Executor(made.program), FloatModel(source)
    sums = executor.sums(executor.conversation().read(IDS))
    found = sums * made.program.head.numbers[0][:, 1] * made.logit_scale
    wanted = floats.logits(floats.read(IDS))
    cosines = (found * wanted).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(wanted, axis=1)
    assert cosines.min() > near
    assert np.abs(found / wanted.std() - wanted / wanted.std()).mean() < 0.1


@pytest.mark.parametrize("rows", [False, True])
def test_a_token_of_zeros_makes_no_other_one_coarse(tmp_path, source, rows):
    body = with_tensor("token_embd.weight", lambda kind, shape, data: (kind, shape, bytes(136) + data[136:]))
    (tmp_path / "zero.gguf").write_bytes(body)  # token 0, in four blocks of 34 bytes
    zero = source_of(Gguf(tmp_path / "zero.gguf"))
    found, whole = (quantise(item, calibrated(source, [IDS]), rows=rows).program for item in (zero, source))
    assert not found.words.weights[0, 0].any()
    assert found.word_shift == whole.word_shift
    assert np.array_equal(found.words.numbers[0, 1:], whole.words.numbers[0, 1:])
    assert np.array_equal(found.head.numbers[0, 1:], whole.head.numbers[0, 1:])


def test_blocks_are_kept_as_they_are(source):
    made = quantise(source, calibrated(source, [IDS[:8]]))
    stored = source.layers[1]["ffn_down"]
    weights, scales = stored.blocks()
    assert np.array_equal(made.program.layers.down.weights[1], weights)
    whole = made.program.layers.down.scales[1].astype(float)
    assert np.corrcoef(whole[5].ravel(), scales[5].ravel())[0, 1] > 0.999999


def test_long_rows_run(tmp_path):
    """8,192 inner lanes, as larger models of the family have: built by the same command."""
    file, folder = speaking(tmp_path / "long.gguf", width=64, inner=8_192, layers=1), tmp_path / "integers"
    said = CliRunner().invoke(cli, ["build", str(file), str(folder), "--json"], catch_exceptions=False)
    made = load(folder)
    assert json.loads(said.output)["program_root"] == program_root(made.program).hex()
    executor = Executor(made.program)
    together = executor.conversation().read([1, 2, 3, 4, 5, 6, 7])
    talk = executor.conversation()
    assert np.array_equal(together, np.concatenate([talk.read([number]) for number in range(1, 8)]))


def test_calibration_without_tokens_is_refused(source):
    with pytest.raises(InputError, match="calibration saw no values"):
        calibrated(source, [])


def with_keys(**changes):
    keys = {name: changes.get(name.replace(".", "_"), value) for name, value in metadata().items()}
    return file_of({name: value for name, value in keys.items() if value is not None}, tensors(128, 192, 2, 96))


def with_more(**more):
    return file_of(
        {**metadata(), **{name.replace("__", "."): value for name, value in more.items()}}, tensors(128, 192, 2, 96)
    )


def with_tensor(name, change):
    held = tensors(128, 192, 2, 96)
    held[name] = change(*held[name])
    return file_of(metadata(), held)


def with_another(name, lanes):
    """A tensor that the family has not."""
    return file_of(metadata(), {**tensors(128, 192, 2, 96), name: (0, (lanes,), bytes(4 * lanes))})


def floats(values):
    return lambda kind, shape, data: (0, shape, np.resize(np.array(values, "<f4"), shape).tobytes())


GOOD = file_of(metadata(), tensors(128, 192, 2, 96))
HEAD = b"GGUF" + struct.pack("<I", 3)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "cannot be read"),
        (b"GGML" + bytes(99), "does not begin with GGUF"),
        (b"GGUF" + bytes(99), "version 0 is not read"),
        (HEAD + struct.pack("<QQ", 2**60, 1), "tensors, at most 16,384 are read"),
        (HEAD + struct.pack("<QQ", 1, 2**60), "keys, at most 1,024 are read"),
        (HEAD + struct.pack("<QQQ", 0, 1, 2**60), "bytes of a string, at most"),
        (HEAD + struct.pack("<QQQ", 0, 1, 9), "it ends, or passes"),
        (HEAD + struct.pack("<QQQ1sI", 0, 1, 1, b"k", 99), "k has type 99"),
        (HEAD + struct.pack("<QQQ1sIIQ", 0, 1, 1, b"k", 9, 4, 2**60), "items of k and of lists before it, at most"),
        (HEAD + struct.pack("<QQQ1sIIQ", 0, 1, 1, b"k", 9, 9, 1), "k is a list of lists"),
        (HEAD + struct.pack("<QQQ2s", 0, 1, 2, b"\xff\xff"), "no UTF-8"),
        (HEAD + struct.pack("<QQQ1sIQ", 1, 0, 1, b"t", 9, 1), "axes of t, at most 4"),
        (HEAD + struct.pack("<QQQ1sIQQIQ", 1, 0, 1, b"t", 2, 2**40, 2**40, 0, 0), "values of t, at most"),
        (HEAD + struct.pack("<QQQ1sIQIQ", 1, 0, 1, b"t", 1, 8, 77, 0), "t has type 77"),
        (HEAD + struct.pack("<QQQ1sIQIQ", 1, 0, 1, b"t", 1, 8, 0, 2**62), "t stands outside the file"),
        (HEAD + struct.pack("<QQQ1sIQIQ", 1, 0, 1, b"t", 1, 33, 8, 0), "no whole number of blocks"),
        (GOOD[: len(GOOD) // 2], "stands outside the file"),
        (with_keys(general_architecture="other"), "architecture 'other' is not llama"),
        (with_keys(llama_block_count=None), "llama.block_count is None"),
        (with_keys(llama_block_count=10**6), "llama.block_count is 1,000,000, not from 1 to 256"),
        (with_keys(llama_context_length=1), "llama.context_length is 1, not from 2 to 32,768"),
        (with_keys(llama_block_count=3), "it has no tensor blk.2."),
        (with_keys(llama_attention_head_count=4), "heads have 64 lanes here"),
        (with_keys(llama_rope_freq_base=float("nan")), "llama.rope.freq_base is nan"),
        (with_tensor("blk.0.attn_q.weight", lambda k, s, b: (k, s[::-1][:1], b)), "blk.0.attn_q.weight is"),
        (with_more(llama__rope__scaling__type="linear"), "llama.rope.scaling.type is 'linear', which is not computed"),
        (with_more(llama__rope__dimension_count=32), "llama.rope.dimension_count is 32, not 64"),
        (with_more(llama__attention__key_length=128), "llama.attention.key_length is 128, not 64"),
        (with_more(llama__vocab_size=97), "llama.vocab_size is 97, not 96"),
        (with_more(llama__expert_count=8), "llama.expert_count is 8, which is not computed"),
        (with_another("blk.0.attn_q.bias", 128), "blk.0.attn_q.bias is a tensor that is not computed"),
        (with_another("rope_freqs.weight", 32), "rope_freqs.weight is a tensor that is not computed"),
        (with_another("blk.2.attn_norm.weight", 128), "blk.2.attn_norm.weight is a tensor that is not computed"),
    ],
)
def test_hostile_files_are_refused_by_name(tmp_path, body, words):
    path = tmp_path / "hostile.gguf"
    path.write_bytes(body)
    with pytest.raises(InputError, match=words):
        source_of(Gguf(path))


def test_a_value_that_is_no_number_is_refused_by_name(tmp_path):
    path = tmp_path / "nan.gguf"
    path.write_bytes(with_tensor("blk.1.ffn_norm.weight", lambda k, s, _: (k, s, b"\x00\x00\xc0\x7f" * s[0])))
    with pytest.raises(InputError, match=r"blk\.1\.ffn_norm\.weight holds a value that is no finite number"):
        FloatModel(source_of(Gguf(path)))


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("blk.1.ffn_norm.weight", [3e38], r"1\.ffn_norm is no finite number"),
        ("blk.0.attn_q.weight", [0.0], r"0\.query is always 0"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_calibration_cannot_measure_is_named(tmp_path, name, values, words):
    path = tmp_path / "wild.gguf"
    path.write_bytes(with_tensor(name, floats(values)))
    with pytest.raises(InputError, match=f"by calibration {words}"):
        calibrated(source_of(Gguf(path)), [IDS])


def speaking_with(name=None, change=None, tokens=0, **keys):
    spoken = words()
    count = len(spoken["tokenizer.ggml.tokens"])
    held = tensors(128, 192, 2, count - tokens)
    if name:
        held[name] = change(*held[name])
    return file_of({**metadata(), **spoken, **{key.replace("__", "."): value for key, value in keys.items()}}, held)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (speaking_with("token_embd.weight", floats([1e-30, -1e-30, 3e-30])), "last norm: not every number is from"),
        (speaking_with(llama__attention__layer_norm_rms_epsilon=1e8), "epsilon: not every number is from 1"),
        (speaking_with(tokens=16), "512 tokens have names, the model has 496"),
        (speaking_with(tokenizer__ggml__add_eos_token=True), "add_eos_token is True"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_integers_that_no_loader_takes_are_not_written(tmp_path, body, words):
    path = tmp_path / "wild.gguf"
    path.write_bytes(body)
    with pytest.raises(InputError, match=words):
        build(path, tmp_path / "made")
    assert list(tmp_path.iterdir()) == [path]


def test_two_keys_of_one_name_are_refused(tmp_path):
    key = struct.pack("<Q1sIB", 1, b"k", 0, 7)
    (tmp_path / "twice.gguf").write_bytes(HEAD + struct.pack("<QQ", 0, 2) + key + key)
    with pytest.raises(InputError, match="two keys are called k"):
        Gguf(tmp_path / "twice.gguf")


def test_lists_have_a_bound_together(tmp_path):
    """So that no file of bytes becomes many times its size of numbers."""
    keys = [struct.pack("<Q1sIIQ", 1, name, 9, 0, 1 << 20) + bytes(1 << 20) for name in (b"a", b"b", b"c")]
    (tmp_path / "lists.gguf").write_bytes(HEAD + struct.pack("<QQ", 0, 3) + b"".join(keys))
    with pytest.raises(InputError, match=r"items of c and of lists before it, at most 2,097,152 are read"):
        Gguf(tmp_path / "lists.gguf")


def test_tensors_that_share_bytes_are_refused(tmp_path):
    described = [struct.pack("<Q1sIQIQ", 1, name, 1, 16, 0, place) for name, place in ((b"t", 0), (b"u", 32))]
    (tmp_path / "shared.gguf").write_bytes(HEAD + struct.pack("<QQ", 2, 0) + b"".join(described) + bytes(256))
    with pytest.raises(InputError, match="u begins inside of t"):
        Gguf(tmp_path / "shared.gguf")


def test_two_tensors_of_one_name_are_refused(tmp_path):
    name = struct.pack("<Q1sIQIQ", 1, b"t", 1, 8, 0, 0)
    (tmp_path / "twice.gguf").write_bytes(HEAD + struct.pack("<QQ", 2, 0) + name + name + bytes(64))
    with pytest.raises(InputError, match="two tensors are called t"):
        Gguf(tmp_path / "twice.gguf")
