import { describe, expect, it } from "vitest";
import { type DemoOptions, startDemo } from "../../src/lab/demo.ts";
import { pairVectors, readVectors } from "../../src/lab/vectors.ts";
import { METER } from "../app/home.ts";
import { describeShared } from "../shared-data.ts";

const OPTIONS: DemoOptions = {
  vectors: undefined,
  exitWhenDone: true,
  exitAfterMs: undefined,
  seed: 1,
  loss: 0,
  brokerPort: 0,
  version: "test",
  tell: () => {},
};

async function runDemo(options: Partial<DemoOptions>) {
  await using demo = await startDemo({ ...OPTIONS, ...options });
  await demo.done;
  return demo.finish();
}

describeShared("recorded ESME pairs through the whole hub", "rtds.jsonl", (path) => {
  const pairs = pairVectors(readVectors(path));
  const forMeter = pairs.filter(({ target }) => target === METER);

  it.each([0, 0.02])(
    "are relayed octet for octet at a loss of %d on the air",
    async (loss) => {
      const summary = await runDemo({ vectors: pairs, loss, seed: 11 });
      expect(summary).toMatchObject({
        formed: true,
        joined: 1,
        offered: forMeter.length,
        relayed: forMeter.length,
        responses: forMeter.filter(({ response }) => response !== undefined).length,
        mismatched: 0,
        lost: 0,
      });
    },
    90_000,
  );
});

describe("the sample run", () => {
  it("tells one line per real step with the time since the start", async () => {
    const lines: string[] = [];
    await runDemo({ tell: (line) => lines.push(line) });
    const steps = ["network formed", "device joined", "tunnel open", "message in", "message out", "summary"];
    const at = steps.map((step) => lines.findIndex((line) => line.includes(step)));
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(at).not.toContain(-1);
    for (const line of lines) expect(line).toMatch(/^ +\d+\.\d{3}s {2}\S/);
  });
});
