"""Lines of a report in Japanese. What an author wrote (names, versions, licences, addresses of the web) stays as it is;
what we say around it is translated, piece by piece."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keifu.provenance.answers import Line

__all__ = ["in_japanese", "line_in_japanese"]

_KINDS = {
    "dataset": "データセット", "label-set": "ラベル集合", "code": "コード", "weights": "重み", "model": "モデル",
    "run": "実行", "evaluation": "評価", "container": "コンテナ", "agent": "エージェント",
    "receipt-batch": "受領書の束",
}  # fmt: skip
_STATES = {"active": "有効", "deprecated": "非推奨", "revoked": "取り消し済み", "unknown": "不明"}
_RELATIONS = {
    "derived-from": "から作成", "trained-on": "で学習", "labelled-by": "でラベル付け", "fine-tuned-from": "から微調整",
    "quantised-from": "から量子化", "evaluated-on": "で評価", "supersedes": "を置き換え",
}  # fmt: skip
# A record, its state and what is said of it, as every line about one begins.
_RECORD = re.compile(rf"({'|'.join(_KINDS)}) ([0-9a-f]{{8}})(?: \(({'|'.join(_STATES)})(: .*?)?\))?: (.*)", re.DOTALL)
_STATE = "|".join(_STATES)
# A whole piece of a sentence, and what stands for it; \1 and so on are what it names.
_PIECES = [
    (re.compile(pattern, re.DOTALL), japanese)
    for pattern, japanese in (
        (r"an origin", "起点"),
        (r"made from ((?:[0-9a-f]{8}(?:, )?)+)", r"\1 から作成"),
        (r"no licence named", "ライセンスの記載なし"),
        (r"no version named", "版の記載なし"),
        (r"supersedes ((?:[0-9a-f]{8}(?:, )?)+)", r"\1 を置き換え"),
        (r"id ([0-9a-f]{64})", r"識別子 \1"),
        (r"digest ([0-9a-f]{64})", r"ダイジェスト \1"),
        (r"weights, biases and rounding ([0-9a-f]+…)", r"重み・バイアス・丸め \1"),
        (r"labels of (.*)", r"\1 のラベル"),
        (r"(.*) runs this: promotion (\d+)", r"\1 で稼働中: 昇格 \2"),
        (r"(.*) runs another record, ([0-9a-f]{8}): promotion (\d+)", r"\1 では別の記録 \2 が稼働中: 昇格 \3"),
        (r"(.*): nothing was ever promoted", r"\1: 昇格の記録なし"),
        (r"its policy holds by (.*)", r"方針を満たす（証明者 \1）"),
        (r"its policy holds and asks for no attestation", "方針を満たす（証明は求められていない）"),
        (r"author, time, state proved in the state of the block", "作成者・時刻・状態はブロックの状態で証明済み"),
        (
            r"promotion, policy and attestations proved in the state of the block",
            "昇格・方針・証明はブロックの状態で証明済み",
        ),
        (r"attestation proved in the state of the block", "証明はブロックの状態で証明済み"),
        (r"the author's word, committed in the record", "作成者の申告（記録に固定）"),
        (r"digest committed in the record, names in its manifest", "ダイジェストは記録に、名前はその目録に固定"),
        (r"block (\d+)", r"ブロック \1"),
        (r"(.*): attestation under schema ([0-9a-f]{8})", r"\1: 形式 \2 による証明"),
        (r"(.*): attestation under schema ([0-9a-f]{8}), taken back", r"\1: 形式 \2 による証明（取り消し済み）"),
        (r"(\d+ 0x[0-9a-f]{64}) of (\S+): the word of (.*) alone", r"\1（\2）: \3 だけの主張"),
        (r"(\d+ 0x[0-9a-f]{64}) of (\S+): you trust this block", r"\1（\2）: 検証者が信頼するブロック"),
        (
            r"(\d+ 0x[0-9a-f]{64}) of (\S+): (\d+) of (\d+) other nodes have the same",
            r"\1（\2）: 他のノード \4 のうち \3 が同じ",
        ),
        (r"name a block or other nodes to be sure", "確実にするにはブロックか他のノードを指定"),
    )
]
_FILES = re.compile(r"([\d,]+) files?, ([\d,]+) bytes?: (.*?)(?: and (\d+) more)?", re.DOTALL)
_UNMET = re.compile(
    rf"not in order: ({_STATE}), (\d+) demands unmet"
    rf"(?:, made from ([0-9a-f]{{8}}), which is ({_STATE}))?(?: by (.*)| and asks for no attestation)"
)
_LABELS = (
    (re.compile(r"([\d,]+) labels?"), r"ラベル \1 件"),
    (re.compile(r"([\d,]+) labellers?"), r"ラベル付け \1 者"),
    (re.compile(r"signed by (0x[0-9a-f]{40})"), r"署名者 \1"),
    (re.compile(r"(0x[0-9a-f]{40}) and (\d+) more"), r"\1 他 \2 者"),
    (re.compile(r"anchored as ([0-9a-f]{8}…)"), r"固定 \1"),
)
_LINK = re.compile(rf"([0-9a-f]{{8}})( \(.*\))? ({'|'.join(_RELATIONS)}) ([0-9a-f]{{8}})", re.DOTALL)


def line_in_japanese(line: Line) -> Line:
    return replace(line, what=in_japanese(line.what), since=in_japanese(line.since), how=in_japanese(line.how))


def in_japanese(text: str) -> str:
    """A sentence of ours; unchanged where it is none."""
    if (found := _RECORD.fullmatch(text)) is not None:
        kind, record, state, why, rest = found.groups()
        stands = f"（{_STATES[state]}{why or ''}）" if state else ""
        return f"{_KINDS[kind]} {record}{stands}: {in_japanese(rest)}"
    return "; ".join(_piece(piece) for piece in text.split("; "))


def _piece(text: str) -> str:
    for pattern, japanese in _PIECES:
        if (found := pattern.fullmatch(text)) is not None:
            return found.expand(japanese)
    if (found := _FILES.fullmatch(text)) is not None:
        more = f" 他 {found[4]} 個" if found[4] else ""
        return f"ファイル {found[1]} 個、{found[2]} バイト: {found[3]}{more}"
    if (found := _LINK.fullmatch(text)) is not None:
        return f"{found[1]}{found[2] or ''} は {found[4]} {_RELATIONS[found[3]]}"
    if (found := _UNMET.fullmatch(text)) is not None:
        made = f"、{_STATES[found[4]]}の {found[3]} から作成" if found[3] else ""
        by = f"（証明者 {found[5]}）" if found[5] else ""
        return f"要確認: {_STATES[found[1]]}、満たされない要件 {found[2]} 件{made}{by}"
    parts = text.split(", ")
    said = [
        next((found.expand(word) for form, word in _LABELS if (found := form.fullmatch(part))), part) for part in parts
    ]
    return "、".join(said) if said != parts else text
