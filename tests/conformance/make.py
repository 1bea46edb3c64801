"""Write the conformance suite of bundles: `python -m tests.conformance.make`.

`bundles/<name>.bundle` are the good ones; `bundles/suite.json` says what each of them is held against and has to show,
and how each forged one follows from a good one, with the check that has to refuse it. Any verifier can run it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from keifu.provenance.bundle_file import encode_parts
from tests.conformance.forged import Forged, Question, apply, forged_bundles, packed, refusal
from tests.conformance.good import Good, good_bundles

__all__ = ["FOLDER", "main"]

FOLDER = Path(__file__).parent / "bundles"


def _good_json(item: Good) -> dict[str, Any]:
    trust = {"chain": item.trust.chain, "registry": item.trust.registry, "environments": item.trust.environments}
    authors = {"authors": list(item.trust.authors)} if item.trust.authors else {}
    return {
        "name": item.name,
        "trust": trust | {"block": item.trust.block} | authors,
        **({"authorIsTrusted": item.author_is_trusted} if authors else {}),
        "environment": item.environment.hex(),
        "nodes": [beat.node for beat, _ in item.bundle.parts.heartbeats],
        "samples": [proof.label.index for proof in item.bundle.parts.labels],
        "records": len(item.bundle.parts.records),
        "root": item.bundle.parts.root.hex(),
        "inOrder": item.in_order,
    }


def _forged_json(item: Forged) -> dict[str, Any]:
    return {"name": item.name, "base": item.base, "steps": list(item.steps), "ask": dict(item.ask), "check": item.check}


def main() -> int:
    good = {item.name: item for item in good_bundles()}
    FOLDER.mkdir(exist_ok=True)
    for item in good.values():
        (FOLDER / f"{item.name}.bundle").write_bytes(encode_parts(item.bundle.parts))
    forged = []
    for case in forged_bundles(good):
        base = good[case.base]
        data = packed(apply(base.bundle.parts.to_json(), case.steps))
        found = refusal(data, Question.read(_good_json(base), case.ask))
        if found != case.check:
            print(f"{case.name}: refused by {found or 'nothing'}, not by {case.check}", file=sys.stderr)
            return 1
        forged.append(_forged_json(case))
    suite = {"good": [_good_json(item) for item in good.values()], "forged": forged}
    lines = ",\n".join(f"  {json.dumps(item, sort_keys=True, ensure_ascii=False)}" for item in suite["good"])
    others = ",\n".join(f"  {json.dumps(item, sort_keys=True, ensure_ascii=False)}" for item in forged)
    (FOLDER / "suite.json").write_text(f'{{"good": [\n{lines}\n], "forged": [\n{others}\n]}}\n')
    print(f"{len(good)} good bundles, {len(forged)} forged ones")
    return 0


if __name__ == "__main__":
    sys.exit(main())
