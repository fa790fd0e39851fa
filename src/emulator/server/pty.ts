import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { HanwayError } from "../../base/error.ts";
import type { Log } from "../../base/log.ts";
import type { SerialPort } from "./port.ts";
import type { Listener } from "./tcp.ts";

/** Complaints of socat that are kept for an error, in octets. */
const MAX_COMPLAINT = 2000;

/** `wait-slave` starts a session when a host opens the terminal; socat ends when the host closes it. */
function start(link: string): ChildProcessWithoutNullStreams {
  return spawn("socat", ["-d", "-d", "STDIO", `PTY,raw,echo=0,wait-slave,pty-interval=0.02,link=${link}`], {
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Resolves once the terminal has its name; rejects with `emulator/listen` when socat is missing or fails. */
function ready(socat: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why: string, cause?: unknown) =>
      reject(new HanwayError("emulator/listen", why, { field: "listen", cause }));
    socat.once("error", (error) =>
      fail("a pseudo terminal needs the program socat (package socat), which is not there", error),
    );
    socat.once("exit", () => fail(`socat ended at once: ${said.trim().split("\n").at(-1) ?? ""}`));
    socat.stderr.on("data", (text: Uint8Array) => {
      said = (said + Buffer.from(text).toString("utf8")).slice(-MAX_COMPLAINT);
      if (said.includes("PTY is")) setImmediate(resolve);
    });
  });
}

function serve(socat: ChildProcessWithoutNullStreams, port: SerialPort): void {
  port.plug({
    write: (bytes) => {
      const room = socat.stdin.write(bytes);
      if (!room) socat.stdout.pause();
      return room;
    },
    close: () => void socat.kill(),
  });
  socat.stdin.on("drain", () => socat.stdout.resume());
  socat.stdin.on("error", () => {});
  socat.stdout.on("data", (bytes: Uint8Array) => port.receive(bytes));
}

/**
 * Serves the same octets on a pseudo terminal, made by socat because Node has none. `link` names the terminal;
 * without one it lies in a fresh folder. A host may open and close it as often as it likes.
 */
export async function listenPty(port: SerialPort, log: Log, link?: string): Promise<Listener> {
  const path = link ?? join(mkdtempSync(join(tmpdir(), "hanway-pty-")), "tty");
  let stopped = false;
  let current: ChildProcessWithoutNullStreams;
  const open = async (): Promise<void> => {
    current = start(path);
    const own = current;
    own.once("exit", () => {
      port.unplug();
      if (stopped) return;
      log.info({ path }, "the host has closed the pseudo terminal");
      open().catch((error: unknown) =>
        log.error({ reason: error instanceof Error ? error.message : String(error) }, "no pseudo terminal"),
      );
    });
    await ready(own);
    serve(own, port);
  };
  const tidy = () => {
    if (link === undefined) rmSync(dirname(path), { recursive: true, force: true });
  };
  try {
    await open();
  } catch (error) {
    stopped = true;
    tidy();
    throw error;
  }
  return {
    url: path,
    stop: async () => {
      stopped = true;
      const own = current;
      if (own.exitCode === null && own.signalCode === null)
        await new Promise<void>((resolve) => {
          own.once("exit", () => resolve());
          own.kill();
        });
      tidy();
    },
  };
}
