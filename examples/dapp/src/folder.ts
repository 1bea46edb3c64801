// The digest and the manifest of files, as `keifu prov register` makes them: see keifu/provenance/digest.py and manifest.py.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes, type Hex } from "viem";
import { Fault } from "./words.js";

export interface Found {
  readonly name: string; // path below the folder, or "." for one file
  readonly file: File;
}

export interface Manifest {
  readonly title: string;
  readonly files: number;
  readonly bytes: number;
  readonly ignored: readonly string[];
  readonly digest: Hex;
  readonly hash: Hex;
  readonly body: Uint8Array;
  readonly hasProgram: boolean; // a model whose record names its program, too
}

const LEFT_OUT = new Set([".git", ".gitattributes", ".github", ".gitignore", "model.sig"]);
const MODELS = [["tokens.json", "arrays.bin"], ["embedding.json", "arrays.bin"]];
const WHOLE = ".";
const CLI = "Use `keifu prov register` for this one.";

/** What was chosen in a dialogue: with a folder, every name begins with the folder's. */
export function chosen(files: Iterable<File>): Found[] {
  return [...files].map((file) => {
    const name = file.webkitRelativePath.split("/").slice(1).join("/") || WHOLE;
    // Browsers write a backslash of a name as a slash here, where it would be another name.
    if (name !== WHOLE && name.split("/").at(-1) !== file.name) throw new Fault(`The name ${file.name} has a backslash.`, "Drop the folder here instead.");
    return { name, file };
  });
}

/** What was dropped: a folder, or one file. */
export async function dropped(items: DataTransferItemList): Promise<{ title: string; found: Found[]; folders: string[] }> {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const [entry] = entries;
  if (!entry || entries.length > 1) {
    throw new Fault(entry ? `You dropped ${entries.length} things.` : "There is no file in what you dropped.", "Drop one folder, or one file.");
  }
  const found: Found[] = [];
  const folders: string[] = [];
  const waiting: [FileSystemEntry, string][] = [[entry, ""]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [one, name] = next;
    if (one.isFile) found.push({ name: name || WHOLE, file: await fileOf(one as FileSystemFileEntry) });
    else {
      if (name && !name.includes("/")) folders.push(name);
      for (const child of await childrenOf(one as FileSystemDirectoryEntry)) {
        waiting.push([child, name ? `${name}/${child.name}` : child.name]);
      }
    }
  }
  return { title: entry.name, found, folders };
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((done, failed) => entry.file(done, () => failed(new Fault(`${entry.fullPath} cannot be read.`, "Is its name UTF-8? Rename it, or use `keifu prov register`."))));

async function childrenOf(entry: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = entry.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (!part.length) return found;
    found.push(...part);
  }
}

/** Hash every file, in order; `done` gets the bytes that were read so far. */
export async function manifestOf(
  title: string,
  all: readonly Found[],
  folders: readonly string[],
  done: (bytes: number) => void,
): Promise<Manifest> {
  const top = ({ name }: Found) => name.split("/", 1)[0] ?? "";
  const ignored = [...new Set([...all.map(top), ...folders])].filter((name) => LEFT_OUT.has(name)).sort(compare);
  const found = all.filter((item) => !ignored.includes(top(item))).sort((a, b) => byParts(a.name, b.name));
  requireNames(found);
  const resources = [];
  const whole = sha256.create();
  let bytes = 0;
  for (const { name, file } of found) {
    const digest = await hashed(file, (read) => done(bytes + read));
    bytes += file.size;
    whole.update(hexToBytes(digest));
    resources.push({ algorithm: "sha256", digest: digest.slice(2), name, size: file.size });
  }
  // Members in the order of their names, without blanks: the one form that a manifest has.
  const body = new TextEncoder().encode(
    JSON.stringify({
      format: "keifu-manifest/1",
      resources,
      serialization: { allow_symlinks: false, hash_type: "sha256", ignore_paths: ignored, method: "files" },
      statements: [],
    }),
  );
  return {
    title, files: found.length, bytes, ignored, body,
    digest: bytesToHex(whole.digest()),
    hash: bytesToHex(sha256(body)),
    hasProgram: MODELS.some((names) => names.every((name) => found.some((item) => item.name === name))),
  };
}

async function hashed(file: File, read: (bytes: number) => void): Promise<Hex> {
  const hasher = sha256.create();
  const reader = file.stream().getReader();
  let size = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      hasher.update(part.value);
      read((size += part.value.length));
    }
  } catch {
    throw new Fault(`${file.name} could not be read.`, "Is it still there, and may your browser read it?");
  }
  if (size !== file.size) throw new Fault(`${file.name} changed while it was read.`, "Stop what writes to it, and choose the folder again.");
  return bytesToHex(hasher.digest());
}

/** What the digest of another program would differ for is refused. */
function requireNames(found: readonly Found[]): void {
  if (!found.length) throw new Fault("There is no file in it.", "Choose the folder that holds the files.");
  const seen = new Map<string, string>();
  for (const { name } of found) {
    if (name.includes("\ufffd") || !isWhole(name)) throw new Fault(`The name ${name} is not UTF-8.`, "Rename the file.");
    const other = seen.get(name.normalize("NFC"));
    if (other !== undefined) throw new Fault(`Two names look the same: ${other} and ${name}.`, "Rename one.");
    seen.set(name.normalize("NFC"), name);
  }
}

/** Whether every half of a pair of characters has its other half. */
const isWhole = (text: string): boolean => !/[\ud800-\udfff]/u.test(text);

const byParts = (one: string, other: string): number => {
  const [mine, theirs] = [one.split("/"), other.split("/")];
  for (let at = 0; at < Math.min(mine.length, theirs.length); at++) {
    const order = compare(mine[at] ?? "", theirs[at] ?? "");
    if (order) return order;
  }
  return mine.length - theirs.length;
};

/** By code points, as Python compares: JavaScript's own order is of halves of pairs. */
function compare(one: string, other: string): number {
  const [mine, theirs] = [[...one], [...other]];
  for (let at = 0; at < Math.min(mine.length, theirs.length); at++) {
    const order = (mine[at]?.codePointAt(0) ?? 0) - (theirs[at]?.codePointAt(0) ?? 0);
    if (order) return order;
  }
  return mine.length - theirs.length;
}

export const programFault = new Fault("This folder is a model whose record also names its program.", CLI);
