import { HanwayError } from "../../base/error.ts";
import type { RadioSettings } from "./settings.ts";

/** The part of the driver's transport that is guarded. */
interface Transport {
  open(noFlowControl?: boolean): Promise<void>;
  close(): Promise<void>;
}

/**
 * Gives the driver's port a deadline, keeps the reason when it does not open (the driver forgets it), and never
 * lets a closed adapter open it again. `error` is `radio/port` with one sentence on what to do, or undefined.
 */
export function guardPort(
  transport: Transport,
  settings: Pick<RadioSettings, "path" | "openTimeoutMs">,
  closed: () => boolean,
): { error: () => HanwayError | undefined } {
  let refused: HanwayError | undefined;
  const open = transport.open.bind(transport);
  transport.open = async (noFlowControl) => {
    if (closed()) throw new Error("the adapter is closed");
    let timer: NodeJS.Timeout | undefined;
    try {
      // Sockets stay in real time, and so does their deadline.
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error("timeout")), settings.openTimeoutMs);
      });
      const opening = open(noFlowControl);
      opening.catch(() => {});
      await Promise.race([opening, late]);
    } catch (cause) {
      refused = new HanwayError("radio/port", portProblem(settings.path, cause), {
        field: "radio.path",
        cause,
      });
      await transport.close();
      throw cause;
    } finally {
      clearTimeout(timer);
    }
    if (closed()) {
      await transport.close();
      throw new Error("the adapter is closed");
    }
  };
  return { error: () => refused };
}

const PROBLEMS: readonly [pattern: RegExp, sentence: (path: string) => string][] = [
  [/ENOENT|No such file/i, (p) => `${p} does not exist; plug the radio in or correct the path`],
  [
    /EACCES|EPERM|Permission denied/i,
    (p) => `no permission for ${p}; run as a user in the group that owns it (often dialout)`,
  ],
  [
    /lock port|EBUSY|Resource (temporarily unavailable|busy)/i,
    (p) => `${p} is used by another program; stop that program`,
  ],
  [/ECONNREFUSED/, (p) => `nothing listens at ${p}; start the radio's server or correct the port`],
  [/ENOTFOUND|EAI_AGAIN/, (p) => `the host name of ${p} is not known; correct it`],
  [
    /timeout|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/i,
    (p) => `${p} does not answer; check the address and the network`,
  ],
  [/ENOTTY|EISDIR|Inappropriate ioctl/i, (p) => `${p} is not a serial port; correct the path`],
];

function portProblem(path: string, cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const text = cause instanceof Error ? `${code} ${cause.message}` : "";
  for (const [pattern, sentence] of PROBLEMS) if (pattern.test(text)) return sentence(path);
  return `${path}: ${text.trim() || "unknown fault"}`;
}

/** Throws `config/invalid` unless the path is `tcp://host:port` or looks like a device path. */
export function checkRadioPath(path: string): void {
  if (path.startsWith("/")) return;
  if (/^tcp:\/\/(?:\[[0-9a-fA-F:]+\]|[^/:\s]+):\d{1,5}$/.test(path)) return;
  throw new HanwayError("config/invalid", `"${path}" is neither tcp://host:port nor a device path`, {
    field: "radio.path",
  });
}
