import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { CANCEL_AT } from "../../src/scheduler/future-dated.ts";
import { CredentialsBench, DS, MODE, successor } from "./credentials-bench.ts";
import { type Issued, PARTY } from "./pki.ts";

const { wanProviderByWanProvider: BY_WAN, byRecovery: BY_RECOVERY, transCoSByTransCoS: BY_COS } = MODE;
const MINUTE = 60_000;
const NOON = Date.UTC(2015, 0, 1, 12);
const ACCEPTED = "30020500";

let folder: string;
let bench: CredentialsBench;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-dated-"));
  bench = new CredentialsBench({ path: join(folder, "hub.db"), clock: new ManualClock(NOON) });
});
afterEach(() => {
  bench[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const fresh = (eui64: Eui64 = PARTY.wanProvider) => successor(bench, BY_WAN, eui64);

/** Hands in CS02b of the WAN provider for a time; the content of the answer. */
async function dated(next: Issued, at: number, signedBy?: Issued): Promise<string> {
  const far = signedBy && bench.farEnd(signedBy);
  const { envelope } = await bench.response(bench.command(BY_WAN, { replace: [[next.der, 6, DS]], at }, far));
  return toHex(envelope.content);
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Lets time pass, so that what falls due is done. */
async function pass(ms: number): Promise<void> {
  bench.clock.advance(ms);
  await settled();
  // What became due behind one that was under way.
  bench.clock.advance(0);
  await settled();
}

function told(): string[] {
  return bench.alerts().map(({ alertCode, outcome }) => {
    const statuses = outcome.replacements.map(({ status }) => status);
    return `${alertCode.toString(16)} ${statuses.join()}`;
  });
}

describe("CS02b for a later time", () => {
  it("is accepted by NULL alone and changes nothing before its time; then it takes effect and is told of", async () => {
    const next = fresh();
    expect(await dated(next, NOON + 10 * MINUTE)).toBe(ACCEPTED);
    await pass(10 * MINUTE - 1);
    expect(await bench.takes(BY_WAN)).toBe(true);
    expect(bench.alerts()).toEqual([]);
    await pass(1);
    expect(bench.alerts()).toMatchObject([
      {
        target: PARTY.wanProvider,
        signed: true,
        mac: null,
        lane: "power-security",
        alertCode: 0x8f66,
        time: (NOON + 10 * MINUTE) / 1_000,
        outcome: {
          authorisingSeqNumber: 2_001n,
          mode: 5,
          replacements: [{ cell: { role: 6, keyUsage: DS, cellUsage: 0 }, status: 0 }],
        },
      },
    ]);
    expect(await bench.takes(BY_WAN)).toBe(false);
    expect(await bench.takes(BY_WAN, next)).toBe(true);
    expect(bench.eventLog()).toEqual(["8154 0105", "8154 0105", "8f66", "8154 0105"]);
    expect(bench.hub.securityLog()).toEqual([0x8f70, 0x8f3d]);
    await pass(24 * 60 * MINUTE);
    expect(told()).toHaveLength(1);
  });

  it("that replaces nothing is told of by 8F67, with why", async () => {
    const expired = bench.pki.issue({
      eui64: PARTY.wanProvider,
      role: 6,
      notAfter: (NOON + 9 * MINUTE) / 1_000,
    });
    expect(await dated(expired, NOON + 10 * MINUTE)).toBe(ACCEPTED);
    await pass(10 * MINUTE);
    expect(told()).toEqual(["8f67 5"]);
    expect(bench.eventLog()).toEqual(["8154 0105", "8f67"]);
    expect(await bench.takes(BY_WAN)).toBe(true);
  });

  it("is refused as it comes where it is not authentic: its time never matters", async () => {
    const command = bench.command(BY_WAN, { replace: [[fresh().der, 6, DS]], at: NOON + MINUTE });
    const damaged = command.with(command.length - 1, (command.at(-1) ?? 0) ^ 1);
    expect((await bench.hub.run(damaged)).failed).toBe("refused");
    await pass(10 * MINUTE);
    expect(told()).toEqual([]);
    expect((await bench.hub.run(command)).failed).toBeUndefined();
    expect((await bench.hub.run(command)).failed).toBe("refused");
  });

  it("of the past is executed at once, with the outcome in its answer", async () => {
    const next = fresh();
    const { outcome } = await bench.update(BY_WAN, { replace: [[next.der, 6, DS]], at: NOON });
    expect(outcome?.replacements).toMatchObject([{ status: 0 }]);
    expect(await bench.takes(BY_WAN, next)).toBe(true);
    await pass(MINUTE);
    expect(told()).toEqual([]);
  });

  it("is replaced by the next one of its mode; one of another mode waits beside it", async () => {
    const [first, second, cos] = [fresh(), fresh(), successor(bench, BY_COS)];
    await dated(first, NOON + MINUTE);
    await bench.update(BY_COS, { replace: [[cos.der, 5, DS]], at: NOON + 2 * MINUTE });
    await dated(second, NOON + 3 * MINUTE);
    await pass(MINUTE);
    expect(told()).toEqual([]);
    await pass(2 * MINUTE);
    expect(bench.alerts().map(({ target, alertCode }) => [target, alertCode])).toEqual([
      [PARTY.transitionalCoS, 0x8f66],
      [PARTY.wanProvider, 0x8f66],
    ]);
    expect(await bench.takes(BY_WAN, second)).toBe(true);
    expect(await bench.takes(BY_COS, cos)).toBe(true);
  });

  it("is cancelled by the year 9999, which is accepted where nothing waits too; that is not told of", async () => {
    await dated(fresh(), NOON + MINUTE);
    expect(await dated(fresh(), CANCEL_AT)).toBe(ACCEPTED);
    expect(await dated(fresh(), CANCEL_AT)).toBe(ACCEPTED);
    await pass(10 * MINUTE);
    expect(told()).toEqual([]);
    expect(await bench.takes(BY_WAN)).toBe(true);
  });

  it("is not cancelled by the year 9999 of another mode", async () => {
    await dated(fresh(), NOON + MINUTE);
    await bench.update(BY_RECOVERY, { replace: [], at: CANCEL_AT });
    await pass(MINUTE);
    expect(told()).toEqual(["8f66 0"]);
  });

  it("whose sender has lost its cell in the meantime takes no effect: 8F67, status 127", async () => {
    const other = fresh(Eui64("02fa17e000000196"));
    await dated(fresh(), NOON + 10 * MINUTE);
    await bench.update(BY_RECOVERY, { replace: [[other.der, 6, DS]] });
    await pass(10 * MINUTE);
    expect(told()).toEqual(["8f67 127"]);
    expect(bench.alerts()[0]?.target).toBe(PARTY.wanProvider);
  });

  it("whose sender has another key by then takes effect all the same", async () => {
    const [soon, later] = [fresh(), fresh()];
    await dated(later, NOON + 10 * MINUTE);
    await bench.update(BY_WAN, { replace: [[soon.der, 6, DS]] });
    await pass(10 * MINUTE);
    expect(told()).toEqual(["8f66 0"]);
    expect(await bench.takes(BY_WAN, later)).toBe(true);
  });

  it("is judged by the root and the counters of its time", async () => {
    const control = { newRemotePartyFloorSeqNumber: 1n };
    const next = fresh();
    await bench.update(BY_WAN, { replace: [[next.der, 6, DS]], at: NOON + MINUTE, control });
    await bench.takes(BY_WAN);
    const last = bench.counter(6);
    await pass(MINUTE);
    expect(bench.counter(6)).toBe(last);
    expect(bench.alerts()[0]?.outcome.seqNumberChanges).toEqual([{ role: 6, floorSeqNumber: 1n }]);
  });
});

describe("the time of a dated CS02b", () => {
  it("outlasts a restart; what fell due while the hub was off takes effect at the start", async () => {
    const next = fresh();
    await dated(next, NOON + 10 * MINUTE);
    bench.restart({ clock: new ManualClock(NOON + 5 * MINUTE) });
    await pass(5 * MINUTE - 1);
    expect(told()).toEqual([]);
    bench.restart({ clock: new ManualClock(NOON + 20 * MINUTE) });
    await pass(0);
    expect(told()).toEqual(["8f66 0"]);
    expect(bench.alerts()[0]?.time).toBe((NOON + 20 * MINUTE) / 1_000);
    expect(await bench.takes(BY_WAN, next)).toBe(true);
    bench.restart({ clock: new ManualClock(NOON + 30 * MINUTE) });
    await pass(10 * MINUTE);
    expect(bench.hub.sent).toEqual([]);
    expect(await bench.takes(BY_WAN, next)).toBe(true);
  });

  it("outlasts a power cut at any point: what is on the disk has it, or has its effect with its alert", async () => {
    const next = fresh();
    await dated(next, NOON + MINUTE);
    const before = snapshot("before");
    await pass(MINUTE);
    const after = snapshot("after");
    for (const [path, alertsLeft] of [
      [before, 1],
      [after, 0],
    ] as const) {
      bench.restart({ path, clock: new ManualClock(NOON + 2 * MINUTE) });
      await pass(MINUTE);
      expect(told()).toHaveLength(alertsLeft);
      expect(await bench.takes(BY_WAN, next)).toBe(true);
      expect(await bench.takes(BY_WAN)).toBe(false);
    }
  });

  it("does not come while the clock was never set, for a time that seems past too", async () => {
    bench.hub.clockState = { state: "invalid" };
    const next = fresh();
    expect(await dated(next, NOON - MINUTE)).toBe(ACCEPTED);
    await pass(10 * MINUTE);
    expect(told()).toEqual([]);
    bench.hub.clockState = { state: "reliable", since: bench.clock.now() };
    bench.hub.scheduler.clockChanged();
    await pass(0);
    expect(told()).toEqual(["8f66 0"]);
  });

  it("comes once where the clock is set back over it, and at once where it is set forward over it", async () => {
    const [first, second] = [fresh(), fresh()];
    await dated(first, NOON + 10 * MINUTE);
    step(11 * MINUTE);
    await pass(0);
    expect(told()).toEqual(["8f66 0"]);
    step(-11 * MINUTE);
    await pass(20 * MINUTE);
    expect(told()).toHaveLength(1);
    await dated(second, NOON + 60 * MINUTE, first);
    step(-30 * MINUTE);
    await pass(40 * MINUTE);
    expect(told()).toHaveLength(1);
    await pass(30 * MINUTE);
    expect(told()).toHaveLength(2);
  });

  it.each([
    ["left out in spring", Date.UTC(2015, 2, 29, 1, 30)],
    ["repeated in autumn, first", Date.UTC(2015, 9, 25, 0, 30)],
    ["repeated in autumn, second", Date.UTC(2015, 9, 25, 1, 30)],
  ])("is one of UTC in the hour that summer time has %s", async (_which, at) => {
    const zone = process.env.TZ;
    process.env.TZ = "Europe/London";
    try {
      bench.restart({ clock: new ManualClock(at - 90 * MINUTE) });
      expect(await dated(fresh(), at)).toBe(ACCEPTED);
      await pass(90 * MINUTE - 1);
      expect(told()).toEqual([]);
      await pass(1);
      expect(bench.alerts().map(({ time }) => time)).toEqual([at / 1_000]);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it("is kept with a transaction that fails as little as everything else of it", async () => {
    const payload = bench.command(BY_WAN, { replace: [[fresh().der, 6, DS]], at: NOON + MINUTE });
    const execution = await bench.hub.chf.executor.execute({
      id: "t" as never,
      device: "x" as never,
      payload,
    });
    expect(() =>
      bench.hub.store.transaction(() => {
        execution.writes?.();
        throw new Error("the disk is full");
      }),
    ).toThrow("the disk is full");
    await pass(10 * MINUTE);
    expect(told()).toEqual([]);
  });
});

/** Sets the hub's clock, which it is told of. */
function step(ms: number): void {
  bench.clock.step(ms);
  bench.hub.scheduler.clockChanged();
}

/** What a power cut now would leave on the disk. */
function snapshot(name: string): string {
  const path = join(folder, `${name}.db`);
  for (const end of ["", "-wal"]) {
    const from = join(folder, `hub.db${end}`);
    if (existsSync(from)) copyFileSync(from, `${path}${end}`);
  }
  return path;
}
