import { ManualClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { Air } from "../../src/emulator/air/air.ts";
import type { LinkQuality } from "../../src/emulator/air/link.ts";
import type { ApsMessage, StackEvent, StackSnapshot } from "../../src/emulator/stack/coordinator.ts";
import { EmulatedCoordinator } from "../../src/emulator/stack/coordinator-stack.ts";
import {
  DeviceNode,
  type DeviceNodeEvent,
  type DeviceNodeOptions,
} from "../../src/emulator/stack/device-node.ts";

export const HUB = Eui64("90b3d51f30000a03");
export const METER = Eui64("00db1234567890a0");
export const NETWORK = { extendedPanId: HUB, panId: 0x1a62, channel: 15, txPower: 5 };
export const NETWORK_KEY = new Uint8Array(16).fill(7);
export const LINK_KEY = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
export const SECURITY = {
  networkKey: NETWORK_KEY,
  sequence: 0,
  trustCenterKey: new Uint8Array(16).fill(9),
};

/** One coordinator and its air in emulated time. */
export class Home {
  readonly clock = new ManualClock();
  readonly air: Air;
  readonly events: StackEvent[] = [];
  hub: EmulatedCoordinator;
  readonly #seed: number;

  constructor(seed = 1, quality: Partial<LinkQuality> = {}) {
    this.#seed = seed;
    this.air = new Air({ clock: this.clock, random: new SeededRandom(seed), quality });
    this.hub = this.#coordinator();
    this.hub.form(NETWORK, SECURITY);
  }

  #coordinator(snapshot?: StackSnapshot): EmulatedCoordinator {
    const hub = new EmulatedCoordinator({
      air: this.air,
      eui64: HUB,
      clock: this.clock,
      random: new SeededRandom(this.#seed + 1),
      ...(snapshot ? { snapshot } : {}),
    });
    hub.on((event) => this.events.push(event));
    return hub;
  }

  /** Power cut and restart; what `snapshot` held is all that is left. */
  restart(snapshot: StackSnapshot = JSON.parse(JSON.stringify(this.hub.snapshot()))): void {
    this.hub.close();
    this.hub = this.#coordinator(snapshot);
    this.hub.resume();
  }

  device(options: Partial<DeviceNodeOptions> = {}): {
    node: DeviceNode;
    messages: ApsMessage[];
    events: DeviceNodeEvent[];
  } {
    const node = new DeviceNode({
      air: this.air,
      eui64: METER,
      clock: this.clock,
      random: new SeededRandom(this.#seed + 2),
      linkKey: LINK_KEY,
      capability: 0x8c,
      manufacturerCode: 0,
      endpoints: [],
      ...options,
    });
    const messages: ApsMessage[] = [];
    const events: DeviceNodeEvent[] = [];
    node.onMessage = (message) => {
      if (message.profile !== 0) messages.push(message);
    };
    node.onEvent = (event) => {
      if (event.type !== "changed") events.push(event);
    };
    return { node, messages, events };
  }

  /** A device that has joined with its install-code key. */
  async joined(options: Partial<DeviceNodeOptions> = {}): Promise<ReturnType<Home["device"]>> {
    const device = this.device(options);
    this.hub.importTransientKey(device.node.eui64, options.linkKey ?? LINK_KEY);
    this.hub.permitJoining(255);
    device.node.start();
    await this.run(15_000);
    this.hub.permitJoining(0);
    return device;
  }

  /** Lets `ms` of emulated time pass; frames move in between, as often as any timer falls due. */
  async run(ms: number): Promise<void> {
    let left = ms;
    for (;;) {
      await this.air.idle();
      const due = this.clock.nextDue();
      if (due === undefined || due > left) break;
      this.clock.advance(due);
      left -= due;
    }
    this.clock.advance(left);
    await this.air.idle();
  }

  of<T extends StackEvent["type"]>(type: T): Extract<StackEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<StackEvent, { type: T }> => event.type === type);
  }
}

/** A message between Smart Energy endpoints. */
export function seMessage(nodeId: number, payload: Uint8Array, more: Partial<ApsMessage> = {}): ApsMessage {
  return {
    nodeId,
    profile: 0x0109,
    cluster: 0x0704,
    sourceEndpoint: 1,
    destinationEndpoint: 1,
    apsSecurity: true,
    apsAck: true,
    sequence: 0,
    payload,
    ...more,
  };
}
