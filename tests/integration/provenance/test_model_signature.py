"""A signature of the real OpenSSF tool beside a record: registered, verified on chain, and offline out of a bundle."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.unit.provenance.test_digest import write
from tests.unit.provenance.test_signature import OPENSSF, keyed


@pytest.fixture
def signed(tmp_path, anvil):
    """A model with the tool's signature in place, and the signer's public key."""
    anvil.account("signing author")
    model, signer = write(tmp_path / "model", {"weights.bin": tmp_path.name.encode()}), keyed(tmp_path)
    job = {"folder": str(model), "out": str(tmp_path / "model.sig"), **signer._asdict()}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", OPENSSF],
        input=json.dumps([job]), check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    (tmp_path / "model.sig").rename(model / "model.sig")  # where people keep it: neither tool counts it as the model's
    return model, signer.trusted


def test_it_is_kept_beside_the_record_and_verified(keifu, signed, tmp_path):
    model, key = signed
    other = keyed(tmp_path, "other").trusted
    register = ("prov", "register", model, "--kind", "model", "--role", "signing author")
    status, out, err = keifu(*register, "--model-signature", model / "model.sig")
    assert status == 0, err
    record = out.strip()
    for trusted, expected in ((key, 0), (other, 1)):
        status, out, _ = keifu("prov", "verify", record, "--path", model, "--signer", trusted)
        assert status == expected
        assert f"{'FAIL' if expected else 'ok  '} signature: " in out
    assert "not compared: you named no signer" in keifu("prov", "verify", record)[1]
    bundle = tmp_path / "model.bundle"
    block = keifu("prov", "bundle", record, "--out", bundle)[1].strip()
    assert keifu("trust", "init")[0] == 0
    offline = ("prov", "verify", bundle, "--block-hash", block, "--path", model)
    assert [keifu(*offline, "--signer", trusted)[0] for trusted in (key, other)] == [0, 1]
    without = keifu(*register)[1].strip()
    status, _, err = keifu("prov", "verify", without, "--signer", key)
    assert (status, "none of OpenSSF's tool is kept beside the record" in err) == (1, True)


def test_a_signature_of_other_files_is_refused_before_anything_is_sent(keifu, signed, anvil):
    model, _ = signed
    before = anvil.rpc.call("eth_blockNumber")
    (model / "weights.bin").write_bytes(b"changed after it was signed")
    register = ("prov", "register", model, "--kind", "model", "--role", "signing author")
    status, _, err = keifu(*register, "--model-signature", model / "model.sig")
    assert (status, "signs other files: weights.bin" in err) == (1, True)
    assert anvil.rpc.call("eth_blockNumber") == before
