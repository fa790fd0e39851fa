import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { SystemClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { decodeAsn1, GeneralizedTime } from "../../src/gbcs/asn1/index.ts";
import { issueCertificate } from "../../src/gbcs/certificate/issue.ts";
import type { SecuredMessage } from "../../src/gbcs/envelope/envelope.ts";
import { readKeystore } from "../../src/gbcs/keystore.ts";
import { readAuthorities } from "../../src/headend/pki/folder.ts";
import { FarParty } from "../chf/far-end.ts";
import { keyPair } from "../chf/pki.ts";
import { BROKER_PARTY, CHF, TestHome, until } from "./home.ts";

const WAN_PROVIDER = Eui64("02fa17e000000106");
const CODE = "CS02b-wanProviderByWanProvider";
const SIGNS = 1;
const DAY_MS = 86_400_000;

let home: TestHome;
afterEach(async () => {
  await home[Symbol.asyncDispose]();
});

async function start(): Promise<void> {
  home = await TestHome.start({ chf: true, withMeter: false, listed: false, joinSeconds: 0 });
  await online();
}

async function online(): Promise<void> {
  await until(() => home.hub.status().online, "the hub at the broker");
}

/** A machine whose clock is ahead of this one's. */
class ClockAhead extends SystemClock {
  override now(): number {
    return super.now() + DAY_MS;
  }
}

/** A new certificate of the WAN provider, by the authority of the hub's own test PKI, and the far end with its key. */
function successor(): { der: Uint8Array; issuing: Uint8Array; far: FarParty } {
  const folder = join(home.config.hub.dataDir, "pki");
  const issuing = readAuthorities(folder).find(({ name }) => name === "organisation-issuing");
  if (issuing === undefined) throw new Error("no issuing authority");
  const { publicKey, privateKey } = keyPair();
  const notBefore = Math.floor(Date.now() / 1_000) - 3_600;
  const der = issueCertificate(
    {
      subject: { kind: "organisation", eui64: WAN_PROVIDER, role: 6, keyUsage: SIGNS },
      publicKey,
      serialNumber: 5n,
      notBefore,
      notAfter: notBefore + 365 * 86_400,
    },
    issuing.issuer,
  );
  const records: unknown[] = JSON.parse(readFileSync(join(folder, "keystore.json"), "utf8"));
  const others = records.filter(
    (one) => !(property(one, "eui64") === WAN_PROVIDER && property(one, "usage") === "DS"),
  );
  const own = {
    eui64: WAN_PROVIDER,
    usage: "DS",
    certificate: Buffer.from(der).toString("base64"),
    privateScalar: Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url").toString("hex"),
  };
  const keystore = readKeystore(JSON.stringify([...others, own]));
  return { der, issuing: issuing.certificate, far: new FarParty(keystore, BROKER_PARTY, CHF) };
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

let counter = 0n;

/** CS02b of the WAN provider, whose key `far` has: into its own cell, or nothing at all. Resolves with its last stage. */
async function update(far: FarParty, next?: { der: Uint8Array; issuing: Uint8Array }, at?: number) {
  counter = BigInt(Date.now()) > counter ? BigInt(Date.now()) : counter + 1n;
  const cell = { role: 6, keyUsage: SIGNS, cellUsage: 0 };
  const fields = {
    control: { mode: 5, authorisingCell: cell, authorisingSeqNumber: counter },
    replacements: next === undefined ? [] : [{ certificate: next.der, targetCell: cell }],
    certificationPath: next === undefined ? [] : [next.issuing],
    ...(at === undefined ? {} : { executionTime: GeneralizedTime(at) }),
  };
  const wish = { originator: WAN_PROVIDER, counter, protection: "signature-and-mac" } as const;
  const id = await home.offer(CHF, far.command(CODE, fields, wish));
  const ended = () => home.stages(id).find((stage) => /^(?:executed|failed)/.test(stage));
  await until(() => ended() !== undefined, "the Command's end");
  return ended();
}

function sent(far: FarParty, messageCode: number): SecuredMessage[] {
  return home.uplinks
    .map((hex) => far.verified(fromHex(hex)))
    .filter((envelope) => envelope.messageCode === messageCode);
}

function outcomes(far: FarParty) {
  return sent(far, 0x00cb).map(({ content, target }) => {
    const { alertCode, time, outcome } = decodeAsn1(0x00cb, "alert", content);
    return { target, alertCode, time, statuses: outcome.replacements.map(({ status }) => status) };
  });
}

describe("a whole hub whose WAN provider replaces its key by CS02b", () => {
  it("takes the next Command by the new key, and after a restart too", async () => {
    await start();
    const old = new FarParty(home.parties.keystore, BROKER_PARTY, CHF);
    const next = successor();
    expect(await update(old, next)).toBe("executed");
    await until(() => sent(old, 0x0105).length === 1, "the Response");
    const { outcome } = decodeAsn1(0x0105, "response", sent(old, 0x0105)[0]?.content ?? fromHex(""));
    expect(outcome?.replacements.map(({ status }) => status)).toEqual([0]);
    expect(await update(old)).toBe("failed refused");
    expect(await update(next.far)).toBe("executed");
    await home.restart();
    await online();
    expect(await update(next.far)).toBe("executed");
    expect(await update(old)).toBe("failed refused");
  }, 30_000);

  it("does so at the time that the Command names, and tells of it", async () => {
    await start();
    const old = new FarParty(home.parties.keystore, BROKER_PARTY, CHF);
    const next = successor();
    const at = Math.floor(Date.now() / 1_000) + 3;
    expect(await update(old, next, at)).toBe("executed");
    await until(() => sent(old, 0x0105).length === 1, "the Response");
    expect(toHex(sent(old, 0x0105)[0]?.content ?? fromHex(""))).toBe("30020500");
    expect(await update(old)).toBe("executed");
    await until(() => outcomes(old).length === 1, "the alert");
    const [told] = outcomes(old);
    expect(told).toMatchObject({ target: WAN_PROVIDER, alertCode: 0x8f66, statuses: [0] });
    expect((told?.time ?? 0) - at).toBeGreaterThanOrEqual(0);
    expect((told?.time ?? 0) - at).toBeLessThan(5);
    expect(await update(next.far)).toBe("executed");
  }, 30_000);

  it("does so after a restart a day later, on a clock that is right by then", async () => {
    await start();
    const old = new FarParty(home.parties.keystore, BROKER_PARTY, CHF);
    const next = successor();
    const at = Math.floor(Date.now() / 1_000) + 3_600;
    expect(await update(old, next, at)).toBe("executed");
    await home.restart();
    await online();
    expect(await update(old)).toBe("executed");
    expect(outcomes(old)).toEqual([]);
    home.clock = new ClockAhead();
    await home.restart();
    await online();
    await until(() => outcomes(old).length === 1, "the alert");
    expect(outcomes(old)[0]).toMatchObject({ alertCode: 0x8f66, statuses: [0] });
    expect(await update(next.far)).toBe("executed");
    await home.restart();
    await online();
    expect(await update(next.far)).toBe("executed");
    expect(outcomes(old)).toHaveLength(1);
  }, 40_000);
});
