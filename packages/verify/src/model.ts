/** Records, labels and heartbeats, and what their authors sign: EIP-712 in the domain of the contract that is trusted. */

import { secp256k1 } from "@noble/curves/secp256k1";
import { concat, fromHex, keccak, padded, toHex, utf8, word } from "./bytes.js";

export const KINDS = [
  "dataset", "label-set", "code", "weights", "model", "run", "evaluation", "container", "agent", "receipt-batch",
] as const;
export const RELATIONS = [
  "derived-from", "trained-on", "labelled-by", "fine-tuned-from", "quantised-from", "evaluated-on", "supersedes",
] as const;
export const STATUSES = ["unknown", "active", "deprecated", "revoked"] as const;
export const ZERO = "0".repeat(64);

export type Kind = (typeof KINDS)[number];
export type Relation = (typeof RELATIONS)[number];
export type Status = (typeof STATUSES)[number];

export interface Link {
  relation: Relation;
  parent: string;
}

export interface RecordContent {
  author: string;
  kind: Kind;
  digest: string;
  contentRoot: string;
  programRoot: string;
  manifest: string;
  uri: string;
  licence: string;
  version: string;
  links: Link[];
}

export interface Label {
  labeller: string;
  dataset: string;
  index: bigint;
  sample: string;
  label: string;
}

export interface LabelProof extends Label {
  signature: string;
  proof: string[];
  root: string;
  anchorer: string;
}

export interface Heartbeat {
  node: string;
  environment: string;
  seq: bigint;
  digest: string;
  time: bigint;
  signature: string;
}

const ID_TAIL = 6; // bytes that are cleared in an id
const HALF_ORDER = secp256k1.CURVE.n / 2n;
const LINK = "Link(uint8 relation,bytes32 parent)";
const RECORD =
  "Record(address author,uint8 kind,bytes32 digest,bytes32 contentRoot,bytes32 programRoot,bytes32 manifest," +
  `string uri,string licence,string version,Link[] links)${LINK}`;
const LABEL = "Label(address labeller,bytes32 dataset,uint256 index,bytes32 sample,bytes32 label)";
const HEARTBEAT = "Heartbeat(address node,bytes32 environment,uint64 promotionSeq,bytes32 digest,uint64 time)";
const DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract";

const hashText = (text: string): Uint8Array => keccak(utf8(text));
const LINK_HASH = hashText(LINK);
const RECORD_HASH = hashText(RECORD);
const LABEL_HASH = hashText(LABEL);
const HEARTBEAT_HASH = hashText(HEARTBEAT);

/** Digests in the domain of one contract on one chain. */
export class Domain {
  private readonly separator: Uint8Array;
  private readonly salted: Uint8Array;

  constructor(name: string, chain: bigint, contract: string) {
    const members = concat(hashText(name), hashText("1"), word(chain), padded(contract));
    this.separator = keccak(concat(hashText(`${DOMAIN})`), members));
    // Some wallets sign with a salt of zero besides; the contracts take both.
    this.salted = keccak(concat(hashText(`${DOMAIN},bytes32 salt)`), members, word(0)));
  }

  recordId(record: RecordContent): string {
    const links = record.links.map((link) =>
      keccak(concat(LINK_HASH, word(RELATIONS.indexOf(link.relation) + 1), fromHex(link.parent))),
    );
    const hash = keccak(
      concat(
        RECORD_HASH,
        padded(record.author),
        word(KINDS.indexOf(record.kind) + 1),
        ...[record.digest, record.contentRoot, record.programRoot, record.manifest].map(fromHex),
        ...[record.uri, record.licence, record.version].map(hashText),
        keccak(concat(...links)),
      ),
    );
    return toHex(this.digest(hash).fill(0, -ID_TAIL));
  }

  labelDigest(label: Label): Uint8Array {
    return this.digest(labelHash(label));
  }

  isLabelSigned(item: LabelProof): boolean {
    return this.isSigned(labelHash(item), item.signature, item.labeller);
  }

  isHeartbeatSigned(said: Heartbeat): boolean {
    const members = [padded(said.node), fromHex(said.environment), word(said.seq), fromHex(said.digest), word(said.time)];
    return this.isSigned(keccak(concat(HEARTBEAT_HASH, ...members)), said.signature, said.node);
  }

  private digest(hash: Uint8Array, separator = this.separator): Uint8Array {
    return keccak(concat(Uint8Array.of(0x19, 0x01), separator, hash));
  }

  private isSigned(hash: Uint8Array, signature: string, who: string): boolean {
    return [this.separator, this.salted].some((separator) => signer(this.digest(hash, separator), signature) === who);
  }
}

function labelHash(label: Label): Uint8Array {
  const members = [padded(label.labeller), fromHex(label.dataset), word(label.index), fromHex(label.sample), fromHex(label.label)];
  return keccak(concat(LABEL_HASH, ...members));
}

/** Address that made r, s and v (of 27 or 28) over this digest; "" when nobody can have, or when s is large. */
function signer(digest: Uint8Array, signature: string): string {
  try {
    const found = secp256k1.Signature.fromCompact(signature.slice(0, 128));
    if (found.s > HALF_ORDER) return "";
    const point = found.addRecoveryBit(parseInt(signature.slice(128), 16) - 27).recoverPublicKey(digest);
    return "0x" + toHex(keccak(point.toRawBytes(false).subarray(1))).slice(24);
  } catch {
    return ""; // the curve's library throws for r and s that are out of range or no point
  }
}

/** The root that a proof leads to from a leaf: inner nodes hash their children in ascending order. */
export function merkleRoot(leaf: Uint8Array, proof: readonly string[]): string {
  let node = toHex(leaf);
  for (const sibling of proof) node = toHex(keccak(fromHex(node < sibling ? node + sibling : sibling + node)));
  return node;
}
