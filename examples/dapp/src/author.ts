// Registering files: they are hashed here, and only the hashes leave this browser.
import type { Hex } from "viem";
import { el, facts, fill, part, short, type Child } from "./dom.js";
import { chosen, dropped, manifestOf, programFault, type Found, type Manifest } from "./folder.js";
import { busy, button, send } from "./send.js";
import type { Clients, Suite } from "./suite.js";
import { explain, Fault } from "./words.js";

const KINDS = { dataset: 1, code: 3, weights: 4, model: 5, run: 6, evaluation: 7, container: 8, agent: 9 };
const RELATIONS = ["derived-from", "trained-on", "labelled-by", "fine-tuned-from", "quantised-from", "evaluated-on", "supersedes"];
const MOST = { uri: 128, licence: 32, version: 32 }; // bytes
const ZERO: Hex = `0x${"00".repeat(32)}`;
const ID = /^(0x)?[0-9a-fA-F]{64}$/;
const MEBIBYTE = 1 << 20;

let manifest: Manifest | null = null;

/** The place for files, and the form; `connected` gives what can send, or null. */
export function set(suite: Suite, connected: () => Clients | null, after: () => Promise<void>): void {
  const area = part("folder");
  const take = (title: string, found: readonly Found[], folders: readonly string[]) => read(title, found, folders).then(() => show(suite, connected, after));
  for (const name of ["dragover", "dragleave", "drop"]) {
    area.addEventListener(name, (event) => {
      event.preventDefault();
      area.classList.toggle("over", name === "dragover");
      const items = (event as DragEvent).dataTransfer?.items;
      if (name === "drop" && items) {
        const entries = dropped(items); // which are there only while the event is
        void failing(async () => {
          const { title, found, folders } = await entries;
          await take(title, found, folders);
        });
      }
    });
  }
  for (const id of ["choose-folder", "choose-file"]) {
    const field = part<HTMLInputElement>(id);
    field.addEventListener("change", () => {
      const files = [...(field.files ?? [])];
      const title = files[0]?.webkitRelativePath.split("/")[0] || files[0]?.name || "";
      if (files.length) void failing(async () => take(title, chosen(files), []));
    });
  }
}

async function failing(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    manifest = null;
    const { what, remedy } = explain(error);
    fill("hashed", el("p", { class: "fault", role: "alert" }, `${what} ${remedy}`));
  }
}

async function read(title: string, found: readonly Found[], folders: readonly string[]): Promise<void> {
  manifest = null;
  const whole = found.reduce((sum, { file }) => sum + file.size, 0);
  const bar = el("progress", { max: whole || 1, value: 0, "aria-label": `Hashing ${title}` });
  fill("hashed", el("p", {}, `Hashing ${title}…`), bar);
  manifest = await manifestOf(title, found, folders, (bytes) => (bar.value = bytes));
}

function show(suite: Suite, connected: () => Clients | null, after: () => Promise<void>): void {
  if (!manifest) return;
  const { title, files, bytes, ignored, digest, hash } = manifest;
  const size = bytes < MEBIBYTE ? counted(bytes, "byte") : `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
  fill(
    "hashed",
    el("div", { role: "status" }, facts(
      ["Chosen", `${title}: ${counted(files, "file")}, ${size}`],
      ["Digest", el("code", { id: "digest" }, digest.slice(2))],
      ["Manifest", el("code", { id: "manifest" }, hash.slice(2))],
      ["Left out", ignored.length ? ignored.join(", ") : "nothing"],
    )),
    el("p", { class: "faint" }, "Is that the number of files that you expect? Browsers pass over links without saying so."),
    form(suite, connected, after),
  );
}

const counted = (count: number, what: string): string => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

const option = (word: string): HTMLElement => el("option", { value: word }, word);

function field(name: keyof typeof MOST, label: string, hint: string): Child {
  return el("div", {}, el("label", { for: name }, label), el("input", { id: name, name, maxlength: MOST[name], placeholder: hint, autocomplete: "off" }));
}

function form(suite: Suite, connected: () => Clients | null, after: () => Promise<void>): HTMLFormElement {
  const submit = el("button", { class: "main" }, "Register");
  const parents = el("div", { id: "parents" });
  const made = el(
    "form", { class: "fields", novalidate: true, onsubmit: (event) => { event.preventDefault(); void busy(submit, () => register(made, suite, connected(), after)); } },
    el("div", {}, el("label", { for: "kind" }, "Kind"), el("select", { id: "kind", name: "kind" }, Object.keys(KINDS).map(option))),
    field("version", "Version", "1.0"),
    field("licence", "Licence", "CC-BY-4.0"),
    field("uri", "Where the files are", "https://…"),
    parents,
    el("div", { class: "row whole" }, submit, button("Add a parent", async () => parents.append(parent(parents.children.length + 1))), save()),
  );
  return made;
}

const parent = (number: number): HTMLElement =>
  el("fieldset", { class: "joined" },
    el("legend", {}, `Parent ${number}`),
    el("select", { name: "relation", "aria-label": `Relation to parent ${number}` }, RELATIONS.map(option)),
    el("input", { name: "parent", "aria-label": `Id of parent ${number}`, placeholder: "id of its record", autocomplete: "off" }),
  );

/** The record commits to the manifest; whoever checks the files needs it. */
const save = (): HTMLButtonElement =>
  button("Save the manifest", async () => {
    if (!manifest) return;
    const place = URL.createObjectURL(new Blob([manifest.body as BlobPart], { type: "application/json" }));
    el("a", { href: place, download: `${manifest.hash.slice(2, 10)}.manifest.json` }).click();
    URL.revokeObjectURL(place);
  });

async function register(made: HTMLFormElement, suite: Suite, clients: Clients | null, after: () => Promise<void>): Promise<void> {
  if (!manifest) return;
  if (!clients) throw new Fault("No wallet is connected.", "Connect one above: it signs the record.");
  const given = new FormData(made);
  const text = (name: keyof typeof MOST): string => fitting(String(given.get(name) ?? "").trim(), name);
  const kind = KINDS[String(given.get("kind")) as keyof typeof KINDS];
  const { title } = manifest; // another folder may be chosen while the wallet asks
  if (manifest.hasProgram && kind === KINDS.weights) throw programFault;
  const relations = given.getAll("relation").map((word) => RELATIONS.indexOf(String(word)) + 1);
  const links = given.getAll("parent").map((id, at) => ({ relation: relations[at] ?? 0, parent: idOf(String(id).trim()) }));
  const record = {
    author: clients.account, kind, digest: manifest.digest, contentRoot: ZERO, programRoot: ZERO, manifest: manifest.hash,
    uri: text("uri"), licence: text("licence"), version: text("version"), links,
  };
  const id = await clients.reads.readContract({ ...suite.registry, functionName: "record_id", args: [record] });
  if (!(await send(clients, [{ does: `Register ${title}`, ...suite.registry, functionName: "register", args: [record] }]))) return;
  fill("registered", el("p", { class: "good", role: "status" }, "Registered: ", el("a", { id: "record", href: `/record/${id.slice(2)}` }, id.slice(2))));
  await after();
}

function fitting(text: string, name: keyof typeof MOST): string {
  const size = new TextEncoder().encode(text).length;
  if (size > MOST[name]) throw new Fault(`The ${name} takes ${size} bytes, at most ${MOST[name]} fit.`, "Shorten it.");
  return text;
}

function idOf(text: string): Hex {
  if (!ID.test(text)) throw new Fault(`${text ? short(text) : "Nothing"} is no id of a record.`, "64 hex digits, as the explorer shows them.");
  return `0x${text.replace(/^0x/, "").toLowerCase()}`;
}
