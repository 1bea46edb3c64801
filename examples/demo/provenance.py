"""The provenance chapter: a model of handwritten digits from raw data to production, five questions, three frauds."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from examples.demo.story import Story
from examples.digits.pipeline import Cast, DigitsPipeline, infer
from examples.digits.project import Artefact, ArtefactFolder
from keifu.chain import RpcDeployer, deploy_protocol
from keifu.errors import CheckFailed
from keifu.keys import Account
from keifu.provenance import Kind, Status
from keifu.provenance.bundle import Bundle, make_bundle
from keifu.provenance.digest import digest_path
from keifu.provenance.export import EXPORTERS, describe, export
from keifu.provenance.labels import LabelBatch, label_word
from keifu.provenance.lineage import walk
from keifu.provenance.program import read_program
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Provenance
from keifu.provenance.verify import (
    Finding,
    check_bytes,
    check_lineage,
    check_program,
    check_run,
    check_running,
)
from keifu.units import DAY

__all__ = ["TITLE", "tell"]

TITLE = "Provenance: where a model came from, and what really runs"
LABELLERS = 50
MANY_LABELS, FEWER_LABELS = 100_000, 10_000
DIGITS_LABELLERS = 6
BACK_DATED_SECONDS = 90 * DAY
TEN = 10
SHOWN = 8  # hex digits
SCALES = "layer1.scales.npy"  # biases and multipliers of the last layer


def tell(story: Story) -> None:
    """Register everything, answer the five questions, catch the three frauds, leave picture and bundle on disk."""
    source = _deploy(story)
    folder = story.out / "provenance"
    shutil.rmtree(folder, ignore_errors=True)
    pipeline = _make(story, source, folder / "artefacts")
    _five_questions(story, pipeline)
    _frauds(story, pipeline, folder)
    _withdrawal(story, pipeline)
    _many_labels(story, pipeline)
    _leave_behind(story, pipeline, folder)


def _deploy(story: Story) -> Provenance:
    deployment = deploy_protocol(RpcDeployer(story.chain, story.account("deployer")))
    for name in ("ProvenanceRegistry", "Environments"):
        story.deployment.addresses.setdefault(name, deployment[name])
    return Provenance(story.chain, story.deployment["ProvenanceRegistry"], story.deployment["Environments"])


def _make(story: Story, source: Provenance, folder: Path) -> DigitsPipeline:
    story.say(f"{DIGITS_LABELLERS} people label 1,797 scanned digits; a team trains on them.")
    cast = Cast(
        author=story.account("model author"),
        labellers=tuple(Account.from_role(f"labeller {i}") for i in range(DIGITS_LABELLERS)),
        evaluator=story.account("evaluator"),
        scanner=story.account("scanner"),
        owner=story.account("production owner"),
        nodes=tuple(Account.from_role(f"inference node {i}") for i in range(2)),
    )
    rows: list[tuple[str, str, str, int]] = []

    def note(artefact: Artefact) -> None:
        record = artefact.record
        rows.append((artefact.name, record.kind.word, artefact.id.hex()[:SHOWN], artefact.digest.size))

    pipeline = DigitsPipeline(ArtefactFolder(folder, source, cast.author, on_step=note), cast)
    pipeline.run()
    story.table("registered, parents before children", ("artefact", "kind", "record", "bytes"), rows)
    return pipeline


def _five_questions(story: Story, pipeline: DigitsPipeline) -> None:
    project, source = pipeline.project, pipeline.project.source
    artefact, seq, ok = source.current(pipeline.environment)
    lineage = walk(source, artefact, names=project.names)
    entry = lineage.entries[artefact]
    label = pipeline.labels.prove(17, pipeline.cast.author.address)
    on_chain = source.registry.is_label(*label.args)
    steps = read_program(project["weights-int8"].path).steps
    raw, run = project["raw"], project["run"]
    answers = [
        (
            "Where did the data come from?",
            f"{raw.statement['predicate']['description']}; sha256 {raw.record.digest.hex()[:16]}…",
            raw.id,
        ),
        (
            "Who labelled it?",
            f"{DIGITS_LABELLERS} labellers, each label signed; sample 17 is a "
            f"{int.from_bytes(label.label.label, 'big')} by {label.label.labeller[:10]}…",
            project["labels"].id,
        ),
        (
            "Which model version is this?",
            f"{entry.record.version}, from commit {project['code'].record.version[:10]}, "
            f"seed {run.statement['predicate']['buildDefinition']['externalParameters']['seed']}",
            run.id,
        ),
        (
            "Which weights and biases?",
            f"{sum(step.weights.size for step in steps):,} int8 weights and "
            f"{sum(len(step.scales) for step in steps)} biases; sha256 {entry.record.digest.hex()[:16]}…",
            artefact,
        ),
        ("Which version runs in production?", f"promotion {seq}, accuracy {pipeline.accuracy:.1%}", artefact),
    ]
    story.table(
        "five questions, five answers",
        ("question", "answer", "record"),
        [(question, answer, record.hex()[:SHOWN]) for question, answer, record in answers],
    )
    beats = [pipeline.heartbeat(node, digest_path(project["weights-int8"].path).root) for node in pipeline.cast.nodes]
    weights_path, documents = project["weights-int8"].path, project.documents
    findings = check_running(Proved.now(source), pipeline.environment, weights_path, beats, documents=documents)
    story.check("production runs what was promoted: chain, bytes and both nodes agree", all(f.ok for f in findings))
    story.check("the label of sample 17 is proved on chain", bool(on_chain))
    story.check("both attestations that the policy asks for are there", ok)
    story.check(f"no ancestor is missing or withdrawn ({check_lineage(lineage).detail})", check_lineage(lineage).ok)


def _frauds(story: Story, pipeline: DigitsPipeline, folder: Path) -> None:
    story.say("\nNow three people cheat.")
    _swap_weights(story, pipeline, folder)
    _relabel(story, pipeline)
    _back_date(story, pipeline)


def _swap_weights(story: Story, pipeline: DigitsPipeline, folder: Path) -> None:
    """A node serves other weights; its own heartbeat convicts it."""
    project = pipeline.project
    genuine = project["weights-int8"]
    swapped = folder / "swapped-weights"
    shutil.copytree(genuine.path, swapped)
    scales = np.load(swapped / SCALES)
    scales[[3, 8]] = scales[[8, 3]]
    np.save(swapped / SCALES, scales)
    entry = walk(project.source, genuine.id).entries[genuine.id]
    story.check("the promoted weights give the record's program root", check_program(entry, genuine.path).ok)
    story.check("the swapped ones do not", not check_program(entry, swapped).ok)
    bytes_finding = check_bytes(entry, swapped, project.documents.manifest(entry.record))
    heartbeat, signature = pipeline.heartbeat(pipeline.cast.nodes[1], digest_path(swapped).root)
    *_, node = check_running(Proved.now(project.source), pipeline.environment, None, [(heartbeat, signature)])
    environments = project.source.environments
    assert environments is not None
    evidence = environments.is_heartbeat_false(heartbeat.args, signature, genuine.record.args)
    story.say(f"  {_words(bytes_finding)}\n  {_words(node)}")
    story.check(
        "swapped weights are caught: the file is named", not bytes_finding.ok and SCALES in bytes_finding.detail
    )
    story.check("the node's own heartbeat is evidence on chain", bool(evidence) and not node.ok)


def _relabel(story: Story, pipeline: DigitsPipeline) -> None:
    """Ten labels are changed after they were signed."""
    labels = pipeline.labels
    forged = LabelBatch(**{**vars(labels), "labels": labels.labels.copy()})
    changed = np.random.default_rng(1).choice(len(forged), TEN, replace=False)
    for row in changed:
        forged.labels[row] = np.frombuffer(label_word(int(forged.labels[row, -1] + 1) % TEN), np.uint8)
    message = _refusal(lambda: forged.verify(pipeline.label_root))
    story.say(f"  labels: {message}")
    named = ", ".join(str(row) for row in sorted(changed))
    story.check("ten changed labels are caught and named", named in message)


def _back_date(story: Story, pipeline: DigitsPipeline) -> None:
    """A run claims to be three months old, to be first."""
    project = pipeline.project
    began = project.source.chain.now - BACK_DATED_SECONDS
    shutil.copytree(project["run"].path, project.folder / "run-of-spring")
    project.write_json("run-of-spring", "settings.json", {"seed": 1})
    pipeline.register_run("run-of-spring", began, began + 600)
    run = project["run-of-spring"]
    lineage = walk(project.source, run.id, names=project.names)
    finding = check_run(lineage.entries[run.id], run.statement, lineage)
    story.say(f"  {_words(finding)}")
    story.check("a back-dated run is caught: its input did not exist yet", not finding.ok and "input" in finding.detail)
    honest = project["run"]
    lineage = walk(project.source, honest.id, names=project.names)
    story.check("the honest run passes", check_run(lineage.entries[honest.id], honest.statement, lineage).ok)


def _withdrawal(story: Story, pipeline: DigitsPipeline) -> None:
    """A copy of the labels is withdrawn; every descendant shows it, and production refuses it."""
    project, source = pipeline.project, pipeline.project.source
    owner = pipeline.cast.owner
    draft = project.place("draft-weights")
    np.save(draft / "weights.npy", np.zeros(4, np.int8))
    project.register("draft-weights", Kind.WEIGHTS)
    environment = source.declare("staging", [], owner)
    source.promote(environment, project["draft-weights"].id, owner)
    source.withdraw(project["draft-weights"].id, Status.REVOKED, "trained on copied data", pipeline.cast.author)
    _, _, ok = source.current(environment)
    story.check("a promoted record is reported as not in order once its author revokes it", not ok)


def _many_labels(story: Story, pipeline: DigitsPipeline) -> None:
    count = FEWER_LABELS if story.fast else MANY_LABELS
    source, author = pipeline.project.source, pipeline.cast.author
    labellers = [Account.from_role(f"crowd labeller {i}") for i in range(LABELLERS)]
    with story.progress("signing labels", count) as bar:
        batch = LabelBatch.sign(
            source.domain,
            pipeline.project["raw"].id,
            [labellers[i % LABELLERS] for i in range(count)],
            [i.to_bytes(4, "big") for i in range(count)],
            [label_word(i % TEN) for i in range(count)],
            on_progress=lambda done: bar.update(bar.task_ids[0], completed=done),
        )
    tree = batch.tree()
    receipt = source.anchor(tree.root, count, bytes(32), "file:crowd", author)
    started = time.perf_counter()
    with story.progress("checking them", count) as bar:
        batch.verify(tree.root, on_progress=lambda done: bar.update(bar.task_ids[0], completed=done))
    rate = count / (time.perf_counter() - started)
    proof = batch.prove(count // 2, author.address, tree)
    story.say(
        f"  {count:,} labels by {LABELLERS} labellers: one transaction, {receipt.gas_used / count:.2f} gas each; "
        f"{rate:,.0f} signatures checked a second"
    )
    story.check(
        "any one of them is proved on chain with its labeller's signature", source.registry.is_label(*proof.args)
    )


def _leave_behind(story: Story, pipeline: DigitsPipeline, folder: Path) -> None:
    project, source = pipeline.project, pipeline.project.source
    lineage = walk(source, project["evaluation"].id, names=project.names)
    picture = folder / "lineage.svg"
    picture.write_text(lineage.to_svg())
    story.picture(picture)
    weights = project["weights-int8"]
    promoted = walk(source, weights.id, names=project.names)
    known = {record_id: project.statements[record_id] for record_id in promoted.entries}
    proved = Proved.now(source)
    bundle = make_bundle(proved, promoted, project.documents, environment=pipeline.environment)
    path = folder / "digits.bundle"
    bundle.write(path)
    started = time.perf_counter()
    verified = Bundle.read(path).verify(proved.pinned)
    took = time.perf_counter() - started
    story.say(f"  bundle: {path} ({path.stat().st_size:,} bytes), verified offline in {took * 1e3:.1f} ms")
    story.check("the bundle holds every ancestor and what production runs", len(verified.entries) == len(known))
    manifest = project.documents.manifest(promoted.entries[promoted.root].record)
    subject = describe(
        "digits-int8",
        promoted,
        recomputed=digest_path(weights.path),
        statements=known,
        manifests={promoted.root: manifest} if manifest is not None else {},
    )
    # Croissant describes data sets, and a test result is an evaluation's.
    formats = {name: item for name, item in EXPORTERS.items() if name not in ("croissant", "test-result")}
    for name, exporter in formats.items():
        (folder / exporter.filename).write_bytes(export(name, subject))
    story.say(f"  exported as {', '.join(formats)}")
    table = np.loadtxt(project["test"].path / "test.csv", delimiter=",", dtype=np.int64)
    answers = infer(weights.path, table[:1, 1:])
    story.check(
        f"the promoted weights recognise a held-out {table[0, 0]} as {answers[0]}", bool(answers[0] == table[0, 0])
    )


def _words(finding: Finding) -> str:
    return f"{finding.check}: {finding.detail}"


def _refusal(action: Callable[[], None]) -> str:
    try:
        action()
    except CheckFailed as error:
        return error.message
    return "nothing was found"
