/**
 * Proofs in Ethereum's state: what a contract's storage held at a block whose hash is known (Yellow Paper, section 4.3
 * and appendix D). A missing or changed node changes a hash on the way from the root.
 */

import { fromHex, keccak, number, toHex, WORD } from "./bytes.js";
import { Wrong } from "./refused.js";
import { decode, type Item } from "./rlp.js";

const EMPTY_ROOT = "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
const BRANCH = 17;
const PATH_AND_CHILD = 2;
const STATE_ROOT = 3;
const NUMBER = 8;
const TIMESTAMP = 11;

/** What a header says, after its hash was found to be the trusted one. */
export interface Header {
  stateRoot: Uint8Array;
  number: bigint;
  time: bigint;
}

export function readHeader(encoded: Uint8Array, trusted: string): Header {
  const found = toHex(keccak(encoded));
  if ("0x" + found !== trusted) throw new Wrong(`the header is of block 0x${found}, not of ${trusted}`);
  const members = decode(encoded);
  const plain = (at: number): Uint8Array => {
    const member = Array.isArray(members) ? members[at] : undefined;
    if (!(member instanceof Uint8Array)) throw new Wrong("the block header is malformed");
    return member;
  };
  return { stateRoot: plain(STATE_ROOT), number: number(plain(NUMBER)), time: number(plain(TIMESTAMP)) };
}

/** The state of one block, as far as the nodes at hand show it. */
export class State {
  private readonly encoded = new Map<string, string>();
  private readonly decoded = new Map<string, Item[]>();
  private readonly roots = new Map<string, Uint8Array>();
  private readonly known = new Map<string, bigint>();

  constructor(private readonly header: Header, nodes: readonly string[]) {
    for (const node of nodes) this.encoded.set(toHex(keccak(fromHex(node))), node);
  }

  get time(): bigint {
    return this.header.time;
  }

  /** How many nodes nothing needed. */
  get unused(): number {
    return this.encoded.size - this.decoded.size;
  }

  /** The word in a contract's slot, zero included. */
  word(address: string, slot: Uint8Array): bigint {
    const root = this.storageRoot(address);
    const key = address + toHex(slot);
    let found = this.known.get(key);
    if (found === undefined) {
      found = wordOf(this.value(root, slot));
      this.known.set(key, found);
    }
    return found;
  }

  private storageRoot(address: string): Uint8Array {
    let root = this.roots.get(address);
    if (root === undefined) {
      const account = this.value(this.header.stateRoot, fromHex(address.slice(2)));
      if (account === undefined) throw new Wrong(`${address} does not exist in that state`);
      const members = decode(account);
      const found = Array.isArray(members) ? members[2] : undefined;
      if (!(found instanceof Uint8Array)) throw new Wrong("an account in the proof is malformed");
      this.roots.set(address, (root = found));
    }
    return root;
  }

  /** The value under `key` in the trie with `root`, or undefined when the trie shows that there is none. */
  private value(root: Uint8Array, key: Uint8Array): Uint8Array | undefined {
    if (toHex(root) === EMPTY_ROOT) return undefined;
    let path = toHex(keccak(key));
    let node = this.node(root);
    for (;;) {
      let child: Item;
      if (node.length === BRANCH) {
        if (!path) return orNothing(plain(node[BRANCH - 1]!));
        child = node[parseInt(path[0]!, 16)]!;
        path = path.slice(1);
      } else if (node.length === PATH_AND_CHILD) {
        const [shared, isLeaf] = compact(plain(node[0]!));
        if (!path.startsWith(shared)) return undefined;
        path = path.slice(shared.length);
        if (isLeaf) return path ? undefined : plain(node[1]!);
        child = node[1]!;
      } else {
        throw new Wrong("a trie node has neither 17 nor 2 members");
      }
      if (child instanceof Uint8Array && !child.length) return undefined;
      node = child instanceof Uint8Array ? this.node(child) : child;
    }
  }

  private node(digest: Uint8Array): Item[] {
    const key = toHex(digest);
    let found = this.decoded.get(key);
    if (!found) {
      const encoded = this.encoded.get(key);
      if (encoded === undefined) throw new Wrong(`the proof lacks the trie node 0x${key}`);
      const members = decode(fromHex(encoded));
      if (!Array.isArray(members)) throw new Wrong("a trie node is malformed");
      this.decoded.set(key, (found = members));
    }
    return found;
  }
}

const orNothing = (value: Uint8Array): Uint8Array | undefined => (value.length ? value : undefined);

function plain(item: Item): Uint8Array {
  if (Array.isArray(item)) throw new Wrong("a trie node holds a list where bytes belong");
  return item;
}

function wordOf(value: Uint8Array | undefined): bigint {
  if (value === undefined) return 0n;
  const found = decode(value);
  if (Array.isArray(found) || found.length > WORD) throw new Wrong("a word in the proof is malformed");
  return number(found);
}

/** Hex-prefix decoding (appendix C): nibbles, and whether the node is a leaf. */
function compact(encoded: Uint8Array): [string, boolean] {
  if (!encoded.length) throw new Wrong("a trie node has an empty path");
  const flags = encoded[0]! >> 4;
  return [toHex(encoded).slice(flags & 1 ? 1 : 2), (flags & 2) !== 0];
}
