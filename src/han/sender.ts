import type { Log } from "../base/log.ts";
import type { JoinRecords } from "./join/records.ts";
import type { OutgoingAps, RadioPort, SendOutcome } from "./radio/port.ts";
import type { Roster } from "./roster.ts";
import { mayLeave } from "./security/gate.ts";
import { PROFILE_ZDO } from "./security/policy.ts";

/** Everything that the hub sends to one device goes through here: judged, sent, and noted. */
export class HanSender {
  readonly #radio: Pick<RadioPort, "send">;
  readonly #roster: Pick<Roster, "at">;
  readonly #records: Pick<JoinRecords, "transmitted">;
  readonly #log: Log;
  #sequence = 0;

  constructor(
    radio: Pick<RadioPort, "send">,
    roster: Pick<Roster, "at">,
    records: Pick<JoinRecords, "transmitted">,
    log: Log,
  ) {
    this.#radio = radio;
    this.#roster = roster;
    this.#records = records;
    this.#log = log;
  }

  /** Sequence number for the next ZCL or ZDO frame, 8 bits. */
  sequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xff;
    return this.#sequence;
  }

  async send(message: OutgoingAps): Promise<SendOutcome> {
    const device = this.#roster.at(message.nodeId);
    if (!mayLeave(message, device?.join.at)) {
      const { nodeId, cluster } = message;
      this.#log.error({ nodeId, cluster }, "a frame that the security policy forbids was not sent");
      return "not-delivered";
    }
    const outcome = await this.#radio.send(message);
    if (device !== undefined && outcome !== "radio-lost")
      this.#records.transmitted(device.spec.eui64, outcome === "delivered");
    return outcome;
  }

  zdo(nodeId: number, cluster: number, payload: Uint8Array): Promise<SendOutcome> {
    const endpoints = { sourceEndpoint: 0, destinationEndpoint: 0 };
    return this.send({ nodeId, profile: PROFILE_ZDO, cluster, ...endpoints, security: "network", payload });
  }
}
