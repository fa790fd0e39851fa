import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import {
  DEVICE_TYPE,
  type GeneralizedTime,
  JOIN_METHOD,
  KEY_USAGE,
  REMOTE_PARTY_ROLE,
  replacementModeOf,
} from "../../gbcs/asn1/index.ts";
import type { DeviceKind, Fields, UseCase } from "../../gbcs/catalogue/index.ts";
import type { Asn1Context } from "./asn1-context.ts";
import { replacementFields, replacementOf } from "./credentials.ts";
import { badValue, bare, type FieldInfo, type Get, type Given, jsonValue, noSuchField } from "./field.ts";
import { eui64Value, octetsValue, timeValue } from "./values.ts";

/** One kind of ASN.1 Command: its fields, and its value from them. */
interface Asn1UseCase {
  readonly fields: readonly FieldInfo[];
  /** `get` gives the value of a field, undefined where it is not given. */
  readonly build: (get: Get, context: Asn1Context) => Fields;
}

const ROLE_NAMES = Object.keys(REMOTE_PARTY_ROLE);

const provideCredentials: Asn1UseCase = {
  fields: [{ name: "roles", type: "list of roles", need: "optional", choices: ROLE_NAMES }],
  build: (get, { parties, originator, targetKind }) => ({
    authorisingCell: authorisingCell(parties.keystore.role(originator)),
    rolesRequired: rolesOf(get("roles"), targetKind),
  }),
};

const keyUsageOnly: Asn1UseCase = {
  fields: [
    { name: "keyUsage", type: "key usage", need: "needed", choices: ["digitalSignature", "keyAgreement"] },
  ],
  build: (get) => ({ keyUsage: keyUsageOf(get("keyUsage")) }),
};

const deviceCertificate: Asn1UseCase = {
  fields: [{ name: "certificate", type: "DER as hex or base64", need: "needed" }],
  build: (get) => ({ value: octetsValue(get("certificate"), "certificate") }),
};

function join(method: number): Asn1UseCase {
  const types = Object.keys(DEVICE_TYPE);
  return {
    fields: [
      { name: "device", type: "EUI-64", need: "needed" },
      { name: "deviceType", type: "device type", need: "needed", choices: types },
      ...(method === JOIN_METHOD.methodC
        ? [{ name: "certificate", type: "DER as hex or base64", need: "optional" } as const]
        : []),
    ],
    build: (get, { parties }) => {
      const otherDeviceId = eui64Value(get("device"), "device");
      const value = {
        method,
        otherDeviceId,
        otherDeviceType: numberIn(DEVICE_TYPE, get("deviceType"), "deviceType"),
      };
      if (method !== JOIN_METHOD.methodC) return value;
      const given = get("certificate");
      const certificate =
        given === undefined
          ? parties.keystore.certificate(otherDeviceId, "KA")?.der
          : octetsValue(given, "certificate");
      return certificate === undefined ? value : { ...value, otherDeviceCertificate: certificate };
    },
  };
}

const unjoin: Asn1UseCase = {
  fields: [{ name: "device", type: "EUI-64", need: "needed" }],
  build: (get) => ({ value: eui64Value(get("device"), "device") }),
};

const activateFirmware: Asn1UseCase = {
  fields: [
    { name: "imageHash", type: "SHA-256 as hex", need: "needed" },
    { name: "executionTime", type: "time, or cancel", need: "optional" },
  ],
  build: (get, { counter }) => ({
    imageHash: octetsValue(get("imageHash"), "imageHash", 32),
    originatorCounter: counter,
    ...optionalTime(get("executionTime")),
  }),
};

const nothing: Asn1UseCase = { fields: [], build: () => ({ value: null }) };

const setClock: Asn1UseCase = {
  fields: [
    { name: "from", type: "time", need: "needed" },
    { name: "to", type: "time", need: "needed" },
  ],
  build: (get) => ({
    validityStart: timeValue(get("from"), "from"),
    validityEnd: timeValue(get("to"), "to"),
  }),
};

const restoreGasProxyLog: Asn1UseCase = {
  fields: [{ name: "entries", type: "EUI64:type,…", need: "needed", choices: Object.keys(DEVICE_TYPE) }],
  build: (get) => ({ entries: entriesOf(get("entries")) }),
};

/** By message code: CS02a, c, d, e, CS03, CS04, CS06 to CS08, GCS28, GCS59, CS02f. */
const USE_CASES: ReadonlyMap<number, Asn1UseCase> = new Map([
  [0x0008, provideCredentials],
  [0x000a, keyUsageOnly],
  [0x000b, deviceCertificate],
  [0x000c, keyUsageOnly],
  [0x000d, join(JOIN_METHOD.methodAInitiator)],
  [0x000e, join(JOIN_METHOD.methodB)],
  [0x000f, unjoin],
  [0x0010, unjoin],
  [0x0012, activateFirmware],
  [0x0013, nothing],
  [0x007f, setClock],
  [0x008c, restoreGasProxyLog],
  [0x00ab, join(JOIN_METHOD.methodAResponder)],
  [0x00af, join(JOIN_METHOD.methodC)],
  [0x011b, provideCredentials],
  [0x0129, nothing],
]);

function find({ code, messageCode }: UseCase): Asn1UseCase {
  const found = USE_CASES.get(messageCode ?? -1);
  if (found !== undefined) return found;
  const mode = replacementModeOf(messageCode ?? -1);
  if (mode === undefined)
    throw new HanwayError("headend/unknown", `the fields of ${code} are not known`, { field: "useCase" });
  return { fields: replacementFields, build: (get, context) => replacementOf(get, context, mode) };
}

/** What an ASN.1 use case takes. */
export function asn1FieldInfo(useCase: UseCase): readonly FieldInfo[] {
  return find(useCase).fields;
}

/** The value of an ASN.1 Command. Throws `headend/unknown` and `headend/value` with the name given. */
export function asn1FieldsOf(useCase: UseCase, given: Given, context: Asn1Context): Fields {
  const { fields, build } = find(useCase);
  const byName = new Map<string, unknown>();
  for (const [name, value] of Object.entries(given)) {
    const field = fields.find((one) => bare(one.name) === bare(name));
    if (field === undefined)
      return noSuchField(
        name,
        fields.map((one) => one.name),
      );
    byName.set(field.name, value);
  }
  for (const { name, need } of fields)
    if (need === "needed" && !byName.has(name)) badValue(name, "it has to be given");
  return build((name) => byName.get(name), context);
}

/** The broker proves itself by its MAC, everybody else by a signature. */
function authorisingCell(role: number | undefined) {
  const keyUsage =
    role === REMOTE_PARTY_ROLE.accessControlBroker ? KEY_USAGE.keyAgreement : KEY_USAGE.digitalSignature;
  return { role: role ?? REMOTE_PARTY_ROLE.other, keyUsage, cellUsage: 0 };
}

/** Roles of which a device has trust anchor cells, for who asks about all of them (GBCS 4.3.2.5; not all verified). */
const METER_ROLES: readonly number[] = [
  REMOTE_PARTY_ROLE.root,
  REMOTE_PARTY_ROLE.recovery,
  REMOTE_PARTY_ROLE.supplier,
  REMOTE_PARTY_ROLE.networkOperator,
  REMOTE_PARTY_ROLE.accessControlBroker,
  REMOTE_PARTY_ROLE.transitionalCoS,
];
const HUB_ROLES: readonly number[] = [
  REMOTE_PARTY_ROLE.root,
  REMOTE_PARTY_ROLE.recovery,
  REMOTE_PARTY_ROLE.accessControlBroker,
  REMOTE_PARTY_ROLE.wanProvider,
];

function rolesOf(value: unknown, target: DeviceKind | undefined): readonly number[] {
  if (value === undefined) return target === "CHF" ? HUB_ROLES : METER_ROLES;
  return listOf(value, "roles").map((one) => numberIn(REMOTE_PARTY_ROLE, one, "roles"));
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== "string") return badValue(name, "a list is needed");
  const list: unknown = value.trim().startsWith("[") ? jsonValue(value, name) : value.split(",");
  return Array.isArray(list) ? list : badValue(name, "a list is needed");
}

/** The number of a name, or the number itself. */
function numberIn(table: Readonly<Record<string, number>>, value: unknown, name: string): number {
  const text = String(value).trim();
  const found = Object.entries(table).find(([key]) => bare(key) === bare(SHORT[text.toLowerCase()] ?? text));
  if (found !== undefined) return found[1];
  if (/^\d{1,3}$/.test(text) && Number(text) <= 255) return Number(text);
  return badValue(name, `one of ${Object.keys(table).join(", ")} is needed`);
}

/** Abbreviations that everybody says. */
const SHORT: Readonly<Record<string, string>> = {
  acb: "accessControlBroker",
  chf: "communicationsHubFunction",
  gpf: "gasProxyFunction",
  hcalcs: "hanConnectedAuxiliaryLoadControlSwitch",
  ppmid: "prepaymentInterfaceDevice",
  ihd: "type2",
  cad: "type2",
};

function keyUsageOf(value: unknown): number {
  const text = bare(String(value));
  if (text === "digitalsignature" || text === "ds") return KEY_USAGE.digitalSignature;
  if (text === "keyagreement" || text === "ka") return KEY_USAGE.keyAgreement;
  return badValue("keyUsage", "digitalSignature or keyAgreement is needed");
}

function optionalTime(value: unknown): { executionTime?: GeneralizedTime } {
  return value === undefined ? {} : { executionTime: timeValue(value, "executionTime") };
}

function entriesOf(value: unknown): { deviceId: Eui64; deviceType: number }[] {
  return listOf(value, "entries").map((one) => {
    const [id = "", type = ""] = String(one).trim().split(":");
    return { deviceId: eui64Value(id, "entries"), deviceType: numberIn(DEVICE_TYPE, type, "entries") };
  });
}
