/**
 * The gzip member of a bundle, unpacked. Written out because the platforms' own streams do not say where a member ends,
 * and because the output has to be bounded while it grows (RFC 1951, RFC 1952).
 */

import { Wrong } from "./refused.js";

const HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]; // without a name, a time, or a word of who wrote it
const TRAILER = 8; // CRC-32 and length
const LONGEST_CODE = 15;
const LITERALS = 288;
const DISTANCES = 30;
const END = 256;
const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193,
  12289, 16385, 24577,
];
const DISTANCE_BITS = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code: how many codes of each length there are, and the symbols in the order of their codes. */
interface Code {
  counts: Uint16Array;
  symbols: Uint16Array;
}

function code(lengths: ArrayLike<number>, mayBeIncomplete: boolean): Code {
  const counts = new Uint16Array(LONGEST_CODE + 1);
  for (let symbol = 0; symbol < lengths.length; symbol++) counts[lengths[symbol]!]!++;
  let left = 1;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    left = (left << 1) - counts[length]!;
    if (left < 0) throw new Wrong("a code with too many symbols");
  }
  const used = lengths.length - counts[0]!;
  // As zlib: only a distance code of at most one symbol of one bit may leave codes unused.
  if (left > 0 && !(mayBeIncomplete && (used === 0 || (used === 1 && counts[1] === 1)))) {
    throw new Wrong("a code with too few symbols");
  }
  const starts = new Uint16Array(LONGEST_CODE + 2);
  for (let length = 1; length <= LONGEST_CODE; length++) starts[length + 1] = starts[length]! + counts[length]!;
  const symbols = new Uint16Array(lengths.length);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length) symbols[starts[length]!++] = symbol;
  }
  counts[0] = 0;
  return { counts, symbols };
}

const FIXED_LITERALS = code(
  Array.from({ length: LITERALS }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
  false,
);
const FIXED_DISTANCES = code(new Array<number>(32).fill(5), false);

class Inflater {
  private at = 0;
  private bits = 0;
  private held = 0;
  private out = new Uint8Array(1 << 16);
  private size = 0;

  constructor(private readonly data: Uint8Array, private readonly largest: number) {}

  /** The content, and where the compressed data ended. */
  run(): [Uint8Array, number] {
    let last = false;
    while (!last) {
      last = this.take(1) === 1;
      const kind = this.take(2);
      if (kind === 0) this.stored();
      else if (kind === 1) this.block(FIXED_LITERALS, FIXED_DISTANCES);
      else if (kind === 2) this.dynamic();
      else throw new Wrong("a block of no known kind");
    }
    return [this.out.subarray(0, this.size), this.at];
  }

  private take(count: number): number {
    while (this.held < count) {
      if (this.at >= this.data.length) throw new Wrong("cut off");
      this.bits |= this.data[this.at++]! << this.held;
      this.held += 8;
    }
    const found = this.bits & ((1 << count) - 1);
    this.bits >>>= count;
    this.held -= count;
    return found;
  }

  private symbol({ counts, symbols }: Code): number {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= LONGEST_CODE; length++) {
      value |= this.take(1);
      const count = counts[length]!;
      if (value - count < first) return symbols[index + value - first]!;
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw new Wrong("bits that are no code");
  }

  private room(more: number): void {
    if (this.size + more > this.largest) throw new Wrong(`more than ${this.largest} bytes`);
    if (this.size + more <= this.out.length) return;
    const grown = new Uint8Array(Math.min(this.largest, Math.max(2 * this.out.length, this.size + more)));
    grown.set(this.out.subarray(0, this.size));
    this.out = grown;
  }

  private stored(): void {
    this.bits = this.held = 0;
    if (this.at + 4 > this.data.length) throw new Wrong("cut off");
    const [a, b, c, d] = this.data.subarray(this.at, this.at + 4);
    const length = a! | (b! << 8);
    if (length !== (~(c! | (d! << 8)) & 0xffff)) throw new Wrong("a stored block whose length is garbled");
    this.at += 4;
    if (this.at + length > this.data.length) throw new Wrong("cut off");
    this.room(length);
    this.out.set(this.data.subarray(this.at, this.at + length), this.size);
    this.at += length;
    this.size += length;
  }

  private dynamic(): void {
    const literals = this.take(5) + 257;
    const distances = this.take(5) + 1;
    const described = this.take(4) + 4;
    if (literals > 286 || distances > DISTANCES) throw new Wrong("too many codes");
    const lengths = new Uint8Array(CODE_ORDER.length);
    for (let index = 0; index < described; index++) lengths[CODE_ORDER[index]!] = this.take(3);
    const reader = code(lengths, false);
    const all = new Uint8Array(literals + distances);
    for (let index = 0; index < all.length; ) {
      const symbol = this.symbol(reader);
      if (symbol < 16) {
        all[index++] = symbol;
        continue;
      }
      if (symbol === 16 && index === 0) throw new Wrong("repeats a length that is not there");
      const value = symbol === 16 ? all[index - 1]! : 0;
      const times = symbol === 16 ? 3 + this.take(2) : symbol === 17 ? 3 + this.take(3) : 11 + this.take(7);
      if (index + times > all.length) throw new Wrong("too many lengths");
      all.fill(value, index, index + times);
      index += times;
    }
    if (!all[END]) throw new Wrong("a block without an end");
    this.block(code(all.subarray(0, literals), true), code(all.subarray(literals), true));
  }

  private block(literals: Code, distances: Code): void {
    for (;;) {
      const symbol = this.symbol(literals);
      if (symbol === END) return;
      if (symbol < END) {
        this.room(1);
        this.out[this.size++] = symbol;
        continue;
      }
      if (symbol - 257 >= LENGTH_BASE.length) throw new Wrong("a length of no known kind");
      const length = LENGTH_BASE[symbol - 257]! + this.take(LENGTH_BITS[symbol - 257]!);
      const way = this.symbol(distances);
      if (way >= DISTANCES) throw new Wrong("a distance of no known kind");
      const distance = DISTANCE_BASE[way]! + this.take(DISTANCE_BITS[way]!);
      if (distance > this.size) throw new Wrong("goes back before the beginning");
      this.room(length);
      for (let end = this.size + length; this.size < end; this.size++) this.out[this.size] = this.out[this.size - distance]!;
    }
  }
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(data: Uint8Array): number {
  let value = -1;
  for (const byte of data) value = CRC_TABLE[(value ^ byte) & 255]! ^ (value >>> 8);
  return ~value >>> 0;
}

/** The content of a file that is one gzip member as bundles have it, at most `largest` bytes of it. */
export function gunzip(data: Uint8Array, largest: number): Uint8Array {
  if (HEADER.some((byte, at) => data[at] !== byte)) throw new Wrong("no gzip header of a bundle");
  const [content, used] = new Inflater(data.subarray(HEADER.length), largest).run();
  const end = HEADER.length + used;
  if (data.length !== end + TRAILER) throw new Wrong("cut off, or followed by something else");
  const trailer = new DataView(data.buffer, data.byteOffset + end, TRAILER);
  if (trailer.getUint32(0, true) !== crc32(content) || trailer.getUint32(4, true) !== content.length) {
    throw new Wrong("the checksum is another");
  }
  return content;
}
