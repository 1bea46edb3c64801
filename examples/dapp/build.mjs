// Puts the page into one folder, as `keifu explorer serve --dapp` serves it:
//
//     node examples/dapp/build.mjs out/dapp
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const packages = resolve(here, "../../packages");
const folder = resolve(process.argv[2] ?? join(here, "../../out/dapp"));

mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [join(here, "src/main.ts")],
  outfile: join(folder, "dapp.js"),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  // In a clone the packages are sources; a project of its own takes them from npm.
  alias: {
    "@keifu/abi": join(packages, "abi/src/index.ts"),
    "@keifu/abi/verify": join(packages, "abi/src/verify.ts"),
    "@keifu/verify": join(packages, "verify/src/index.ts"),
  },
  legalComments: "eof",
  logLevel: "warning",
});
for (const name of ["index.html", "dapp.css"]) copyFileSync(join(here, name), join(folder, name));
console.log(`the page is in ${folder}`);
