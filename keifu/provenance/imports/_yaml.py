"""YAML that other tools wrote: every scalar is the text that stands there, and nothing is expanded or built."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from keifu._files import read_bounded
from keifu.errors import InputError

__all__ = ["read_yaml", "yaml_text"]

LARGEST = 4 << 20  # bytes; a megabyte takes seconds
DEEPEST = 64  # lists and mappings within each other: each level more makes the reader slower for all that follows
T = TypeVar("T")


class _Loader(yaml.BaseLoader):  # type: ignore[misc]
    """Refuses references to other parts, which make a file larger each time they are followed, and names said twice."""

    def fetch_flow_collection_start(self, token: Any) -> None:
        _check_depth(self.flow_level)
        super().fetch_flow_collection_start(token)

    def add_indent(self, column: int) -> bool:
        _check_depth(len(self.indents))
        return bool(super().add_indent(column))

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise InputError("refers to another part of itself")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(names) != len(set(names)):
            raise InputError("says a name twice")
        return super().construct_mapping(node, deep=deep)


def _check_depth(depth: int) -> None:
    if depth >= DEEPEST:
        raise InputError(f"goes more than {DEEPEST} levels deep")


def read_yaml(path: Path, kind: type[T], what: str) -> T:
    """The file as `kind`, a msgspec structure. Raises InputError naming the file."""
    return yaml_text(read_bounded(path, LARGEST, what), kind, f"{path} is no {what}")


def yaml_text(body: bytes, kind: type[T], fault: str) -> T:
    """The same for text at hand; `fault` begins the message."""
    try:
        return msgspec.convert(yaml.load(body, Loader=_Loader), kind, strict=False)  # noqa: S506 - builds texts only
    except (yaml.YAMLError, msgspec.ValidationError, ValueError, RecursionError, TypeError, InputError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{fault}: {said[:200]}", remedy="let its tool write it again") from error
