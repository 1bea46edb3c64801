/**
 * Verifies Keifu's provenance bundles offline: no network, no clock, no key.
 *
 *     const verified = verifyBundle(bytes, readTrust(trustFile), { environment: id });
 *
 * The checks and their names are those of the Python verifier (keifu/provenance/bundle.py); both run the same suite of
 * good and forged bundles.
 */

import { fromHex, keccak, toHex } from "./bytes.js";
import { bySha256, readManifest, readStatement, type Manifest } from "./documents.js";
import { anchor, closedAt, followedBy, leafRevokedAt, production, recordWord, type Production, type RecordWord } from "./facts.js";
import { unpack, type Parts } from "./file.js";
import type { Json } from "./json.js";
import { Domain, merkleRoot, ZERO, type Heartbeat, type LabelProof, type RecordContent } from "./model.js";
import { Refused, stage, Wrong } from "./refused.js";
import { readHeader, State } from "./state.js";
import { accept, type Trust } from "./trust.js";

export { CHECKS, Refused, type Check } from "./refused.js";
export { readTrust, type Trust } from "./trust.js";
export type { Heartbeat, Json, LabelProof, Manifest, Production, RecordContent };

const MAX_AGE = 600n; // seconds before the block, for a heartbeat
const CLOCK_SECONDS = 60n; // by which a node's clock and the chain's may differ

/** What the reader asks, beside where the artefact came from. */
export interface Question {
  /** Id of an environment that the bundle has to answer about: 64 hex digits. */
  environment?: string;
  /** Nodes that have to have signed what they run there. */
  nodes?: readonly string[];
  /** Samples whose labels have to be shown. */
  samples?: readonly (bigint | number)[];
  /** Seconds before the block in which a heartbeat counts. */
  maxAge?: bigint | number;
}

/** One record, as the registry holds it at the trusted block. */
export interface Entry extends RecordWord {
  id: string;
  record: RecordContent;
}

/** What a bundle shows. */
export interface Verified {
  root: string;
  /** Number and unix seconds of the trusted block. */
  number: bigint;
  time: bigint;
  /** The root and its ancestors, nearest first. */
  entries: Map<string, Entry>;
  manifests: Map<string, Manifest>;
  /** The first in-toto statement of each record that has one. */
  statements: Map<string, Map<string, Json>>;
  production?: Production;
  heartbeats: Heartbeat[];
  /** Heartbeats that name another digest: evidence against their nodes. */
  contradictions: Heartbeat[];
  labels: LabelProof[];
  /** Accounts whose keys were replaced, each with those that followed it. */
  accounts: string[][];
  /** Whether the root's author is one whom the reader trusts, or replaced the key of one; undefined: none was named. */
  authorIsTrusted?: boolean;
  /** Whether nothing in it is withdrawn, unmet or contradicted. */
  inOrder: boolean;
}

/** Throws Refused, which names the check that failed first, unless every part of the bundle is shown and belongs. */
export function verifyBundle(data: Uint8Array, trust: Trust, question: Question = {}): Verified {
  if (!trust.block) throw new TypeError("a bundle proves nothing without a block that is trusted: name its hash");
  const parts = unpack(data);
  checkDomain(parts, trust, question.environment?.replace(/^0x/, "").toLowerCase() ?? "");
  const header = stage("block", () => readHeader(fromHex(parts.header), trust.block));
  if (!isAscending(parts.nodes)) throw new Refused("order", "the nodes of the proof are not in order");
  const state = new State(header, parts.nodes);
  const entries = readEntries(parts, trust, state);
  const verified: Verified = {
    root: parts.root, number: header.number, time: header.time, entries, manifests: new Map(), statements: new Map(),
    heartbeats: [], contradictions: [], labels: [], accounts: [], inOrder: false,
  };
  checkAccounts(parts, trust, state, verified);
  checkDocuments(parts, verified);
  if (parts.environment) checkProduction(parts, trust, state, verified);
  stage("heartbeat", () => checkHeartbeats(parts, trust, verified, BigInt(question.maxAge ?? MAX_AGE)));
  stage("label", () => checkLabels(parts, trust, state, verified));
  checkAsked(verified, trust, question);
  if (state.unused) throw new Refused("belongs", `${state.unused} nodes of the proof are needed by nothing in the bundle`);
  verified.inOrder = isInOrder(verified);
  if (trust.authors.length) {
    verified.authorIsTrusted = followed(trust.authors, verified).has(entries.get(parts.root)!.record.author);
  }
  return verified;
}

function checkDomain(parts: Parts, trust: Trust, asked: string): void {
  accept("trust", "chain", String(parts.chain), [String(trust.chain)]);
  accept("trust", "registry", parts.registry, [trust.registry]);
  if (parts.environments) {
    accept("trust", "environments", parts.environments, [trust.environments || "no contract at all"]);
  }
  if (parts.environment) accept("trust", "environment", parts.environment, Object.values(trust.named));
  if (!parts.environments !== !parts.environment) {
    throw new Refused("environment", "the bundle names a contract of environments, or an environment, but not both");
  }
  if (asked && parts.environment !== asked) {
    throw new Refused("environment", `asked about environment ${asked}, the bundle answers about ${parts.environment || "none"}`);
  }
}

function readEntries(parts: Parts, trust: Trust, state: State): Map<string, Entry> {
  const domain = new Domain("Keifu Provenance", trust.chain, trust.registry);
  const records = new Map(parts.records.map((record) => [domain.recordId(record), record]));
  if (!records.has(parts.root)) throw new Refused("root", "the bundle lacks the record that it is about");
  const order = [parts.root];
  const found = new Set(order);
  for (const id of order) {
    for (const { parent } of records.get(id)?.links ?? []) {
      if (!found.has(parent)) order.push(parent);
      found.add(parent);
    }
  }
  const lacking = order.find((id) => !records.has(id));
  if (lacking) throw new Refused("parents", `the bundle lacks ${lacking}, an ancestor of what it is about`);
  const written = [...records.keys()];
  if (records.size !== parts.records.length || order.length !== written.length || order.some((id, at) => id !== written[at])) {
    throw new Refused("order", "records that are no ancestors, named twice, or not in order");
  }
  return stage("record", () =>
    new Map([...records].map(([id, record]) => [id, { id, record, ...recordWord(state, trust.registry, id, record) }])),
  );
}

/** Rows of accounts, each of which ends with one that wrote or anchored something in the bundle, or passes through it. */
function checkAccounts(parts: Parts, trust: Trust, state: State, verified: Verified): void {
  if (!isAscending(parts.replaced)) throw new Refused("order", "accounts that were replaced are not in order");
  const named = new Set([...parts.records.map((record) => record.author), ...parts.labels.map((item) => item.anchorer)]);
  verified.accounts = stage("identity", () => parts.replaced.map((item) => followedBy(state, trust.registry, item, named)));
}

/** These accounts, and those that replaced their keys as of the block. */
function followed(accounts: Iterable<string>, { accounts: rows }: Verified): Set<string> {
  const given = [...accounts];
  return new Set([...given, ...given.flatMap((item) => rows.flatMap((row) => (row.includes(item) ? row.slice(row.indexOf(item)) : [])))]);
}

/** Every manifest and statement that a record commits to, in the order of the records, and nothing else. */
function checkDocuments(parts: Parts, verified: Verified): void {
  const held = bySha256(parts.documents);
  const expected = new Set<string>();
  for (const [id, { record }] of verified.entries) {
    if (record.manifest === ZERO) continue;
    const body = held.get(record.manifest);
    if (body === undefined) throw new Refused("manifest", `the bundle lacks the manifest of ${id}`);
    const manifest = stage("manifest", () => readManifest(body, record.digest));
    verified.manifests.set(id, manifest);
    expected.add(body);
    for (const digest of manifest.statements) {
      const said = held.get(digest);
      if (said === undefined) throw new Refused("statement", `the bundle lacks statement ${digest} of ${id}`);
      const statement = stage("statement", () => readStatement(said, record.digest));
      if (!verified.statements.has(id)) verified.statements.set(id, statement);
      expected.add(said);
    }
  }
  const wanted = [...expected];
  if (wanted.length !== parts.documents.length || wanted.some((body, at) => body !== parts.documents[at])) {
    throw new Refused("documents", "documents that no record commits to, or that are not in order");
  }
}

function checkProduction(parts: Parts, trust: Trust, state: State, verified: Verified): void {
  const made = stage("production", () => production(state, trust.registry, trust.environments, parts.environment));
  if (made.artefact !== parts.root) {
    throw new Refused("artefact", `the environment runs ${made.artefact}, the bundle is about ${parts.root}`);
  }
  verified.production = made;
}

/** Each has to be about the promotion that is shown, and recent. */
function checkHeartbeats(parts: Parts, trust: Trust, verified: Verified, maxAge: bigint): void {
  if (!isAscending(parts.heartbeats.map((item) => item.node))) {
    throw new Refused("order", "heartbeats that are not in order, or two of one node");
  }
  const made = verified.production;
  const domain = new Domain("Keifu Environments", trust.chain, trust.environments || "0x");
  for (const said of parts.heartbeats) {
    const name = `the heartbeat of ${said.node}`;
    if (!made || said.environment !== made.environment || said.seq !== made.seq) {
      throw new Wrong(`${name} is not about the promotion that the bundle shows`);
    }
    const age = verified.time - said.time;
    if (age < -CLOCK_SECONDS || age > maxAge) throw new Wrong(`${name} is of second ${said.time}, the block of ${verified.time}`);
    if (!domain.isHeartbeatSigned(said)) throw new Wrong(`${name} is not signed by it`);
    const matches = verified.entries.get(made.artefact)?.record.digest === said.digest;
    (matches ? verified.heartbeats : verified.contradictions).push(said);
  }
}

/**
 * Each is of a data set in the bundle, in a tree that an author of that data set or of a label set anchored, or whoever
 * replaced the author's key.
 */
function checkLabels(parts: Parts, trust: Trust, state: State, verified: Verified): void {
  // Numbers are filled with zeros, so that the texts have the order of what they stand for.
  const order = parts.labels.map((item) => [item.dataset, String(item.index).padStart(20, "0"), item.labeller, item.root].join());
  if (!isAscending(order)) throw new Refused("order", "labels that are not in order, or one of them twice");
  const domain = new Domain("Keifu Provenance", trust.chain, trust.registry);
  const authors = [...verified.entries.values()].filter((entry) => entry.record.kind === "label-set").map((entry) => entry.record.author);
  for (const item of parts.labels) {
    const dataset = verified.entries.get(item.dataset);
    if (!dataset) throw new Wrong(`a label of ${item.dataset}, which is not in the bundle`);
    if (!followed([dataset.record.author, ...authors], verified).has(item.anchorer)) {
      throw new Wrong(`${item.anchorer} anchored the label, but is no author of its data set or labels`);
    }
    const made = anchor(state, trust.registry, item.anchorer, item.root);
    if (!domain.isLabelSigned(item)) throw new Wrong(`label of sample ${item.index} is not signed by ${item.labeller}`);
    if (merkleRoot(keccak(keccak(domain.labelDigest(item))), item.proof) !== item.root) {
      throw new Wrong(`label of sample ${item.index} is not in the anchored batch`);
    }
    const digest = domain.labelDigest(item);
    // The leaf's own word is looked at only where the anchor's says that some of its leaves were taken back.
    if (made.leavesRevoked && leafRevokedAt(state, trust.registry, item.anchorer, item.root, digest)) {
      throw new Wrong(`the label of sample ${item.index} was taken back`);
    }
    const closed = closedAt(state, trust.registry, item.labeller);
    if (closed && made.time > closed) {
      throw new Wrong(`the label of sample ${item.index} was anchored after ${item.labeller} closed its key`);
    }
    verified.labels.push(item);
  }
}

/** What no state commits to is missed only by who asks for it: the reader, or the reader's trust file. */
function checkAsked(verified: Verified, trust: Trust, question: Question): void {
  const said = new Set([...verified.heartbeats, ...verified.contradictions].map((item) => item.node));
  const here = verified.production?.environment;
  const pinned = Object.keys(trust.runners).flatMap((name) => (trust.named[name] === here ? trust.runners[name]! : []));
  for (const node of [...(question.nodes ?? []), ...pinned]) {
    if (!said.has(node.toLowerCase())) throw new Refused("heartbeat", `asked about node ${node}, which says nothing in the bundle`);
  }
  const shown = new Set(verified.labels.map((item) => item.index));
  for (const sample of question.samples ?? []) {
    if (!shown.has(BigInt(sample))) throw new Refused("label", `asked about the label of sample ${sample}, which the bundle does not show`);
  }
}

function isInOrder({ entries, production: made, contradictions }: Verified): boolean {
  const active = [...entries.values()].every((entry) => entry.status === "active");
  return active && (!made || (made.status === "active" && !made.unmet.length && made.unsound === undefined)) && !contradictions.length;
}

function isAscending(items: readonly string[]): boolean {
  return items.every((item, at) => !at || items[at - 1]! < item);
}

/** Hash of the block that a bundle claims to be about: compare it with one that you trust. */
export function blockHash(data: Uint8Array): string {
  return "0x" + toHex(keccak(fromHex(unpack(data).header)));
}
