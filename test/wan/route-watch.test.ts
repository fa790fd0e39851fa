import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { defaultRoute, RouteWatch } from "../../src/wan/route-watch.ts";
import { BASE, FarEnd, makeWan, startAedes } from "./bench.ts";

const HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
const line = (device: string, gateway: string, metric: number, flags = "0003") =>
  `${device}\t00000000\t${gateway}\t${flags}\t0\t0\t${metric}\t00000000\t0\t0\t0\n`;
const LOCAL = "eth0\t000010AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
const CABLE = HEAD + line("wwan0", "00000000", 700) + line("eth0", "010010AC", 100) + LOCAL;
const MODEM = HEAD + line("wwan0", "00000000", 700) + LOCAL;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-route-"));
  path = join(folder, "route");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the default route of the machine", () => {
  it("is the one that is up with the lowest metric", () => {
    expect(defaultRoute(CABLE)).toBe("eth0 010010AC");
    expect(defaultRoute(MODEM)).toBe("wwan0 00000000");
    expect(defaultRoute(HEAD + line("eth0", "010010AC", 0, "0002") + LOCAL)).toBeUndefined();
    expect(defaultRoute("nonsense\n\n00000000 \t\n")).toBeUndefined();
  });

  it("tells when another one takes its place, not when it only goes and comes back", () => {
    const clock = new ManualClock();
    let changes = 0;
    const watch = new RouteWatch({ path, everyMs: 1_000 }, clock, () => {
      changes += 1;
    });
    watch.start();
    const seen: number[] = [];
    for (const table of [CABLE, HEAD, CABLE, MODEM, MODEM, HEAD, CABLE]) {
      writeFileSync(path, table);
      clock.advance(1_000);
      seen.push(changes);
    }
    expect(seen).toEqual([0, 0, 0, 1, 1, 1, 2]);
    watch.stop();
    expect(clock.nextDue()).toBeUndefined();
  });

  it("where it changes, the broker link is made anew and goes on", async () => {
    await using broker = await startAedes();
    await using far = await FarEnd.connect(broker.url);
    writeFileSync(path, CABLE);
    const wan = makeWan([broker.url], { route: { path, everyMs: 10 } });
    wan.start(() => {});
    await far.online();
    const before = far.on("state").length;
    writeFileSync(path, MODEM);
    await far.until(() =>
      far
        .states()
        .slice(before)
        .some((state) => state.online),
    );
    await far.down("00db1234567890a0", "after", Uint8Array.of(1));
    await far.until(() => far.on("receipt/after").length === 1);
    expect(far.on("receipt/after")[0]?.topic).toBe(`${BASE}/receipt/after`);
    await wan.stop();
  });
});
