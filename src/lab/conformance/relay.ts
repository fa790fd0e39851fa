import { equalBytes, toHex } from "../../base/bytes.ts";
import type { Eui64 } from "../../base/eui64.ts";
import { isMessageId } from "../../base/wan-topic.ts";
import type { EmulatedDevice } from "../../emulator/devices/device.ts";
import type { HeadEndLink } from "../../headend/link.ts";
import type { AlertCase, PairCase } from "./cases.ts";
import { difference, type Failure } from "./report.ts";

/** A device that lets so many pairs in a row go unanswered is not waited for again. */
const SILENT_PAIRS = 3;

type Arrival =
  | { readonly bytes: Uint8Array }
  /** `known`: somebody told that nothing will come, so it is no sign of a device that is gone. */
  | { readonly silence: string; readonly known: boolean };

/** Awaits one message at one place. What was expected there before and comes again, or late, is let pass. */
class Place {
  readonly #former = new Set<string>();
  #waiting: ((arrival: Arrival) => void) | undefined;

  /** The next message here other than one of those expected earlier. */
  next(expected: Uint8Array, patienceMs: number): Promise<Arrival> {
    const name = toHex(expected);
    return new Promise((resolve) => {
      const end = (arrival: Arrival) => {
        clearTimeout(timer);
        this.#waiting = undefined;
        this.#former.add(name);
        resolve(arrival);
      };
      const nothing = `nothing within ${patienceMs / 1_000} s`;
      const timer = setTimeout(() => end({ silence: nothing, known: false }), patienceMs);
      // A twin of an earlier message is awaited like any other.
      this.#former.delete(name);
      this.#waiting = end;
    });
  }

  arrived(bytes: Uint8Array): void {
    if (!this.#former.has(toHex(bytes))) this.#waiting?.({ bytes });
  }

  giveUp(silence: string): void {
    this.#waiting?.({ silence, known: true });
  }
}

/** One emulated device with both ends of its messages: pairs and Alerts one after the other. */
export class RelayedDevice {
  readonly #eui64: Eui64;
  readonly #device: EmulatedDevice;
  readonly #farEnd: HeadEndLink;
  readonly #atDevice = new Place();
  readonly #atFarEnd = new Place();
  readonly #patienceMs: number;
  #offered = 0;
  #silent = 0;
  #refusal: ((how: string) => void) | undefined;

  /** `patienceMs`: how long a message may take from one end to the other, lost frames and all. */
  constructor(device: EmulatedDevice, farEnd: HeadEndLink, patienceMs: number) {
    this.#patienceMs = patienceMs;
    this.#eui64 = device.eui64;
    this.#device = device;
    this.#farEnd = farEnd;
    device.on((event) => {
      if (event.type === "message-in") this.#atDevice.arrived(event.message);
    });
  }

  /** The far end has received this from the device. */
  up(payload: Uint8Array): void {
    this.#atFarEnd.arrived(payload);
  }

  /** The hub told how far a Command came. */
  receipt(id: string, stage: string, reason: string | undefined): void {
    if (stage === "stored" || id !== this.#id()) return;
    this.#refusal?.(stage === "failed" ? (reason ?? "no reason") : stage);
    if (stage !== "failed") return;
    const silence = `refused by the hub: ${reason ?? "no reason"}`;
    this.#atDevice.giveUp(silence);
    this.#atFarEnd.giveUp(silence);
  }

  /** The device must see the Command and the far end the Response, each octet for octet. */
  async pair({ name, useCase, command, response }: PairCase): Promise<Failure[]> {
    if (this.#silent >= SILENT_PAIRS) {
      const gone = "not offered: the device no longer answers";
      return [{ name, useCase, kind: "COMMAND", field: "message", expected: toHex(command), got: gone }];
    }
    this.#device.messageHandler = (message) => (equalBytes(message, command) ? response : undefined);
    const atDevice = this.#atDevice.next(command, this.#patienceMs);
    const atFarEnd = this.#atFarEnd.next(response, this.#patienceMs);
    await this.#offer(command);
    const seen = await atDevice;
    const wrong = compare("COMMAND", command, seen);
    // A device that did not get the Command has nothing to answer.
    if (wrong !== undefined) this.#atFarEnd.giveUp("no Response to a Command that did not arrive");
    const heard = await atFarEnd;
    if (wentSilent(seen) || wentSilent(heard)) this.#silent += 1;
    else this.#silent = 0;
    const failure = wrong ?? compare("RESPONSE", response, heard);
    return failure === undefined ? [] : [{ name, useCase, ...failure }];
  }

  /**
   * A pair that stays in the home: this device must see the Command that another sends, and that one the Response. The
   * same Command offered at the broker must be refused. What the broker saw of it, the caller knows.
   */
  async hanPair({ name, useCase, command, response }: PairCase, from: RelayedDevice): Promise<Failure[]> {
    this.#device.messageHandler = (message) => (equalBytes(message, command) ? response : undefined);
    from.#device.messageHandler = () => undefined;
    const atDevice = this.#atDevice.next(command, this.#patienceMs);
    const back = from.#atDevice.next(response, this.#patienceMs);
    if (!(await from.#device.send(command))) this.#atDevice.giveUp("the hub did not take it from the device");
    const wrong = compare("COMMAND", command, await atDevice);
    if (wrong !== undefined) from.#atDevice.giveUp("no Response to a Command that did not arrive");
    const failure = compare("RESPONSE", response, await back);
    const first = wrong ?? failure;
    if (first !== undefined) return [{ name, useCase, ...first }];
    const how = await this.#offerForRefusal(command);
    if (how === "han-only") return [];
    return [{ name, useCase, kind: "COMMAND", field: "receipt", expected: "han-only", got: how }];
  }

  /** Offers a Command at the broker; resolves to the reason of its refusal, or to what else became of it. */
  async #offerForRefusal(command: Uint8Array): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const timer = setTimeout(() => resolve("no receipt"), this.#patienceMs);
    this.#refusal = resolve;
    await this.#offer(command);
    const how = await promise;
    clearTimeout(timer);
    this.#refusal = undefined;
    return how;
  }

  /** The far end must see the Alert as the device sent it. */
  async alert({ name, useCase, alert }: AlertCase): Promise<Failure[]> {
    const atFarEnd = this.#atFarEnd.next(alert, this.#patienceMs);
    if (!(await this.#device.send(alert))) this.#atFarEnd.giveUp("the hub did not take it from the device");
    const failure = compare("ALERT", alert, await atFarEnd);
    return failure === undefined ? [] : [{ name, useCase, ...failure }];
  }

  #offer(command: Uint8Array): Promise<void> {
    this.#offered += 1;
    const id = this.#id();
    if (!isMessageId(id)) throw new TypeError(`${id} is no message id`);
    return this.#farEnd.send(this.#eui64, id, command);
  }

  #id(): string {
    return `pair-${this.#eui64}-${this.#offered}`;
  }
}

function wentSilent(arrival: Arrival): boolean {
  return "silence" in arrival && !arrival.known;
}

function compare(kind: Failure["kind"], expected: Uint8Array, arrival: Arrival) {
  const found =
    "bytes" in arrival
      ? difference(expected, arrival.bytes)
      : difference(expected, undefined, arrival.silence);
  return found === undefined ? undefined : { kind, ...found };
}
