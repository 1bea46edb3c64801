// Hashes trees as the page does, one a line: [[name, text], …] to [digest, manifest, whether its record has to name a program],
// or to why it is refused.
import { createInterface } from "node:readline";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { aliases } from "../aliases.mjs";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../src/folder.ts");
const made = await build({ entryPoints: [folder], bundle: true, format: "esm", write: false, alias: aliases });
const { manifestOf } = await import(`data:text/javascript;base64,${Buffer.from(made.outputFiles[0].contents).toString("base64")}`);

for await (const line of createInterface({ input: process.stdin })) {
  const found = JSON.parse(line).map(([name, text]) => ({ name, file: new File([text], name) }));
  let answer;
  try {
    const { digest, hash, hasProgram } = await manifestOf("it", found, [], () => {});
    answer = [digest.slice(2), hash.slice(2), hasProgram];
  } catch (error) {
    answer = error.what;
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
