import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { HanwayError } from "../base/error.ts";

/** A mosquitto of our own on 127.0.0.1, with its own configuration and folder. */
export interface Mosquitto extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Kills it without a farewell; `SIGTERM` lets it write down what it holds first, where it was told to. */
  close(signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts it again on its port; what was queued is as durable as its configuration makes it. */
  again(): Promise<void>;
}

/** Configuration lines under which it keeps sessions and messages over a stop by SIGTERM, however many there are. */
export function persistent(folder: string): string[] {
  return ["persistence true", `persistence_location ${folder}/`, "max_queued_messages 0"];
}

/** Debian puts it where only the administrator's PATH looks. */
const PATH = `${process.env.PATH ?? ""}:/usr/sbin:/usr/local/sbin`;
const env = { ...process.env, PATH };

export function mosquittoInstalled(): boolean {
  return spawnSync("mosquitto", ["-h"], { env }).error === undefined;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Starts one; `lines` are added to its configuration. Throws `wan/listen` where it ends at once or is not installed. */
export async function startMosquitto(lines: readonly string[] = []): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), "hanway-mosquitto-"));
  const port = await freePort();
  const config = join(folder, "mosquitto.conf");
  const own = [`listener ${port} 127.0.0.1`, "allow_anonymous true", `user ${userInfo().username}`];
  writeFileSync(config, [...own, ...lines, ""].join("\n"));
  let stop: Mosquitto["close"] = async () => {};
  const start = async () => {
    const child = spawn("mosquitto", ["-c", config, "-v"], { env, stdio: ["ignore", "ignore", "pipe"] });
    const exited = new Promise<void>((done) => child.once("close", () => done()));
    stop = async (signal = "SIGKILL") => {
      child.kill(signal);
      await exited;
    };
    let told = "";
    await new Promise<void>((running, failed) => {
      const listening = (text: Buffer) => {
        told += text;
        if (!told.includes("running")) return;
        running();
        child.stderr.off("data", listening);
        child.stderr.resume();
      };
      child.stderr.on("data", listening);
      child.once("error", (cause) =>
        failed(
          new HanwayError("wan/listen", "mosquitto is not installed (Debian: apt-get install mosquitto)", {
            cause,
          }),
        ),
      );
      void exited.then(() => failed(new HanwayError("wan/listen", `mosquitto ended: ${told}`)));
    });
  };
  await start();
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    close: (signal) => stop(signal),
    again: start,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}
