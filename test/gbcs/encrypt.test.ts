import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/base/bytes.ts";
import { eui64ToBytes } from "../../src/base/eui64.ts";
import { protectedAnswer } from "../../src/gbcs/dlms/index.ts";
import { payloadSeal } from "../../src/gbcs/encrypt.ts";
import { decodeEnvelope } from "../../src/gbcs/envelope/decode.ts";
import { type GbzComponent, type PlainComponent, sealComponent } from "../../src/gbcs/gbz/index.ts";
import { decodeMessage, encodeMessage, type Message } from "../../src/gbcs/message.ts";
import { SoftwareKeyAgreement } from "../../src/gbcs/security/key-agreement.ts";
import { protectAs } from "../../src/gbcs/security/protect.ts";
import { keystoreAgreement } from "../../src/gbcs/security/recorded.ts";
import { golden, goldenKeystore } from "./golden/load.ts";
import { PARTY } from "./golden/parties.ts";

const keystore = goldenKeystore();
const keys = keystoreAgreement(keystore);

const component: PlainComponent = {
  cluster: 0x0702,
  header: {
    frameType: "global",
    direction: "serverToClient",
    disableDefaultResponse: true,
    sequence: 0,
    command: 1,
  },
  name: "ReadAttributesResponse",
  fields: { records: [{ attributeId: 0, status: 0, dataType: 0x25, value: 4711 }] },
};

function answer(components: readonly GbzComponent[], envelope: Message["envelope"]): Message {
  return { envelope, payload: { format: "GBZ", gbz: { kind: "response", components } } };
}

describe("encryption of payloads (GBCS 8.2.4)", () => {
  it("makes every encrypted component of one message with the same key and vector, and the party opens them", () => {
    const { envelope } = decodeMessage(golden("GCS13a consumption"));
    const seal = payloadSeal(envelope, keys);
    if (seal === undefined) throw new Error("no key");
    const sealed = [0, 1].map((counter) => sealComponent(component, counter, seal));
    const [first, second] = sealed;
    expect(second?.encrypted.sealed).toEqual(first?.encrypted.sealed);
    const { decrypted } = decodeMessage(encodeMessage(answer(sealed, envelope)), { keys });
    expect(decrypted).toMatchObject([{ fields: component.fields }, { fields: component.fields }]);
  });

  it("takes the party's key from the certificate that the Command brought along", () => {
    const { envelope } = decodeMessage(golden("GCS61 daily consumption of an unknown party"));
    const command = decodeMessage(golden("GCS61 daily consumption for an unknown party")).envelope;
    expect(command.supplementary?.certificate).toEqual(keystore.certificate(PARTY.supplier, "KA")?.der);
    const device = new SoftwareKeyAgreement(
      (party) => (party === PARTY.gasProxy ? keystore.privateKey(party, "KA") : undefined),
      () => undefined,
    );
    expect(payloadSeal(envelope, device)).toBeUndefined();
    const seal = payloadSeal(envelope, device, keystore.publicKey(PARTY.supplier, "KA"));
    if (seal === undefined) throw new Error("no key");
    const message = encodeMessage(answer([sealComponent(component, 0, seal)], envelope));
    expect(decodeMessage(message, { keys }).decrypted).toMatchObject([{ fields: component.fields }]);
  });

  it("makes protected attributes that the party opens (8.5)", () => {
    const { envelope } = decodeMessage(golden("ECS19 prepayment registers"));
    const seal = payloadSeal(envelope, keys);
    if (seal === undefined) throw new Error("no key");
    const parameters = {
      transactionId: fromHex("0400000000000003e8"),
      originator: eui64ToBytes(PARTY.esme),
      recipient: eui64ToBytes(PARTY.supplier),
    };
    const data = protectedAnswer(parameters, seal(fromHex("0201110a")));
    const apdu = {
      type: "access-response",
      invokeId: 0x200003e8,
      dateTime: new Uint8Array(0),
      data: [data],
      results: [{ operation: "action", result: 0 }],
    } as const;
    const message = encodeMessage({ envelope, payload: { format: "DLMS", apdu } });
    expect(decodeMessage(message, { keys }).decrypted).toMatchObject([
      { outcome: "decrypted", attributes: [{ type: "u8", value: 10 }] },
    ]);
  });
});

describe("protection by name", () => {
  it("puts on what is asked for and nothing more", () => {
    const message = decodeEnvelope(golden("ECS42 closed"));
    const mac = { keys, accessControlBroker: PARTY.accessControlBroker };
    const onlyMac = decodeMessage(protectAs(message, "mac", { signature: undefined, mac })).envelope;
    expect(onlyMac).toMatchObject({ signature: null, mac: expect.any(Uint8Array) });
    const signature = new Uint8Array(64).fill(1);
    const onlySigned = decodeMessage(protectAs(message, "signature", { signature, mac })).envelope;
    expect(onlySigned).toMatchObject({ signature, mac: null });
  });
});
