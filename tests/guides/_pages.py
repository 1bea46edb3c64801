"""Reads the commands that a page prints, and what it says they print.

    ```console
    $ keifu prov digest data        a command; lines that begin with `> ` continue it
    sha256:…                        its output: `…` stands for any text, alone on a line for any number of lines
    ```

Where no output follows a command, any will do. A command must succeed, unless its shown output has a line of the
program's that says why not (`keifu: …`). A block that begins with ```python file=PATH is a file of the reader's, saved
in the folder where the shell is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ROOT", "TOOLS", "Block", "Step", "fences", "inline", "pages", "steps"]

ROOT = Path(__file__).parents[2]
CONSOLE = "console"
PROMPT, CONTINUED, ANYTHING = "$ ", "> ", "…"
TOOLS = ("keifu", "ape", "make", "python", "npx", "node", "pytest", "evmstorm", "ruff", "pip")
END = "END_OF_FILE"
_FENCE = re.compile(r"^(\s*)```(\w*)(?: file=(\S+))?\s*$")
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_TOOL = re.compile(rf"(?:^|[;|&(]\s*|\$\()(?:\w+=\S* )*(?:{'|'.join(TOOLS)})\b")
_FAULT = re.compile(r"^(keifu|Error|make): ", re.MULTILINE)


@dataclass
class Step:
    """One command of a page."""

    page: str
    line: int
    command: str
    expected: list[str] = field(default_factory=list)
    typed: bool = True  # else a file that the reader saves

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def may_fail(self) -> bool:
        """Whether the page shows that the command is refused."""
        return bool(_FAULT.search("\n".join(self.expected)))

    @property
    def name(self) -> str:
        """The command without comment and needless spaces: what makes two of them different."""
        return " ".join(re.sub(r"(^|\s)#[^\n]*", "", self.command).split())

    @property
    def works(self) -> bool:
        """Whether it is a command of the project's that does work: not a change of folder, and no `--help`."""
        return self.typed and bool(_TOOL.search(self.name)) and "--help" not in self.name

    def matches(self, output: str) -> bool:
        """Whether this is the output that the page shows."""
        if not self.expected:
            return True
        parts = [r"(?:.*\n)*?" if line.strip() == ANYTHING else _line(line) for line in self.expected]
        return re.fullmatch("".join(parts), "".join(f"{line.rstrip()}\n" for line in output.splitlines())) is not None


def _line(shown: str) -> str:
    return ".*".join(re.escape(part) for part in shown.rstrip().split(ANYTHING)) + "\n"


@dataclass(frozen=True)
class Block:
    """A fenced block: number of its first line inside, language, file to save it in, lines without the indentation."""

    first: int
    language: str
    file: str
    lines: list[str]


def pages(root: Path = ROOT) -> list[str]:
    """Every page whose commands a newcomer is told to type."""
    found = [*root.glob("README*.md"), root / "CONTRIBUTING.md", *(root / "docs" / "guides").glob("*.md")]
    found += [*root.glob("engine/README.md"), *root.glob("packages/*/README.md")]
    return sorted(page.relative_to(root).as_posix() for page in found)


def fences(text: str) -> Iterator[Block]:
    """Every fenced block."""
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        if (opened := _FENCE.match(line)) is None:
            continue
        inside: list[str] = []
        for _, content in lines:
            if content.strip() == "```":
                break
            inside.append(content.removeprefix(opened[1]))
        yield Block(number + 1, opened[2], opened[3] or "", inside)


def inline(text: str) -> list[str]:
    """What stands between single backquotes, outside of blocks."""
    blocks = [range(block.first - 1, block.first + len(block.lines) + 1) for block in fences(text)]
    outside = [line for number, line in enumerate(text.splitlines(), 1) if not any(number in block for block in blocks)]
    return _INLINE.findall("\n".join(outside))


def steps(page: str, root: Path = ROOT) -> list[Step]:
    """The commands of a page, in order. Raises ValueError for a console block that does not begin with one."""
    found: list[Step] = []
    for block in fences((root / page).read_text()):
        if block.file:
            found.append(Step(page, block.first, _saving(block), typed=False))
        if block.language != CONSOLE:
            continue
        if block.lines and not block.lines[0].startswith(PROMPT):
            raise ValueError(f"{page}:{block.first}: a console block begins with `$ ` and a command")
        for number, line in enumerate(block.lines, block.first):
            if line.startswith(PROMPT):
                found.append(Step(page, number, line.removeprefix(PROMPT)))
            elif not found[-1].expected and (line.startswith(CONTINUED) or line == CONTINUED.rstrip()):
                found[-1].command += "\n" + line[len(CONTINUED) :]
            else:
                found[-1].expected.append(line)
    return found


def _saving(block: Block) -> str:
    return "\n".join([f"mkdir -p $(dirname {block.file}) && cat > {block.file} <<'{END}'", *block.lines, END])
