import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { HanwayError } from "../../base/error.ts";
import type { Log } from "../../base/log.ts";
import type { HostPort } from "./port.ts";
import type { Listener } from "./tcp.ts";

/** Complaints of socat that are kept for an error, in octets. */
const MAX_COMPLAINT = 2000;
const LOOK_AGAIN_MS = 5;

/** `wait-slave` starts a session when a host opens the terminal; socat ends when the host closes it. */
function start(link: string): ChildProcessWithoutNullStreams {
  return spawn("socat", ["-d", "-d", "STDIO", `PTY,raw,echo=0,wait-slave,pty-interval=0.02,link=${link}`], {
    stdio: ["pipe", "pipe", "pipe"],
  });
}

function target(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

/** socat's own words on why it ended: the last line marked as an error. */
function complaint(said: string): string {
  const line = said.split("\n").findLast((each) => / E /.test(each)) ?? said;
  return line.replace(/^.* E /, "").trim();
}

/** Resolves once the terminal is there under its name; rejects with `emulator/listen` when socat is missing or fails. */
function ready(socat: ChildProcessWithoutNullStreams, link: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    let over = false;
    const fail = (why: string, cause?: unknown) => {
      over = true;
      reject(new HanwayError("emulator/listen", why, { field: "listen", cause }));
    };
    socat.once("error", (error) =>
      fail("a pseudo terminal needs the program socat (package socat), which is not there", error),
    );
    socat.once("exit", () => fail(`socat could not make the terminal: ${complaint(said)}`));
    socat.stderr.on("data", (text: Uint8Array) => {
      said = (said + Buffer.from(text).toString("utf8")).slice(-MAX_COMPLAINT);
    });
    // socat names the terminal before it makes the link, and says nothing once the link is there.
    const look = () => {
      if (over) return;
      const terminal = /PTY is (\S+)/.exec(said)?.[1];
      if (terminal !== undefined && target(link) === terminal) resolve();
      else setTimeout(look, LOOK_AGAIN_MS);
    };
    look();
  });
}

function serve(socat: ChildProcessWithoutNullStreams, port: HostPort): void {
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
export async function listenPty(port: HostPort, log: Log, link?: string): Promise<Listener> {
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
    await ready(own, path);
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
