import type { Eui64 } from "../base/eui64.ts";
import type { ReceiptReason, UplinkLane } from "../base/uplink.ts";
import { type Address, readAddress } from "../gbcs/address.ts";
import { MAX_MESSAGE } from "../gbcs/envelope/layout.ts";

/** PCS01 and PCS02, which a PPMID and the gas meter exchange inside the home (GBCS HAN only). */
export const HAN_ONLY: ReadonlySet<number> = new Set([0x009b, 0x0090]);

/**
 * Alerts about power or security by their message code: the header tells no more. 0x1000 is any other critical alert;
 * CS14 is in it because the far end times the outcome of a Device Log change by it (communications-hub A3.12).
 */
const POWER_SECURITY: ReadonlySet<number> = new Set([
  0x0018, // CS14 CHF Device Log changed
  0x0067, // ECS80 supply outage restored
  0x00ce, // firmware verification, ESME and CHF
  0x00cf, // firmware verification, GSME
  0x00f0, // meter integrity warning, ESME
  0x00f2, // meter integrity warning, GSME
  0x1000,
]);

const RESPONSE = 2;
const ALERT = 3;

/** What the outside of a downlink allows: an address to go to, or the reason why it goes nowhere. */
export function judgeDownlink(
  device: Eui64,
  payload: Uint8Array,
): { readonly address: Address } | { readonly reason: ReceiptReason } {
  const address = readAddress(payload);
  if ("refused" in address) return { reason: unreadable(payload) };
  if (address.target !== device) return { reason: "address-mismatch" };
  if (HAN_ONLY.has(address.messageCode)) return { reason: "han-only" };
  return { address };
}

export type HanVerdict =
  | { readonly to: "wan"; readonly lane: UplinkLane }
  | { readonly to: "han"; readonly target: Eui64 }
  | { readonly to: "nowhere"; readonly reason: ReceiptReason };

/** Where a message from a device on the HAN goes. It must be the device's own: nobody speaks for another. */
export function judgeFromHan(device: Eui64, payload: Uint8Array): HanVerdict {
  const address = readAddress(payload);
  if ("refused" in address) return { to: "nowhere", reason: unreadable(payload) };
  if (address.originator !== device) return { to: "nowhere", reason: "address-mismatch" };
  if (HAN_ONLY.has(address.messageCode)) return { to: "han", target: address.target };
  if (address.cra === ALERT) {
    return { to: "wan", lane: POWER_SECURITY.has(address.messageCode) ? "power-security" : "alert" };
  }
  // A block with the Command flag acknowledges blocks of a Command: the sender waits for it as for a Response.
  if (address.cra === RESPONSE || address.form === "block") return { to: "wan", lane: "response" };
  return { to: "nowhere", reason: "unsupported" };
}

function unreadable(payload: Uint8Array): ReceiptReason {
  return payload.length > MAX_MESSAGE ? "too-large" : "not-gbcs";
}
