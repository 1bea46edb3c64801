// Puts the page into one folder, as `keifu explorer serve --dapp` serves it:
//
//     node examples/dapp/build.mjs out/dapp
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { aliases } from "./aliases.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const folder = resolve(process.argv[2] ?? join(here, "../../out/dapp"));

mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [join(here, "src/main.ts")],
  outfile: join(folder, "dapp.js"),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  alias: aliases,
  legalComments: "eof",
  logLevel: "warning",
});
for (const name of ["index.html", "dapp.css"]) copyFileSync(join(here, name), join(folder, name));
console.log(`the page is in ${folder}`);
