import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { deframe, emptyDeframer } from "../../../src/emulator/ash/deframer.ts";
import { type AshFrame, decodeAsh, encodeAsh } from "../../../src/emulator/ash/frame.ts";
import { Faults } from "../../../src/emulator/server/faults.ts";
import { INSTANT, type Pace, SerialPort, USB_STICK } from "../../../src/emulator/server/port.ts";

const RST = encodeAsh({ type: "rst" });
const RSTACK: AshFrame = { type: "rstack", version: 2, code: 0x0b };

function data(frameNumber: number, octet: number, resent = false): Uint8Array {
  const payload = Uint8Array.of(octet, 0, 1, 5, 0);
  return encodeAsh({ type: "data", frameNumber, ackNumber: 0, resent, data: payload });
}

/** The port with firmware that says back what it gets, on a line that is a list, in emulated time. */
function bench(pace: Pace = INSTANT) {
  const clock = new ManualClock();
  const faults = new Faults(clock, new SeededRandom(5));
  const port = new SerialPort({ clock, log: silentLog, faults, pace });
  const written: Uint8Array[] = [];
  const got: Uint8Array[] = [];
  const counts = { resets: 0, overflows: 0, closed: 0 };
  port.attach({
    receive: (frame) => {
      got.push(frame);
      port.send(frame, false);
    },
    reset: () => {
      counts.resets++;
    },
    noteOverflow: () => {
      counts.overflows++;
    },
  });
  port.plug({
    write: (bytes) => {
      written.push(bytes);
      return true;
    },
    close: () => {
      counts.closed++;
    },
  });
  const heard = (): AshFrame[] =>
    written
      .splice(0)
      .flatMap((bytes) =>
        deframe(emptyDeframer, bytes)[1].flatMap((item) =>
          item.type === "frame" ? [decodeAsh(item.bytes)] : [],
        ),
      );
  return { clock, faults, port, got, counts, heard };
}

describe("the pace of a real stick", () => {
  test("RSTACK comes after the reset's time, an answer after its own", () => {
    const { clock, port, heard } = bench(USB_STICK);
    port.receive(RST);
    clock.advance(USB_STICK.resetMs - 1);
    expect(heard()).toEqual([]);
    clock.advance(1);
    expect(heard()).toEqual([RSTACK]);
    port.receive(data(0, 1));
    clock.advance(USB_STICK.replyMs - 1);
    expect(heard()).toEqual([]);
    clock.advance(1);
    expect(heard()).toMatchObject([{ type: "data", ackNumber: 1 }]);
  });

  test("answers keep their order", () => {
    const { clock, port, heard } = bench({ resetMs: 0, replyMs: 10 });
    port.receive(RST);
    port.receive(data(0, 1));
    port.receive(data(1, 2));
    clock.advance(10);
    const firsts = heard().flatMap((frame) => (frame.type === "data" ? [frame.data[0]] : []));
    expect(firsts).toEqual([1, 2]);
  });

  test("a reset forgets answers still on their way", () => {
    const { clock, port, heard } = bench({ resetMs: 0, replyMs: 10 });
    port.receive(RST);
    port.receive(data(0, 1));
    port.receive(RST);
    heard();
    clock.advance(100);
    expect(heard()).toEqual([]);
  });
});

describe("faults on the octets", () => {
  test("stall: everything is taken and nothing answered, not even RST, until it ends by itself", () => {
    const { clock, faults, port, heard, got } = bench();
    port.receive(RST);
    heard();
    faults.inject({ name: "stall", durationMs: 1000 });
    port.receive(data(0, 1));
    port.receive(RST);
    clock.advance(999);
    expect(heard()).toEqual([]);
    expect(got).toEqual([]);
    clock.advance(1);
    port.receive(RST);
    expect(heard()).toEqual([RSTACK]);
  });

  test("corrupt: no damaged frame reaches the firmware, and the resent ones do once", () => {
    const { faults, port, got } = bench();
    port.receive(RST);
    faults.inject({ name: "corrupt", rate: 0.5, durationMs: 60_000 });
    for (let n = 0; n < 40; n++)
      while (got.length <= n) port.receive(Uint8Array.of(0x1a, ...data(n & 7, n, true)));
    expect(got.map((frame) => frame[0])).toEqual(Array.from({ length: 40 }, (_, n) => n));
  });

  test("the stick that resets itself says so and has forgotten", () => {
    const { faults, counts, heard, port } = bench();
    port.receive(RST);
    heard();
    faults.inject({ name: "reset" });
    expect(heard()).toEqual([{ type: "rstack", version: 2, code: 0x03 }]);
    expect(counts.resets).toBe(2);
  });
});

describe("the line's end", () => {
  test("callbacks that find no room are told to the firmware", () => {
    const { port, counts } = bench();
    port.receive(RST);
    for (let n = 0; n < 500; n++) port.send(Uint8Array.of(n & 0xff, 0x90, 1), true);
    expect(counts.overflows).toBeGreaterThan(300);
    expect(port.counts.lost).toBe(counts.overflows);
  });

  test("a host that is silent for long is told ERROR 0x51 and comes back with RST", () => {
    const { clock, port, heard } = bench();
    port.receive(RST);
    port.send(Uint8Array.of(1, 2, 3), true);
    clock.advance(60_000);
    const frames = heard();
    expect(frames.filter((frame) => frame.type === "data").length).toBe(8);
    expect(frames.filter((frame) => frame.type === "error")).toHaveLength(4);
    port.receive(RST);
    expect(heard()).toEqual([RSTACK]);
  });

  test("nothing is written after the host has gone", () => {
    const { clock, port, heard } = bench();
    port.receive(RST);
    port.send(Uint8Array.of(1, 2, 3), true);
    heard();
    port.unplug();
    clock.advance(60_000);
    port.send(Uint8Array.of(1, 2, 3), false);
    expect(heard()).toEqual([]);
    expect(clock.nextDue()).toBeUndefined();
  });
});
