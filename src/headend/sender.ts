import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import { isAsn1 } from "../gbcs/asn1/index.ts";
import { roleMayOriginate } from "../gbcs/authority.ts";
import {
  type DeviceKind,
  dlmsTemplate,
  gbzTemplate,
  type PartyRole,
  type UseCase,
} from "../gbcs/catalogue/index.ts";
import type { PartyStore } from "./party-store.ts";
import type { PartyName } from "./pki/parties.ts";

/** Who is named as the originator of a Command, and on whose behalf, where the broker sends it for another. */
export interface Senders {
  readonly originator: Eui64;
  readonly onBehalfOf: Eui64 | undefined;
}

/** What the caller wants of who sends. */
export interface SendingWish {
  /** The party by name or EUI-64; the one that usually sends it where left out. */
  readonly as?: string | undefined;
  /** Lets the party itself send, whatever the tables say of its role. */
  readonly force?: boolean | undefined;
  /** Lets the Access Control Broker send for the party, as for one that the device does not know. */
  readonly viaBroker?: boolean | undefined;
}

/** CS02a, CS02f, GCS59, CS02b and CS02g: what the Access Control Broker sends of these is its own. */
const BROKERS_OWN: ReadonlySet<number> = new Set([
  0x0008, 0x008c, 0x011b, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104, 0x0105, 0x0106, 0x0107, 0x0108, 0x0109,
]);

/** Non-critical ASN.1 use cases of which only the broker's form is known where the tables do not say. */
const ASN1_SENDERS: Readonly<Record<string, PartyName>> = {
  CS02a: "acb",
  CS02f: "acb",
  CS08: "acb",
  GCS59: "acb",
  "CS02b-rootByWanProvider": "wan-provider",
  "CS02b-networkOperatorByNetworkOperator": "network-operator",
  "CS02b-accessControlBrokerByACB": "acb",
  "CS02b-wanProviderByWanProvider": "wan-provider",
  "CS02b-transCoSByTransCoS": "transitional-cos",
  "CS02b-supplierByTransCoS": "transitional-cos",
  "CS02b-anyExceptAbnormalRootByRecovery": "recovery",
  "CS02g-loadControllerByLoadController": "load-controller",
};

const PARTY_OF_ROLE: Readonly<Record<PartyRole, PartyName | undefined>> = {
  supplier: "supplier",
  networkOperator: "network-operator",
  accessControlBroker: "acb",
  transitionalCoS: "transitional-cos",
  wanProvider: "wan-provider",
  recovery: "recovery",
  contingency: undefined,
  loadController: "load-controller",
};

/**
 * Who sends a Command for the party `as`, or for the one that usually does: the party itself where the tables allow its
 * role, else the Access Control Broker on its behalf where they allow that. Throws `headend/role` for a party that may
 * neither; with `force` the party itself sends, whatever the tables say.
 */
export function sendersOf(
  useCase: UseCase,
  target: DeviceKind | undefined,
  parties: PartyStore,
  { as, force, viaBroker }: SendingWish = {},
): Senders {
  const party = parties.party(as ?? usualParty(useCase, target));
  if (force) return { originator: party, onBehalfOf: undefined };
  const role = parties.keystore.role(party);
  if (role === undefined)
    throw new HanwayError("crypto/key", `there are no keys of ${party}`, { field: "as" });
  const broker = parties.accessControlBroker;
  if (viaBroker && party !== broker) return { originator: broker, onBehalfOf: party };
  if (party === broker) {
    const needsOther = isBrokersOnly(useCase) && !isBrokersOwn(useCase);
    return { originator: broker, onBehalfOf: needsOther ? parties.party(supplierOf(target)) : undefined };
  }
  if (roleMayOriginate(useCase, role) && !isPpmidCredentials(useCase, target)) {
    return { originator: party, onBehalfOf: undefined };
  }
  const brokerMay = useCase.roles === null || useCase.roles.includes("accessControlBroker");
  if (brokerMay && !isBrokersOwn(useCase)) return { originator: broker, onBehalfOf: party };
  throw new HanwayError(
    "headend/role",
    `${useCase.code} is for ${(useCase.roles ?? []).join(", ") || "nobody"}; --force sends it all the same`,
    { field: as ?? "as" },
  );
}

/** Whether the answer is encrypted for the party on whose behalf the Command is: its certificate then goes along. */
export function answersEncrypted(useCase: UseCase): boolean {
  if (isAsn1(useCase.messageCode ?? -1, "command")) return false;
  if (useCase.format === "GBZ")
    return (gbzTemplate(useCase.code)?.responses ?? []).some(({ encrypted }) => encrypted);
  return (dlmsTemplate(useCase.code)?.access ?? []).some(({ protects }) => protects !== undefined);
}

function isBrokersOwn(useCase: UseCase): boolean {
  return BROKERS_OWN.has(useCase.messageCode ?? -1);
}

function isBrokersOnly(useCase: UseCase): boolean {
  return useCase.roles?.every((role) => role === "accessControlBroker") === true;
}

/** A PPMID or a HCALCS knows no supplier: joins come from the broker. */
function isPpmidCredentials(useCase: UseCase, target: DeviceKind | undefined): boolean {
  return target === "PPMID" && useCase.format === "ASN.1";
}

function usualParty(useCase: UseCase, target: DeviceKind | undefined): PartyName {
  const known = ASN1_SENDERS[useCase.code];
  if (known !== undefined) return known;
  if (target === "CHF" && useCase.messageCode === 0x0012) return "wan-provider";
  const roles = useCase.roles ?? [];
  if (roles.length === 0 || roles.includes("supplier") || isBrokersOnly(useCase)) return supplierOf(target);
  const [first] = roles;
  return (first && PARTY_OF_ROLE[first]) ?? supplierOf(target);
}

function supplierOf(target: DeviceKind | undefined): PartyName {
  return target === "GSME" || target === "GPF" ? "gas-supplier" : "supplier";
}
