import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import type { Eui64 } from "../base/eui64.ts";
import { dateTimeFromUnix, encodeDateTime } from "../gbcs/dlms/date-time.ts";
import { type AccessResponse, type AccessSpecification, decodeDlms, encodeDlms } from "../gbcs/dlms/index.ts";
import { decodeEnvelope } from "../gbcs/envelope/decode.ts";
import type { SecuredMessage } from "../gbcs/envelope/envelope.ts";
import { readLayout } from "../gbcs/envelope/layout.ts";
import { SoftwareKeyAgreement } from "../gbcs/security/key-agreement.ts";
import { checkMac, type MacParties } from "../gbcs/security/mac.ts";
import { protect } from "../gbcs/security/protect.ts";
import { SoftwareSigner } from "../gbcs/security/signature.ts";

import type { TrafficSource } from "./traffic-source.ts";

/** ECS17b, Read Energy Registers (Import Energy): the one use case of the sample exchange. */
const READ_IMPORT_ENERGY = 0x0027;
/** Message code of critical Alerts, and the Alert code of unauthorised physical access (GBCS Table 16.2). */
const CRITICAL_ALERT = 0x1000;
const TAMPER_DETECTED = 0x8f3f;
const ACTIVE_IMPORT = Uint8Array.of(1, 0, 1, 8, 0, 255);
const CLASS_REGISTER = 3;
const ATTRIBUTE_VALUE = 2;

/** Where a household's import register stands when the demo begins, and its steady load. */
const REGISTER_AT_START_WH = 4_217_350;
const LOAD_W = 640;

/**
 * Sample messages of the project's own making: a far end and a meter that share key pairs made for this run. The
 * messages are whole and MAC-protected; only their content is a sample.
 */
export class SampleExchange implements TrafficSource {
  readonly useCase = "ECS17b";
  readonly answer = (command: Uint8Array) => this.answerTo(command);
  readonly farEnd: Eui64;
  readonly meter: Eui64;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #mac: MacParties;
  readonly #signer = new SoftwareSigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
  #counter: bigint;
  #alerts: bigint;

  constructor(parties: { farEnd: Eui64; meter: Eui64 }, clock: Clock) {
    this.farEnd = parties.farEnd;
    this.meter = parties.meter;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#counter = BigInt(clock.now());
    this.#alerts = this.#counter;
    this.#mac = macParties(parties);
  }

  /** The next Command to the meter. */
  command(): Uint8Array {
    this.#counter += 1n;
    const specification: AccessSpecification = {
      operation: "get",
      classId: CLASS_REGISTER,
      obis: ACTIVE_IMPORT,
      index: ATTRIBUTE_VALUE,
    };
    const content = encodeDlms({
      type: "access-request",
      invokeId: invokeId(this.#counter),
      dateTime: new Uint8Array(0),
      specifications: [specification],
      data: [{ type: "null" }],
    });
    return this.#message("COMMAND", this.farEnd, this.meter, this.#counter, content);
  }

  /** The meter's side: checks the MAC and answers with its register, or stays silent as GBCS wants. */
  answerTo(command: Uint8Array): Uint8Array | undefined {
    const layout = readLayout(command);
    if ("refused" in layout || checkMac(command, layout, this.#mac) !== "verified") return undefined;
    const request = decodeEnvelope(command);
    if (request.messageCode !== READ_IMPORT_ENERGY || request.target !== this.meter) return undefined;
    const response: AccessResponse = {
      type: "access-response",
      invokeId: invokeId(request.counter),
      dateTime: new Uint8Array(0),
      data: [{ type: "u32", value: this.#registerWh() }],
      results: [{ operation: "get", result: 0 }],
    };
    return this.#message("RESPONSE", this.meter, request.originator, request.counter, encodeDlms(response));
  }

  /** An Alert of the meter's own, signed as critical ones are: somebody opened its case. */
  alert(): Uint8Array {
    this.#alerts += 1n;
    const content = encodeDlms({
      type: "data-notification",
      invokeId: invokeId(this.#alerts),
      dateTime: new Uint8Array(0),
      body: {
        type: "structure",
        value: [
          { type: "u16", value: TAMPER_DETECTED },
          { type: "octet-string", value: encodeDateTime(dateTimeFromUnix(this.#clock.now())) },
        ],
      },
    });
    const alert = this.#envelope("ALERT", this.meter, this.farEnd, this.#alerts, CRITICAL_ALERT, content);
    return protect(alert, { signature: this.#signer, mac: null });
  }

  read(response: Uint8Array): string | undefined {
    const wh = this.registerIn(response);
    return wh === undefined ? undefined : `import register ${wh / 1_000} kWh`;
  }

  /** The far end's side: the register in watt-hours, or undefined when the Response is not a true one. */
  registerIn(response: Uint8Array): number | undefined {
    const layout = readLayout(response);
    if ("refused" in layout || checkMac(response, layout, this.#mac) !== "verified") return undefined;
    const content = decodeDlms(decodeEnvelope(response).content);
    if (content.type !== "access-response") return undefined;
    const value = content.data[0];
    return value?.type === "u32" ? value.value : undefined;
  }

  #registerWh(): number {
    const hours = (this.#clock.now() - this.#startedAt) / 3_600_000;
    return Math.floor(REGISTER_AT_START_WH + LOAD_W * hours);
  }

  #message(
    kind: SecuredMessage["kind"],
    originator: Eui64,
    target: Eui64,
    counter: bigint,
    content: Uint8Array,
  ): Uint8Array {
    const message = this.#envelope(kind, originator, target, counter, READ_IMPORT_ENERGY, content);
    return protect(message, { signature: null, mac: this.#mac });
  }

  #envelope(
    kind: SecuredMessage["kind"],
    originator: Eui64,
    target: Eui64,
    counter: bigint,
    messageCode: number,
    content: Uint8Array,
  ): SecuredMessage {
    const nothing = { dateTime: null, supplementary: null, signature: null, mac: null };
    return { kind, counter, originator, target, messageCode, content, ...nothing };
  }
}

/** Long-invoke-id of GBCS: 0x20 and the low 24 bits of the Originator Counter. */
function invokeId(counter: bigint): number {
  return 0x2000_0000 + Number(counter & 0xffffffn);
}

function macParties(parties: { farEnd: Eui64; meter: Eui64 }): MacParties {
  const pairs = new Map<Eui64, { privateKey: KeyObject; publicKey: KeyObject }>();
  for (const party of [parties.farEnd, parties.meter]) {
    pairs.set(party, generateKeyPairSync("ec", { namedCurve: "P-256" }));
  }
  return {
    keys: new SoftwareKeyAgreement(
      (party) => pairs.get(party)?.privateKey,
      (party) => pairs.get(party)?.publicKey,
    ),
    accessControlBroker: parties.farEnd,
  };
}
