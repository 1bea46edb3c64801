"""Five commands, five answers: each says who said it, since when, and how it was verified."""

from __future__ import annotations

import json
import shutil

import pytest

from keifu.provenance import Status
from keifu.provenance.proved import Proved

QUESTIONS = ["source", "labels", "version", "weights", "running"]


@pytest.fixture
def prov(keifu, project, pipeline):
    """`keifu prov VERB NAME`, with the pipeline's environment named and its documents at hand."""
    assert keifu("trust", "init", "--environment", f"production={pipeline.environment.hex()}")[0] == 0

    def run(verb, name, *more):
        return keifu("prov", verb, name, "--documents", project.folder / "documents", *more)

    return run


def test_ask_answers_all_five(prov, project, cast, pipeline, source):
    status, out, err = prov("ask", "production", "--json")
    assert status == 0, err
    found = json.loads(out)
    assert found["record"] == project["weights-int8"].id.hex()
    assert list(found["answers"]) == QUESTIONS
    for question, lines in found["answers"].items():
        assert lines, question
        for line in lines:
            assert line["who"].startswith("0x")
            assert line["since"]
            assert "proved in the state of the block" in line["how"]
    answers = {question: lines[0]["what"] for question, lines in found["answers"].items()}
    sources = [line["what"] for line in found["answers"]["source"]]
    assert any("an origin; CC-BY-4.0" in what for what in sources)
    assert "1,797 labels, 4 labellers, anchored as" in answers["labels"]
    assert project["weights-int8"].id.hex() in answers["version"]
    assert "layer1.scales.npy" in answers["weights"]
    assert project["weights-int8"].record.digest.hex() in answers["weights"]
    assert "production runs this: promotion 1; its policy holds by 0x" in answers["running"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_has_a_command(prov, project, question):
    """For the environment, the record and the files alike."""
    weights = project["weights-int8"]
    for name in ("production", weights.id.hex(), weights.path):
        status, out, err = prov(question, name, "--json")
        assert status == 0, err
        assert list(json.loads(out)["answers"]) == [question]
        assert json.loads(out)["record"] == weights.id.hex()


def test_people_read_who_said_it_and_how(prov, project, cast):
    status, out, _ = prov("ask", "production")
    assert status == 0
    assert "Who labelled it?" in out
    assert f"said by {cast.author.address}, since 2026-" in out


def test_a_page_to_hand_to_somebody(prov, tmp_path):
    assert prov("ask", "production", "--page", tmp_path / "page.html")[0] == 0
    text = (tmp_path / "page.html").read_text()
    assert text.count("<h2>") == 5
    assert "<script" not in text
    assert "://" not in text.replace("http://127.0.0.1", "")


def test_one_proof_a_contract_answers_everything(source, pipeline, monkeypatch):
    asked = []
    call = source.chain.rpc.call
    monkeypatch.setattr(source.chain.rpc, "call", lambda method, *params: asked.append(method) or call(method, *params))
    lineage, made = Proved.now(source).dossier(None, [pipeline.environment])
    assert made[0].artefact == lineage.root
    assert asked.count("eth_getProof") == 2
    assert "eth_call" not in asked


def test_what_is_withdrawn_is_marked_and_fails(prov, source, anvil, project, cast):
    number = anvil.snapshot()
    source.withdraw(project["raw"].id, Status.REVOKED, "copied", cast.author)
    status, out, err = prov("source", "production")
    assert (status, "! dataset" in out, "not in order: source" in err) == (1, True, True)
    assert "(revoked" in out
    anvil.restore(number)
    source.chain.forget_nonces()


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("staging", 2, "is neither a path, nor an environment that you named, nor an id"),
        ("ab" * 32, 2, "no record"),
    ],
)
def test_unknown_names_are_refused(prov, name, status, message):
    code, _, err = prov("ask", name)
    assert (code, message in err) == (status, True)


def test_files_that_nobody_registered_have_no_answers(prov, project, tmp_path):
    copy = shutil.copytree(project["weights-int8"].path, tmp_path / "copy")
    (copy / "more").write_bytes(b"x")
    status, _, err = prov("ask", copy)
    assert (status, "no record of" in err) == (1, True)


def test_an_environment_without_a_promotion_has_no_answers(prov, source, anvil):
    owner = anvil.account("idle owner")
    source.declare("idle", [], owner)
    status, _, err = prov("running", "idle", "--owner", owner.address)
    assert (status, "nothing was ever promoted in idle" in err) == (1, True)


def test_who_signed_the_labels_is_named(keifu, anvil, tmp_path):
    """A set that `anchor` wrote says itself who signed it. Seen red where the answer named only who registered it."""
    labellers = [anvil.account(f"{which} asked labeller").address.lower() for which in ("first", "second")]
    anvil.account("asked author")
    author = ("--role", "asked author")
    (tmp_path / "sample").write_text("asked sample")
    data = keifu("prov", "register", tmp_path / "sample", "--kind", "dataset", *author)[1].strip()
    for number, which in enumerate(("first", "second")):
        table = tmp_path / f"{which}.csv"
        table.write_text(f"index,sample,label\n{number},sample,setosa\n")
        sign = ("prov", "label", table, "--dataset", data, "--out", tmp_path / f"{which}.npz")
        assert keifu(*sign, "--role", f"{which} asked labeller")[0] == 0
    batches, out = [tmp_path / "first.npz", tmp_path / "second.npz"], tmp_path / "all.npz"
    assert keifu("prov", "anchor", *batches, "--dataset", data, "--out", out, *author)[0] == 0
    register = ("prov", "register", out, "--kind", "label-set", "--link", f"derived-from={data}", *author)
    labels = keifu(*register)[1].strip()
    said = json.loads(keifu("prov", "labels", labels, "--json")[1])["answers"]["labels"][0]["what"]
    assert "2 labels, signed by 0x" in said
    assert all(labeller in said for labeller in labellers)
    plain = tmp_path / "plain.npz"
    plain.write_text("labels in a form of one's own")
    other = keifu("prov", "register", plain, "--kind", "label-set", "--link", f"derived-from={data}", *author)[
        1
    ].strip()
    said = json.loads(keifu("prov", "labels", other, "--json")[1])["answers"]["labels"][0]["what"]
    assert f"labels of {data[:8]}" in said
