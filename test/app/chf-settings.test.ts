import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chfCredentials, chfIdentity } from "../../src/app/chf.ts";
import { parseConfig } from "../../src/app/config.ts";
import { fromHex } from "../../src/base/bytes.ts";
import { SystemClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { makeTestPki } from "../../src/lab/test-pki.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-chf-settings-"));
  makeTestPki(join(folder, "pki"), [{ type: "chf", eui64: Eui64("00db1234567890a2") }], new SystemClock());
  writeFileSync(join(folder, "broken.json"), "[{ secret");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function config(section: string, chf = "00db1234567890a2") {
  return parseConfig(`
[hub]
chf = "${chf}"
dataDir = "data"
[radio]
port = "/dev/ttyUSB0"
[[wan.broker]]
url = "mqtt://127.0.0.1:1883"
${section}
`);
}

const keystore = (path: string) => `[chf]\nkeystore = ${JSON.stringify(path)}`;

describe("the CHF's settings", () => {
  it("without a keystore the hub has no CHF", () => {
    expect(chfCredentials(config(""))).toBeUndefined();
  });

  it("takes the keys and the certificates of a test PKI", () => {
    const credentials = chfCredentials(config(keystore(join(folder, "pki", "keystore.json"))));
    expect(credentials?.ownKeys).toHaveProperty("signingKey");
    expect(credentials?.certificates.length).toBeGreaterThan(10);
  });

  it.each([
    ["a file that is not there", "nothing.json", undefined, "config/unreadable"],
    ["a file that is no keystore", "broken.json", undefined, "config/invalid"],
    ["a keystore without the hub's own key", "pki/keystore.json", "00db1234567890ff", "config/invalid"],
  ])("refuses %s, and quotes nothing of it", (_what, file, chf, code) => {
    const attempt = () => chfCredentials(config(keystore(join(folder, file)), chf));
    expect(attempt).toThrow(expect.objectContaining({ code }));
    expect(attempt).not.toThrow(/secret/);
  });

  it("reads who the hub says it is, and refuses what is not of the length", () => {
    const identity = 'modelType = "4154475479706559"\nmanufacturer = "00434353"';
    expect(chfIdentity(config(`[chf]\n${identity}`))).toEqual({
      modelType: fromHex("4154475479706559"),
      manufacturer: fromHex("00434353"),
      firmwareVersion: undefined,
    });
    expect(() => config('[chf]\nmanufacturer = "434353"')).toThrow(
      expect.objectContaining({ code: "config/invalid", field: "chf.manufacturer" }),
    );
  });
});
