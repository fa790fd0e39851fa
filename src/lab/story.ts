import type { HubStatus } from "../app/hub.ts";
import type { Clock } from "../base/clock.ts";
import type { HanEvent } from "../han/network.ts";
import type { RadioCapabilities } from "../han/radio/port.ts";
import type { LedgerCounts } from "./ledger.ts";

/** In a run of many messages, every so many of them are told. */
const PROGRESS_EVERY = 50;

/** Tells a person what happens, one line per real step, with the time since the start. */
export class Story {
  readonly #clock: Clock;
  readonly #tell: (line: string) => void;
  readonly #startedAt: number;

  constructor(clock: Clock, tell: (line: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#startedAt = clock.elapsed();
  }

  line(text: string): void {
    const seconds = (this.#clock.elapsed() - this.#startedAt) / 1_000;
    this.#tell(`${seconds.toFixed(3).padStart(8)}s  ${text}`);
  }

  han(event: HanEvent): void {
    switch (event.type) {
      case "network": {
        const { channel, panId, extendedPanId, formed } = event.network;
        const how = formed ? "formed" : "resumed";
        this.line(`network ${how}: channel ${channel}, PAN 0x${hex16(panId)}, extended PAN ${extendedPanId}`);
        return;
      }
      case "joined":
        this.line(`device joined: ${event.device}`);
        return;
      case "left":
        this.line(`device left: ${event.device}`);
        return;
      case "tunnel-open":
        this.line(
          `tunnel open: ${event.device}, tunnel ${event.tunnelId}, ${event.maxTransfer} octets a message`,
        );
        return;
      case "tunnel-lost":
        this.line(`tunnel lost: ${event.device}; a new one is requested`);
        return;
      case "radio-lost":
        this.line(`radio lost (${event.reason}); a new link is being made`);
        return;
      case "message":
        return;
    }
  }

  radio(radio: RadioCapabilities): void {
    const { ezspVersion, firmware, keyTableSize, cbke163k1, cbke283k1, multiPhy } = radio;
    const has = (name: string, there: boolean) => `${there ? "" : "no "}${name}`;
    const cbke = has("CBKE on chip", cbke163k1 || cbke283k1);
    this.line(
      `radio: EZSP ${ezspVersion}, firmware ${firmware}, ${keyTableSize} link keys, ${cbke}, ${has("multi-PHY", multiPhy)}`,
    );
  }

  messageIn(message: Uint8Array, useCase: string): void {
    this.line(`message in: ${useCase} Command, ${message.length} octets, offered at the broker`);
  }

  messageOut(message: Uint8Array, reading: string | undefined): void {
    this.line(
      `message out: Response, ${message.length} octets, at the far end${reading === undefined ? "" : `: ${reading}`}`,
    );
  }

  progress(what: string, count: number, message: Uint8Array): void {
    if (count === 1 || count % PROGRESS_EVERY === 0) this.line(`${what} ${count}: ${message.length} octets`);
  }

  status(status: HubStatus, counts: LedgerCounts): void {
    const joined = status.devices.filter((device) => device.joined).length;
    const open = status.devices.filter((device) => device.tunnel === "open").length;
    this.line(
      `HAN ${status.network === undefined ? "down" : `channel ${status.network.channel}`}, ` +
        `${joined} of ${status.devices.length} joined, ${open} tunnel${open === 1 ? "" : "s"}; ` +
        `WAN ${status.online ? "online" : "offline"}; ` +
        `${counts.offered} offered, ${counts.relayed} relayed, ${counts.responses} answered`,
    );
  }

  summary(summary: LedgerCounts & { joined: number; startMs: number; rssMb: number }): void {
    const { joined, offered, relayed, responses, mismatched, lost, startMs, rssMb } = summary;
    this.line(
      `summary: network up ${startMs} ms after hub start, ${joined} joined; ${offered} offered, ${relayed} relayed, ` +
        `${responses} answered, ${mismatched} mismatched, ${lost} lost; ${rssMb} MB resident`,
    );
  }
}

function hex16(value: number): string {
  return value.toString(16).padStart(4, "0");
}
