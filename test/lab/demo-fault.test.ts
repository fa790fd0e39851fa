import { describe, expect, it } from "vitest";
import { type DemoSummary, startDemo } from "../../src/lab/demo.ts";
import { DEMO_FAULTS, type DemoFault } from "../../src/lab/fault.ts";

const FAULTS = Object.keys(DEMO_FAULTS).filter((name): name is DemoFault => name in DEMO_FAULTS);

/** Runs it to its end, or to the first line told that has these words in it. */
async function runDemo(fault: DemoFault, lines: string[], until?: string): Promise<DemoSummary> {
  const told = Promise.withResolvers<void>();
  await using demo = await startDemo({
    vectors: undefined,
    exitWhenDone: true,
    exitAfterMs: undefined,
    seed: 5,
    loss: 0.01,
    brokerPort: 0,
    fault,
    version: "test",
    tell: (line) => {
      lines.push(line);
      if (until !== undefined && line.includes(until)) told.resolve();
    },
  });
  await Promise.race([demo.done, told.promise]);
  return demo.finish();
}

describe("nothing is lost when something breaks while messages are under way", () => {
  it.each(FAULTS)(
    "%s: the fault, the recovery, and every message in the end",
    async (fault) => {
      const lines: string[] = [];
      const summary = await runDemo(fault, lines);
      const { offered, alerts } = summary;
      expect(summary).toMatchObject({ formed: true, joined: 1, mismatched: 0, lost: 0 });
      expect(summary).toMatchObject({ relayed: offered, responses: offered });
      expect(alerts?.arrived).toBe(alerts?.offered);
      expect(summary.fault?.name).toBe(fault);
      expect(summary.fault?.offeredDuring).toBeGreaterThanOrEqual(40);
      expect(summary.fault?.inFlightAtFault).toBeGreaterThanOrEqual(5);
      expect(summary.fault?.recoveredMs).toBeGreaterThan(summary.fault?.atMs ?? 0);
      const told = ["fault: ", "fault over: ", "recovered: ", "summary: "];
      const at = told.map((step) => lines.findIndex((line) => line.includes(step)));
      expect(at).not.toContain(-1);
      expect(at).toEqual([...at].sort((a, b) => a - b));
    },
    90_000,
  );

  it("a run that ends during the fault says that there was no recovery", async () => {
    const summary = await runDemo("broker-down", [], "fault: ");
    expect(summary.fault).toMatchObject({ name: "broker-down", recoveredMs: null });
    expect(summary.lost).toBeGreaterThan(0);
  }, 90_000);
});
