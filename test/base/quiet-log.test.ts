import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { QuietLog } from "../../src/base/quiet-log.ts";

function make(most?: number) {
  const said: [string, object][] = [];
  const say = (fields: object, sentence: string) => said.push([sentence, fields]);
  const clock = new ManualClock();
  const log = new QuietLog({ ...silentLog, info: say, warn: say, error: say, debug: say }, clock, most);
  return { log, clock, said };
}

describe("a log in trouble", () => {
  it("an hour of one line a second is five lines in ten minutes, with how many were kept back", () => {
    const { log, clock, said } = make();
    for (let second = 0; second < 3_600; second++) {
      log.error({ second }, "the disk is full");
      clock.advance(1_000);
    }
    expect(said).toHaveLength(30);
    expect(said.slice(4, 6)).toEqual([
      ["the disk is full", { second: 4 }],
      ["the disk is full", { second: 600, unsaid: 595 }],
    ]);
  });

  it("what differs behind the colon only is of one kind, another level or sentence of another", () => {
    const { log, said } = make(1);
    log.warn({}, "link ended: message 1");
    log.warn({}, "link ended: message 2");
    log.error({}, "link ended: message 3");
    log.warn({}, "link is up");
    for (const n of [1, 2, 3]) log.debug({ n }, "asked for");
    expect(said.map(([sentence]) => sentence)).toEqual([
      "link ended: message 1",
      "link ended: message 3",
      "link is up",
      "asked for",
      "asked for",
      "asked for",
    ]);
  });

  it("sentences that are different every time neither pass without end nor fill the memory", () => {
    const { log, clock, said } = make();
    for (let n = 0; n < 10_000; n++) log.warn({}, `sentence ${n}`);
    expect(said.length).toBeLessThan(210);
    clock.advance(600_000);
    log.warn({}, "news");
    expect(said.at(-1)?.[0]).toBe("news");
  });
});
