"""A folder of many files and a file of many bytes: `make soak` takes a million, and 60 GB that no disk holds."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest

from tests.profiles import announced, quick_or_deep

FILES = quick_or_deep(2_000, 1_000_000)
SIZE = quick_or_deep(64 << 20, 60 << 30)  # bytes
A_FOLDER = 1_000
# Digest of a path in a process of its own, with the most memory that it held: of itself, not of what it is called from.
DIGEST = """
import json, sys
from keifu.provenance.digest import digest_path
from keifu.provenance.manifest import Manifest
every = int(sys.argv[2])
shown = [0]
def tell(done):
    if every and done - shown[0] >= every:
        shown[0] = done
        print(f"  hashed: {done >> 20:,} MiB", file=sys.stderr, flush=True)
found = digest_path(sys.argv[1], on_progress=tell)
manifest = Manifest.of(found)
assert Manifest.read(manifest.body) == manifest
peak = next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"root": found.root.hex(), "files": len(found.files), "bytes": found.size, "memory": peak}))
"""


def digest(path):
    command = [sys.executable, "-c", DIGEST, path, str(quick_or_deep(0, 3 << 30))]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


@pytest.mark.slow
def test_a_folder_of_many_files_is_digested_whole(tmp_path):
    expected = hashlib.sha256()
    for first in announced("folders of a thousand files", range(0, FILES, A_FOLDER)):
        folder = tmp_path / f"{first:07}"
        folder.mkdir()
        for number in range(first, min(first + A_FOLDER, FILES)):
            body = b"%d" % number
            (folder / f"{number:07}").write_bytes(body)
            expected.update(hashlib.sha256(body).digest())
    found = digest(tmp_path)
    assert (found["root"], found["files"]) == (expected.hexdigest(), FILES)
    assert found["memory"] < (256 << 20) + 4_096 * FILES


@pytest.mark.slow
def test_a_sparse_file_is_read_to_its_end_in_little_memory(tmp_path):
    path = tmp_path / "weights.bin"
    with path.open("wb") as file:
        file.truncate(SIZE)
        file.seek(SIZE - 1)
        file.write(b"\x01")
    whole, zeros = hashlib.sha256(), bytes(1 << 20)
    for _ in announced("MiB for comparison", range(SIZE // len(zeros) - 1)):
        whole.update(zeros)
    whole.update(zeros[:-1] + b"\x01")
    found = digest(path)
    assert (found["root"], found["bytes"]) == (hashlib.sha256(whole.digest()).hexdigest(), SIZE)
    assert found["memory"] < 512 << 20
