"""What a node is told: a TOML file, over it the environment, over that flags; and where each value came from.

Everything that `init` writes has to be there: a file that was cut off is refused, and never filled up with defaults.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from keifu.errors import EnvironmentFault, UsageError
from keifu.node.sections import (
    AlertSettings,
    AttestorWork,
    ChainSettings,
    ComputeWork,
    HttpSettings,
    JurorWork,
    KeeperWork,
    KeySettings,
    LogSettings,
    NotaryWork,
    OperatorWork,
    ReExecutorWork,
    RelayerWork,
    Seconds,
    StorageWork,
    WatcherWork,
)

__all__ = [
    "FILE",
    "PREFIX",
    "AttestorSettings",
    "Chosen",
    "ComputeSettings",
    "JurorSettings",
    "KeeperSettings",
    "NodeSettings",
    "NotarySettings",
    "OperatorSettings",
    "ReExecutorSettings",
    "RelayerSettings",
    "StorageSettings",
    "WatcherSettings",
    "load_settings",
]

FILE = "node.toml"
PREFIX = "KEIFU_NODE_"
NESTED = "__"
DEFAULT = "default"
S = TypeVar("S", bound="NodeSettings")
# What each source gives, the strongest first: pydantic makes settings without arguments.
_NOTHING: dict[str, Any] = {}
_GIVEN: ContextVar[list[dict[str, Any]]] = ContextVar("given")


class NodeSettings(BaseSettings):
    """What every kind is told."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=NESTED, extra="forbid", frozen=True, env_ignore_empty=True
    )

    kind: str
    chain: ChainSettings
    key: KeySettings
    http: HttpSettings
    log: LogSettings = LogSettings()
    alerts: AlertSettings = AlertSettings()
    drain: Seconds = 30  # that work which has begun gets to end, after SIGTERM

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del init_settings, env_settings, dotenv_settings, file_secret_settings  # `load_settings` has read its own
        return tuple(_Given(settings_cls, values) for values in _GIVEN.get())


class OperatorSettings(NodeSettings):
    operator: OperatorWork


class WatcherSettings(NodeSettings):
    watcher: WatcherWork


class JurorSettings(NodeSettings):
    juror: JurorWork


class KeeperSettings(NodeSettings):
    keeper: KeeperWork


class ComputeSettings(NodeSettings):
    compute: ComputeWork


class ReExecutorSettings(NodeSettings):
    reexecutor: ReExecutorWork


class RelayerSettings(NodeSettings):
    relayer: RelayerWork


class AttestorSettings(NodeSettings):
    attestor: AttestorWork


class NotarySettings(NodeSettings):
    notary: NotaryWork


class StorageSettings(NodeSettings):
    storage: StorageWork


@dataclass(frozen=True)
class Chosen:
    """One value, by its dotted name, and who chose it."""

    name: str
    value: Any
    source: str

    @property
    def shown(self) -> str:
        if isinstance(self.value, (list, tuple)):
            return ", ".join(map(str, self.value))
        return "" if self.value is None else str(self.value)


class _Given(PydanticBaseSettingsSource):
    """A source whose values are known already."""

    def __init__(self, kind: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(kind)
        self._values = values

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        del field
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


def load_settings(
    kind: type[S], folder: Path, flags: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> tuple[S, list[Chosen]]:
    """The settings of the node in `folder`, and of each value its source; `flags` are NAME=VALUE.

    Raises UsageError for a wrong flag, EnvironmentFault for a file or a variable that is wrong.
    """
    path = folder / FILE
    given = [
        ("flag", _nested(flags)),
        ("environment", _variables(kind, os.environ if environment is None else environment)),
        (str(path), _file(path)),
    ]

    flat = [(source, dict(_flat(values))) for source, values in given]
    reset = _GIVEN.set([values for _, values in given])
    try:
        found = kind(**_NOTHING)
    except ValidationError as error:
        raise _fault(error, flat, kind, path) from error
    finally:
        _GIVEN.reset(reset)
    chosen = [
        Chosen(name, value, next((source for source, values in flat if name in values), DEFAULT))
        for name, value in _flat(found.model_dump())
    ]
    _require_kind(found, kind, path)
    return found, [_named_variable(item) for item in chosen]


def _require_kind(found: NodeSettings, kind: type[NodeSettings], path: Path) -> None:
    wanted = kind.__name__.removesuffix("Settings").lower()
    if found.kind != wanted:
        raise EnvironmentFault(
            f"{path} is of a node of kind {found.kind!r}, not {wanted!r}", remedy=f"keifu node {found.kind} …"
        )


def _named_variable(item: Chosen) -> Chosen:
    if item.source != "environment":
        return item
    return Chosen(item.name, item.value, PREFIX + item.name.upper().replace(".", NESTED))


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise EnvironmentFault(
            f"there is no {path}", remedy=f"make a node there: keifu node KIND init {path.parent}"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EnvironmentFault(
            f"{path} is not whole TOML: {error}", remedy="restore it, or make it anew with `keifu node KIND init`"
        ) from error


def _variables(kind: type[NodeSettings], environment: Mapping[str, str]) -> dict[str, Any]:
    own = {name: value for name, value in environment.items() if name.upper().startswith(PREFIX)}
    sections = {name.upper() for name in kind.model_fields}
    for name in own:
        if name.upper().removeprefix(PREFIX).split(NESTED)[0] not in sections:
            raise EnvironmentFault(f"{name} sets nothing that a node has", remedy=f"unset {name}, or correct its name")
    source = EnvSettingsSource(kind)
    source.env_vars = {name.lower(): value for name, value in own.items() if value}
    try:
        return source()
    except (ValueError, TypeError) as error:  # a list or a table that is not JSON
        listed = ", ".join(sorted(own))
        raise EnvironmentFault(f"a variable is malformed ({listed}): {error}", remedy="lists are JSON") from error


def _nested(flags: Sequence[str]) -> dict[str, Any]:
    """`http.listen=…` as nested tables. Lists, tables and quoted texts are TOML, anything else is a text."""
    found: dict[str, Any] = {}
    for flag in flags:
        name, equals, text = flag.partition("=")
        if not equals or not re.fullmatch(r"[a-z_]+(\.[A-Za-z0-9_]+)*", name):
            raise UsageError(f"--set {flag!r} is not NAME=VALUE", remedy="--set http.listen=127.0.0.1:9650")
        at = found
        *tables, last = name.split(".")
        for table in tables:
            at = at.setdefault(table, {})
        at[last] = _value(text)
    return found


def _value(text: str) -> Any:
    if not text.startswith(("[", "{", '"', "'")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"--set: {text} is not TOML: {error}", remedy='lists are ["a", "b"]') from error


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _fault(
    error: ValidationError, flat: list[tuple[str, dict[str, Any]]], kind: type[NodeSettings], path: Path
) -> EnvironmentFault | UsageError:
    """The first thing that is wrong, in one line with its source."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
    source = next((source for source, values in flat if any(key == name or key.startswith(name) for key in values)), "")
    where = source or str(path)
    message, remedy = first["msg"].removeprefix("Value error, "), f"correct {name} there"
    if first["type"] == "missing":
        message, remedy = (
            "is missing",
            "the file may be cut off: restore it, or make it anew with `keifu node KIND init`",
        )
    elif first["type"] == "extra_forbidden":
        near = get_close_matches(name, list(_names(kind)), 1)
        message, remedy = "is nothing that a node has", f"did you mean {near[0]}?" if near else "take it out"
    text = (
        f"{where}: {name} {message}"
        if first["type"] in ("missing", "extra_forbidden")
        else f"{where}: {name}: {message}"
    )
    return UsageError(text, remedy=remedy) if source == "flag" else EnvironmentFault(text, remedy=remedy)


def _names(kind: type[BaseModel], before: str = "") -> Iterator[str]:
    for name, field in kind.model_fields.items():
        yield before + name
        options = [field.annotation, *get_args(field.annotation)]
        for option in options:
            if isinstance(option, type) and issubclass(option, BaseModel):
                yield from _names(option, f"{before}{name}.")
