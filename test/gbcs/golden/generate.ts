// Makes the golden messages anew, with new keys: `node test/gbcs/golden/generate.ts`. The keys exist for these
// messages alone and protect nothing. Contents are written out as octets, so that the codecs have no part in them.
import { writeFileSync } from "node:fs";
import { concatBytes, fromHex, toHex } from "../../../src/base/bytes.ts";
import { type Eui64, eui64ToBytes } from "../../../src/base/eui64.ts";
import { encodeEnvelope } from "../../../src/gbcs/envelope/encode.ts";
import type { PreCommand, SecuredMessage, Supplementary } from "../../../src/gbcs/envelope/envelope.ts";
import { readKeystore } from "../../../src/gbcs/keystore.ts";
import { seal } from "../../../src/gbcs/security/gcm.ts";
import { payloadKey } from "../../../src/gbcs/security/mac.ts";
import { protect } from "../../../src/gbcs/security/protect.ts";
import { keystoreAgreement } from "../../../src/gbcs/security/recorded.ts";
import { SoftwareSigner } from "../../../src/gbcs/security/signature.ts";
import { issueParties, PARTY } from "./parties.ts";

const { keystore: records, root, issuing } = issueParties();
const keystore = readKeystore(JSON.stringify(records));
const keys = keystoreAgreement(keystore);
const { accessControlBroker: acb, supplier, networkOperator, esme, gsme, hub, gasProxy } = PARTY;

interface Draft {
  readonly name: string;
  readonly messageCode: number;
  readonly from: Eui64;
  readonly to: Eui64;
  readonly counter: bigint;
  readonly content: Uint8Array;
  readonly sign: boolean;
  readonly mac: boolean;
  readonly supplementary?: Supplementary;
  readonly dateTime?: string;
}

const lines: string[] = [];

function add(name: string, kind: string, message: Uint8Array): void {
  lines.push(JSON.stringify({ name, kind, hex: toHex(message) }));
}

function secured(kind: SecuredMessage["kind"], draft: Draft): SecuredMessage {
  return {
    kind,
    counter: draft.counter,
    originator: draft.from,
    target: draft.to,
    dateTime: draft.dateTime === undefined ? null : fromHex(draft.dateTime),
    messageCode: draft.messageCode,
    supplementary: draft.supplementary ?? null,
    content: draft.content,
    signature: null,
    mac: null,
  };
}

function addProtected(kind: SecuredMessage["kind"], draft: Draft): void {
  const privateKey = keystore.privateKey(draft.from, "DS");
  if (privateKey === undefined) throw new Error("no key");
  const message = protect(secured(kind, draft), {
    signature: draft.sign ? new SoftwareSigner(privateKey) : null,
    mac: draft.mac ? { keys, accessControlBroker: acb } : null,
  });
  add(draft.name, kind, message);
}

/** The Command and both forms of its pre-command. */
function addCommand(draft: Draft): void {
  addProtected("COMMAND", draft);
  const { signature: _s, mac: _m, ...rest } = secured("COMMAND", draft);
  for (const form of ["bare", "duis"] as const) {
    const preCommand: PreCommand = { ...rest, kind: "PRECOMMAND", form };
    add(`${draft.name} (${form})`, "PRECOMMAND", encodeEnvelope(preCommand));
  }
}

/** Ciphertext and tag as the payload of `draft` carries them: security header, ciphertext, tag. */
function sealed(draft: Omit<Draft, "content">, plaintext: string): Uint8Array {
  const { from: originator, to: target, counter } = draft;
  const key = payloadKey({ originator, target, counter, supplementary: draft.supplementary ?? null }, keys);
  if (key === undefined) throw new Error("no key");
  return concatBytes(fromHex("3100000000"), seal(key, eui64ToBytes(originator), fromHex(plaintext)));
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

/** One GBZ component: control, cluster, length, body. */
function component(control: number, cluster: number, ...body: readonly Uint8Array[]): Uint8Array {
  const octets = concatBytes(...body);
  return concatBytes(Uint8Array.of(control), u16(cluster), u16(octets.length), octets);
}

const supplementary = { remoteParty: supplier, remotePartyCounter: 0x3ean };
/** 2025-06-21 10:30:00 as a COSEM date-time without its clock status. */
const NOW = "07e90615ff0a1e00008000";

// DLMS, Access Control Broker on behalf of a supplier (18 octets of other information), MAC only.
const remove = { messageCode: 2, counter: 0x516n, sign: false, mac: true, supplementary };
addProtected("COMMAND", {
  ...remove,
  name: "CCS02 remove device",
  from: acb,
  to: hub,
  content: fromHex(`d920000516000103006800001e0300ff02010908${esme}`),
});
addProtected("RESPONSE", {
  ...remove,
  name: "CCS02 removed",
  from: hub,
  to: acb,
  content: fromHex("da200005160000010001" + "0300"),
});

// DLMS, critical: signature and MAC; the Response signed only, with Date-Time.
addCommand({
  name: "ECS42 close load switch",
  messageCode: 0x004f,
  from: supplier,
  to: esme,
  counter: 0x1_0000_0000_0001n,
  sign: true,
  mac: true,
  content: fromHex("d920000001000103000900000a006aff0101120033"),
});
addProtected("RESPONSE", {
  name: "ECS42 closed",
  messageCode: 0x004f,
  from: esme,
  to: supplier,
  counter: 0x1_0000_0000_0001n,
  sign: true,
  mac: false,
  dateTime: `${NOW}ff`,
  content: fromHex("da20000001000001000103" + "00"),
});

// DLMS with protected attributes.
const registers = { name: "ECS19 prepayment registers", messageCode: 0x002d, from: esme, to: supplier };
const protectedRead = { ...registers, counter: 0x3e8n, sign: false, mac: true };
const blob = sealed(protectedRead, "0202" + "05000003e8" + "060000002a");
addProtected("RESPONSE", {
  ...protectedRead,
  content: concatBytes(
    fromHex("da200003e8000001"),
    fromHex("0202" + "0101" + "02021602" + "0205"),
    fromHex(`090904${"00000000000003e8"}0908${esme}0908${supplier}09000202160202020901020900`),
    Uint8Array.of(9, blob.length),
    blob,
    fromHex("010300"),
  ),
});

// ASN.1, variant message in its MAC form.
const credentials = { messageCode: 8, counter: 0x600n, sign: false, mac: true };
addProtected("COMMAND", {
  ...credentials,
  name: "CS02a credential details",
  from: acb,
  to: hub,
  content: fromHex("300e30070201040302030830030201" + "04"),
});
addProtected("RESPONSE", {
  ...credentials,
  name: "CS02a no such credentials",
  from: hub,
  to: acb,
  content: fromHex("300830060201040a0119"),
});

// GBZ with an encrypted component and Date-Time.
const reading = { messageCode: 0x0074, counter: 0x700n, sign: false, mac: true };
addProtected("COMMAND", {
  ...reading,
  name: "GCS13a read consumption",
  from: supplier,
  to: gasProxy,
  content: concatBytes(fromHex("010901"), component(1, 0x0702, fromHex("0000000203010300030000"))),
});
const answer = { ...reading, name: "GCS13a consumption", from: gasProxy, to: supplier };
const consumption = sealed(
  answer,
  "0203" +
    "00" +
    "22e80300" +
    "0103" +
    "00" +
    "22010000" +
    "0003" +
    "00" +
    "3001" +
    "0000" +
    "00" +
    "25393000000000",
);
addProtected("RESPONSE", {
  ...answer,
  dateTime: `${NOW}00`,
  content: concatBytes(
    fromHex("010901"),
    component(3, 0x0702, fromHex("0000180001"), u16(consumption.length), consumption),
  ),
});

// A party that the device does not know brings its certificate; the Response has 26 octets of other information.
const unknownParty = { messageCode: 0x00a0, counter: 0x800n, sign: false, mac: true };
const certificate = keystore.certificate(supplier, "KA");
if (certificate === undefined) throw new Error("no certificate");
addProtected("COMMAND", {
  ...unknownParty,
  name: "GCS61 daily consumption for an unknown party",
  from: acb,
  to: gasProxy,
  supplementary: { ...supplementary, certificate: certificate.der },
  content: concatBytes(
    fromHex("010901"),
    component(1, 0x0702, fromHex("010008" + "0100" + "00000000" + "00" + "0100")),
  ),
});
const daily = {
  ...unknownParty,
  name: "GCS61 daily consumption of an unknown party",
  from: gasProxy,
  to: acb,
  supplementary: { ...supplementary, originatorCounter: 0x7d2n },
};
const samples = sealed(daily, "010000000000" + "00ffff0100" + "2a0000");
addProtected("RESPONSE", {
  ...daily,
  content: concatBytes(
    fromHex("010901"),
    component(3, 0x0702, fromHex("0000190007"), u16(samples.length), samples),
  ),
});

// Alerts: DLMS with a MAC, GBZ with a signature, and one that names a supplementary party only (10 octets).
addProtected("ALERT", {
  name: "non-critical alert",
  messageCode: 0x1001,
  from: esme,
  to: networkOperator,
  counter: 0x7d0n,
  sign: false,
  mac: true,
  content: fromHex(`0f200007d000020212810e090c${NOW}00`),
});
addProtected("ALERT", {
  name: "critical alert of a gas meter",
  messageCode: 0x1000,
  from: gsme,
  to: supplier,
  counter: 0x7d1n,
  sign: true,
  mac: false,
  content: fromHex("0109008f301c374a80"),
});
addProtected("ALERT", {
  name: "operational update",
  messageCode: 0x0123,
  from: esme,
  to: acb,
  counter: 0x7d2n,
  sign: true,
  mac: false,
  supplementary: { remoteParty: supplier },
  content: fromHex(`0f200007d2000203128f88090c${NOW}000c027b7d`),
});

function write(file: string, text: string): void {
  writeFileSync(new URL(file, import.meta.url), text);
}
write("keystore.json", `${JSON.stringify(records, null, 2)}\n`);
write("authorities.json", `${JSON.stringify({ root, issuing }, null, 2)}\n`);
write("messages.jsonl", `${lines.join("\n")}\n`);
