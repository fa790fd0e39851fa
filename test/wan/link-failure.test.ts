import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { FailureLog, failureSentence, isTlsError } from "../../src/wan/link-failure.ts";

const coded = (code: string) => Object.assign(new Error("40EDC58D507F0000:error"), { code });

describe("why a broker link ended", () => {
  it("is said in words, without what changes from one time to the next", () => {
    expect(failureSentence(coded("ECONNREFUSED"), undefined)).toBe("nobody listens there");
    expect(failureSentence(coded("ERR_SSL_NO_CIPHERS_AVAILABLE"), "handshake")).toBe(
      "TLS failed (ERR_SSL_NO_CIPHERS_AVAILABLE)",
    );
    expect(failureSentence(coded("ECONNRESET"), "shown-none")).toMatch(/wants a certificate/);
    expect(isTlsError(coded("ECONNRESET"))).toBe(false);
  });

  it("is said at once when it is new, then every ten minutes with how often it came", () => {
    const clock = new ManualClock();
    const said: object[] = [];
    const failures = new FailureLog(clock, { ...silentLog, warn: (fields) => said.push(fields) });
    for (let n = 0; n < 61; n++) {
      failures.ended(0, "nobody listens there", {});
      clock.advance(10_000);
    }
    expect(said).toEqual([{ broker: 0 }, { broker: 0, times: 60 }]);
    failures.ended(0, "it does not answer", {});
    failures.ended(1, "it does not answer", {});
    failures.held(0);
    failures.ended(0, "it does not answer", {});
    expect(said).toHaveLength(5);
  });
});
