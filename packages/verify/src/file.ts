/** The file of a bundle: one gzip member of canonical JSON, with exactly one way to write each content. */

import { utf8 } from "./bytes.js";
import { gunzip } from "./inflate.js";
import { Canonical } from "./json.js";
import { KINDS, RELATIONS, ZERO, type Heartbeat, type LabelProof, type Link, type RecordContent } from "./model.js";
import { stage, Wrong } from "./refused.js";

export const FORMAT = "keifu-bundle/2";
export const LARGEST = 256 << 20; // bytes of JSON
const MOST_PARTS = 1 << 23; // commas and opening brackets in it, as an upper bound on what it holds
const MAX_URI_BYTES = 128;
const MAX_NAME_BYTES = 32; // licence and version
const MAX_LINKS = 16;
const ADDRESS = /^0x[0-9a-f]{40}$/;
const DIGEST = /^[0-9a-f]{64}$/;
const HEX = /^[0-9a-f]*$/;
const SIGNATURE = /^[0-9a-f]{128}1[bc]$/;

/** What a bundle says, before anything of it is believed. An empty environment is no question about one. */
export interface Parts {
  chain: bigint;
  registry: string;
  environments: string;
  header: string;
  nodes: string[];
  root: string;
  environment: string;
  records: RecordContent[];
  documents: string[];
  heartbeats: Heartbeat[];
  labels: LabelProof[];
  /** Accounts whose keys were replaced by those of authors and anchorers in the bundle. */
  replaced: string[];
}

export function unpack(data: Uint8Array): Parts {
  return stage("file", () => {
    const reader = new Canonical(text(bounded(gunzip(data, LARGEST))));
    const parts = document(reader);
    reader.end();
    return parts;
  });
}

function bounded(data: Uint8Array): Uint8Array {
  let parts = 0;
  for (const byte of data) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) parts++;
  if (parts > MOST_PARTS) throw new Wrong(`more than ${MOST_PARTS} parts`);
  return data;
}

function text(data: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new Wrong("not UTF-8");
  }
}

function document(json: Canonical): Parts {
  const digest = (): string => json.matching(DIGEST, "a word");
  const address = (): string => json.matching(ADDRESS, "an address");
  const orEmpty = (pattern: RegExp) => (): string => json.matching(new RegExp(`^$|${pattern.source}`), "a word");
  json.literal('{"chain":');
  const chain = json.number();
  json.literal(',"documents":');
  const documents = json.list(() => json.string());
  json.literal(',"environment":');
  const environment = orEmpty(DIGEST)();
  json.literal(',"environments":');
  const environments = orEmpty(ADDRESS)();
  json.literal(`,"format":"${FORMAT}","header":`);
  const header = bytes(json, "the header");
  json.literal(',"heartbeats":');
  const heartbeats = json.list(() => heartbeat(json));
  json.literal(',"labels":');
  const labels = json.list(() => label(json));
  json.literal(',"nodes":');
  const nodes = json.list(() => bytes(json, "a node"));
  json.literal(',"records":');
  const records = json.list(() => record(json));
  json.literal(',"registry":');
  const registry = address();
  const said = json.optional(',"replaced":');
  const replaced = said ? json.list(address) : [];
  if (said && !replaced.length) throw new Wrong("an empty list of accounts that were replaced");
  json.literal(',"root":');
  const root = digest();
  json.literal("}");
  return {
    chain, registry, environments, header, nodes, root, environment, records, documents, heartbeats, labels, replaced,
  };
}

function bytes(json: Canonical, what: string): string {
  const found = json.matching(HEX, what);
  if (found.length % 2) throw new Wrong(`${what} is malformed`);
  return found;
}

function record(json: Canonical): RecordContent {
  json.literal('{"author":');
  const author = json.matching(ADDRESS, "an author");
  json.literal(',"contentRoot":');
  const contentRoot = json.matching(DIGEST, "a content root");
  json.literal(',"digest":');
  const digest = json.matching(DIGEST, "a digest");
  if (digest === ZERO) throw new Wrong("the digest is empty");
  json.literal(',"kind":');
  const kind = one(KINDS, json.string(), "kind of record");
  json.literal(',"licence":');
  const licence = short(json.string(), MAX_NAME_BYTES, "licence");
  json.literal(',"links":');
  const links = json.list(() => link(json));
  if (links.length > MAX_LINKS) throw new Wrong(`${links.length} links, at most ${MAX_LINKS} fit`);
  json.literal(',"manifest":');
  const manifest = json.matching(DIGEST, "a manifest's hash");
  json.literal(',"programRoot":');
  const programRoot = json.matching(DIGEST, "a program root");
  json.literal(',"uri":');
  const uri = short(json.string(), MAX_URI_BYTES, "uri");
  json.literal(',"version":');
  const version = short(json.string(), MAX_NAME_BYTES, "version");
  json.literal("}");
  return { author, kind, digest, contentRoot, programRoot, manifest, uri, licence, version, links };
}

function link(json: Canonical): Link {
  json.literal('{"parent":');
  const parent = json.matching(DIGEST, "a parent");
  json.literal(',"relation":');
  const relation = one(RELATIONS, json.string(), "relation");
  json.literal("}");
  return { relation, parent };
}

function heartbeat(json: Canonical): Heartbeat {
  json.literal('{"digest":');
  const digest = json.matching(DIGEST, "a digest");
  json.literal(',"environment":');
  const environment = json.matching(DIGEST, "an environment");
  json.literal(',"node":');
  const node = json.matching(ADDRESS, "a node");
  json.literal(',"seq":');
  const seq = json.number();
  json.literal(',"signature":');
  const signature = json.matching(SIGNATURE, "a signature");
  json.literal(',"time":');
  const time = json.number();
  json.literal("}");
  return { node, environment, seq, digest, time, signature };
}

function label(json: Canonical): LabelProof {
  json.literal('{"anchorer":');
  const anchorer = json.matching(ADDRESS, "an anchorer");
  json.literal(',"dataset":');
  const dataset = json.matching(DIGEST, "a data set");
  json.literal(',"index":');
  const index = json.number();
  json.literal(',"label":');
  const word = json.matching(DIGEST, "a label");
  json.literal(',"labeller":');
  const labeller = json.matching(ADDRESS, "a labeller");
  json.literal(',"proof":');
  const proof = json.list(() => json.matching(DIGEST, "a sibling"));
  json.literal(',"root":');
  const root = json.matching(DIGEST, "a root");
  json.literal(',"sample":');
  const sample = json.matching(DIGEST, "a sample");
  json.literal(',"signature":');
  const signature = json.matching(SIGNATURE, "a signature");
  json.literal("}");
  return { labeller, dataset, index, sample, label: word, signature, proof, root, anchorer };
}

function one<T extends string>(known: readonly T[], found: string, what: string): T {
  const index = known.indexOf(found as T);
  if (index < 0) throw new Wrong(`unknown ${what} ${found}`);
  return known[index]!;
}

function short(found: string, limit: number, what: string): string {
  if (utf8(found).length > limit) throw new Wrong(`${what} takes more than ${limit} bytes`);
  return found;
}
