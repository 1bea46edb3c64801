"""Writes the measured tables from results.json, each between two marks: all of it into docs/benchmarks.md, the six
figures that say most into README.md and README.ja.md. `--check` only compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import _results
from benchmarks._areas import rows
from benchmarks._bars import Bar, bars
from benchmarks._rows import number

__all__ = ["BEGIN", "END", "FRONT", "PAGES", "main", "render", "render_front", "replaced"]

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
COMMAND = "python -m benchmarks.table"


class Figure(NamedTuple):
    """A figure of the front page: what is measured, and beside what, in both languages."""

    measure: str
    measure_ja: str
    peer: str
    peer_ja: str


FRONT = {
    "gas.anchor_record": Figure(
        "gas to fix one record on chain, 10,000 in one transaction",
        "記録1件をチェーンに固定するガス（1トランザクションに10,000件）",
        "EAS `multiAttest`, 20 in one transaction",
        "EAS の `multiAttest`（1トランザクションに20件）",
    ),
    "gas.escrow_create": Figure(
        "gas to create a vesting grant",
        "権利確定スケジュール付きの付与を1件作るガス",
        "Sablier Lockup",
        "Sablier Lockup",
    ),
    "gas.slash_10000": Figure(
        "gas to slash an operator with 10,000 delegators",
        "委任者10,000人のオペレーターをスラッシュするガス",
        "Graph Horizon, its provider's stake alone",
        "Graph Horizon（プロバイダー自身のステークのみ）",
    ),
    "ratio.digest": Figure(
        "speed of a folder's digest, as a multiple of `sha256sum`",
        "フォルダーのダイジェスト計算の速さ（`sha256sum` の何倍か）",
        "`sha256sum`, the same files, one core",
        "`sha256sum`（同じファイル、1コア）",
    ),
    "ratio.fuzz_forge": Figure(
        "speed of the fuzzing engine, as a multiple of Foundry's",
        "ファジングエンジンの速さ（Foundry の何倍か）",
        "Foundry's invariant runner, the same checks after every call",
        "Foundry の不変条件ランナー（毎回の呼び出し後に同じ検査）",
    ),
    "score.mutation": Figure(
        "share of deliberate bugs that the campaigns find",
        "わざと入れたバグのうち、キャンペーンが見つける割合",
        "no peer; a random sample of mutants",
        "比較対象なし（ミュータントの無作為標本）",
    ),
}
HEADS = {
    "en": ("measure", "ours", "peer", "bar", "the peer"),
    "ja": ("測るもの", "Keifu", "比較対象", "合格線", "何と比べたか"),
}
MARKS = {"en": ("quoted", "missed"), "ja": ("引用値", "未達")}


def _limit(bar: Bar) -> str:
    return f"{'≤' if bar.lower_is_better else '≥'} {number(bar.figure)}"


def render(document: dict[str, Any]) -> str:
    """The whole table in Markdown, one line a measure."""
    how = {row.id: row.how for row in rows("all")}
    lines = ["| measure | ours | peer | bar | met | compared with, and the state |", "|---|--:|--:|--:|---|---|"]
    for entry in document["results"]:
        id_, bar = entry["id"], bars().get(entry["id"])
        peer = number(entry["peer"]) + (" (quoted)" if entry["quoted"] else "")
        limit, met = ("–", "–") if bar is None else (_limit(bar), "yes" if bar.met_by(entry["ours"]) else "**no**")
        cells = (f"`{id_}`", number(entry["ours"]), peer, f"{limit} {entry['unit']}", met, how[id_])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def render_front(document: dict[str, Any], language: str = "en") -> str:
    """The six figures, in words that need no explanation."""
    entries = {entry["id"]: entry for entry in document["results"]}
    quoted, missed = MARKS[language]
    lines = [f"| {' | '.join(HEADS[language])} |", "|---|--:|--:|--:|---|"]
    for id_, figure in FRONT.items():
        if id_ not in entries:
            continue
        entry, bar = entries[id_], bars()[id_]
        peer = number(entry["peer"]) + (f" ({quoted})" if entry["quoted"] else "")
        limit = _limit(bar) + ("" if bar.met_by(entry["ours"]) else f" (**{missed}**)")
        ours = f"**{number(entry['ours'])}**"
        measure, what = (figure.measure, figure.peer) if language == "en" else (figure.measure_ja, figure.peer_ja)
        lines.append(f"| {' | '.join((measure, ours, peer, limit, what))} |")
    return "\n".join(lines)


def _front_ja(document: dict[str, Any]) -> str:
    return render_front(document, "ja")


PAGES: dict[Path, Callable[[dict[str, Any]], str]] = {
    ROOT / "README.md": render_front,
    ROOT / "README.ja.md": _front_ja,
    ROOT / "docs" / "benchmarks.md": render,
}


def replaced(text: str, table: str) -> str:
    """The text with the table between its marks; unchanged when it has no marks."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n{table}\n{END}", text, count=1)


def main(args: list[str] | None = None) -> int:
    check = "--check" in (sys.argv[1:] if args is None else args)
    document = _results.load()
    stale = []
    for path, table_of in PAGES.items():
        before = path.read_text(encoding="utf-8")
        after = replaced(before, table_of(document))
        if before != after:
            stale.append(path.name)
            if not check:
                path.write_text(after, encoding="utf-8")
    if check and stale:
        print(f"{', '.join(stale)}: the measured table is out of date (run `{COMMAND}`)", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
