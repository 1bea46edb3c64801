// What a receipt is compared with, in the browser: Keccak-256, trees of tokens, MessagePack, secp256k1. Written for
// this page alone, from the standards, without speed in mind.
"use strict";

const MASK = (1n << 64n) - 1n;
const turned = (value, bits) => ((value << BigInt(bits)) | (value >> BigInt(64 - bits))) & MASK;
const [ROUNDS, ROTATIONS, TARGETS] = (() => {
  const rounds = [], rotations = Array(25).fill(0), targets = Array(25).fill(0);
  let register = 1;
  for (let round = 0; round < 24; round++) {
    let constant = 0n;
    for (let bit = 0; bit < 7; bit++) {
      if (register & 1) constant |= 1n << BigInt((1 << bit) - 1);
      register = (register << 1) ^ (register & 0x80 ? 0x171 : 0);
    }
    rounds.push(constant);
  }
  let x = 1, y = 0;
  for (let step = 0; step < 24; step++) {
    rotations[x + 5 * y] = (((step + 1) * (step + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  for (x = 0; x < 5; x++) for (y = 0; y < 5; y++) targets[x + 5 * y] = y + 5 * ((2 * x + 3 * y) % 5);
  return [rounds, rotations, targets];
})();

function permute(a) {
  for (const constant of ROUNDS) {
    const c = [0, 1, 2, 3, 4].map((x) => a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20]);
    const b = Array(25);
    for (let lane = 0; lane < 25; lane++) {
      const x = lane % 5, mixed = a[lane] ^ c[(x + 4) % 5] ^ turned(c[(x + 1) % 5], 1);
      b[TARGETS[lane]] = ROTATIONS[lane] ? turned(mixed, ROTATIONS[lane]) : mixed;
    }
    for (let lane = 0; lane < 25; lane++) {
      const row = lane - (lane % 5), x = lane % 5;
      a[lane] = b[lane] ^ (~b[row + ((x + 1) % 5)] & MASK & b[row + ((x + 2) % 5)]);
    }
    a[0] ^= constant;
  }
}

// Of bytes that come in parts.
class Keccak {
  constructor() { this.state = Array(25).fill(0n); this.block = new Uint8Array(136); this.filled = 0; }
  add(bytes) {
    for (const byte of bytes) {
      this.block[this.filled++] = byte;
      if (this.filled === 136) this.absorb();
    }
    return this;
  }
  absorb() {
    const view = new DataView(this.block.buffer);
    for (let word = 0; word < 17; word++) this.state[word] ^= view.getBigUint64(8 * word, true);
    permute(this.state);
    this.filled = 0;
    this.block.fill(0);
  }
  end() {
    this.block.fill(0, this.filled);
    this.block[this.filled] ^= 1;
    this.block[135] ^= 0x80;
    this.absorb();
    const out = new Uint8Array(32), view = new DataView(out.buffer);
    for (let word = 0; word < 4; word++) view.setBigUint64(8 * word, this.state[word], true);
    return out;
  }
}

const keccak = (...parts) => parts.reduce((hash, part) => hash.add(part), new Keccak()).end();
const text = (words) => new TextEncoder().encode(words);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (digits) => Uint8Array.from(digits.replace(/^0x/, "").match(/../g) || [], (pair) => parseInt(pair, 16));
const number = (bytes) => BigInt("0x" + (hex(bytes) || "0"));
const word = (value) => unhex(BigInt(value).toString(16).padStart(64, "0"));

// The root of tokens' ids: chunks of 32, each with 2^31 added, and a tree in their order (docs/inference-program.md).
function idsRoot(ids) {
  let level = [];
  for (let at = 0; at < ids.length; at += 32) {
    const chunk = new DataView(new ArrayBuffer(128));
    for (let lane = 0; lane < 32; lane++) chunk.setUint32(4 * lane, (ids[at + lane] || 0) + 2 ** 31);
    level.push(keccak(new Uint8Array(chunk.buffer)));
  }
  while (level.length > 1) {
    const above = [];
    for (let at = 0; at < level.length; at += 2) above.push(keccak(level[at], level[at + 1] || new Uint8Array(32)));
    level = above;
  }
  return level[0];
}

// As much of MessagePack as receipts use: lists, whole numbers, bytes.
function unpack(bytes) {
  let at = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const take = (count) => {
    if (at + count > bytes.length) throw new Error("the receipt is cut off");
    at += count;
    return bytes.slice(at - count, at);
  };
  const read = () => {
    const kind = take(1)[0];
    if (kind < 0x80) return BigInt(kind);
    if (kind >= 0x90 && kind < 0xa0) return Array.from({ length: kind - 0x90 }, read);
    if (kind === 0xdc) { at += 2; return Array.from({ length: view.getUint16(at - 2) }, read); }
    if (kind === 0xc4) return take(take(1)[0]);
    if (kind >= 0xcc && kind <= 0xcf) return number(take(1 << (kind - 0xcc)));
    throw new Error("this is no receipt");
  };
  const found = read();
  if (at !== bytes.length) throw new Error("something stands behind the receipt");
  return found;
}

// secp256k1: whose key signed.
const P = 2n ** 256n - 2n ** 32n - 977n;
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const G = [
  0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
];
const mod = (value, by) => ((value % by) + by) % by;
function power(base, exponent, by) {
  let result = 1n;
  for (base = mod(base, by); exponent; exponent >>= 1n, base = (base * base) % by) {
    if (exponent & 1n) result = (result * base) % by;
  }
  return result;
}
const inverse = (value, by) => power(value, by - 2n, by);
function add(a, b) {
  if (!a || !b) return a || b;
  if (a[0] === b[0] && a[1] !== b[1]) return null;
  const slope = a[0] === b[0]
    ? 3n * a[0] * a[0] * inverse(2n * a[1], P)
    : (b[1] - a[1]) * inverse(mod(b[0] - a[0], P), P);
  const x = mod(slope * slope - a[0] - b[0], P);
  return [x, mod(slope * (a[0] - x) - a[1], P)];
}
function times(point, scalar) {
  let result = null;
  for (; scalar; scalar >>= 1n, point = add(point, point)) if (scalar & 1n) result = add(result, point);
  return result;
}
function signerOf(digest, signature) {
  const r = number(signature.slice(0, 32)), s = number(signature.slice(32, 64)), v = signature[64] % 27;
  if (signature.length !== 65 || v > 1 || r <= 0n || r >= N || s <= 0n || s > N / 2n) throw new Error("no signature");
  const square = mod(r ** 3n + 7n, P);
  let y = power(square, (P + 1n) / 4n, P);
  if (mod(y * y, P) !== square) throw new Error("no signature");
  if (Number(y & 1n) !== v) y = P - y;
  const back = inverse(r, N);
  const point = add(times([r, y], mod(s * back, N)), times(G, mod(-number(digest) * back, N)));
  if (!point) throw new Error("no signature");
  return "0x" + hex(keccak(word(point[0]), word(point[1])).slice(12));
}

const FIELDS = ["channelId", "number", "environment", "promotionSeq", "digest", "requestHash", "responseHash",
  "inputRoot", "outputRoot", "traceRoot", "inputUnits", "outputUnits", "fee", "charged", "evidence", "time"];
const RECEIPT = "Receipt(bytes32 channelId,uint64 number,bytes32 environment,uint64 promotionSeq,bytes32 digest,"
  + "bytes32 requestHash,bytes32 responseHash,bytes32 inputRoot,bytes32 outputRoot,bytes32 traceRoot,"
  + "uint64 inputUnits,uint64 outputUnits,uint128 fee,uint128 charged,uint8 evidence,uint64 time)";
const DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const below = (left, right) => hex(left) < hex(right);

// A receipt's text: its fields, and whose key signed for a market on a chain.
function readReceipt(words, chainId, market) {
  const raw = Uint8Array.from(atob(words.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const [values, proof, signature] = unpack(raw);
  if (values.length !== FIELDS.length || proof.length > 10) throw new Error("this is no receipt");
  const fields = Object.fromEntries(FIELDS.map((name, place) => [name, values[place]]));
  const words32 = values.map((value) => (typeof value === "bigint" ? word(value) : word(number(value))));
  let root = keccak(keccak(keccak(text(RECEIPT)), ...words32));
  for (const beside of proof) root = below(root, beside) ? keccak(root, beside) : keccak(beside, root);
  const names = [keccak(text("Keifu Compute")), keccak(text("1"))];
  const separator = keccak(keccak(text(DOMAIN)), ...names, word(chainId), word(number(unhex(market))));
  const struct = keccak(keccak(text("ReceiptBatch(bytes32 root)")), root);
  const signer = signerOf(keccak(Uint8Array.of(0x19, 1), separator, struct), signature);
  return { ...fields, fee: number(fields.fee), charged: number(fields.charged), signer };
}

globalThis.receipts = { Keccak, keccak, hex, text, idsRoot, readReceipt };
