/** Where the registry and its environments keep what they store, and what the words mean. The rules are the contracts'. */

import { concat, fromHex, keccak, number, padded, word } from "./bytes.js";
import { STATUSES, type RecordContent, type Status } from "./model.js";
import { Wrong } from "./refused.js";
import type { State } from "./state.js";

const ATTESTATIONS = 0;
const ANCHORS = 1;
const RECORDS = 2;
const LINKS = 3;
const IDENTITIES = 4;
const LEAVES = 8;
const ENVIRONMENTS = 0;
const PROMOTIONS = 1;
const POLICIES = 2;
const MAX_ENTRIES = 8;
const MAX_ATTESTERS = 8;
/** Replacements of a key that are followed. */
const MAX_HOPS = 8;
/** Records of a lineage that the registry walks. */
const MAX_LINEAGE = 128;

export interface RecordWord {
  author: string;
  time: bigint;
  status: Status;
}

export interface PolicyEntry {
  schema: string;
  needed: number;
  maxAge: bigint;
  attesters: string[];
}

export interface Standing {
  attester: string;
  schema: string;
  time: bigint;
  expiry: bigint;
  revokedAt: bigint;
}

/** What an environment runs, and whether artefact and policy are in order. `seq` zero: nothing was promoted. */
export interface Production {
  environment: string;
  owner: string;
  seq: bigint;
  artefact: string;
  block: bigint;
  status: Status;
  policy: PolicyEntry[];
  standing: Standing[];
  unmet: PolicyEntry[];
  /** The policy asks that everything the artefact was made from is active. */
  sound: boolean;
  /** The first record of its lineage that is not, where the policy asks. */
  unsound?: string | undefined;
}

export interface Anchor {
  time: bigint;
  count: bigint;
  /** How many of its leaves were taken back. */
  leavesRevoked: bigint;
}

const field = (value: bigint, at: bigint, bits: bigint): bigint => (value >> at) & ((1n << bits) - 1n);
const hex = (value: bigint): string => value.toString(16).padStart(64, "0");
const address = (value: bigint): string => "0x" + hex(field(value, 0n, 160n)).slice(24);

/** Slot of a mapping's value: Vyper hashes the mapping's slot, then the key. */
const inMapping = (slot: number, ...keys: Uint8Array[]): Uint8Array =>
  keys.reduce((at, key) => keccak(concat(at, key)), word(slot));

export function recordWord(state: State, registry: string, id: string, record: RecordContent): RecordWord {
  const found = readRecord(state.word(registry, inMapping(RECORDS, fromHex(id))));
  if (found.status === "unknown") throw new Wrong(`record ${id} (${record.kind}) is not registered in that state`);
  if (found.author !== record.author) {
    throw new Wrong(`record ${id} names author ${record.author}, the registry has ${found.author}`);
  }
  return found;
}

export function production(state: State, registry: string, environments: string, environment: string): Production {
  const key = fromHex(environment);
  const stored = state.word(environments, inMapping(ENVIRONMENTS, key));
  if (!stored) throw new Wrong(`no environment ${environment} was declared in that state`);
  const owner = address(stored);
  const seq = field(stored, 160n, 40n);
  const nothing = { environment, owner, seq, policy: [], standing: [], unmet: [], sound: false };
  if (!seq) return { ...nothing, artefact: "0".repeat(64), block: 0n, status: "unknown" };
  const promoted = state.word(environments, inMapping(PROMOTIONS, key, word(seq)));
  const block = field(promoted, 0n, 48n);
  const artefact = hex(promoted - block);
  const { policy, sound } = readPolicy(state, environments, key, field(stored, 200n, 56n));
  const { status } = readRecord(state.word(registry, inMapping(RECORDS, fromHex(artefact))));
  const standing = readStanding(state, registry, policy, artefact);
  const unmet = policy.filter((entry) => !isMet(entry, standing, state.time));
  const unsound = sound ? firstUnsound(state, registry, artefact) : undefined;
  return { environment, owner, seq, artefact, block, status, policy, standing, unmet, sound, unsound };
}

/** The first of a record and its ancestors that is not active, or whose links are not stored; the registry's walk. */
function firstUnsound(state: State, registry: string, root: string): string | undefined {
  const found = [root];
  for (const id of found) {
    const place = number(inMapping(LINKS, fromHex(id)));
    const link = (at: bigint): bigint => state.word(registry, word(BigInt.asUintN(256, place + at)));
    const first = link(0n);
    if (STATUSES[Number(field(first, 6n, 2n))] !== "active") return id;
    const count = field(first, 0n, 5n);
    const links = [first];
    for (let at = 1n; at < count; at++) links.push(link(at));
    for (const stored of count ? links : []) {
      const parent = hex(stored - field(stored, 0n, 48n));
      if (found.includes(parent)) continue;
      if (found.length === MAX_LINEAGE) return id;
      found.push(parent);
    }
  }
  return undefined;
}

export function anchor(state: State, registry: string, anchorer: string, root: string): Anchor {
  const found = state.word(registry, inMapping(ANCHORS, padded(anchorer), fromHex(root)));
  if (!found) throw new Wrong(`${anchorer} anchored no root ${root} in that state`);
  const revokedAt = field(found, 72n, 40n);
  if (revokedAt) throw new Wrong(`${anchorer} took back the root ${root} in second ${revokedAt}`);
  return { time: field(found, 0n, 40n), count: field(found, 40n, 32n), leavesRevoked: found >> 112n };
}

/** Since when (unix seconds) a leaf of an anchored tree is taken back; zero when it is not. */
export function leafRevokedAt(state: State, registry: string, anchorer: string, root: string, digest: Uint8Array): bigint {
  return state.word(registry, inMapping(LEAVES, keccak(concat(padded(anchorer), fromHex(root), digest))));
}

/** Since when (unix seconds) an account's key is closed, replaced or lost; zero while it is in use. */
export function closedAt(state: State, registry: string, account: string): bigint {
  return field(state.word(registry, inMapping(IDENTITIES, padded(account))), 160n, 40n);
}

/**
 * An account whose key was replaced, and those that followed it. One of them has to be in `named`: then whoever trusts
 * the account can go on to trust that one.
 */
export function followedBy(state: State, registry: string, account: string, named: ReadonlySet<string>): string[] {
  const found = [account];
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const after = field(state.word(registry, inMapping(IDENTITIES, padded(found[found.length - 1]!))), 0n, 160n);
    if (!after || found.includes(address(after))) break;
    found.push(address(after));
  }
  if (!found.slice(1).some((item) => named.has(item))) {
    throw new Wrong(`the key of ${account} was not replaced by anybody who is named here`);
  }
  return found;
}

function readRecord(value: bigint): RecordWord {
  const status = STATUSES[Number(field(value, 208n, 8n))];
  if (!status) throw new Wrong("a record's word has an unknown state");
  return { author: address(value), time: field(value, 160n, 40n), status };
}

/**
 * The entries that count at the block, and whether a sound lineage is asked for: the last version, or the one before
 * while the last is under notice.
 */
function readPolicy(
  state: State,
  environments: string,
  environment: Uint8Array,
  version: bigint,
): { policy: PolicyEntry[]; sound: boolean } {
  const at = (chosen: bigint, offset: bigint): bigint => {
    const first = number(inMapping(POLICIES, environment, word(BigInt.asUintN(256, chosen))));
    return state.word(environments, word(BigInt.asUintN(256, first + offset)));
  };
  let head = at(version, 0n);
  if (head >> 216n > state.time) head = at(--version, 0n);
  const entries: PolicyEntry[] = [];
  const count = Math.min(Number(field(head, 208n, 7n)), MAX_ENTRIES);
  const sound = field(head, 215n, 1n) === 1n;
  for (let entry = 0, offset = 0n; entry < count; entry++) {
    if (entry) head = at(version, offset);
    const attesters = Math.min(Number(field(head, 168n, 8n)), MAX_ATTESTERS);
    const words = Array.from({ length: Math.max(attesters, 1) }, (_, more) => at(version, offset + 1n + BigInt(more)));
    entries.push({
      schema: hex(words[0]!),
      needed: Number(field(head, 160n, 8n)),
      maxAge: field(head, 176n, 32n),
      attesters: [address(head), ...words.slice(1).map(address)],
    });
    offset += 1n + BigInt(attesters);
  }
  return { policy: entries, sound };
}

function readStanding(state: State, registry: string, policy: PolicyEntry[], artefact: string): Standing[] {
  const asked = new Map(policy.flatMap((entry) => entry.attesters.map((who) => [who + entry.schema, [who, entry.schema] as const])));
  return [...asked.values()].map(([attester, schema]) => {
    const key = keccak(concat(padded(attester), fromHex(schema), fromHex(artefact)));
    const found = state.word(registry, inMapping(ATTESTATIONS, key));
    const [time, expiry, revokedAt] = [field(found, 0n, 40n), field(found, 40n, 64n), field(found, 104n, 40n)];
    return { attester, schema, time, expiry, revokedAt };
  });
}

function isMet(entry: PolicyEntry, standing: Standing[], now: bigint): boolean {
  const good = standing.filter(
    (item) => item.schema === entry.schema && entry.attesters.includes(item.attester) && stands(item, entry.maxAge, now),
  );
  return good.length >= entry.needed;
}

function stands(item: Standing, maxAge: bigint, now: bigint): boolean {
  const fresh = !maxAge || item.time >= now - (maxAge < now ? maxAge : now);
  return item.time > 0n && !item.revokedAt && (!item.expiry || item.expiry > now) && fresh;
}
