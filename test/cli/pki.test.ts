import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Eui64 } from "../../src/base/eui64.ts";
import { PartyStore } from "../../src/headend/party-store.ts";
import { readZigbeeCredentials } from "../../src/lab/zigbee-authority.ts";
import { ownFolder } from "../own-folder.ts";
import { hanway } from "./streams.ts";

const folder = ownFolder();

const ESME = Eui64("02fa17e0000000a0");
const IHD = Eui64("02fa17e0000000a7");

describe("hanway pki", () => {
  it("makes keys of parties and devices, and certificates for key establishment that the authority stands for", async () => {
    const dir = folder("keys");
    const { code, out } = await hanway(["pki", "init", "--dir", dir, "--device", `esme:${ESME}`, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      dir,
      devices: [{ type: "chf" }, { type: "gpf" }, { eui64: ESME }],
    });
    expect(readdirSync(dir).sort()).toEqual([
      "authorities.json",
      "keystore.json",
      "organisation-root.pem",
      "zigbee.json",
    ]);
    const { trusted, of } = readZigbeeCredentials(dir);
    expect(of.get(ESME)).toHaveLength(2);
    expect(trusted).toHaveLength(2);
  });

  it("adds devices later by the same authorities, one of Type 2 for the HAN only", async () => {
    const dir = folder("keys");
    await hanway(["pki", "init", "--dir", dir]);
    const before = readZigbeeCredentials(dir).trusted;
    const added = await hanway([
      "pki",
      "add",
      "--dir",
      dir,
      "--device",
      `esme:${ESME}`,
      "--device",
      `ihd:${IHD}`,
    ]);
    expect(added.code).toBe(0);
    expect(PartyStore.open(dir).keystore.certificate(ESME, "DS")).toBeDefined();
    const after = readZigbeeCredentials(dir);
    expect(after.trusted).toEqual(before);
    expect([...after.of.keys()]).toEqual(expect.arrayContaining([ESME, IHD]));
  });

  it("never writes over keys, and ends with 2 where it is called wrong", async () => {
    const dir = folder("keys");
    await hanway(["pki", "init", "--dir", dir]);
    expect((await hanway(["pki", "init", "--dir", dir])).code).toBe(2);
    expect((await hanway(["pki", "add", "--dir", folder("none"), "--device", `esme:${ESME}`])).code).toBe(2);
    expect((await hanway(["pki", "init", "--dir", folder("a"), "--device", "toaster:1"])).code).toBe(2);
    expect((await hanway(["pki", "init", "--dir", folder("b"), "--chf", "1"])).code).toBe(2);
    expect(
      (await hanway(["pki", "init", "--dir", folder("c"), "--chf", ESME, "--device", `esme:${ESME}`])).code,
    ).toBe(2);
    expect((await hanway(["pki"])).code).toBe(2);
  });
});
