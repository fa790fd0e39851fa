import { HanwayError } from "../../base/error.ts";
import { EzspError, SLStatus } from "./herdsman.ts";

/** The status by its name in EmberZNet, for people. */
export function statusName(status: SLStatus): string {
  return SLStatus[status] ?? String(status);
}

/** Throws `radio/refused` unless the coordinator took the command; `what` begins the sentence. */
export function requireOk(status: SLStatus, what: string): void {
  if (status === SLStatus.OK) return;
  throw new HanwayError("radio/refused", `${what} was refused with ${statusName(status)}`);
}

/** Runs commands of the driver, whose own errors become `radio/unavailable`: the link went down meanwhile. */
export async function asked<T>(commands: () => Promise<T>): Promise<T> {
  try {
    return await commands();
  } catch (cause) {
    if (cause instanceof HanwayError) throw cause;
    const code = cause instanceof EzspError ? "radio/unavailable" : "internal";
    throw new HanwayError(code, "the command was not carried out", { cause });
  }
}
