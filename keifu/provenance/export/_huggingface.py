"""A model card as Hugging Face reads it: YAML between two lines of dashes, then Markdown."""

from __future__ import annotations

import json

from keifu.provenance._model import Kind
from keifu.provenance.export._subject import Subject

__all__ = ["HuggingFaceCard"]


def _yaml(value: str) -> str:
    """A YAML scalar: JSON strings are YAML strings, whatever they hold."""
    return json.dumps(value, ensure_ascii=False)


class HuggingFaceCard:
    """README.md of a model repository."""

    name = "huggingface"
    filename = "README.md"

    def render(self, subject: Subject) -> bytes:
        record = subject.entry.record
        head = ["---", f"license: {_yaml(record.licence.lower() or 'unknown')}", "library_name: keifu"]
        head += self._listed("datasets", [Kind.DATASET], subject)
        head += self._listed("base_model", [Kind.WEIGHTS, Kind.MODEL], subject)
        head += ["tags:", "- keifu", "- provenance", "---"]
        rows = [f"| {fact.name} | {_cell(fact.value)} | {fact.basis.value} | {fact.how} |" for fact in subject.facts]
        metrics = [
            f"- {name}: {value} (asserted by {subject.lineage.title(record_id)})"
            for record_id in subject.statements
            for name, value in subject.predicate(record_id).get("metrics", {}).items()
        ]
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
            "```",
            subject.lineage.tree(),
            "```",
            *(["", "## Metrics", "", *metrics] if metrics else []),
        ]
        return "\n".join([*head, "", *body, ""]).encode()

    def _listed(self, key: str, kinds: list[Kind], subject: Subject) -> list[str]:
        names = [
            subject.lineage.title(entry.id)
            for entry in subject.lineage.entries.values()
            if entry.record.kind in kinds and entry.id != subject.entry.id
        ]
        return [f"{key}:", *(f"- {_yaml(name)}" for name in names)] if names else []


def _cell(text: str) -> str:
    return text.replace("|", "\\|") if text else "–"
