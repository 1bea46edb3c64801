"""Turns a counterexample into a test that fails while the fault is there."""

from __future__ import annotations

from pathlib import Path

from evmstorm.fuzz.counterexample import Counterexample
from evmstorm.fuzz.engine import Engine, Finding
from evmstorm.project import load

__all__ = ["outcome", "write"]

TEMPLATE = '''"""{finding}: {message}

{script}
"""

from __future__ import annotations

from pathlib import Path

from evmstorm.fuzz.counterexample import Counterexample
from evmstorm.fuzz.regression import outcome

EXAMPLE = Path(__file__).parent / "{data}"


def test_{name}() -> None:
    finding = outcome(Counterexample.load(EXAMPLE))

    assert finding is None, finding
'''


def outcome(example: Counterexample) -> Finding | None:
    """What the sequence of `example` ends in with the contracts as they are."""
    return Engine(load(example.system)).run(bytes.fromhex(example.data))


def write(example: Counterexample, folder: Path) -> Path:
    """Write the test and, beside it, its data; the path of the test."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = Path(example.file_name).stem.replace("-", "_")
    data = example.save(folder / "examples")
    script = "\n".join(line.rstrip() for line in example.script().splitlines()[1:])
    path = folder / f"test_{stem}.py"
    path.write_text(
        TEMPLATE.format(
            finding=example.finding,
            message=example.message,
            script=script,
            data=data.relative_to(folder).as_posix(),
            name=stem,
        )
    )
    return path
