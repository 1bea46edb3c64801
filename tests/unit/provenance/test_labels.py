"""Batches of signed labels: forged, moved and dropped ones are found; the fast digests are EIP-712's."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keifu.errors import CheckFailed, InputError
from keifu.keys import Account, canonical
from keifu.provenance import RegistryDomain
from keifu.provenance import labels as labels_module
from keifu.provenance.labels import LabelBatch, label_word
from tests.wallet_forms import FORMS, high_s, low_v

DOMAIN = RegistryDomain(31_337, "0x" + "11" * 20)
DATASET = b"\x07" * 32
LABELLERS = [Account.from_role(f"labeller {i}") for i in range(3)]
COUNT = 40
ANCHORER = "0x" + "22" * 20


@pytest.fixture(scope="module")
def batch():
    who = [LABELLERS[i % 3] for i in range(COUNT)]
    samples = [f"sample {i}".encode() for i in range(COUNT)]
    return LabelBatch.sign(DOMAIN, DATASET, who, samples, [label_word(i % 10) for i in range(COUNT)])


@pytest.fixture(scope="module")
def root(batch):
    return batch.tree().root


def changed(batch, **arrays):
    return LabelBatch(**{**vars(batch), **arrays})


def test_fast_digests_are_those_of_the_domain(batch):
    for row, digest in enumerate(batch.digests()):
        assert digest.tobytes() == DOMAIN.label_digest(batch.label(row))


def test_honest_batch_verifies(batch, root):
    batch.verify(root)
    batch.verify(root, workers=2)


def test_written_and_read_back(batch, root, tmp_path):
    batch.write(tmp_path / "labels.npz")
    LabelBatch.read(tmp_path / "labels.npz", DOMAIN).verify(root)


def test_moved_labels_are_named(batch, root):
    labels = batch.labels.copy()
    labels[[4, 5]] = labels[[5, 4]]
    with pytest.raises(CheckFailed, match="2 labels are not as signed: samples 4, 5"):
        changed(batch, labels=labels).verify(root)


def test_label_of_another_labeller_is_named(batch, root):
    labellers = batch.labellers.copy()
    labellers[7] = labellers[8]
    with pytest.raises(CheckFailed, match=r"samples 7$"):
        changed(batch, labellers=labellers).verify(root)


def test_dropped_label_is_found(batch, root):
    fewer = {name: getattr(batch, name)[:-1] for name in ("labellers", "indices", "samples", "labels", "signatures")}
    with pytest.raises(CheckFailed, match="some were added or left out"):
        changed(batch, **fewer).verify(root)


def test_signature_for_another_registry_is_none(batch):
    elsewhere = changed(batch, domain=RegistryDomain(31_337, "0x" + "33" * 20))
    assert elsewhere.bad_signatures() == list(range(COUNT))


@given(st.integers(0, COUNT - 1), st.sampled_from(["labels", "samples", "labellers", "signatures"]), st.data())
def test_any_changed_byte_is_named(batch, row, field, data):
    """Whatever byte of whatever row changes, exactly this row is named."""
    rows = getattr(batch, field).copy()
    column = data.draw(st.integers(0, rows.shape[1] - 1))
    rows[row, column] ^= data.draw(st.integers(1, 255))
    assert changed(batch, **{field: rows}).bad_signatures() == [row]


def test_proof_of_one(batch, root):
    for row in (0, 17, COUNT - 1):
        batch.prove(row, ANCHORER).verify(DOMAIN, root)


def test_proof_of_another_is_refused(batch, root):
    tree = batch.tree()
    mine, other = batch.prove(3, ANCHORER, tree), batch.prove(4, ANCHORER, tree)
    for wrong in (
        mine.__class__(mine.label, mine.signature, other.proof, root, ANCHORER),
        mine.__class__(mine.label, mine.signature, mine.proof[:-1], root, ANCHORER),
        mine.__class__(mine.label, mine.signature, (*mine.proof, bytes(32)), root, ANCHORER),
        mine.__class__(mine.label, mine.signature, mine.proof[::-1], root, ANCHORER),
    ):
        with pytest.raises(CheckFailed, match="is not in the anchored batch"):
            wrong.verify(DOMAIN, root)
    with pytest.raises(CheckFailed, match="is not signed by"):
        mine.__class__(mine.label, other.signature, mine.proof, root, ANCHORER).verify(DOMAIN, root)
    with pytest.raises(CheckFailed, match="is not in the anchored batch"):
        mine.verify(DOMAIN, bytes(32))


def test_garbage_file_is_refused(tmp_path, batch):
    (tmp_path / "x.npz").write_bytes(b"no arrays")
    with pytest.raises(InputError, match="is not a batch of labels"):
        LabelBatch.read(tmp_path / "x.npz", DOMAIN)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("dataset.npy", b"\x93NUMPY\x01\x00\x02\x00{\n")
    with pytest.raises(InputError, match="is not a batch of labels"):
        LabelBatch.read(tmp_path / "x.npz", DOMAIN)
    changed(batch, samples=np.zeros((3, 32), np.uint8)).write(tmp_path / "y.npz")
    with pytest.raises(InputError, match="do not fit together"):
        LabelBatch.read(tmp_path / "y.npz", DOMAIN)


@pytest.mark.case("tools-9")
@pytest.mark.parametrize("form", FORMS)
def test_labels_in_every_form_of_a_wallet(batch, root, form):
    """A batch keeps 65 bytes a row, which `canonical` makes of what a wallet sends."""
    signatures = batch.signatures.copy()
    signatures[3] = np.frombuffer(canonical(form(signatures[3].tobytes())), np.uint8)
    changed(batch, signatures=signatures).verify(root)
    signatures[4] = np.frombuffer(low_v(signatures[4].tobytes()), np.uint8)
    changed(batch, signatures=signatures).verify(root)


@pytest.mark.case("provenance-9")
def test_a_label_with_a_high_s_is_named(batch, root):
    """Seen red with a fast check and `recover` that take any s. The registry's `is_label` refuses it, too."""
    signatures = batch.signatures.copy()
    signatures[3] = np.frombuffer(high_s(signatures[3].tobytes()), np.uint8)
    high = changed(batch, signatures=signatures)
    assert high.bad_signatures() == [3]
    with pytest.raises(CheckFailed, match="is not signed by"):
        high.prove(3, ANCHORER).verify(DOMAIN, root)


def arrays(**columns):
    """A file of arrays as `write` makes them, with some of them changed."""
    good = {
        "dataset": np.zeros(32, np.uint8),
        "labellers": np.zeros((1, 20), np.uint8),
        "indices": np.zeros(1, np.int64),
        "samples": np.zeros((1, 32), np.uint8),
        "labels": np.zeros((1, 32), np.uint8),
        "signatures": np.zeros((1, 65), np.uint8),
    }
    file = io.BytesIO()
    np.savez_compressed(file, **good | columns)
    return file.getvalue()


@pytest.mark.case("provenance-15")
@pytest.mark.parametrize(
    "body",
    [
        b"PK\x03\x04 cut off",
        b"\x93NUMPY",
        arrays()[:-30],
        arrays(indices=np.zeros((1, 1), np.int64)),
        arrays(indices=np.zeros(1, np.float64)),
        arrays(indices=np.array(["1"], object)),
        arrays(dataset=np.zeros(31, np.uint8)),
        arrays(labellers=np.zeros((2, 20), np.uint8)),
    ],
    ids=["cut", "one array", "without its end", "a table", "broken numbers", "objects", "short id", "too long"],
)
def test_a_file_that_is_no_batch_ends_in_one_refusal(tmp_path, body):
    """Seen red where only OSError, ValueError and KeyError were caught: zipfile's own error came through."""
    path = tmp_path / "x.npz"
    path.write_bytes(body)
    with pytest.raises(InputError):
        LabelBatch.read(path, DOMAIN)


@pytest.mark.case("provenance-15")
def test_a_packed_bomb_is_not_unpacked(tmp_path, monkeypatch):
    """A few hundred kilobytes stand for 160 megabytes of zeros; their size is read, the array is not."""
    monkeypatch.setattr(labels_module, "MAX_LABELS", 1_000_000)
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("labels.npy", "w") as labels:
        megabyte = bytes(1 << 20)
        for _ in range(160):
            labels.write(megabyte)
    with pytest.raises(InputError, match="more than 1,000,000 labels"):
        LabelBatch.read(path, DOMAIN)
