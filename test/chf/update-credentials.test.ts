import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { dateTimeToUnix, decodeDateTime } from "../../src/gbcs/dlms/index.ts";
import { CERT, CredentialsBench, DS, KA, MODE, type Mode, successor } from "./credentials-bench.ts";
import { CHF } from "./hub.ts";
import { type Issued, newRoot, PARTY } from "./pki.ts";

const OTHER_PROVIDER = Eui64("02fa17e000000196");
const { wanProviderByWanProvider: BY_WAN, acbByAcb: BY_ACB, byRecovery: BY_RECOVERY } = MODE;

let bench: CredentialsBench;
beforeEach(() => {
  bench = new CredentialsBench();
});
afterEach(() => bench[Symbol.dispose]());

/** A certificate of the WAN provider that is as good as another. */
const fresh = (eui64: Eui64 = PARTY.wanProvider) => successor(bench, BY_WAN, eui64);

describe("CS02b at once (gbcs-messages 9.3)", () => {
  it("0105: the WAN provider's key is replaced; the answer is signed and tells cell, keys and time", async () => {
    const before = bench.pki.keystore.certificate(PARTY.wanProvider, "DS");
    const next = fresh();
    const command = bench.command(BY_WAN, { replace: [[next.der, 6, DS]] });
    const { envelope, value } = await bench.response(command);
    expect(envelope).toMatchObject({ messageCode: 0x0105, target: PARTY.wanProvider, mac: null });
    expect(dateTimeToUnix(decodeDateTime(envelope.dateTime ?? new Uint8Array()))).toBe(bench.clock.now());
    expect(toHex(envelope.dateTime ?? new Uint8Array())).toMatch(/8000ff$/);
    expect(value.outcome).toMatchObject({
      authorisingSeqNumber: envelope.counter,
      mode: 5,
      seqNumberChanges: [],
    });
    const [cell] = value.outcome?.replacements ?? [];
    expect(cell).toMatchObject({
      cell: { role: 6, keyUsage: DS, cellUsage: 0 },
      status: 0,
      existingSubjectUniqueId: PARTY.wanProvider,
      replacingSubjectUniqueId: PARTY.wanProvider,
    });
    expect(cell?.existingSubjectKeyId).toEqual(before?.subjectKeyIdentifier);
    expect(cell?.replacingSubjectKeyId).not.toEqual(before?.subjectKeyIdentifier);
    expect(bench.eventLog()).toEqual(["8154 0105"]);
    expect(bench.hub.securityLog()).toEqual([0x8f70]);
  });

  it("0105: from then on the new key counts and the old one does not, without a restart", async () => {
    const next = fresh();
    await bench.update(BY_WAN, { replace: [[next.der, 6, DS]] });
    expect(await bench.takes(BY_WAN)).toBe(false);
    expect(await bench.takes(BY_WAN, next)).toBe(true);
    expect(bench.hub.securityLog()).toEqual([0x8f70, 0x8f3d]);
  });

  it("0104: both keys of the Access Control Broker; its MACs are those of the new one from then on", async () => {
    const ds = bench.pki.issue({ eui64: PARTY.acb, role: 4 });
    const ka = bench.pki.issue({ eui64: PARTY.acb, role: 4, usage: "KA" });
    const read = (...keys: Issued[]) =>
      bench.hub.run(bench.farEnd(...keys).command("CCS07", {}, { counter: bench.next() }));
    expect((await read()).failed).toBeUndefined();
    const { outcome } = await bench.update(BY_ACB, {
      replace: [
        [ds.der, 4, DS],
        [ka.der, 4, KA],
      ],
    });
    expect(outcome?.replacements.map(({ status }) => status)).toEqual([0, 0]);
    expect((await read()).failed).toBe("refused");
    const { answers } = await read(ds, ka);
    expect(bench.farEnd(ds, ka).verified(answers[0]?.payload ?? new Uint8Array()).mac).not.toBeNull();
  });

  it("0104: alerts go to the broker that is in the cell, under its key", async () => {
    const eui64 = Eui64("02fa17e0000001a4");
    const ka = bench.pki.issue({ eui64, role: 4, usage: "KA" });
    await bench.update(BY_ACB, { replace: [[ka.der, 4, KA]] });
    bench.hub.deviceLog.add(Eui64("00db1234567890a0"), "esme", undefined);
    const sent = bench.hub.sent.at(-1)?.payload ?? new Uint8Array();
    expect(bench.farEnd(ka).verified(sent)).toMatchObject({ messageCode: 0x0018, target: eui64 });
  });

  it("0104 without the broker's signature is refused, or taken by its MAC alone where the settings say so", async () => {
    const ds = bench.pki.issue({ eui64: PARTY.acb, role: 4 });
    const update = {
      replace: [[ds.der, 4, DS]] as const,
      control: { authorisingCell: undefined },
      wish: { protection: "mac" as const },
    };
    expect((await bench.hub.run(bench.command(BY_ACB, update))).failed).toBe("refused");
    expect(bench.hub.securityLog()).toEqual([0x8f3d]);
    bench.restart({ settings: { brokerSigns: false } });
    expect(await bench.statuses(BY_ACB, update)).toEqual([0]);
  });

  it("0106: the transitional CoS replaces its own key, where the hub has one of it", async () => {
    const next = successor(bench, MODE.transCoSByTransCoS);
    expect(await bench.statuses(MODE.transCoSByTransCoS, { replace: [[next.der, 5, DS]] })).toEqual([0]);
    expect(await bench.takes(MODE.transCoSByTransCoS, next)).toBe(true);
    bench.restart({ keystore: bench.pki.keystoreWithout(PARTY.transitionalCoS) });
    expect(await bench.takes(MODE.transCoSByTransCoS)).toBe(false);
    expect(bench.hub.securityLog()).toEqual([0x8f3e]);
  });

  it("0101: a root that the present one certifies, and what is certified under it from then on", async () => {
    const root = newRoot();
    const der = root.certifiedBy(bench.pki.rootIssuer);
    const { outcome } = await bench.update(MODE.rootByWanProvider, { replace: [[der, 0, CERT]] });
    expect(outcome?.replacements).toMatchObject([
      {
        status: 0,
        existingSubjectUniqueId: "0000000000000000",
        replacingSubjectUniqueId: "0000000000000000",
      },
    ]);
    const old = fresh();
    expect(await bench.statuses(BY_WAN, { replace: [[old.der, 6, DS]] })).toEqual([10]);
    const under = bench.pki.issue({ eui64: PARTY.wanProvider, role: 6, issuer: root.issuer });
    expect(await bench.statuses(BY_WAN, { replace: [[under.der, 6, DS]], path: [] })).toEqual([0]);
  });

  it("0101: a root that signs itself, with a certificate of the present root for the same key", async () => {
    const root = newRoot();
    const link = root.certifiedBy(bench.pki.rootIssuer);
    const update = { replace: [[root.der, 0, CERT]] as const, path: [link] };
    expect(await bench.statuses(MODE.rootByWanProvider, { ...update, path: [] })).toEqual([10]);
    expect(await bench.statuses(MODE.rootByWanProvider, update)).toEqual([0]);
    expect(
      toHex(
        bench.hub.store.prepare("SELECT certificate FROM chf_anchor WHERE role = 0").get()
          ?.certificate as Uint8Array,
      ),
    ).toBe(toHex(root.der));
  });

  it("0101: a root that only somebody below the present one vouches for is none", async () => {
    const root = newRoot();
    const byIssuing = root.certifiedBy(bench.pki.issuingIssuer);
    expect(await bench.statuses(MODE.rootByWanProvider, { replace: [[byIssuing, 0, CERT]] })).toEqual([10]);
    // The issuing authority has a certificate of the present root, and that is no root's.
    const issuing = newRoot("mine", bench.pki.issuingIssuer.privateKey);
    const replace = [[issuing.der, 0, CERT]] as const;
    expect(await bench.statuses(MODE.rootByWanProvider, { replace })).toEqual([10]);
    // The WAN provider's own certificate is one for the key of the root that it made itself.
    const own = bench.pki.issue({ eui64: PARTY.wanProvider, role: 6 });
    const wan = newRoot("mine", own.privateKey);
    const link = own.der;
    const path = [link, bench.pki.issuing];
    expect(await bench.statuses(MODE.rootByWanProvider, { replace: [[wan.der, 0, CERT]], path })).toEqual([
      10,
    ]);
  });

  it("0108: recovery replaces any cell, in the order of the Command; those with a new root end at that", async () => {
    const root = newRoot();
    const link = root.certifiedBy(bench.pki.rootIssuer);
    const issue = (eui64: Eui64, role: number, usage: "DS" | "KA" = "DS") =>
      bench.pki.issue({ eui64, role, usage, issuer: root.issuer }).der;
    const replace = [
      [issue(PARTY.acb, 4, "KA"), 4, KA],
      [root.der, 0, CERT],
      [issue(PARTY.recovery, 1), 1, DS],
      [issue(PARTY.acb, 4), 4, DS],
      [issue(PARTY.transitionalCoS, 5), 5, DS],
      [issue(OTHER_PROVIDER, 6), 6, DS],
    ] as const;
    const { envelope, value } = await bench.response(bench.command(BY_RECOVERY, { replace, path: [link] }));
    expect(envelope.target).toBe(PARTY.recovery);
    expect(value.outcome?.replacements.map(({ cell, status }) => [cell.role, cell.keyUsage, status])).toEqual(
      replace.map(([, role, keyUsage]) => [role, keyUsage, 0]),
    );
    expect(value.outcome?.replacements[5]?.replacingSubjectUniqueId).toBe(OTHER_PROVIDER);
  });

  it.each(["CS02b-anyByContingency", "CS02b-supplierBySupplier", "CS02b-supplierByTransCoS"])(
    "%s is not taken",
    async (code) => {
      const command = bench.command({ ...BY_RECOVERY, code } as unknown as Mode, { replace: [] });
      expect((await bench.hub.run(command)).failed).toBe("unsupported");
    },
  );
});

describe("a cell that cannot be replaced says why, and the others are replaced all the same", () => {
  const stranger = newRoot();
  const DAY = 86_400;
  const cases: [string, number, () => readonly [Uint8Array, number, number, number?]][] = [
    ["is no certificate", 5, () => [Uint8Array.of(0x30, 0), 6, DS]],
    ["is of another role", 5, () => [bench.pki.issue({ eui64: PARTY.wanProvider, role: 5 }).der, 6, DS]],
    [
      "is for another use",
      5,
      () => [bench.pki.issue({ eui64: PARTY.wanProvider, role: 6, usage: "KA" }).der, 6, DS],
    ],
    [
      "is a device's",
      5,
      () => {
        const subject = { kind: "device", eui64: CHF, keyUsage: DS } as const;
        return [bench.pki.issue({ eui64: CHF, role: 6, subject }).der, 6, DS];
      },
    ],
    [
      "is an authority's",
      5,
      () => {
        const subject = { kind: "authority", role: 6, commonName: "x" } as const;
        return [bench.pki.issue({ eui64: CHF, role: 6, subject }).der, 6, DS];
      },
    ],
    [
      "is of nobody's issuing",
      10,
      () => [bench.pki.issue({ eui64: PARTY.wanProvider, role: 6, issuer: stranger.issuer }).der, 6, DS],
    ],
    [
      "is signed by another than it names",
      5,
      () => {
        const issuer = { ...bench.pki.issuingIssuer, privateKey: stranger.issuer.privateKey };
        return [bench.pki.issue({ eui64: PARTY.wanProvider, role: 6, issuer }).der, 6, DS];
      },
    ],
    [
      "has run out",
      5,
      () => [bench.pki.issue({ eui64: PARTY.wanProvider, role: 6, notAfter: seconds() - DAY }).der, 6, DS],
    ],
    [
      "is not valid yet",
      5,
      () => [bench.pki.issue({ eui64: PARTY.wanProvider, role: 6, notBefore: seconds() + DAY }).der, 6, DS],
    ],
    [
      "is for a cell that a hub has not",
      25,
      () => [bench.pki.issue({ eui64: PARTY.supplier, role: 2 }).der, 2, DS],
    ],
    [
      "is for a use that a hub has no cell for",
      25,
      () => [bench.pki.issue({ eui64: PARTY.acb, role: 4, usage: "KA" }).der, 4, KA, 1],
    ],
  ];
  const seconds = () => Math.floor(bench.clock.now() / 1000);

  it.each(cases)("one that %s: status %i", async (_what, status, make) => {
    const recovery = bench.pki.issue({ eui64: PARTY.recovery, role: 1 });
    const failing = make();
    const replace = [failing, [recovery.der, 1, DS]] as const;
    const { outcome } = await bench.update(BY_RECOVERY, { replace });
    const [failed, replaced] = outcome?.replacements ?? [];
    expect([failed?.status, replaced?.status]).toEqual([status, 0]);
    expect(failed?.replacingSubjectUniqueId).toBe(failed?.existingSubjectUniqueId);
    expect(failed?.replacingSubjectKeyId).toEqual(failed?.existingSubjectKeyId);
    expect(failed?.existingSubjectUniqueId).toBe(status === 25 ? "0000000000000000" : PARTY.wanProvider);
    expect(await bench.takes(BY_RECOVERY, recovery)).toBe(true);
    expect(await bench.takes(BY_WAN)).toBe(true);
    expect(bench.eventLog()[0]).toBe("8155 0108");
  });

  it("a cell that the mode is not about: status 127, and nothing is changed", async () => {
    const acb = bench.pki.issue({ eui64: PARTY.acb, role: 4 });
    const before = bench.hub.store.prepare("SELECT * FROM chf_anchor").all();
    expect(await bench.statuses(BY_WAN, { replace: [[acb.der, 4, DS]] })).toEqual([127]);
    expect(bench.hub.store.prepare("SELECT * FROM chf_anchor").all()).toEqual(before);
    expect(bench.hub.securityLog()).toEqual([]);
  });

  it("a hub without a root in its cell has nothing to end a path at: status 10", async () => {
    using rootless = new CredentialsBench({ root: undefined });
    const next = successor(rootless, BY_WAN);
    expect(await rootless.statuses(BY_WAN, { replace: [[next.der, 6, DS]] })).toEqual([10]);
  });

  it("validity does not count where the Command says so, or the clock is not reliable", async () => {
    const old = () => bench.pki.issue({ eui64: PARTY.wanProvider, role: 6, notAfter: seconds() - DAY });
    const [first, second] = [old(), old()];
    const disapplied = { replace: [[first.der, 6, DS]] as const, control: { applyTimeBasedCpvChecks: 1 } };
    expect(await bench.statuses(BY_WAN, disapplied)).toEqual([0]);
    bench.hub.clockState = { state: "unreliable", since: 0 };
    const { outcome } = await bench.update(BY_WAN, { replace: [[second.der, 6, DS]] }, bench.farEnd(first));
    expect(outcome?.replacements[0]?.status).toBe(0);
  });
});

describe("counters of CS02b", () => {
  it("a floor of a party that stays is told and does not let old Commands in again", async () => {
    const next = fresh();
    const command = bench.command(BY_WAN, {
      replace: [[next.der, 6, DS]],
      control: { newRemotePartyFloorSeqNumber: 0n },
    });
    const { envelope, value } = await bench.response(command);
    expect(value.outcome?.seqNumberChanges).toEqual([{ role: 6, floorSeqNumber: 0n }]);
    expect(bench.counter(6)).toBe(`${envelope.counter}`);
  });

  it("a floor below the last counter counts all the same where the settings say so", async () => {
    bench.restart({ settings: { lowersCounters: true } });
    const control = { newRemotePartyFloorSeqNumber: 7n };
    await bench.update(BY_WAN, { replace: [[fresh().der, 6, DS]], control });
    expect(bench.counter(6)).toBe("7");
  });

  it("a new party begins at its floor", async () => {
    const control = { newRemotePartyFloorSeqNumber: 7n };
    await bench.update(BY_WAN, { replace: [[fresh(OTHER_PROVIDER).der, 6, DS]], control });
    expect(bench.counter(6)).toBe("7");
  });

  it("of two cells of a role with a new party in one, the old party's counter stays", async () => {
    const ka = bench.pki.issue({ eui64: Eui64("02fa17e0000001a4"), role: 4, usage: "KA" });
    const control = { newRemotePartyFloorSeqNumber: 7n };
    const command = bench.command(BY_ACB, { replace: [[ka.der, 4, KA]], control });
    const { envelope } = await bench.response(command);
    expect(bench.counter(4)).toBe(`${envelope.counter}`);
  });

  it("floors of other roles count where a cell of theirs was replaced, and nowhere else", async () => {
    const wan = fresh(OTHER_PROVIDER);
    const control = {
      newRemotePartyFloorSeqNumber: 0n,
      otherRemotePartySeqNumberChanges: [
        { role: 6, floorSeqNumber: 5n, specialistFloorSeqNumbers: [{ usage: 0, seqNumber: 9n }] },
        { role: 4, floorSeqNumber: 0xffff_ffff_ffff_ffffn },
      ],
    };
    const { outcome } = await bench.update(BY_RECOVERY, { replace: [[wan.der, 6, DS]], control });
    expect(outcome?.seqNumberChanges).toEqual([{ role: 6, floorSeqNumber: 5n }]);
    expect([bench.counter(6), bench.counter(4)]).toEqual(["5", undefined]);
  });

  it("nobody's floor counts where his certificate did not", async () => {
    const control = { newRemotePartyFloorSeqNumber: 9_999_999n };
    const { outcome } = await bench.update(BY_WAN, { replace: [[Uint8Array.of(0x30, 0), 6, DS]], control });
    expect(outcome?.seqNumberChanges).toEqual([]);
    expect(bench.counter(6)).not.toBe("9999999");
  });

  it("a party in cells of two roles has a counter and a key in each", async () => {
    const both = bench.pki.issue({ eui64: PARTY.acb, role: 6 });
    await bench.update(BY_WAN, { replace: [[both.der, 6, DS]] });
    const mode = { ...BY_WAN, by: PARTY.acb } as unknown as Mode;
    expect(await bench.takes(mode, both)).toBe(true);
    expect(await bench.takes(mode)).toBe(false);
    expect(bench.counter(4)).toBeUndefined();
  });
});
