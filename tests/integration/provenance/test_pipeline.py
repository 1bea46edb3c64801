"""From raw digits to production; three frauds, each caught and named."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from examples.digits.pipeline import ACCURACY_BAR
from keifu.errors import CheckFailed
from keifu.provenance.digest import digest_path
from keifu.provenance.labels import LabelBatch, label_word
from keifu.provenance.lineage import walk
from keifu.provenance.proved import Proved
from keifu.provenance.verify import check_bytes, check_lineage, check_run, check_running, require
from keifu.units import DAY

STEPS = ["raw", "labels", "train", "test", "code", "run", "weights-float", "weights-int8", "evaluation"]


def test_every_step_is_registered_and_verifies(pipeline, project, lineage):
    assert list(project.artefacts)[: len(STEPS)] == STEPS
    assert pipeline.accuracy >= ACCURACY_BAR
    for name in STEPS:
        entry = lineage.entries[project[name].id]
        require([check_bytes(entry, project[name].path, project.documents.manifest(entry.record))])
    assert check_lineage(lineage).ok
    assert lineage.depth == 6


def test_production_runs_what_was_promoted(pipeline, project, source):
    digest = project["weights-int8"].record.digest
    beats = [pipeline.heartbeat(node, digest) for node in pipeline.cast.nodes]
    findings = check_running(
        Proved.now(source), pipeline.environment, project["weights-int8"].path, beats, documents=project.documents
    )
    assert [finding.ok for finding in findings] == [True] * 6


def test_swapped_weights_are_named(pipeline, project, source, lineage, tmp_path):
    weights = project["weights-int8"]
    swapped = shutil.copytree(weights.path, tmp_path / "swapped")
    scales = np.load(swapped / "layer1.scales.npy")
    np.save(swapped / "layer1.scales.npy", scales[::-1])
    finding = check_bytes(lineage.entries[weights.id], swapped, project.documents.manifest(weights.record))
    assert not finding.ok
    assert "changed: layer1.scales.npy" in finding.detail

    beat, signature = pipeline.heartbeat(pipeline.cast.nodes[1], digest_path(swapped).root)
    running = check_running(Proved.now(source), pipeline.environment, None, [(beat, signature)])
    assert not running[-1].ok
    assert "evidence for a slash" in running[-1].detail
    assert source.environments.is_heartbeat_false(beat.args, signature, weights.record.args)


def test_ten_relabelled_samples_are_named(pipeline):
    labels = pipeline.labels
    forged = LabelBatch(**{**vars(labels), "labels": labels.labels.copy()})
    changed = sorted(np.random.default_rng(3).choice(len(forged), 10, replace=False))
    for row in changed:
        forged.labels[row] = np.frombuffer(label_word((int(forged.labels[row, -1]) + 1) % 10), np.uint8)
    with pytest.raises(CheckFailed, match=f"10 labels are not as signed: samples {', '.join(map(str, changed))}"):
        forged.verify(pipeline.label_root)


def test_back_dated_run_is_named(pipeline, project, source):
    began = source.chain.now - DAY
    shutil.copytree(project["run"].path, project.folder / "old-run", dirs_exist_ok=True)
    project.write_json("old-run", "settings.json", {"seed": 2})
    pipeline.register_run("old-run", began, began + 60)
    run = project["old-run"]
    graph = walk(source, run.id, names=project.names)
    finding = check_run(graph.entries[run.id], run.statement, graph)
    assert not finding.ok
    assert "before its input train" in finding.detail


def test_run_from_the_future_is_named(pipeline, project, source):
    now = source.chain.now
    shutil.copytree(project["run"].path, project.folder / "early-run", dirs_exist_ok=True)
    project.write_json("early-run", "settings.json", {"seed": 3})
    pipeline.register_run("early-run", now, now + DAY)
    run = project["early-run"]
    graph = walk(source, run.id)
    assert "after it was registered" in check_run(graph.entries[run.id], run.statement, graph).detail


def test_honest_run_passes(project, lineage):
    run = project["run"]
    assert check_run(lineage.entries[run.id], run.statement, lineage).ok


@pytest.mark.parametrize("what", ["stale", "unsigned", "old promotion"])
def test_heartbeats_that_do_not_count(anvil, pipeline, project, source, what):
    node = pipeline.cast.nodes[0]
    beat, signature = pipeline.heartbeat(node, project["weights-int8"].record.digest)
    max_age = 600
    if what == "stale":
        anvil.warp(1_000)
        expected = "last heard of"
    elif what == "unsigned":
        signature, expected = bytes(65), "not signed"
    else:
        pipeline.seq += 1
        beat, signature = pipeline.heartbeat(node, beat.digest)
        pipeline.seq -= 1
        expected = "still runs promotion"
    findings = check_running(Proved.now(source), pipeline.environment, None, [(beat, signature)], max_age=max_age)
    assert not findings[-1].ok
    assert expected in findings[-1].detail


def test_labels_are_proved_on_chain(pipeline, source):
    tree = pipeline.labels.tree()
    for row in (0, 1, 900, len(pipeline.labels) - 1):
        proof = pipeline.labels.prove(row, pipeline.cast.author.address, tree)
        proof.verify(source.domain, pipeline.label_root)
        assert source.registry.is_label(*proof.args)
