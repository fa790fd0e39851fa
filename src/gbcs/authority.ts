import { REMOTE_PARTY_ROLE } from "./asn1/index.ts";
import type { PartyRole, UseCase } from "./catalogue/index.ts";

/** Role numbers of the catalogue's roles. A contingency party has none: it proves itself by the contingency key. */
const ROLES: Readonly<Record<PartyRole, number | undefined>> = {
  supplier: REMOTE_PARTY_ROLE.supplier,
  networkOperator: REMOTE_PARTY_ROLE.networkOperator,
  accessControlBroker: REMOTE_PARTY_ROLE.accessControlBroker,
  transitionalCoS: REMOTE_PARTY_ROLE.transitionalCoS,
  wanProvider: REMOTE_PARTY_ROLE.wanProvider,
  recovery: REMOTE_PARTY_ROLE.recovery,
  contingency: undefined,
  loadController: REMOTE_PARTY_ROLE.loadController,
};

/**
 * Whether a party of this Remote Party Role may send the Command of a use case: by the roles of the tables, and the
 * Access Control Broker always, for it sends on behalf of parties that the device does not know. True where the tables
 * do not say.
 */
export function roleMayOriginate(useCase: UseCase, role: number): boolean {
  if (useCase.roles === null || role === REMOTE_PARTY_ROLE.accessControlBroker) return true;
  // Withdrawn use cases are listed without roles; a device that still has them takes them from whom it did.
  if (useCase.superseded && useCase.roles.length === 0) return true;
  return useCase.roles.some((name) => ROLES[name] === role);
}
