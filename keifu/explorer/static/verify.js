// Made by packages/verify/bundle.mjs from packages/verify, @noble/hashes and @noble/curves: all MIT, notices below.
"use strict";
const modules = {
  "index.ts"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.readTrust = exports.Refused = exports.CHECKS = void 0;
exports.verifyBundle = verifyBundle;
exports.blockHash = blockHash;
const bytes_js_1 = require("bytes.ts");
const documents_js_1 = require("documents.ts");
const facts_js_1 = require("facts.ts");
const file_js_1 = require("file.ts");
const model_js_1 = require("model.ts");
const refused_js_1 = require("refused.ts");
const state_js_1 = require("state.ts");
const trust_js_1 = require("trust.ts");
var refused_js_2 = require("refused.ts");
Object.defineProperty(exports, "CHECKS", { enumerable: true, get: function () { return refused_js_2.CHECKS; } });
Object.defineProperty(exports, "Refused", { enumerable: true, get: function () { return refused_js_2.Refused; } });
var trust_js_2 = require("trust.ts");
Object.defineProperty(exports, "readTrust", { enumerable: true, get: function () { return trust_js_2.readTrust; } });
const MAX_AGE = 600n;
const CLOCK_SECONDS = 60n;
function verifyBundle(data, trust, question = {}) {
    if (!trust.block)
        throw new TypeError("a bundle proves nothing without a block that is trusted: name its hash");
    const parts = (0, file_js_1.unpack)(data);
    checkDomain(parts, trust, question.environment?.replace(/^0x/, "").toLowerCase() ?? "");
    const header = (0, refused_js_1.stage)("block", () => (0, state_js_1.readHeader)((0, bytes_js_1.fromHex)(parts.header), trust.block));
    if (!isAscending(parts.nodes))
        throw new refused_js_1.Refused("order", "the nodes of the proof are not in order");
    const state = new state_js_1.State(header, parts.nodes);
    const entries = readEntries(parts, trust, state);
    const verified = {
        root: parts.root, number: header.number, time: header.time, entries, manifests: new Map(), statements: new Map(),
        heartbeats: [], contradictions: [], labels: [], accounts: [], inOrder: false,
    };
    checkAccounts(parts, trust, state, verified);
    checkDocuments(parts, verified);
    if (parts.environment)
        checkProduction(parts, trust, state, verified);
    (0, refused_js_1.stage)("heartbeat", () => checkHeartbeats(parts, trust, verified, BigInt(question.maxAge ?? MAX_AGE)));
    (0, refused_js_1.stage)("label", () => checkLabels(parts, trust, state, verified));
    checkAsked(verified, trust, question);
    if (state.unused)
        throw new refused_js_1.Refused("belongs", `${state.unused} nodes of the proof are needed by nothing in the bundle`);
    verified.inOrder = isInOrder(verified);
    if (trust.authors.length) {
        verified.authorIsTrusted = followed(trust.authors, verified).has(entries.get(parts.root).record.author);
    }
    return verified;
}
function checkDomain(parts, trust, asked) {
    (0, trust_js_1.accept)("trust", "chain", String(parts.chain), [String(trust.chain)]);
    (0, trust_js_1.accept)("trust", "registry", parts.registry, [trust.registry]);
    if (parts.environments) {
        (0, trust_js_1.accept)("trust", "environments", parts.environments, [trust.environments || "no contract at all"]);
    }
    if (parts.environment)
        (0, trust_js_1.accept)("trust", "environment", parts.environment, Object.values(trust.named));
    if (!parts.environments !== !parts.environment) {
        throw new refused_js_1.Refused("environment", "the bundle names a contract of environments, or an environment, but not both");
    }
    if (asked && parts.environment !== asked) {
        throw new refused_js_1.Refused("environment", `asked about environment ${asked}, the bundle answers about ${parts.environment || "none"}`);
    }
}
function readEntries(parts, trust, state) {
    const domain = new model_js_1.Domain("Keifu Provenance", trust.chain, trust.registry);
    const records = new Map(parts.records.map((record) => [domain.recordId(record), record]));
    if (!records.has(parts.root))
        throw new refused_js_1.Refused("root", "the bundle lacks the record that it is about");
    const order = [parts.root];
    const found = new Set(order);
    for (const id of order) {
        for (const { parent } of records.get(id)?.links ?? []) {
            if (!found.has(parent))
                order.push(parent);
            found.add(parent);
        }
    }
    const lacking = order.find((id) => !records.has(id));
    if (lacking)
        throw new refused_js_1.Refused("parents", `the bundle lacks ${lacking}, an ancestor of what it is about`);
    const written = [...records.keys()];
    if (records.size !== parts.records.length || order.length !== written.length || order.some((id, at) => id !== written[at])) {
        throw new refused_js_1.Refused("order", "records that are no ancestors, named twice, or not in order");
    }
    return (0, refused_js_1.stage)("record", () => new Map([...records].map(([id, record]) => [id, { id, record, ...(0, facts_js_1.recordWord)(state, trust.registry, id, record) }])));
}
function checkAccounts(parts, trust, state, verified) {
    if (!isAscending(parts.replaced))
        throw new refused_js_1.Refused("order", "accounts that were replaced are not in order");
    const named = new Set([...parts.records.map((record) => record.author), ...parts.labels.map((item) => item.anchorer)]);
    verified.accounts = (0, refused_js_1.stage)("identity", () => parts.replaced.map((item) => (0, facts_js_1.followedBy)(state, trust.registry, item, named)));
}
function followed(accounts, { accounts: rows }) {
    const given = [...accounts];
    return new Set([...given, ...given.flatMap((item) => rows.flatMap((row) => (row.includes(item) ? row.slice(row.indexOf(item)) : [])))]);
}
function checkDocuments(parts, verified) {
    const held = (0, documents_js_1.bySha256)(parts.documents);
    const expected = new Set();
    for (const [id, { record }] of verified.entries) {
        if (record.manifest === model_js_1.ZERO)
            continue;
        const body = held.get(record.manifest);
        if (body === undefined)
            throw new refused_js_1.Refused("manifest", `the bundle lacks the manifest of ${id}`);
        const manifest = (0, refused_js_1.stage)("manifest", () => (0, documents_js_1.readManifest)(body, record.digest));
        verified.manifests.set(id, manifest);
        expected.add(body);
        for (const digest of manifest.statements) {
            const said = held.get(digest);
            if (said === undefined)
                throw new refused_js_1.Refused("statement", `the bundle lacks statement ${digest} of ${id}`);
            const statement = (0, refused_js_1.stage)("statement", () => (0, documents_js_1.readStatement)(said, record.digest));
            if (!verified.statements.has(id))
                verified.statements.set(id, statement);
            expected.add(said);
        }
    }
    const wanted = [...expected];
    if (wanted.length !== parts.documents.length || wanted.some((body, at) => body !== parts.documents[at])) {
        throw new refused_js_1.Refused("documents", "documents that no record commits to, or that are not in order");
    }
}
function checkProduction(parts, trust, state, verified) {
    const made = (0, refused_js_1.stage)("production", () => (0, facts_js_1.production)(state, trust.registry, trust.environments, parts.environment));
    if (made.artefact !== parts.root) {
        throw new refused_js_1.Refused("artefact", `the environment runs ${made.artefact}, the bundle is about ${parts.root}`);
    }
    verified.production = made;
}
function checkHeartbeats(parts, trust, verified, maxAge) {
    if (!isAscending(parts.heartbeats.map((item) => item.node))) {
        throw new refused_js_1.Refused("order", "heartbeats that are not in order, or two of one node");
    }
    const made = verified.production;
    const domain = new model_js_1.Domain("Keifu Environments", trust.chain, trust.environments || "0x");
    for (const said of parts.heartbeats) {
        const name = `the heartbeat of ${said.node}`;
        if (!made || said.environment !== made.environment || said.seq !== made.seq) {
            throw new refused_js_1.Wrong(`${name} is not about the promotion that the bundle shows`);
        }
        const age = verified.time - said.time;
        if (age < -CLOCK_SECONDS || age > maxAge)
            throw new refused_js_1.Wrong(`${name} is of second ${said.time}, the block of ${verified.time}`);
        if (!domain.isHeartbeatSigned(said))
            throw new refused_js_1.Wrong(`${name} is not signed by it`);
        const matches = verified.entries.get(made.artefact)?.record.digest === said.digest;
        (matches ? verified.heartbeats : verified.contradictions).push(said);
    }
}
function checkLabels(parts, trust, state, verified) {
    const order = parts.labels.map((item) => [item.dataset, String(item.index).padStart(20, "0"), item.labeller, item.root].join());
    if (!isAscending(order))
        throw new refused_js_1.Refused("order", "labels that are not in order, or one of them twice");
    const domain = new model_js_1.Domain("Keifu Provenance", trust.chain, trust.registry);
    const authors = [...verified.entries.values()].filter((entry) => entry.record.kind === "label-set").map((entry) => entry.record.author);
    for (const item of parts.labels) {
        const dataset = verified.entries.get(item.dataset);
        if (!dataset)
            throw new refused_js_1.Wrong(`a label of ${item.dataset}, which is not in the bundle`);
        if (!followed([dataset.record.author, ...authors], verified).has(item.anchorer)) {
            throw new refused_js_1.Wrong(`${item.anchorer} anchored the label, but is no author of its data set or labels`);
        }
        const made = (0, facts_js_1.anchor)(state, trust.registry, item.anchorer, item.root);
        if (!domain.isLabelSigned(item))
            throw new refused_js_1.Wrong(`label of sample ${item.index} is not signed by ${item.labeller}`);
        if ((0, model_js_1.merkleRoot)((0, bytes_js_1.keccak)((0, bytes_js_1.keccak)(domain.labelDigest(item))), item.proof) !== item.root) {
            throw new refused_js_1.Wrong(`label of sample ${item.index} is not in the anchored batch`);
        }
        const digest = domain.labelDigest(item);
        if (made.leavesRevoked && (0, facts_js_1.leafRevokedAt)(state, trust.registry, item.anchorer, item.root, digest)) {
            throw new refused_js_1.Wrong(`the label of sample ${item.index} was taken back`);
        }
        const closed = (0, facts_js_1.closedAt)(state, trust.registry, item.labeller);
        if (closed && made.time > closed) {
            throw new refused_js_1.Wrong(`the label of sample ${item.index} was anchored after ${item.labeller} closed its key`);
        }
        verified.labels.push(item);
    }
}
function checkAsked(verified, trust, question) {
    const said = new Set([...verified.heartbeats, ...verified.contradictions].map((item) => item.node));
    const here = verified.production?.environment;
    const pinned = Object.keys(trust.runners).flatMap((name) => (trust.named[name] === here ? trust.runners[name] : []));
    for (const node of [...(question.nodes ?? []), ...pinned]) {
        if (!said.has(node.toLowerCase()))
            throw new refused_js_1.Refused("heartbeat", `asked about node ${node}, which says nothing in the bundle`);
    }
    const shown = new Set(verified.labels.map((item) => item.index));
    for (const sample of question.samples ?? []) {
        if (!shown.has(BigInt(sample)))
            throw new refused_js_1.Refused("label", `asked about the label of sample ${sample}, which the bundle does not show`);
    }
}
function isInOrder({ entries, production: made, contradictions }) {
    const active = [...entries.values()].every((entry) => entry.status === "active");
    return active && (!made || (made.status === "active" && !made.unmet.length && made.unsound === undefined)) && !contradictions.length;
}
function isAscending(items) {
    return items.every((item, at) => !at || items[at - 1] < item);
}
function blockHash(data) {
    return "0x" + (0, bytes_js_1.toHex)((0, bytes_js_1.keccak)((0, bytes_js_1.fromHex)((0, file_js_1.unpack)(data).header)));
}
  },
  "bytes.ts"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.number = exports.padded = exports.word = exports.sha256 = exports.keccak = exports.utf8 = exports.WORD = exports.toHex = exports.fromHex = exports.concat = void 0;
exports.compareText = compareText;
const sha2_1 = require("@noble/hashes/esm/sha2.js");
const sha3_1 = require("@noble/hashes/esm/sha3.js");
const utils_1 = require("@noble/hashes/esm/utils.js");
Object.defineProperty(exports, "toHex", { enumerable: true, get: function () { return utils_1.bytesToHex; } });
Object.defineProperty(exports, "concat", { enumerable: true, get: function () { return utils_1.concatBytes; } });
Object.defineProperty(exports, "fromHex", { enumerable: true, get: function () { return utils_1.hexToBytes; } });
exports.WORD = 32;
const encoder = new TextEncoder();
const utf8 = (text) => encoder.encode(text);
exports.utf8 = utf8;
const keccak = (data) => (0, sha3_1.keccak_256)(data);
exports.keccak = keccak;
const sha256 = (data) => (0, sha2_1.sha256)(data);
exports.sha256 = sha256;
const word = (value) => (0, utils_1.hexToBytes)(BigInt(value).toString(16).padStart(2 * exports.WORD, "0"));
exports.word = word;
const padded = (hex) => (0, utils_1.hexToBytes)(hex.replace(/^0x/, "").padStart(2 * exports.WORD, "0"));
exports.padded = padded;
const number = (data) => (data.length ? BigInt("0x" + (0, utils_1.bytesToHex)(data)) : 0n);
exports.number = number;
function compareText(one, other) {
    const length = Math.min(one.length, other.length);
    for (let at = 0; at < length; at++) {
        const a = one.charCodeAt(at);
        const b = other.charCodeAt(at);
        if (a === b)
            continue;
        const isPair = (unit) => unit >= 0xd800 && unit < 0xe000;
        return isPair(a) === isPair(b) ? a - b : isPair(a) ? 1 : -1;
    }
    return one.length - other.length;
}
  },
  "@noble/hashes/esm/sha2.js"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.sha512_224 = exports.sha512_256 = exports.sha384 = exports.sha512 = exports.sha224 = exports.sha256 = exports.SHA512_256 = exports.SHA512_224 = exports.SHA384 = exports.SHA512 = exports.SHA224 = exports.SHA256 = void 0;
const _md_js_1 = require("@noble/hashes/esm/_md.js");
const u64 = require("@noble/hashes/esm/_u64.js");
const utils_js_1 = require("@noble/hashes/esm/utils.js");
const SHA256_K = Uint32Array.from([
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
]);
const SHA256_W = new Uint32Array(64);
class SHA256 extends _md_js_1.HashMD {
    constructor(outputLen = 32) {
        super(64, outputLen, 8, false);
        this.A = _md_js_1.SHA256_IV[0] | 0;
        this.B = _md_js_1.SHA256_IV[1] | 0;
        this.C = _md_js_1.SHA256_IV[2] | 0;
        this.D = _md_js_1.SHA256_IV[3] | 0;
        this.E = _md_js_1.SHA256_IV[4] | 0;
        this.F = _md_js_1.SHA256_IV[5] | 0;
        this.G = _md_js_1.SHA256_IV[6] | 0;
        this.H = _md_js_1.SHA256_IV[7] | 0;
    }
    get() {
        const { A, B, C, D, E, F, G, H } = this;
        return [A, B, C, D, E, F, G, H];
    }
    set(A, B, C, D, E, F, G, H) {
        this.A = A | 0;
        this.B = B | 0;
        this.C = C | 0;
        this.D = D | 0;
        this.E = E | 0;
        this.F = F | 0;
        this.G = G | 0;
        this.H = H | 0;
    }
    process(view, offset) {
        for (let i = 0; i < 16; i++, offset += 4)
            SHA256_W[i] = view.getUint32(offset, false);
        for (let i = 16; i < 64; i++) {
            const W15 = SHA256_W[i - 15];
            const W2 = SHA256_W[i - 2];
            const s0 = (0, utils_js_1.rotr)(W15, 7) ^ (0, utils_js_1.rotr)(W15, 18) ^ (W15 >>> 3);
            const s1 = (0, utils_js_1.rotr)(W2, 17) ^ (0, utils_js_1.rotr)(W2, 19) ^ (W2 >>> 10);
            SHA256_W[i] = (s1 + SHA256_W[i - 7] + s0 + SHA256_W[i - 16]) | 0;
        }
        let { A, B, C, D, E, F, G, H } = this;
        for (let i = 0; i < 64; i++) {
            const sigma1 = (0, utils_js_1.rotr)(E, 6) ^ (0, utils_js_1.rotr)(E, 11) ^ (0, utils_js_1.rotr)(E, 25);
            const T1 = (H + sigma1 + (0, _md_js_1.Chi)(E, F, G) + SHA256_K[i] + SHA256_W[i]) | 0;
            const sigma0 = (0, utils_js_1.rotr)(A, 2) ^ (0, utils_js_1.rotr)(A, 13) ^ (0, utils_js_1.rotr)(A, 22);
            const T2 = (sigma0 + (0, _md_js_1.Maj)(A, B, C)) | 0;
            H = G;
            G = F;
            F = E;
            E = (D + T1) | 0;
            D = C;
            C = B;
            B = A;
            A = (T1 + T2) | 0;
        }
        A = (A + this.A) | 0;
        B = (B + this.B) | 0;
        C = (C + this.C) | 0;
        D = (D + this.D) | 0;
        E = (E + this.E) | 0;
        F = (F + this.F) | 0;
        G = (G + this.G) | 0;
        H = (H + this.H) | 0;
        this.set(A, B, C, D, E, F, G, H);
    }
    roundClean() {
        (0, utils_js_1.clean)(SHA256_W);
    }
    destroy() {
        this.set(0, 0, 0, 0, 0, 0, 0, 0);
        (0, utils_js_1.clean)(this.buffer);
    }
}
exports.SHA256 = SHA256;
class SHA224 extends SHA256 {
    constructor() {
        super(28);
        this.A = _md_js_1.SHA224_IV[0] | 0;
        this.B = _md_js_1.SHA224_IV[1] | 0;
        this.C = _md_js_1.SHA224_IV[2] | 0;
        this.D = _md_js_1.SHA224_IV[3] | 0;
        this.E = _md_js_1.SHA224_IV[4] | 0;
        this.F = _md_js_1.SHA224_IV[5] | 0;
        this.G = _md_js_1.SHA224_IV[6] | 0;
        this.H = _md_js_1.SHA224_IV[7] | 0;
    }
}
exports.SHA224 = SHA224;
const K512 = (() => u64.split([
    '0x428a2f98d728ae22', '0x7137449123ef65cd', '0xb5c0fbcfec4d3b2f', '0xe9b5dba58189dbbc',
    '0x3956c25bf348b538', '0x59f111f1b605d019', '0x923f82a4af194f9b', '0xab1c5ed5da6d8118',
    '0xd807aa98a3030242', '0x12835b0145706fbe', '0x243185be4ee4b28c', '0x550c7dc3d5ffb4e2',
    '0x72be5d74f27b896f', '0x80deb1fe3b1696b1', '0x9bdc06a725c71235', '0xc19bf174cf692694',
    '0xe49b69c19ef14ad2', '0xefbe4786384f25e3', '0x0fc19dc68b8cd5b5', '0x240ca1cc77ac9c65',
    '0x2de92c6f592b0275', '0x4a7484aa6ea6e483', '0x5cb0a9dcbd41fbd4', '0x76f988da831153b5',
    '0x983e5152ee66dfab', '0xa831c66d2db43210', '0xb00327c898fb213f', '0xbf597fc7beef0ee4',
    '0xc6e00bf33da88fc2', '0xd5a79147930aa725', '0x06ca6351e003826f', '0x142929670a0e6e70',
    '0x27b70a8546d22ffc', '0x2e1b21385c26c926', '0x4d2c6dfc5ac42aed', '0x53380d139d95b3df',
    '0x650a73548baf63de', '0x766a0abb3c77b2a8', '0x81c2c92e47edaee6', '0x92722c851482353b',
    '0xa2bfe8a14cf10364', '0xa81a664bbc423001', '0xc24b8b70d0f89791', '0xc76c51a30654be30',
    '0xd192e819d6ef5218', '0xd69906245565a910', '0xf40e35855771202a', '0x106aa07032bbd1b8',
    '0x19a4c116b8d2d0c8', '0x1e376c085141ab53', '0x2748774cdf8eeb99', '0x34b0bcb5e19b48a8',
    '0x391c0cb3c5c95a63', '0x4ed8aa4ae3418acb', '0x5b9cca4f7763e373', '0x682e6ff3d6b2b8a3',
    '0x748f82ee5defb2fc', '0x78a5636f43172f60', '0x84c87814a1f0ab72', '0x8cc702081a6439ec',
    '0x90befffa23631e28', '0xa4506cebde82bde9', '0xbef9a3f7b2c67915', '0xc67178f2e372532b',
    '0xca273eceea26619c', '0xd186b8c721c0c207', '0xeada7dd6cde0eb1e', '0xf57d4f7fee6ed178',
    '0x06f067aa72176fba', '0x0a637dc5a2c898a6', '0x113f9804bef90dae', '0x1b710b35131c471b',
    '0x28db77f523047d84', '0x32caab7b40c72493', '0x3c9ebe0a15c9bebc', '0x431d67c49c100d4c',
    '0x4cc5d4becb3e42b6', '0x597f299cfc657e2a', '0x5fcb6fab3ad6faec', '0x6c44198c4a475817'
].map(n => BigInt(n))))();
const SHA512_Kh = (() => K512[0])();
const SHA512_Kl = (() => K512[1])();
const SHA512_W_H = new Uint32Array(80);
const SHA512_W_L = new Uint32Array(80);
class SHA512 extends _md_js_1.HashMD {
    constructor(outputLen = 64) {
        super(128, outputLen, 16, false);
        this.Ah = _md_js_1.SHA512_IV[0] | 0;
        this.Al = _md_js_1.SHA512_IV[1] | 0;
        this.Bh = _md_js_1.SHA512_IV[2] | 0;
        this.Bl = _md_js_1.SHA512_IV[3] | 0;
        this.Ch = _md_js_1.SHA512_IV[4] | 0;
        this.Cl = _md_js_1.SHA512_IV[5] | 0;
        this.Dh = _md_js_1.SHA512_IV[6] | 0;
        this.Dl = _md_js_1.SHA512_IV[7] | 0;
        this.Eh = _md_js_1.SHA512_IV[8] | 0;
        this.El = _md_js_1.SHA512_IV[9] | 0;
        this.Fh = _md_js_1.SHA512_IV[10] | 0;
        this.Fl = _md_js_1.SHA512_IV[11] | 0;
        this.Gh = _md_js_1.SHA512_IV[12] | 0;
        this.Gl = _md_js_1.SHA512_IV[13] | 0;
        this.Hh = _md_js_1.SHA512_IV[14] | 0;
        this.Hl = _md_js_1.SHA512_IV[15] | 0;
    }
    get() {
        const { Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl } = this;
        return [Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl];
    }
    set(Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl) {
        this.Ah = Ah | 0;
        this.Al = Al | 0;
        this.Bh = Bh | 0;
        this.Bl = Bl | 0;
        this.Ch = Ch | 0;
        this.Cl = Cl | 0;
        this.Dh = Dh | 0;
        this.Dl = Dl | 0;
        this.Eh = Eh | 0;
        this.El = El | 0;
        this.Fh = Fh | 0;
        this.Fl = Fl | 0;
        this.Gh = Gh | 0;
        this.Gl = Gl | 0;
        this.Hh = Hh | 0;
        this.Hl = Hl | 0;
    }
    process(view, offset) {
        for (let i = 0; i < 16; i++, offset += 4) {
            SHA512_W_H[i] = view.getUint32(offset);
            SHA512_W_L[i] = view.getUint32((offset += 4));
        }
        for (let i = 16; i < 80; i++) {
            const W15h = SHA512_W_H[i - 15] | 0;
            const W15l = SHA512_W_L[i - 15] | 0;
            const s0h = u64.rotrSH(W15h, W15l, 1) ^ u64.rotrSH(W15h, W15l, 8) ^ u64.shrSH(W15h, W15l, 7);
            const s0l = u64.rotrSL(W15h, W15l, 1) ^ u64.rotrSL(W15h, W15l, 8) ^ u64.shrSL(W15h, W15l, 7);
            const W2h = SHA512_W_H[i - 2] | 0;
            const W2l = SHA512_W_L[i - 2] | 0;
            const s1h = u64.rotrSH(W2h, W2l, 19) ^ u64.rotrBH(W2h, W2l, 61) ^ u64.shrSH(W2h, W2l, 6);
            const s1l = u64.rotrSL(W2h, W2l, 19) ^ u64.rotrBL(W2h, W2l, 61) ^ u64.shrSL(W2h, W2l, 6);
            const SUMl = u64.add4L(s0l, s1l, SHA512_W_L[i - 7], SHA512_W_L[i - 16]);
            const SUMh = u64.add4H(SUMl, s0h, s1h, SHA512_W_H[i - 7], SHA512_W_H[i - 16]);
            SHA512_W_H[i] = SUMh | 0;
            SHA512_W_L[i] = SUMl | 0;
        }
        let { Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl } = this;
        for (let i = 0; i < 80; i++) {
            const sigma1h = u64.rotrSH(Eh, El, 14) ^ u64.rotrSH(Eh, El, 18) ^ u64.rotrBH(Eh, El, 41);
            const sigma1l = u64.rotrSL(Eh, El, 14) ^ u64.rotrSL(Eh, El, 18) ^ u64.rotrBL(Eh, El, 41);
            const CHIh = (Eh & Fh) ^ (~Eh & Gh);
            const CHIl = (El & Fl) ^ (~El & Gl);
            const T1ll = u64.add5L(Hl, sigma1l, CHIl, SHA512_Kl[i], SHA512_W_L[i]);
            const T1h = u64.add5H(T1ll, Hh, sigma1h, CHIh, SHA512_Kh[i], SHA512_W_H[i]);
            const T1l = T1ll | 0;
            const sigma0h = u64.rotrSH(Ah, Al, 28) ^ u64.rotrBH(Ah, Al, 34) ^ u64.rotrBH(Ah, Al, 39);
            const sigma0l = u64.rotrSL(Ah, Al, 28) ^ u64.rotrBL(Ah, Al, 34) ^ u64.rotrBL(Ah, Al, 39);
            const MAJh = (Ah & Bh) ^ (Ah & Ch) ^ (Bh & Ch);
            const MAJl = (Al & Bl) ^ (Al & Cl) ^ (Bl & Cl);
            Hh = Gh | 0;
            Hl = Gl | 0;
            Gh = Fh | 0;
            Gl = Fl | 0;
            Fh = Eh | 0;
            Fl = El | 0;
            ({ h: Eh, l: El } = u64.add(Dh | 0, Dl | 0, T1h | 0, T1l | 0));
            Dh = Ch | 0;
            Dl = Cl | 0;
            Ch = Bh | 0;
            Cl = Bl | 0;
            Bh = Ah | 0;
            Bl = Al | 0;
            const All = u64.add3L(T1l, sigma0l, MAJl);
            Ah = u64.add3H(All, T1h, sigma0h, MAJh);
            Al = All | 0;
        }
        ({ h: Ah, l: Al } = u64.add(this.Ah | 0, this.Al | 0, Ah | 0, Al | 0));
        ({ h: Bh, l: Bl } = u64.add(this.Bh | 0, this.Bl | 0, Bh | 0, Bl | 0));
        ({ h: Ch, l: Cl } = u64.add(this.Ch | 0, this.Cl | 0, Ch | 0, Cl | 0));
        ({ h: Dh, l: Dl } = u64.add(this.Dh | 0, this.Dl | 0, Dh | 0, Dl | 0));
        ({ h: Eh, l: El } = u64.add(this.Eh | 0, this.El | 0, Eh | 0, El | 0));
        ({ h: Fh, l: Fl } = u64.add(this.Fh | 0, this.Fl | 0, Fh | 0, Fl | 0));
        ({ h: Gh, l: Gl } = u64.add(this.Gh | 0, this.Gl | 0, Gh | 0, Gl | 0));
        ({ h: Hh, l: Hl } = u64.add(this.Hh | 0, this.Hl | 0, Hh | 0, Hl | 0));
        this.set(Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl);
    }
    roundClean() {
        (0, utils_js_1.clean)(SHA512_W_H, SHA512_W_L);
    }
    destroy() {
        (0, utils_js_1.clean)(this.buffer);
        this.set(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
}
exports.SHA512 = SHA512;
class SHA384 extends SHA512 {
    constructor() {
        super(48);
        this.Ah = _md_js_1.SHA384_IV[0] | 0;
        this.Al = _md_js_1.SHA384_IV[1] | 0;
        this.Bh = _md_js_1.SHA384_IV[2] | 0;
        this.Bl = _md_js_1.SHA384_IV[3] | 0;
        this.Ch = _md_js_1.SHA384_IV[4] | 0;
        this.Cl = _md_js_1.SHA384_IV[5] | 0;
        this.Dh = _md_js_1.SHA384_IV[6] | 0;
        this.Dl = _md_js_1.SHA384_IV[7] | 0;
        this.Eh = _md_js_1.SHA384_IV[8] | 0;
        this.El = _md_js_1.SHA384_IV[9] | 0;
        this.Fh = _md_js_1.SHA384_IV[10] | 0;
        this.Fl = _md_js_1.SHA384_IV[11] | 0;
        this.Gh = _md_js_1.SHA384_IV[12] | 0;
        this.Gl = _md_js_1.SHA384_IV[13] | 0;
        this.Hh = _md_js_1.SHA384_IV[14] | 0;
        this.Hl = _md_js_1.SHA384_IV[15] | 0;
    }
}
exports.SHA384 = SHA384;
const T224_IV = Uint32Array.from([
    0x8c3d37c8, 0x19544da2, 0x73e19966, 0x89dcd4d6, 0x1dfab7ae, 0x32ff9c82, 0x679dd514, 0x582f9fcf,
    0x0f6d2b69, 0x7bd44da8, 0x77e36f73, 0x04c48942, 0x3f9d85a8, 0x6a1d36c8, 0x1112e6ad, 0x91d692a1,
]);
const T256_IV = Uint32Array.from([
    0x22312194, 0xfc2bf72c, 0x9f555fa3, 0xc84c64c2, 0x2393b86b, 0x6f53b151, 0x96387719, 0x5940eabd,
    0x96283ee2, 0xa88effe3, 0xbe5e1e25, 0x53863992, 0x2b0199fc, 0x2c85b8aa, 0x0eb72ddc, 0x81c52ca2,
]);
class SHA512_224 extends SHA512 {
    constructor() {
        super(28);
        this.Ah = T224_IV[0] | 0;
        this.Al = T224_IV[1] | 0;
        this.Bh = T224_IV[2] | 0;
        this.Bl = T224_IV[3] | 0;
        this.Ch = T224_IV[4] | 0;
        this.Cl = T224_IV[5] | 0;
        this.Dh = T224_IV[6] | 0;
        this.Dl = T224_IV[7] | 0;
        this.Eh = T224_IV[8] | 0;
        this.El = T224_IV[9] | 0;
        this.Fh = T224_IV[10] | 0;
        this.Fl = T224_IV[11] | 0;
        this.Gh = T224_IV[12] | 0;
        this.Gl = T224_IV[13] | 0;
        this.Hh = T224_IV[14] | 0;
        this.Hl = T224_IV[15] | 0;
    }
}
exports.SHA512_224 = SHA512_224;
class SHA512_256 extends SHA512 {
    constructor() {
        super(32);
        this.Ah = T256_IV[0] | 0;
        this.Al = T256_IV[1] | 0;
        this.Bh = T256_IV[2] | 0;
        this.Bl = T256_IV[3] | 0;
        this.Ch = T256_IV[4] | 0;
        this.Cl = T256_IV[5] | 0;
        this.Dh = T256_IV[6] | 0;
        this.Dl = T256_IV[7] | 0;
        this.Eh = T256_IV[8] | 0;
        this.El = T256_IV[9] | 0;
        this.Fh = T256_IV[10] | 0;
        this.Fl = T256_IV[11] | 0;
        this.Gh = T256_IV[12] | 0;
        this.Gl = T256_IV[13] | 0;
        this.Hh = T256_IV[14] | 0;
        this.Hl = T256_IV[15] | 0;
    }
}
exports.SHA512_256 = SHA512_256;
exports.sha256 = (0, utils_js_1.createHasher)(() => new SHA256());
exports.sha224 = (0, utils_js_1.createHasher)(() => new SHA224());
exports.sha512 = (0, utils_js_1.createHasher)(() => new SHA512());
exports.sha384 = (0, utils_js_1.createHasher)(() => new SHA384());
exports.sha512_256 = (0, utils_js_1.createHasher)(() => new SHA512_256());
exports.sha512_224 = (0, utils_js_1.createHasher)(() => new SHA512_224());
  },
  "@noble/hashes/esm/_md.js"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.SHA512_IV = exports.SHA384_IV = exports.SHA224_IV = exports.SHA256_IV = exports.HashMD = void 0;
exports.setBigUint64 = setBigUint64;
exports.Chi = Chi;
exports.Maj = Maj;
const utils_js_1 = require("@noble/hashes/esm/utils.js");
function setBigUint64(view, byteOffset, value, isLE) {
    if (typeof view.setBigUint64 === 'function')
        return view.setBigUint64(byteOffset, value, isLE);
    const _32n = BigInt(32);
    const _u32_max = BigInt(0xffffffff);
    const wh = Number((value >> _32n) & _u32_max);
    const wl = Number(value & _u32_max);
    const h = isLE ? 4 : 0;
    const l = isLE ? 0 : 4;
    view.setUint32(byteOffset + h, wh, isLE);
    view.setUint32(byteOffset + l, wl, isLE);
}
function Chi(a, b, c) {
    return (a & b) ^ (~a & c);
}
function Maj(a, b, c) {
    return (a & b) ^ (a & c) ^ (b & c);
}
class HashMD extends utils_js_1.Hash {
    constructor(blockLen, outputLen, padOffset, isLE) {
        super();
        this.finished = false;
        this.length = 0;
        this.pos = 0;
        this.destroyed = false;
        this.blockLen = blockLen;
        this.outputLen = outputLen;
        this.padOffset = padOffset;
        this.isLE = isLE;
        this.buffer = new Uint8Array(blockLen);
        this.view = (0, utils_js_1.createView)(this.buffer);
    }
    update(data) {
        (0, utils_js_1.aexists)(this);
        data = (0, utils_js_1.toBytes)(data);
        (0, utils_js_1.abytes)(data);
        const { view, buffer, blockLen } = this;
        const len = data.length;
        for (let pos = 0; pos < len;) {
            const take = Math.min(blockLen - this.pos, len - pos);
            if (take === blockLen) {
                const dataView = (0, utils_js_1.createView)(data);
                for (; blockLen <= len - pos; pos += blockLen)
                    this.process(dataView, pos);
                continue;
            }
            buffer.set(data.subarray(pos, pos + take), this.pos);
            this.pos += take;
            pos += take;
            if (this.pos === blockLen) {
                this.process(view, 0);
                this.pos = 0;
            }
        }
        this.length += data.length;
        this.roundClean();
        return this;
    }
    digestInto(out) {
        (0, utils_js_1.aexists)(this);
        (0, utils_js_1.aoutput)(out, this);
        this.finished = true;
        const { buffer, view, blockLen, isLE } = this;
        let { pos } = this;
        buffer[pos++] = 0b10000000;
        (0, utils_js_1.clean)(this.buffer.subarray(pos));
        if (this.padOffset > blockLen - pos) {
            this.process(view, 0);
            pos = 0;
        }
        for (let i = pos; i < blockLen; i++)
            buffer[i] = 0;
        setBigUint64(view, blockLen - 8, BigInt(this.length * 8), isLE);
        this.process(view, 0);
        const oview = (0, utils_js_1.createView)(out);
        const len = this.outputLen;
        if (len % 4)
            throw new Error('_sha2: outputLen should be aligned to 32bit');
        const outLen = len / 4;
        const state = this.get();
        if (outLen > state.length)
            throw new Error('_sha2: outputLen bigger than state');
        for (let i = 0; i < outLen; i++)
            oview.setUint32(4 * i, state[i], isLE);
    }
    digest() {
        const { buffer, outputLen } = this;
        this.digestInto(buffer);
        const res = buffer.slice(0, outputLen);
        this.destroy();
        return res;
    }
    _cloneInto(to) {
        to || (to = new this.constructor());
        to.set(...this.get());
        const { blockLen, buffer, length, finished, destroyed, pos } = this;
        to.destroyed = destroyed;
        to.finished = finished;
        to.length = length;
        to.pos = pos;
        if (length % blockLen)
            to.buffer.set(buffer);
        return to;
    }
    clone() {
        return this._cloneInto();
    }
}
exports.HashMD = HashMD;
exports.SHA256_IV = Uint32Array.from([
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);
exports.SHA224_IV = Uint32Array.from([
    0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4,
]);
exports.SHA384_IV = Uint32Array.from([
    0xcbbb9d5d, 0xc1059ed8, 0x629a292a, 0x367cd507, 0x9159015a, 0x3070dd17, 0x152fecd8, 0xf70e5939,
    0x67332667, 0xffc00b31, 0x8eb44a87, 0x68581511, 0xdb0c2e0d, 0x64f98fa7, 0x47b5481d, 0xbefa4fa4,
]);
exports.SHA512_IV = Uint32Array.from([
    0x6a09e667, 0xf3bcc908, 0xbb67ae85, 0x84caa73b, 0x3c6ef372, 0xfe94f82b, 0xa54ff53a, 0x5f1d36f1,
    0x510e527f, 0xade682d1, 0x9b05688c, 0x2b3e6c1f, 0x1f83d9ab, 0xfb41bd6b, 0x5be0cd19, 0x137e2179,
]);
  },
  "@noble/hashes/esm/utils.js"(exports, require) {
/*! noble-hashes - MIT License (c) 2022 Paul Miller (paulmillr.com) */
Object.defineProperty(exports, "__esModule", { value: true });
exports.wrapXOFConstructorWithOpts = exports.wrapConstructorWithOpts = exports.wrapConstructor = exports.Hash = exports.nextTick = exports.swap32IfBE = exports.byteSwapIfBE = exports.swap8IfBE = exports.isLE = void 0;
exports.isBytes = isBytes;
exports.anumber = anumber;
exports.abytes = abytes;
exports.ahash = ahash;
exports.aexists = aexists;
exports.aoutput = aoutput;
exports.u8 = u8;
exports.u32 = u32;
exports.clean = clean;
exports.createView = createView;
exports.rotr = rotr;
exports.rotl = rotl;
exports.byteSwap = byteSwap;
exports.byteSwap32 = byteSwap32;
exports.bytesToHex = bytesToHex;
exports.hexToBytes = hexToBytes;
exports.asyncLoop = asyncLoop;
exports.utf8ToBytes = utf8ToBytes;
exports.bytesToUtf8 = bytesToUtf8;
exports.toBytes = toBytes;
exports.kdfInputToBytes = kdfInputToBytes;
exports.concatBytes = concatBytes;
exports.checkOpts = checkOpts;
exports.createHasher = createHasher;
exports.createOptHasher = createOptHasher;
exports.createXOFer = createXOFer;
exports.randomBytes = randomBytes;
const crypto_1 = require("@noble/hashes/esm/crypto.js");
function isBytes(a) {
    return a instanceof Uint8Array || (ArrayBuffer.isView(a) && a.constructor.name === 'Uint8Array');
}
function anumber(n) {
    if (!Number.isSafeInteger(n) || n < 0)
        throw new Error('positive integer expected, got ' + n);
}
function abytes(b, ...lengths) {
    if (!isBytes(b))
        throw new Error('Uint8Array expected');
    if (lengths.length > 0 && !lengths.includes(b.length))
        throw new Error('Uint8Array expected of length ' + lengths + ', got length=' + b.length);
}
function ahash(h) {
    if (typeof h !== 'function' || typeof h.create !== 'function')
        throw new Error('Hash should be wrapped by utils.createHasher');
    anumber(h.outputLen);
    anumber(h.blockLen);
}
function aexists(instance, checkFinished = true) {
    if (instance.destroyed)
        throw new Error('Hash instance has been destroyed');
    if (checkFinished && instance.finished)
        throw new Error('Hash#digest() has already been called');
}
function aoutput(out, instance) {
    abytes(out);
    const min = instance.outputLen;
    if (out.length < min) {
        throw new Error('digestInto() expects output buffer of length at least ' + min);
    }
}
function u8(arr) {
    return new Uint8Array(arr.buffer, arr.byteOffset, arr.byteLength);
}
function u32(arr) {
    return new Uint32Array(arr.buffer, arr.byteOffset, Math.floor(arr.byteLength / 4));
}
function clean(...arrays) {
    for (let i = 0; i < arrays.length; i++) {
        arrays[i].fill(0);
    }
}
function createView(arr) {
    return new DataView(arr.buffer, arr.byteOffset, arr.byteLength);
}
function rotr(word, shift) {
    return (word << (32 - shift)) | (word >>> shift);
}
function rotl(word, shift) {
    return (word << shift) | ((word >>> (32 - shift)) >>> 0);
}
exports.isLE = (() => new Uint8Array(new Uint32Array([0x11223344]).buffer)[0] === 0x44)();
function byteSwap(word) {
    return (((word << 24) & 0xff000000) |
        ((word << 8) & 0xff0000) |
        ((word >>> 8) & 0xff00) |
        ((word >>> 24) & 0xff));
}
exports.swap8IfBE = exports.isLE
    ? (n) => n
    : (n) => byteSwap(n);
exports.byteSwapIfBE = exports.swap8IfBE;
function byteSwap32(arr) {
    for (let i = 0; i < arr.length; i++) {
        arr[i] = byteSwap(arr[i]);
    }
    return arr;
}
exports.swap32IfBE = exports.isLE
    ? (u) => u
    : byteSwap32;
const hasHexBuiltin = (() => typeof Uint8Array.from([]).toHex === 'function' && typeof Uint8Array.fromHex === 'function')();
const hexes = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
function bytesToHex(bytes) {
    abytes(bytes);
    if (hasHexBuiltin)
        return bytes.toHex();
    let hex = '';
    for (let i = 0; i < bytes.length; i++) {
        hex += hexes[bytes[i]];
    }
    return hex;
}
const asciis = { _0: 48, _9: 57, A: 65, F: 70, a: 97, f: 102 };
function asciiToBase16(ch) {
    if (ch >= asciis._0 && ch <= asciis._9)
        return ch - asciis._0;
    if (ch >= asciis.A && ch <= asciis.F)
        return ch - (asciis.A - 10);
    if (ch >= asciis.a && ch <= asciis.f)
        return ch - (asciis.a - 10);
    return;
}
function hexToBytes(hex) {
    if (typeof hex !== 'string')
        throw new Error('hex string expected, got ' + typeof hex);
    if (hasHexBuiltin)
        return Uint8Array.fromHex(hex);
    const hl = hex.length;
    const al = hl / 2;
    if (hl % 2)
        throw new Error('hex string expected, got unpadded hex of length ' + hl);
    const array = new Uint8Array(al);
    for (let ai = 0, hi = 0; ai < al; ai++, hi += 2) {
        const n1 = asciiToBase16(hex.charCodeAt(hi));
        const n2 = asciiToBase16(hex.charCodeAt(hi + 1));
        if (n1 === undefined || n2 === undefined) {
            const char = hex[hi] + hex[hi + 1];
            throw new Error('hex string expected, got non-hex character "' + char + '" at index ' + hi);
        }
        array[ai] = n1 * 16 + n2;
    }
    return array;
}
const nextTick = async () => { };
exports.nextTick = nextTick;
async function asyncLoop(iters, tick, cb) {
    let ts = Date.now();
    for (let i = 0; i < iters; i++) {
        cb(i);
        const diff = Date.now() - ts;
        if (diff >= 0 && diff < tick)
            continue;
        await (0, exports.nextTick)();
        ts += diff;
    }
}
function utf8ToBytes(str) {
    if (typeof str !== 'string')
        throw new Error('string expected');
    return new Uint8Array(new TextEncoder().encode(str));
}
function bytesToUtf8(bytes) {
    return new TextDecoder().decode(bytes);
}
function toBytes(data) {
    if (typeof data === 'string')
        data = utf8ToBytes(data);
    abytes(data);
    return data;
}
function kdfInputToBytes(data) {
    if (typeof data === 'string')
        data = utf8ToBytes(data);
    abytes(data);
    return data;
}
function concatBytes(...arrays) {
    let sum = 0;
    for (let i = 0; i < arrays.length; i++) {
        const a = arrays[i];
        abytes(a);
        sum += a.length;
    }
    const res = new Uint8Array(sum);
    for (let i = 0, pad = 0; i < arrays.length; i++) {
        const a = arrays[i];
        res.set(a, pad);
        pad += a.length;
    }
    return res;
}
function checkOpts(defaults, opts) {
    if (opts !== undefined && {}.toString.call(opts) !== '[object Object]')
        throw new Error('options should be object or undefined');
    const merged = Object.assign(defaults, opts);
    return merged;
}
class Hash {
}
exports.Hash = Hash;
function createHasher(hashCons) {
    const hashC = (msg) => hashCons().update(toBytes(msg)).digest();
    const tmp = hashCons();
    hashC.outputLen = tmp.outputLen;
    hashC.blockLen = tmp.blockLen;
    hashC.create = () => hashCons();
    return hashC;
}
function createOptHasher(hashCons) {
    const hashC = (msg, opts) => hashCons(opts).update(toBytes(msg)).digest();
    const tmp = hashCons({});
    hashC.outputLen = tmp.outputLen;
    hashC.blockLen = tmp.blockLen;
    hashC.create = (opts) => hashCons(opts);
    return hashC;
}
function createXOFer(hashCons) {
    const hashC = (msg, opts) => hashCons(opts).update(toBytes(msg)).digest();
    const tmp = hashCons({});
    hashC.outputLen = tmp.outputLen;
    hashC.blockLen = tmp.blockLen;
    hashC.create = (opts) => hashCons(opts);
    return hashC;
}
exports.wrapConstructor = createHasher;
exports.wrapConstructorWithOpts = createOptHasher;
exports.wrapXOFConstructorWithOpts = createXOFer;
function randomBytes(bytesLength = 32) {
    if (crypto_1.crypto && typeof crypto_1.crypto.getRandomValues === 'function') {
        return crypto_1.crypto.getRandomValues(new Uint8Array(bytesLength));
    }
    if (crypto_1.crypto && typeof crypto_1.crypto.randomBytes === 'function') {
        return Uint8Array.from(crypto_1.crypto.randomBytes(bytesLength));
    }
    throw new Error('crypto.getRandomValues must be defined');
}
  },
  "@noble/hashes/esm/crypto.js"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.crypto = void 0;
exports.crypto = typeof globalThis === 'object' && 'crypto' in globalThis ? globalThis.crypto : undefined;
  },
  "@noble/hashes/esm/_u64.js"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.toBig = exports.shrSL = exports.shrSH = exports.rotrSL = exports.rotrSH = exports.rotrBL = exports.rotrBH = exports.rotr32L = exports.rotr32H = exports.rotlSL = exports.rotlSH = exports.rotlBL = exports.rotlBH = exports.add5L = exports.add5H = exports.add4L = exports.add4H = exports.add3L = exports.add3H = void 0;
exports.add = add;
exports.fromBig = fromBig;
exports.split = split;
const U32_MASK64 = BigInt(2 ** 32 - 1);
const _32n = BigInt(32);
function fromBig(n, le = false) {
    if (le)
        return { h: Number(n & U32_MASK64), l: Number((n >> _32n) & U32_MASK64) };
    return { h: Number((n >> _32n) & U32_MASK64) | 0, l: Number(n & U32_MASK64) | 0 };
}
function split(lst, le = false) {
    const len = lst.length;
    let Ah = new Uint32Array(len);
    let Al = new Uint32Array(len);
    for (let i = 0; i < len; i++) {
        const { h, l } = fromBig(lst[i], le);
        [Ah[i], Al[i]] = [h, l];
    }
    return [Ah, Al];
}
const toBig = (h, l) => (BigInt(h >>> 0) << _32n) | BigInt(l >>> 0);
exports.toBig = toBig;
const shrSH = (h, _l, s) => h >>> s;
exports.shrSH = shrSH;
const shrSL = (h, l, s) => (h << (32 - s)) | (l >>> s);
exports.shrSL = shrSL;
const rotrSH = (h, l, s) => (h >>> s) | (l << (32 - s));
exports.rotrSH = rotrSH;
const rotrSL = (h, l, s) => (h << (32 - s)) | (l >>> s);
exports.rotrSL = rotrSL;
const rotrBH = (h, l, s) => (h << (64 - s)) | (l >>> (s - 32));
exports.rotrBH = rotrBH;
const rotrBL = (h, l, s) => (h >>> (s - 32)) | (l << (64 - s));
exports.rotrBL = rotrBL;
const rotr32H = (_h, l) => l;
exports.rotr32H = rotr32H;
const rotr32L = (h, _l) => h;
exports.rotr32L = rotr32L;
const rotlSH = (h, l, s) => (h << s) | (l >>> (32 - s));
exports.rotlSH = rotlSH;
const rotlSL = (h, l, s) => (l << s) | (h >>> (32 - s));
exports.rotlSL = rotlSL;
const rotlBH = (h, l, s) => (l << (s - 32)) | (h >>> (64 - s));
exports.rotlBH = rotlBH;
const rotlBL = (h, l, s) => (h << (s - 32)) | (l >>> (64 - s));
exports.rotlBL = rotlBL;
function add(Ah, Al, Bh, Bl) {
    const l = (Al >>> 0) + (Bl >>> 0);
    return { h: (Ah + Bh + ((l / 2 ** 32) | 0)) | 0, l: l | 0 };
}
const add3L = (Al, Bl, Cl) => (Al >>> 0) + (Bl >>> 0) + (Cl >>> 0);
exports.add3L = add3L;
const add3H = (low, Ah, Bh, Ch) => (Ah + Bh + Ch + ((low / 2 ** 32) | 0)) | 0;
exports.add3H = add3H;
const add4L = (Al, Bl, Cl, Dl) => (Al >>> 0) + (Bl >>> 0) + (Cl >>> 0) + (Dl >>> 0);
exports.add4L = add4L;
const add4H = (low, Ah, Bh, Ch, Dh) => (Ah + Bh + Ch + Dh + ((low / 2 ** 32) | 0)) | 0;
exports.add4H = add4H;
const add5L = (Al, Bl, Cl, Dl, El) => (Al >>> 0) + (Bl >>> 0) + (Cl >>> 0) + (Dl >>> 0) + (El >>> 0);
exports.add5L = add5L;
const add5H = (low, Ah, Bh, Ch, Dh, Eh) => (Ah + Bh + Ch + Dh + Eh + ((low / 2 ** 32) | 0)) | 0;
exports.add5H = add5H;
const u64 = {
    fromBig, split, toBig,
    shrSH, shrSL,
    rotrSH, rotrSL, rotrBH, rotrBL,
    rotr32H, rotr32L,
    rotlSH, rotlSL, rotlBH, rotlBL,
    add, add3L, add3H, add4L, add4H, add5H, add5L,
};
exports.default = u64;
  },
  "@noble/hashes/esm/sha3.js"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.shake256 = exports.shake128 = exports.keccak_512 = exports.keccak_384 = exports.keccak_256 = exports.keccak_224 = exports.sha3_512 = exports.sha3_384 = exports.sha3_256 = exports.sha3_224 = exports.Keccak = void 0;
exports.keccakP = keccakP;
const _u64_js_1 = require("@noble/hashes/esm/_u64.js");
const utils_js_1 = require("@noble/hashes/esm/utils.js");
const _0n = BigInt(0);
const _1n = BigInt(1);
const _2n = BigInt(2);
const _7n = BigInt(7);
const _256n = BigInt(256);
const _0x71n = BigInt(0x71);
const SHA3_PI = [];
const SHA3_ROTL = [];
const _SHA3_IOTA = [];
for (let round = 0, R = _1n, x = 1, y = 0; round < 24; round++) {
    [x, y] = [y, (2 * x + 3 * y) % 5];
    SHA3_PI.push(2 * (5 * y + x));
    SHA3_ROTL.push((((round + 1) * (round + 2)) / 2) % 64);
    let t = _0n;
    for (let j = 0; j < 7; j++) {
        R = ((R << _1n) ^ ((R >> _7n) * _0x71n)) % _256n;
        if (R & _2n)
            t ^= _1n << ((_1n << BigInt(j)) - _1n);
    }
    _SHA3_IOTA.push(t);
}
const IOTAS = (0, _u64_js_1.split)(_SHA3_IOTA, true);
const SHA3_IOTA_H = IOTAS[0];
const SHA3_IOTA_L = IOTAS[1];
const rotlH = (h, l, s) => (s > 32 ? (0, _u64_js_1.rotlBH)(h, l, s) : (0, _u64_js_1.rotlSH)(h, l, s));
const rotlL = (h, l, s) => (s > 32 ? (0, _u64_js_1.rotlBL)(h, l, s) : (0, _u64_js_1.rotlSL)(h, l, s));
function keccakP(s, rounds = 24) {
    const B = new Uint32Array(5 * 2);
    for (let round = 24 - rounds; round < 24; round++) {
        for (let x = 0; x < 10; x++)
            B[x] = s[x] ^ s[x + 10] ^ s[x + 20] ^ s[x + 30] ^ s[x + 40];
        for (let x = 0; x < 10; x += 2) {
            const idx1 = (x + 8) % 10;
            const idx0 = (x + 2) % 10;
            const B0 = B[idx0];
            const B1 = B[idx0 + 1];
            const Th = rotlH(B0, B1, 1) ^ B[idx1];
            const Tl = rotlL(B0, B1, 1) ^ B[idx1 + 1];
            for (let y = 0; y < 50; y += 10) {
                s[x + y] ^= Th;
                s[x + y + 1] ^= Tl;
            }
        }
        let curH = s[2];
        let curL = s[3];
        for (let t = 0; t < 24; t++) {
            const shift = SHA3_ROTL[t];
            const Th = rotlH(curH, curL, shift);
            const Tl = rotlL(curH, curL, shift);
            const PI = SHA3_PI[t];
            curH = s[PI];
            curL = s[PI + 1];
            s[PI] = Th;
            s[PI + 1] = Tl;
        }
        for (let y = 0; y < 50; y += 10) {
            for (let x = 0; x < 10; x++)
                B[x] = s[y + x];
            for (let x = 0; x < 10; x++)
                s[y + x] ^= ~B[(x + 2) % 10] & B[(x + 4) % 10];
        }
        s[0] ^= SHA3_IOTA_H[round];
        s[1] ^= SHA3_IOTA_L[round];
    }
    (0, utils_js_1.clean)(B);
}
class Keccak extends utils_js_1.Hash {
    constructor(blockLen, suffix, outputLen, enableXOF = false, rounds = 24) {
        super();
        this.pos = 0;
        this.posOut = 0;
        this.finished = false;
        this.destroyed = false;
        this.enableXOF = false;
        this.blockLen = blockLen;
        this.suffix = suffix;
        this.outputLen = outputLen;
        this.enableXOF = enableXOF;
        this.rounds = rounds;
        (0, utils_js_1.anumber)(outputLen);
        if (!(0 < blockLen && blockLen < 200))
            throw new Error('only keccak-f1600 function is supported');
        this.state = new Uint8Array(200);
        this.state32 = (0, utils_js_1.u32)(this.state);
    }
    clone() {
        return this._cloneInto();
    }
    keccak() {
        (0, utils_js_1.swap32IfBE)(this.state32);
        keccakP(this.state32, this.rounds);
        (0, utils_js_1.swap32IfBE)(this.state32);
        this.posOut = 0;
        this.pos = 0;
    }
    update(data) {
        (0, utils_js_1.aexists)(this);
        data = (0, utils_js_1.toBytes)(data);
        (0, utils_js_1.abytes)(data);
        const { blockLen, state } = this;
        const len = data.length;
        for (let pos = 0; pos < len;) {
            const take = Math.min(blockLen - this.pos, len - pos);
            for (let i = 0; i < take; i++)
                state[this.pos++] ^= data[pos++];
            if (this.pos === blockLen)
                this.keccak();
        }
        return this;
    }
    finish() {
        if (this.finished)
            return;
        this.finished = true;
        const { state, suffix, pos, blockLen } = this;
        state[pos] ^= suffix;
        if ((suffix & 0x80) !== 0 && pos === blockLen - 1)
            this.keccak();
        state[blockLen - 1] ^= 0x80;
        this.keccak();
    }
    writeInto(out) {
        (0, utils_js_1.aexists)(this, false);
        (0, utils_js_1.abytes)(out);
        this.finish();
        const bufferOut = this.state;
        const { blockLen } = this;
        for (let pos = 0, len = out.length; pos < len;) {
            if (this.posOut >= blockLen)
                this.keccak();
            const take = Math.min(blockLen - this.posOut, len - pos);
            out.set(bufferOut.subarray(this.posOut, this.posOut + take), pos);
            this.posOut += take;
            pos += take;
        }
        return out;
    }
    xofInto(out) {
        if (!this.enableXOF)
            throw new Error('XOF is not possible for this instance');
        return this.writeInto(out);
    }
    xof(bytes) {
        (0, utils_js_1.anumber)(bytes);
        return this.xofInto(new Uint8Array(bytes));
    }
    digestInto(out) {
        (0, utils_js_1.aoutput)(out, this);
        if (this.finished)
            throw new Error('digest() was already called');
        this.writeInto(out);
        this.destroy();
        return out;
    }
    digest() {
        return this.digestInto(new Uint8Array(this.outputLen));
    }
    destroy() {
        this.destroyed = true;
        (0, utils_js_1.clean)(this.state);
    }
    _cloneInto(to) {
        const { blockLen, suffix, outputLen, rounds, enableXOF } = this;
        to || (to = new Keccak(blockLen, suffix, outputLen, enableXOF, rounds));
        to.state32.set(this.state32);
        to.pos = this.pos;
        to.posOut = this.posOut;
        to.finished = this.finished;
        to.rounds = rounds;
        to.suffix = suffix;
        to.outputLen = outputLen;
        to.enableXOF = enableXOF;
        to.destroyed = this.destroyed;
        return to;
    }
}
exports.Keccak = Keccak;
const gen = (suffix, blockLen, outputLen) => (0, utils_js_1.createHasher)(() => new Keccak(blockLen, suffix, outputLen));
exports.sha3_224 = (() => gen(0x06, 144, 224 / 8))();
exports.sha3_256 = (() => gen(0x06, 136, 256 / 8))();
exports.sha3_384 = (() => gen(0x06, 104, 384 / 8))();
exports.sha3_512 = (() => gen(0x06, 72, 512 / 8))();
exports.keccak_224 = (() => gen(0x01, 144, 224 / 8))();
exports.keccak_256 = (() => gen(0x01, 136, 256 / 8))();
exports.keccak_384 = (() => gen(0x01, 104, 384 / 8))();
exports.keccak_512 = (() => gen(0x01, 72, 512 / 8))();
const genShake = (suffix, blockLen, outputLen) => (0, utils_js_1.createXOFer)((opts = {}) => new Keccak(blockLen, suffix, opts.dkLen === undefined ? outputLen : opts.dkLen, true));
exports.shake128 = (() => genShake(0x1f, 168, 128 / 8))();
exports.shake256 = (() => genShake(0x1f, 136, 256 / 8))();
  },
  "documents.ts"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.readManifest = readManifest;
exports.readStatement = readStatement;
exports.bySha256 = bySha256;
const bytes_js_1 = require("bytes.ts");
const json_js_1 = require("json.ts");
const refused_js_1 = require("refused.ts");
const LARGEST_STATEMENT = 16 << 20;
const DIGEST = /^[0-9a-f]{64}$/;
function readManifest(body, digest) {
    const json = new json_js_1.Canonical(body);
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
    if (!files.length)
        throw new refused_js_1.Wrong("a manifest without a file");
    files.forEach((item, at) => {
        if (at && compareNames(files[at - 1].name, item.name) >= 0) {
            throw new refused_js_1.Wrong("a manifest whose files are not in order, or named twice");
        }
    });
    const whole = files.length === 1 && files[0].name === ".";
    if (!whole && !files.every((item) => isBelow(item.name))) {
        throw new refused_js_1.Wrong("a manifest with a name that no file below a folder has");
    }
    const found = (0, bytes_js_1.toHex)((0, bytes_js_1.sha256)((0, bytes_js_1.concat)(...files.map((item) => (0, bytes_js_1.fromHex)(item.digest)))));
    if (found !== digest)
        throw new refused_js_1.Wrong(`the manifest's files have digest ${found}, the record ${digest}`);
    return { body, files, ignored, links, statements };
}
function file(json) {
    json.literal('{"algorithm":"sha256","digest":');
    const digest = json.matching(DIGEST, "a file's digest");
    json.literal(',"name":');
    const name = json.string();
    json.literal(',"size":');
    const size = json.number();
    json.literal("}");
    return { name, digest, size };
}
function isBelow(name) {
    return !name.includes("\0") && !name.split("/").some((part) => part === "" || part === "." || part === "..");
}
function compareNames(one, other) {
    const mine = one.split("/");
    const theirs = other.split("/");
    for (let at = 0; at < Math.min(mine.length, theirs.length); at++) {
        const order = (0, bytes_js_1.compareText)(mine[at], theirs[at]);
        if (order)
            return order;
    }
    return mine.length - theirs.length;
}
function readStatement(body, digest) {
    if ((0, bytes_js_1.utf8)(body).length > LARGEST_STATEMENT)
        throw new refused_js_1.Wrong(`a statement of more than ${LARGEST_STATEMENT} bytes`);
    const document = (0, json_js_1.parseJson)(body);
    const subjects = document instanceof Map ? document.get("subject") : undefined;
    const subject = Array.isArray(subjects) ? subjects[0] : undefined;
    const digests = subject instanceof Map ? subject.get("digest") : undefined;
    const found = digests instanceof Map ? digests.get("sha256") : undefined;
    if (!(document instanceof Map) || found === undefined)
        throw new refused_js_1.Wrong("not an in-toto statement");
    if (found !== digest)
        throw new refused_js_1.Wrong(`the statement is about ${String(found)}, the record about ${digest}`);
    return document;
}
function bySha256(bodies) {
    return new Map(bodies.map((body) => [(0, bytes_js_1.toHex)((0, bytes_js_1.sha256)((0, bytes_js_1.utf8)(body))), body]));
}
  },
  "json.ts"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.Canonical = exports.LONGEST_NUMBER = exports.DEEPEST = void 0;
exports.parseJson = parseJson;
const refused_js_1 = require("refused.ts");
exports.DEEPEST = 64;
exports.LONGEST_NUMBER = 400;
const LARGEST = (1n << 63n) - 1n;
const NUMBER = /(?:0|[1-9][0-9]{0,18})(?![0-9])/y;
const ESCAPED = /\\(?:["\\nrtbf]|u00(?:0[0-7be-f]|1[0-9a-f]))|[^"\\\u0000-\u001f]/gy;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
class Canonical {
    text;
    at = 0;
    constructor(text) {
        this.text = text;
    }
    literal(expected) {
        if (!this.text.startsWith(expected, this.at))
            throw new refused_js_1.Wrong(`${expected} is expected at ${this.at}`);
        this.at += expected.length;
    }
    optional(expected) {
        const found = this.text.startsWith(expected, this.at);
        if (found)
            this.at += expected.length;
        return found;
    }
    end() {
        if (this.at !== this.text.length)
            throw new refused_js_1.Wrong(`something follows at ${this.at}`);
    }
    string() {
        this.literal('"');
        const start = this.at;
        PLAIN.lastIndex = start;
        PLAIN.exec(this.text);
        this.at = PLAIN.lastIndex;
        if (!this.optional('"')) {
            ESCAPED.lastIndex = this.at;
            while (ESCAPED.test(this.text))
                this.at = ESCAPED.lastIndex;
            this.literal('"');
            return JSON.parse(this.text.slice(start - 1, this.at));
        }
        return this.text.slice(start, this.at - 1);
    }
    matching(pattern, what) {
        const found = this.string();
        if (!pattern.test(found))
            throw new refused_js_1.Wrong(`${what} is malformed`);
        return found;
    }
    number() {
        NUMBER.lastIndex = this.at;
        const found = NUMBER.exec(this.text);
        const value = found ? BigInt(found[0]) : -1n;
        if (value < 0n || value > LARGEST)
            throw new refused_js_1.Wrong(`a number from 0 to ${LARGEST} is expected at ${this.at}`);
        this.at = NUMBER.lastIndex;
        return value;
    }
    boolean() {
        const found = this.optional("true");
        if (!found)
            this.literal("false");
        return found;
    }
    list(item) {
        const found = [];
        this.literal("[");
        if (this.optional("]"))
            return found;
        do
            found.push(item());
        while (this.optional(","));
        this.literal("]");
        return found;
    }
}
exports.Canonical = Canonical;
function parseJson(text) {
    const reader = new Reader(text);
    const value = reader.value(exports.DEEPEST);
    reader.end();
    return value;
}
const BLANK = /[ \t\n\r]*/y;
const ANY_NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const HALF = /\p{Cs}/u;
const ANY_STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
class Reader {
    text;
    at = 0;
    constructor(text) {
        this.text = text;
    }
    value(depth) {
        this.take(BLANK);
        const first = this.text[this.at];
        if (!depth && (first === "{" || first === "[")) {
            throw new refused_js_1.Wrong(`more than ${exports.DEEPEST} lists and objects within each other`);
        }
        let found;
        if (first === "{")
            found = this.object(depth);
        else if (first === "[")
            found = this.list(depth);
        else if (first === '"')
            found = this.string();
        else if (this.word("null"))
            found = null;
        else if (this.word("true"))
            found = true;
        else if (this.word("false"))
            found = false;
        else
            found = this.number();
        this.take(BLANK);
        return found;
    }
    end() {
        if (this.at !== this.text.length)
            throw new refused_js_1.Wrong(`JSON: something follows at ${this.at}`);
    }
    take(pattern) {
        pattern.lastIndex = this.at;
        const found = pattern.exec(this.text);
        if (!found)
            throw new refused_js_1.Wrong(`JSON: unexpected at ${this.at}`);
        this.at = pattern.lastIndex;
        return found[0];
    }
    word(expected) {
        const found = this.text.startsWith(expected, this.at);
        if (found)
            this.at += expected.length;
        return found;
    }
    string() {
        const found = JSON.parse(this.take(ANY_STRING));
        if (HALF.test(found))
            throw new refused_js_1.Wrong("JSON: half of a pair of characters");
        return found;
    }
    number() {
        const found = this.take(ANY_NUMBER);
        const value = Number(found);
        if (found.length > exports.LONGEST_NUMBER || !Number.isFinite(value)) {
            throw new refused_js_1.Wrong("JSON: a number that is too long, or too large");
        }
        return value;
    }
    list(depth) {
        const found = [];
        this.at++;
        this.take(BLANK);
        if (this.word("]"))
            return found;
        do
            found.push(this.value(depth - 1));
        while (this.word(","));
        if (!this.word("]"))
            throw new refused_js_1.Wrong(`JSON: a list has no end at ${this.at}`);
        return found;
    }
    object(depth) {
        const found = new Map();
        this.at++;
        this.take(BLANK);
        if (this.word("}"))
            return found;
        do {
            this.take(BLANK);
            const name = this.string();
            this.take(BLANK);
            if (!this.word(":"))
                throw new refused_js_1.Wrong(`JSON: a colon is expected at ${this.at}`);
            if (found.has(name))
                throw new refused_js_1.Wrong(`JSON: ${name} is named twice`);
            found.set(name, this.value(depth - 1));
        } while (this.word(","));
        if (!this.word("}"))
            throw new refused_js_1.Wrong(`JSON: an object has no end at ${this.at}`);
        return found;
    }
}
  },
  "refused.ts"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.Wrong = exports.Refused = exports.CHECKS = void 0;
exports.stage = stage;
exports.CHECKS = [
    "file", "trust", "environment", "block", "order", "root", "parents", "record", "identity", "manifest", "statement", "documents",
    "production", "artefact", "heartbeat", "label", "belongs",
];
class Refused extends Error {
    check;
    name = "Refused";
    constructor(check, message) {
        super(`${check}: ${message}`);
        this.check = check;
    }
}
exports.Refused = Refused;
class Wrong extends Error {
    name = "Wrong";
}
exports.Wrong = Wrong;
function stage(check, work) {
    try {
        return work();
    }
    catch (error) {
        throw error instanceof Wrong ? new Refused(check, error.message) : error;
    }
}
  },
  "facts.ts"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.recordWord = recordWord;
exports.production = production;
exports.anchor = anchor;
exports.leafRevokedAt = leafRevokedAt;
exports.closedAt = closedAt;
exports.followedBy = followedBy;
const bytes_js_1 = require("bytes.ts");
const model_js_1 = require("model.ts");
const refused_js_1 = require("refused.ts");
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
const MAX_HOPS = 8;
const MAX_LINEAGE = 128;
const field = (value, at, bits) => (value >> at) & ((1n << bits) - 1n);
const hex = (value) => value.toString(16).padStart(64, "0");
const address = (value) => "0x" + hex(field(value, 0n, 160n)).slice(24);
const inMapping = (slot, ...keys) => keys.reduce((at, key) => (0, bytes_js_1.keccak)((0, bytes_js_1.concat)(at, key)), (0, bytes_js_1.word)(slot));
function recordWord(state, registry, id, record) {
    const found = readRecord(state.word(registry, inMapping(RECORDS, (0, bytes_js_1.fromHex)(id))));
    if (found.status === "unknown")
        throw new refused_js_1.Wrong(`record ${id} (${record.kind}) is not registered in that state`);
    if (found.author !== record.author) {
        throw new refused_js_1.Wrong(`record ${id} names author ${record.author}, the registry has ${found.author}`);
    }
    return found;
}
function production(state, registry, environments, environment) {
    const key = (0, bytes_js_1.fromHex)(environment);
    const stored = state.word(environments, inMapping(ENVIRONMENTS, key));
    if (!stored)
        throw new refused_js_1.Wrong(`no environment ${environment} was declared in that state`);
    const owner = address(stored);
    const seq = field(stored, 160n, 40n);
    const nothing = { environment, owner, seq, policy: [], standing: [], unmet: [], sound: false };
    if (!seq)
        return { ...nothing, artefact: "0".repeat(64), block: 0n, status: "unknown" };
    const promoted = state.word(environments, inMapping(PROMOTIONS, key, (0, bytes_js_1.word)(seq)));
    const block = field(promoted, 0n, 48n);
    const artefact = hex(promoted - block);
    const { policy, sound } = readPolicy(state, environments, key, field(stored, 200n, 56n));
    const { status } = readRecord(state.word(registry, inMapping(RECORDS, (0, bytes_js_1.fromHex)(artefact))));
    const standing = readStanding(state, registry, policy, artefact);
    const unmet = policy.filter((entry) => !isMet(entry, standing, state.time));
    const unsound = sound ? firstUnsound(state, registry, artefact) : undefined;
    return { environment, owner, seq, artefact, block, status, policy, standing, unmet, sound, unsound };
}
function firstUnsound(state, registry, root) {
    const found = [root];
    for (const id of found) {
        const place = (0, bytes_js_1.number)(inMapping(LINKS, (0, bytes_js_1.fromHex)(id)));
        const link = (at) => state.word(registry, (0, bytes_js_1.word)(BigInt.asUintN(256, place + at)));
        const first = link(0n);
        if (model_js_1.STATUSES[Number(field(first, 6n, 2n))] !== "active")
            return id;
        const count = field(first, 0n, 5n);
        const links = [first];
        for (let at = 1n; at < count; at++)
            links.push(link(at));
        for (const stored of count ? links : []) {
            const parent = hex(stored - field(stored, 0n, 48n));
            if (found.includes(parent))
                continue;
            if (found.length === MAX_LINEAGE)
                return id;
            found.push(parent);
        }
    }
    return undefined;
}
function anchor(state, registry, anchorer, root) {
    const found = state.word(registry, inMapping(ANCHORS, (0, bytes_js_1.padded)(anchorer), (0, bytes_js_1.fromHex)(root)));
    if (!found)
        throw new refused_js_1.Wrong(`${anchorer} anchored no root ${root} in that state`);
    const revokedAt = field(found, 72n, 40n);
    if (revokedAt)
        throw new refused_js_1.Wrong(`${anchorer} took back the root ${root} in second ${revokedAt}`);
    return { time: field(found, 0n, 40n), count: field(found, 40n, 32n), leavesRevoked: found >> 112n };
}
function leafRevokedAt(state, registry, anchorer, root, digest) {
    return state.word(registry, inMapping(LEAVES, (0, bytes_js_1.keccak)((0, bytes_js_1.concat)((0, bytes_js_1.padded)(anchorer), (0, bytes_js_1.fromHex)(root), digest))));
}
function closedAt(state, registry, account) {
    return field(state.word(registry, inMapping(IDENTITIES, (0, bytes_js_1.padded)(account))), 160n, 40n);
}
function followedBy(state, registry, account, named) {
    const found = [account];
    for (let hop = 0; hop < MAX_HOPS; hop++) {
        const after = field(state.word(registry, inMapping(IDENTITIES, (0, bytes_js_1.padded)(found[found.length - 1]))), 0n, 160n);
        if (!after || found.includes(address(after)))
            break;
        found.push(address(after));
    }
    if (!found.slice(1).some((item) => named.has(item))) {
        throw new refused_js_1.Wrong(`the key of ${account} was not replaced by anybody who is named here`);
    }
    return found;
}
function readRecord(value) {
    const status = model_js_1.STATUSES[Number(field(value, 208n, 8n))];
    if (!status)
        throw new refused_js_1.Wrong("a record's word has an unknown state");
    return { author: address(value), time: field(value, 160n, 40n), status };
}
function readPolicy(state, environments, environment, version) {
    const at = (chosen, offset) => {
        const first = (0, bytes_js_1.number)(inMapping(POLICIES, environment, (0, bytes_js_1.word)(BigInt.asUintN(256, chosen))));
        return state.word(environments, (0, bytes_js_1.word)(BigInt.asUintN(256, first + offset)));
    };
    let head = at(version, 0n);
    if (head >> 216n > state.time)
        head = at(--version, 0n);
    const entries = [];
    const count = Math.min(Number(field(head, 208n, 7n)), MAX_ENTRIES);
    const sound = field(head, 215n, 1n) === 1n;
    for (let entry = 0, offset = 0n; entry < count; entry++) {
        if (entry)
            head = at(version, offset);
        const attesters = Math.min(Number(field(head, 168n, 8n)), MAX_ATTESTERS);
        const words = Array.from({ length: Math.max(attesters, 1) }, (_, more) => at(version, offset + 1n + BigInt(more)));
        entries.push({
            schema: hex(words[0]),
            needed: Number(field(head, 160n, 8n)),
            maxAge: field(head, 176n, 32n),
            attesters: [address(head), ...words.slice(1).map(address)],
        });
        offset += 1n + BigInt(attesters);
    }
    return { policy: entries, sound };
}
function readStanding(state, registry, policy, artefact) {
    const asked = new Map(policy.flatMap((entry) => entry.attesters.map((who) => [who + entry.schema, [who, entry.schema]])));
    return [...asked.values()].map(([attester, schema]) => {
        const key = (0, bytes_js_1.keccak)((0, bytes_js_1.concat)((0, bytes_js_1.padded)(attester), (0, bytes_js_1.fromHex)(schema), (0, bytes_js_1.fromHex)(artefact)));
        const found = state.word(registry, inMapping(ATTESTATIONS, key));
        const [time, expiry, revokedAt] = [field(found, 0n, 40n), field(found, 40n, 64n), field(found, 104n, 40n)];
        return { attester, schema, time, expiry, revokedAt };
    });
}
function isMet(entry, standing, now) {
    const good = standing.filter((item) => item.schema === entry.schema && entry.attesters.includes(item.attester) && stands(item, entry.maxAge, now));
    return good.length >= entry.needed;
}
function stands(item, maxAge, now) {
    const fresh = !maxAge || item.time >= now - (maxAge < now ? maxAge : now);
    return item.time > 0n && !item.revokedAt && (!item.expiry || item.expiry > now) && fresh;
}
  },
  "model.ts"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.Domain = exports.ZERO = exports.STATUSES = exports.RELATIONS = exports.KINDS = void 0;
exports.merkleRoot = merkleRoot;
const secp256k1_1 = require("@noble/curves/esm/secp256k1.js");
const bytes_js_1 = require("bytes.ts");
exports.KINDS = [
    "dataset", "label-set", "code", "weights", "model", "run", "evaluation", "container", "agent", "receipt-batch",
];
exports.RELATIONS = [
    "derived-from", "trained-on", "labelled-by", "fine-tuned-from", "quantised-from", "evaluated-on", "supersedes",
];
exports.STATUSES = ["unknown", "active", "deprecated", "revoked"];
exports.ZERO = "0".repeat(64);
const ID_TAIL = 6;
const HALF_ORDER = secp256k1_1.secp256k1.CURVE.n / 2n;
const LINK = "Link(uint8 relation,bytes32 parent)";
const RECORD = "Record(address author,uint8 kind,bytes32 digest,bytes32 contentRoot,bytes32 programRoot,bytes32 manifest," +
    `string uri,string licence,string version,Link[] links)${LINK}`;
const LABEL = "Label(address labeller,bytes32 dataset,uint256 index,bytes32 sample,bytes32 label)";
const HEARTBEAT = "Heartbeat(address node,bytes32 environment,uint64 promotionSeq,bytes32 digest,uint64 time)";
const DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract";
const hashText = (text) => (0, bytes_js_1.keccak)((0, bytes_js_1.utf8)(text));
const LINK_HASH = hashText(LINK);
const RECORD_HASH = hashText(RECORD);
const LABEL_HASH = hashText(LABEL);
const HEARTBEAT_HASH = hashText(HEARTBEAT);
class Domain {
    separator;
    salted;
    constructor(name, chain, contract) {
        const members = (0, bytes_js_1.concat)(hashText(name), hashText("1"), (0, bytes_js_1.word)(chain), (0, bytes_js_1.padded)(contract));
        this.separator = (0, bytes_js_1.keccak)((0, bytes_js_1.concat)(hashText(`${DOMAIN})`), members));
        this.salted = (0, bytes_js_1.keccak)((0, bytes_js_1.concat)(hashText(`${DOMAIN},bytes32 salt)`), members, (0, bytes_js_1.word)(0)));
    }
    recordId(record) {
        const links = record.links.map((link) => (0, bytes_js_1.keccak)((0, bytes_js_1.concat)(LINK_HASH, (0, bytes_js_1.word)(exports.RELATIONS.indexOf(link.relation) + 1), (0, bytes_js_1.fromHex)(link.parent))));
        const hash = (0, bytes_js_1.keccak)((0, bytes_js_1.concat)(RECORD_HASH, (0, bytes_js_1.padded)(record.author), (0, bytes_js_1.word)(exports.KINDS.indexOf(record.kind) + 1), ...[record.digest, record.contentRoot, record.programRoot, record.manifest].map(bytes_js_1.fromHex), ...[record.uri, record.licence, record.version].map(hashText), (0, bytes_js_1.keccak)((0, bytes_js_1.concat)(...links))));
        return (0, bytes_js_1.toHex)(this.digest(hash).fill(0, -ID_TAIL));
    }
    labelDigest(label) {
        return this.digest(labelHash(label));
    }
    isLabelSigned(item) {
        return this.isSigned(labelHash(item), item.signature, item.labeller);
    }
    isHeartbeatSigned(said) {
        const members = [(0, bytes_js_1.padded)(said.node), (0, bytes_js_1.fromHex)(said.environment), (0, bytes_js_1.word)(said.seq), (0, bytes_js_1.fromHex)(said.digest), (0, bytes_js_1.word)(said.time)];
        return this.isSigned((0, bytes_js_1.keccak)((0, bytes_js_1.concat)(HEARTBEAT_HASH, ...members)), said.signature, said.node);
    }
    digest(hash, separator = this.separator) {
        return (0, bytes_js_1.keccak)((0, bytes_js_1.concat)(Uint8Array.of(0x19, 0x01), separator, hash));
    }
    isSigned(hash, signature, who) {
        return [this.separator, this.salted].some((separator) => signer(this.digest(hash, separator), signature) === who);
    }
}
exports.Domain = Domain;
function labelHash(label) {
    const members = [(0, bytes_js_1.padded)(label.labeller), (0, bytes_js_1.fromHex)(label.dataset), (0, bytes_js_1.word)(label.index), (0, bytes_js_1.fromHex)(label.sample), (0, bytes_js_1.fromHex)(label.label)];
    return (0, bytes_js_1.keccak)((0, bytes_js_1.concat)(LABEL_HASH, ...members));
}
function signer(digest, signature) {
    try {
        const found = secp256k1_1.secp256k1.Signature.fromCompact(signature.slice(0, 128));
        if (found.s > HALF_ORDER)
            return "";
        const point = found.addRecoveryBit(parseInt(signature.slice(128), 16) - 27).recoverPublicKey(digest);
        return "0x" + (0, bytes_js_1.toHex)((0, bytes_js_1.keccak)(point.toRawBytes(false).subarray(1))).slice(24);
    }
    catch {
        return "";
    }
}
function merkleRoot(leaf, proof) {
    let node = (0, bytes_js_1.toHex)(leaf);
    for (const sibling of proof)
        node = (0, bytes_js_1.toHex)((0, bytes_js_1.keccak)((0, bytes_js_1.fromHex)(node < sibling ? node + sibling : sibling + node)));
    return node;
}
  },
  "@noble/curves/esm/secp256k1.js"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.encodeToCurve = exports.hashToCurve = exports.secp256k1_hasher = exports.schnorr = exports.secp256k1 = void 0;
const sha2_1 = require("@noble/hashes/esm/sha2.js");
const utils_1 = require("@noble/hashes/esm/utils.js");
const _shortw_utils_js_1 = require("@noble/curves/esm/_shortw_utils.js");
const hash_to_curve_js_1 = require("@noble/curves/esm/abstract/hash-to-curve.js");
const modular_js_1 = require("@noble/curves/esm/abstract/modular.js");
const utils_js_1 = require("@noble/curves/esm/abstract/utils.js");
const weierstrass_js_1 = require("@noble/curves/esm/abstract/weierstrass.js");
const secp256k1P = BigInt('0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f');
const secp256k1N = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');
const _1n = BigInt(1);
const _2n = BigInt(2);
const divNearest = (a, b) => (a + b / _2n) / b;
function sqrtMod(y) {
    const P = secp256k1P;
    const _3n = BigInt(3), _6n = BigInt(6), _11n = BigInt(11), _22n = BigInt(22);
    const _23n = BigInt(23), _44n = BigInt(44), _88n = BigInt(88);
    const b2 = (y * y * y) % P;
    const b3 = (b2 * b2 * y) % P;
    const b6 = ((0, modular_js_1.pow2)(b3, _3n, P) * b3) % P;
    const b9 = ((0, modular_js_1.pow2)(b6, _3n, P) * b3) % P;
    const b11 = ((0, modular_js_1.pow2)(b9, _2n, P) * b2) % P;
    const b22 = ((0, modular_js_1.pow2)(b11, _11n, P) * b11) % P;
    const b44 = ((0, modular_js_1.pow2)(b22, _22n, P) * b22) % P;
    const b88 = ((0, modular_js_1.pow2)(b44, _44n, P) * b44) % P;
    const b176 = ((0, modular_js_1.pow2)(b88, _88n, P) * b88) % P;
    const b220 = ((0, modular_js_1.pow2)(b176, _44n, P) * b44) % P;
    const b223 = ((0, modular_js_1.pow2)(b220, _3n, P) * b3) % P;
    const t1 = ((0, modular_js_1.pow2)(b223, _23n, P) * b22) % P;
    const t2 = ((0, modular_js_1.pow2)(t1, _6n, P) * b2) % P;
    const root = (0, modular_js_1.pow2)(t2, _2n, P);
    if (!Fpk1.eql(Fpk1.sqr(root), y))
        throw new Error('Cannot find square root');
    return root;
}
const Fpk1 = (0, modular_js_1.Field)(secp256k1P, undefined, undefined, { sqrt: sqrtMod });
exports.secp256k1 = (0, _shortw_utils_js_1.createCurve)({
    a: BigInt(0),
    b: BigInt(7),
    Fp: Fpk1,
    n: secp256k1N,
    Gx: BigInt('55066263022277343669578718895168534326250603453777594175500187360389116729240'),
    Gy: BigInt('32670510020758816978083085130507043184471273380659243275938904335757337482424'),
    h: BigInt(1),
    lowS: true,
    endo: {
        beta: BigInt('0x7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501ee'),
        splitScalar: (k) => {
            const n = secp256k1N;
            const a1 = BigInt('0x3086d221a7d46bcde86c90e49284eb15');
            const b1 = -_1n * BigInt('0xe4437ed6010e88286f547fa90abfe4c3');
            const a2 = BigInt('0x114ca50f7a8e2f3f657c1108d9d44cfd8');
            const b2 = a1;
            const POW_2_128 = BigInt('0x100000000000000000000000000000000');
            const c1 = divNearest(b2 * k, n);
            const c2 = divNearest(-b1 * k, n);
            let k1 = (0, modular_js_1.mod)(k - c1 * a1 - c2 * a2, n);
            let k2 = (0, modular_js_1.mod)(-c1 * b1 - c2 * b2, n);
            const k1neg = k1 > POW_2_128;
            const k2neg = k2 > POW_2_128;
            if (k1neg)
                k1 = n - k1;
            if (k2neg)
                k2 = n - k2;
            if (k1 > POW_2_128 || k2 > POW_2_128) {
                throw new Error('splitScalar: Endomorphism failed, k=' + k);
            }
            return { k1neg, k1, k2neg, k2 };
        },
    },
}, sha2_1.sha256);
const _0n = BigInt(0);
const TAGGED_HASH_PREFIXES = {};
function taggedHash(tag, ...messages) {
    let tagP = TAGGED_HASH_PREFIXES[tag];
    if (tagP === undefined) {
        const tagH = (0, sha2_1.sha256)(Uint8Array.from(tag, (c) => c.charCodeAt(0)));
        tagP = (0, utils_js_1.concatBytes)(tagH, tagH);
        TAGGED_HASH_PREFIXES[tag] = tagP;
    }
    return (0, sha2_1.sha256)((0, utils_js_1.concatBytes)(tagP, ...messages));
}
const pointToBytes = (point) => point.toRawBytes(true).slice(1);
const numTo32b = (n) => (0, utils_js_1.numberToBytesBE)(n, 32);
const modP = (x) => (0, modular_js_1.mod)(x, secp256k1P);
const modN = (x) => (0, modular_js_1.mod)(x, secp256k1N);
const Point = exports.secp256k1.ProjectivePoint;
const GmulAdd = (Q, a, b) => Point.BASE.multiplyAndAddUnsafe(Q, a, b);
function schnorrGetExtPubKey(priv) {
    let d_ = exports.secp256k1.utils.normPrivateKeyToScalar(priv);
    let p = Point.fromPrivateKey(d_);
    const scalar = p.hasEvenY() ? d_ : modN(-d_);
    return { scalar: scalar, bytes: pointToBytes(p) };
}
function lift_x(x) {
    (0, utils_js_1.aInRange)('x', x, _1n, secp256k1P);
    const xx = modP(x * x);
    const c = modP(xx * x + BigInt(7));
    let y = sqrtMod(c);
    if (y % _2n !== _0n)
        y = modP(-y);
    const p = new Point(x, y, _1n);
    p.assertValidity();
    return p;
}
const num = utils_js_1.bytesToNumberBE;
function challenge(...args) {
    return modN(num(taggedHash('BIP0340/challenge', ...args)));
}
function schnorrGetPublicKey(privateKey) {
    return schnorrGetExtPubKey(privateKey).bytes;
}
function schnorrSign(message, privateKey, auxRand = (0, utils_1.randomBytes)(32)) {
    const m = (0, utils_js_1.ensureBytes)('message', message);
    const { bytes: px, scalar: d } = schnorrGetExtPubKey(privateKey);
    const a = (0, utils_js_1.ensureBytes)('auxRand', auxRand, 32);
    const t = numTo32b(d ^ num(taggedHash('BIP0340/aux', a)));
    const rand = taggedHash('BIP0340/nonce', t, px, m);
    const k_ = modN(num(rand));
    if (k_ === _0n)
        throw new Error('sign failed: k is zero');
    const { bytes: rx, scalar: k } = schnorrGetExtPubKey(k_);
    const e = challenge(rx, px, m);
    const sig = new Uint8Array(64);
    sig.set(rx, 0);
    sig.set(numTo32b(modN(k + e * d)), 32);
    if (!schnorrVerify(sig, m, px))
        throw new Error('sign: Invalid signature produced');
    return sig;
}
function schnorrVerify(signature, message, publicKey) {
    const sig = (0, utils_js_1.ensureBytes)('signature', signature, 64);
    const m = (0, utils_js_1.ensureBytes)('message', message);
    const pub = (0, utils_js_1.ensureBytes)('publicKey', publicKey, 32);
    try {
        const P = lift_x(num(pub));
        const r = num(sig.subarray(0, 32));
        if (!(0, utils_js_1.inRange)(r, _1n, secp256k1P))
            return false;
        const s = num(sig.subarray(32, 64));
        if (!(0, utils_js_1.inRange)(s, _1n, secp256k1N))
            return false;
        const e = challenge(numTo32b(r), pointToBytes(P), m);
        const R = GmulAdd(P, s, modN(-e));
        if (!R || !R.hasEvenY() || R.toAffine().x !== r)
            return false;
        return true;
    }
    catch (error) {
        return false;
    }
}
exports.schnorr = (() => ({
    getPublicKey: schnorrGetPublicKey,
    sign: schnorrSign,
    verify: schnorrVerify,
    utils: {
        randomPrivateKey: exports.secp256k1.utils.randomPrivateKey,
        lift_x,
        pointToBytes,
        numberToBytesBE: utils_js_1.numberToBytesBE,
        bytesToNumberBE: utils_js_1.bytesToNumberBE,
        taggedHash,
        mod: modular_js_1.mod,
    },
}))();
const isoMap = (() => (0, hash_to_curve_js_1.isogenyMap)(Fpk1, [
    [
        '0x8e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38daaaaa8c7',
        '0x7d3d4c80bc321d5b9f315cea7fd44c5d595d2fc0bf63b92dfff1044f17c6581',
        '0x534c328d23f234e6e2a413deca25caece4506144037c40314ecbd0b53d9dd262',
        '0x8e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38e38daaaaa88c',
    ],
    [
        '0xd35771193d94918a9ca34ccbb7b640dd86cd409542f8487d9fe6b745781eb49b',
        '0xedadc6f64383dc1df7c4b2d51b54225406d36b641f5e41bbc52a56612a8c6d14',
        '0x0000000000000000000000000000000000000000000000000000000000000001',
    ],
    [
        '0x4bda12f684bda12f684bda12f684bda12f684bda12f684bda12f684b8e38e23c',
        '0xc75e0c32d5cb7c0fa9d0a54b12a0a6d5647ab046d686da6fdffc90fc201d71a3',
        '0x29a6194691f91a73715209ef6512e576722830a201be2018a765e85a9ecee931',
        '0x2f684bda12f684bda12f684bda12f684bda12f684bda12f684bda12f38e38d84',
    ],
    [
        '0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffff93b',
        '0x7a06534bb8bdb49fd5e9e6632722c2989467c1bfc8e8d978dfb425d2685c2573',
        '0x6484aa716545ca2cf3a70c3fa8fe337e0a3d21162f0d6299a7bf8192bfd2a76f',
        '0x0000000000000000000000000000000000000000000000000000000000000001',
    ],
].map((i) => i.map((j) => BigInt(j)))))();
const mapSWU = (() => (0, weierstrass_js_1.mapToCurveSimpleSWU)(Fpk1, {
    A: BigInt('0x3f8731abdd661adca08a5558f0f5d272e953d363cb6f0e5d405447c01a444533'),
    B: BigInt('1771'),
    Z: Fpk1.create(BigInt('-11')),
}))();
exports.secp256k1_hasher = (() => (0, hash_to_curve_js_1.createHasher)(exports.secp256k1.ProjectivePoint, (scalars) => {
    const { x, y } = mapSWU(Fpk1.create(scalars[0]));
    return isoMap(x, y);
}, {
    DST: 'secp256k1_XMD:SHA-256_SSWU_RO_',
    encodeDST: 'secp256k1_XMD:SHA-256_SSWU_NU_',
    p: Fpk1.ORDER,
    m: 1,
    k: 128,
    expand: 'xmd',
    hash: sha2_1.sha256,
}))();
exports.hashToCurve = (() => exports.secp256k1_hasher.hashToCurve)();
exports.encodeToCurve = (() => exports.secp256k1_hasher.encodeToCurve)();
  },
  "@noble/curves/esm/_shortw_utils.js"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.getHash = getHash;
exports.createCurve = createCurve;
const hmac_1 = require("@noble/hashes/esm/hmac.js");
const utils_1 = require("@noble/hashes/esm/utils.js");
const weierstrass_js_1 = require("@noble/curves/esm/abstract/weierstrass.js");
function getHash(hash) {
    return {
        hash,
        hmac: (key, ...msgs) => (0, hmac_1.hmac)(hash, key, (0, utils_1.concatBytes)(...msgs)),
        randomBytes: utils_1.randomBytes,
    };
}
function createCurve(curveDef, defHash) {
    const create = (hash) => (0, weierstrass_js_1.weierstrass)({ ...curveDef, ...getHash(hash) });
    return { ...create(defHash), create };
}
  },
  "@noble/hashes/esm/hmac.js"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.hmac = exports.HMAC = void 0;
const utils_js_1 = require("@noble/hashes/esm/utils.js");
class HMAC extends utils_js_1.Hash {
    constructor(hash, _key) {
        super();
        this.finished = false;
        this.destroyed = false;
        (0, utils_js_1.ahash)(hash);
        const key = (0, utils_js_1.toBytes)(_key);
        this.iHash = hash.create();
        if (typeof this.iHash.update !== 'function')
            throw new Error('Expected instance of class which extends utils.Hash');
        this.blockLen = this.iHash.blockLen;
        this.outputLen = this.iHash.outputLen;
        const blockLen = this.blockLen;
        const pad = new Uint8Array(blockLen);
        pad.set(key.length > blockLen ? hash.create().update(key).digest() : key);
        for (let i = 0; i < pad.length; i++)
            pad[i] ^= 0x36;
        this.iHash.update(pad);
        this.oHash = hash.create();
        for (let i = 0; i < pad.length; i++)
            pad[i] ^= 0x36 ^ 0x5c;
        this.oHash.update(pad);
        (0, utils_js_1.clean)(pad);
    }
    update(buf) {
        (0, utils_js_1.aexists)(this);
        this.iHash.update(buf);
        return this;
    }
    digestInto(out) {
        (0, utils_js_1.aexists)(this);
        (0, utils_js_1.abytes)(out, this.outputLen);
        this.finished = true;
        this.iHash.digestInto(out);
        this.oHash.update(out);
        this.oHash.digestInto(out);
        this.destroy();
    }
    digest() {
        const out = new Uint8Array(this.oHash.outputLen);
        this.digestInto(out);
        return out;
    }
    _cloneInto(to) {
        to || (to = Object.create(Object.getPrototypeOf(this), {}));
        const { oHash, iHash, finished, destroyed, blockLen, outputLen } = this;
        to = to;
        to.finished = finished;
        to.destroyed = destroyed;
        to.blockLen = blockLen;
        to.outputLen = outputLen;
        to.oHash = oHash._cloneInto(to.oHash);
        to.iHash = iHash._cloneInto(to.iHash);
        return to;
    }
    clone() {
        return this._cloneInto();
    }
    destroy() {
        this.destroyed = true;
        this.oHash.destroy();
        this.iHash.destroy();
    }
}
exports.HMAC = HMAC;
const hmac = (hash, key, message) => new HMAC(hash, key).update(message).digest();
exports.hmac = hmac;
exports.hmac.create = (hash, key) => new HMAC(hash, key);
  },
  "@noble/curves/esm/abstract/weierstrass.js"(exports, require) {
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
Object.defineProperty(exports, "__esModule", { value: true });
exports.DER = exports.DERErr = void 0;
exports.weierstrassPoints = weierstrassPoints;
exports.weierstrass = weierstrass;
exports.SWUFpSqrtRatio = SWUFpSqrtRatio;
exports.mapToCurveSimpleSWU = mapToCurveSimpleSWU;
const curve_js_1 = require("@noble/curves/esm/abstract/curve.js");
const modular_js_1 = require("@noble/curves/esm/abstract/modular.js");
const utils_js_1 = require("@noble/curves/esm/abstract/utils.js");
function validateSigVerOpts(opts) {
    if (opts.lowS !== undefined)
        (0, utils_js_1.abool)('lowS', opts.lowS);
    if (opts.prehash !== undefined)
        (0, utils_js_1.abool)('prehash', opts.prehash);
}
function validatePointOpts(curve) {
    const opts = (0, curve_js_1.validateBasic)(curve);
    (0, utils_js_1.validateObject)(opts, {
        a: 'field',
        b: 'field',
    }, {
        allowedPrivateKeyLengths: 'array',
        wrapPrivateKey: 'boolean',
        isTorsionFree: 'function',
        clearCofactor: 'function',
        allowInfinityPoint: 'boolean',
        fromBytes: 'function',
        toBytes: 'function',
    });
    const { endo, Fp, a } = opts;
    if (endo) {
        if (!Fp.eql(a, Fp.ZERO)) {
            throw new Error('invalid endomorphism, can only be defined for Koblitz curves that have a=0');
        }
        if (typeof endo !== 'object' ||
            typeof endo.beta !== 'bigint' ||
            typeof endo.splitScalar !== 'function') {
            throw new Error('invalid endomorphism, expected beta: bigint and splitScalar: function');
        }
    }
    return Object.freeze({ ...opts });
}
class DERErr extends Error {
    constructor(m = '') {
        super(m);
    }
}
exports.DERErr = DERErr;
exports.DER = {
    Err: DERErr,
    _tlv: {
        encode: (tag, data) => {
            const { Err: E } = exports.DER;
            if (tag < 0 || tag > 256)
                throw new E('tlv.encode: wrong tag');
            if (data.length & 1)
                throw new E('tlv.encode: unpadded data');
            const dataLen = data.length / 2;
            const len = (0, utils_js_1.numberToHexUnpadded)(dataLen);
            if ((len.length / 2) & 128)
                throw new E('tlv.encode: long form length too big');
            const lenLen = dataLen > 127 ? (0, utils_js_1.numberToHexUnpadded)((len.length / 2) | 128) : '';
            const t = (0, utils_js_1.numberToHexUnpadded)(tag);
            return t + lenLen + len + data;
        },
        decode(tag, data) {
            const { Err: E } = exports.DER;
            let pos = 0;
            if (tag < 0 || tag > 256)
                throw new E('tlv.encode: wrong tag');
            if (data.length < 2 || data[pos++] !== tag)
                throw new E('tlv.decode: wrong tlv');
            const first = data[pos++];
            const isLong = !!(first & 128);
            let length = 0;
            if (!isLong)
                length = first;
            else {
                const lenLen = first & 127;
                if (!lenLen)
                    throw new E('tlv.decode(long): indefinite length not supported');
                if (lenLen > 4)
                    throw new E('tlv.decode(long): byte length is too big');
                const lengthBytes = data.subarray(pos, pos + lenLen);
                if (lengthBytes.length !== lenLen)
                    throw new E('tlv.decode: length bytes not complete');
                if (lengthBytes[0] === 0)
                    throw new E('tlv.decode(long): zero leftmost byte');
                for (const b of lengthBytes)
                    length = (length << 8) | b;
                pos += lenLen;
                if (length < 128)
                    throw new E('tlv.decode(long): not minimal encoding');
            }
            const v = data.subarray(pos, pos + length);
            if (v.length !== length)
                throw new E('tlv.decode: wrong value length');
            return { v, l: data.subarray(pos + length) };
        },
    },
    _int: {
        encode(num) {
            const { Err: E } = exports.DER;
            if (num < _0n)
                throw new E('integer: negative integers are not allowed');
            let hex = (0, utils_js_1.numberToHexUnpadded)(num);
            if (Number.parseInt(hex[0], 16) & 0b1000)
                hex = '00' + hex;
            if (hex.length & 1)
                throw new E('unexpected DER parsing assertion: unpadded hex');
            return hex;
        },
        decode(data) {
            const { Err: E } = exports.DER;
            if (data[0] & 128)
                throw new E('invalid signature integer: negative');
            if (data[0] === 0x00 && !(data[1] & 128))
                throw new E('invalid signature integer: unnecessary leading zero');
            return (0, utils_js_1.bytesToNumberBE)(data);
        },
    },
    toSig(hex) {
        const { Err: E, _int: int, _tlv: tlv } = exports.DER;
        const data = (0, utils_js_1.ensureBytes)('signature', hex);
        const { v: seqBytes, l: seqLeftBytes } = tlv.decode(0x30, data);
        if (seqLeftBytes.length)
            throw new E('invalid signature: left bytes after parsing');
        const { v: rBytes, l: rLeftBytes } = tlv.decode(0x02, seqBytes);
        const { v: sBytes, l: sLeftBytes } = tlv.decode(0x02, rLeftBytes);
        if (sLeftBytes.length)
            throw new E('invalid signature: left bytes after parsing');
        return { r: int.decode(rBytes), s: int.decode(sBytes) };
    },
    hexFromSig(sig) {
        const { _tlv: tlv, _int: int } = exports.DER;
        const rs = tlv.encode(0x02, int.encode(sig.r));
        const ss = tlv.encode(0x02, int.encode(sig.s));
        const seq = rs + ss;
        return tlv.encode(0x30, seq);
    },
};
const _0n = BigInt(0), _1n = BigInt(1), _2n = BigInt(2), _3n = BigInt(3), _4n = BigInt(4);
function weierstrassPoints(opts) {
    const CURVE = validatePointOpts(opts);
    const { Fp } = CURVE;
    const Fn = (0, modular_js_1.Field)(CURVE.n, CURVE.nBitLength);
    const toBytes = CURVE.toBytes ||
        ((_c, point, _isCompressed) => {
            const a = point.toAffine();
            return (0, utils_js_1.concatBytes)(Uint8Array.from([0x04]), Fp.toBytes(a.x), Fp.toBytes(a.y));
        });
    const fromBytes = CURVE.fromBytes ||
        ((bytes) => {
            const tail = bytes.subarray(1);
            const x = Fp.fromBytes(tail.subarray(0, Fp.BYTES));
            const y = Fp.fromBytes(tail.subarray(Fp.BYTES, 2 * Fp.BYTES));
            return { x, y };
        });
    function weierstrassEquation(x) {
        const { a, b } = CURVE;
        const x2 = Fp.sqr(x);
        const x3 = Fp.mul(x2, x);
        return Fp.add(Fp.add(x3, Fp.mul(x, a)), b);
    }
    if (!Fp.eql(Fp.sqr(CURVE.Gy), weierstrassEquation(CURVE.Gx)))
        throw new Error('bad generator point: equation left != right');
    function isWithinCurveOrder(num) {
        return (0, utils_js_1.inRange)(num, _1n, CURVE.n);
    }
    function normPrivateKeyToScalar(key) {
        const { allowedPrivateKeyLengths: lengths, nByteLength, wrapPrivateKey, n: N } = CURVE;
        if (lengths && typeof key !== 'bigint') {
            if ((0, utils_js_1.isBytes)(key))
                key = (0, utils_js_1.bytesToHex)(key);
            if (typeof key !== 'string' || !lengths.includes(key.length))
                throw new Error('invalid private key');
            key = key.padStart(nByteLength * 2, '0');
        }
        let num;
        try {
            num =
                typeof key === 'bigint'
                    ? key
                    : (0, utils_js_1.bytesToNumberBE)((0, utils_js_1.ensureBytes)('private key', key, nByteLength));
        }
        catch (error) {
            throw new Error('invalid private key, expected hex or ' + nByteLength + ' bytes, got ' + typeof key);
        }
        if (wrapPrivateKey)
            num = (0, modular_js_1.mod)(num, N);
        (0, utils_js_1.aInRange)('private key', num, _1n, N);
        return num;
    }
    function aprjpoint(other) {
        if (!(other instanceof Point))
            throw new Error('ProjectivePoint expected');
    }
    const toAffineMemo = (0, utils_js_1.memoized)((p, iz) => {
        const { px: x, py: y, pz: z } = p;
        if (Fp.eql(z, Fp.ONE))
            return { x, y };
        const is0 = p.is0();
        if (iz == null)
            iz = is0 ? Fp.ONE : Fp.inv(z);
        const ax = Fp.mul(x, iz);
        const ay = Fp.mul(y, iz);
        const zz = Fp.mul(z, iz);
        if (is0)
            return { x: Fp.ZERO, y: Fp.ZERO };
        if (!Fp.eql(zz, Fp.ONE))
            throw new Error('invZ was invalid');
        return { x: ax, y: ay };
    });
    const assertValidMemo = (0, utils_js_1.memoized)((p) => {
        if (p.is0()) {
            if (CURVE.allowInfinityPoint && !Fp.is0(p.py))
                return;
            throw new Error('bad point: ZERO');
        }
        const { x, y } = p.toAffine();
        if (!Fp.isValid(x) || !Fp.isValid(y))
            throw new Error('bad point: x or y not FE');
        const left = Fp.sqr(y);
        const right = weierstrassEquation(x);
        if (!Fp.eql(left, right))
            throw new Error('bad point: equation left != right');
        if (!p.isTorsionFree())
            throw new Error('bad point: not in prime-order subgroup');
        return true;
    });
    class Point {
        constructor(px, py, pz) {
            if (px == null || !Fp.isValid(px))
                throw new Error('x required');
            if (py == null || !Fp.isValid(py) || Fp.is0(py))
                throw new Error('y required');
            if (pz == null || !Fp.isValid(pz))
                throw new Error('z required');
            this.px = px;
            this.py = py;
            this.pz = pz;
            Object.freeze(this);
        }
        static fromAffine(p) {
            const { x, y } = p || {};
            if (!p || !Fp.isValid(x) || !Fp.isValid(y))
                throw new Error('invalid affine point');
            if (p instanceof Point)
                throw new Error('projective point not allowed');
            const is0 = (i) => Fp.eql(i, Fp.ZERO);
            if (is0(x) && is0(y))
                return Point.ZERO;
            return new Point(x, y, Fp.ONE);
        }
        get x() {
            return this.toAffine().x;
        }
        get y() {
            return this.toAffine().y;
        }
        static normalizeZ(points) {
            const toInv = (0, modular_js_1.FpInvertBatch)(Fp, points.map((p) => p.pz));
            return points.map((p, i) => p.toAffine(toInv[i])).map(Point.fromAffine);
        }
        static fromHex(hex) {
            const P = Point.fromAffine(fromBytes((0, utils_js_1.ensureBytes)('pointHex', hex)));
            P.assertValidity();
            return P;
        }
        static fromPrivateKey(privateKey) {
            return Point.BASE.multiply(normPrivateKeyToScalar(privateKey));
        }
        static msm(points, scalars) {
            return (0, curve_js_1.pippenger)(Point, Fn, points, scalars);
        }
        _setWindowSize(windowSize) {
            wnaf.setWindowSize(this, windowSize);
        }
        assertValidity() {
            assertValidMemo(this);
        }
        hasEvenY() {
            const { y } = this.toAffine();
            if (Fp.isOdd)
                return !Fp.isOdd(y);
            throw new Error("Field doesn't support isOdd");
        }
        equals(other) {
            aprjpoint(other);
            const { px: X1, py: Y1, pz: Z1 } = this;
            const { px: X2, py: Y2, pz: Z2 } = other;
            const U1 = Fp.eql(Fp.mul(X1, Z2), Fp.mul(X2, Z1));
            const U2 = Fp.eql(Fp.mul(Y1, Z2), Fp.mul(Y2, Z1));
            return U1 && U2;
        }
        negate() {
            return new Point(this.px, Fp.neg(this.py), this.pz);
        }
        double() {
            const { a, b } = CURVE;
            const b3 = Fp.mul(b, _3n);
            const { px: X1, py: Y1, pz: Z1 } = this;
            let X3 = Fp.ZERO, Y3 = Fp.ZERO, Z3 = Fp.ZERO;
            let t0 = Fp.mul(X1, X1);
            let t1 = Fp.mul(Y1, Y1);
            let t2 = Fp.mul(Z1, Z1);
            let t3 = Fp.mul(X1, Y1);
            t3 = Fp.add(t3, t3);
            Z3 = Fp.mul(X1, Z1);
            Z3 = Fp.add(Z3, Z3);
            X3 = Fp.mul(a, Z3);
            Y3 = Fp.mul(b3, t2);
            Y3 = Fp.add(X3, Y3);
            X3 = Fp.sub(t1, Y3);
            Y3 = Fp.add(t1, Y3);
            Y3 = Fp.mul(X3, Y3);
            X3 = Fp.mul(t3, X3);
            Z3 = Fp.mul(b3, Z3);
            t2 = Fp.mul(a, t2);
            t3 = Fp.sub(t0, t2);
            t3 = Fp.mul(a, t3);
            t3 = Fp.add(t3, Z3);
            Z3 = Fp.add(t0, t0);
            t0 = Fp.add(Z3, t0);
            t0 = Fp.add(t0, t2);
            t0 = Fp.mul(t0, t3);
            Y3 = Fp.add(Y3, t0);
            t2 = Fp.mul(Y1, Z1);
            t2 = Fp.add(t2, t2);
            t0 = Fp.mul(t2, t3);
            X3 = Fp.sub(X3, t0);
            Z3 = Fp.mul(t2, t1);
            Z3 = Fp.add(Z3, Z3);
            Z3 = Fp.add(Z3, Z3);
            return new Point(X3, Y3, Z3);
        }
        add(other) {
            aprjpoint(other);
            const { px: X1, py: Y1, pz: Z1 } = this;
            const { px: X2, py: Y2, pz: Z2 } = other;
            let X3 = Fp.ZERO, Y3 = Fp.ZERO, Z3 = Fp.ZERO;
            const a = CURVE.a;
            const b3 = Fp.mul(CURVE.b, _3n);
            let t0 = Fp.mul(X1, X2);
            let t1 = Fp.mul(Y1, Y2);
            let t2 = Fp.mul(Z1, Z2);
            let t3 = Fp.add(X1, Y1);
            let t4 = Fp.add(X2, Y2);
            t3 = Fp.mul(t3, t4);
            t4 = Fp.add(t0, t1);
            t3 = Fp.sub(t3, t4);
            t4 = Fp.add(X1, Z1);
            let t5 = Fp.add(X2, Z2);
            t4 = Fp.mul(t4, t5);
            t5 = Fp.add(t0, t2);
            t4 = Fp.sub(t4, t5);
            t5 = Fp.add(Y1, Z1);
            X3 = Fp.add(Y2, Z2);
            t5 = Fp.mul(t5, X3);
            X3 = Fp.add(t1, t2);
            t5 = Fp.sub(t5, X3);
            Z3 = Fp.mul(a, t4);
            X3 = Fp.mul(b3, t2);
            Z3 = Fp.add(X3, Z3);
            X3 = Fp.sub(t1, Z3);
            Z3 = Fp.add(t1, Z3);
            Y3 = Fp.mul(X3, Z3);
            t1 = Fp.add(t0, t0);
            t1 = Fp.add(t1, t0);
            t2 = Fp.mul(a, t2);
            t4 = Fp.mul(b3, t4);
            t1 = Fp.add(t1, t2);
            t2 = Fp.sub(t0, t2);
            t2 = Fp.mul(a, t2);
            t4 = Fp.add(t4, t2);
            t0 = Fp.mul(t1, t4);
            Y3 = Fp.add(Y3, t0);
            t0 = Fp.mul(t5, t4);
            X3 = Fp.mul(t3, X3);
            X3 = Fp.sub(X3, t0);
            t0 = Fp.mul(t3, t1);
            Z3 = Fp.mul(t5, Z3);
            Z3 = Fp.add(Z3, t0);
            return new Point(X3, Y3, Z3);
        }
        subtract(other) {
            return this.add(other.negate());
        }
        is0() {
            return this.equals(Point.ZERO);
        }
        wNAF(n) {
            return wnaf.wNAFCached(this, n, Point.normalizeZ);
        }
        multiplyUnsafe(sc) {
            const { endo, n: N } = CURVE;
            (0, utils_js_1.aInRange)('scalar', sc, _0n, N);
            const I = Point.ZERO;
            if (sc === _0n)
                return I;
            if (this.is0() || sc === _1n)
                return this;
            if (!endo || wnaf.hasPrecomputes(this))
                return wnaf.wNAFCachedUnsafe(this, sc, Point.normalizeZ);
            let { k1neg, k1, k2neg, k2 } = endo.splitScalar(sc);
            let k1p = I;
            let k2p = I;
            let d = this;
            while (k1 > _0n || k2 > _0n) {
                if (k1 & _1n)
                    k1p = k1p.add(d);
                if (k2 & _1n)
                    k2p = k2p.add(d);
                d = d.double();
                k1 >>= _1n;
                k2 >>= _1n;
            }
            if (k1neg)
                k1p = k1p.negate();
            if (k2neg)
                k2p = k2p.negate();
            k2p = new Point(Fp.mul(k2p.px, endo.beta), k2p.py, k2p.pz);
            return k1p.add(k2p);
        }
        multiply(scalar) {
            const { endo, n: N } = CURVE;
            (0, utils_js_1.aInRange)('scalar', scalar, _1n, N);
            let point, fake;
            if (endo) {
                const { k1neg, k1, k2neg, k2 } = endo.splitScalar(scalar);
                let { p: k1p, f: f1p } = this.wNAF(k1);
                let { p: k2p, f: f2p } = this.wNAF(k2);
                k1p = wnaf.constTimeNegate(k1neg, k1p);
                k2p = wnaf.constTimeNegate(k2neg, k2p);
                k2p = new Point(Fp.mul(k2p.px, endo.beta), k2p.py, k2p.pz);
                point = k1p.add(k2p);
                fake = f1p.add(f2p);
            }
            else {
                const { p, f } = this.wNAF(scalar);
                point = p;
                fake = f;
            }
            return Point.normalizeZ([point, fake])[0];
        }
        multiplyAndAddUnsafe(Q, a, b) {
            const G = Point.BASE;
            const mul = (P, a) => (a === _0n || a === _1n || !P.equals(G) ? P.multiplyUnsafe(a) : P.multiply(a));
            const sum = mul(this, a).add(mul(Q, b));
            return sum.is0() ? undefined : sum;
        }
        toAffine(iz) {
            return toAffineMemo(this, iz);
        }
        isTorsionFree() {
            const { h: cofactor, isTorsionFree } = CURVE;
            if (cofactor === _1n)
                return true;
            if (isTorsionFree)
                return isTorsionFree(Point, this);
            throw new Error('isTorsionFree() has not been declared for the elliptic curve');
        }
        clearCofactor() {
            const { h: cofactor, clearCofactor } = CURVE;
            if (cofactor === _1n)
                return this;
            if (clearCofactor)
                return clearCofactor(Point, this);
            return this.multiplyUnsafe(CURVE.h);
        }
        toRawBytes(isCompressed = true) {
            (0, utils_js_1.abool)('isCompressed', isCompressed);
            this.assertValidity();
            return toBytes(Point, this, isCompressed);
        }
        toHex(isCompressed = true) {
            (0, utils_js_1.abool)('isCompressed', isCompressed);
            return (0, utils_js_1.bytesToHex)(this.toRawBytes(isCompressed));
        }
    }
    Point.BASE = new Point(CURVE.Gx, CURVE.Gy, Fp.ONE);
    Point.ZERO = new Point(Fp.ZERO, Fp.ONE, Fp.ZERO);
    const _bits = CURVE.nBitLength;
    const wnaf = (0, curve_js_1.wNAF)(Point, CURVE.endo ? Math.ceil(_bits / 2) : _bits);
    return {
        CURVE,
        ProjectivePoint: Point,
        normPrivateKeyToScalar,
        weierstrassEquation,
        isWithinCurveOrder,
    };
}
function validateOpts(curve) {
    const opts = (0, curve_js_1.validateBasic)(curve);
    (0, utils_js_1.validateObject)(opts, {
        hash: 'hash',
        hmac: 'function',
        randomBytes: 'function',
    }, {
        bits2int: 'function',
        bits2int_modN: 'function',
        lowS: 'boolean',
    });
    return Object.freeze({ lowS: true, ...opts });
}
function weierstrass(curveDef) {
    const CURVE = validateOpts(curveDef);
    const { Fp, n: CURVE_ORDER } = CURVE;
    const compressedLen = Fp.BYTES + 1;
    const uncompressedLen = 2 * Fp.BYTES + 1;
    function modN(a) {
        return (0, modular_js_1.mod)(a, CURVE_ORDER);
    }
    function invN(a) {
        return (0, modular_js_1.invert)(a, CURVE_ORDER);
    }
    const { ProjectivePoint: Point, normPrivateKeyToScalar, weierstrassEquation, isWithinCurveOrder, } = weierstrassPoints({
        ...CURVE,
        toBytes(_c, point, isCompressed) {
            const a = point.toAffine();
            const x = Fp.toBytes(a.x);
            const cat = utils_js_1.concatBytes;
            (0, utils_js_1.abool)('isCompressed', isCompressed);
            if (isCompressed) {
                return cat(Uint8Array.from([point.hasEvenY() ? 0x02 : 0x03]), x);
            }
            else {
                return cat(Uint8Array.from([0x04]), x, Fp.toBytes(a.y));
            }
        },
        fromBytes(bytes) {
            const len = bytes.length;
            const head = bytes[0];
            const tail = bytes.subarray(1);
            if (len === compressedLen && (head === 0x02 || head === 0x03)) {
                const x = (0, utils_js_1.bytesToNumberBE)(tail);
                if (!(0, utils_js_1.inRange)(x, _1n, Fp.ORDER))
                    throw new Error('Point is not on curve');
                const y2 = weierstrassEquation(x);
                let y;
                try {
                    y = Fp.sqrt(y2);
                }
                catch (sqrtError) {
                    const suffix = sqrtError instanceof Error ? ': ' + sqrtError.message : '';
                    throw new Error('Point is not on curve' + suffix);
                }
                const isYOdd = (y & _1n) === _1n;
                const isHeadOdd = (head & 1) === 1;
                if (isHeadOdd !== isYOdd)
                    y = Fp.neg(y);
                return { x, y };
            }
            else if (len === uncompressedLen && head === 0x04) {
                const x = Fp.fromBytes(tail.subarray(0, Fp.BYTES));
                const y = Fp.fromBytes(tail.subarray(Fp.BYTES, 2 * Fp.BYTES));
                return { x, y };
            }
            else {
                const cl = compressedLen;
                const ul = uncompressedLen;
                throw new Error('invalid Point, expected length of ' + cl + ', or uncompressed ' + ul + ', got ' + len);
            }
        },
    });
    const numToNByteHex = (num) => (0, utils_js_1.bytesToHex)((0, utils_js_1.numberToBytesBE)(num, CURVE.nByteLength));
    function isBiggerThanHalfOrder(number) {
        const HALF = CURVE_ORDER >> _1n;
        return number > HALF;
    }
    function normalizeS(s) {
        return isBiggerThanHalfOrder(s) ? modN(-s) : s;
    }
    const slcNum = (b, from, to) => (0, utils_js_1.bytesToNumberBE)(b.slice(from, to));
    class Signature {
        constructor(r, s, recovery) {
            (0, utils_js_1.aInRange)('r', r, _1n, CURVE_ORDER);
            (0, utils_js_1.aInRange)('s', s, _1n, CURVE_ORDER);
            this.r = r;
            this.s = s;
            if (recovery != null)
                this.recovery = recovery;
            Object.freeze(this);
        }
        static fromCompact(hex) {
            const l = CURVE.nByteLength;
            hex = (0, utils_js_1.ensureBytes)('compactSignature', hex, l * 2);
            return new Signature(slcNum(hex, 0, l), slcNum(hex, l, 2 * l));
        }
        static fromDER(hex) {
            const { r, s } = exports.DER.toSig((0, utils_js_1.ensureBytes)('DER', hex));
            return new Signature(r, s);
        }
        assertValidity() { }
        addRecoveryBit(recovery) {
            return new Signature(this.r, this.s, recovery);
        }
        recoverPublicKey(msgHash) {
            const { r, s, recovery: rec } = this;
            const h = bits2int_modN((0, utils_js_1.ensureBytes)('msgHash', msgHash));
            if (rec == null || ![0, 1, 2, 3].includes(rec))
                throw new Error('recovery id invalid');
            const radj = rec === 2 || rec === 3 ? r + CURVE.n : r;
            if (radj >= Fp.ORDER)
                throw new Error('recovery id 2 or 3 invalid');
            const prefix = (rec & 1) === 0 ? '02' : '03';
            const R = Point.fromHex(prefix + numToNByteHex(radj));
            const ir = invN(radj);
            const u1 = modN(-h * ir);
            const u2 = modN(s * ir);
            const Q = Point.BASE.multiplyAndAddUnsafe(R, u1, u2);
            if (!Q)
                throw new Error('point at infinify');
            Q.assertValidity();
            return Q;
        }
        hasHighS() {
            return isBiggerThanHalfOrder(this.s);
        }
        normalizeS() {
            return this.hasHighS() ? new Signature(this.r, modN(-this.s), this.recovery) : this;
        }
        toDERRawBytes() {
            return (0, utils_js_1.hexToBytes)(this.toDERHex());
        }
        toDERHex() {
            return exports.DER.hexFromSig(this);
        }
        toCompactRawBytes() {
            return (0, utils_js_1.hexToBytes)(this.toCompactHex());
        }
        toCompactHex() {
            return numToNByteHex(this.r) + numToNByteHex(this.s);
        }
    }
    const utils = {
        isValidPrivateKey(privateKey) {
            try {
                normPrivateKeyToScalar(privateKey);
                return true;
            }
            catch (error) {
                return false;
            }
        },
        normPrivateKeyToScalar: normPrivateKeyToScalar,
        randomPrivateKey: () => {
            const length = (0, modular_js_1.getMinHashLength)(CURVE.n);
            return (0, modular_js_1.mapHashToField)(CURVE.randomBytes(length), CURVE.n);
        },
        precompute(windowSize = 8, point = Point.BASE) {
            point._setWindowSize(windowSize);
            point.multiply(BigInt(3));
            return point;
        },
    };
    function getPublicKey(privateKey, isCompressed = true) {
        return Point.fromPrivateKey(privateKey).toRawBytes(isCompressed);
    }
    function isProbPub(item) {
        const arr = (0, utils_js_1.isBytes)(item);
        const str = typeof item === 'string';
        const len = (arr || str) && item.length;
        if (arr)
            return len === compressedLen || len === uncompressedLen;
        if (str)
            return len === 2 * compressedLen || len === 2 * uncompressedLen;
        if (item instanceof Point)
            return true;
        return false;
    }
    function getSharedSecret(privateA, publicB, isCompressed = true) {
        if (isProbPub(privateA))
            throw new Error('first arg must be private key');
        if (!isProbPub(publicB))
            throw new Error('second arg must be public key');
        const b = Point.fromHex(publicB);
        return b.multiply(normPrivateKeyToScalar(privateA)).toRawBytes(isCompressed);
    }
    const bits2int = CURVE.bits2int ||
        function (bytes) {
            if (bytes.length > 8192)
                throw new Error('input is too large');
            const num = (0, utils_js_1.bytesToNumberBE)(bytes);
            const delta = bytes.length * 8 - CURVE.nBitLength;
            return delta > 0 ? num >> BigInt(delta) : num;
        };
    const bits2int_modN = CURVE.bits2int_modN ||
        function (bytes) {
            return modN(bits2int(bytes));
        };
    const ORDER_MASK = (0, utils_js_1.bitMask)(CURVE.nBitLength);
    function int2octets(num) {
        (0, utils_js_1.aInRange)('num < 2^' + CURVE.nBitLength, num, _0n, ORDER_MASK);
        return (0, utils_js_1.numberToBytesBE)(num, CURVE.nByteLength);
    }
    function prepSig(msgHash, privateKey, opts = defaultSigOpts) {
        if (['recovered', 'canonical'].some((k) => k in opts))
            throw new Error('sign() legacy options not supported');
        const { hash, randomBytes } = CURVE;
        let { lowS, prehash, extraEntropy: ent } = opts;
        if (lowS == null)
            lowS = true;
        msgHash = (0, utils_js_1.ensureBytes)('msgHash', msgHash);
        validateSigVerOpts(opts);
        if (prehash)
            msgHash = (0, utils_js_1.ensureBytes)('prehashed msgHash', hash(msgHash));
        const h1int = bits2int_modN(msgHash);
        const d = normPrivateKeyToScalar(privateKey);
        const seedArgs = [int2octets(d), int2octets(h1int)];
        if (ent != null && ent !== false) {
            const e = ent === true ? randomBytes(Fp.BYTES) : ent;
            seedArgs.push((0, utils_js_1.ensureBytes)('extraEntropy', e));
        }
        const seed = (0, utils_js_1.concatBytes)(...seedArgs);
        const m = h1int;
        function k2sig(kBytes) {
            const k = bits2int(kBytes);
            if (!isWithinCurveOrder(k))
                return;
            const ik = invN(k);
            const q = Point.BASE.multiply(k).toAffine();
            const r = modN(q.x);
            if (r === _0n)
                return;
            const s = modN(ik * modN(m + r * d));
            if (s === _0n)
                return;
            let recovery = (q.x === r ? 0 : 2) | Number(q.y & _1n);
            let normS = s;
            if (lowS && isBiggerThanHalfOrder(s)) {
                normS = normalizeS(s);
                recovery ^= 1;
            }
            return new Signature(r, normS, recovery);
        }
        return { seed, k2sig };
    }
    const defaultSigOpts = { lowS: CURVE.lowS, prehash: false };
    const defaultVerOpts = { lowS: CURVE.lowS, prehash: false };
    function sign(msgHash, privKey, opts = defaultSigOpts) {
        const { seed, k2sig } = prepSig(msgHash, privKey, opts);
        const C = CURVE;
        const drbg = (0, utils_js_1.createHmacDrbg)(C.hash.outputLen, C.nByteLength, C.hmac);
        return drbg(seed, k2sig);
    }
    Point.BASE._setWindowSize(8);
    function verify(signature, msgHash, publicKey, opts = defaultVerOpts) {
        const sg = signature;
        msgHash = (0, utils_js_1.ensureBytes)('msgHash', msgHash);
        publicKey = (0, utils_js_1.ensureBytes)('publicKey', publicKey);
        const { lowS, prehash, format } = opts;
        validateSigVerOpts(opts);
        if ('strict' in opts)
            throw new Error('options.strict was renamed to lowS');
        if (format !== undefined && format !== 'compact' && format !== 'der')
            throw new Error('format must be compact or der');
        const isHex = typeof sg === 'string' || (0, utils_js_1.isBytes)(sg);
        const isObj = !isHex &&
            !format &&
            typeof sg === 'object' &&
            sg !== null &&
            typeof sg.r === 'bigint' &&
            typeof sg.s === 'bigint';
        if (!isHex && !isObj)
            throw new Error('invalid signature, expected Uint8Array, hex string or Signature instance');
        let _sig = undefined;
        let P;
        try {
            if (isObj)
                _sig = new Signature(sg.r, sg.s);
            if (isHex) {
                try {
                    if (format !== 'compact')
                        _sig = Signature.fromDER(sg);
                }
                catch (derError) {
                    if (!(derError instanceof exports.DER.Err))
                        throw derError;
                }
                if (!_sig && format !== 'der')
                    _sig = Signature.fromCompact(sg);
            }
            P = Point.fromHex(publicKey);
        }
        catch (error) {
            return false;
        }
        if (!_sig)
            return false;
        if (lowS && _sig.hasHighS())
            return false;
        if (prehash)
            msgHash = CURVE.hash(msgHash);
        const { r, s } = _sig;
        const h = bits2int_modN(msgHash);
        const is = invN(s);
        const u1 = modN(h * is);
        const u2 = modN(r * is);
        const R = Point.BASE.multiplyAndAddUnsafe(P, u1, u2)?.toAffine();
        if (!R)
            return false;
        const v = modN(R.x);
        return v === r;
    }
    return {
        CURVE,
        getPublicKey,
        getSharedSecret,
        sign,
        verify,
        ProjectivePoint: Point,
        Signature,
        utils,
    };
}
function SWUFpSqrtRatio(Fp, Z) {
    const q = Fp.ORDER;
    let l = _0n;
    for (let o = q - _1n; o % _2n === _0n; o /= _2n)
        l += _1n;
    const c1 = l;
    const _2n_pow_c1_1 = _2n << (c1 - _1n - _1n);
    const _2n_pow_c1 = _2n_pow_c1_1 * _2n;
    const c2 = (q - _1n) / _2n_pow_c1;
    const c3 = (c2 - _1n) / _2n;
    const c4 = _2n_pow_c1 - _1n;
    const c5 = _2n_pow_c1_1;
    const c6 = Fp.pow(Z, c2);
    const c7 = Fp.pow(Z, (c2 + _1n) / _2n);
    let sqrtRatio = (u, v) => {
        let tv1 = c6;
        let tv2 = Fp.pow(v, c4);
        let tv3 = Fp.sqr(tv2);
        tv3 = Fp.mul(tv3, v);
        let tv5 = Fp.mul(u, tv3);
        tv5 = Fp.pow(tv5, c3);
        tv5 = Fp.mul(tv5, tv2);
        tv2 = Fp.mul(tv5, v);
        tv3 = Fp.mul(tv5, u);
        let tv4 = Fp.mul(tv3, tv2);
        tv5 = Fp.pow(tv4, c5);
        let isQR = Fp.eql(tv5, Fp.ONE);
        tv2 = Fp.mul(tv3, c7);
        tv5 = Fp.mul(tv4, tv1);
        tv3 = Fp.cmov(tv2, tv3, isQR);
        tv4 = Fp.cmov(tv5, tv4, isQR);
        for (let i = c1; i > _1n; i--) {
            let tv5 = i - _2n;
            tv5 = _2n << (tv5 - _1n);
            let tvv5 = Fp.pow(tv4, tv5);
            const e1 = Fp.eql(tvv5, Fp.ONE);
            tv2 = Fp.mul(tv3, tv1);
            tv1 = Fp.mul(tv1, tv1);
            tvv5 = Fp.mul(tv4, tv1);
            tv3 = Fp.cmov(tv2, tv3, e1);
            tv4 = Fp.cmov(tvv5, tv4, e1);
        }
        return { isValid: isQR, value: tv3 };
    };
    if (Fp.ORDER % _4n === _3n) {
        const c1 = (Fp.ORDER - _3n) / _4n;
        const c2 = Fp.sqrt(Fp.neg(Z));
        sqrtRatio = (u, v) => {
            let tv1 = Fp.sqr(v);
            const tv2 = Fp.mul(u, v);
            tv1 = Fp.mul(tv1, tv2);
            let y1 = Fp.pow(tv1, c1);
            y1 = Fp.mul(y1, tv2);
            const y2 = Fp.mul(y1, c2);
            const tv3 = Fp.mul(Fp.sqr(y1), v);
            const isQR = Fp.eql(tv3, u);
            let y = Fp.cmov(y2, y1, isQR);
            return { isValid: isQR, value: y };
        };
    }
    return sqrtRatio;
}
function mapToCurveSimpleSWU(Fp, opts) {
    (0, modular_js_1.validateField)(Fp);
    if (!Fp.isValid(opts.A) || !Fp.isValid(opts.B) || !Fp.isValid(opts.Z))
        throw new Error('mapToCurveSimpleSWU: invalid opts');
    const sqrtRatio = SWUFpSqrtRatio(Fp, opts.Z);
    if (!Fp.isOdd)
        throw new Error('Fp.isOdd is not implemented!');
    return (u) => {
        let tv1, tv2, tv3, tv4, tv5, tv6, x, y;
        tv1 = Fp.sqr(u);
        tv1 = Fp.mul(tv1, opts.Z);
        tv2 = Fp.sqr(tv1);
        tv2 = Fp.add(tv2, tv1);
        tv3 = Fp.add(tv2, Fp.ONE);
        tv3 = Fp.mul(tv3, opts.B);
        tv4 = Fp.cmov(opts.Z, Fp.neg(tv2), !Fp.eql(tv2, Fp.ZERO));
        tv4 = Fp.mul(tv4, opts.A);
        tv2 = Fp.sqr(tv3);
        tv6 = Fp.sqr(tv4);
        tv5 = Fp.mul(tv6, opts.A);
        tv2 = Fp.add(tv2, tv5);
        tv2 = Fp.mul(tv2, tv3);
        tv6 = Fp.mul(tv6, tv4);
        tv5 = Fp.mul(tv6, opts.B);
        tv2 = Fp.add(tv2, tv5);
        x = Fp.mul(tv1, tv3);
        const { isValid, value } = sqrtRatio(tv2, tv6);
        y = Fp.mul(tv1, u);
        y = Fp.mul(y, value);
        x = Fp.cmov(x, tv3, isValid);
        y = Fp.cmov(y, value, isValid);
        const e1 = Fp.isOdd(u) === Fp.isOdd(y);
        y = Fp.cmov(Fp.neg(y), y, e1);
        const tv4_inv = (0, modular_js_1.FpInvertBatch)(Fp, [tv4], true)[0];
        x = Fp.mul(x, tv4_inv);
        return { x, y };
    };
}
  },
  "@noble/curves/esm/abstract/curve.js"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.wNAF = wNAF;
exports.pippenger = pippenger;
exports.precomputeMSMUnsafe = precomputeMSMUnsafe;
exports.validateBasic = validateBasic;
const modular_js_1 = require("@noble/curves/esm/abstract/modular.js");
const utils_js_1 = require("@noble/curves/esm/abstract/utils.js");
const _0n = BigInt(0);
const _1n = BigInt(1);
function constTimeNegate(condition, item) {
    const neg = item.negate();
    return condition ? neg : item;
}
function validateW(W, bits) {
    if (!Number.isSafeInteger(W) || W <= 0 || W > bits)
        throw new Error('invalid window size, expected [1..' + bits + '], got W=' + W);
}
function calcWOpts(W, scalarBits) {
    validateW(W, scalarBits);
    const windows = Math.ceil(scalarBits / W) + 1;
    const windowSize = 2 ** (W - 1);
    const maxNumber = 2 ** W;
    const mask = (0, utils_js_1.bitMask)(W);
    const shiftBy = BigInt(W);
    return { windows, windowSize, mask, maxNumber, shiftBy };
}
function calcOffsets(n, window, wOpts) {
    const { windowSize, mask, maxNumber, shiftBy } = wOpts;
    let wbits = Number(n & mask);
    let nextN = n >> shiftBy;
    if (wbits > windowSize) {
        wbits -= maxNumber;
        nextN += _1n;
    }
    const offsetStart = window * windowSize;
    const offset = offsetStart + Math.abs(wbits) - 1;
    const isZero = wbits === 0;
    const isNeg = wbits < 0;
    const isNegF = window % 2 !== 0;
    const offsetF = offsetStart;
    return { nextN, offset, isZero, isNeg, isNegF, offsetF };
}
function validateMSMPoints(points, c) {
    if (!Array.isArray(points))
        throw new Error('array expected');
    points.forEach((p, i) => {
        if (!(p instanceof c))
            throw new Error('invalid point at index ' + i);
    });
}
function validateMSMScalars(scalars, field) {
    if (!Array.isArray(scalars))
        throw new Error('array of scalars expected');
    scalars.forEach((s, i) => {
        if (!field.isValid(s))
            throw new Error('invalid scalar at index ' + i);
    });
}
const pointPrecomputes = new WeakMap();
const pointWindowSizes = new WeakMap();
function getW(P) {
    return pointWindowSizes.get(P) || 1;
}
function wNAF(c, bits) {
    return {
        constTimeNegate,
        hasPrecomputes(elm) {
            return getW(elm) !== 1;
        },
        unsafeLadder(elm, n, p = c.ZERO) {
            let d = elm;
            while (n > _0n) {
                if (n & _1n)
                    p = p.add(d);
                d = d.double();
                n >>= _1n;
            }
            return p;
        },
        precomputeWindow(elm, W) {
            const { windows, windowSize } = calcWOpts(W, bits);
            const points = [];
            let p = elm;
            let base = p;
            for (let window = 0; window < windows; window++) {
                base = p;
                points.push(base);
                for (let i = 1; i < windowSize; i++) {
                    base = base.add(p);
                    points.push(base);
                }
                p = base.double();
            }
            return points;
        },
        wNAF(W, precomputes, n) {
            let p = c.ZERO;
            let f = c.BASE;
            const wo = calcWOpts(W, bits);
            for (let window = 0; window < wo.windows; window++) {
                const { nextN, offset, isZero, isNeg, isNegF, offsetF } = calcOffsets(n, window, wo);
                n = nextN;
                if (isZero) {
                    f = f.add(constTimeNegate(isNegF, precomputes[offsetF]));
                }
                else {
                    p = p.add(constTimeNegate(isNeg, precomputes[offset]));
                }
            }
            return { p, f };
        },
        wNAFUnsafe(W, precomputes, n, acc = c.ZERO) {
            const wo = calcWOpts(W, bits);
            for (let window = 0; window < wo.windows; window++) {
                if (n === _0n)
                    break;
                const { nextN, offset, isZero, isNeg } = calcOffsets(n, window, wo);
                n = nextN;
                if (isZero) {
                    continue;
                }
                else {
                    const item = precomputes[offset];
                    acc = acc.add(isNeg ? item.negate() : item);
                }
            }
            return acc;
        },
        getPrecomputes(W, P, transform) {
            let comp = pointPrecomputes.get(P);
            if (!comp) {
                comp = this.precomputeWindow(P, W);
                if (W !== 1)
                    pointPrecomputes.set(P, transform(comp));
            }
            return comp;
        },
        wNAFCached(P, n, transform) {
            const W = getW(P);
            return this.wNAF(W, this.getPrecomputes(W, P, transform), n);
        },
        wNAFCachedUnsafe(P, n, transform, prev) {
            const W = getW(P);
            if (W === 1)
                return this.unsafeLadder(P, n, prev);
            return this.wNAFUnsafe(W, this.getPrecomputes(W, P, transform), n, prev);
        },
        setWindowSize(P, W) {
            validateW(W, bits);
            pointWindowSizes.set(P, W);
            pointPrecomputes.delete(P);
        },
    };
}
function pippenger(c, fieldN, points, scalars) {
    validateMSMPoints(points, c);
    validateMSMScalars(scalars, fieldN);
    if (points.length !== scalars.length)
        throw new Error('arrays of points and scalars must have equal length');
    const zero = c.ZERO;
    const wbits = (0, utils_js_1.bitLen)(BigInt(points.length));
    const windowSize = wbits > 12 ? wbits - 3 : wbits > 4 ? wbits - 2 : wbits ? 2 : 1;
    const MASK = (0, utils_js_1.bitMask)(windowSize);
    const buckets = new Array(Number(MASK) + 1).fill(zero);
    const lastBits = Math.floor((fieldN.BITS - 1) / windowSize) * windowSize;
    let sum = zero;
    for (let i = lastBits; i >= 0; i -= windowSize) {
        buckets.fill(zero);
        for (let j = 0; j < scalars.length; j++) {
            const scalar = scalars[j];
            const wbits = Number((scalar >> BigInt(i)) & MASK);
            buckets[wbits] = buckets[wbits].add(points[j]);
        }
        let resI = zero;
        for (let j = buckets.length - 1, sumI = zero; j > 0; j--) {
            sumI = sumI.add(buckets[j]);
            resI = resI.add(sumI);
        }
        sum = sum.add(resI);
        if (i !== 0)
            for (let j = 0; j < windowSize; j++)
                sum = sum.double();
    }
    return sum;
}
function precomputeMSMUnsafe(c, fieldN, points, windowSize) {
    validateW(windowSize, fieldN.BITS);
    validateMSMPoints(points, c);
    const zero = c.ZERO;
    const tableSize = 2 ** windowSize - 1;
    const chunks = Math.ceil(fieldN.BITS / windowSize);
    const MASK = (0, utils_js_1.bitMask)(windowSize);
    const tables = points.map((p) => {
        const res = [];
        for (let i = 0, acc = p; i < tableSize; i++) {
            res.push(acc);
            acc = acc.add(p);
        }
        return res;
    });
    return (scalars) => {
        validateMSMScalars(scalars, fieldN);
        if (scalars.length > points.length)
            throw new Error('array of scalars must be smaller than array of points');
        let res = zero;
        for (let i = 0; i < chunks; i++) {
            if (res !== zero)
                for (let j = 0; j < windowSize; j++)
                    res = res.double();
            const shiftBy = BigInt(chunks * windowSize - (i + 1) * windowSize);
            for (let j = 0; j < scalars.length; j++) {
                const n = scalars[j];
                const curr = Number((n >> shiftBy) & MASK);
                if (!curr)
                    continue;
                res = res.add(tables[j][curr - 1]);
            }
        }
        return res;
    };
}
function validateBasic(curve) {
    (0, modular_js_1.validateField)(curve.Fp);
    (0, utils_js_1.validateObject)(curve, {
        n: 'bigint',
        h: 'bigint',
        Gx: 'field',
        Gy: 'field',
    }, {
        nBitLength: 'isSafeInteger',
        nByteLength: 'isSafeInteger',
    });
    return Object.freeze({
        ...(0, modular_js_1.nLength)(curve.n, curve.nBitLength),
        ...curve,
        ...{ p: curve.Fp.ORDER },
    });
}
  },
  "@noble/curves/esm/abstract/modular.js"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.isNegativeLE = void 0;
exports.mod = mod;
exports.pow = pow;
exports.pow2 = pow2;
exports.invert = invert;
exports.tonelliShanks = tonelliShanks;
exports.FpSqrt = FpSqrt;
exports.validateField = validateField;
exports.FpPow = FpPow;
exports.FpInvertBatch = FpInvertBatch;
exports.FpDiv = FpDiv;
exports.FpLegendre = FpLegendre;
exports.FpIsSquare = FpIsSquare;
exports.nLength = nLength;
exports.Field = Field;
exports.FpSqrtOdd = FpSqrtOdd;
exports.FpSqrtEven = FpSqrtEven;
exports.hashToPrivateScalar = hashToPrivateScalar;
exports.getFieldBytesLength = getFieldBytesLength;
exports.getMinHashLength = getMinHashLength;
exports.mapHashToField = mapHashToField;
const utils_1 = require("@noble/hashes/esm/utils.js");
const utils_js_1 = require("@noble/curves/esm/abstract/utils.js");
const _0n = BigInt(0), _1n = BigInt(1), _2n = BigInt(2), _3n = BigInt(3);
const _4n = BigInt(4), _5n = BigInt(5), _8n = BigInt(8);
const _9n = BigInt(9), _16n = BigInt(16);
function mod(a, b) {
    const result = a % b;
    return result >= _0n ? result : b + result;
}
function pow(num, power, modulo) {
    if (power < _0n)
        throw new Error('invalid exponent, negatives unsupported');
    if (modulo <= _0n)
        throw new Error('invalid modulus');
    if (modulo === _1n)
        return _0n;
    let res = _1n;
    while (power > _0n) {
        if (power & _1n)
            res = (res * num) % modulo;
        num = (num * num) % modulo;
        power >>= _1n;
    }
    return res;
}
function pow2(x, power, modulo) {
    let res = x;
    while (power-- > _0n) {
        res *= res;
        res %= modulo;
    }
    return res;
}
function invert(number, modulo) {
    if (number === _0n)
        throw new Error('invert: expected non-zero number');
    if (modulo <= _0n)
        throw new Error('invert: expected positive modulus, got ' + modulo);
    let a = mod(number, modulo);
    let b = modulo;
    let x = _0n, y = _1n, u = _1n, v = _0n;
    while (a !== _0n) {
        const q = b / a;
        const r = b % a;
        const m = x - u * q;
        const n = y - v * q;
        b = a, a = r, x = u, y = v, u = m, v = n;
    }
    const gcd = b;
    if (gcd !== _1n)
        throw new Error('invert: does not exist');
    return mod(x, modulo);
}
function tonelliShanks(P) {
    let Q = P - _1n;
    let S = 0;
    while (Q % _2n === _0n) {
        Q /= _2n;
        S++;
    }
    let Z = _2n;
    const _Fp = Field(P);
    while (Z < P && FpIsSquare(_Fp, Z)) {
        if (Z++ > 1000)
            throw new Error('Cannot find square root: probably non-prime P');
    }
    if (S === 1) {
        const p1div4 = (P + _1n) / _4n;
        return function tonelliFast(Fp, n) {
            const root = Fp.pow(n, p1div4);
            if (!Fp.eql(Fp.sqr(root), n))
                throw new Error('Cannot find square root');
            return root;
        };
    }
    const Q1div2 = (Q + _1n) / _2n;
    return function tonelliSlow(Fp, n) {
        if (!FpIsSquare(Fp, n))
            throw new Error('Cannot find square root');
        let r = S;
        let g = Fp.pow(Fp.mul(Fp.ONE, Z), Q);
        let x = Fp.pow(n, Q1div2);
        let b = Fp.pow(n, Q);
        while (!Fp.eql(b, Fp.ONE)) {
            if (Fp.eql(b, Fp.ZERO))
                return Fp.ZERO;
            let m = 1;
            for (let t2 = Fp.sqr(b); m < r; m++) {
                if (Fp.eql(t2, Fp.ONE))
                    break;
                t2 = Fp.sqr(t2);
            }
            const ge = Fp.pow(g, _1n << BigInt(r - m - 1));
            g = Fp.sqr(ge);
            x = Fp.mul(x, ge);
            b = Fp.mul(b, g);
            r = m;
        }
        return x;
    };
}
function FpSqrt(P) {
    if (P % _4n === _3n) {
        return function sqrt3mod4(Fp, n) {
            const p1div4 = (P + _1n) / _4n;
            const root = Fp.pow(n, p1div4);
            if (!Fp.eql(Fp.sqr(root), n))
                throw new Error('Cannot find square root');
            return root;
        };
    }
    if (P % _8n === _5n) {
        return function sqrt5mod8(Fp, n) {
            const n2 = Fp.mul(n, _2n);
            const c1 = (P - _5n) / _8n;
            const v = Fp.pow(n2, c1);
            const nv = Fp.mul(n, v);
            const i = Fp.mul(Fp.mul(nv, _2n), v);
            const root = Fp.mul(nv, Fp.sub(i, Fp.ONE));
            if (!Fp.eql(Fp.sqr(root), n))
                throw new Error('Cannot find square root');
            return root;
        };
    }
    if (P % _16n === _9n) {
    }
    return tonelliShanks(P);
}
const isNegativeLE = (num, modulo) => (mod(num, modulo) & _1n) === _1n;
exports.isNegativeLE = isNegativeLE;
const FIELD_FIELDS = [
    'create', 'isValid', 'is0', 'neg', 'inv', 'sqrt', 'sqr',
    'eql', 'add', 'sub', 'mul', 'pow', 'div',
    'addN', 'subN', 'mulN', 'sqrN'
];
function validateField(field) {
    const initial = {
        ORDER: 'bigint',
        MASK: 'bigint',
        BYTES: 'isSafeInteger',
        BITS: 'isSafeInteger',
    };
    const opts = FIELD_FIELDS.reduce((map, val) => {
        map[val] = 'function';
        return map;
    }, initial);
    return (0, utils_js_1.validateObject)(field, opts);
}
function FpPow(Fp, num, power) {
    if (power < _0n)
        throw new Error('invalid exponent, negatives unsupported');
    if (power === _0n)
        return Fp.ONE;
    if (power === _1n)
        return num;
    let p = Fp.ONE;
    let d = num;
    while (power > _0n) {
        if (power & _1n)
            p = Fp.mul(p, d);
        d = Fp.sqr(d);
        power >>= _1n;
    }
    return p;
}
function FpInvertBatch(Fp, nums, passZero = false) {
    const inverted = new Array(nums.length).fill(passZero ? Fp.ZERO : undefined);
    const multipliedAcc = nums.reduce((acc, num, i) => {
        if (Fp.is0(num))
            return acc;
        inverted[i] = acc;
        return Fp.mul(acc, num);
    }, Fp.ONE);
    const invertedAcc = Fp.inv(multipliedAcc);
    nums.reduceRight((acc, num, i) => {
        if (Fp.is0(num))
            return acc;
        inverted[i] = Fp.mul(acc, inverted[i]);
        return Fp.mul(acc, num);
    }, invertedAcc);
    return inverted;
}
function FpDiv(Fp, lhs, rhs) {
    return Fp.mul(lhs, typeof rhs === 'bigint' ? invert(rhs, Fp.ORDER) : Fp.inv(rhs));
}
function FpLegendre(Fp, n) {
    const legc = (Fp.ORDER - _1n) / _2n;
    const powered = Fp.pow(n, legc);
    const yes = Fp.eql(powered, Fp.ONE);
    const zero = Fp.eql(powered, Fp.ZERO);
    const no = Fp.eql(powered, Fp.neg(Fp.ONE));
    if (!yes && !zero && !no)
        throw new Error('Cannot find square root: probably non-prime P');
    return yes ? 1 : zero ? 0 : -1;
}
function FpIsSquare(Fp, n) {
    const l = FpLegendre(Fp, n);
    return l === 0 || l === 1;
}
function nLength(n, nBitLength) {
    if (nBitLength !== undefined)
        (0, utils_1.anumber)(nBitLength);
    const _nBitLength = nBitLength !== undefined ? nBitLength : n.toString(2).length;
    const nByteLength = Math.ceil(_nBitLength / 8);
    return { nBitLength: _nBitLength, nByteLength };
}
function Field(ORDER, bitLen, isLE = false, redef = {}) {
    if (ORDER <= _0n)
        throw new Error('invalid field: expected ORDER > 0, got ' + ORDER);
    const { nBitLength: BITS, nByteLength: BYTES } = nLength(ORDER, bitLen);
    if (BYTES > 2048)
        throw new Error('invalid field: expected ORDER of <= 2048 bytes');
    let sqrtP;
    const f = Object.freeze({
        ORDER,
        isLE,
        BITS,
        BYTES,
        MASK: (0, utils_js_1.bitMask)(BITS),
        ZERO: _0n,
        ONE: _1n,
        create: (num) => mod(num, ORDER),
        isValid: (num) => {
            if (typeof num !== 'bigint')
                throw new Error('invalid field element: expected bigint, got ' + typeof num);
            return _0n <= num && num < ORDER;
        },
        is0: (num) => num === _0n,
        isOdd: (num) => (num & _1n) === _1n,
        neg: (num) => mod(-num, ORDER),
        eql: (lhs, rhs) => lhs === rhs,
        sqr: (num) => mod(num * num, ORDER),
        add: (lhs, rhs) => mod(lhs + rhs, ORDER),
        sub: (lhs, rhs) => mod(lhs - rhs, ORDER),
        mul: (lhs, rhs) => mod(lhs * rhs, ORDER),
        pow: (num, power) => FpPow(f, num, power),
        div: (lhs, rhs) => mod(lhs * invert(rhs, ORDER), ORDER),
        sqrN: (num) => num * num,
        addN: (lhs, rhs) => lhs + rhs,
        subN: (lhs, rhs) => lhs - rhs,
        mulN: (lhs, rhs) => lhs * rhs,
        inv: (num) => invert(num, ORDER),
        sqrt: redef.sqrt ||
            ((n) => {
                if (!sqrtP)
                    sqrtP = FpSqrt(ORDER);
                return sqrtP(f, n);
            }),
        toBytes: (num) => (isLE ? (0, utils_js_1.numberToBytesLE)(num, BYTES) : (0, utils_js_1.numberToBytesBE)(num, BYTES)),
        fromBytes: (bytes) => {
            if (bytes.length !== BYTES)
                throw new Error('Field.fromBytes: expected ' + BYTES + ' bytes, got ' + bytes.length);
            return isLE ? (0, utils_js_1.bytesToNumberLE)(bytes) : (0, utils_js_1.bytesToNumberBE)(bytes);
        },
        invertBatch: (lst) => FpInvertBatch(f, lst),
        cmov: (a, b, c) => (c ? b : a),
    });
    return Object.freeze(f);
}
function FpSqrtOdd(Fp, elm) {
    if (!Fp.isOdd)
        throw new Error("Field doesn't have isOdd");
    const root = Fp.sqrt(elm);
    return Fp.isOdd(root) ? root : Fp.neg(root);
}
function FpSqrtEven(Fp, elm) {
    if (!Fp.isOdd)
        throw new Error("Field doesn't have isOdd");
    const root = Fp.sqrt(elm);
    return Fp.isOdd(root) ? Fp.neg(root) : root;
}
function hashToPrivateScalar(hash, groupOrder, isLE = false) {
    hash = (0, utils_js_1.ensureBytes)('privateHash', hash);
    const hashLen = hash.length;
    const minLen = nLength(groupOrder).nByteLength + 8;
    if (minLen < 24 || hashLen < minLen || hashLen > 1024)
        throw new Error('hashToPrivateScalar: expected ' + minLen + '-1024 bytes of input, got ' + hashLen);
    const num = isLE ? (0, utils_js_1.bytesToNumberLE)(hash) : (0, utils_js_1.bytesToNumberBE)(hash);
    return mod(num, groupOrder - _1n) + _1n;
}
function getFieldBytesLength(fieldOrder) {
    if (typeof fieldOrder !== 'bigint')
        throw new Error('field order must be bigint');
    const bitLength = fieldOrder.toString(2).length;
    return Math.ceil(bitLength / 8);
}
function getMinHashLength(fieldOrder) {
    const length = getFieldBytesLength(fieldOrder);
    return length + Math.ceil(length / 2);
}
function mapHashToField(key, fieldOrder, isLE = false) {
    const len = key.length;
    const fieldLen = getFieldBytesLength(fieldOrder);
    const minLen = getMinHashLength(fieldOrder);
    if (len < 16 || len < minLen || len > 1024)
        throw new Error('expected ' + minLen + '-1024 bytes of input, got ' + len);
    const num = isLE ? (0, utils_js_1.bytesToNumberLE)(key) : (0, utils_js_1.bytesToNumberBE)(key);
    const reduced = mod(num, fieldOrder - _1n) + _1n;
    return isLE ? (0, utils_js_1.numberToBytesLE)(reduced, fieldLen) : (0, utils_js_1.numberToBytesBE)(reduced, fieldLen);
}
  },
  "@noble/curves/esm/abstract/utils.js"(exports, require) {
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
Object.defineProperty(exports, "__esModule", { value: true });
exports.notImplemented = exports.bitMask = void 0;
exports.isBytes = isBytes;
exports.abytes = abytes;
exports.abool = abool;
exports.numberToHexUnpadded = numberToHexUnpadded;
exports.hexToNumber = hexToNumber;
exports.bytesToHex = bytesToHex;
exports.hexToBytes = hexToBytes;
exports.bytesToNumberBE = bytesToNumberBE;
exports.bytesToNumberLE = bytesToNumberLE;
exports.numberToBytesBE = numberToBytesBE;
exports.numberToBytesLE = numberToBytesLE;
exports.numberToVarBytesBE = numberToVarBytesBE;
exports.ensureBytes = ensureBytes;
exports.concatBytes = concatBytes;
exports.equalBytes = equalBytes;
exports.utf8ToBytes = utf8ToBytes;
exports.inRange = inRange;
exports.aInRange = aInRange;
exports.bitLen = bitLen;
exports.bitGet = bitGet;
exports.bitSet = bitSet;
exports.createHmacDrbg = createHmacDrbg;
exports.validateObject = validateObject;
exports.memoized = memoized;
const _0n = BigInt(0);
const _1n = BigInt(1);
function isBytes(a) {
    return a instanceof Uint8Array || (ArrayBuffer.isView(a) && a.constructor.name === 'Uint8Array');
}
function abytes(item) {
    if (!isBytes(item))
        throw new Error('Uint8Array expected');
}
function abool(title, value) {
    if (typeof value !== 'boolean')
        throw new Error(title + ' boolean expected, got ' + value);
}
function numberToHexUnpadded(num) {
    const hex = num.toString(16);
    return hex.length & 1 ? '0' + hex : hex;
}
function hexToNumber(hex) {
    if (typeof hex !== 'string')
        throw new Error('hex string expected, got ' + typeof hex);
    return hex === '' ? _0n : BigInt('0x' + hex);
}
const hasHexBuiltin = typeof Uint8Array.from([]).toHex === 'function' && typeof Uint8Array.fromHex === 'function';
const hexes = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
function bytesToHex(bytes) {
    abytes(bytes);
    if (hasHexBuiltin)
        return bytes.toHex();
    let hex = '';
    for (let i = 0; i < bytes.length; i++) {
        hex += hexes[bytes[i]];
    }
    return hex;
}
const asciis = { _0: 48, _9: 57, A: 65, F: 70, a: 97, f: 102 };
function asciiToBase16(ch) {
    if (ch >= asciis._0 && ch <= asciis._9)
        return ch - asciis._0;
    if (ch >= asciis.A && ch <= asciis.F)
        return ch - (asciis.A - 10);
    if (ch >= asciis.a && ch <= asciis.f)
        return ch - (asciis.a - 10);
    return;
}
function hexToBytes(hex) {
    if (typeof hex !== 'string')
        throw new Error('hex string expected, got ' + typeof hex);
    if (hasHexBuiltin)
        return Uint8Array.fromHex(hex);
    const hl = hex.length;
    const al = hl / 2;
    if (hl % 2)
        throw new Error('hex string expected, got unpadded hex of length ' + hl);
    const array = new Uint8Array(al);
    for (let ai = 0, hi = 0; ai < al; ai++, hi += 2) {
        const n1 = asciiToBase16(hex.charCodeAt(hi));
        const n2 = asciiToBase16(hex.charCodeAt(hi + 1));
        if (n1 === undefined || n2 === undefined) {
            const char = hex[hi] + hex[hi + 1];
            throw new Error('hex string expected, got non-hex character "' + char + '" at index ' + hi);
        }
        array[ai] = n1 * 16 + n2;
    }
    return array;
}
function bytesToNumberBE(bytes) {
    return hexToNumber(bytesToHex(bytes));
}
function bytesToNumberLE(bytes) {
    abytes(bytes);
    return hexToNumber(bytesToHex(Uint8Array.from(bytes).reverse()));
}
function numberToBytesBE(n, len) {
    return hexToBytes(n.toString(16).padStart(len * 2, '0'));
}
function numberToBytesLE(n, len) {
    return numberToBytesBE(n, len).reverse();
}
function numberToVarBytesBE(n) {
    return hexToBytes(numberToHexUnpadded(n));
}
function ensureBytes(title, hex, expectedLength) {
    let res;
    if (typeof hex === 'string') {
        try {
            res = hexToBytes(hex);
        }
        catch (e) {
            throw new Error(title + ' must be hex string or Uint8Array, cause: ' + e);
        }
    }
    else if (isBytes(hex)) {
        res = Uint8Array.from(hex);
    }
    else {
        throw new Error(title + ' must be hex string or Uint8Array');
    }
    const len = res.length;
    if (typeof expectedLength === 'number' && len !== expectedLength)
        throw new Error(title + ' of length ' + expectedLength + ' expected, got ' + len);
    return res;
}
function concatBytes(...arrays) {
    let sum = 0;
    for (let i = 0; i < arrays.length; i++) {
        const a = arrays[i];
        abytes(a);
        sum += a.length;
    }
    const res = new Uint8Array(sum);
    for (let i = 0, pad = 0; i < arrays.length; i++) {
        const a = arrays[i];
        res.set(a, pad);
        pad += a.length;
    }
    return res;
}
function equalBytes(a, b) {
    if (a.length !== b.length)
        return false;
    let diff = 0;
    for (let i = 0; i < a.length; i++)
        diff |= a[i] ^ b[i];
    return diff === 0;
}
function utf8ToBytes(str) {
    if (typeof str !== 'string')
        throw new Error('string expected');
    return new Uint8Array(new TextEncoder().encode(str));
}
const isPosBig = (n) => typeof n === 'bigint' && _0n <= n;
function inRange(n, min, max) {
    return isPosBig(n) && isPosBig(min) && isPosBig(max) && min <= n && n < max;
}
function aInRange(title, n, min, max) {
    if (!inRange(n, min, max))
        throw new Error('expected valid ' + title + ': ' + min + ' <= n < ' + max + ', got ' + n);
}
function bitLen(n) {
    let len;
    for (len = 0; n > _0n; n >>= _1n, len += 1)
        ;
    return len;
}
function bitGet(n, pos) {
    return (n >> BigInt(pos)) & _1n;
}
function bitSet(n, pos, value) {
    return n | ((value ? _1n : _0n) << BigInt(pos));
}
const bitMask = (n) => (_1n << BigInt(n)) - _1n;
exports.bitMask = bitMask;
const u8n = (len) => new Uint8Array(len);
const u8fr = (arr) => Uint8Array.from(arr);
function createHmacDrbg(hashLen, qByteLen, hmacFn) {
    if (typeof hashLen !== 'number' || hashLen < 2)
        throw new Error('hashLen must be a number');
    if (typeof qByteLen !== 'number' || qByteLen < 2)
        throw new Error('qByteLen must be a number');
    if (typeof hmacFn !== 'function')
        throw new Error('hmacFn must be a function');
    let v = u8n(hashLen);
    let k = u8n(hashLen);
    let i = 0;
    const reset = () => {
        v.fill(1);
        k.fill(0);
        i = 0;
    };
    const h = (...b) => hmacFn(k, v, ...b);
    const reseed = (seed = u8n(0)) => {
        k = h(u8fr([0x00]), seed);
        v = h();
        if (seed.length === 0)
            return;
        k = h(u8fr([0x01]), seed);
        v = h();
    };
    const gen = () => {
        if (i++ >= 1000)
            throw new Error('drbg: tried 1000 values');
        let len = 0;
        const out = [];
        while (len < qByteLen) {
            v = h();
            const sl = v.slice();
            out.push(sl);
            len += v.length;
        }
        return concatBytes(...out);
    };
    const genUntil = (seed, pred) => {
        reset();
        reseed(seed);
        let res = undefined;
        while (!(res = pred(gen())))
            reseed();
        reset();
        return res;
    };
    return genUntil;
}
const validatorFns = {
    bigint: (val) => typeof val === 'bigint',
    function: (val) => typeof val === 'function',
    boolean: (val) => typeof val === 'boolean',
    string: (val) => typeof val === 'string',
    stringOrUint8Array: (val) => typeof val === 'string' || isBytes(val),
    isSafeInteger: (val) => Number.isSafeInteger(val),
    array: (val) => Array.isArray(val),
    field: (val, object) => object.Fp.isValid(val),
    hash: (val) => typeof val === 'function' && Number.isSafeInteger(val.outputLen),
};
function validateObject(object, validators, optValidators = {}) {
    const checkField = (fieldName, type, isOptional) => {
        const checkVal = validatorFns[type];
        if (typeof checkVal !== 'function')
            throw new Error('invalid validator function');
        const val = object[fieldName];
        if (isOptional && val === undefined)
            return;
        if (!checkVal(val, object)) {
            throw new Error('param ' + String(fieldName) + ' is invalid. Expected ' + type + ', got ' + val);
        }
    };
    for (const [fieldName, type] of Object.entries(validators))
        checkField(fieldName, type, false);
    for (const [fieldName, type] of Object.entries(optValidators))
        checkField(fieldName, type, true);
    return object;
}
const notImplemented = () => {
    throw new Error('not implemented');
};
exports.notImplemented = notImplemented;
function memoized(fn) {
    const map = new WeakMap();
    return (arg, ...args) => {
        const val = map.get(arg);
        if (val !== undefined)
            return val;
        const computed = fn(arg, ...args);
        map.set(arg, computed);
        return computed;
    };
}
  },
  "@noble/curves/esm/abstract/hash-to-curve.js"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.expand_message_xmd = expand_message_xmd;
exports.expand_message_xof = expand_message_xof;
exports.hash_to_field = hash_to_field;
exports.isogenyMap = isogenyMap;
exports.createHasher = createHasher;
const modular_js_1 = require("@noble/curves/esm/abstract/modular.js");
const utils_js_1 = require("@noble/curves/esm/abstract/utils.js");
const os2ip = utils_js_1.bytesToNumberBE;
function i2osp(value, length) {
    anum(value);
    anum(length);
    if (value < 0 || value >= 1 << (8 * length))
        throw new Error('invalid I2OSP input: ' + value);
    const res = Array.from({ length }).fill(0);
    for (let i = length - 1; i >= 0; i--) {
        res[i] = value & 0xff;
        value >>>= 8;
    }
    return new Uint8Array(res);
}
function strxor(a, b) {
    const arr = new Uint8Array(a.length);
    for (let i = 0; i < a.length; i++) {
        arr[i] = a[i] ^ b[i];
    }
    return arr;
}
function anum(item) {
    if (!Number.isSafeInteger(item))
        throw new Error('number expected');
}
function expand_message_xmd(msg, DST, lenInBytes, H) {
    (0, utils_js_1.abytes)(msg);
    (0, utils_js_1.abytes)(DST);
    anum(lenInBytes);
    if (DST.length > 255)
        DST = H((0, utils_js_1.concatBytes)((0, utils_js_1.utf8ToBytes)('H2C-OVERSIZE-DST-'), DST));
    const { outputLen: b_in_bytes, blockLen: r_in_bytes } = H;
    const ell = Math.ceil(lenInBytes / b_in_bytes);
    if (lenInBytes > 65535 || ell > 255)
        throw new Error('expand_message_xmd: invalid lenInBytes');
    const DST_prime = (0, utils_js_1.concatBytes)(DST, i2osp(DST.length, 1));
    const Z_pad = i2osp(0, r_in_bytes);
    const l_i_b_str = i2osp(lenInBytes, 2);
    const b = new Array(ell);
    const b_0 = H((0, utils_js_1.concatBytes)(Z_pad, msg, l_i_b_str, i2osp(0, 1), DST_prime));
    b[0] = H((0, utils_js_1.concatBytes)(b_0, i2osp(1, 1), DST_prime));
    for (let i = 1; i <= ell; i++) {
        const args = [strxor(b_0, b[i - 1]), i2osp(i + 1, 1), DST_prime];
        b[i] = H((0, utils_js_1.concatBytes)(...args));
    }
    const pseudo_random_bytes = (0, utils_js_1.concatBytes)(...b);
    return pseudo_random_bytes.slice(0, lenInBytes);
}
function expand_message_xof(msg, DST, lenInBytes, k, H) {
    (0, utils_js_1.abytes)(msg);
    (0, utils_js_1.abytes)(DST);
    anum(lenInBytes);
    if (DST.length > 255) {
        const dkLen = Math.ceil((2 * k) / 8);
        DST = H.create({ dkLen }).update((0, utils_js_1.utf8ToBytes)('H2C-OVERSIZE-DST-')).update(DST).digest();
    }
    if (lenInBytes > 65535 || DST.length > 255)
        throw new Error('expand_message_xof: invalid lenInBytes');
    return (H.create({ dkLen: lenInBytes })
        .update(msg)
        .update(i2osp(lenInBytes, 2))
        .update(DST)
        .update(i2osp(DST.length, 1))
        .digest());
}
function hash_to_field(msg, count, options) {
    (0, utils_js_1.validateObject)(options, {
        DST: 'stringOrUint8Array',
        p: 'bigint',
        m: 'isSafeInteger',
        k: 'isSafeInteger',
        hash: 'hash',
    });
    const { p, k, m, hash, expand, DST: _DST } = options;
    (0, utils_js_1.abytes)(msg);
    anum(count);
    const DST = typeof _DST === 'string' ? (0, utils_js_1.utf8ToBytes)(_DST) : _DST;
    const log2p = p.toString(2).length;
    const L = Math.ceil((log2p + k) / 8);
    const len_in_bytes = count * m * L;
    let prb;
    if (expand === 'xmd') {
        prb = expand_message_xmd(msg, DST, len_in_bytes, hash);
    }
    else if (expand === 'xof') {
        prb = expand_message_xof(msg, DST, len_in_bytes, k, hash);
    }
    else if (expand === '_internal_pass') {
        prb = msg;
    }
    else {
        throw new Error('expand must be "xmd" or "xof"');
    }
    const u = new Array(count);
    for (let i = 0; i < count; i++) {
        const e = new Array(m);
        for (let j = 0; j < m; j++) {
            const elm_offset = L * (j + i * m);
            const tv = prb.subarray(elm_offset, elm_offset + L);
            e[j] = (0, modular_js_1.mod)(os2ip(tv), p);
        }
        u[i] = e;
    }
    return u;
}
function isogenyMap(field, map) {
    const coeff = map.map((i) => Array.from(i).reverse());
    return (x, y) => {
        const [xn, xd, yn, yd] = coeff.map((val) => val.reduce((acc, i) => field.add(field.mul(acc, x), i)));
        const [xd_inv, yd_inv] = (0, modular_js_1.FpInvertBatch)(field, [xd, yd], true);
        x = field.mul(xn, xd_inv);
        y = field.mul(y, field.mul(yn, yd_inv));
        return { x, y };
    };
}
function createHasher(Point, mapToCurve, defaults) {
    if (typeof mapToCurve !== 'function')
        throw new Error('mapToCurve() must be defined');
    function map(num) {
        return Point.fromAffine(mapToCurve(num));
    }
    function clear(initial) {
        const P = initial.clearCofactor();
        if (P.equals(Point.ZERO))
            return Point.ZERO;
        P.assertValidity();
        return P;
    }
    return {
        defaults,
        hashToCurve(msg, options) {
            const u = hash_to_field(msg, 2, { ...defaults, DST: defaults.DST, ...options });
            const u0 = map(u[0]);
            const u1 = map(u[1]);
            return clear(u0.add(u1));
        },
        encodeToCurve(msg, options) {
            const u = hash_to_field(msg, 1, { ...defaults, DST: defaults.encodeDST, ...options });
            return clear(map(u[0]));
        },
        mapToCurve(scalars) {
            if (!Array.isArray(scalars))
                throw new Error('expected array of bigints');
            for (const i of scalars)
                if (typeof i !== 'bigint')
                    throw new Error('expected array of bigints');
            return clear(map(scalars));
        },
    };
}
  },
  "file.ts"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.LARGEST = exports.FORMAT = void 0;
exports.unpack = unpack;
const bytes_js_1 = require("bytes.ts");
const inflate_js_1 = require("inflate.ts");
const json_js_1 = require("json.ts");
const model_js_1 = require("model.ts");
const refused_js_1 = require("refused.ts");
exports.FORMAT = "keifu-bundle/2";
exports.LARGEST = 256 << 20;
const MOST_PARTS = 1 << 23;
const MAX_URI_BYTES = 128;
const MAX_NAME_BYTES = 32;
const MAX_LINKS = 16;
const ADDRESS = /^0x[0-9a-f]{40}$/;
const DIGEST = /^[0-9a-f]{64}$/;
const HEX = /^[0-9a-f]*$/;
const SIGNATURE = /^[0-9a-f]{128}1[bc]$/;
function unpack(data) {
    return (0, refused_js_1.stage)("file", () => {
        const reader = new json_js_1.Canonical(text(bounded((0, inflate_js_1.gunzip)(data, exports.LARGEST))));
        const parts = document(reader);
        reader.end();
        return parts;
    });
}
function bounded(data) {
    let parts = 0;
    for (const byte of data)
        if (byte === 0x2c || byte === 0x5b || byte === 0x7b)
            parts++;
    if (parts > MOST_PARTS)
        throw new refused_js_1.Wrong(`more than ${MOST_PARTS} parts`);
    return data;
}
function text(data) {
    try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
    }
    catch {
        throw new refused_js_1.Wrong("not UTF-8");
    }
}
function document(json) {
    const digest = () => json.matching(DIGEST, "a word");
    const address = () => json.matching(ADDRESS, "an address");
    const orEmpty = (pattern) => () => json.matching(new RegExp(`^$|${pattern.source}`), "a word");
    json.literal('{"chain":');
    const chain = json.number();
    json.literal(',"documents":');
    const documents = json.list(() => json.string());
    json.literal(',"environment":');
    const environment = orEmpty(DIGEST)();
    json.literal(',"environments":');
    const environments = orEmpty(ADDRESS)();
    json.literal(`,"format":"${exports.FORMAT}","header":`);
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
    if (said && !replaced.length)
        throw new refused_js_1.Wrong("an empty list of accounts that were replaced");
    json.literal(',"root":');
    const root = digest();
    json.literal("}");
    return {
        chain, registry, environments, header, nodes, root, environment, records, documents, heartbeats, labels, replaced,
    };
}
function bytes(json, what) {
    const found = json.matching(HEX, what);
    if (found.length % 2)
        throw new refused_js_1.Wrong(`${what} is malformed`);
    return found;
}
function record(json) {
    json.literal('{"author":');
    const author = json.matching(ADDRESS, "an author");
    json.literal(',"contentRoot":');
    const contentRoot = json.matching(DIGEST, "a content root");
    json.literal(',"digest":');
    const digest = json.matching(DIGEST, "a digest");
    if (digest === model_js_1.ZERO)
        throw new refused_js_1.Wrong("the digest is empty");
    json.literal(',"kind":');
    const kind = one(model_js_1.KINDS, json.string(), "kind of record");
    json.literal(',"licence":');
    const licence = short(json.string(), MAX_NAME_BYTES, "licence");
    json.literal(',"links":');
    const links = json.list(() => link(json));
    if (links.length > MAX_LINKS)
        throw new refused_js_1.Wrong(`${links.length} links, at most ${MAX_LINKS} fit`);
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
function link(json) {
    json.literal('{"parent":');
    const parent = json.matching(DIGEST, "a parent");
    json.literal(',"relation":');
    const relation = one(model_js_1.RELATIONS, json.string(), "relation");
    json.literal("}");
    return { relation, parent };
}
function heartbeat(json) {
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
function label(json) {
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
function one(known, found, what) {
    const index = known.indexOf(found);
    if (index < 0)
        throw new refused_js_1.Wrong(`unknown ${what} ${found}`);
    return known[index];
}
function short(found, limit, what) {
    if ((0, bytes_js_1.utf8)(found).length > limit)
        throw new refused_js_1.Wrong(`${what} takes more than ${limit} bytes`);
    return found;
}
  },
  "inflate.ts"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.gunzip = gunzip;
const refused_js_1 = require("refused.ts");
const HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
const TRAILER = 8;
const LONGEST_CODE = 15;
const LITERALS = 288;
const DISTANCES = 30;
const END = 256;
const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193,
    12289, 16385, 24577,
];
const DISTANCE_BITS = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
function code(lengths, mayBeIncomplete) {
    const counts = new Uint16Array(LONGEST_CODE + 1);
    for (let symbol = 0; symbol < lengths.length; symbol++)
        counts[lengths[symbol]]++;
    let left = 1;
    for (let length = 1; length <= LONGEST_CODE; length++) {
        left = (left << 1) - counts[length];
        if (left < 0)
            throw new refused_js_1.Wrong("a code with too many symbols");
    }
    const used = lengths.length - counts[0];
    if (left > 0 && !(mayBeIncomplete && (used === 0 || (used === 1 && counts[1] === 1)))) {
        throw new refused_js_1.Wrong("a code with too few symbols");
    }
    const starts = new Uint16Array(LONGEST_CODE + 2);
    for (let length = 1; length <= LONGEST_CODE; length++)
        starts[length + 1] = starts[length] + counts[length];
    const symbols = new Uint16Array(lengths.length);
    for (let symbol = 0; symbol < lengths.length; symbol++) {
        const length = lengths[symbol];
        if (length)
            symbols[starts[length]++] = symbol;
    }
    counts[0] = 0;
    return { counts, symbols };
}
const FIXED_LITERALS = code(Array.from({ length: LITERALS }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)), false);
const FIXED_DISTANCES = code(new Array(32).fill(5), false);
class Inflater {
    data;
    largest;
    at = 0;
    bits = 0;
    held = 0;
    out = new Uint8Array(1 << 16);
    size = 0;
    constructor(data, largest) {
        this.data = data;
        this.largest = largest;
    }
    run() {
        let last = false;
        while (!last) {
            last = this.take(1) === 1;
            const kind = this.take(2);
            if (kind === 0)
                this.stored();
            else if (kind === 1)
                this.block(FIXED_LITERALS, FIXED_DISTANCES);
            else if (kind === 2)
                this.dynamic();
            else
                throw new refused_js_1.Wrong("a block of no known kind");
        }
        return [this.out.subarray(0, this.size), this.at];
    }
    take(count) {
        while (this.held < count) {
            if (this.at >= this.data.length)
                throw new refused_js_1.Wrong("cut off");
            this.bits |= this.data[this.at++] << this.held;
            this.held += 8;
        }
        const found = this.bits & ((1 << count) - 1);
        this.bits >>>= count;
        this.held -= count;
        return found;
    }
    symbol({ counts, symbols }) {
        let value = 0;
        let first = 0;
        let index = 0;
        for (let length = 1; length <= LONGEST_CODE; length++) {
            value |= this.take(1);
            const count = counts[length];
            if (value - count < first)
                return symbols[index + value - first];
            index += count;
            first = (first + count) << 1;
            value <<= 1;
        }
        throw new refused_js_1.Wrong("bits that are no code");
    }
    room(more) {
        if (this.size + more > this.largest)
            throw new refused_js_1.Wrong(`more than ${this.largest} bytes`);
        if (this.size + more <= this.out.length)
            return;
        const grown = new Uint8Array(Math.min(this.largest, Math.max(2 * this.out.length, this.size + more)));
        grown.set(this.out.subarray(0, this.size));
        this.out = grown;
    }
    stored() {
        this.bits = this.held = 0;
        if (this.at + 4 > this.data.length)
            throw new refused_js_1.Wrong("cut off");
        const [a, b, c, d] = this.data.subarray(this.at, this.at + 4);
        const length = a | (b << 8);
        if (length !== (~(c | (d << 8)) & 0xffff))
            throw new refused_js_1.Wrong("a stored block whose length is garbled");
        this.at += 4;
        if (this.at + length > this.data.length)
            throw new refused_js_1.Wrong("cut off");
        this.room(length);
        this.out.set(this.data.subarray(this.at, this.at + length), this.size);
        this.at += length;
        this.size += length;
    }
    dynamic() {
        const literals = this.take(5) + 257;
        const distances = this.take(5) + 1;
        const described = this.take(4) + 4;
        if (literals > 286 || distances > DISTANCES)
            throw new refused_js_1.Wrong("too many codes");
        const lengths = new Uint8Array(CODE_ORDER.length);
        for (let index = 0; index < described; index++)
            lengths[CODE_ORDER[index]] = this.take(3);
        const reader = code(lengths, false);
        const all = new Uint8Array(literals + distances);
        for (let index = 0; index < all.length;) {
            const symbol = this.symbol(reader);
            if (symbol < 16) {
                all[index++] = symbol;
                continue;
            }
            if (symbol === 16 && index === 0)
                throw new refused_js_1.Wrong("repeats a length that is not there");
            const value = symbol === 16 ? all[index - 1] : 0;
            const times = symbol === 16 ? 3 + this.take(2) : symbol === 17 ? 3 + this.take(3) : 11 + this.take(7);
            if (index + times > all.length)
                throw new refused_js_1.Wrong("too many lengths");
            all.fill(value, index, index + times);
            index += times;
        }
        if (!all[END])
            throw new refused_js_1.Wrong("a block without an end");
        this.block(code(all.subarray(0, literals), true), code(all.subarray(literals), true));
    }
    block(literals, distances) {
        for (;;) {
            const symbol = this.symbol(literals);
            if (symbol === END)
                return;
            if (symbol < END) {
                this.room(1);
                this.out[this.size++] = symbol;
                continue;
            }
            if (symbol - 257 >= LENGTH_BASE.length)
                throw new refused_js_1.Wrong("a length of no known kind");
            const length = LENGTH_BASE[symbol - 257] + this.take(LENGTH_BITS[symbol - 257]);
            const way = this.symbol(distances);
            if (way >= DISTANCES)
                throw new refused_js_1.Wrong("a distance of no known kind");
            const distance = DISTANCE_BASE[way] + this.take(DISTANCE_BITS[way]);
            if (distance > this.size)
                throw new refused_js_1.Wrong("goes back before the beginning");
            this.room(length);
            for (let end = this.size + length; this.size < end; this.size++)
                this.out[this.size] = this.out[this.size - distance];
        }
    }
}
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++)
        value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
});
function crc32(data) {
    let value = -1;
    for (const byte of data)
        value = CRC_TABLE[(value ^ byte) & 255] ^ (value >>> 8);
    return ~value >>> 0;
}
function gunzip(data, largest) {
    if (HEADER.some((byte, at) => data[at] !== byte))
        throw new refused_js_1.Wrong("no gzip header of a bundle");
    const [content, used] = new Inflater(data.subarray(HEADER.length), largest).run();
    const end = HEADER.length + used;
    if (data.length !== end + TRAILER)
        throw new refused_js_1.Wrong("cut off, or followed by something else");
    const trailer = new DataView(data.buffer, data.byteOffset + end, TRAILER);
    if (trailer.getUint32(0, true) !== crc32(content) || trailer.getUint32(4, true) !== content.length) {
        throw new refused_js_1.Wrong("the checksum is another");
    }
    return content;
}
  },
  "state.ts"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.State = void 0;
exports.readHeader = readHeader;
const bytes_js_1 = require("bytes.ts");
const refused_js_1 = require("refused.ts");
const rlp_js_1 = require("rlp.ts");
const EMPTY_ROOT = "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
const BRANCH = 17;
const PATH_AND_CHILD = 2;
const STATE_ROOT = 3;
const NUMBER = 8;
const TIMESTAMP = 11;
function readHeader(encoded, trusted) {
    const found = (0, bytes_js_1.toHex)((0, bytes_js_1.keccak)(encoded));
    if ("0x" + found !== trusted)
        throw new refused_js_1.Wrong(`the header is of block 0x${found}, not of ${trusted}`);
    const members = (0, rlp_js_1.decode)(encoded);
    const plain = (at) => {
        const member = Array.isArray(members) ? members[at] : undefined;
        if (!(member instanceof Uint8Array))
            throw new refused_js_1.Wrong("the block header is malformed");
        return member;
    };
    return { stateRoot: plain(STATE_ROOT), number: (0, bytes_js_1.number)(plain(NUMBER)), time: (0, bytes_js_1.number)(plain(TIMESTAMP)) };
}
class State {
    header;
    encoded = new Map();
    decoded = new Map();
    roots = new Map();
    known = new Map();
    constructor(header, nodes) {
        this.header = header;
        for (const node of nodes)
            this.encoded.set((0, bytes_js_1.toHex)((0, bytes_js_1.keccak)((0, bytes_js_1.fromHex)(node))), node);
    }
    get time() {
        return this.header.time;
    }
    get unused() {
        return this.encoded.size - this.decoded.size;
    }
    word(address, slot) {
        const root = this.storageRoot(address);
        const key = address + (0, bytes_js_1.toHex)(slot);
        let found = this.known.get(key);
        if (found === undefined) {
            found = wordOf(this.value(root, slot));
            this.known.set(key, found);
        }
        return found;
    }
    storageRoot(address) {
        let root = this.roots.get(address);
        if (root === undefined) {
            const account = this.value(this.header.stateRoot, (0, bytes_js_1.fromHex)(address.slice(2)));
            if (account === undefined)
                throw new refused_js_1.Wrong(`${address} does not exist in that state`);
            const members = (0, rlp_js_1.decode)(account);
            const found = Array.isArray(members) ? members[2] : undefined;
            if (!(found instanceof Uint8Array))
                throw new refused_js_1.Wrong("an account in the proof is malformed");
            this.roots.set(address, (root = found));
        }
        return root;
    }
    value(root, key) {
        if ((0, bytes_js_1.toHex)(root) === EMPTY_ROOT)
            return undefined;
        let path = (0, bytes_js_1.toHex)((0, bytes_js_1.keccak)(key));
        let node = this.node(root);
        for (;;) {
            let child;
            if (node.length === BRANCH) {
                if (!path)
                    return orNothing(plain(node[BRANCH - 1]));
                child = node[parseInt(path[0], 16)];
                path = path.slice(1);
            }
            else if (node.length === PATH_AND_CHILD) {
                const [shared, isLeaf] = compact(plain(node[0]));
                if (!path.startsWith(shared))
                    return undefined;
                path = path.slice(shared.length);
                if (isLeaf)
                    return path ? undefined : plain(node[1]);
                child = node[1];
            }
            else {
                throw new refused_js_1.Wrong("a trie node has neither 17 nor 2 members");
            }
            if (child instanceof Uint8Array && !child.length)
                return undefined;
            node = child instanceof Uint8Array ? this.node(child) : child;
        }
    }
    node(digest) {
        const key = (0, bytes_js_1.toHex)(digest);
        let found = this.decoded.get(key);
        if (!found) {
            const encoded = this.encoded.get(key);
            if (encoded === undefined)
                throw new refused_js_1.Wrong(`the proof lacks the trie node 0x${key}`);
            const members = (0, rlp_js_1.decode)((0, bytes_js_1.fromHex)(encoded));
            if (!Array.isArray(members))
                throw new refused_js_1.Wrong("a trie node is malformed");
            this.decoded.set(key, (found = members));
        }
        return found;
    }
}
exports.State = State;
const orNothing = (value) => (value.length ? value : undefined);
function plain(item) {
    if (Array.isArray(item))
        throw new refused_js_1.Wrong("a trie node holds a list where bytes belong");
    return item;
}
function wordOf(value) {
    if (value === undefined)
        return 0n;
    const found = (0, rlp_js_1.decode)(value);
    if (Array.isArray(found) || found.length > bytes_js_1.WORD)
        throw new refused_js_1.Wrong("a word in the proof is malformed");
    return (0, bytes_js_1.number)(found);
}
function compact(encoded) {
    if (!encoded.length)
        throw new refused_js_1.Wrong("a trie node has an empty path");
    const flags = encoded[0] >> 4;
    return [(0, bytes_js_1.toHex)(encoded).slice(flags & 1 ? 1 : 2), (flags & 2) !== 0];
}
  },
  "rlp.ts"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.decode = decode;
const refused_js_1 = require("refused.ts");
const STRING = 0x80;
const LIST = 0xc0;
const SHORT = 55;
const DEEPEST = 64;
function decode(data) {
    const [found, end] = item(data, 0, data.length, DEEPEST);
    if (end !== data.length)
        throw new refused_js_1.Wrong(`RLP: ${data.length - end} bytes behind its end`);
    return found;
}
function item(data, at, end, depth) {
    if (at >= end)
        throw new refused_js_1.Wrong(`RLP: ends at ${at}, where an item is expected`);
    const first = data[at];
    if (first < STRING)
        return [data.subarray(at, at + 1), at + 1];
    const kind = first >= LIST ? LIST : STRING;
    const [size, start] = payload(data, at, end, first - kind);
    const stop = start + size;
    if (stop > end)
        throw new refused_js_1.Wrong(`RLP: the item at ${at} is longer than what holds it`);
    if (kind === LIST)
        return [list(data, start, stop, depth - 1), stop];
    if (size === 1 && data[start] < STRING)
        throw new refused_js_1.Wrong(`RLP: the byte at ${start} needs no prefix`);
    return [data.subarray(start, stop), stop];
}
function payload(data, at, end, size) {
    if (size <= SHORT)
        return [size, at + 1];
    const digits = data.subarray(at + 1, Math.min(end, at + 1 + size - SHORT));
    const found = digits.reduce((sum, digit) => sum * 256 + digit, 0);
    if (digits.length !== size - SHORT || digits[0] === 0 || found <= SHORT) {
        throw new refused_js_1.Wrong(`RLP: the length at ${at} is not the shortest`);
    }
    return [found, at + 1 + digits.length];
}
function list(data, start, end, depth) {
    if (!depth)
        throw new refused_js_1.Wrong(`RLP: more than ${DEEPEST} lists within each other`);
    const found = [];
    for (let at = start; at < end;) {
        const [next, behind] = item(data, at, end, depth);
        found.push(next);
        at = behind;
    }
    return found;
}
  },
  "trust.ts"(exports, require) {
Object.defineProperty(exports, "__esModule", { value: true });
exports.readTrust = readTrust;
exports.accept = accept;
const refused_js_1 = require("refused.ts");
const FORMAT = "keifu-trust/1";
const ADDRESS = /^0x[0-9a-f]{40}$/;
const HASH = /^0x[0-9a-f]{64}$/;
const ID = /^[0-9a-f]{64}$/;
function readTrust(given) {
    const said = (typeof given === "string" ? JSON.parse(given) : given);
    const text = (name, pattern, needed) => {
        const found = said[name] ?? "";
        const lower = typeof found === "string" ? found.toLowerCase() : "?";
        if (needed || lower !== "" ? !pattern.test(lower) : false)
            throw new TypeError(`trust: ${name} is missing or malformed`);
        return lower;
    };
    const addresses = (found, name) => {
        const list = Array.isArray(found ?? []) ? (found ?? []).map((item) => String(item).toLowerCase()) : ["?"];
        if (!list.every((item) => ADDRESS.test(item)))
            throw new TypeError(`trust: ${name} is malformed`);
        return list;
    };
    const object = (name) => Object.entries((said[name] ?? {}));
    if ((said["format"] ?? FORMAT) !== FORMAT)
        throw new TypeError(`trust: this version reads ${FORMAT}`);
    const chain = said["chain"];
    if (!(typeof chain === "bigint" || Number.isSafeInteger(chain)) || Number(chain) < 1)
        throw new TypeError("trust: chain is missing or malformed");
    const named = object("named").map(([name, id]) => [name, String(id).toLowerCase().replace(/^0x/, "")]);
    if (!named.every(([, id]) => ID.test(id)))
        throw new TypeError("trust: named is malformed");
    return {
        chain: BigInt(chain),
        registry: text("registry", ADDRESS, true),
        environments: text("environments", ADDRESS, false),
        block: text("block", HASH, false),
        authors: addresses(said["authors"], "authors"),
        attesters: addresses(said["attesters"], "attesters"),
        named: Object.fromEntries(named),
        runners: Object.fromEntries(object("runners").map(([name, nodes]) => [name, addresses(nodes, "runners")])),
    };
}
function accept(check, what, said, trusted) {
    if (trusted.length && !trusted.includes(said)) {
        throw new refused_js_1.Refused(check, `${what} is ${said}, trusted is ${trusted.join(" or ")}`);
    }
}
  },
};
const loaded = {};
function require(name) {
  if (!(name in loaded)) modules[name]((loaded[name] = {}), require);
  return loaded[name];
}
export const { CHECKS, Refused, readTrust, verifyBundle } = require("index.ts");
