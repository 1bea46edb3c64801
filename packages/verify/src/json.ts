/**
 * JSON, read twice over. `Canonical` reads the one form in which bundles and manifests are written (names in order, no
 * blanks, one escape for each character), so that no second spelling passes for the same content. `checkJson` reads any
 * JSON, for statements, whose form is their author's.
 */

import { Wrong } from "./refused.js";

export const DEEPEST = 64; // lists and objects within each other, in a statement
export const LONGEST_NUMBER = 400; // characters
const LARGEST = (1n << 63n) - 1n;
const NUMBER = /(?:0|[1-9][0-9]{0,18})(?![0-9])/y;
// What Python's encoder escapes, as it escapes it.
const ESCAPED = /\\(?:["\\nrtbf]|u00(?:0[0-7be-f]|1[0-9a-f]))|[^"\\\u0000-\u001f]/gy;
const PLAIN = /[^"\\\u0000-\u001f]*/y;

export class Canonical {
  private at = 0;

  constructor(private readonly text: string) {}

  /** Exactly this text comes next. */
  literal(expected: string): void {
    if (!this.text.startsWith(expected, this.at)) throw new Wrong(`${expected} is expected at ${this.at}`);
    this.at += expected.length;
  }

  /** Whether this text came next. */
  optional(expected: string): boolean {
    const found = this.text.startsWith(expected, this.at);
    if (found) this.at += expected.length;
    return found;
  }

  end(): void {
    if (this.at !== this.text.length) throw new Wrong(`something follows at ${this.at}`);
  }

  string(): string {
    this.literal('"');
    const start = this.at;
    PLAIN.lastIndex = start;
    PLAIN.exec(this.text);
    this.at = PLAIN.lastIndex;
    if (!this.optional('"')) {
      ESCAPED.lastIndex = this.at;
      while (ESCAPED.test(this.text)) this.at = ESCAPED.lastIndex;
      this.literal('"');
      return JSON.parse(this.text.slice(start - 1, this.at)) as string;
    }
    return this.text.slice(start, this.at - 1);
  }

  matching(pattern: RegExp, what: string): string {
    const found = this.string();
    if (!pattern.test(found)) throw new Wrong(`${what} is malformed`);
    return found;
  }

  number(): bigint {
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text);
    const value = found ? BigInt(found[0]) : -1n;
    if (value < 0n || value > LARGEST) throw new Wrong(`a number from 0 to ${LARGEST} is expected at ${this.at}`);
    this.at = NUMBER.lastIndex;
    return value;
  }

  boolean(): boolean {
    const found = this.optional("true");
    if (!found) this.literal("false");
    return found;
  }

  list<T>(item: () => T): T[] {
    const found: T[] = [];
    this.literal("[");
    if (this.optional("]")) return found;
    do found.push(item());
    while (this.optional(","));
    this.literal("]");
    return found;
  }
}

export type Json = null | boolean | number | string | Json[] | Map<string, Json>;

/**
 * JSON text that every reader understands alike (RFC 7493), its depth bounded: no member named twice, no half of a pair
 * of characters, no number beyond a double.
 */
export function parseJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value(DEEPEST);
  reader.end();
  return value;
}

const BLANK = /[ \t\n\r]*/y;
const ANY_NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const HALF = /\p{Cs}/u;
const ANY_STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): Json {
    this.take(BLANK);
    const first = this.text[this.at];
    if (!depth && (first === "{" || first === "[")) {
      throw new Wrong(`more than ${DEEPEST} lists and objects within each other`);
    }
    let found: Json;
    if (first === "{") found = this.object(depth);
    else if (first === "[") found = this.list(depth);
    else if (first === '"') found = this.string();
    else if (this.word("null")) found = null;
    else if (this.word("true")) found = true;
    else if (this.word("false")) found = false;
    else found = this.number();
    this.take(BLANK);
    return found;
  }

  end(): void {
    if (this.at !== this.text.length) throw new Wrong(`JSON: something follows at ${this.at}`);
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) throw new Wrong(`JSON: unexpected at ${this.at}`);
    this.at = pattern.lastIndex;
    return found[0];
  }

  private word(expected: string): boolean {
    const found = this.text.startsWith(expected, this.at);
    if (found) this.at += expected.length;
    return found;
  }

  private string(): string {
    const found = JSON.parse(this.take(ANY_STRING)) as string;
    if (HALF.test(found)) throw new Wrong("JSON: half of a pair of characters");
    return found;
  }

  private number(): number {
    const found = this.take(ANY_NUMBER);
    const value = Number(found);
    if (found.length > LONGEST_NUMBER || !Number.isFinite(value)) {
      throw new Wrong("JSON: a number that is too long, or too large");
    }
    return value;
  }

  private list(depth: number): Json[] {
    const found: Json[] = [];
    this.at++;
    this.take(BLANK);
    if (this.word("]")) return found;
    do found.push(this.value(depth - 1));
    while (this.word(","));
    if (!this.word("]")) throw new Wrong(`JSON: a list has no end at ${this.at}`);
    return found;
  }

  private object(depth: number): Map<string, Json> {
    const found = new Map<string, Json>();
    this.at++;
    this.take(BLANK);
    if (this.word("}")) return found;
    do {
      this.take(BLANK);
      const name = this.string();
      this.take(BLANK);
      if (!this.word(":")) throw new Wrong(`JSON: a colon is expected at ${this.at}`);
      if (found.has(name)) throw new Wrong(`JSON: ${name} is named twice`);
      found.set(name, this.value(depth - 1));
    } while (this.word(","));
    if (!this.word("}")) throw new Wrong(`JSON: an object has no end at ${this.at}`);
    return found;
  }
}
