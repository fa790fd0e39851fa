import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";

/** A suite that needs the mosquitto broker. In CI a missing one is a failure; a user without it is told so in one line. */
export function describeMosquitto(name: string, suite: () => void): void {
  const there = spawnSync("mosquitto", ["-h"]).error === undefined;
  if (there || process.env.CI === "true") describe(name, suite);
  else {
    console.info(`skipped "${name}": mosquitto is not installed`);
    describe.skip(name, suite);
  }
}

export interface TestBroker extends AsyncDisposable {
  readonly url: string;
  /** Kills it without a farewell. */
  close(): Promise<void>;
  /** Starts it again on its port; what was queued is as durable as this broker makes it. */
  again(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Starts a mosquitto with a configuration of its own; `lines` are added to it. */
export async function startMosquitto(lines: readonly string[] = []): Promise<TestBroker> {
  const folder = mkdtempSync(join(tmpdir(), "hanway-mosquitto-"));
  const port = await freePort();
  const config = join(folder, "mosquitto.conf");
  writeFileSync(
    config,
    [`listener ${port} 127.0.0.1`, "allow_anonymous true", `user ${userInfo().username}`, ...lines, ""].join(
      "\n",
    ),
  );
  let stop: () => Promise<void> = async () => {};
  const start = async () => {
    const child = spawn("mosquitto", ["-c", config, "-v"], { stdio: ["ignore", "ignore", "pipe"] });
    const exited = new Promise<void>((done) => child.once("exit", () => done()));
    stop = async () => {
      child.kill("SIGKILL");
      await exited;
    };
    let told = "";
    await new Promise<void>((running, failed) => {
      child.stderr.on("data", (text) => {
        told += text;
        if (told.includes("running")) running();
      });
      void exited.then(() => failed(new Error(`mosquitto ended: ${told}`)));
    });
  };
  await start();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    close: () => stop(),
    again: start,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}
