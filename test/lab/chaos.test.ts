import { expect, it } from "vitest";
import { brokerChaos } from "../../src/lab/chaos/broker.ts";
import { killChaos } from "../../src/lab/chaos/kill.ts";
import { describeMosquitto } from "../wan/mosquitto.ts";

const NOTHING_WRONG = {
  lost: 0,
  acknowledgedLost: 0,
  outOfOrder: 0,
  numberReused: 0,
  refused: 0,
  unknown: 0,
};

// The long form is `npm run chaos`.
describeMosquitto("a whole hub in trouble (short form)", () => {
  it("the broker killed, slowed, stalled and cut: everything arrives once and in order", async () => {
    const lines: string[] = [];
    const tell = (line: string) => lines.push(line);
    const figures = await brokerChaos({ seed: 4, seconds: 5, rate: 20, troubleSeconds: 1, tell });
    expect(figures, lines.join("\n")).toMatchObject({ ...NOTHING_WRONG, duplicates: 0 });
    expect(figures.commands.offered).toBeGreaterThan(60);
    expect(figures.commands).toMatchObject({ executed: figures.commands.offered, repeated: 0 });
    expect(Object.values(figures.troubles).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(2);
  }, 240_000);

  it("the hub killed (kill -9) while messages go both ways: what it acknowledged is there afterwards", async () => {
    const lines: string[] = [];
    const tell = (line: string) => lines.push(line);
    const figures = await killChaos({ seed: 3, kills: 8, homes: 4, burst: 20, tell });
    expect(figures, lines.join("\n")).toMatchObject({
      ...NOTHING_WRONG,
      kills: 8,
      killsPerHome: [2, 2, 2, 2],
    });
    const { offered, executed } = figures.commands;
    expect(executed).toBe(offered);
    expect(figures.responses).toEqual({ offered, arrived: offered });
    expect(figures.underWay).toBeGreaterThan(0);
    // At most the one message that was stored and not yet acknowledged comes again.
    expect(figures.duplicates).toBeLessThanOrEqual(8);
  }, 240_000);
});
