import { describe, expect, it } from "vitest";
import { Ledger } from "../../src/lab/ledger.ts";

const A = Uint8Array.of(1);
const B = Uint8Array.of(2);

describe("the ledger of a run", () => {
  it("counts a Command and its Response once each, and repetitions as nothing", () => {
    const ledger = new Ledger();
    ledger.offer({ command: A, response: B });
    expect(ledger.complete).toBe(false);
    for (let i = 0; i < 2; i++) {
      ledger.atDevice(A);
      ledger.atFarEnd(B);
    }
    expect(ledger.complete).toBe(true);
    expect(ledger.counts()).toEqual({ offered: 1, relayed: 1, responses: 1, mismatched: 0, lost: 0 });
  });

  it("expects twins twice", () => {
    const ledger = new Ledger();
    ledger.offer({ command: A, response: B });
    ledger.offer({ command: A, response: B });
    ledger.atDevice(A);
    ledger.atFarEnd(B);
    expect(ledger.complete).toBe(false);
    expect(ledger.counts()).toMatchObject({ relayed: 1, responses: 1, lost: 1 });
  });

  it("tells changed octets from lost ones", () => {
    const ledger = new Ledger();
    ledger.offer({ command: A, response: B });
    ledger.offer({ command: B, response: A });
    ledger.atDevice(Uint8Array.of(9));
    expect(ledger.counts()).toMatchObject({ relayed: 0, mismatched: 1, lost: 1 });
  });

  it("counts Alerts apart, and those that never come as lost", () => {
    const ledger = new Ledger();
    ledger.alert(A);
    ledger.alert(B);
    ledger.atFarEnd(A);
    expect(ledger.alerts()).toEqual({ offered: 2, arrived: 1 });
    expect(ledger.underWay).toBe(1);
    expect(ledger.counts()).toMatchObject({ responses: 0, mismatched: 0, lost: 1 });
  });

  it("counts a Response that never comes as lost", () => {
    const ledger = new Ledger();
    ledger.offer({ command: A, response: B });
    ledger.atDevice(A);
    expect(ledger.counts()).toMatchObject({ relayed: 1, responses: 0, lost: 1 });
  });
});
