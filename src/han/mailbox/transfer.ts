import { HanwayError } from "../../base/error.ts";

/** First octet of every transfer between the gas meter and the hub (GBCS 10.2.2.1). */
export const PREFIX = { get: 0x01, getResponse: 0x02, put: 0x03 } as const;

/** Octets of a GET-RESPONSE in front of the message. */
export const GET_RESPONSE_OVERHEAD = 2;

/** What a gas meter sends through its tunnel. */
export type MeterTransfer = { readonly type: "get" } | { readonly type: "put"; readonly message: Uint8Array };

/**
 * Reads a transfer of the gas meter: GET is its prefix and no more, PUT its prefix and a message, which is not copied.
 * Throws `decode/truncated` for none or an empty PUT, `decode/trailing` for more than a GET, `decode/value` for another
 * prefix.
 */
export function readMeterTransfer(data: Uint8Array): MeterTransfer {
  const [prefix] = data;
  switch (prefix) {
    case undefined:
      throw new HanwayError("decode/truncated", "a transfer without a prefix", {
        field: "prefix",
        offset: 0,
      });
    case PREFIX.get:
      if (data.length === 1) return { type: "get" };
      throw new HanwayError("decode/trailing", "GET has no payload", { field: "get", offset: 1 });
    case PREFIX.put:
      if (data.length > 1) return { type: "put", message: data.subarray(1) };
      throw new HanwayError("decode/truncated", "PUT without a message", { field: "put", offset: 1 });
    default:
      throw new HanwayError("decode/value", `no prefix of a gas meter: 0x${prefix.toString(16)}`, {
        field: "prefix",
        offset: 0,
      });
  }
}

/** GET-RESPONSE: how many messages wait after this one, at most 255 as it is one octet, and the message as it is. */
export function encodeGetResponse(waiting: number, message: Uint8Array): Uint8Array {
  const data = new Uint8Array(GET_RESPONSE_OVERHEAD + message.length);
  data[0] = PREFIX.getResponse;
  data[1] = Math.min(waiting, 0xff);
  data.set(message, GET_RESPONSE_OVERHEAD);
  return data;
}
