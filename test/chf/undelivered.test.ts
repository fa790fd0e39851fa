import { afterEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import type { UndeliveredCommand } from "../../src/base/routing.ts";
import type { ChfSettings } from "../../src/chf/ports.ts";
import { describe as described } from "../../src/cli/gbcs/describe.ts";
import { decodeAsn1 } from "../../src/gbcs/asn1/index.ts";
import { SoftwareSigner } from "../../src/gbcs/security/signature.ts";
import { FarParty } from "./far-end.ts";
import { CHF, TestHub } from "./hub.ts";
import { PARTY, testKeystore } from "./pki.ts";

const ESME = Eui64("00db1234567890a0");
const GSME = Eui64("00db1234567890a1");
const STRANGER = Eui64("00db1234567890a9");

const keystore = testKeystore();
const acb = new FarParty(keystore, PARTY.acb, CHF);
const COMMAND: UndeliveredCommand = {
  form: "message",
  cra: 1,
  counter: 0x0102_0304_0506_0708n,
  originator: PARTY.supplier,
  target: ESME,
};

let hub: TestHub;
afterEach(() => hub[Symbol.dispose]());

function start(settings: Partial<ChfSettings["undelivered"]> = {}, signs = true): void {
  const key = signs ? keystore.privateKey(CHF, "DS") : undefined;
  hub = new TestHub({
    keystore,
    ...(key === undefined ? {} : { signer: new SoftwareSigner(key) }),
    settings: { undelivered: { form: "dlms", protection: "mac", perHour: 100, ...settings } },
  });
  const entry = { startKey: undefined, linkKey: undefined, keyHash: undefined };
  const entries = [
    { eui64: ESME, kind: "esme", ...entry },
    { eui64: GSME, kind: "gsme", ...entry },
  ] as const;
  hub.chf.seed({ deviceLog: { entries, historic: [] } });
  hub.sent.length = 0;
}

function report(
  change: Partial<UndeliveredCommand> = {},
  reason: "tunnel-lost" | "suspended" = "tunnel-lost",
) {
  hub.store.transaction(() => hub.chf.undelivered.report({ ...COMMAND, ...change }, reason));
}

/** What the Command's Grouping Header says, in 25 octets. */
const HEADER = `${PARTY.supplier}${ESME}010102030405060708`;

describe("alert 0x8F84 (A4.7): a Command that an ESME did not get", () => {
  it("names the Command by its Grouping Header, has a MAC for the ACB, and waits with the Responses", () => {
    start();
    report();
    const [alert] = hub.sent;
    expect([hub.sent.length, alert?.device, alert?.lane]).toEqual([1, CHF, "response"]);
    const { envelope, code, apdu } = acb.alert(alert?.payload ?? new Uint8Array());
    expect([envelope.messageCode, code, envelope.target]).toEqual([0x00d5, 0x8f84, PARTY.acb]);
    expect([envelope.signature, envelope.mac?.length]).toEqual([null, 12]);
    const [, , body] = apdu.body.type === "structure" ? apdu.body.value : [];
    expect(body).toEqual({ type: "octet-string", value: fromHex(HEADER) });
  });

  it.each(["dlms", "der"] as const)("gbcs decode understands it in the form %s", (form) => {
    start({ form });
    report();
    const seen = described(hub.sent[0]?.payload ?? new Uint8Array(), keystore);
    expect(seen.useCase).toMatchObject({ code: "FTDA" });
    expect(seen.protection.mac).toBe("verified");
    const [first, ...others] = seen.objects;
    expect(first).toMatchObject({
      value: 0x8f84,
      meaning: "failure to deliver remote party message to ESME",
    });
    if (form === "dlms")
      expect(others).toContainEqual(
        expect.objectContaining({ name: "originatorTargetCraAndCounter", value: HEADER }),
      );
  });

  it("in DER its fields are those of the header, behind code and time", () => {
    start({ form: "der" });
    report();
    const { content } = acb.verified(hub.sent[0]?.payload ?? new Uint8Array());
    expect(toHex(content.subarray(0, 2))).toBe("3039");
    const { alertCode, time, message } = decodeAsn1(0x00d5, "alert", content);
    expect([alertCode, time]).toEqual([0x8f84, Math.floor(hub.clock.now() / 1_000)]);
    expect(message).toEqual({
      originator: PARTY.supplier,
      target: ESME,
      cra: Uint8Array.of(1),
      originatorCounter: fromHex("0102030405060708"),
    });
  });

  it("is signed where the settings say so; a hub that cannot sign sends none", () => {
    start({ protection: "signature" });
    report();
    const envelope = acb.verified(hub.sent[0]?.payload ?? new Uint8Array());
    expect([envelope.signature?.length, envelope.mac]).toEqual([64, null]);
    hub[Symbol.dispose]();
    start({ protection: "signature" }, false);
    report();
    expect(hub.sent).toEqual([]);
  });

  it.each<[string, Partial<UndeliveredCommand>, "tunnel-lost" | "suspended"]>([
    ["a Command for a gas meter", { target: GSME }, "tunnel-lost"],
    ["a Command for a device that is not in the Device Log", { target: STRANGER }, "tunnel-lost"],
    ["the acknowledgement of a Response in blocks", { cra: 2, form: "block" }, "tunnel-lost"],
    ["a Command held back by duty cycle, which has an alert of its own", {}, "suspended"],
  ])("%s raises none", (_what, change, reason) => {
    start();
    report(change, reason);
    expect(hub.sent).toEqual([]);
  });

  it("one for all blocks of a Command, and another for the blocks of the next", () => {
    start();
    for (let block = 0; block < 5; block++) report({ form: "block" });
    expect(hub.sent).toHaveLength(1);
    report({ form: "block", counter: COMMAND.counter + 1n });
    expect(hub.sent).toHaveLength(2);
    report();
    report();
    expect(hub.sent).toHaveLength(4);
  });

  it("where the transaction is undone, the alert comes with the one that holds", () => {
    start();
    const undone = () => {
      hub.chf.undelivered.report({ ...COMMAND, form: "block" }, "tunnel-lost");
      throw new Error("on purpose");
    };
    expect(() => hub.store.transaction(undone)).toThrow("on purpose");
    hub.sent.length = 0;
    report({ form: "block" });
    expect(hub.sent).toHaveLength(1);
  });

  it("no more of them in an hour than the settings allow", () => {
    start({ perHour: 3 });
    for (let n = 0n; n < 10n; n++) report({ counter: n });
    expect(hub.sent).toHaveLength(3);
    hub.clock.advance(3_600_000);
    report();
    expect(hub.sent).toHaveLength(4);
  });
});
