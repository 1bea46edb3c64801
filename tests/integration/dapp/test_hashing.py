"""The page's digest and manifest of a tree are those of the commands, whatever the names; and its types hold."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keifu.errors import InputError
from keifu.inference.programs import is_of_blocks
from keifu.provenance.digest import digest_path
from keifu.provenance.manifest import Manifest

ROOT = Path(__file__).parents[3]
HALF = chr(0xD83D)  # of a pair
LETTERS = st.sampled_from('ab-.~ éü\uff5e\U0001f600\u2028"\\\n\x7f\x01')
PART = st.text(LETTERS, min_size=1, max_size=4).filter(lambda part: part not in {".", ".."})
NAME = st.lists(PART | st.sampled_from([".git", ".gitignore", "model.sig", "10", "9"]), min_size=1, max_size=3).map(
    "/".join
)


@pytest.fixture(scope="module")
def page():
    """Hashes as the page does."""
    command = ["node", "examples/dapp/tests/hash.mjs"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:

        def ask(tree):
            process.stdin.write(json.dumps([*tree.items()]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


def written(folder, tree):
    """Whether there is such a folder: no file is another one's folder."""
    for name, text in tree.items():
        place = folder / name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        except OSError:
            return False
    return True


@settings(max_examples=80, deadline=None, derandomize=True)
@given(tree=st.dictionaries(NAME, st.text(max_size=3), max_size=8))
def test_any_tree_has_the_commands_digest_and_manifest(page, tmp_path_factory, tree):
    folder = tmp_path_factory.mktemp("tree")
    if not written(folder, tree):
        return
    try:
        manifest = Manifest.of(digest_path(folder))
    except InputError:
        assert isinstance(page(tree), str)
        return
    assert page(tree) == [manifest.digest.hex(), manifest.hash.hex(), False]


@pytest.mark.parametrize(
    "names",
    [
        ["tokens.json", "arrays.bin"], ["embedding.json", "arrays.bin", "more"], ["tokens.json", "in/arrays.bin"],
        ["arrays.bin"], ["embedding.json"],
    ],
)  # fmt: skip
def test_a_model_with_a_program_is_known_as_the_commands_know_it(page, tmp_path, names):
    tree = dict.fromkeys(names, "x")
    assert written(tmp_path, tree)
    assert page(tree)[2] == is_of_blocks(tmp_path)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "There is no file in it."), ([".gitignore"], "There is no file in it."),
        (["é", "e\u0301"], "Two names look the same: e\u0301 and é."),
        (["\ufffd.txt"], "The name \ufffd.txt is not UTF-8."), ([f"{HALF}.txt"], f"The name {HALF}.txt is not UTF-8."),
    ],
)  # fmt: skip
def test_a_tree_that_is_refused(page, names, said):
    assert page(dict.fromkeys(names, "x")) == said


def test_the_page_has_the_contracts_types():
    compiler = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        ["node", compiler, "-p", "examples/dapp"], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
