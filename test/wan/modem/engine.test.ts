import { Duplex } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../src/base/clock.ts";
import { AtEngine } from "../../../src/wan/modem/engine.ts";
import {
  type AtCommand,
  ENGINE_IDLE,
  ENGINE_SETTINGS,
  type EngineEffect,
  type EngineInput,
  engineStep,
} from "../../../src/wan/modem/engine-state.ts";
import { readLine } from "../../../src/wan/modem/line.ts";
import { LineGuard } from "../../../src/wan/modem/line-guard.ts";

function play(...inputs: EngineInput[]) {
  let state = ENGINE_IDLE;
  const effects: EngineEffect[] = [];
  for (const input of inputs) {
    const [next, out] = engineStep(state, input, ENGINE_SETTINGS);
    state = next;
    effects.push(...out);
  }
  const results = effects.flatMap((one) => (one.type === "answer" ? [one.result] : []));
  const written = effects.flatMap((one) => (one.type === "write" ? [one.text] : []));
  const news = effects.flatMap((one) => (one.type === "unsolicited" ? [one.what] : []));
  return { state, effects, results, written, news };
}

let ids = 0;
const ask = (text: string, more: Partial<AtCommand> = {}): EngineInput => ({
  type: "ask",
  asked: { id: ids++, command: { text, timeoutMs: 1_000, ...more } },
});
const line = (text: string): EngineInput => ({ type: "line", line: readLine(Buffer.from(text, "latin1")) });
const timer: EngineInput = { type: "timer" };
const CSQ = { wants: /^\+CSQ:/ };

describe("AT engine", () => {
  it("runs one command at a time, in order", () => {
    const { written, results } = play(
      ask("AT"),
      ask("ATI"),
      ask("AT+CSQ", CSQ),
      line("OK"),
      line("OK"),
      line("+CSQ: 9,9"),
      line("OK"),
    );
    expect(written).toEqual(["AT\r", "ATI\r", "AT+CSQ\r"]);
    expect(results).toEqual([
      { type: "ok", lines: [] },
      { type: "ok", lines: [] },
      { type: "ok", lines: ["+CSQ: 9,9"] },
    ]);
  });

  it("drops the echo, on or off, with what was typed before it", () => {
    const { results } = play(ask('AT+CPIN="1234"'), line('xAT+CPIN="1234"\r'), line("OK\r"));
    expect(results).toEqual([{ type: "ok", lines: [] }]);
  });

  it("sorts unsolicited codes out of an answer", () => {
    const { results, news } = play(
      ask("AT+CSQ", CSQ),
      line("+CREG: 1"),
      line("+CSQ: 12,99"),
      line('+CTZE: "+04",0,"2026/07/01,11:30:15"'),
      line("RING"),
      line("OK"),
      line("+CPIN: NOT READY"),
    );
    expect(results).toEqual([{ type: "ok", lines: ["+CSQ: 12,99"] }]);
    expect(news).toEqual(["network", "time", "noise", "sim"]);
  });

  it.each([
    ["ERROR", { type: "error", code: undefined, words: "refused" }],
    ["+CME ERROR: 10", { type: "error", code: 10, words: "SIM not inserted" }],
    ["+CME ERROR: SIM PIN required", { type: "error", code: 11, words: "SIM PIN required" }],
    ["+CMS ERROR: 512", { type: "error", code: 512, words: "error 512" }],
  ])("%s ends a command", (text, result) => {
    expect(play(ask("AT+CSQ", CSQ), line(text)).results).toEqual([result]);
  });

  it("OK without the information asked for is incomplete, and what comes late is not taken for the next answer", () => {
    const { results, written, state } = play(
      ask("AT+CIMI"),
      timer,
      line("234100000000017"),
      line("OK"),
      ask("AT+CSQ", CSQ),
      line("ERROR"),
      timer,
      line("OK"),
      timer,
    );
    expect(written).toEqual(["AT+CIMI\r", "AT+CSQ\r"]);
    expect(results).toEqual([{ type: "timeout" }, { type: "incomplete" }]);
    expect(state.phase).toBe("idle");
  });

  it("a babbling modem cannot keep it from its next command", () => {
    const babble = Array.from({ length: 500 }, () => line("+CREG: 2"));
    const { effects } = play(ask("AT"), timer, ...babble);
    expect(effects.filter(({ type }) => type === "timer").length).toBeLessThan(60);
  });

  it("sends data after the prompt, and leaves a prompt that nobody asked for", () => {
    const asked = play(ask('AT+CMGS="1"', { data: "hello" }), line(">"), line("+CMGS: 1"), line("OK"));
    expect(asked.written).toEqual(['AT+CMGS="1"\r', "hello\x1a"]);
    expect(play(line(">")).written).toEqual(["\x1b"]);
    expect(play(ask('AT+CMGS="1"', { data: "hello" }), line(">"), timer).written.at(-1)).toBe("\x1b");
  });

  it("keeps no more of an answer than it needs", () => {
    const many = Array.from({ length: 1_000 }, (_, i) => line(`+CSQ: ${i},99`));
    const { state } = play(ask("AT+CSQ", CSQ), ...many);
    expect(state.lines.length).toBe(ENGINE_SETTINGS.answerLines);
  });

  it("ends all that waits when the port goes", () => {
    const { results, state } = play(ask("AT"), ask("ATI"), { type: "closed" }, ask("AT"));
    expect(results).toEqual([{ type: "closed" }, { type: "closed" }, { type: "closed" }]);
    expect(state.phase).toBe("closed");
  });

  it("whatever comes, every command gets exactly one result", () => {
    const inputs = fc.array(
      fc.oneof(
        fc
          .constantFrom("OK", "ERROR", ">", "", "+CSQ: 1,2", "RDY", "AT+CSQ", "\u0001", "NO CARRIER")
          .map(line),
        fc.string({ unit: "binary" }).map(line),
        fc.constant(timer),
        fc.constant("ask" as const),
      ),
    );
    fc.assert(
      fc.property(inputs, (some) => {
        const real = some.map((one) => (one === "ask" ? ask("AT+CSQ", CSQ) : one));
        const asked = real.filter(({ type }) => type === "ask").length;
        expect(play(...real, { type: "closed" }).results).toHaveLength(asked);
      }),
    );
  });
});

/** A port whose far end is the test. */
class Loop extends Duplex {
  readonly written: string[] = [];
  override _read(): void {}
  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    this.written.push(Buffer.from(chunk).toString("latin1"));
    done();
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("octets into lines", () => {
  async function linesOf(chunks: Uint8Array[], limit = 64): Promise<{ text: string; guard: LineGuard }> {
    const guard = new LineGuard(limit, 1_000_000, new ManualClock());
    const out: Uint8Array[] = [];
    guard.on("data", (bytes: Uint8Array) => out.push(bytes));
    for (const chunk of chunks) guard.write(chunk);
    await turn();
    return { text: Buffer.concat(out).toString("latin1"), guard };
  }

  it("a line past the limit is cut, marked, and gone; the next one is whole", async () => {
    const { text, guard } = await linesOf([Buffer.from(`OK${"x".repeat(100)}`), Buffer.from("y\r\nOK\r\n")]);
    expect(text.split("\n").map((one) => readLine(Buffer.from(one, "latin1")).type)).toEqual([
      "garbage",
      "ok",
      "empty",
    ]);
    expect(guard.discarded).toBe(105);
  });

  it("a prompt gets a line of its own", async () => {
    expect((await linesOf([Buffer.from("\r\n> ")])).text).toBe("\r\n>\n ");
  });

  it("a hail of prompts is one prompt and a long line", async () => {
    const hail = Buffer.alloc(100_000, ">");
    const { text, guard } = await linesOf([hail, Buffer.from("\r\nOK\r\n")]);
    expect(text.split("\n").map((one) => readLine(Buffer.from(one, "latin1")).type)).toEqual([
      ...["prompt", "garbage", "ok", "empty"],
    ]);
    expect(guard.discarded).toBe(100_002);
  });

  it("a modem that reads nothing is not written to without end", async () => {
    const port = new Duplex({ read() {}, write() {} });
    const engine = new AtEngine(port, new ManualClock(), { unsolicited: () => {} }, ENGINE_SETTINGS);
    port.push(Buffer.from(">\n".repeat(20_000)));
    for (let turns = 0; turns < 50; turns++) await turn();
    expect(port.writableLength).toBeLessThanOrEqual(4_096);
    engine.close();
  });

  it("never passes on a line longer than the limit, however the octets are cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 })), async (chunks) => {
        const { text } = await linesOf(chunks, 64);
        for (const one of text.split("\n")) expect(one.length).toBeLessThanOrEqual(66);
      }),
      { numRuns: 50 },
    );
  });

  it("more than the rate waits for the next second", async () => {
    const clock = new ManualClock();
    const guard = new LineGuard(64, 1_000, clock);
    let octets = 0;
    guard.on("data", (bytes: Uint8Array) => {
      octets += bytes.length;
    });
    for (let i = 0; i < 100; i++)
      guard.write(Buffer.from("0123456789012345678901234567890123456789012345678\n"));
    await turn();
    expect(octets).toBeLessThanOrEqual(1_050);
    expect(guard.held).toBe(1);
    clock.advance(1_000);
    await turn();
    expect(octets).toBeGreaterThan(1_050);
    expect(octets).toBeLessThanOrEqual(2_100);
  });

  it("an answer may be cut anywhere, and nonsense before it does no harm", async () => {
    const answer = Buffer.from("\xff\xfe garbage\r\nAT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n", "latin1");
    for (let cut = 0; cut <= answer.length; cut++) {
      const port = new Loop();
      const engine = new AtEngine(port, new ManualClock(), { unsolicited: () => {} }, ENGINE_SETTINGS);
      const result = engine.ask({ text: "AT+CSQ", timeoutMs: 1_000, ...CSQ });
      port.push(answer.subarray(0, cut));
      await turn();
      port.push(answer.subarray(cut));
      expect(await result).toEqual({ type: "ok", lines: ["+CSQ: 20,99"] });
      expect(port.written).toEqual(["AT+CSQ\r"]);
    }
  });

  it("a dead port times out by the clock", async () => {
    const clock = new ManualClock();
    const engine = new AtEngine(new Loop(), clock, { unsolicited: () => {} }, ENGINE_SETTINGS);
    const result = engine.ask({ text: "AT", timeoutMs: 1_000 });
    clock.advance(1_000);
    expect(await result).toEqual({ type: "timeout" });
  });
});
