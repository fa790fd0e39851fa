import type { Eui64 } from "../../../base/eui64.ts";
import type { LinkQuality } from "../../air/link.ts";
import type { ApsMessage } from "../coordinator.ts";
import type { LinkKey } from "../security/link-key.ts";
import type { KeyIdentifier } from "../security/security.ts";
import type { ApsCommand } from "./aps-command.ts";

export interface ApsDataMeta {
  kind: "unicast" | "broadcast" | "multicast";
  quality: LinkQuality;
}

export interface ApsCommandMeta {
  nodeId: number;
  eui64: Eui64 | undefined;
  /** How the APS layer secured it; undefined in clear. */
  securedWith: KeyIdentifier | undefined;
  /** The key that opened it. */
  link: LinkKey | undefined;
  nwkSecured: boolean;
}

/** The link keys of a node, as its APS layer asks for them. */
export interface LinkKeys {
  /** The key shared with a device, for frames to it. */
  linkKey(eui64: Eui64): LinkKey | undefined;
  /** Keys that a frame from a device may be secured with, the likeliest first. */
  linkKeys(eui64: Eui64): readonly LinkKey[];
}

/** What the node above the APS layer does with what comes in. */
export interface ApsHandlers extends LinkKeys {
  /** A data frame, or one block of a message: duplicates are gone, whole frames are acknowledged already. */
  data(message: ApsMessage, meta: ApsDataMeta): void;
  command(command: ApsCommand, meta: ApsCommandMeta): void;
}

/** Why frames were thrown away, for tests and the demo. */
export interface ApsDrops {
  malformed: number;
  noLinkKey: number;
  replayed: number;
  unauthentic: number;
  duplicate: number;
}
