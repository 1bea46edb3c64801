/** Bytes, hexadecimal text and hashes. */

import { sha256 as sha256Bytes } from "@noble/hashes/sha2";
import { keccak_256 } from "@noble/hashes/sha3";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils";

export { concatBytes as concat, hexToBytes as fromHex, bytesToHex as toHex };

export const WORD = 32;
const encoder = new TextEncoder();

export const utf8 = (text: string): Uint8Array => encoder.encode(text);
export const keccak = (data: Uint8Array): Uint8Array => keccak_256(data);
export const sha256 = (data: Uint8Array): Uint8Array => sha256Bytes(data);

/** A number as a word of 32 bytes. */
export const word = (value: bigint | number): Uint8Array => hexToBytes(BigInt(value).toString(16).padStart(2 * WORD, "0"));

/** The bytes of an address or a shorter value, filled with zeros from the left. */
export const padded = (hex: string): Uint8Array => hexToBytes(hex.replace(/^0x/, "").padStart(2 * WORD, "0"));

/** The number that big-endian bytes stand for. */
export const number = (data: Uint8Array): bigint => (data.length ? BigInt("0x" + bytesToHex(data)) : 0n);

/** Names of files in the order of their code points, as Python sorts them: UTF-16 sorts some others first. */
export function compareText(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const a = one.charCodeAt(at);
    const b = other.charCodeAt(at);
    if (a === b) continue;
    // Above the surrogates (U+E000 to U+FFFF) sorts before what needs a pair of them.
    const isPair = (unit: number) => unit >= 0xd800 && unit < 0xe000;
    return isPair(a) === isPair(b) ? a - b : isPair(a) ? 1 : -1;
  }
  return one.length - other.length;
}
