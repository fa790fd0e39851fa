import { type ByteReader, concatBytes } from "../../../base/bytes.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import type { NwkIncoming, NwkLayer } from "../network/nwk.ts";
import { FrameCounter } from "../security/frame-counter.ts";
import type { LinkKey } from "../security/link-key.ts";
import { decodeAuxiliary, type KeyIdentifier, openFrame, secureFrame } from "../security/security.ts";
import { type ApsHeader, type DataHeader, encodeApsHeader } from "./aps-frame.ts";
import type { ApsDrops, LinkKeys } from "./aps-handlers.ts";

/** A frame without its security. */
export interface Opened {
  payload: Uint8Array;
  eui64: Eui64 | undefined;
  securedWith: KeyIdentifier | undefined;
  link: LinkKey | undefined;
}

/** Link-key security (Zigbee 4.4.1): makes the octets of frames that go out, and opens those that come in. */
export class ApsSecurity {
  /** One counter for all link keys, as EmberZNet has it: no key ever sees a value twice. */
  counter: FrameCounter;
  readonly #nwk: NwkLayer;
  readonly #keys: LinkKeys;
  readonly #drops: ApsDrops;

  constructor(options: { nwk: NwkLayer; keys: LinkKeys; drops: ApsDrops; counter?: FrameCounter }) {
    this.#nwk = options.nwk;
    this.#keys = options.keys;
    this.#drops = options.drops;
    this.counter = options.counter ?? new FrameCounter(0);
  }

  keyOf(nodeId: number): LinkKey | undefined {
    const eui64 = this.#nwk.eui64Of(nodeId);
    return eui64 === undefined ? undefined : this.#keys.linkKey(eui64);
  }

  /** Data and ACKs, in clear where the header says so; undefined where the key for it is gone. */
  data(nodeId: number, header: DataHeader, payload: Uint8Array): Uint8Array | undefined {
    const head = encodeApsHeader(header);
    if (!header.security) return concatBytes(head, payload);
    const link = this.keyOf(nodeId);
    if (!link) return undefined;
    const auxiliary = { keyIdentifier: "data", frameCounter: this.counter.take() } as const;
    return secureFrame(link.key, head, auxiliary, this.#nwk.eui64, payload);
  }

  /** A command under one of the keys that come from a link key; in clear without one. */
  command(
    counter: number,
    body: Uint8Array,
    link: LinkKey | undefined,
    identifier: KeyIdentifier,
  ): Uint8Array {
    const header = encodeApsHeader({
      type: "command",
      security: link !== undefined,
      ackRequest: false,
      counter,
    });
    if (!link) return concatBytes(header, body);
    const own = this.#nwk.eui64;
    const auxiliary = { keyIdentifier: identifier, frameCounter: this.counter.take(), source: own };
    return secureFrame(link.for(identifier), header, auxiliary, own, body);
  }

  /** What stands behind the header, with the reader at its end; undefined, and counted, where no key opens it. */
  open(frame: NwkIncoming, header: ApsHeader, reader: ByteReader): Opened | undefined {
    const known = this.#nwk.eui64Of(frame.header.source);
    if (!header.security)
      return { payload: reader.rest(), eui64: known, securedWith: undefined, link: undefined };
    const head = frame.payload.subarray(0, reader.offset);
    const auxiliary = decodeAuxiliary(reader, "aps.security");
    const { keyIdentifier, frameCounter } = auxiliary;
    const eui64 = auxiliary.source ?? known;
    const links = eui64 === undefined || keyIdentifier === "network" ? [] : this.#keys.linkKeys(eui64);
    if (eui64 === undefined || links.length === 0) {
      this.#drops.noLinkKey++;
      return undefined;
    }
    const fresh = links.filter(({ incoming }) => frameCounter >= incoming);
    const sealed = reader.rest();
    for (const link of fresh) {
      const payload = openFrame(link.for(keyIdentifier), head, auxiliary, eui64, sealed);
      if (!payload) continue;
      link.incoming = frameCounter + 1;
      return { payload, eui64, securedWith: keyIdentifier, link };
    }
    if (fresh.length === 0) this.#drops.replayed++;
    else this.#drops.unauthentic++;
    return undefined;
  }
}
