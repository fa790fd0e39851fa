import { describe, expect, it } from "vitest";
import { Eui64 } from "../../src/base/eui64.ts";
import { checkCredential } from "../../src/cbke/software-engine.ts";
import { testAuthorities } from "../../src/cbke/test-authority.ts";

const METER = Eui64("00db1234567890a0");

describe("test authorities of one seed", () => {
  it("issue certificates of both suites that whoever knows the seed takes", () => {
    const issuers = testAuthorities(7).map((authority) => authority.trusted());
    const issued = testAuthorities(7).map((authority) => authority.issue(METER));
    expect(issued.map(({ suite }) => suite)).toEqual([2, 1]);
    for (const credential of issued) expect(() => checkCredential(credential, METER, issuers)).not.toThrow();
  });

  it("are strangers to those of another seed", () => {
    const issuers = testAuthorities(8).map((authority) => authority.trusted());
    for (const authority of testAuthorities(7))
      expect(() => checkCredential(authority.issue(METER), METER, issuers)).toThrow(/belong together/);
  });
});
