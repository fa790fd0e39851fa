import { TUNNELLING_CLUSTER } from "../../zcl/tunnelling.ts";
import type { DeviceNode } from "../stack/device-node.ts";
import type { Application } from "./application.ts";
import type { DeviceEvent, EmulatedDeviceOptions } from "./device-types.ts";
import { endpointWith } from "./endpoints.ts";
import { MAILBOX_DEFAULTS, MailboxTunnel } from "./mailbox-tunnel.ts";
import type { MessageLink, MessageLinkPorts } from "./message-link.ts";
import type { DeviceProfile } from "./profiles.ts";
import { SE_PROFILE } from "./security.ts";
import { RESEND_DEFAULTS, ServedTunnel } from "./served-tunnel.ts";
import { TUNNEL_DEFAULTS } from "./tunnel-server.ts";
import type { ZclSender } from "./zcl-sender.ts";

/** The way that GBCS messages take to a device of this kind; undefined for consumer devices. */
export function makeLink(
  profile: DeviceProfile,
  { clock, tunnel, resend, mailbox }: EmulatedDeviceOptions,
  parts: {
    node: DeviceNode;
    sender: ZclSender;
    application: Application;
    emit: (event: DeviceEvent) => void;
  },
): MessageLink | undefined {
  const { node, sender, application, emit } = parts;
  const ports: MessageLinkPorts = {
    post: (out, done) => sender.post(out, done),
    nextSequence: () => sender.nextSequence(),
    received: (message) => application.received(message),
    sent: (message, delivered) => application.sent(message, delivered),
    opened: (tunnelId, peer) => emit({ type: "tunnel-open", tunnelId, peer }),
    closed: (tunnelId) => emit({ type: "tunnel-closed", tunnelId }),
    eui64Of: (nodeId) => node.nwk.eui64Of(nodeId),
  };
  if (profile.tunnel === undefined) return undefined;
  if (profile.tunnel === "server")
    return new ServedTunnel({
      clock,
      settings: { ...TUNNEL_DEFAULTS, ...tunnel },
      resend: { ...RESEND_DEFAULTS, ...resend },
      endpoint: endpointWith(profile.endpoints, "inputClusters", TUNNELLING_CLUSTER),
      ports,
    });
  return new MailboxTunnel({
    clock,
    settings: { ...MAILBOX_DEFAULTS, ...mailbox },
    endpoint: endpointWith(profile.endpoints, "outputClusters", TUNNELLING_CLUSTER),
    ports: {
      ...ports,
      findServer: (done) => node.findServers(SE_PROFILE, TUNNELLING_CLUSTER, done),
      hubNode: () => node.nwk.parent ?? 0,
      stayAwake: () => node.stayAwake(),
      receiving: () => node.receiving,
    },
  });
}
