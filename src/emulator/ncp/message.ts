import { type ApsFrame, ApsOption } from "../ezsp/structures.ts";
import type { ApsMessage } from "../stack/coordinator.ts";

/**
 * The host's message as the stack takes it. A fragment's number stands in the low octet of the group, the count of blocks
 * of the first in the high one.
 */
export function toMessage(apsFrame: ApsFrame, nodeId: number, payload: Uint8Array): ApsMessage {
  const { options, groupId } = apsFrame;
  return {
    nodeId,
    profile: apsFrame.profileId,
    cluster: apsFrame.clusterId,
    sourceEndpoint: apsFrame.sourceEndpoint,
    destinationEndpoint: apsFrame.destinationEndpoint,
    apsSecurity: (options & ApsOption.ENCRYPTION) !== 0,
    apsAck: (options & (ApsOption.RETRY | ApsOption.FRAGMENT)) !== 0,
    ...(options & ApsOption.FRAGMENT ? { fragment: { index: groupId & 0xff, total: groupId >>> 8 } } : {}),
    sequence: apsFrame.sequence,
    payload: Uint8Array.from(payload),
  };
}

/** The APS frame as EZSP shows it: a fragment's number and, in the first, the count of blocks stand in the group. */
export function apsFrameOf(message: ApsMessage): ApsFrame {
  const { fragment } = message;
  return {
    profileId: message.profile,
    clusterId: message.cluster,
    sourceEndpoint: message.sourceEndpoint,
    destinationEndpoint: message.destinationEndpoint,
    options:
      (message.apsSecurity ? ApsOption.ENCRYPTION : 0) |
      (message.apsAck ? ApsOption.RETRY : 0) |
      (fragment ? ApsOption.FRAGMENT : 0),
    groupId: fragment
      ? (fragment.index & 0xff) | (fragment.index === 0 ? (fragment.total & 0xff) << 8 : 0)
      : (message.group ?? 0),
    sequence: message.sequence & 0xff,
  };
}
