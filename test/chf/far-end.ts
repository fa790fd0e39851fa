import type { Eui64 } from "../../src/base/eui64.ts";
import { buildPreCommand } from "../../src/gbcs/build.ts";
import { type Fields, protectionFacts, useCase } from "../../src/gbcs/catalogue/index.ts";
import { type AccessResponse, type DataNotification, decodeDlms } from "../../src/gbcs/dlms/index.ts";
import type { SecuredMessage, Supplementary } from "../../src/gbcs/envelope/envelope.ts";
import type { Keystore } from "../../src/gbcs/keystore.ts";
import { protectAs } from "../../src/gbcs/security/protect.ts";
import type { Protection } from "../../src/gbcs/security/protection.ts";
import { keystoreAgreement } from "../../src/gbcs/security/recorded.ts";
import { SoftwareSigner } from "../../src/gbcs/security/signature.ts";
import { verifyMessage } from "../../src/gbcs/security/verify.ts";

export interface Wish {
  readonly originator?: Eui64;
  readonly counter?: bigint;
  readonly supplementary?: Supplementary;
  readonly protection?: Exclude<Protection, "signature-or-mac">;
}

/** The Access Control Broker with its keys, and other parties where a test wants a wrong one. */
export class FarParty {
  readonly #keystore: Keystore;
  readonly #broker: Eui64;
  readonly #device: Eui64;
  #counter = 1_000n;

  constructor(keystore: Keystore, broker: Eui64, device: Eui64) {
    this.#keystore = keystore;
    this.#broker = broker;
    this.#device = device;
  }

  get lastCounter(): bigint {
    return this.#counter;
  }

  /** A Command of a use case as it comes to the hub; counters count up by themselves. */
  command(code: string, fields: Fields, wish: Wish = {}): Uint8Array {
    const found = useCase(code);
    if (found === undefined) throw new Error(`no use case ${code}`);
    const originator = wish.originator ?? this.#broker;
    this.#counter += 1n;
    const counter = wish.counter ?? this.#counter;
    const supplementary = wish.supplementary ?? null;
    const draft = { useCase: found, fields, originator, target: this.#device, counter, supplementary };
    const key = this.#keystore.privateKey(originator, "DS");
    return protectAs(buildPreCommand(draft), wish.protection ?? "mac", {
      signature: key && new SoftwareSigner(key),
      mac: { keys: keystoreAgreement(this.#keystore), accessControlBroker: this.#broker },
    });
  }

  /** Checks MAC and signature of what the hub sent; throws where it is not what its message code demands. */
  verified(message: Uint8Array): SecuredMessage {
    const verification = verifyMessage(message, {
      keys: keystoreAgreement(this.#keystore),
      signatureKeyOf: (party) => this.#keystore.publicKey(party, "DS"),
      accessControlBroker: this.#broker,
      factsOf: protectionFacts,
    });
    if (verification.outcome !== "verified") throw new Error(`not verified: ${verification.outcome}`);
    return verification.envelope;
  }

  response(message: Uint8Array): AccessResponse {
    const apdu = decodeDlms(this.verified(message).content);
    if (apdu.type !== "access-response") throw new Error("no Access-Response");
    return apdu;
  }

  /** Result codes of a Response, item by item. */
  results(message: Uint8Array | undefined): number[] {
    return message === undefined ? [] : this.response(message).results.map(({ result }) => result);
  }

  alert(message: Uint8Array): { envelope: SecuredMessage; code: number; apdu: DataNotification } {
    const envelope = this.verified(message);
    const apdu = decodeDlms(envelope.content);
    if (apdu.type !== "data-notification" || apdu.body.type !== "structure") throw new Error("no alert");
    const [code] = apdu.body.value;
    if (code?.type !== "u16") throw new Error("no alert code");
    return { envelope, code: code.value, apdu };
  }
}

/** Fields of CCS01. */
export function addition(eui64: Eui64, key: string, type = "ESME", seconds = 90): Fields {
  return {
    register_device: { ieee_address: eui64, key_type: 1, key, device_type: type },
    join_timeout: seconds,
    enable_disable_joining: true,
  };
}
