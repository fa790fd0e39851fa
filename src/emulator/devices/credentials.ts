import type { Eui64 } from "../../base/eui64.ts";
import type { TestAuthority } from "../../cbke/index.ts";
import type { DeviceCredentials } from "./key-establishment.ts";

/** What the authorities issue to a device, one credential each; it trusts all of them. */
export function deviceCredentials(authorities: readonly TestAuthority[], subject: Eui64): DeviceCredentials {
  return {
    credentials: authorities.map((authority) => authority.issue(subject)),
    issuers: authorities.map((authority) => authority.trusted()),
  };
}
