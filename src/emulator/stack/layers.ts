import type { Clock } from "../../base/clock.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Random } from "../../base/random.ts";
import type { Air } from "../air/air.ts";
import { ApsLayer } from "./aps/aps.ts";
import type { ApsHandlers } from "./aps/aps-handlers.ts";
import type { ApsSettings } from "./aps/aps-settings.ts";
import { type MacHandlers, MacLayer } from "./network/mac.ts";
import { type NwkIncoming, NwkLayer } from "./network/nwk.ts";
import { FrameCounter } from "./security/frame-counter.ts";

/** What a node does with what its layers do not settle among themselves. */
export interface NodeHandlers {
  mac: Omit<MacHandlers, "data">;
  nwkCommand(frame: NwkIncoming): void;
  heard?(neighbour: number, readable: boolean): void;
  aps: ApsHandlers;
}

/** Where the counters of what a node sends go on after a restart. */
export interface StoredCounters {
  outgoingFrameCounter: number;
  outgoingApsFrameCounter?: number;
}

/**
 * The layers of one node, one on top of the other: radio, MAC, NWK, and APS for all but the NWK's own commands. The
 * radio is off.
 */
export function makeLayers(options: {
  air: Air;
  eui64: Eui64;
  clock: Clock;
  random: Random;
  stored: StoredCounters | undefined;
  /** A further range of a counter is taken: what is stored has changed. */
  reserved: () => void;
  aps: Partial<ApsSettings> | undefined;
  handlers: NodeHandlers;
}): { nwk: NwkLayer; aps: ApsLayer } {
  const { air, eui64, clock, stored, reserved, handlers } = options;
  const radio = air.attach(eui64);
  radio.receiving = false;
  const mac = new MacLayer(radio, clock, {
    ...handlers.mac,
    data: (payload, source, quality) => nwk.receive(payload, source, quality),
  });
  const nwk = new NwkLayer({
    eui64,
    mac,
    counter: new FrameCounter(stored?.outgoingFrameCounter ?? 0, reserved),
    receive: (frame) => {
      if (frame.header.type === "command") handlers.nwkCommand(frame);
      else aps.receive(frame);
    },
    ...(handlers.heard ? { heard: handlers.heard } : {}),
  });
  const aps = new ApsLayer({
    nwk,
    clock,
    counter: new FrameCounter(stored?.outgoingApsFrameCounter ?? 0, reserved),
    firstSequence: options.random.below(256),
    ...(options.aps ? { settings: options.aps } : {}),
    handlers: handlers.aps,
  });
  return { nwk, aps };
}
