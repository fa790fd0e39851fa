import { ByteWriter, concatBytes } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { callbacks } from "../ezsp/callbacks.ts";
import type { Callback } from "../ezsp/command.ts";
import { commands } from "../ezsp/commands.ts";
import {
  decodeFrame,
  type EzspHeader,
  encodeFrame,
  FrameControl,
  type HeaderForm,
  MAX_FRAME,
} from "../ezsp/frame.ts";
import { EzspStatus } from "../ezsp/status.ts";
import type { ApsMessage, CoordinatorStack } from "../stack/coordinator.ts";
import { applyConfiguration } from "./configuration.ts";
import type { Handler, NcpCore } from "./core.ts";
import { onStackEvent } from "./events.ts";
import type { NcpFlash } from "./flash.ts";
import { addressHandlers } from "./handlers/addresses.ts";
import { bindingHandlers } from "./handlers/binding.ts";
import { generalHandlers } from "./handlers/general.ts";
import { keyHandlers } from "./handlers/keys.ts";
import { messagingHandlers } from "./handlers/messaging.ts";
import { neighbourHandlers } from "./handlers/neighbours.ts";
import { networkingHandlers } from "./handlers/networking.ts";
import { scanHandlers } from "./handlers/scan.ts";
import { securityHandlers } from "./handlers/security.ts";
import { applyDefaultPolicies } from "./policies.ts";
import type { NcpProfile } from "./profile.ts";
import { Counter, NcpRam } from "./ram.ts";
import { reportSent } from "./sent.ts";

export interface NcpOptions {
  profile: NcpProfile;
  stack: CoordinatorStack;
  clock: Clock;
  random: Random;
  log: Log;
  flash: NcpFlash;
  /** Takes one EZSP frame for the host; `callback` marks what nobody asked for. */
  send: (frame: Uint8Array, callback: boolean) => void;
  /** The content of the flash has changed. */
  onFlash?: () => void;
}

const HANDLERS: readonly Handler[] = [
  ...generalHandlers,
  ...networkingHandlers,
  ...scanHandlers,
  ...neighbourHandlers,
  ...bindingHandlers,
  ...addressHandlers,
  ...messagingHandlers,
  ...securityHandlers,
  ...keyHandlers,
];

interface Waiting {
  id: number;
  parameters: Uint8Array;
}

/**
 * The firmware of the stick above the Zigbee stack: takes EZSP commands, answers each once and in order, and turns
 * what the stack reports into callbacks. Commands that the firmware lacks get invalidCommand.
 */
export class Ncp implements NcpCore {
  readonly profile: NcpProfile;
  readonly stack: CoordinatorStack;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly flash: NcpFlash;
  readonly #send: (frame: Uint8Array, callback: boolean) => void;
  readonly #onFlash: () => void;
  readonly #handlers: ReadonlyMap<number, Handler>;
  #ram: NcpRam;
  #sequence = 0;
  #form: HeaderForm = "legacy";
  #busy = false;
  #overflowed = false;
  #waiting: Waiting[] = [];

  constructor(options: NcpOptions) {
    this.profile = options.profile;
    this.stack = options.stack;
    this.clock = options.clock;
    this.random = options.random;
    this.log = options.log;
    this.flash = options.flash;
    this.#send = options.send;
    this.#onFlash = options.onFlash ?? (() => {});
    const version = this.profile.ezsp;
    this.#handlers = new Map(
      HANDLERS.filter(({ since, until }) => since <= version && version <= until).map((each) => [
        each.id,
        each,
      ]),
    );
    this.#ram = new NcpRam(this.profile);
    this.reset();
    this.stack.on((event) => onStackEvent(event, this));
  }

  get ram(): NcpRam {
    return this.#ram;
  }

  /** As after power-on: tables and settings are gone, the flash is not, and the network waits for networkInit. */
  reset(): void {
    this.#ram = new NcpRam(this.profile);
    this.#sequence = 0;
    this.#form = "legacy";
    this.#busy = false;
    this.#overflowed = false;
    this.#waiting = [];
    this.stack.permitJoining(0);
    this.stack.clearTransientKeys();
    this.stack.setEndpoints([]);
    applyConfiguration(this);
    applyDefaultPolicies(this);
  }

  /** A callback was lost on the way to the host: the next frame says so. */
  noteOverflow(): void {
    this.#overflowed = true;
    this.#ram.count(Counter.ASH_OVERFLOW);
  }

  flashChanged(): void {
    this.#onFlash();
  }

  messageSent(message: ApsMessage, delivered: boolean): void {
    reportSent(message, delivered, this);
  }

  emit<T>(definition: Callback<T>, value: T, trailing: Uint8Array = new Uint8Array(0)): void {
    const { ezsp } = this.profile;
    if (!this.#ram.negotiated || ezsp < definition.since || ezsp > definition.until) return;
    const writer = new ByteWriter();
    definition.body.write(writer, value, ezsp, "");
    const parameters = concatBytes(writer.done(), trailing);
    this.#waiting.push({ id: definition.id, parameters });
    if (!this.#busy) this.#flush();
  }

  /** Takes one EZSP frame of the host. One that is no command at all is dropped; hosts never send such a thing. */
  receive(bytes: Uint8Array): void {
    let request: { header: EzspHeader; parameters: Uint8Array };
    try {
      request = decodeFrame(bytes, this.#formOf(bytes));
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.log.debug({ octets: bytes.length }, "dropped an EZSP frame without a whole header");
      return;
    }
    const { header, parameters } = request;
    if (header.control & FrameControl.RESPONSE) return;
    this.#sequence = header.sequence;
    this.#form = header.form;
    this.#busy = true;
    try {
      this.#answer(header, this.#run(header, parameters));
    } finally {
      this.#busy = false;
    }
    this.#flush();
  }

  /** The very first `version` has the short header; everything else the long one. */
  #formOf(bytes: Uint8Array): HeaderForm {
    return bytes[2] === 1 && bytes.length >= 5 ? "extended" : "legacy";
  }

  #run(header: EzspHeader, parameters: Uint8Array): { id: number; parameters: Uint8Array } {
    if (!this.#ram.negotiated && header.id !== commands.version.id)
      return invalid(EzspStatus.VERSION_NOT_SET);
    if (header.id === commands.callback.id)
      return { id: callbacks.noCallbacks.id, parameters: new Uint8Array(0) };
    const handler = this.#handlers.get(header.id);
    if (!handler || (header.form === "legacy" && header.id !== commands.version.id))
      return invalid(EzspStatus.INVALID_FRAME_ID);
    try {
      return { id: header.id, parameters: handler.run(parameters, this.profile.ezsp, this) };
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.log.debug({ command: handler.name, code: error.code }, "refused a command cut short");
      return invalid(EzspStatus.INVALID_VALUE);
    }
  }

  #answer(header: EzspHeader, reply: { id: number; parameters: Uint8Array }): void {
    this.#say(
      header.form,
      reply.id,
      FrameControl.RESPONSE,
      reply.parameters,
      this.#waiting.length > 0,
      false,
    );
  }

  #flush(): void {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const control = FrameControl.RESPONSE | FrameControl.ASYNCHRONOUS_CALLBACK;
      this.#say("extended", next.id, control, next.parameters, this.#waiting.length > 0, true);
    }
  }

  #say(
    form: HeaderForm,
    id: number,
    control: number,
    parameters: Uint8Array,
    more: boolean,
    callback: boolean,
  ): void {
    const flags =
      control | (more ? FrameControl.CALLBACK_PENDING : 0) | (this.#overflowed ? FrameControl.OVERFLOW : 0);
    this.#overflowed = false;
    const controlHigh = form === "extended" ? 1 : 0;
    const header = { form, sequence: this.#sequence, control: flags, controlHigh, id };
    const frame = encodeFrame({ header, parameters });
    if (frame.length > MAX_FRAME) {
      this.log.warn({ id, octets: frame.length }, "an EZSP frame is longer than the host can take");
      return;
    }
    this.#send(frame, callback);
  }
}

function invalid(reason: number): { id: number; parameters: Uint8Array } {
  return { id: commands.invalidCommand.id, parameters: Uint8Array.of(reason) };
}
