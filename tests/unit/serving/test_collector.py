"""A process that serves is not stopped to look through what stays."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc, weakref
class Cycle:
    def __init__(self): self.own = self
kept = [Cycle() for _ in range(1_000)]
before = weakref.ref(Cycle())
from keifu.serving import collect_seldom
collect_seldom()
assert before() is None, "what was no longer needed stays for good"
assert gc.get_freeze_count() > len(kept), "what stays is looked through"
seen = []
gc.callbacks.append(lambda phase, found: seen.append(phase))
waiting = [[] for _ in range(5_000)]
assert not seen, "a moment's requests are looked through"
later = weakref.ref(Cycle())
waiting += [[] for _ in range(10_000)]
assert later() is None, "what comes later stays for good"
"""


def test_what_stays_is_not_looked_through_and_what_comes_later_is() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
