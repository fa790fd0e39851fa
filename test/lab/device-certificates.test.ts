import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Eui64 } from "../../src/base/eui64.ts";
import { checkCredential } from "../../src/cbke/index.ts";
import { deviceCertificates } from "../../src/lab/device-certificates.ts";
import { writeZigbeeAuthority, ZIGBEE_FILE } from "../../src/lab/zigbee-authority.ts";

const METER = Eui64("00db1234567890a0");
const OTHER = Eui64("00db1234567890a9");
const folder = mkdtempSync(join(tmpdir(), "hanway-certificates-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["a seed", () => deviceCertificates(7)],
  [
    "the folder of a test PKI",
    () => {
      writeZigbeeAuthority(folder, [METER]);
      return deviceCertificates(folder);
    },
  ],
])("certificates of both suites from %s stand the check of a hub that trusts the same", (_name, source) => {
  const { credentials, issuers } = source()(METER);
  expect(credentials.map(({ suite }) => suite).toSorted()).toEqual([1, 2]);
  for (const credential of credentials)
    expect(() => checkCredential(credential, METER, issuers)).not.toThrow();
});

test("a device that the folder does not know is named", () => {
  expect(() => deviceCertificates(folder)(OTHER)).toThrow(
    expect.objectContaining({ code: "config/missing", detail: expect.stringContaining(OTHER) }),
  );
});

test("a damaged file, and a folder without one, are refused as settings", () => {
  writeFileSync(join(folder, ZIGBEE_FILE), "{}");
  expect(() => deviceCertificates(folder)).toThrow(expect.objectContaining({ code: "config/invalid" }));
  expect(() => deviceCertificates(join(folder, "nowhere"))).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^config\//) }),
  );
});
