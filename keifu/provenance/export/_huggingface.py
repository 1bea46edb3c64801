"""A card as Hugging Face reads it: YAML between two lines of dashes, then Markdown.

The head holds what its own validator takes and nothing else: a data set or base model is named there only when its
record says where on the hub it lies. All ancestors stand in the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from keifu.provenance._model import Kind, Relation
from keifu.provenance.export._subject import Subject
from keifu.texts import one_line

__all__ = ["HuggingFaceCard", "repository"]

# What the hub knows by a name of its own, of what people give models and data; anything else is `other` with a name.
LICENCES = (
    "apache-2.0", "mit", "openrail", "bigscience-openrail-m", "creativeml-openrail-m", "bigscience-bloom-rail-1.0",
    "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0",
    "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-4.0",
    "cc-by-nc-sa-4.0", "gpl-2.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0", "mpl-2.0", "unlicense", "isc", "artistic-2.0",
    "epl-2.0", "eupl-1.1", "odc-by", "odbl", "pddl", "gfdl", "zlib", "wtfpl", "afl-3.0", "ms-pl", "postgresql", "ncsa",
)  # fmt: skip
LONGEST_REPOSITORY = 96
_HUB = re.compile(r"(?:hf://|https://huggingface\.co/)(datasets/)?([\w.-]+/[\w.-]+?)(?:[@/].*)?", re.ASCII)
_PART = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9_])?", re.ASCII)
BASES = {Relation.FINE_TUNED_FROM: "finetune", Relation.QUANTISED_FROM: "quantized"}


class HuggingFaceCard:
    """README.md of a model's or a data set's repository."""

    name = "huggingface"
    filename = "README.md"

    def render(self, subject: Subject) -> bytes:
        rows = [f"| {fact.name} | {_cell(fact.value)} | {fact.basis.value} | {fact.how} |" for fact in subject.facts]
        metrics = [
            f"- {one_line(f'{name}: {value}')} (asserted by {subject.lineage.title(record_id)})"
            for record_id, name, value in subject.metrics()
        ]
        tree = subject.lineage.tree()
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", tree)), default=0))
        body = [
            f"# {subject.name}",
            "",
            "*Verified*: recomputed from bytes or read from the chain. *Asserted*: the author's word.",
            "",
            "| field | value | basis | how |",
            "|---|---|---|---|",
            *rows,
            "",
            "## Lineage",
            "",
            fence,
            tree,
            fence,
            *(["", "## Metrics", "", *metrics] if metrics else []),
        ]
        return "\n".join(["---", *_head(subject), "---", "", *body, ""]).encode()


def _head(subject: Subject) -> Iterator[str]:
    licence = subject.entry.record.licence.lower()
    if licence in LICENCES:
        yield f"license: {licence}"
    elif licence:
        yield "license: other"
        yield f"license_name: {re.sub('[^a-z0-9.]+', '-', licence).strip('-.') or 'other'}-licence"
    if subject.entry.record.kind != Kind.DATASET:
        data = [item.record.uri for item in subject.lineage.entries.values() if item.record.kind == Kind.DATASET]
        yield from _listed("datasets", [name for uri in data if (name := repository(uri, data=True))])
        for relation, word in BASES.items():
            bases = [name for item in subject.parents(relation) if (name := repository(item.record.uri, data=False))]
            if bases:
                yield from _listed("base_model", bases)
                yield f"base_model_relation: {word}"
                break
    yield from _listed("tags", ["keifu", "provenance"])


def repository(uri: str, *, data: bool) -> str:
    """The repository of the hub that a record's address names, as the hub's own validator takes it, or ""."""
    found = _HUB.fullmatch(uri)
    if found is None or bool(found[1]) != data:
        return ""
    name = found[2]
    parts = name.split("/")
    plain = all(_PART.fullmatch(part) and "--" not in part and ".." not in part for part in parts)
    return name if plain and len(name) <= LONGEST_REPOSITORY and not name.endswith(".git") else ""


def _listed(key: str, names: list[str]) -> list[str]:
    return [f"{key}:", *(f"- {name}" for name in dict.fromkeys(names))] if names else []


def _cell(text: str) -> str:
    return one_line(text).replace("|", "\\|") if text else "–"
