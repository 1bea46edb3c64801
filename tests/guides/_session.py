"""A newcomer at a shell: one bash, in which exports and changes of folder carry over, with an empty home."""

from __future__ import annotations

import difflib
import re
import secrets
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.guides._pages import Step
from tests.processes import end_chains, end_group

__all__ = ["GuideFault", "Session"]

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class GuideFault(AssertionError):
    """A command does not do what its page says; the message has page, line, command, and what came instead."""


class Session:
    """Types commands in a folder, each when the one before has ended."""

    def __init__(self, folder: Path, home: Path) -> None:
        home.mkdir()
        self.home = home
        self._script = home.parent / "command"
        tools = {str(Path(found).parent) for name in ("node", "git", "make", "cc") if (found := shutil.which(name))}
        self._environment = {
            "HOME": str(home),
            "PATH": ":".join([*sorted(tools), "/usr/local/bin", "/usr/bin", "/bin"]),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "COLUMNS": "120",
            "USER": "newcomer",
        }
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=self._environment,
            process_group=0,
        )

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(GuideFault, BrokenPipeError):
            self.type('[ -z "$KEIFU_NETWORK" ] || keifu down')  # a network has a process group of its own
        with suppress(BrokenPipeError):  # of a shell that has ended
            self._bash.stdin.close()
        self._bash.wait()
        end_group(self._bash.pid)  # what a page that failed has left in the background: it holds ports
        self._bash.stdout.close()
        end_chains(self.home)

    def type(self, command: str) -> tuple[int, str]:
        """Run a command; its exit status and everything that it printed."""
        token = secrets.token_hex(8)
        self._script.write_text(command + "\n")
        self._bash.stdin.write(f". '{self._script}' </dev/null 2>&1; printf '\\n{token} %s\\n' $?\n")
        self._bash.stdin.flush()
        printed: list[str] = []
        for line in self._bash.stdout:
            if line.startswith(token):
                return int(line.split()[1]), _COLOURS.sub("", "".join(printed)[:-1])
            printed.append(line)
        raise GuideFault(f"the shell ended: {''.join(printed)}")

    def follow(self, step: Step) -> None:
        """Type a step of a page. Raises GuideFault when it fails, or prints something else than the page shows."""
        status, output = self.type(step.command)
        if step.matches(output) and (status == 0) != step.may_fail:
            return
        wanted = "a refusal" if step.may_fail else "0"
        said = [f"{step.place}: $ {step.command}", f"exit status {status}, expected {wanted}"]
        if step.matches(output):
            said += ["it printed:", output]
        else:
            compared = difflib.unified_diff(step.expected, output.splitlines(), step.page, "printed", lineterm="")
            said += list(compared)
        raise GuideFault("\n".join(said))
