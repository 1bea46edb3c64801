"""`keifu trust`, and the commands that hold what they check against it."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from keifu.errors import CheckFailed, InputError
from keifu.keys import Account
from keifu.provenance import environments_domain, heartbeat_digest
from keifu.provenance.bundle import Bundle
from keifu.provenance.proved import Proved
from keifu.provenance.trust import Trust, trust_file
from keifu.provenance.verify import check_attesters, check_author, check_running
from keifu.units import YEAR

STRANGER = "0x" + "77" * 20
TRUST = Trust(31_337, "0x" + "11" * 20, "0x" + "22" * 20)


def test_init_pins_the_deployment_and_show_prints_it(keifu, source):
    status, out, err = keifu("trust", "init", "--author", STRANGER, "--environment", f"production={STRANGER}", "--json")
    assert status == 0, err
    found = json.loads(out)
    assert (found["chain"], found["registry"]) == (31_337, source.registry.address)
    assert found["named"] == {"production": source.environments.environment_id(STRANGER, "production").hex()}
    assert json.loads(keifu("trust", "show", "--json")[1]) == found
    assert f"authors: {STRANGER}" in keifu("trust", "show")[1]


def test_a_trust_file_is_not_replaced_by_accident(keifu):
    assert keifu("trust", "init")[0] == 0
    status, _, err = keifu("trust", "init", "--author", STRANGER)
    assert (status, "--replace" in err) == (2, True)
    assert keifu("trust", "init", "--author", STRANGER, "--replace")[0] == 0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--agree", "2"), "2 nodes have to agree, 0 are named"),
        (("--environment", "production"), "is no environment"),
        (("--environment", "production=xyz"), "not 32 bytes"),
        (("--author", "nobody"), "is not an address"),
    ],
)
def test_init_refuses_what_cannot_be(keifu, args, message):
    status, _, err = keifu("trust", "init", *args)
    assert (status, message in err) == (2, True)
    assert not trust_file().exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "is no trust file"),
        ("[" * 200_000, "is no trust file"),
        ('{"chain": 1, "registry": "0x11", "format": "keifu-trust/1"}', "is not an address"),
        ('{"chain": 0, "registry": "0x' + "11" * 20 + '"}', "out of range"),
        ('{"chain": 1, "registry": "0x' + "11" * 20 + '", "format": "keifu-trust/9"}', "this version reads"),
        ('{"chain": 1, "registry": "0x' + "11" * 20 + '", "registri": ""}', "is no trust file"),
        ('{"chain": 1, "registry": "0x' + "11" * 20 + '", "block": "0x12"}', "block has 1 bytes"),
        ('{"chain": 1, "registry": "0x' + "11" * 20 + '", "nodes": ["http://a"]}', "out of range"),
    ],
    ids=["empty", "nested", "address", "chain", "format", "unknown field", "block", "nodes"],
)
def test_damaged_trust_files_are_refused(tmp_path, text, message):
    (tmp_path / "trust.json").write_text(text)
    with pytest.raises(InputError, match=re.escape(message)):
        Trust.read(tmp_path / "trust.json")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"chain": 1}, "a paper: chain is 1, trusted is 31337"),
        ({"registry": STRANGER}, f"a paper: registry is {STRANGER}, trusted is 0x1111"),
        ({"environments": STRANGER}, f"a paper: environments is {STRANGER}, trusted is 0x2222"),
        ({"author": STRANGER}, f"a paper: author is {STRANGER}, trusted is 0x33"),
        ({"attester": STRANGER}, f"a paper: attester is {STRANGER}, trusted is 0x44"),
        ({"environment": bytes(32)}, f"a paper: environment is {'00' * 32}, trusted is 5555"),
        ({"block": bytes(32)}, f"a paper: block is {'00' * 32}, trusted is 0x6666"),
        ({"genesis": "0x00"}, "a paper: genesis is 0x00, trusted is 0x7777"),
    ],
)
def test_one_function_compares_and_shows_both_values(said, message):
    trust = Trust(
        31_337,
        "0x" + "11" * 20,
        "0x" + "22" * 20,
        authors=("0x" + "33" * 20,),
        attesters=("0x" + "44" * 20,),
        named={"production": "55" * 32},
        block="0x" + "66" * 32,
        genesis="0x" + "77" * 32,
    )
    with pytest.raises(CheckFailed, match=re.escape(message)):
        trust.accept("a paper", **said)
    trust.accept("a paper", chain=31_337, registry="0x" + "11" * 20, author=None, environment="55" * 32)


def test_what_nobody_chose_is_not_refused():
    TRUST.accept("a paper", author=STRANGER, attester=STRANGER, environment=bytes(32), block=bytes(32))


@pytest.mark.case("provenance-1")
def test_registry_on_the_command_line_has_to_be_the_trusted_one(keifu, source, project):
    assert keifu("trust", "init")[0] == 0
    raw = project["raw"].id.hex()
    assert keifu("prov", "verify", raw, "--registry", source.registry.address)[0] == 0
    status, _, err = keifu("prov", "verify", raw, "--registry", STRANGER)
    assert (status, f"registry is {STRANGER}, trusted is {source.registry.address}" in err) == (1, True)


@pytest.mark.case("provenance-1")
def test_the_answer_names_id_author_time_and_block(keifu, project, source):
    raw = project["raw"]
    status, out, _ = keifu("prov", "verify", raw.id.hex())
    assert status == 0
    block = Proved.now(source).block
    assert f"ok   block: {block.header.number} {block.hash} of 2026-" in out
    assert f"{raw.id.hex()} of 2026-" in out
    assert f"ok   author: {raw.record.author}, not compared: you named no author whom you trust" in out


@pytest.mark.case("provenance-14")
@pytest.mark.parametrize("verb", ["verify", "lineage", "export"])
def test_an_author_can_be_demanded(keifu, project, verb):
    raw = project["raw"]
    assert keifu("prov", verb, raw.id.hex(), "--author", raw.record.author)[0] == 0
    status, _, err = keifu("prov", verb, raw.id.hex(), "--author", STRANGER)
    assert (status, f"author is {raw.record.author}, trusted is {STRANGER}" in err) == (1, True)


@pytest.mark.case("provenance-1")
def test_a_bundle_needs_a_registry_and_a_block_of_the_verifiers(keifu, project, tmp_path, source):
    file = tmp_path / "raw.bundle"
    _, block_hash, _ = keifu(
        "prov", "bundle", project["raw"].id.hex(), "--out", file, "--documents", project.folder / "documents"
    )
    status, _, err = keifu("prov", "verify", file, "--block-hash", block_hash.strip())
    assert (status, "keifu trust init" in err) == (2, True)
    assert keifu("trust", "init")[0] == 0
    assert keifu("prov", "verify", file, "--block-hash", block_hash.strip())[0] == 0
    Bundle(dataclasses.replace(Bundle.read(file).parts, registry=STRANGER)).write(file)
    status, _, err = keifu("prov", "verify", file, "--block-hash", block_hash.strip())
    assert (status, f"registry is {STRANGER}, trusted is {source.registry.address}" in err) == (1, True)


def test_a_trust_file_of_another_chain_is_refused(keifu, project):
    assert keifu("trust", "init")[0] == 0
    path = trust_file()
    found = json.loads(path.read_text())
    path.write_text(json.dumps(found | {"genesis": "0x" + "00" * 32}))
    status, _, err = keifu("prov", "verify", project["raw"].id.hex())
    assert (status, "genesis is 0x" in err, "trusted is 0x" + "00" * 32 in err) == (1, True, True)
    path.write_text(json.dumps(found | {"chain": 5}))
    status, _, err = keifu("prov", "verify", project["raw"].id.hex())
    assert (status, "chain is 31337, trusted is 5" in err) == (1, True)


def test_a_trust_file_beside_the_artefact_is_not_believed(keifu, tmp_path, monkeypatch):
    """It could have come with what is checked."""
    TRUST.write(tmp_path / "trust.json")
    monkeypatch.chdir(tmp_path)
    assert keifu("trust", "show")[0] == 2
    assert Path("trust.json").exists()


def test_policy_of_strangers_is_not_enough(source, pipeline):
    proved = Proved.now(source)
    made, entry = proved.production(pipeline.environment)
    named = tuple(attester for item in made.policy for attester in item.attesters)
    assert check_attesters(made, Trust(1, STRANGER, attesters=named)).ok
    finding = check_attesters(made, Trust(1, STRANGER, attesters=(STRANGER,)))
    assert not finding.ok
    assert f"trusted is {STRANGER}" in finding.detail
    assert not check_author(entry, Trust(1, STRANGER, authors=(STRANGER,))).ok


@pytest.mark.case("provenance-16")
def test_heartbeats_have_to_be_about_the_question(source, pipeline, project):
    """Of another environment, of the future, of long ago: none counts."""
    node, digest = Account.from_role("honest node"), project["weights-int8"].record.digest
    beat, signature = pipeline.heartbeat(node, digest)
    proved = Proved.now(source)
    assert check_running(proved, pipeline.environment, None, [(beat, signature)])[-1].ok
    other = type(beat)(**{**vars(beat), "environment": b"\x09" * 32})
    late = type(beat)(**{**vars(beat), "time": proved.time + 30 * YEAR})
    never = type(beat)(**{**vars(beat), "time": 0})
    domain = environments_domain(source.chain.chain_id, source.environments.address)
    for wrong, words in ((other, "is about environment 0909"), (late, "after the block"), (never, "last heard of")):
        signed = node.sign(heartbeat_digest(domain, wrong))
        finding = check_running(proved, pipeline.environment, None, [(wrong, signed)])[-1]
        assert not finding.ok
        assert words in finding.detail


def test_an_environment_that_nobody_named_is_refused(source, pipeline):
    proved = Proved.now(source)
    named = Trust(proved.trust.chain, proved.trust.registry, proved.trust.environments, named={"other": "55" * 32})
    finding = check_running(Proved(source, named), pipeline.environment)[0]
    assert (finding.ok, "trusted is 5555" in finding.detail) == (False, True)


@pytest.mark.case("provenance-10")
def test_a_label_that_a_stranger_anchored_is_named(keifu, anvil, tmp_path):
    """Whoever chose authors is told when somebody else fixed the label; whoever chose none learns who it was. Seen red
    where `--author` was taken and never compared."""
    anchorer, other = (anvil.account(f"trusted {role}").address.lower() for role in ("anchorer", "other"))
    author = ("--role", "trusted anchorer")
    (tmp_path / "sample").write_text("sample of trusted labels")
    (tmp_path / "labels.csv").write_text("index,sample,label\n0,sample,setosa\n")
    data = keifu("prov", "register", tmp_path / "sample", "--kind", "dataset", *author)[1].strip()
    signed, batch, proof = tmp_path / "signed.npz", tmp_path / "all.npz", tmp_path / "label.json"
    assert keifu("prov", "label", tmp_path / "labels.csv", "--dataset", data, "--out", signed, *author)[0] == 0
    assert keifu("prov", "anchor", signed, "--out", batch, *author)[0] == 0
    prove = ("prov", "prove-label", batch, "--sample", 0, "--anchorer", anchorer, "--out", proof)
    assert keifu(*prove)[0] == 0
    check = ("prov", "check-label", proof)
    assert f"ok   anchorer: {anchorer}, not compared" in keifu(*check)[1]
    assert f"ok   anchorer: {anchorer}, whom you trust" in keifu(*check, "--author", anchorer)[1]
    status, out, _ = keifu(*check, "--author", other)
    assert (status, "FAIL anchorer: " in out) == (1, True)


def test_every_answer_follows_the_key_that_replaced_a_trusted_authors(keifu, anvil, tmp_path):
    """Seen red where lineage, export and report compared with the old account alone."""
    old, new = (anvil.account(f"followed {which} key").address for which in ("old", "new"))
    assert keifu("prov", "replace-key", new, "--role", "followed old key")[0] == 0
    assert keifu("prov", "accept-key", old, "--role", "followed new key")[0] == 0
    (tmp_path / "weights").write_text("weights of a followed key")
    register = ("prov", "register", tmp_path / "weights", "--kind", "weights", "--role", "followed new key")
    record = keifu(*register)[1].strip()
    stranger = anvil.account("followed stranger").address
    for ask in (("prov", "lineage"), ("prov", "export"), ("report",), ("prov", "version"), ("prov", "verify")):
        assert [keifu(*ask, record, "--author", who)[0] for who in (old, new, stranger)] == [0, 0, 1], ask


@pytest.mark.parametrize("verb", ["history", "impact", "identity", "bundle", "heartbeat"])
def test_an_author_is_not_taken_where_none_is_compared(keifu, verb):
    """An option that changes nothing would pass for a check."""
    status, _, err = keifu("prov", verb, "00" * 32, "--author", STRANGER)
    assert (status, "No such option" in err) == (2, True)
