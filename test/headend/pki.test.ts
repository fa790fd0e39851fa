import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { HanwayError } from "../../src/base/error.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { systemRandom } from "../../src/base/random.ts";
import { readCertificate } from "../../src/gbcs/certificate/certificate.ts";
import { checkPath } from "../../src/gbcs/certificate/path.ts";
import { PartyStore } from "../../src/headend/party-store.ts";
import { addKeys, readAuthorities, writePki } from "../../src/headend/pki/folder.ts";
import { createPki, issueDevices } from "../../src/headend/pki/issue.ts";
import { PARTIES } from "../../src/headend/pki/parties.ts";
import { describeShared } from "../shared-data.ts";

const CHF = Eui64("00db1234567890a2");
const ESME = Eui64("00db1234567890a0");
const NOW = Date.UTC(2026, 0, 1) / 1000;
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "hanway-pki-test-"));
  folders.push(path);
  return path;
}

function pki() {
  const devices = [{ type: "chf", eui64: CHF } as const];
  return createPki({ devices, parties: new Map(), notBefore: NOW }, systemRandom);
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof HanwayError) return error.code;
    throw error;
  }
  return "nothing";
}

describe("the test PKI (GBCS 12)", () => {
  const made = pki();
  const authorities = made.authorities.map(({ certificate }) => readCertificate(certificate));
  const [organisationRoot, , deviceRoot] = authorities;
  if (organisationRoot === undefined || deviceRoot === undefined) throw new Error("no roots");

  it("has certificates of every party and device that lead to the root of their kind, and to no other", () => {
    for (const { name, certificate } of made.keys) {
      const read = readCertificate(certificate);
      const [own, other] =
        read.kind === "device" ? [deviceRoot, organisationRoot] : [organisationRoot, deviceRoot];
      expect(checkPath(read, authorities, own, NOW + 1).outcome, name).toBe("trusted");
      expect(checkPath(read, authorities, other, NOW + 1).outcome, name).not.toBe("trusted");
    }
  });

  it("gives organisations their role and identifier, devices an empty subject and no end", () => {
    for (const { name, role, eui64 } of PARTIES) {
      const record = made.keys.find((key) => key.name === name);
      if (record === undefined) throw new Error(`no ${name}`);
      expect(readCertificate(record.certificate)).toMatchObject({ kind: "organisation", role, eui64 });
    }
    const hub = made.keys.filter((key) => key.name === "chf").map((key) => readCertificate(key.certificate));
    expect(hub).toHaveLength(2);
    for (const certificate of hub)
      expect(certificate).toMatchObject({ kind: "device", subject: "", eui64: CHF });
  });

  it("gives suppliers, and nobody else, a Key Agreement key for prepayment", () => {
    const prepayment = made.keys.filter((key) => key.prepayment).map(({ name, usage }) => `${name} ${usage}`);
    expect(prepayment).toEqual(["supplier KA", "second-supplier KA", "gas-supplier KA"]);
  });

  it("never gives two certificates one serial number", () => {
    const serials = made.keys.map(({ certificate }) => readCertificate(certificate).serialNumber);
    expect(new Set(serials).size).toBe(serials.length);
  });
});

describe("the folder of a test PKI", () => {
  it("lets nobody else in, and holds nothing half written", () => {
    const path = folder();
    writePki(path, pki());
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(readdirSync(path).sort()).toEqual(["authorities.json", "keystore.json", "organisation-root.pem"]);
    for (const file of readdirSync(path)) expect(statSync(join(path, file)).mode & 0o777).toBe(0o600);
  });

  it("is a folder of its own: one that holds something else is refused and stays as it is", () => {
    const path = folder();
    writeFileSync(join(path, "diary.txt"), "dear diary");
    chmodSync(path, 0o755);
    expect(refusal(() => writePki(path, pki()))).toBe("config/invalid");
    expect(statSync(path).mode & 0o777).toBe(0o755);
  });

  it("is never written over", () => {
    const path = folder();
    writePki(path, pki());
    expect(refusal(() => writePki(path, pki()))).toBe("config/invalid");
  });

  it("loads as parties by name with their keys", () => {
    const path = folder();
    writePki(path, pki());
    const store = PartyStore.open(path);
    for (const { name, eui64 } of PARTIES) expect(store.party(name)).toBe(eui64);
    expect(store.nameOf(CHF)).toBe("chf");
    expect(store.keystore.privateKey(store.party("supplier"), "KA", true)).toBeDefined();
    expect(refusal(() => store.party("superman"))).toBe("headend/unknown");
  });

  it("takes more devices by the same authorities, but no device twice", () => {
    const path = folder();
    writePki(path, pki());
    const issue = () =>
      issueDevices(readAuthorities(path), [{ type: "esme", eui64: ESME }], NOW, systemRandom);
    addKeys(path, issue());
    expect(PartyStore.open(path).keystore.certificate(ESME, "KA")).toBeDefined();
    expect(refusal(() => addKeys(path, issue()))).toBe("config/invalid");
  });

  it("refuses a keystore that is damaged, without quoting it", () => {
    const path = folder();
    const secret = "deadbeef".repeat(8);
    for (const text of ["", "{}", "[1]", `[{"eui64": "00db1234567890a0", "privateScalar": "${secret}"`]) {
      writeFileSync(join(path, "keystore.json"), text);
      expect(() => PartyStore.open(path)).toThrow(HanwayError);
      expect(() => PartyStore.open(path)).not.toThrow(secret);
    }
    expect(refusal(() => PartyStore.open(join(path, "nothing")))).toBe("config/unreadable");
  });
});

describeShared("a keystore from outside", "rtds-keystore.json", (path) => {
  it("is read as parties by the roles in their certificates", () => {
    const store = PartyStore.open(path);
    expect(store.party("supplier")).toBe("90b3d51f30010000");
    expect(store.party("second-supplier")).toBe("90b3d51f30030000");
    expect(store.party("network-operator")).toBe("90b3d51f30020000");
    expect(store.party("acb")).toBe("90b3d51f30000002");
    expect(store.party("transitional-cos")).toBe("90b3d51f30000004");
    expect(store.party("wan-provider")).toBe("90b3d51f30000007");
    expect(store.party("load-controller")).toBe("90b3d51f30010008");
  });
});
