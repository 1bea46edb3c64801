"""The verifier of packages/verify: the same suite, the same answers, in Node and in a browser."""

from __future__ import annotations

import json
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from keifu.provenance.bundle_file import decode_parts
from tests.conformance.bombs import BOMBS, LARGE, MAX_MEMORY, question
from tests.conformance.forged import Question, apply, packed, refusal
from tests.conformance.good import WITHDRAWN, Maker, withdrawn
from tests.conformance.make import FOLDER
from tests.conformance.mutants import mutants
from tests.conformance.typescript import PACKAGE, ROOT, build, question_json, typescript
from tests.profiles import quick_or_deep

pytestmark = pytest.mark.xdist_group("typescript")
SUITE = json.loads((FOLDER / "suite.json").read_text())
MUTANTS = 12  # of each good bundle; `python -m tests.conformance.mutate` makes any number
SMALL = 100  # records
GIVE_UP = 240  # seconds, for a browser that never answers
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def other():
    with typescript() as process:
        yield process


@pytest.fixture(scope="module")
def good():
    return {case["name"]: (case, (FOLDER / f"{case['name']}.bundle").read_bytes()) for case in SUITE["good"]}


@pytest.fixture(scope="module")
def forged(good):
    """Name, bytes, question and check of each."""
    documents = {name: decode_parts(data).to_json() for name, (case, data) in good.items() if case["records"] <= SMALL}
    return [
        (
            item["name"],
            packed(apply(documents[item["base"]], item["steps"])),
            Question.read(good[item["base"]][0], item["ask"]),
            item["check"],
        )
        for item in SUITE["forged"]
    ]


def test_every_good_bundle_is_believed_and_shows_what_it_should(other, good):
    for case, data in good.values():
        shown = other.ask(data, Question.read(case))
        names = ("root", "records", "inOrder", "authorIsTrusted")
        expected = {"check": ""} | {name: case[name] for name in names if name in case}
        assert shown == expected, case["name"]


def test_every_forged_bundle_is_refused_by_its_check(other, forged):
    wrong = []
    for name, data, asked, check in forged:
        answer = other.ask(data, asked)
        if answer["check"] != check:
            wrong.append((name, answer, check))
    assert wrong == []


def test_mutants_are_refused_by_the_same_check_in_both_languages(other, good):
    for name, (case, data) in good.items():
        if case["records"] > SMALL:
            continue
        asked = Question.read(case)
        for mutant, how in mutants(data, random.Random(name), MUTANTS):
            answer = other.ask(mutant, asked)
            assert answer["check"] == refusal(mutant, asked) != "", (name, how, answer)


@pytest.mark.parametrize("change", WITHDRAWN.values(), ids=WITHDRAWN)
def test_a_label_that_counts_no_more_is_refused_in_both_languages(other, change):
    data, made = withdrawn(change)
    asked = Question(made.trust)
    assert refusal(data, asked) == "label"
    assert other.ask(data, asked)["check"] == "label"


@pytest.mark.case("provenance-15")
def test_bombs_end_in_one_refusal_each_with_bounded_memory_in_both_languages():
    """By the high-water mark of each process; measured in processes of their own."""
    command = [sys.executable, "-m", "tests.conformance.bombs", *quick_or_deep([], ["--large"])]
    names = quick_or_deep([name for name in BOMBS if name not in LARGE], list(BOMBS))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    python = json.loads(done.stdout)
    with typescript() as other:
        theirs = {name: other.ask(BOMBS[name](), question())["check"] for name in names}
        memory = other.peak_memory()
    expected = dict.fromkeys(BOMBS, "file") | {"a header of empty lists": "block"}
    assert python["refused"] == theirs == {name: expected[name] for name in names}
    assert max(python["memory"], memory) < MAX_MEMORY


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ('{"subject":[{"digest":{"sha256":"%s"}}],"n":1e308}', True),
        (' {"subject" : [{"digest":{"sha256":"%s"}}], "s":"\\ud83d\\ude00\\/"}\n', True),
        ('{"subject":[{"digest":{"sha256":"0","sha256":"%s"}}]}', False),
        ('{"subject":[{"digest":{"sha256":"%s"}}],"s":"\\ud800\\u0041"}', False),
        ('{"subject":[{"digest":{"sha256":"%s"}}],"\\uDFFF":1}', False),
        ('{"subject":[{"digest":{"sha256":"%s"}}],"n":1e400}', False),
        ('{"subject":[{"digest":{"sha256":"%s"}}],"n":-' + "1" * 399 + "}", False),
        ('{"subject":[{"digest":{"sha256":"%s"}}],"d":' + "[" * 63 + "1" + "]" * 63 + "}", True),
        ('{"subject":[{"digest":{"sha256":"%s"}}],"d":' + "[" * 64 + "1" + "]" * 64 + "}", False),
        ('{"subject":[{"digest":{"sha256":"%s"}}],"d":' + "[" * 100_000, False),
        ('{"subject":[{"digest":{"sha256":"%s"}}],"n":NaN}', False),
        ('{"subject":[{"digest":{"sha256":"%s"}}],"n":-Infinity}', False),
        ('{"subject":[{"digest":{"sha256":"%s"}}],"n":01}', False),
        ('{"subject":[{"digest":{"sha256":"%s"}}],"n":' + "1" * 401 + "}", False),
        ('{"subject":[{"digest":{"sha256":"%s"}}],}', False),
        ('\ufeff{"subject":[{"digest":{"sha256":"%s"}}]}', False),
        ('{"subject":[{"digest":{"sha256":"%s"}}],"s":"\t"}', False),
        ('{"subject":{"0":{"digest":{"sha256":"%s"}}}}', False),
        ('{"subject":[{"digest":{"sha256":"%s"}}]} 1', False),
        ('{"subject":[{"digest":{"sha256":null}}],"is":"%s"}', False),
    ],
    ids=[
        "exponent", "blanks and a pair", "named twice", "half a pair", "half a pair as a name", "infinite",
        "large number", "deep enough", "too deep", "bomb", "NaN", "infinity", "leading zero",
        "long number", "trailing comma", "byte order mark", "control character", "object for a list",
        "behind its end", "null",
    ],
)  # fmt: skip
def test_statements_that_authors_commit_to_are_read_alike(other, text, readable):
    maker = Maker()
    body, made = maker.stating(text)
    case = Question(made.trust)
    check = "" if readable else "statement"
    assert refusal(body, case) == check
    assert other.ask(body, case)["check"] == check


@pytest.mark.parametrize(
    ("names", "readable"),
    [
        ((".",), True),
        (("..a", "a\nb", "a.", "a..b/..."), True),
        (("../a",), False),
        (("..",), False),
        (("/etc/passwd",), False),
        (("a//b",), False),
        (("a/./b",), False),
        (("a/",), False),
        (("",), False),
        ((".", "a"), False),
        (("a\0b",), False),
    ],
    ids=lambda value: None if isinstance(value, bool) else ascii(" ".join(value)),
)
def test_a_manifest_names_files_below_a_folder_and_no_others(other, names, readable):
    """Whoever writes an artefact's files by these names is not led elsewhere."""
    body, made = Maker().stating('{"subject":[{"digest":{"sha256":"%s"}}]}', *names)
    check = "" if readable else "manifest"
    assert refusal(body, Question(made.trust)) == check
    assert other.ask(body, Question(made.trust))["check"] == check


def test_the_trust_file_of_the_command_line_is_taken_and_a_garbled_one_is_not(good):
    build()
    script = """
      import { readTrust } from "./packages/verify/dist/index.js";
      const good = { chain: 1, registry: "0x" + "ab".repeat(20), format: "keifu-trust/1" };
      readTrust(good);
      const capitals = good.registry.toUpperCase().replace("X", "x");
      readTrust(JSON.stringify({ ...good, registry: capitals, nodes: ["http://x"] }));
      for (const bad of [{ chain: 0 }, { registry: "0x1" }, { block: "12" }, { authors: ["me"] }, { named: { a: "1" } },
                         { format: "keifu-trust/9" }, { runners: { a: ["b"] } }]) {
        let name = "";
        try { readTrust({ ...good, ...bad }); } catch (error) { name = error.constructor.name; }
        if (name !== "TypeError") throw new Error(JSON.stringify(bad) + " is taken");
      }
    """
    subprocess.run(["node", "--input-type=module", "-e", script], cwd=ROOT, check=True)


class _Site(BaseHTTPRequestHandler):
    """The repository's files, the cases, and a place where the page leaves its answers."""

    def do_GET(self):
        made = self.server.pages.get(self.path)
        found = ROOT / self.path[1:]
        body = made if made is not None else found.read_bytes() if found.is_file() else b""
        self.send_response(200 if body else 404)
        kind = {".js": "text/javascript", ".html": "text/html"}.get(Path(self.path).suffix, "application/octet-stream")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        answers = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.server.answers.put(answers)

    def log_message(self, *_):
        pass


@contextmanager
def site(pages):
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as server:
        server.pages, server.answers, server.daemon_threads = pages, queue.Queue(), True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_a_browser_gives_the_same_answers(good, forged, tmp_path):
    """Good bundles of every kind, and one forged one for each check."""
    build()
    cases = [(data, Question.read(case), "") for case, data in good.values() if case["records"] <= SMALL]
    cases += {check: (data, asked, check) for _, data, asked, check in forged}.values()
    names = ("chain", "registry", "environments", "block", "named")
    listed = [
        {
            "url": f"/bundle/{at}",
            "trust": {name: getattr(asked.trust, name) for name in names},
            "question": question_json(asked),
        }
        for at, (_, asked, _) in enumerate(cases)
    ]
    pages = {f"/bundle/{at}": data for at, (data, _, _) in enumerate(cases)}
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path}",
        "--remote-debugging-port=0",
    ]
    with site(pages | {"/cases.json": json.dumps(listed).encode()}) as server:
        page = f"http://127.0.0.1:{server.server_port}/{PACKAGE.relative_to(ROOT)}/tests/browser.html"
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        # A group of its own: the browser is many processes.
        with subprocess.Popen([CHROMIUM, *options, page], start_new_session=True, **quiet) as browser:
            try:
                answers = server.answers.get(timeout=GIVE_UP)
            finally:
                os.killpg(browser.pid, signal.SIGKILL)
    assert [answer["check"] for answer in answers] == [check for _, _, check in cases]
