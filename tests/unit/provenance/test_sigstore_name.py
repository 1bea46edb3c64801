"""Names of Sigstore behind an account: what is trusted stands on the verifier's side alone."""

from __future__ import annotations

import base64
import json
import sys
from contextlib import suppress
from random import Random

import msgspec
import pytest

from keifu.errors import EnvironmentFault, InputError, UsageError
from keifu.provenance.sigstore_name import binding, check_binding
from keifu.provenance.trust import Sigstore, Trust
from tests.profiles import quick_or_deep
from tests.unit.provenance.sigstore_world import ISSUER, SigstoreWorld

ACCOUNT, OTHER, REGISTRY = "0x" + "a1" * 20, "0x" + "b2" * 20, "0x" + "11" * 20
IDENTITY = "author@example.org"
NAME = f"sigstore:{IDENTITY}"
CHAIN = 31_337
MUTATIONS = quick_or_deep(60, 5_000)


@pytest.fixture(scope="module")
def world():
    return SigstoreWorld()


@pytest.fixture
def trust(world, tmp_path):
    root = tmp_path / "trusted_root.json"
    return Trust(CHAIN, REGISTRY, sigstore=Sigstore(str(root), world.save_root(root), {IDENTITY: ISSUER}))


@pytest.fixture
def check(trust, tmp_path):
    def ask(bundle, account=ACCOUNT, name=NAME, trusted=trust):
        path = tmp_path / "binding.sigstore.json"
        path.write_bytes(bundle)
        return check_binding(trusted, account, name, path)

    return ask


@pytest.fixture(scope="module")
def signed(world):
    return world.sign(binding(CHAIN, REGISTRY, ACCOUNT, NAME), IDENTITY)


def test_a_signed_binding_is_shown_with_who_says_so(check, signed):
    found = check(signed)
    assert (found.check, found.ok) == ("sigstore", True)
    assert found.detail == f"{IDENTITY}, whom {ISSUER} signs in, has signed that the account is its own"


@pytest.mark.parametrize(
    ("content", "identity", "issuer"),
    [
        (binding(CHAIN, REGISTRY, OTHER, NAME), IDENTITY, ISSUER),  # of another account
        (binding(1, REGISTRY, ACCOUNT, NAME), IDENTITY, ISSUER),
        (binding(CHAIN, OTHER, ACCOUNT, NAME), IDENTITY, ISSUER),
        (binding(CHAIN, REGISTRY, ACCOUNT, "sigstore:another@example.org"), IDENTITY, ISSUER),
        (binding(CHAIN, REGISTRY, ACCOUNT, NAME), "another@example.org", ISSUER),
        (binding(CHAIN, REGISTRY, ACCOUNT, NAME), IDENTITY, "https://accounts.example.com"),
        (b"", IDENTITY, ISSUER),
    ],
)
def test_a_signature_of_something_or_somebody_else_is_told(check, world, content, identity, issuer):
    found = check(world.sign(content, identity, issuer))
    assert not found.ok
    assert found.detail.startswith(f"{IDENTITY} is not shown to have signed for the account: ")


def test_another_sigstore_vouches_for_nobody(check, signed):
    assert check(signed).ok
    assert not check(SigstoreWorld().sign(binding(CHAIN, REGISTRY, ACCOUNT, NAME), IDENTITY)).ok


@pytest.mark.parametrize("part", ["authority", "certificate_log", "signature_log"])
def test_each_part_of_the_root_is_needed(check, world, part, monkeypatch):
    """Who gets a certificate or a log's entry from elsewhere is believed by nobody."""
    monkeypatch.setattr(world, part, getattr(SigstoreWorld(), part))
    assert not check(world.sign(binding(CHAIN, REGISTRY, ACCOUNT, NAME), IDENTITY)).ok


def test_a_changed_signature_is_refused_in_a_word(check, signed):
    """One character changed anywhere. What is believed all the same (white space, the name beside a log's signature)
    has certificate, signature and entry as they were."""
    draw = Random(1)
    for _ in range(MUTATIONS):
        place = draw.randrange(len(signed))
        changed = signed[:place] + bytes([draw.choice(b'AZaz09+/={}[]":,\x00\xff')]) + signed[place + 1 :]
        with suppress(InputError):
            found = check(changed)
            assert not found.ok or _content(changed) == _content(signed), changed[place - 20 : place + 20]


def _content(bundle):
    said = json.loads(bundle)
    material = said["verificationMaterial"]
    texts = (
        material["certificate"]["rawBytes"],
        said["messageSignature"]["signature"],
        material["tlogEntries"][0]["canonicalizedBody"],
    )
    return [base64.b64decode(text) for text in texts]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"[" * 100_000, b'{"mediaType": 1}', b"\xff"])
def test_a_file_that_is_no_signature_is_refused(check, body):
    with pytest.raises(InputError, match="is no signature of Sigstore"):
        check(body)


def test_a_file_that_is_too_large_is_refused(check):
    with pytest.raises(InputError, match="too large for a signature"):
        check(bytes((1 << 20) + 1))


def test_nothing_is_checked_without_a_root_or_an_issuer(check, signed, trust):
    with pytest.raises(UsageError, match="names no root of Sigstore"):
        check(signed, trusted=Trust(CHAIN, REGISTRY))
    nobody = msgspec.structs.replace(trust, sigstore=msgspec.structs.replace(trust.sigstore, issuers={}))
    with pytest.raises(UsageError, match="does not say who signs author@"):
        check(signed, trusted=nobody)
    with pytest.raises(UsageError, match="is no identity of Sigstore"):
        check(signed, name="did:web:example.org")


def test_a_root_that_was_changed_is_refused(check, signed, trust, tmp_path):
    SigstoreWorld().save_root(tmp_path / "trusted_root.json")
    with pytest.raises(InputError, match="the trust file pins"):
        check(signed)
    (tmp_path / "trusted_root.json").unlink()
    with pytest.raises(InputError, match="cannot read"):
        check(signed)


def test_a_root_that_is_none_is_refused(check, signed, trust, tmp_path):
    root = tmp_path / "other.json"
    root.write_text("{}")
    pinned = Sigstore(str(root), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", {IDENTITY: ISSUER})
    with pytest.raises(InputError, match="is no trusted root of Sigstore"):
        check(signed, trusted=msgspec.structs.replace(trust, sigstore=pinned))


def test_without_the_library_nothing_is_said(check, signed, monkeypatch):
    monkeypatch.setitem(sys.modules, "sigstore.models", None)
    with pytest.raises(EnvironmentFault, match="library is not installed"):
        check(signed)


def test_the_trust_file_keeps_it_and_older_files_stay_as_they_are(trust, tmp_path):
    trust.write(tmp_path / "trust.json")
    assert Trust.read(tmp_path / "trust.json") == trust
    plain = Trust(CHAIN, REGISTRY)
    plain.write(tmp_path / "plain.json")
    assert "sigstore" not in (tmp_path / "plain.json").read_text()
    loose = msgspec.structs.replace(trust.sigstore, issuers={IDENTITY: ""})
    with pytest.raises(InputError, match="begins with https"):
        msgspec.structs.replace(trust, sigstore=loose).checked("it")
