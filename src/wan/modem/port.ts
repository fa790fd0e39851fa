import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../base/clock.ts";

export interface PortSettings {
  /** `tcp://HOST:PORT`, or the path of a serial device. */
  port: string;
  /** Of a serial device, in baud. */
  baudRate: number;
  rtscts: boolean;
  openMs: number;
}

/** An open line to a modem. */
export interface OpenPort {
  readonly stream: Duplex;
  close(): void;
}

/** A port that does not open is nothing rare: the modem may still be starting. `problem` is one sentence on what to do. */
export type Opening = OpenPort | { readonly problem: string };

export function openPort(settings: PortSettings, clock: Clock): Promise<Opening> {
  const tcp = /^tcp:\/\/(\[[^\]]+\]|[^:/]+):(\d+)$/.exec(settings.port);
  const [, host, port] = tcp ?? [];
  if (host === undefined || port === undefined) return openSerial(settings, clock);
  return openTcp(host.replace(/^\[|\]$/g, ""), Number(port), settings, clock);
}

function openTcp(host: string, port: number, settings: PortSettings, clock: Clock): Promise<Opening> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    const timer = clock.after(settings.openMs, () => {
      socket.destroy();
      resolve({ problem: problemOf(settings.port, "ETIMEDOUT") });
    });
    socket.on("error", (error) => {
      timer.cancel();
      resolve({ problem: problemOf(settings.port, error) });
    });
    socket.once("connect", () => {
      timer.cancel();
      resolve({ stream: socket, close: () => void socket.destroy() });
    });
  });
}

/** Loaded only here, so that a hub without a modem never loads the native part. */
async function openSerial(settings: PortSettings, clock: Clock): Promise<Opening> {
  const { SerialPortStream } = await import("@serialport/stream");
  const { autoDetect } = await import("@serialport/bindings-cpp");
  const { port: path, baudRate, rtscts } = settings;
  const serial = new SerialPortStream({ binding: autoDetect(), path, baudRate, rtscts, autoOpen: false });
  // A modem pulled out in mid-write makes errors at any time; `close` follows and says all that matters.
  serial.on("error", () => {});
  const close = () => {
    if (serial.isOpen) serial.close(() => {});
  };
  return new Promise((resolve) => {
    const timer = clock.after(settings.openMs, () => {
      serial.once("open", close);
      resolve({ problem: problemOf(path, "ETIMEDOUT") });
    });
    serial.open((error) => {
      timer.cancel();
      resolve(
        error === null || error === undefined
          ? { stream: serial, close }
          : { problem: problemOf(path, error) },
      );
    });
  });
}

const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [/ENOENT|No such file|cannot open/i, "does not exist; plug the modem in or correct modem.port"],
  [
    /EACCES|EPERM|Permission denied/i,
    "may not be opened; run as a user of the group that owns it, often dialout",
  ],
  [/lock port|EBUSY|busy|temporarily unavailable/i, "is used by another program, often ModemManager"],
  [/ECONNREFUSED/, "has nobody listening; start the modem's server or correct modem.port"],
  [/ENOTFOUND|EAI_AGAIN/, "has a host name that is not known"],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, "does not answer"],
  [/ENOTTY|EISDIR|Inappropriate ioctl/i, "is not a serial port"],
];

function problemOf(port: string, cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const text = cause instanceof Error ? `${code} ${cause.message}` : String(cause);
  const known = PROBLEMS.find(([pattern]) => pattern.test(text));
  return `modem port ${port} ${known?.[1] ?? "cannot be opened"}`;
}
