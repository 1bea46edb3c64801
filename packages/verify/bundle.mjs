// Writes the verifier and all that it imports as one module, for a page that may load nothing from elsewhere:
//
//     node packages/verify/bundle.mjs > keifu/explorer/static/verify.js
//
// Each file becomes a function of its imports. Nothing is shortened, so that what runs can be read; comments are left
// out, but those with a licence.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const entry = join(here, "src/index.ts");
const exported = ["CHECKS", "Refused", "readTrust", "verifyBundle"];

/** The file that an import names. */
function found(name, from) {
  if (name.startsWith(".")) return join(dirname(from), name).replace(/\.js$/, from.endsWith(".ts") ? ".ts" : ".js");
  const [, scope, path] = /^(@noble\/[a-z]+)\/(.+?)(?:\.js)?$/.exec(name) ?? [];
  if (!scope) throw new Error(`${from} imports ${name}, which no browser has`);
  const folder = join(root, "node_modules", scope);
  const { exports } = createRequire(join(root, "package.json"))(join(folder, "package.json"));
  const place = exports[`./${path}`] ?? exports[`./${path}.js`];
  return join(folder, typeof place === "string" ? place : place.import?.default ?? place.import ?? place.default);
}

/** Files in the order in which they are needed, each with the code of a function. */
const modules = new Map();
function add(file) {
  if (modules.has(file)) return;
  modules.set(file, "");
  const { outputText } = ts.transpileModule(readFileSync(file, "utf8"), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, removeComments: true },
  });
  const code = outputText.replace(/require\("([^"]+)"\)/g, (_, name) => {
    const wanted = found(name, file);
    add(wanted);
    return `require(${JSON.stringify(named(wanted))})`;
  });
  modules.set(file, code.replace(/^"use strict";\n/, "").replace(/^\/\/# sourceMappingURL=.*$/m, ""));
}

function named(file) {
  return file.startsWith(here) ? file.slice(here.length + 5) : file.slice(file.indexOf("@noble"));
}

add(entry);
const parts = [...modules].map(([file, code]) => `  ${JSON.stringify(named(file))}(exports, require) {\n${code.trim()}\n  },`);
process.stdout.write(`// Made by packages/verify/bundle.mjs from packages/verify, @noble/hashes and @noble/curves: all MIT, notices below.
"use strict";
const modules = {
${parts.join("\n")}
};
const loaded = {};
function require(name) {
  if (!(name in loaded)) modules[name]((loaded[name] = {}), require);
  return loaded[name];
}
export const { ${exported.join(", ")} } = require(${JSON.stringify(named(entry))});
`);
