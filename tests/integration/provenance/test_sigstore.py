"""An account bound to an identity of Sigstore: claimed, signed, and checked by whoever trusts that Sigstore."""

from __future__ import annotations

import pytest

from tests.unit.provenance.sigstore_world import ISSUER, SigstoreWorld

IDENTITY = "author@example.org"
NAME = f"sigstore:{IDENTITY}"


@pytest.fixture
def author(anvil):
    return anvil.account("signed-in author").address


def test_an_identity_is_claimed_signed_and_checked(keifu, author, tmp_path):
    sigstore, binding, signature, root = SigstoreWorld(), *(tmp_path / name for name in ("binding", "signed", "root"))
    claim = ("prov", "claim", NAME, "--role", "signed-in author")
    assert keifu(*claim, "--binding-out", binding)[0] == 0
    signature.write_bytes(sigstore.sign(binding.read_bytes(), IDENTITY))
    sigstore.save_root(root)
    ask = ("prov", "identity", author, "--name", NAME)
    assert "claimed, not checked" in keifu(*ask)[1]
    checked = (*ask, "--sigstore", signature)
    assert "names no root of Sigstore" in keifu(*checked)[2]
    identity = ("--sigstore-identity", f"{IDENTITY}={ISSUER}")
    assert keifu("trust", "init", *identity)[0] == 2
    assert keifu("trust", "init", "--sigstore-root", root, *identity)[0] == 0
    assert f"sigstore: {IDENTITY}, whom {ISSUER} signs in" in keifu("trust", "show")[1]
    status, out, _ = keifu(*checked)
    assert (status, "ok   sigstore: author@example.org" in out) == (0, True)
    # Its signature shows nothing any more once the account takes the name back.
    assert keifu("prov", "claim", "", "--role", "signed-in author")[0] == 0
    status, out, _ = keifu(*checked)
    assert (status, "FAIL name: " in out, "ok   sigstore: " in out) == (1, True, True)


def test_a_signature_by_somebody_else_is_told(keifu, author, tmp_path):
    sigstore, binding, signature, root = SigstoreWorld(), *(tmp_path / name for name in ("binding", "signed", "root"))
    assert keifu("prov", "claim", NAME, "--role", "signed-in author", "--binding-out", binding)[0] == 0
    signature.write_bytes(sigstore.sign(binding.read_bytes(), "another@example.org"))
    sigstore.save_root(root)
    assert keifu("trust", "init", "--sigstore-root", root, "--sigstore-identity", f"{IDENTITY}={ISSUER}")[0] == 0
    status, out, _ = keifu("prov", "identity", author, "--name", NAME, "--sigstore", signature)
    assert (status, "FAIL sigstore: author@example.org is not shown" in out) == (1, True)


def test_a_name_of_another_kind_has_no_binding(keifu, author, tmp_path):
    binding = tmp_path / "binding"
    status, _, err = keifu(
        "prov", "claim", "did:web:example.org", "--role", "signed-in author", "--binding-out", binding
    )
    assert (status, "is no identity of Sigstore" in err, binding.exists()) == (2, True, False)
