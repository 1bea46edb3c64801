"""The runner of the guides itself: it sees what differs, and says where."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.guides._pages import ROOT, Step, inline, steps
from tests.guides._session import GuideFault, Session
from tests.guides.checkout import checkout

pytestmark = pytest.mark.case("tools-38")


@pytest.fixture
def follow(tmp_path):
    """Follow a page that holds these lines in a console block, from line 3 on."""

    def follow(*lines: str) -> None:
        (tmp_path / "page.md").write_text("\n".join(["# A page", "```console", *lines, "```", ""]))
        with Session(tmp_path, tmp_path / "home") as session:
            for step in steps("page.md", tmp_path):
                session.follow(step)

    return follow


def test_a_page_whose_commands_work(follow, tmp_path):
    follow(
        "$ export GREETING=hello; mkdir sub; cd sub",
        "$ echo $GREETING world        # what was exported is still there",
        "hello world",
        "$ pwd",
        f"{tmp_path}/sub",
        "$ cat > file <<'END'",
        "> one",
        ">",
        "> $two",
        "> END",
        "$ cat file; echo done >&2",
        "one",
        "",
        "$two",
        "done",
        "$ printf 'a 1 z\\nb\\nc\\nd\\n'",
        "a … z",
        "…",
        "d",
        "$ echo nothing is compared",
        "$ echo 'keifu: refused (do this)' >&2; false",
        "keifu: … (do this)",
        "$ read line || echo nobody types anything",
        "nobody types anything",
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["$ false"], ["page.md:3: $ false", "exit status 1, expected 0"]),
        (["$ true", "$ echo one", "two"], ["page.md:4: $ echo one", "expected 0", "-two", "+one"]),
        (["$ echo one; echo more", "one"], ["page.md:3", "+more"]),
        (["$ echo one", "one", "more"], ["page.md:3", "-more"]),
        (["$ echo one", "…two"], ["page.md:3", "-…two", "+one"]),
        (["$ echo one two", "one…one"], ["page.md:3", "+one two"]),
        (["$ nosuchcommand at all"], ["page.md:3: $ nosuchcommand at all", "exit status 127", "command not found"]),
        (["$ echo 'unbalanced"], ["page.md:3", "exit status"]),
        (["$ echo 'keifu: no'", "keifu: no"], ["page.md:3", "exit status 0, expected a refusal"]),
        (["$ exit 4"], ["the shell ended"]),
    ],
)
def test_a_page_that_is_wrong_is_told_by_its_place(follow, lines, said):
    with pytest.raises(GuideFault) as caught:
        follow(*lines)
    assert [part for part in said if part not in str(caught.value)] == []


@pytest.mark.parametrize("trap", ["sleep 1; exit", ""])
def test_what_a_page_left_has_ended_when_the_next_one_begins(follow, tmp_path, trap):
    """Also what takes its time, or does not listen: it may hold a port that the next page uses."""
    left = f"(trap '{trap}' TERM; while true; do date >> alive; sleep 0.05; done) &"
    with pytest.raises(GuideFault):
        follow(f"$ {left}", "$ until [ -e alive ]; do sleep 0.05; done", "$ false")
    size = (tmp_path / "alive").stat().st_size
    time.sleep(0.3)
    assert (tmp_path / "alive").stat().st_size == size


def test_output_without_a_command_is_no_console(tmp_path):
    (tmp_path / "page.md").write_text("```console\nhello\n```\n")
    with pytest.raises(ValueError, match=r"page\.md:2: a console block begins with"):
        steps("page.md", tmp_path)


@pytest.mark.parametrize(
    ("command", "works"),
    [
        ("keifu prov digest data", True),
        ("keifu prov digest data     # a comment", True),
        ("id=$(keifu prov register data --kind dataset)", True),
        ("FAST=1 make demo", True),
        ("cd data && python train.py", True),
        ('eval "$(keifu chain env)"', True),
        ("keifu prov --help", False),
        ("cd keifu", False),
        ("export KEIFU_RPC=http://127.0.0.1:8545", False),
        ("mkdir -p keifu", False),
    ],
)
def test_what_counts_as_work(command, works):
    assert Step("page.md", 1, command).works is works


def test_a_comment_makes_no_other_command():
    assert Step("a.md", 1, "keifu   prov digest .   # here").name == Step("b.md", 2, "keifu prov digest .").name


def test_inline_code_is_found_outside_of_blocks():
    assert inline("run `make x` and\n```console\n$ echo `no`\n```\nthen `make y`\n") == ["make x", "make y"]


@pytest.mark.slow
def test_a_checkout_imports_and_writes_its_own_files(tmp_path):
    copy = checkout(tmp_path / "keifu")
    with Session(copy, tmp_path / "home") as session:
        assert session.type(". .venv/bin/activate") == (0, "")
        status, found = session.type("python -c 'import sys, keifu, ethwire; print(sys.prefix, keifu.__file__)'")
        assert status == 0, found
        assert found.split() == [str(copy / ".venv"), str(copy / "keifu" / "__init__.py")]
        assert session.type("command -v keifu anvil vyper")[1].split() == [
            str(copy / ".venv" / "bin" / tool) for tool in ("keifu", "anvil", "vyper")
        ]
        assert session.type("make setup")[1].strip() == "make: Nothing to be done for 'setup'."
    assert not [path for path in Path(copy, "keifu").rglob("*.py") if str(ROOT) in path.read_text()]
