import type { Eui64 } from "../../../base/eui64.ts";
import {
  decodeAsn1,
  encodeAsn1,
  JOIN_METHOD,
  JOIN_RESULT,
  READ_DEVICE_LOG_RESULT,
  UNJOIN_RESULT,
} from "../../../gbcs/asn1/index.ts";

const CS03A1 = 0x000d;
const CS04AC = 0x000f;
const CS07 = 0x0013;
const MOST_DEVICES = 16;

/** The meter's own Device Log: whom it may speak with on the HAN (CS03, CS04, CS07). */
export class JoinLog {
  readonly #entries = new Map<Eui64, number>();

  /** CS03A1. Throws `decode/*`. */
  join(content: Uint8Array): { readonly content: Uint8Array; readonly success: boolean } {
    const { method, otherDeviceId, otherDeviceType } = decodeAsn1(CS03A1, "command", content);
    const result = this.#join(method, otherDeviceId, otherDeviceType);
    return { content: encodeAsn1(CS03A1, "response", result), success: result === JOIN_RESULT.success };
  }

  /** CS04AC. Throws `decode/*`. */
  unjoin(content: Uint8Array): { readonly content: Uint8Array; readonly success: boolean } {
    const success = this.#entries.delete(decodeAsn1(CS04AC, "command", content));
    const result = success ? UNJOIN_RESULT.success : UNJOIN_RESULT.otherDeviceNotInDeviceLog;
    return { content: encodeAsn1(CS04AC, "response", result), success };
  }

  /** CS07. Throws `decode/*`. */
  read(content: Uint8Array): Uint8Array {
    decodeAsn1(CS07, "command", content);
    const entries = [...this.#entries].map(([deviceId, deviceType]) => ({ deviceId, deviceType }));
    return encodeAsn1(CS07, "response", { result: READ_DEVICE_LOG_RESULT.success, entries });
  }

  #join(method: number, device: Eui64, type: number): number {
    if (method !== JOIN_METHOD.methodAInitiator && method !== JOIN_METHOD.methodAResponder)
      return JOIN_RESULT.invalidJoinMethodAndRole;
    const former = this.#entries.get(device);
    if (former !== undefined && former !== type) return JOIN_RESULT.incompatibleWithExistingEntry;
    if (former === undefined && this.#entries.size >= MOST_DEVICES) return JOIN_RESULT.deviceLogFull;
    this.#entries.set(device, type);
    return JOIN_RESULT.success;
  }
}
