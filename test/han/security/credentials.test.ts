import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { testAuthorities } from "../../../src/cbke/test-authority.ts";
import {
  hubSecurity,
  parseCredentialFile,
  parseTestPkiFile,
  subjectOf,
  testSecurity,
} from "../../../src/han/security/credentials.ts";

const RADIO = Eui64("00db1234567890a3");
const random = new SeededRandom(3);

/** A file as an authority writes it, with one of the own test authorities behind it. */
function file(
  index: number,
  change: Partial<Record<"ca" | "cert" | "key", string>> = {},
  subject = RADIO,
): string {
  const authority = testAuthorities(5)[index];
  if (authority === undefined) throw new Error("no such authority");
  const issued = authority.issue(subject);
  return [
    `CA Pub Key: ${change.ca ?? toHex(authority.trusted().publicKey)}`,
    `Device Implicit Cert: ${change.cert ?? toHex(issued.certificate)}`,
    `Private Key Reconstruction Data: ${change.key ?? toHex(issued.privateKey)}`,
    "Device Public Key: 00",
  ].join("\r\n");
}

function refused(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof HanwayError) return `${error.code} ${error.field} ${error.detail}`;
    throw error;
  }
  throw new Error("not refused");
}

describe("a credential file", () => {
  it.each([
    [0, 2],
    [1, 1],
  ])("of authority %i gives a credential of suite %i that the hub can use", (index, suite) => {
    const issued = parseCredentialFile(file(index), "f");
    expect(issued.credential.suite).toBe(suite);
    expect(subjectOf(issued)).toBe(RADIO);
    const { engine } = hubSecurity([issued], RADIO, random);
    expect(engine.suites).toBe(suite);
  });

  it("may break its hex into groups and lines", () => {
    const broken = file(0)
      .replace(/: ([0-9a-f]{40})([0-9a-f]+)/g, ":\n  $1\n  $2")
      .replace(/([0-9a-f]{8})/g, "$1 ");
    expect(parseCredentialFile(broken, "f").credential).toEqual(parseCredentialFile(file(0), "f").credential);
  });

  it("is refused with the part at fault, and never with octets of it", () => {
    const key = toHex(testAuthorities(5)[0]?.issue(RADIO).privateKey ?? new Uint8Array());
    const cases: [string, RegExp][] = [
      ["", /no certificate/],
      [file(0, { cert: "00" }), /neither 48 nor 74/],
      [file(0, { cert: "zz" }), /certificate is not hex/],
      [file(0, { ca: "05".padEnd(74, "0") }), /no point/],
      [file(0, { key: "" }), /privateKey is not hex/],
      [`${file(0)}\n${file(0)}`, /twice/],
    ];
    for (const [text, why] of cases) {
      const said = refused(() => parseCredentialFile(text, "security.credentials[0]"));
      expect(said).toMatch(why);
      expect(said).toContain("config/invalid security.credentials[0]");
      expect(said).not.toContain(key);
    }
  });

  it("is refused when it is that of another radio, or its key belongs to another certificate", () => {
    const other = parseCredentialFile(file(0, {}, Eui64("00db1234567890ff")), "f");
    expect(refused(() => hubSecurity([other], RADIO, random))).toMatch(
      /devices know this hub by.*00db1234567890a3/,
    );
    const wrongKey = parseCredentialFile(file(0, { key: "01".padStart(72, "0") }), "f");
    expect(refused(() => hubSecurity([wrongKey], RADIO, random))).toMatch(/do not belong together/);
    const short = parseCredentialFile(file(0, { key: "0102" }), "f");
    expect(refused(() => hubSecurity([short], RADIO, random))).toMatch(/36 octets wanted/);
  });

  it("may be that of a test PKI, of which the hub takes its own", () => {
    const authorities = testAuthorities(5);
    const json = JSON.stringify({
      trusted: authorities.map((one) => ({ ...one.trusted(), publicKey: toHex(one.trusted().publicKey) })),
      devices: [RADIO, Eui64("00db1234567890ff")].flatMap((eui64) =>
        authorities.map((one) => {
          const { suite, certificate, privateKey } = one.issue(eui64);
          return { eui64, suite, certificate: toHex(certificate), privateKey: toHex(privateKey) };
        }),
      ),
    });
    const issued = parseTestPkiFile(json, "f");
    expect(hubSecurity(issued, RADIO, random).engine.suites).toBe(3);
    expect(refused(() => hubSecurity(issued, Eui64("00000000000000aa"), random))).toMatch(
      /radio's address 0+aa/,
    );
    for (const bad of ["{", "{}", '{"trusted":[],"devices":[{"suite":2}]}', '{"trusted":[{}],"devices":[]}'])
      expect(refused(() => parseTestPkiFile(bad, "f"))).toContain("config/invalid f");
  });

  it("gives the same trust on both sides where a seed stands for the authority", () => {
    const hub = testSecurity(11, RADIO, random);
    expect(hub.engine.suites).toBe(3);
    expect(hub.issuers).toEqual(testAuthorities(11).map((authority) => authority.trusted()));
  });
});
