import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { protectAs } from "../../src/gbcs/security/protect.ts";
import { keystoreAgreement } from "../../src/gbcs/security/recorded.ts";
import { SoftwareSigner } from "../../src/gbcs/security/signature.ts";
import { CredentialsBench, DS, KA, MODE, type Mode, successor } from "./credentials-bench.ts";
import { CHF } from "./hub.ts";
import { PARTY } from "./pki.ts";

const OTHER_PROVIDER = Eui64("02fa17e000000196");
const { wanProviderByWanProvider: BY_WAN, acbByAcb: BY_ACB, byRecovery: BY_RECOVERY } = MODE;

let bench: CredentialsBench;
beforeEach(() => {
  bench = new CredentialsBench();
});
afterEach(() => bench[Symbol.dispose]());

/** A certificate of the WAN provider that is as good as another. */
const fresh = (eui64: Eui64 = PARTY.wanProvider) => successor(bench, BY_WAN, eui64);

describe("a CS02b that is refused is not answered and changes nothing", () => {
  async function refused(command: Uint8Array, code: number): Promise<void> {
    const before = bench.hub.state();
    const { answers, failed } = await bench.hub.run(command);
    expect([answers, failed]).toEqual([[], "refused"]);
    expect(bench.hub.state()).toEqual(before);
    expect(bench.hub.securityLog().at(-1)).toBe(code);
  }
  const replace = () => [[fresh().der, 6, DS]] as const;

  it("a wrong MAC, a wrong signature, neither, or one of them: 8F3D", async () => {
    const command = bench.command(BY_WAN, { replace: replace() });
    for (const at of [command.length - 1, command.length - 20])
      await refused(command.with(at, (command[at] ?? 0) ^ 1), 0x8f3d);
    for (const protection of ["mac", "signature"] as const)
      await refused(bench.command(BY_WAN, { replace: replace(), wish: { protection } }), 0x8f3d);
  });

  it("repeated: 8F53, also where the certificate is the one that was there", async () => {
    const present = bench.pki.keystore.certificate(PARTY.wanProvider, "DS")?.der ?? new Uint8Array();
    const control = { newRemotePartyFloorSeqNumber: 0n };
    const command = bench.command(BY_WAN, { replace: [[present, 6, DS]], control });
    expect((await bench.response(command)).value.outcome?.replacements[0]?.status).toBe(0);
    await refused(command, 0x8f53);
  });

  it("sent by another party than the mode is for: 8F30", async () => {
    for (const [mode, by] of [
      [BY_WAN, PARTY.acb],
      [BY_WAN, PARTY.recovery],
      [BY_ACB, PARTY.wanProvider],
      [MODE.rootByWanProvider, PARTY.acb],
    ] as const)
      await refused(bench.command({ ...mode, by } as unknown as Mode, { replace: replace() }), 0x8f30);
  });

  it("authorised by a cell that is not the sender's: 8F30", async () => {
    for (const cell of [
      { role: 4, keyUsage: DS },
      { role: 6, keyUsage: KA },
      { role: 6, keyUsage: DS, cellUsage: 1 },
    ]) {
      const authorisingCell = { cellUsage: 0, ...cell };
      await refused(bench.command(BY_WAN, { replace: replace(), control: { authorisingCell } }), 0x8f30);
    }
  });

  it("of another mode or counter than its header, with a symmetric key, or a cell twice: 8F1E", async () => {
    for (const control of [
      { mode: 4 },
      { authorisingSeqNumber: 1n },
      { plaintextSymmetricKey: new Uint8Array(16) },
    ])
      await refused(bench.command(BY_WAN, { replace: replace(), control }), 0x8f1e);
    await refused(bench.command(BY_WAN, { replace: [...replace(), ...replace()] }), 0x8f1e);
  });

  it("cut anywhere, or with any octet changed, it is answered or refused, and never a fault", async () => {
    const whole = bench.command(BY_WAN, {
      replace: replace(),
      control: { newRemotePartyFloorSeqNumber: 0n },
    });
    const envelope = bench.far.verified(whole);
    const key = bench.pki.keystore.privateKey(PARTY.wanProvider, "DS");
    if (key === undefined) throw new Error("no key");
    const keys = {
      signature: new SoftwareSigner(key),
      mac: { keys: keystoreAgreement(bench.pki.keystore), accessControlBroker: PARTY.acb },
    };
    const { content } = envelope;
    const attempt = async (damaged: Uint8Array) => {
      const message = protectAs({ ...envelope, content: damaged }, "signature-and-mac", keys);
      const { answers, failed } = await bench.hub.chf.executor.execute({
        id: "t" as never,
        device: CHF,
        payload: message,
      });
      expect(answers.length === 1 || failed === "refused").toBe(true);
    };
    for (let at = 0; at < content.length; at += at < 60 ? 1 : 7) {
      await attempt(content.subarray(0, at));
      for (const bit of [0x01, 0x80]) await attempt(content.with(at, (content[at] ?? 0) ^ bit));
    }
  });
});

describe("what was replaced is on the disk with the Response, or not at all", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hanway-cs02b-"));
    path = join(folder, "hub.db");
    bench[Symbol.dispose]();
    bench = new CredentialsBench({ path });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("a transaction that fails leaves the old certificate in force, and a second try replaces it", async () => {
    const next = fresh();
    const command = bench.command(BY_WAN, { replace: [[next.der, 6, DS]] });
    const execution = await bench.hub.chf.executor.execute({
      id: "t" as never,
      device: CHF,
      payload: command,
    });
    const commit = (fails: boolean) =>
      bench.hub.store.transaction(() => {
        execution.writes?.();
        if (fails) throw new Error("the disk is full");
      });
    expect(() => commit(true)).toThrow("the disk is full");
    expect(await bench.takes(BY_WAN, next)).toBe(false);
    const before = bench.next();
    expect(before).toBeGreaterThan(0n);
    commit(false);
    expect(await bench.takes(BY_WAN, next)).toBe(true);
    expect(await bench.takes(BY_WAN)).toBe(false);
  });

  it("what was agreed with the broker's new key is forgotten where its transaction fails", async () => {
    const ka = bench.pki.issue({ eui64: PARTY.acb, role: 4, usage: "KA" });
    const payload = bench.command(BY_ACB, { replace: [[ka.der, 4, KA]] });
    const execution = await bench.hub.chf.executor.execute({ id: "t" as never, device: CHF, payload });
    expect(() =>
      bench.hub.store.transaction(() => {
        execution.writes?.();
        // An alert under the new key, of which nothing may stay.
        bench.hub.deviceLog.add(Eui64("00db1234567890a0"), "esme", undefined);
        throw new Error("the disk is full");
      }),
    ).toThrow("the disk is full");
    const read = bench.far.command("CCS07", {}, { counter: bench.next() });
    expect((await bench.hub.run(read)).failed).toBeUndefined();
  });

  it("one that was judged under credentials that have gone since is not executed", async () => {
    const [late, first] = [fresh(), fresh(OTHER_PROVIDER)];
    const waiting = bench.command(BY_WAN, { replace: [[late.der, 6, DS]] });
    const execution = await bench.hub.chf.executor.execute({
      id: "t" as never,
      device: CHF,
      payload: waiting,
    });
    await bench.update(BY_RECOVERY, { replace: [[first.der, 6, DS]] });
    expect(() => bench.hub.store.transaction(() => execution.writes?.())).toThrow("credentials changed");
  });

  it("holds after a restart with the same keystore, until the settings name other certificates", async () => {
    const next = fresh();
    await bench.update(BY_WAN, { replace: [[next.der, 6, DS]] });
    bench.restart();
    expect(await bench.takes(BY_WAN, next)).toBe(true);
    expect(await bench.takes(BY_WAN)).toBe(false);
    const configured = fresh();
    bench.restart({ keystore: bench.pki.keystoreWith(configured) });
    expect(await bench.takes(BY_WAN, configured)).toBe(true);
    expect(await bench.takes(BY_WAN, next)).toBe(false);
  });

  it("shows in CS02a: the new key identifier and the counter", async () => {
    const next = fresh(OTHER_PROVIDER);
    const { outcome } = await bench.update(BY_WAN, {
      replace: [[next.der, 6, DS]],
      control: { newRemotePartyFloorSeqNumber: 41n },
    });
    const identifier = toHex(outcome?.replacements[0]?.replacingSubjectKeyId ?? new Uint8Array());
    const read = bench.far.command(
      "CS02a",
      { authorisingCell: { role: 4, keyUsage: KA, cellUsage: 0 }, rolesRequired: [6] },
      { counter: bench.next() },
    );
    const answer = toHex((await bench.hub.answer(read)) ?? new Uint8Array());
    expect(answer).toContain("0201060a0100020129");
    expect(answer).toContain(`0408${OTHER_PROVIDER}0408${identifier}`);
  });
});
