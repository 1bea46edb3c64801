// Verifies a bundle in the reader's browser, against the reader's own trust file. Nothing of either is sent anywhere.
import { readTrust, Refused, verifyBundle } from "/static/verify.js";

const area = document.getElementById("drop");
const verdict = document.getElementById("verdict");
const shown = document.getElementById("shown");
const LARGEST_TRUST = 1 << 20;
const GZIP = [0x1f, 0x8b]; // what every bundle begins with
let trust = null;
let bundle = null;

function say(text, kind) {
  verdict.textContent = text;
  verdict.className = kind;
}

function fact(name, value) {
  const [term, said] = [document.createElement("dt"), document.createElement("dd")];
  [term.textContent, said.textContent] = [name, String(value)];
  shown.append(term, said);
}

function judge() {
  shown.replaceChildren();
  if (!trust || !bundle) return say(area.dataset.waits, "note");
  try {
    const found = verifyBundle(bundle, trust);
    const isStrange = found.authorIsTrusted === false;
    if (found.inOrder && !isStrange) say(area.dataset.good, "good");
    else say(found.inOrder ? area.dataset.stranger : area.dataset.notInOrder, "bad");
    fact(area.dataset.root, found.root);
    fact(area.dataset.block, found.number);
    fact(area.dataset.records, found.entries.size);
    if (found.authorIsTrusted !== undefined) fact(area.dataset.author, found.authorIsTrusted);
    for (const { id, record } of [...found.entries.values()].slice(0, 50)) fact(id.slice(0, 8), `${record.author} ${record.version}`);
  } catch (error) {
    if (!(error instanceof Refused || error instanceof TypeError)) throw error;
    say(`${area.dataset.refused} ${error.message}`, "bad");
  }
}

async function take(file) {
  const data = new Uint8Array(await file.arrayBuffer());
  if (data[0] === GZIP[0] && data[1] === GZIP[1]) {
    bundle = data;
  } else {
    try {
      if (data.length > LARGEST_TRUST) throw new TypeError(file.name);
      trust = readTrust(new TextDecoder().decode(data));
    } catch (error) {
      trust = null;
      shown.replaceChildren();
      return say(`${area.dataset.unreadable} ${error.message}`, "bad");
    }
  }
  judge();
}

for (const name of ["trust", "bundle"]) {
  document.getElementById(name).addEventListener("change", (event) => [...event.target.files].forEach(take));
}
for (const name of ["dragover", "dragleave", "drop"]) {
  area.addEventListener(name, (event) => {
    event.preventDefault();
    area.classList.toggle("over", name === "dragover");
    if (name === "drop") [...event.dataTransfer.files].forEach(take);
  });
}
