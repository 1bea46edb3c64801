"""Results for the tools around an auditor: JUnit for test reports, SARIF for code scanning, annotations for GitHub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from evmstorm import __version__
from evmstorm.fuzz.campaign import SystemResult
from evmstorm.fuzz.counterexample import Counterexample

__all__ = ["as_annotations", "as_junit", "as_sarif"]

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def as_junit(results: list[SystemResult]) -> str:
    """A suite for each system, a case for each invariant and one for the model; a finding fails its case."""
    suites = []
    for result in results:
        cases = "".join(_case(result, name, found) for name, found in _cases(result))
        failed = len(result.findings)
        suites.append(
            f'<testsuite name={quoteattr(result.system)} tests="{len(list(_cases(result)))}" failures="{failed}" '
            f'time="{result.seconds:.3f}">{cases}</testsuite>'
        )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>{"".join(suites)}</testsuites>\n'


def _cases(result: SystemResult) -> Iterator[tuple[str, Counterexample | None]]:
    broken = {example.finding: example for example in result.findings}
    for item in result.invariants:
        yield f"{item.id} {item.sentence}", broken.pop(item.id, None)
    if not broken:
        yield "model", None
    yield from broken.items()


def _case(result: SystemResult, name: str, found: Counterexample | None) -> str:
    head = f"<testcase classname={quoteattr(result.system)} name={quoteattr(name)}"
    if found is None:
        return f"{head}/>"
    text = found.script().replace("]]>", "]]]]><![CDATA[>")
    return f"{head}><failure message={quoteattr(found.message)}><![CDATA[{text}]]></failure></testcase>"


def as_sarif(results: list[SystemResult], root: Path) -> str:
    """One run; each finding at the description that says what is broken, with its calls as the message."""
    rules: dict[str, dict[str, Any]] = {}
    found = []
    for result in results:
        for example in result.findings:
            rule = f"{result.system}/{example.finding}"
            text = example.sentence or example.finding
            rules[rule] = {"id": rule, "shortDescription": {"text": text}}
            place = {"artifactLocation": {"uri": _place(result, root)}, "region": {"startLine": 1}}
            found.append(
                {
                    "ruleId": rule,
                    "level": "error",
                    "message": {"text": example.script()},
                    "locations": [{"physicalLocation": place}],
                    "partialFingerprints": {"finding/v1": example.file_name},
                }
            )
    driver = {"name": "evmstorm", "version": __version__, "rules": list(rules.values())}
    log = {"$schema": SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": found}]}
    return json.dumps(log, indent=2) + "\n"


def as_annotations(results: list[SystemResult], root: Path) -> str:
    """A line for each finding that GitHub shows beside the description."""
    lines = []
    for result in results:
        for example in result.findings:
            title = _escaped(f"{result.system}: {example.finding}").replace(":", "%3A").replace(",", "%2C")
            lines.append(f"::error file={_place(result, root)},line=1,title={title}::{_escaped(example.script())}\n")
    return "".join(lines)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _place(result: SystemResult, root: Path) -> str:
    """The description's file, below the project's root where it lies there."""
    path = Path(result.source)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
