"""Lines of a report in Japanese: our words are translated, an author's stay as they are."""

from __future__ import annotations

import re

import pytest

from keifu.provenance._japanese import in_japanese

H = "ab" * 32
A, B = "0x" + "ab" * 20, "0x" + "cd" * 20
TIME = "2026-11-26T18:10:42Z"
PROOF = "author, time, state proved in the state of the block; "


@pytest.mark.parametrize(
    ("english", "japanese"),
    [
        ("dataset f3ff8d51: an origin; CC-BY-4.0", "データセット f3ff8d51: 起点; CC-BY-4.0"),
        ("dataset f3ff8d51 (revoked: an origin; stolen): made from 6db03fe5, 018cb989; no licence named",
         "データセット f3ff8d51（取り消し済み: an origin; stolen）: 6db03fe5, 018cb989 から作成; ライセンスの記載なし"),
        ("code 79bd9a99 (active): no version named", "コード 79bd9a99（有効）: 版の記載なし"),
        (f"label-set 6db03fe5: 2 labels, signed by {A}, {B} and 3 more, anchored as 0bc88415…",
         f"ラベル集合 6db03fe5: ラベル 2 件、署名者 {A}、{B} 他 3 者、固定 0bc88415…"),
        ("label-set 6db03fe5: 1,797 labels, 4 labellers", "ラベル集合 6db03fe5: ラベル 1,797 件、ラベル付け 4 者"),
        ("label-set 6db03fe5: labels of f3ff8d51", "ラベル集合 6db03fe5: f3ff8d51 のラベル"),
        (f"weights 5c2fd588: digest {H}; 5 files, 1,000 bytes: a, b, c and 2 more; weights, biases and rounding ab…",
         f"重み 5c2fd588: ダイジェスト {H}; ファイル 5 個、1,000 バイト: a, b, c 他 2 個; 重み・バイアス・丸め ab…"),
        (f"production runs this: promotion 1; its policy holds by {A}",
         f"production で稼働中: 昇格 1; 方針を満たす（証明者 {A}）"),
        ("production runs another record, 018cb989: promotion 2; its policy holds and asks for no attestation",
         "production では別の記録 018cb989 が稼働中: 昇格 2; 方針を満たす（証明は求められていない）"),
        ("p runs this: promotion 1; not in order: revoked, 2 demands unmet, made from 018cb989, which is revoked"
         " and asks for no attestation",
         "p で稼働中: 昇格 1; 要確認: 取り消し済み、満たされない要件 2 件、取り消し済みの 018cb989 から作成"),
        ("production: nothing was ever promoted", "production: 昇格の記録なし"),
        ("5c2fd588 quantised-from 018cb989", "5c2fd588 は 018cb989 から量子化"),
        ("5c2fd588 (2.0) supersedes 018cb989", "5c2fd588 (2.0) は 018cb989 を置き換え"),
        ("production: attestation under schema 018cb989, taken back",
         "production: 形式 018cb989 による証明（取り消し済み）"),
        (PROOF + "the author's word, committed in the record",
         "作成者・時刻・状態はブロックの状態で証明済み; 作成者の申告（記録に固定）"),
        (f"50 0x{H} of {TIME}: the word of http://127.0.0.1:8545 alone; name a block or other nodes to be sure",
         f"50 0x{H}（{TIME}）: http://127.0.0.1:8545 だけの主張; 確実にするにはブロックか他のノードを指定"),
        (f"50 0x{H} of {TIME}: you trust this block", f"50 0x{H}（{TIME}）: 検証者が信頼するブロック"),
        (f"50 0x{H} of {TIME}: 2 of 3 other nodes have the same", f"50 0x{H}（{TIME}）: 他のノード 3 のうち 2 が同じ"),
    ],
)  # fmt: skip
def test_a_line_is_translated_piece_by_piece(english, japanese):
    assert in_japanese(english) == japanese
    assert not re.search(r"\b(?:the|of|and|by|from|which)\b", in_japanese(english).replace("an origin; stolen", ""))


@pytest.mark.parametrize("text", ["", TIME, "anything; that somebody, wrote", "labels", "モデル"])
def test_what_is_none_of_our_sentences_stays(text):
    assert in_japanese(text) == text
