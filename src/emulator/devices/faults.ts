import type { KeyEstablishmentMessage } from "../../cbke/index.ts";
import type { DeviceNode } from "../stack/device-node.ts";
import { FrameCounter } from "../stack/security/frame-counter.ts";

/** Ways in which a device may misbehave; all may be changed while it runs. */
export interface DeviceFaults {
  /** Frames are acknowledged, but the application says nothing: no answers, no messages, no key establishment. */
  mute: boolean;
  /** What becomes of each Key Establishment message before it is sent; undefined swallows it. */
  keyEstablishment: (message: KeyEstablishmentMessage) => KeyEstablishmentMessage | undefined;
}

export const NO_FAULTS: Readonly<DeviceFaults> = {
  mute: false,
  keyEstablishment: (message) => message,
};

type KeyFault = DeviceFaults["keyEstablishment"];

function flipped(octets: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(octets);
  copy[at] = (copy[at] ?? 0) ^ 0x01;
  return copy;
}

/** Key establishment gone wrong, by what is wrong with it. */
export const KEY_FAULTS = {
  badConfirmation: (message) =>
    message.kind === "confirmKey" ? { ...message, mac: flipped(message.mac, 15) } : message,
  /** Leaves out a step. */
  outOfOrder: (message) =>
    message.kind === "ephemeralData" ? { kind: "confirmKey", mac: new Uint8Array(16) } : message,
  /** The octets are no compressed point. */
  badPoint: (message) =>
    message.kind === "ephemeralData"
      ? { ...message, point: Uint8Array.from(message.point).fill(0x05, 0, 1) }
      : message,
  /** x = 0 has order 2. */
  smallOrderPoint: (message) =>
    message.kind === "ephemeralData"
      ? { ...message, point: new Uint8Array(message.point.length).fill(0x02, 0, 1) }
      : message,
  /** Asks for both suites at once. */
  twoSuites: (message) => (message.kind === "initiate" ? { ...message, suites: 0x0003 } : message),
  cutCertificate: (message) =>
    message.kind === "initiate" ? { ...message, certificate: message.certificate.subarray(1) } : message,
} as const satisfies Record<string, KeyFault>;

/** Says nothing from the message of this kind on. */
export function silentFrom(kind: KeyEstablishmentMessage["kind"]): KeyFault {
  let silent = false;
  return (message) => {
    silent ||= message.kind === kind;
    return silent ? undefined : message;
  };
}

/** Every APS frame goes out twice, octet for octet, as after an acknowledgement that was lost. */
export function repeatFrames(node: DeviceNode, on = true): void {
  node.aps.repeat = on;
}

/** As after a power cut of a device that keeps no counters: what it sends looks like a replay (Zigbee 4.4.1.2). */
export function rewindCounters(node: DeviceNode): void {
  node.nwk.counter = new FrameCounter(0);
  node.aps.security.counter = new FrameCounter(0);
}
