/** Where the registry and its environments keep what they store, and what the words mean. The rules are the contracts'. */

import { concat, fromHex, keccak, number, padded, word } from "./bytes.js";
import { STATUSES, type RecordContent, type Status } from "./model.js";
import { Wrong } from "./refused.js";
import type { State } from "./state.js";

const ATTESTATIONS = 0;
const ANCHORS = 1;
const RECORDS = 2;
const ENVIRONMENTS = 0;
const PROMOTIONS = 1;
const POLICIES = 2;
const MAX_ENTRIES = 8;
const MAX_ATTESTERS = 8;

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
}

export interface Anchor {
  time: bigint;
  count: bigint;
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
  const nothing = { environment, owner, seq, policy: [], standing: [], unmet: [] };
  if (!seq) return { ...nothing, artefact: "0".repeat(64), block: 0n, status: "unknown" };
  const promoted = state.word(environments, inMapping(PROMOTIONS, key, word(seq)));
  const block = field(promoted, 0n, 48n);
  const artefact = hex(promoted - block);
  const policy = readPolicy(state, environments, key, field(stored, 200n, 56n));
  const { status } = readRecord(state.word(registry, inMapping(RECORDS, fromHex(artefact))));
  const standing = readStanding(state, registry, policy, artefact);
  const unmet = policy.filter((entry) => !isMet(entry, standing, state.time));
  return { environment, owner, seq, artefact, block, status, policy, standing, unmet };
}

export function anchor(state: State, registry: string, anchorer: string, root: string): Anchor {
  const found = state.word(registry, inMapping(ANCHORS, padded(anchorer), fromHex(root)));
  if (!found) throw new Wrong(`${anchorer} anchored no root ${root} in that state`);
  return { time: field(found, 0n, 40n), count: found >> 40n };
}

function readRecord(value: bigint): RecordWord {
  const status = STATUSES[Number(field(value, 208n, 8n))];
  if (!status) throw new Wrong("a record's word has an unknown state");
  return { author: address(value), time: field(value, 160n, 40n), status };
}

/** The entries that count at the block: the last version, or the one before while the last is under notice. */
function readPolicy(state: State, environments: string, environment: Uint8Array, version: bigint): PolicyEntry[] {
  const at = (chosen: bigint, offset: bigint): bigint => {
    const first = number(inMapping(POLICIES, environment, word(BigInt.asUintN(256, chosen))));
    return state.word(environments, word(BigInt.asUintN(256, first + offset)));
  };
  let head = at(version, 0n);
  if (head >> 216n > state.time) head = at(--version, 0n);
  const entries: PolicyEntry[] = [];
  const count = Math.min(Number(field(head, 208n, 8n)), MAX_ENTRIES);
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
  return entries;
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
