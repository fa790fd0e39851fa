import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { defaultRoute, defaultRoute6, RouteWatch } from "../../src/wan/route-watch.ts";
import { BASE, FarEnd, makeWan, startAedes } from "./bench.ts";

const HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
const line = (device: string, gateway: string, metric: number, flags = "0003") =>
  `${device}\t00000000\t${gateway}\t${flags}\t0\t0\t${metric}\t00000000\t0\t0\t0\n`;
const LOCAL = "eth0\t000010AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
const CABLE = HEAD + line("wwan0", "00000000", 700) + line("eth0", "010010AC", 100) + LOCAL;
const MODEM = HEAD + line("wwan0", "00000000", 700) + LOCAL;

const NONE = "0".repeat(32);
const line6 = (device: string, gateway: string, metric: string, flags = "00000003", to = `${NONE} 00`) =>
  `${to} ${NONE} 00 ${gateway} ${metric} 00000001 00000000 ${flags} ${device.padStart(8)}\n`;
const ROUTER = "fe8000000000000002000000000000fe";
const OTHER = "fe8000000000000002000000000000ff";
const LOCAL6 =
  line6("eth0", NONE, "00000100", "00000001", "fe800000000000000000000000000000 40") +
  line6("lo", NONE, "ffffffff", "00200200");
const CABLE6 = line6("wwan0", OTHER, "00000400") + line6("eth0", ROUTER, "00000064") + LOCAL6;
const MODEM6 = line6("wwan0", OTHER, "00000400") + LOCAL6;

let folder: string;
let path: string;
let path6: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-route-"));
  path = join(folder, "route");
  path6 = join(folder, "ipv6_route");
});

/** Counts of changes after each pair of tables; a table that is left out stays as it is. */
function watched(tables: readonly { v4?: string; v6?: string }[]): number[] {
  const clock = new ManualClock();
  let changes = 0;
  const watch = new RouteWatch({ ipv4: path, ipv6: path6, everyMs: 1_000 }, clock, () => {
    changes += 1;
  });
  watch.start();
  const seen = tables.map(({ v4, v6 }) => {
    if (v4 !== undefined) writeFileSync(path, v4);
    if (v6 !== undefined) writeFileSync(path6, v6);
    clock.advance(1_000);
    return changes;
  });
  watch.stop();
  expect(clock.nextDue()).toBeUndefined();
  return seen;
}
afterEach(() => rmSync(folder, { recursive: true }));

describe("the default route of the machine", () => {
  it("is the one that is up with the lowest metric", () => {
    expect(defaultRoute(CABLE)).toBe("eth0 010010AC");
    expect(defaultRoute(MODEM)).toBe("wwan0 00000000");
    expect(defaultRoute(HEAD + line("eth0", "010010AC", 0, "0002") + LOCAL)).toBeUndefined();
    expect(defaultRoute("nonsense\n\n00000000 \t\n")).toBeUndefined();
  });

  it("by IPv6 likewise, and not the one that rejects", () => {
    expect(defaultRoute6(CABLE6)).toBe(`eth0 ${ROUTER}`);
    expect(defaultRoute6(MODEM6)).toBe(`wwan0 ${OTHER}`);
    expect(defaultRoute6(LOCAL6)).toBeUndefined();
    expect(defaultRoute6(line6("eth0", ROUTER, "00000400", "00000002"))).toBeUndefined();
    expect(defaultRoute6(line6("lo", NONE, "00000001", "00000201"))).toBeUndefined();
    expect(defaultRoute6(line6("eth0", ROUTER, "0000000a") + line6("eth1", OTHER, "00000009"))).toBe(
      `eth1 ${OTHER}`,
    );
    expect(defaultRoute6(`nonsense\n\n${NONE} 00\n`)).toBeUndefined();
  });

  it("of two that are as good it takes the same one, whatever their order", () => {
    const two = [line6("eth0", ROUTER, "00000400"), line6("eth0", OTHER, "00000400")];
    expect(defaultRoute6(two.join(""))).toBe(defaultRoute6(two.toReversed().join("")));
    expect(watched([{ v6: two.join("") }, { v6: two.toReversed().join("") }])).toEqual([0, 0]);
  });

  it("reads any text without a fault", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("0", "00", NONE, ROUTER, "\n", " ", "ffffffff", "-1", "zz")),
        (parts) => {
          for (const find of [defaultRoute, defaultRoute6]) find(parts.join(" "));
        },
      ),
    );
  });

  it("tells when another one takes its place, not when it only goes and comes back", () => {
    const tables = [CABLE, HEAD, CABLE, MODEM, MODEM, HEAD, CABLE].map((v4) => ({ v4 }));
    expect(watched(tables)).toEqual([0, 0, 0, 1, 1, 1, 2]);
    const tables6 = [CABLE6, LOCAL6, CABLE6, MODEM6, MODEM6, LOCAL6, CABLE6].map((v6) => ({ v6 }));
    expect(watched(tables6)).toEqual([0, 0, 0, 1, 1, 1, 2]);
  });

  it("tells of a change of either, once where both change together, and not where the second one appears", () => {
    const both = { v4: MODEM, v6: MODEM6 };
    expect(watched([{ v4: CABLE }, { v6: CABLE6 }, both, { v6: CABLE6 }, { v4: CABLE }])).toEqual([
      0, 0, 1, 2, 3,
    ]);
  });

  it.each([
    ["IPv4", () => path, CABLE, MODEM],
    ["IPv6", () => path6, CABLE6, MODEM6],
  ])(
    "where it changes by %s, the broker link is made anew and goes on",
    async (_what, file, cable, modem) => {
      await using broker = await startAedes();
      await using far = await FarEnd.connect(broker.url);
      writeFileSync(file(), cable);
      const wan = makeWan([broker.url], { route: { ipv4: path, ipv6: path6, everyMs: 10 } });
      wan.start(() => {});
      await far.online();
      const before = far.on("state").length;
      writeFileSync(file(), modem);
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
    },
  );
});
