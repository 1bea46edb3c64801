/** RLP, the encoding of headers and tries (Yellow Paper, appendix B). It takes the one right encoding and no other. */

import { Wrong } from "./refused.js";

const STRING = 0x80;
const LIST = 0xc0;
const SHORT = 55;
const DEEPEST = 64;

export type Item = Uint8Array | Item[];

export function decode(data: Uint8Array): Item {
  const [found, end] = item(data, 0, data.length, DEEPEST);
  if (end !== data.length) throw new Wrong(`RLP: ${data.length - end} bytes behind its end`);
  return found;
}

function item(data: Uint8Array, at: number, end: number, depth: number): [Item, number] {
  if (at >= end) throw new Wrong(`RLP: ends at ${at}, where an item is expected`);
  const first = data[at]!;
  if (first < STRING) return [data.subarray(at, at + 1), at + 1];
  const kind = first >= LIST ? LIST : STRING;
  const [size, start] = payload(data, at, end, first - kind);
  const stop = start + size;
  if (stop > end) throw new Wrong(`RLP: the item at ${at} is longer than what holds it`);
  if (kind === LIST) return [list(data, start, stop, depth - 1), stop];
  if (size === 1 && data[start]! < STRING) throw new Wrong(`RLP: the byte at ${start} needs no prefix`);
  return [data.subarray(start, stop), stop];
}

function payload(data: Uint8Array, at: number, end: number, size: number): [number, number] {
  if (size <= SHORT) return [size, at + 1];
  const digits = data.subarray(at + 1, Math.min(end, at + 1 + size - SHORT));
  const found = digits.reduce((sum, digit) => sum * 256 + digit, 0);
  if (digits.length !== size - SHORT || digits[0] === 0 || found <= SHORT) {
    throw new Wrong(`RLP: the length at ${at} is not the shortest`);
  }
  return [found, at + 1 + digits.length];
}

function list(data: Uint8Array, start: number, end: number, depth: number): Item[] {
  if (!depth) throw new Wrong(`RLP: more than ${DEEPEST} lists within each other`);
  const found: Item[] = [];
  for (let at = start; at < end; ) {
    const [next, behind] = item(data, at, end, depth);
    found.push(next);
    at = behind;
  }
  return found;
}
