"""The example of README.md runs as printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_example_runs() -> None:
    """The program between the two END is run here; what is printed below its command is what must come out."""
    text = README.read_text()
    (typed,) = re.findall(r"<<'END'\n(.*?)> END\n", text, re.DOTALL)
    (printed,) = re.findall(r"\$ python funded.py\n(.*?)```", text, re.DOTALL)
    code = "".join(line.removeprefix("> ").removeprefix(">") for line in typed.splitlines(keepends=True))

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, printed), done.stderr
