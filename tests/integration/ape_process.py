"""Run as a program: `ape run …` as often as it is asked, in one process, as ape takes longer to start than to run.

A line of JSON on standard input is one command: its arguments, and variables of its environment. A line of JSON on
standard output answers with exit status, output and errors.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import Any

from ape._cli import cli


def answer(arguments: list[str], environment: dict[str, str]) -> dict[str, Any]:
    os.environ.update(environment)
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            status = cli.main(["run", *arguments], prog_name="ape")
        except SystemExit as end:
            status = end.code
    return {"returncode": status or 0, "stdout": output.getvalue(), "stderr": errors.getvalue()}


if __name__ == "__main__":
    answers = sys.stdout
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), file=answers, flush=True)
