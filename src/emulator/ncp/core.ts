import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Callback, Command } from "../ezsp/command.ts";
import type { ApsMessage, CoordinatorStack } from "../stack/coordinator.ts";
import type { NcpFlash } from "./flash.ts";
import type { NcpProfile } from "./profile.ts";
import type { NcpRam } from "./ram.ts";

/** What the command handlers of the NCP work on. */
export interface NcpCore {
  readonly profile: NcpProfile;
  readonly stack: CoordinatorStack;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly ram: NcpRam;
  readonly flash: NcpFlash;
  /** Says something unasked; during a command it waits until the answer is out. `trailing` goes behind the fields. */
  emit<T>(definition: Callback<T>, value: T, trailing?: Uint8Array): void;
  /** The end of a message under way, as messageSent; nothing where the host did not send it. */
  messageSent(message: ApsMessage, delivered: boolean): void;
  /** Something that survives a reset has changed. */
  flashChanged(): void;
}

export function isSleepyChild(nodeId: number, ncp: NcpCore): boolean {
  return ncp.stack.children().some((child) => child.nodeId === nodeId && child.sleepy);
}

/** Parameters in, answer out: what the dispatcher sees of a command. */
export interface Handler {
  readonly name: string;
  readonly id: number;
  readonly since: number;
  readonly until: number;
  /** Reads the request, runs it, returns the answer's parameters. Throws HanwayError where the request is cut short. */
  run(parameters: Uint8Array, version: number, ncp: NcpCore): Uint8Array;
}

/** Ties a command to the code that runs it. */
export function on<Q, R>(command: Command<Q, R>, run: (request: Q, ncp: NcpCore) => R): Handler {
  const { name, id, since, until } = command;
  return {
    name,
    id,
    since,
    until,
    run: (parameters, version, ncp) => {
      const request = command.request.read(new ByteReader(parameters), version, "");
      const writer = new ByteWriter();
      command.response.write(writer, run(request, ncp), version, "");
      return writer.done();
    },
  };
}
