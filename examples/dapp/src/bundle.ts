// Checking a bundle against what the reader trusts; neither leaves this browser.
import { readTrust, Refused, verifyBundle } from "@keifu/abi/verify";
import { el, facts, fill, part } from "./dom.js";

const LARGEST_TRUST = 1 << 20;
const LARGEST_BUNDLE = 256 << 20;
const LISTED = 20;

let trust: ReturnType<typeof readTrust> | null = null;
let bundle: Uint8Array | null = null;

export function set(): void {
  const area = part("check-files");
  for (const name of ["trust", "bundle"] as const) {
    const field = part<HTMLInputElement>(name);
    field.addEventListener("change", () => void Promise.all([...(field.files ?? [])].map((file) => take(file, name))));
  }
  for (const name of ["dragover", "dragleave", "drop"]) {
    area.addEventListener(name, (event) => {
      event.preventDefault();
      area.classList.toggle("over", name === "dragover");
      if (name !== "drop") return;
      for (const file of (event as DragEvent).dataTransfer?.files ?? []) void take(file, file.name.endsWith(".json") ? "trust" : "bundle");
    });
  }
}

async function take(file: File, as: "trust" | "bundle"): Promise<void> {
  if (file.size > (as === "trust" ? LARGEST_TRUST : LARGEST_BUNDLE)) return say("bad", `${file.name} is too large.`, "Is it the right file?");
  const data = new Uint8Array(await file.arrayBuffer());
  if (as === "bundle") bundle = data;
  else {
    try {
      trust = readTrust(new TextDecoder().decode(data));
    } catch (error) {
      trust = null;
      return say("bad", `This is no trust file: ${messageOf(error)}`, "`keifu trust init` writes one.");
    }
  }
  judge();
}

function judge(): void {
  if (!trust || !bundle) return say("note", trust ? "Now choose the bundle." : "Now choose your trust file.", "Both stay on this machine.");
  try {
    const shown = verifyBundle(bundle, trust);
    const said = !shown.inOrder ? "Shown, but not in order: something in it is withdrawn, unmet or contradicted."
      : shown.authorIsTrusted === false ? "Shown, but its author is none whom your trust file names."
      : "Believed: everything in it is shown.";
    say(said.startsWith("Believed") ? "good" : "bad", said, `As of block ${shown.number}.`);
    const rows = [...shown.entries.values()].slice(0, LISTED);
    part("verdict").append(
      facts(
        ["Record", el("a", { href: `/record/${shown.root}` }, el("code", {}, shown.root))],
        ["Records", String(shown.entries.size)],
        ...(shown.authorIsTrusted === undefined ? [] : [["Author is trusted", shown.authorIsTrusted ? "yes" : "no"] as const]),
        ...rows.map(({ id, record }) => [id.slice(0, 8), `${record.author} ${record.version}`] as const),
      ),
    );
  } catch (error) {
    const check = error instanceof Refused ? ` (check: ${error.check})` : "";
    say("bad", `Not believed: ${messageOf(error)}${check}`, "Ask whoever gave you the bundle for another one.");
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function say(kind: "good" | "bad" | "note", what: string, remedy: string): void {
  fill("verdict", el("p", { class: kind, id: "said" }, what), el("p", { class: "faint" }, remedy));
}
