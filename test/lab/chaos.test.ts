import { expect, it } from "vitest";
import { brokerChaos } from "../../src/lab/chaos/broker.ts";
import { chfChaos } from "../../src/lab/chaos/chf.ts";
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

// The long form is `npm run chaos`. Most of the time here is waited, for the meter's next attempt after a kill.
describeMosquitto("a whole hub in trouble (short form)", () => {
  it.concurrent("the broker killed, slowed, stalled and cut: everything arrives once and in order", async () => {
    const lines: string[] = [];
    const tell = (line: string) => lines.push(line);
    const figures = await brokerChaos({ seed: 4, seconds: 5, rate: 20, troubleSeconds: 1, tell });
    expect(figures, lines.join("\n")).toMatchObject({ ...NOTHING_WRONG, duplicates: 0 });
    expect(figures.commands.offered).toBeGreaterThan(60);
    expect(figures.commands).toMatchObject({ executed: figures.commands.offered, repeated: 0 });
    expect(Object.values(figures.troubles).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(2);
  }, 240_000);

  it.concurrent("the hub killed (kill -9) while messages go both ways: what it acknowledged is there afterwards, and no Command is executed twice", async () => {
    const lines: string[] = [];
    const tell = (line: string) => lines.push(line);
    const figures = await killChaos({ seed: 3, kills: 4, homes: 2, burst: 20, tell });
    expect(figures, lines.join("\n")).toMatchObject({ ...NOTHING_WRONG, kills: 4, killsPerHome: [2, 2] });
    const { offered, executed } = figures.commands;
    expect(executed).toBe(offered);
    expect(figures.responses).toEqual({ offered, arrived: offered });
    expect(figures.underWay).toBeGreaterThan(0);
    expect(figures.struck.movingDown + figures.struck.movingUp).toBeGreaterThan(0);
    // At most the one message that was stored and not yet acknowledged comes again.
    expect(figures.duplicates).toBeLessThanOrEqual(4);
  }, 240_000);

  it.concurrent("the hub killed (kill -9) while it executes CCS01 and CCS02: each once, with one Response, and as the log says", async () => {
    const lines: string[] = [];
    const tell = (line: string) => lines.push(line);
    const figures = await chfChaos({ seed: 5, kills: 12, homes: 2, burst: 12, tell });
    expect(figures, lines.join("\n")).toMatchObject({
      unanswered: 0,
      executedTwice: 0,
      copiesDiffer: 0,
      otherResult: 0,
      alertsDiffer: 0,
      receiptsWrong: 0,
      numbersMissing: 0,
      unknown: 0,
      eventLogDiffers: 0,
      deviceLogDiffers: 0,
    });
    const { commands, alerts, again, struck } = figures;
    expect(alerts).toEqual({ expected: commands.offered - commands.inVain, arrived: alerts.expected });
    expect(again.onPurpose).toBeGreaterThan(0);
    expect(struck.stored).toBeGreaterThan(0);
    // Each Command of a home's last hundred, and the reading before.
    expect(figures.eventLogEntries).toBeGreaterThan(commands.offered / 2);
  }, 240_000);
});
