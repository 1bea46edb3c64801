"""What `init` writes beside the configuration."""

from __future__ import annotations

import shutil
import subprocess

from keifu.node.setup import UNIT_FILE, unit_of


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    text = unit_of("operator", tmp_path)
    assert f"node operator run {tmp_path} --json\n" in text
    (tmp_path / UNIT_FILE).write_text(text)
    if (program := shutil.which("systemd-analyze")) is not None:  # not on every machine
        done = subprocess.run(
            [program, "verify", "--man=no", tmp_path / UNIT_FILE], check=False, capture_output=True, text=True
        )
        assert (done.returncode, [line for line in done.stderr.splitlines() if UNIT_FILE in line]) == (0, [])
