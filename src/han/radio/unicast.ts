import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { statusName } from "./ezsp-status.ts";
import { fragmentGroup } from "./fragment-out.ts";
import {
  EmberApsOption,
  EmberOutgoingMessageType,
  type Ezsp,
  EzspError,
  EzspStatus,
  SLStatus,
} from "./herdsman.ts";
import type { OutgoingAps, SendOutcome } from "./port.ts";
import type { RadioSettings } from "./settings.ts";

/** The driver that unicasts go through, and its life. */
export interface UnicastPorts {
  readonly ezsp: Ezsp;
  readonly settings: RadioSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when the driver ends. */
  readonly end: AbortSignal;
}

/** One of the blocks of a message; a message in one frame is one block. */
export interface Block {
  readonly index: number;
  readonly total: number;
  readonly octets: Uint8Array;
}

/** `too-long`: the coordinator has no room for a block of that size. */
export type Refusal = Exclude<SendOutcome, "delivered"> | "too-long";

/**
 * Hands one block to the coordinator, again while it is busy. `sequence` is the APS counter that it gave to block 0;
 * its answer has it.
 */
export async function sendBlock(
  message: OutgoingAps,
  block: Block,
  sequence: number,
  tag: number,
  ports: UnicastPorts,
): Promise<{ sequence: number } | Refusal> {
  const { settings, log, end } = ports;
  const aps = apsFrame(message, block, sequence);
  const octets = Buffer.from(block.octets);
  for (let attempt = 1; ; attempt++) {
    if (end.aborted) return "radio-lost";
    const answer = await unicast(ports.ezsp, message.nodeId, aps, tag, octets);
    if (typeof answer !== "number") return answer;
    if (answer === SLStatus.ZIGBEE_APS_ENCRYPTION_ERROR) return "no-link-key";
    if (answer === SLStatus.MESSAGE_TOO_LONG) return block.index === 0 ? "too-long" : "not-delivered";
    if (!BUSY.has(answer) || attempt >= settings.busyAttempts) {
      log.info({}, `radio: message to node ${nodeName(message.nodeId)} refused, ${statusName(answer)}`);
      return "not-delivered";
    }
    await pause(settings.busyPauseMs, ports);
  }
}

/** A short address, for people. */
export function nodeName(nodeId: number): string {
  return `0x${nodeId.toString(16).padStart(4, "0")}`;
}

const BUSY: ReadonlySet<SLStatus> = new Set([
  SLStatus.BUSY,
  SLStatus.TRANSMIT_BUSY,
  SLStatus.ALLOCATION_FAILED,
  SLStatus.NO_MORE_RESOURCE,
  SLStatus.ZIGBEE_MAX_MESSAGE_LIMIT_REACHED,
  SLStatus.ZIGBEE_IEEE_ADDRESS_DISCOVERY_IN_PROGRESS,
  SLStatus.ZIGBEE_SEND_UNICAST_ROUTE_DISCOVERY_UNDERWAY,
]);

type ApsFrame = Parameters<Ezsp["ezspSendUnicast"]>[2];

function apsFrame(message: OutgoingAps, { index, total }: Block, sequence: number): ApsFrame {
  const fragmented = total > 1;
  return {
    profileId: message.profile,
    clusterId: message.cluster,
    sourceEndpoint: message.sourceEndpoint,
    destinationEndpoint: message.destinationEndpoint,
    options:
      EmberApsOption.RETRY |
      EmberApsOption.ENABLE_ROUTE_DISCOVERY |
      EmberApsOption.ENABLE_ADDRESS_DISCOVERY |
      (message.security === "link-key" ? EmberApsOption.ENCRYPTION : 0) |
      (fragmented ? EmberApsOption.FRAGMENT : 0),
    groupId: fragmented ? fragmentGroup(index, total) : 0,
    sequence: index === 0 ? 0 : sequence,
  };
}

async function unicast(
  ezsp: Ezsp,
  nodeId: number,
  aps: ApsFrame,
  tag: number,
  octets: Buffer,
): Promise<{ sequence: number } | SLStatus | "radio-lost"> {
  try {
    const [status, sequence] = await ezsp.ezspSendUnicast(
      EmberOutgoingMessageType.DIRECT,
      nodeId,
      aps,
      tag,
      octets,
    );
    return status === SLStatus.OK ? { sequence } : status;
  } catch (error) {
    if (error instanceof EzspError && error.code === EzspStatus.NO_TX_SPACE) return SLStatus.BUSY;
    return "radio-lost";
  }
}

/** Waits a moment, or until the driver ends. */
function pause(ms: number, { clock, end }: UnicastPorts): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      end.removeEventListener("abort", over);
      timer.cancel();
      resolve();
    };
    const timer = clock.after(ms, over);
    end.addEventListener("abort", over);
  });
}
