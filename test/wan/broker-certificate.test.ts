import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { type Log, silentLog } from "../../src/base/log.ts";
import { BrokerCertificate, type TlsPaths } from "../../src/wan/broker-certificate.ts";
import { HUB } from "./bench.ts";
import { issue } from "./certificate.ts";

const DAY_MS = 24 * 3_600_000;
const authority = issue("authority");
const hub = issue(HUB, authority);

let folder: string;
let paths: Required<TlsPaths>;
let certificate: BrokerCertificate | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-certificate-"));
  paths = { ca: join(folder, "ca"), certificate: join(folder, "certificate"), key: join(folder, "key") };
  writeFileSync(paths.ca, authority.certificate);
  writeFileSync(paths.certificate, hub.certificate);
  writeFileSync(paths.key, hub.key);
});
afterEach(() => {
  certificate?.stop();
  rmSync(folder, { recursive: true });
});

function open(clock = new ManualClock(), log: Log = silentLog): BrokerCertificate {
  certificate = new BrokerCertificate(
    paths,
    { hub: HUB, field: "wan.broker[0]", warnDays: 30 },
    { clock, log },
  );
  return certificate;
}

function warnings(): { log: Log; said: string[] } {
  const said: string[] = [];
  return { said, log: { ...silentLog, warn: (_fields, sentence) => said.push(sentence) } };
}

describe("the hub's certificate for a broker", () => {
  it("is good when its common name is the hub's EUI-64, in whatever writing", () => {
    expect(open().current()).toEqual({
      ca: authority.certificate,
      certificate: hub.certificate,
      key: hub.key,
    });
    const other = issue("00-DB-12-34-56-78-90-A2", authority);
    writeFileSync(paths.certificate, other.certificate);
    writeFileSync(paths.key, other.key);
    expect(new Date(open().expires ?? 0).toISOString()).toBe("2049-12-31T23:59:59.000Z");
  });

  it.each([
    [
      "made out to another",
      "certificate",
      issue("00db1234567890ff").certificate,
      "config/invalid",
      "certificate",
    ],
    ["made out to nobody", "certificate", issue("").certificate, "config/invalid", "certificate"],
    ["no certificate", "certificate", "nonsense", "config/invalid", "certificate"],
    ["not the key's", "key", issue(HUB).key, "config/invalid", "key"],
    ["without a key", "key", "-----BEGIN PRIVATE KEY-----\nsecret\n", "config/invalid", "key"],
    ["under no authority", "ca", "nonsense", "config/invalid", "ca"],
  ] as const)("%s: the start is refused with the setting's name", (_what, file, text, code, field) => {
    writeFileSync(paths[file], text);
    expect(open).toThrow(expect.objectContaining({ code, field: `wan.broker[0].${field}` }));
    expect(open).toThrow(/^(?!.*secret)/s);
  });

  it("a chain that is broken off behind the hub's own certificate is refused with the setting's name", () => {
    const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    writeFileSync(paths.certificate, hub.certificate + broken);
    expect(open).toThrow(
      expect.objectContaining({ code: "config/invalid", field: "wan.broker[0].certificate" }),
    );
  });

  it("a file that is not there is named", () => {
    rmSync(paths.key);
    expect(open).toThrow(/key: there is no such file/);
  });

  it("a change of the files is noticed without a connection", async () => {
    let changes = 0;
    open().start(() => {
      changes += 1;
    });
    const next = issue(HUB, authority, ["200101000000Z", "301231235959Z"]);
    writeFileSync(join(folder, "new"), next.key);
    renameSync(join(folder, "new"), paths.key);
    writeFileSync(paths.certificate, next.certificate);
    await expect.poll(() => changes).toBe(1);
    expect(new Date(certificate?.expires ?? 0).getUTCFullYear()).toBe(2030);
  });

  it("half a change leaves the earlier files in force and is told once", () => {
    const { log, said } = warnings();
    const own = open(new ManualClock(), log);
    writeFileSync(paths.key, issue(HUB, authority).key);
    expect(own.current().key).toBe(hub.key);
    expect(own.current().key).toBe(hub.key);
    expect(said).toEqual([expect.stringContaining("the earlier ones stay in force")]);
  });

  it("its end is told when it has come, however short ago it was warned of", () => {
    const clock = new ManualClock(Date.UTC(2030, 1, 28, 22));
    const short = issue(HUB, authority, ["200101000000Z", "300301000000Z"]);
    writeFileSync(paths.certificate, short.certificate);
    writeFileSync(paths.key, short.key);
    const { log, said } = warnings();
    open(clock, log).start(() => {});
    clock.advance(3 * 3_600_000);
    expect(said).toEqual([expect.stringContaining("ends in 0 days"), expect.stringContaining("has expired")]);
  });

  it("its end is warned of once a day from 30 days ahead, and told when it has come", () => {
    const clock = new ManualClock(Date.UTC(2030, 0, 1));
    const short = issue(HUB, authority, ["200101000000Z", "300301000000Z"]);
    writeFileSync(paths.certificate, short.certificate);
    writeFileSync(paths.key, short.key);
    const { log, said } = warnings();
    open(clock, log).start(() => {});
    expect(said).toEqual([]);
    clock.advance(28.5 * DAY_MS);
    expect(said).toEqual([]);
    clock.advance(DAY_MS);
    expect(said).toEqual([expect.stringContaining("ends in 30 days")]);
    clock.advance(DAY_MS);
    expect(said).toHaveLength(2);
    clock.advance(30 * DAY_MS);
    expect(said.at(-1)).toContain("has expired");
  });
});
