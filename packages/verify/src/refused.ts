/** Why a bundle is not believed. The names are those of the Python verifier; the conformance suite compares them. */

export const CHECKS = [
  "file", "trust", "environment", "block", "order", "root", "parents", "record", "identity", "manifest", "statement", "documents",
  "production", "artefact", "heartbeat", "label", "belongs",
] as const;

export type Check = (typeof CHECKS)[number];

/** A bundle that is not believed: `check` names the check that refused it. */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(readonly check: Check, message: string) {
    super(`${check}: ${message}`);
  }
}

/** Something inside a bundle is wrong; the stage that found it gives it the name of a check. */
export class Wrong extends Error {
  override readonly name = "Wrong";
}

/** Whatever is found wrong inside is refused by `check`. */
export function stage<T>(check: Check, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Wrong ? new Refused(check, error.message) : error;
  }
}
