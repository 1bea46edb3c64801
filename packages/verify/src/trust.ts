/** Whom and what a reader trusts: the file that `keifu trust init` writes. Nothing of it comes with a bundle. */

import { Refused, type Check } from "./refused.js";

const FORMAT = "keifu-trust/1";
const ADDRESS = /^0x[0-9a-f]{40}$/;
const HASH = /^0x[0-9a-f]{64}$/;
const ID = /^[0-9a-f]{64}$/;

/** A reader's side, as far as a bundle is held against it. */
export interface Trust {
  chain: bigint;
  registry: string;
  environments: string;
  block: string;
  authors: readonly string[];
  attesters: readonly string[];
  /** What the reader calls the environments that count: name and id. None chosen: any counts. */
  named: Readonly<Record<string, string>>;
  /** By that name, nodes that have to say what they run there: no state keeps signatures, so one could be left out. */
  runners: Readonly<Record<string, readonly string[]>>;
}

/** A trust file's text, or the object in it. Throws a TypeError that names what is wrong. */
export function readTrust(given: string | object): Trust {
  const said = (typeof given === "string" ? JSON.parse(given) : given) as Record<string, unknown>;
  const text = (name: string, pattern: RegExp, needed: boolean): string => {
    const found = said[name] ?? "";
    const lower = typeof found === "string" ? found.toLowerCase() : "?";
    if (needed || lower !== "" ? !pattern.test(lower) : false) throw new TypeError(`trust: ${name} is missing or malformed`);
    return lower;
  };
  const addresses = (found: unknown, name: string): string[] => {
    const list = Array.isArray(found ?? []) ? ((found ?? []) as unknown[]).map((item) => String(item).toLowerCase()) : ["?"];
    if (!list.every((item) => ADDRESS.test(item))) throw new TypeError(`trust: ${name} is malformed`);
    return list;
  };
  const object = (name: string): [string, unknown][] => Object.entries((said[name] ?? {}) as object);
  if ((said["format"] ?? FORMAT) !== FORMAT) throw new TypeError(`trust: this version reads ${FORMAT}`);
  const chain = said["chain"];
  if (!(typeof chain === "bigint" || Number.isSafeInteger(chain)) || Number(chain) < 1) throw new TypeError("trust: chain is missing or malformed");
  const named = object("named").map(([name, id]) => [name, String(id).toLowerCase().replace(/^0x/, "")] as const);
  if (!named.every(([, id]) => ID.test(id))) throw new TypeError("trust: named is malformed");
  return {
    chain: BigInt(chain as number),
    registry: text("registry", ADDRESS, true),
    environments: text("environments", ADDRESS, false),
    block: text("block", HASH, false),
    authors: addresses(said["authors"], "authors"),
    attesters: addresses(said["attesters"], "attesters"),
    named: Object.fromEntries(named),
    runners: Object.fromEntries(object("runners").map(([name, nodes]) => [name, addresses(nodes, "runners")])),
  };
}

/** Refuse what differs from what is trusted, with both values; where nothing is trusted by name, anything passes. */
export function accept(check: Check, what: string, said: string, trusted: readonly string[]): void {
  if (trusted.length && !trusted.includes(said)) {
    throw new Refused(check, `${what} is ${said}, trusted is ${trusted.join(" or ")}`);
  }
}
