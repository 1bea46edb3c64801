"""Models that are loaded: how well they see, what they take, what they refuse, and that one wrong bit stops them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from keifu.errors import CheckFailed, InputError, UsageError
from keifu.inference import Model, kernels, reference, tensor_root
from keifu.inference import model as model_module
from keifu.provenance.digest import digest_path
from keifu.provenance.program import program_root

ENOUGH = 0.96
WRONG = "every input has (64|8×8×1) integers"


def asked(model, images):
    """Images as a request has them: rows of places for convolutions."""
    if model.input.shape == (1, 1, 64):
        return [list(image) for image in images]
    return [[[[value] for value in image[row : row + 8]] for row in range(0, len(image), 8)] for image in images]


def test_quantised_models_recognise_what_they_have_not_seen(model, digits):
    images, targets = digits
    seen = np.array(model.classify(asked(model, images.tolist())).outputs)[:, 0]
    assert (seen == targets).mean() >= ENOUGH


def test_the_reference_sees_the_same(model, digits):
    images, _ = digits
    few = images[:12].tolist()
    assert model.classify(asked(model, few)).outputs == [reference.infer(model.program, image) for image in few]


def test_one_by_one_or_together_is_the_same(model, digits):
    images = asked(model, digits[0][:33].tolist())
    together = model.classify(images).outputs
    assert together == [model.classify([image]).outputs[0] for image in images]
    assert together == model.classify(images[:5]).outputs + model.classify(images[5:]).outputs


def test_an_answer_has_roots_and_units(model, digits):
    images = digits[0][:3]
    answer = model.classify(asked(model, images.tolist()))
    outputs = np.array(answer.outputs, np.int16)
    assert answer.input_root == tensor_root(images, model.input.shape[2])
    assert answer.output_root == tensor_root(outputs, 1)
    assert (answer.input_units, answer.output_units) == (3 * 64, 3)


def test_the_digest_is_that_of_the_record(folder, model):
    assert model.digest == digest_path(folder).root
    assert model.program.root == program_root(folder)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "0 inputs in one request, 1 to 1,024 are taken"),
        ([[0] * 64] * 1_025, "1025 inputs in one request"),
        ([[0] * 63], WRONG),
        ([[0] * 64, [0] * 63], WRONG),
        ([[0.5] * 64], WRONG),
        ([[True] * 64], WRONG),
        ([["1"] * 64], WRONG),
        ([[None] * 64], WRONG),
        ([[1 << 63] * 64], WRONG),
        ([[1 << 70] * 64], WRONG),
        ([[[0] * 8] * 8], WRONG),
        ([[17] + [0] * 63], "values go from 0 to 16"),
        ([[-1] + [0] * 63], "values go from 0 to 16"),
        ([[65_536] + [0] * 63], "values go from 0 to 16"),
    ],
)
def test_what_is_no_input_is_refused(model, inputs, message):
    with pytest.raises(UsageError, match=message):
        model.classify(asked(model, inputs))


def test_numbers_without_a_list_and_another_form_are_refused(model, digits):
    for inputs in ([0] * 64, [[[0]] * 64], digits[0][:1].reshape(1, 1, 1, 64).tolist()):
        with pytest.raises(UsageError, match=WRONG):
            model.classify(inputs)


def test_requests_that_are_answered_together_have_roots_of_their_own(model, digits):
    parts = [model.tensor(asked(model, digits[0][first:end].tolist())) for first, end in ((0, 1), (1, 4), (4, 5))]
    together = model.answers(parts)
    assert together == [model.answers([part])[0] for part in parts]
    assert [len(answer.outputs) for answer in together] == [1, 3, 1]
    single = [part[:1] for part in parts]
    assert model.answers(single) == [model.answers([part])[0] for part in single]


def test_labels_that_come_again_have_the_root_that_is_theirs(model, digits):
    for images in (digits[0][:20], digits[0][10:40]):
        answers = model.answers([model.tensor(asked(model, [image.tolist()])) for image in images])
        labels = {answer.outputs[0][0] for answer in answers}
        assert 1 < len(labels) < len(answers)
        for answer in answers:
            assert answer.output_root == tensor_root(np.array(answer.outputs, np.int16), 1)


def test_an_answer_that_is_not_committed_has_no_roots(model, digits):
    part = model.tensor(asked(model, digits[0][:2].tolist()))
    plain = model.answers([part, part], is_committed=False)
    assert [answer.outputs for answer in plain] == [answer.outputs for answer in model.answers([part, part])]
    assert {answer.input_root + answer.output_root for answer in plain} == {b""}


def test_a_folder_that_is_no_model_is_refused(folder, tmp_path):
    (tmp_path / "README").write_text("no weights")
    with pytest.raises(InputError, match="cannot be read"):
        Model.load(tmp_path)
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "layer0.scales.npy").unlink()
    with pytest.raises(InputError, match=r"operator 0: cannot read layer0\.scales\.npy"):
        Model.load(copy)


def test_a_folder_that_changes_while_it_is_read_is_refused(folder, tmp_path, monkeypatch):
    copy = shutil.copytree(folder, tmp_path / "copy")

    read = model_module.read_program

    def slow(path):
        (copy / "note.txt").write_text("written in between")
        return read(path)

    monkeypatch.setattr(model_module, "read_program", slow)
    with pytest.raises(InputError, match="changed while it was read"):
        Model.load(copy)


def wrong_in_one_bit(executor, given):
    found = TRUE_RUN(executor, given)
    found = found.copy()
    found[-1, -1] ^= 1
    return found


TRUE_RUN = kernels.Executor.run


def test_one_wrong_bit_at_start_refuses_to_serve(folder, monkeypatch):
    monkeypatch.setattr(kernels.Executor, "run", wrong_in_one_bit)
    with pytest.raises(CheckFailed, match=r"this machine computes wrongly: operator 0 gives -?\d+ and not -?\d+ at"):
        Model.load(folder)


def test_one_wrong_bit_later_refuses_to_serve_until_a_check_passes(folder, digits, monkeypatch):
    model = Model.load(folder)
    image = asked(model, [digits[0][0].tolist()])
    with monkeypatch.context() as broken:
        broken.setattr(kernels.Executor, "run", wrong_in_one_bit)
        with pytest.raises(CheckFailed, match="this machine computes wrongly"):
            model.check()
    with pytest.raises(CheckFailed, match="this machine computes wrongly"):
        model.classify(image)
    model.check()
    assert model.classify(image).outputs
