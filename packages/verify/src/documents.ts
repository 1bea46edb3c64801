/** Manifests and statements: what records commit to by SHA-256. */

import { compareText, fromHex, concat, sha256, toHex, utf8 } from "./bytes.js";
import { Canonical, parseJson, type Json } from "./json.js";
import { Wrong } from "./refused.js";

const LARGEST_STATEMENT = 16 << 20; // bytes
const DIGEST = /^[0-9a-f]{64}$/;

export interface ManifestFile {
  name: string;
  digest: string;
  size: bigint;
}

export interface Manifest {
  body: string;
  files: ManifestFile[];
  ignored: string[];
  links: boolean;
  statements: string[];
}

/** The manifest in `body`, which has to be in its one form and to give the record's digest. */
export function readManifest(body: string, digest: string): Manifest {
  const json = new Canonical(body);
  json.literal('{"format":"keifu-manifest/1","resources":');
  const files = json.list(() => file(json));
  json.literal(',"serialization":{"allow_symlinks":');
  const links = json.boolean();
  json.literal(',"hash_type":"sha256","ignore_paths":');
  const ignored = json.list(() => json.string());
  json.literal(',"method":"files"},"statements":');
  const statements = json.list(() => json.matching(DIGEST, "a statement's hash"));
  json.literal("}");
  json.end();
  if (!files.length) throw new Wrong("a manifest without a file");
  files.forEach((item, at) => {
    if (at && compareNames(files[at - 1]!.name, item.name) >= 0) {
      throw new Wrong("a manifest whose files are not in order, or named twice");
    }
  });
  const whole = files.length === 1 && files[0]!.name === ".";
  if (!whole && !files.every((item) => isBelow(item.name))) {
    throw new Wrong("a manifest with a name that no file below a folder has");
  }
  const found = toHex(sha256(concat(...files.map((item) => fromHex(item.digest)))));
  if (found !== digest) throw new Wrong(`the manifest's files have digest ${found}, the record ${digest}`);
  return { body, files, ignored, links, statements };
}

function file(json: Canonical): ManifestFile {
  json.literal('{"algorithm":"sha256","digest":');
  const digest = json.matching(DIGEST, "a file's digest");
  json.literal(',"name":');
  const name = json.string();
  json.literal(',"size":');
  const size = json.number();
  json.literal("}");
  return { name, digest, size };
}

/** Whether a name leads to a file below a folder, and nowhere else. */
function isBelow(name: string): boolean {
  return !name.includes("\0") && !name.split("/").some((part) => part === "" || part === "." || part === "..");
}

/** Paths in order part by part. */
function compareNames(one: string, other: string): number {
  const mine = one.split("/");
  const theirs = other.split("/");
  for (let at = 0; at < Math.min(mine.length, theirs.length); at++) {
    const order = compareText(mine[at]!, theirs[at]!);
    if (order) return order;
  }
  return mine.length - theirs.length;
}

/** The in-toto statement in `body`, which has to be about this digest. */
export function readStatement(body: string, digest: string): Map<string, Json> {
  if (utf8(body).length > LARGEST_STATEMENT) throw new Wrong(`a statement of more than ${LARGEST_STATEMENT} bytes`);
  const document = parseJson(body);
  const subjects = document instanceof Map ? document.get("subject") : undefined;
  const subject = Array.isArray(subjects) ? subjects[0] : undefined;
  const digests = subject instanceof Map ? subject.get("digest") : undefined;
  const found = digests instanceof Map ? digests.get("sha256") : undefined;
  if (!(document instanceof Map) || found === undefined) throw new Wrong("not an in-toto statement");
  if (found !== digest) throw new Wrong(`the statement is about ${String(found)}, the record about ${digest}`);
  return document;
}

/** Documents by SHA-256. */
export function bySha256(bodies: readonly string[]): Map<string, string> {
  return new Map(bodies.map((body) => [toHex(sha256(utf8(body))), body]));
}
