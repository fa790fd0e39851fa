import { HanwayError } from "../../../base/error.ts";
import { type Eui64, eui64FromBytes, eui64ToBytes } from "../../../base/eui64.ts";
import type { LogEntry } from "../../../chf/repository.ts";
import {
  type AccessRequest,
  type AccessResponse,
  type Data,
  dateTimeToUnix,
  decodeDateTime,
} from "../../../gbcs/dlms/index.ts";
import type { Fault, HubState, SeededDevice } from "./hub-state.ts";

/** A recorded exchange with a DLMS payload. */
export interface Exchange {
  readonly request: AccessRequest;
  readonly response: AccessResponse;
}

/** How one use case is set up and changed. */
export interface DlmsSeeder {
  /** What the hub's state was, by what it said. */
  readonly state: (exchange: Exchange) => Partial<HubState>;
  /** What goes wrong at the hub's ports when the item of this index fails. */
  readonly faults?: readonly Fault[];
  /** The state with one field altered, and what a hub in that state answers in place of the recorded data. */
  readonly alterState?: (
    state: HubState,
    data: readonly Data[],
  ) => { readonly state: HubState; readonly data: readonly Data[] };
  /** The arguments with a device id altered, and the state to go with it. */
  readonly alterArguments?: (
    state: HubState,
    data: readonly Data[],
  ) => { readonly state: HubState; readonly data: readonly Data[] };
}

/** Use cases of the CHF by message code. */
export const DLMS_SEEDERS: ReadonlyMap<number, DlmsSeeder> = new Map<number, DlmsSeeder>([
  [0x0001, addDevice()],
  [0x0002, removeDevice()],
  [0x0003, restoreDeviceLog()],
  [0x0004, readActiveDevices()],
  [0x010f, readActiveDevices()],
  [0x00fe, readDeviceLogs()],
  [0x0093, readLog("eventLog", "event-log-unreadable")],
  [0x0094, readLog("securityLog", "security-log-unreadable")],
  [0x0092, readIdentity([undefined, "modelType", "manufacturer"])],
  [0x00fa, readIdentity(["modelType", "manufacturer"])],
  [0x0059, readIdentity(["firmwareVersion"])],
]);

function addDevice(): DlmsSeeder {
  return {
    state: () => ({}),
    faults: ["device-log-unreadable", "join-timeout-refused", "joining-refused"],
    alterArguments: (state, [device, ...others]) => {
      const [address, ...rest] = list(device, "register_device");
      return { state, data: [structure([octets(otherDevice(address)), ...rest]), ...others] };
    },
  };
}

function removeDevice(): DlmsSeeder {
  return {
    state: ({ request }) => ({ deviceLog: [{ eui64: address(request.data[0], "unregister_device") }] }),
    faults: ["leaving-refused"],
    alterArguments: (state, [device]) => {
      const other = otherDevice(device);
      return { state: { ...state, deviceLog: [{ eui64: eui64FromBytes(other) }] }, data: [octets(other)] };
    },
  };
}

function restoreDeviceLog(): DlmsSeeder {
  return {
    state: () => ({}),
    faults: ["forming-refused"],
    alterArguments: (state, [backup]) => {
      const [pan, devices] = list(backup, "restore_PAN");
      const [first, ...rest] = list(devices, "restore_PAN.devices");
      const [device, ...hash] = list(first, "restore_PAN.devices[0]");
      const altered = structure([octets(otherDevice(device)), ...hash]);
      return { state, data: [structure([pan ?? NULL, { type: "array", value: [altered, ...rest] }])] };
    },
  };
}

/** Members of an element of active_devices (CCS06). */
const ACTIVE_DEVICE_MEMBERS = 14;

function readActiveDevices(): DlmsSeeder {
  return {
    faults: ["device-log-unreadable"],
    state: ({ response }) => {
      const [devices] = response.data;
      if (devices?.type !== "array") return {};
      return { deviceLog: devices.value.map((element) => activeDevice(element)) };
    },
    alterState: (state, [devices]) => {
      const [first, ...rest] = state.deviceLog;
      const [element, ...others] = list(devices, "active_devices");
      if (first === undefined) return { state, data: [devices ?? NULL] };
      const other = otherDevice(octets(eui64ToBytes(first.eui64)));
      const [, ...members] = list(element, "active_devices[0]");
      return {
        state: { ...state, deviceLog: [{ ...first, eui64: eui64FromBytes(other) }, ...rest] },
        data: [{ type: "array", value: [structure([octets(other), ...members]), ...others] }],
      };
    },
  };
}

function activeDevice(element: Data): SeededDevice {
  const members = list(element, "active_devices[]");
  if (members.length !== ACTIVE_DEVICE_MEMBERS) return wrong("active_devices[]", "14 members wanted");
  const [device, status, rssiMax, rssiMean, rssiMin, lqiMax, lqiMean, lqiMin, heard, ...counts] = members;
  const [hops, failures, successes, application, stack] = counts;
  const bits = status?.type === "bit-string" ? status.value[0] : undefined;
  return {
    eui64: address(device, "mac_address"),
    figures: {
      status: bits ?? 0,
      rssi: { max: int(rssiMax), average: int(rssiMean), min: int(rssiMin) },
      lqi: { max: int(lqiMax), average: int(lqiMean), min: int(lqiMin) },
      lastCommunication: time(heard),
      hops: int(hops),
      transmissionFailures: int(failures),
      transmissionSuccesses: int(successes),
      applicationVersion: int(application),
      stackVersion: int(stack),
    },
  };
}

function readDeviceLogs(): DlmsSeeder {
  return {
    faults: ["device-log-unreadable", "historic-log-unreadable"],
    state: ({ response }) => {
      const [current, historic] = response.data;
      if (current?.type !== "structure") return {};
      const backup = readBackup(current);
      if (historic?.type !== "structure") return backup;
      const historicLog = readBackup(historic).deviceLog.map(({ eui64, keyHash }) => ({
        eui64,
        keyHash: keyHash ?? new Uint8Array(0),
      }));
      return { ...backup, historicLog };
    },
    alterState: (state, data) => {
      if (state.extendedPanId === undefined) return { state, data };
      const other = otherDevice(octets(eui64ToBytes(state.extendedPanId)));
      const altered = data.map((log) => {
        const [when, , ...rest] = list(log, "backup_PAN");
        return structure([when ?? NULL, octets(other), ...rest]);
      });
      return { state: { ...state, extendedPanId: eui64FromBytes(other) }, data: altered };
    },
  };
}

/** When, which network and which devices: what backup_PAN returns and the alert CS14 carries. */
export function readBackup(data: Data): Pick<HubState, "deviceLog" | "extendedPanId"> & { now: number } {
  const [when, pan, devices] = list(data, "backup_PAN");
  return {
    now: time(when) ?? wrong("backup_PAN", "a time wanted"),
    extendedPanId: address(pan, "extended_PAN_ID"),
    deviceLog: list(devices, "backup_PAN.devices").map((element): SeededDevice => {
      const [device, hash] = list(element, "backup_PAN.devices[]");
      const eui64 = address(device, "backup_PAN.devices[].address");
      return hash?.type === "octet-string" && hash.value.length > 0
        ? { eui64, keyHash: hash.value.slice() }
        : { eui64 };
    }),
  };
}

function readLog(log: "eventLog" | "securityLog", fault: Fault): DlmsSeeder {
  return {
    faults: [fault],
    state: ({ response }) => {
      const [entries] = response.data;
      return entries?.type === "compact-array" ? { [log]: entries.value.map(logEntry) } : {};
    },
    alterState: (state, data) => {
      const [first, ...rest] = state[log];
      const [entries] = data;
      if (first === undefined || entries?.type !== "compact-array") return { state, data };
      const altered = { ...first, code: first.code ^ 1 };
      const [element, ...others] = entries.value;
      const [when, , ...info] = list(element, "log[0]");
      const value = [structure([when ?? NULL, { type: "u16", value: altered.code }, ...info]), ...others];
      return { state: { ...state, [log]: [altered, ...rest] }, data: [{ ...entries, value }] };
    },
  };
}

function logEntry(element: Data): LogEntry {
  const [when, code, info] = list(element, "log[]");
  const octetsOfInfo = info?.type === "octet-string" ? info.value.slice() : new Uint8Array(0);
  return { time: int(when), code: int(code), info: octetsOfInfo };
}

type IdentityPart = "modelType" | "manufacturer" | "firmwareVersion";

/** Items that read a part of the identity, or the hub's own identifier (undefined). */
function readIdentity(parts: readonly (IdentityPart | undefined)[]): DlmsSeeder {
  return {
    state: ({ response }) => {
      const state: { [part in IdentityPart]?: Uint8Array } = {};
      for (const [i, part] of parts.entries()) {
        const value = response.data[i];
        if (part !== undefined && value?.type === "octet-string") state[part] = value.value.slice();
      }
      return state;
    },
    alterState: (state, data) => {
      const part = parts.find((one) => one !== undefined && state[one] !== undefined);
      const value = part && state[part];
      if (part === undefined || value === undefined) return { state, data };
      const altered = value.slice();
      altered[0] = (altered[0] ?? 0) ^ 1;
      const at = parts.indexOf(part);
      return { state: { ...state, [part]: altered }, data: data.with(at, octets(altered)) };
    },
  };
}

const NULL: Data = { type: "null" };

function structure(value: Data[]): Data {
  return { type: "structure", value };
}

function octets(value: Uint8Array): Data {
  return { type: "octet-string", value };
}

/** The same identifier with one bit of its last octet the other way round. */
export function otherDevice(data: Data | undefined): Uint8Array {
  const other = eui64ToBytes(address(data, "device"));
  other[7] = (other[7] ?? 0) ^ 0x10;
  return other;
}

function address(data: Data | undefined, field: string): Eui64 {
  if (data?.type !== "octet-string" || data.value.length !== 8) return wrong(field, "8 octets wanted");
  return eui64FromBytes(data.value);
}

function list(data: Data | undefined, field: string): readonly Data[] {
  if (data?.type !== "structure" && data?.type !== "array")
    return wrong(field, "a structure or array wanted");
  return data.value;
}

function int(data: Data | undefined): number {
  if (data === undefined || !("value" in data) || typeof data.value !== "number")
    return wrong("number", "a number wanted");
  return data.value;
}

function time(data: Data | undefined): number | undefined {
  if (data?.type !== "octet-string") return undefined;
  return dateTimeToUnix(decodeDateTime(data.value));
}

function wrong(field: string, detail: string): never {
  throw new HanwayError("decode/value", detail, { field });
}
