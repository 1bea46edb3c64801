// Compiles with npm's solc: standard JSON in on stdin, standard JSON out on stdout.
// Imports are read below node_modules and the project's root; EAS pins an older patch release of solc exactly, which is
// loosened in memory so that every peer goes through one compiler.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const solc = require("solc");

function load(name) {
  for (const path of [name, join("node_modules", name)]) {
    if (existsSync(path)) {
      const text = readFileSync(path, "utf8");
      return { contents: text.replace(/^pragma solidity (\d+\.\d+\.\d+);/m, "pragma solidity ^$1;") };
    }
  }
  return { error: `${name} is in no npm package of package.json` };
}

const input = JSON.parse(readFileSync(0, "utf8"));
for (const name of Object.keys(input.sources)) {
  const { contents, error } = load(name);
  if (error) throw new Error(error);
  input.sources[name] = { content: contents };
}
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: load }));
output.compiler = solc.version();
process.stdout.write(JSON.stringify(output));
