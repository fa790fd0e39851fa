import { ByteReader, ByteWriter } from "../../../src/base/bytes.ts";
import { ManualClock } from "../../../src/base/clock.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { silentLog } from "../../../src/base/log.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { Air } from "../../../src/emulator/air/air.ts";
import type { Command } from "../../../src/emulator/ezsp/command.ts";
import { commands } from "../../../src/emulator/ezsp/commands.ts";
import { decodeFrame, describeFrame, type EzspFrame, encodeFrame } from "../../../src/emulator/ezsp/frame.ts";
import { emptyFlash, type NcpFlash } from "../../../src/emulator/ncp/flash.ts";
import { Ncp } from "../../../src/emulator/ncp/ncp.ts";
import { type NcpProfile, profileForEzsp } from "../../../src/emulator/ncp/profile.ts";
import type { StackSnapshot } from "../../../src/emulator/stack/coordinator.ts";
import { EmulatedCoordinator } from "../../../src/emulator/stack/coordinator-stack.ts";

export const HUB = Eui64("000d6f0000000001");
export const NO_EUI = Eui64("0000000000000000");

export interface Said {
  name: string;
  kind: string;
  value: unknown;
  trailing: Uint8Array;
  frame: EzspFrame;
}

/** A host made of nothing but octets, in front of the NCP on the real stack. */
export class NcpBench {
  readonly clock = new ManualClock();
  readonly air = new Air({ clock: this.clock, random: new SeededRandom(1) });
  readonly stack: EmulatedCoordinator;
  readonly ncp: Ncp;
  readonly flash: NcpFlash;
  /** Everything that the NCP has said since the last `take`. */
  readonly said: Said[] = [];
  raw: Uint8Array[] = [];
  flashed = 0;
  #sequence = 0;

  constructor(
    options: { ezsp?: number; profile?: NcpProfile; snapshot?: StackSnapshot; flash?: NcpFlash } = {},
  ) {
    this.stack = new EmulatedCoordinator({
      air: this.air,
      eui64: HUB,
      clock: this.clock,
      random: new SeededRandom(2),
      ...(options.snapshot ? { snapshot: options.snapshot } : {}),
    });
    this.flash = options.flash ?? emptyFlash();
    this.ncp = new Ncp({
      profile: options.profile ?? profileForEzsp(options.ezsp ?? 13),
      stack: this.stack,
      clock: this.clock,
      random: new SeededRandom(3),
      log: silentLog,
      flash: this.flash,
      send: (frame) => this.#hear(frame),
      onFlash: () => {
        this.flashed++;
      },
    });
  }

  get version(): number {
    return this.ncp.profile.ezsp;
  }

  #hear(bytes: Uint8Array): void {
    this.raw.push(bytes);
    const frame = decodeFrame(bytes, bytes[2] === 1 && bytes.length >= 5 ? "extended" : "legacy");
    const described = describeFrame(frame, this.version);
    if (!described) throw new Error(`the NCP said 0x${frame.header.id.toString(16)}`);
    const { name, kind, value, trailing } = described;
    this.said.push({ name, kind, value, trailing, frame });
  }

  /** What the NCP has said, oldest first; forgotten afterwards. */
  take(): Said[] {
    this.raw = [];
    return this.said.splice(0);
  }

  callbacks(): [string, unknown][] {
    return this.take()
      .filter((each) => each.kind === "callback")
      .map(({ name, value }) => [name, value]);
  }

  /** The first, short `version` and its repetition in long form, as hosts do it. */
  negotiate(): this {
    this.ncp.receive(Uint8Array.of(0, 0, 0, this.version));
    this.ask(commands.version, { desiredVersion: this.version });
    this.take();
    return this;
  }

  send<Q>(command: Command<Q, unknown>, request: Q, more: Uint8Array = new Uint8Array(0)): number {
    const writer = new ByteWriter();
    command.request.write(writer, request, this.version, "");
    const sequence = this.#sequence++ & 0xff;
    const header = { form: "extended", sequence, control: 0, controlHigh: 1, id: command.id } as const;
    this.ncp.receive(encodeFrame({ header, parameters: writer.bytes(more).done() }));
    return sequence;
  }

  /** Sends a command and reads its answer, which must come at once. */
  ask<Q, R>(command: Command<Q, R>, request: Q, more?: Uint8Array): R {
    const sequence = this.send(command, request, more);
    const reply = this.said.findLast(
      (each) => each.kind !== "callback" && each.frame.header.sequence === sequence,
    );
    if (!reply || reply.frame.header.id !== command.id)
      throw new Error(`${command.name} got ${reply?.name ?? "nothing"} ${JSON.stringify(reply?.value)}`);
    const reader = new ByteReader(reply.frame.parameters);
    return command.response.read(reader, this.version, "");
  }

  /** Forms a network the way the driver does. */
  async form(): Promise<this> {
    this.negotiate();
    this.ask(commands.addEndpoint, {
      endpoint: 1,
      profileId: 0x0109,
      deviceId: 0x0500,
      deviceVersion: 0,
      clusters: { input: [0x0000, 0x0800], output: [0x0702] },
    });
    this.ask(commands.setInitialSecurityState, {
      bitmask: 0x0b00,
      preconfiguredKey: new Uint8Array(16).fill(9),
      networkKey: new Uint8Array(16).fill(7),
      networkKeySequence: 0,
      preconfiguredTrustCenterEui64: NO_EUI,
    });
    this.ask(commands.formNetwork, {
      parameters: {
        extendedPanId: HUB,
        panId: 0x1a62,
        radioTxPower: 5,
        radioChannel: 15,
        joinMethod: 0,
        networkManagerId: 0,
        networkUpdateId: 0,
        channels: 0x07fff800,
      },
    });
    await this.air.idle();
    this.take();
    return this;
  }
}
