import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { ManualClock } from "../../../src/base/clock.ts";
import type { ClockState } from "../../../src/base/clock-state.ts";
import { CHF_ENDPOINT, GPF_ESI_ENDPOINT, HUB_ENDPOINTS } from "../../../src/han/radio/endpoints.ts";
import { hubAttributes, KEEP_ALIVE } from "../../../src/han/zcl-server/attributes.ts";
import { Identify } from "../../../src/han/zcl-server/identify.ts";
import { ZclServer } from "../../../src/han/zcl-server/server.ts";
import { timeAttributes } from "../../../src/han/zcl-server/time.ts";
import { decodeZcl } from "../../../src/zcl/frame.ts";

/** 2026-01-01T00:00:00Z is 820,540,800 s after 2000-01-01: 0x30E87580. */
const NOW = 1_767_225_600_000;

class Home {
  readonly clock = new ManualClock(NOW);
  readonly server: ZclServer;

  constructor(state: ClockState, suites = 2) {
    const identify = new Identify(this.clock);
    const attributes = hubAttributes({
      identity: { manufacturer: "hanway", model: "hub", version: "1.2.3" },
      keepAlive: KEEP_ALIVE,
      suites: () => suites,
      time: timeAttributes(this.clock, () => state),
      identify: identify.attributes(),
    });
    this.server = new ZclServer(HUB_ENDPOINTS, attributes, identify);
  }

  /** Hex in, hex out. */
  ask(cluster: number, frame: string, endpoint = CHF_ENDPOINT): string | undefined {
    const answer = this.server.answer(decodeZcl(fromHex(frame), { cluster }), endpoint);
    return answer === undefined ? undefined : toHex(answer);
  }
}

const reliable = new Home({ state: "reliable", since: NOW - 60_000 });

describe("Time (ZCL 3.12) is true to the clock's real state", () => {
  const read = "00070000000100080009" + "00";
  it("a reliable clock is master", () => {
    expect(reliable.ask(0x000a, read)).toBe(
      "180701" + "000000e28075e830" + "0100001809" + "080000e24475e830" + "090000e200c7e930",
    );
  });

  it("a clock that may have drifted gives its time without the master bit", () => {
    const home = new Home({ state: "unreliable", since: NOW - 60_000 });
    expect(home.ask(0x000a, read)).toBe(
      "180701" + "000000e28075e830" + "0100001800" + "080000e24475e830" + "090000e2ffffffff",
    );
  });

  it("a clock that was never set gives no time", () => {
    const home = new Home({ state: "invalid" });
    expect(home.ask(0x000a, read)).toBe(
      "180701" + "000000e2ffffffff" + "0100001800" + "080000e2ffffffff" + "090000e2ffffffff",
    );
  });

  it("nobody sets it from the HAN", () => {
    expect(reliable.ask(0x000a, "000702" + "0000e200000000")).toBe("180704" + "880000");
    expect(reliable.ask(0x000a, "000705" + "0000e200000000")).toBeUndefined();
  });
});

describe("the clusters of the hub", () => {
  it("Keep-Alive gives base and jitter", () => {
    expect(reliable.ask(0x0025, "00010000000100")).toBe("180101" + "000000200a" + "010000212c01");
  });

  it("Key Establishment gives the suites, as server and as client, on CHF and GPF", () => {
    for (const endpoint of [CHF_ENDPOINT, GPF_ESI_ENDPOINT])
      expect(reliable.ask(0x0800, "0001000000", endpoint)).toBe("18010100000031" + "0200");
    expect(reliable.ask(0x0800, "0801000000")).toBe("10010100000031" + "0200");
  });

  it("Basic names the hub, and says which attributes it does not have", () => {
    expect(reliable.ask(0x0000, "000100" + "0000" + "0500" + "0a00")).toBe(
      "180101" + "0000002003" + "0500004203687562" + "0a0086",
    );
  });

  it("Discover Attributes lists in order and says whether there are more", () => {
    expect(reliable.ask(0x0000, "00010c" + "000002")).toBe("18010d" + "00" + "000020" + "040042");
    expect(reliable.ask(0x0025, "00010c" + "0000ff")).toBe("18010d" + "01" + "000020" + "010021" + "fdff21");
  });

  it("Configure Reporting is refused attribute by attribute", () => {
    expect(reliable.ask(0x000a, "000106" + "00" + "0000" + "e2" + "0100" + "0200" + "01000000")).toBe(
      "180107" + "8c000000",
    );
  });

  it("Identify counts down", () => {
    const home = new Home({ state: "invalid" });
    expect(home.ask(0x0003, "010101")).toBeUndefined();
    expect(home.ask(0x0003, "0102000a00")).toBe("18020b0000");
    home.clock.advance(4_000);
    expect(home.ask(0x0003, "010301")).toBe("1903000600");
    home.clock.advance(6_000);
    expect(home.ask(0x0003, "010401")).toBeUndefined();
  });
});

describe("Default Responses (ZCL 2.5.12)", () => {
  it.each([
    ["an unknown cluster command", 0x0000, "0101ee", CHF_ENDPOINT, "18010bee81"],
    ["an unknown general command", 0x0000, "0001ee", CHF_ENDPOINT, "18010bee82"],
    ["a maker's own cluster command", 0x0000, "0534120100", CHF_ENDPOINT, "18010b0083"],
    ["a maker's own general command", 0x0000, "0434120100", CHF_ENDPOINT, "18010b0084"],
    ["a cluster that the endpoint does not have", 0x0702, "0001000000", CHF_ENDPOINT, "18010b00c3"],
    ["an endpoint that does not exist", 0x0000, "0001000000", 77, "18010b00c3"],
    ["a command to a client that is only a server", 0x000a, "0801000000", CHF_ENDPOINT, "10010b00c3"],
  ])("answer %s", (_, cluster, frame, endpoint, answer) => {
    const asked = reliable.ask(cluster, frame, endpoint);
    expect(asked?.replace(/^1c3412|^143412/, "18").replace(/^(..)3412/, "$1")).toBe(answer);
  });

  it("none answers a Default Response, or a response that nobody asked for", () => {
    expect(reliable.ask(0x0000, "08010b0000")).toBeUndefined();
    expect(reliable.ask(0x0800, "0801" + "01" + "000086")).toBeUndefined();
  });

  it("a success is told only to who wants it", () => {
    expect(reliable.ask(0x0003, "0102000000")).toBe("18020b0000");
    expect(reliable.ask(0x0003, "1102000000")).toBeUndefined();
  });
});

describe("any frame at all", () => {
  it("gets an answer that can be decoded, or none", () => {
    const frame = fc.tuple(
      fc.constantFrom(0x00, 0x01, 0x08, 0x09, 0x10, 0x18, 0x04),
      fc.nat(255),
      fc.nat(255),
    );
    const clusters = [0x0000, 0x0003, 0x000a, 0x0025, 0x0704, 0x0800, 0x0700];
    fc.assert(
      fc.property(
        frame,
        fc.constantFrom(...clusters),
        fc.uint8Array({ maxLength: 20 }),
        (head, cluster, body) => {
          let decoded: ReturnType<typeof decodeZcl>;
          try {
            decoded = decodeZcl(Uint8Array.of(...head, ...body), { cluster });
          } catch {
            return;
          }
          for (const { endpoint } of HUB_ENDPOINTS) {
            const answer = reliable.server.answer(decoded, endpoint);
            if (answer !== undefined) expect(decodeZcl(answer, { cluster }).sequence).toBe(decoded.sequence);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
