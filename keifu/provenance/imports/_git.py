"""A tag of a git repository: the files of its commit, read from git's own objects and not from a work tree.

Every object is hashed again: the files into their trees, the trees into the commit. So git is not trusted for what the
commit holds; that the tag names this commit is the repository's word, because a tag can be moved.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from keifu.errors import CheckFailed, EnvironmentFault, InputError
from keifu.provenance._model import Kind
from keifu.provenance.digest import FileDigest, TreeDigest, kept_files
from keifu.provenance.imports._found import Found, asserted, of_files, verified
from keifu.provenance.statement import rfc3339

__all__ = ["SHA1_DIGITS", "object_hasher", "read_tag"]

WHO = "the repository"
READ_BYTES = 1 << 20
LARGEST_OBJECT = 1 << 20  # bytes of a commit or a tag
PLAIN, PROGRAM, LINK, MODULE = b"100644", b"100755", b"120000", b"160000"
SHA1_DIGITS = 40
DEEPEST = 200  # folders within each other
QUIET = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C",
}  # fmt: skip


@dataclass(frozen=True)
class _Entry:
    mode: bytes
    id: str
    name: bytes


def read_tag(path: Path, tag: str = "", ignore: Sequence[str] = (), kind: Kind | None = None) -> Found:
    """The files of a tag (default: the one on the checked-out commit). Raises InputError for no repository or no such
    tag, for links and modules in it, and CheckFailed when an object is not what its id says."""
    git = _Git(path)
    tag = tag or git.line("describe", "--tags", "--exact-match", "HEAD", fault="no tag is on the checked-out commit")
    reference = f"refs/tags/{tag}"
    commit = git.line("rev-parse", "--verify", "--end-of-options", f"{reference}^{{commit}}", fault=f"no tag {tag!r}")
    named = git.line("rev-parse", "--verify", "--end-of-options", reference, fault=f"no tag {tag!r}")
    entries = git.entries(commit)
    said = git.object(commit, "commit")
    if not said.startswith(b"tree " + _tree_id(entries, len(commit)).encode() + b"\n"):
        raise CheckFailed(f"the files of commit {commit} do not hash into it", remedy="git fsck")
    files, left_out = kept_files({_text(entry.name): entry for entry in entries}, ignore, always=(".git",))
    tree = git.digest(files, left_out)
    facts = [
        of_files(tree),
        verified("commit", commit, "every file and folder hashes into it"),
        asserted("tag", tag, WHO),
        asserted("committed", _who(said, b"committer "), WHO),
    ]
    if named != commit:
        facts += [
            verified("tag object", named, "hashed again"),
            asserted("tagged", _who(git.object(named, "tag"), b"tagger "), WHO),
        ]
    name = path.resolve().name
    return Found(name, kind or Kind.CODE, tree, tuple(facts), {"tag": tag, "commit": commit}, version=tag)


class _Git:
    """Reads the objects of one repository; nothing in its settings is run, and nothing is fetched."""

    def __init__(self, path: Path) -> None:
        self.path, program = path, shutil.which("git")
        if program is None:
            raise EnvironmentFault("git is not installed", remedy="install it")
        self.command = [program, "-C", str(path)]
        self.line("rev-parse", "--git-dir", fault="no git repository")

    def line(self, *words: str, fault: str) -> str:
        """The one line that git prints. Raises InputError with git's own words."""
        done = subprocess.run([*self.command, *words], env=os.environ | QUIET, check=False, capture_output=True)  # noqa: S603
        if done.returncode:
            said = " ".join(done.stderr.decode(errors="replace").split())
            raise InputError(f"{self.path}: {fault} ({said})", remedy="git tag lists what there is")
        return done.stdout.decode(errors="replace").strip()

    def entries(self, commit: str) -> list[_Entry]:
        """Every file of a commit, in git's order."""
        words = ["ls-tree", "-r", "-z", "--full-tree", commit]
        done = subprocess.run([*self.command, *words], env=os.environ | QUIET, check=False, capture_output=True)  # noqa: S603
        if done.returncode:
            raise CheckFailed(f"{self.path}: the files of commit {commit} are not all there", remedy="git fsck")
        found = []
        for row in done.stdout.split(b"\0")[:-1]:
            head, _, name = row.partition(b"\t")
            mode, _, digest = head.split(b" ")
            if name.count(b"/") > DEEPEST:
                raise InputError(
                    f"{self.path}: folders in the tag lie more than {DEEPEST} deep", remedy="import a folder"
                )
            found.append(_Entry(mode, digest.decode(), name))
        return found

    def object(self, digest: str, kind: str) -> bytes:
        """A commit or a tag, hashed again."""
        with self._reader() as (write, read):
            size = _ask(write, read, digest, kind)
            if size > LARGEST_OBJECT:
                raise InputError(f"{kind} {digest} takes {size:,} bytes, at most {LARGEST_OBJECT:,} are read")
            body = read.read(size)
        if _hash(len(digest), kind, body) != digest:
            raise CheckFailed(f"{kind} {digest} is not what its id says", remedy="git fsck")
        return body

    def digest(self, files: dict[str, _Entry], left_out: Sequence[str]) -> TreeDigest:
        """The digest of these files, as `keifu prov digest` has it of a checkout."""
        found = []
        with self._reader() as (write, read):
            for name, entry in sorted(files.items(), key=lambda item: item[0].split("/")):
                if entry.mode not in (PLAIN, PROGRAM):
                    what = {LINK: "a symbolic link", MODULE: "a submodule"}.get(entry.mode, "no plain file")
                    raise InputError(f"{name} is {what}", remedy="leave it out: --ignore")
                found.append(FileDigest(name, *_sha256(write, read, entry.id, name)))
        if not found:
            raise InputError(f"{self.path}: the tag holds no file", remedy="leave out less")
        root = hashlib.sha256(b"".join(file.digest for file in found)).digest()
        return TreeDigest(root, tuple(found), tuple(sorted(left_out)))

    @contextmanager
    def _reader(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([*self.command, "cat-file", "--batch"], env=os.environ | QUIET, **pipes) as process:  # type: ignore[call-overload]  # noqa: S603
            try:
                yield process.stdin, process.stdout
            finally:
                process.kill()


def _ask(write: IO[bytes], read: IO[bytes], digest: str, kind: str) -> int:
    """Ask for an object; its size. Its bytes can be read then, and one more for the end of the line."""
    write.write(digest.encode() + b"\n")
    write.flush()
    words = read.readline().split()
    if len(words) != 3 or words[1] != kind.encode():  # noqa: PLR2004 - id, kind, size
        raise CheckFailed(f"{kind} {digest} is not in the repository", remedy="fetch the whole repository: git fetch")
    return int(words[2])


def _sha256(write: IO[bytes], read: IO[bytes], digest: str, name: str) -> tuple[bytes, int]:
    """SHA-256 and size of a file, which has to have git's id, too."""
    left = size = _ask(write, read, digest, "blob")
    ours, theirs = hashlib.sha256(), object_hasher(len(digest), "blob", size)
    while left:
        part = read.read(min(left, READ_BYTES))
        if not part:
            raise CheckFailed(f"{name} is cut off in the repository", remedy="git fsck")
        ours.update(part)
        theirs.update(part)
        left -= len(part)
    read.read(1)
    if theirs.hexdigest() != digest:
        raise CheckFailed(f"{name} is not what its id {digest} says", remedy="git fsck")
    return ours.digest(), size


def _tree_id(entries: Sequence[_Entry], digits: int) -> str:
    """Id of the tree that holds these files, from their ids up."""
    inner: dict[bytes, list[_Entry]] = defaultdict(list)
    rows = []
    for entry in entries:
        folder, slash, rest = entry.name.partition(b"/")
        if slash:
            inner[folder].append(_Entry(entry.mode, entry.id, rest))
        else:
            rows.append((entry.name, entry.mode, entry.name, entry.id))
    # git sorts a folder as if its name ended in a slash.
    rows += [(name + b"/", b"40000", name, _tree_id(held, digits)) for name, held in inner.items()]
    body = b"".join(b"%s %s\0%s" % (mode, name, bytes.fromhex(digest)) for _, mode, name, digest in sorted(rows))
    return _hash(digits, "tree", body)


def object_hasher(digits: int, kind: str, size: int) -> hashlib._Hash:
    """What git hashes of an object before its bytes; SHA-1 where ids are that long."""
    hasher = hashlib.sha1(usedforsecurity=False) if digits == SHA1_DIGITS else hashlib.sha256()
    hasher.update(b"%s %d\0" % (kind.encode(), size))
    return hasher


def _hash(digits: int, kind: str, body: bytes) -> str:
    hasher = object_hasher(digits, kind, len(body))
    hasher.update(body)
    return hasher.hexdigest()


def _text(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"a name in the tag is not UTF-8: {name!r}", remedy="rename the file") from error


def _who(body: bytes, mark: bytes) -> str:
    """The moment that a commit or a tag states, without the person."""
    line = next((row for row in body.split(b"\n") if row.startswith(mark)), b"")
    seconds = line.split()[-2:-1]
    return rfc3339(int(seconds[0])) if seconds and seconds[0].isdigit() else ""
