// In a clone the packages are sources; a project of its own takes them from npm.
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const packages = resolve(dirname(fileURLToPath(import.meta.url)), "../../packages");
export const aliases = {
  "@keifu/abi": join(packages, "abi/src/index.ts"),
  "@keifu/abi/verify": join(packages, "abi/src/verify.ts"),
  "@keifu/verify": join(packages, "verify/src/index.ts"),
};
