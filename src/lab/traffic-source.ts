import type { MessageHandler } from "../emulator/devices/device.ts";

/** Where a demo's Commands to the meter come from, and how its Responses are read. */
export interface TrafficSource {
  /** Name of the use case, for people. */
  readonly useCase: string;
  /** The next Command, whole and protected. */
  command(): Uint8Array;
  /** What the meter says to a Command; undefined where it is silent. */
  readonly answer: MessageHandler;
  /** What a Response says, in a few words; undefined when it is not a true one. */
  read(response: Uint8Array): string | undefined;
}
