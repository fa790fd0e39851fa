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

  it("is said in words where OpenSSL's own have an address and a line end in them", () => {
    const text = (reason: string) =>
      `write EPROTO 409DCB2D117F0000:error:0A00042E:SSL routines:ssl3_read_bytes:${reason}:../deps/x.c:918:SSL alert number 70\n`;
    const eproto = (reason: string) => Object.assign(new Error(text(reason)), { code: "EPROTO" });
    const sentences = ["tlsv1 alert protocol version", "tlsv1 alert unknown ca", "no such reason"].map(
      (reason) => failureSentence(eproto(reason), "handshake"),
    );
    expect(sentences).toEqual([
      "it speaks no TLS version from 1.2 on",
      "it does not accept the hub's certificate",
      "TLS failed (ERR_SSL_NO_SUCH_REASON)",
    ]);
    expect(isTlsError(eproto("no such reason"))).toBe(true);
  });

  it("reasons that take turns are told once each", () => {
    const clock = new ManualClock();
    const said: string[] = [];
    const log = { ...silentLog, warn: (_fields: object, sentence: string) => said.push(sentence) };
    const failures = new FailureLog(clock, log);
    for (let n = 0; n < 50; n++) {
      failures.ended(0, n % 2 === 0 ? "connection reset" : "certificate refused", {});
      clock.advance(10_000);
    }
    expect(said).toEqual(["broker link ended: connection reset", "broker link ended: certificate refused"]);
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
