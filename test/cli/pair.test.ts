import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHF, GPF, METER } from "../app/home.ts";
import { HanwayProcess, hanway } from "./run-hanway.ts";

const LABEL = "83FED3407A939723A5C639B26916D505C3B5";
const OTHER = "83FED3407A939723A5C639FF4C12";
const GAS = "00db1234567890a1";

let folder: string;
let config: string;
const scope = new AsyncDisposableStack();

async function startHub(localPairing: boolean): Promise<string> {
  const emulator = scope.use(
    new HanwayProcess([
      "emulate",
      ...["--listen", "tcp://127.0.0.1:0", "--eui64", GPF, "--seed", "2", "--test-ca", "5"],
      ...["--device", `esme:${METER}:${LABEL}`, "--device", `gsme:${GAS}:${LABEL}`],
    ]),
  );
  const radio = await emulator.says(/^listening (\S+)$/m);
  const dataDir = join(folder, `data-${localPairing}`);
  const path = join(folder, `hub-${localPairing}.toml`);
  writeFileSync(
    path,
    `[hub]
chf = "${CHF}"
gpf = "${GPF}"
dataDir = ${JSON.stringify(dataDir)}
localPairing = ${localPairing}
[radio]
port = "${radio}"
channel = 12
[[wan.broker]]
url = "mqtt://127.0.0.1:9"
[security]
testAuthority = 5
`,
  );
  const hub = scope.use(new HanwayProcess(["run", "--config", path]));
  await hub.says(/"state":"up"/);
  return path;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hanway-pair-"));
  config = await startHub(true);
});
afterAll(async () => {
  await scope[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe("hanway pair, devices and unpair against a running hub without a broker", () => {
  it("says what to do when the install code is not the device's", async () => {
    const { code, stderr, stdout } = await hanway(
      "pair",
      GAS,
      OTHER,
      "--type",
      "gsme",
      "--seconds",
      "8",
      "--config",
      config,
      "--json",
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/trouble at "link key": .*install code/);
    expect(stderr.match(/next: \S+/g)).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ device: GAS, joined: false, failure: { step: "link key" } });
    expect(stderr + stdout).not.toContain(OTHER.toLowerCase());
    expect((await hanway("unpair", GAS, "--config", config)).code).toBe(0);
  }, 40_000);

  it("shows every step until the device is in, reading what its QR code says", async () => {
    const { code, stderr } = await hanway(
      "pair",
      `Z:${METER}$I:${LABEL}`,
      "--type",
      "esme",
      "--config",
      config,
    );
    const steps = [
      "window open",
      "seen",
      "associated",
      "link key",
      "key establishment",
      "log updated",
      "joined",
    ];
    const at = steps.map((step) => stderr.indexOf(` ${step}\n`));
    expect(stderr).not.toContain("trouble");
    expect(at).not.toContain(-1);
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(code).toBe(0);
  }, 40_000);

  it("lists the device, and pairs it no second time", async () => {
    const listed = await hanway("devices", "--config", config, "--json");
    expect(JSON.parse(listed.stdout)).toMatchObject({
      localPairing: true,
      devices: [{ eui64: METER, type: "esme", joined: true }],
    });
    expect((await hanway("devices", "--config", config)).stdout).toMatch(/00db1234567890a0 {2}esme +joined/);
    const again = await hanway("pair", METER, LABEL, "--config", config);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("needs no window") });
    const machine = await hanway("pair", METER, LABEL, "--config", config, "--json");
    expect(JSON.parse(machine.stdout)).toEqual({ device: METER, type: "esme", joined: true, steps: [] });
  });

  it("takes it off again, once", async () => {
    const off = await hanway("unpair", METER, "--config", config, "--json");
    expect(off.code).toBe(0);
    expect(JSON.parse(off.stdout)).toEqual({ device: METER, unpaired: true });
    const again = await hanway("unpair", METER, "--config", config, "--json");
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout)).toEqual({ device: METER, unpaired: false });
    expect((await hanway("devices", "--config", config)).stdout).toContain("no device is in the Device Log");
  });

  it("keeps the local socket to the hub's own user", () => {
    expect(statSync(join(folder, "data-true", "control.sock")).mode & 0o777).toBe(0o600);
  });

  it("pairs nothing where the settings do not allow it, and says which", async () => {
    const closed = await startHub(false);
    const { code, stderr } = await hanway("pair", METER, LABEL, "--config", closed);
    expect(stderr).toMatch(/localPairing = true/);
    expect(code).toBe(2);
  }, 30_000);

  it.each([
    [["pair"], /needs EUI64/],
    [["pair", METER, "83FED3407A939723A5C639B26916D505C3B6"], /CRC/],
    [["pair", METER, LABEL, "--type", "toaster"], /allowed are/],
    [["pair", METER, LABEL, "--socket", "/nonexistent/control.sock"], /no hub listens there/],
  ])("refuses a wrong call in one sentence: %j", async (args, sentence) => {
    const { code, stderr } = await hanway(...args);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(2);
  });
});

/** A local socket that answers a few lines and then goes away. */
async function shortLived(lines: readonly string[]): Promise<{ path: string } & AsyncDisposable> {
  const path = join(folder, `short-${lines.length}.sock`);
  const left = [...lines];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => {
      const line = left.shift();
      if (line !== undefined) socket.write(`${line}\n`);
      if (left.length === 0) socket.end();
    });
  });
  await new Promise<void>((listening) => server.listen(path, listening));
  return { path, [Symbol.asyncDispose]: () => new Promise((closed) => server.close(() => closed())) };
}

describe("a hub that ends while a command speaks to it", () => {
  it("ends a pairing at once, as a failure with its cause", async () => {
    await using hub = await shortLived(['{"answer":"watching"}', '{"answer":"window-open"}']);
    const { code, stdout } = await hanway("pair", METER, LABEL, "--socket", hub.path, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      joined: false,
      failure: { step: "window open", cause: "the hub closed the connection" },
    });
    expect(code).toBe(1);
  });

  it("is told in one sentence, also where what spoke was no hub", async () => {
    await using stranger = await shortLived(["220 mail ready"]);
    const { code, stdout, stderr } = await hanway("devices", "--socket", stranger.path, "--json");
    expect(stderr).toMatch(/^hanway: .*the hub closed the connection\n$/);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});
