// Compiles `src` for both kinds of modules, and writes the same as JSON for other languages:
//
//     node packages/abi/build.mjs
//
// dist/json has <Contract>.json, events.json, reasons.json, messages.json and domains.json.

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const compiler = resolve(here, "../../node_modules/typescript/bin/tsc");
const dist = join(here, "dist");

rmSync(dist, { recursive: true, force: true });
// The second compilation has the same types as the first one, which were checked.
for (const project of [["tsconfig.json"], ["tsconfig.cjs.json", "--noCheck"]]) {
  execFileSync("node", [compiler, "-p", join(here, project[0]), ...project.slice(1)], { stdio: "inherit" });
}
writeFileSync(join(dist, "cjs", "package.json"), '{ "type": "commonjs" }\n');

const written = await import(join(dist, "esm", "index.js"));
const { events, reasons } = written;
const tables = { events, reasons, messages: {}, domains: {} };
for (const [name, value] of Object.entries(written)) {
  if (name.endsWith("Config") && value.abi) tables[value.name] = value.abi;
  if (value.primaryType) tables.messages[name] = value;
  if (name.endsWith("Domain")) {
    const { name: domain, version } = value(0, "0x");
    tables.domains[name] = { name: domain, version };
  }
}
mkdirSync(join(dist, "json"));
for (const [name, value] of Object.entries(tables)) {
  writeFileSync(join(dist, "json", `${name}.json`), `${JSON.stringify(value, null, 2)}\n`);
}
