import type { Clock, Timer } from "../../base/clock.ts";
import { READ_ATTRIBUTES } from "../../zcl/foundation.ts";
import { encodeGeneral, type ZclFrame } from "../../zcl/frame.ts";
import type { ZclValue } from "../../zcl/value.ts";
import type { ApsMessage } from "../stack/coordinator.ts";
import type { OutgoingMessage } from "../stack/device-node.ts";
import type { ZclSender } from "./zcl-sender.ts";

/** Where attributes are read, and how the frames are secured. */
export type ReadTarget = Omit<OutgoingMessage, "payload">;

/** Attribute values by id; attributes that the server does not have are left out. Undefined: no answer came. */
export type ReadOutcome = ReadonlyMap<number, ZclValue> | undefined;

interface Asked {
  target: ReadTarget;
  timer: Timer;
  done: (outcome: ReadOutcome) => void;
}

/** Reads attributes of other nodes (ZCL 2.5.1), several at a time. */
export class AttributeReader {
  readonly #clock: Clock;
  readonly #answerMs: number;
  readonly #sender: ZclSender;
  readonly #asked = new Map<number, Asked>();

  constructor(clock: Clock, answerMs: number, sender: ZclSender) {
    this.#clock = clock;
    this.#answerMs = answerMs;
    this.#sender = sender;
  }

  read(target: ReadTarget, attributeIds: readonly number[], done: (outcome: ReadOutcome) => void): void {
    const sequence = this.#sender.nextSequence();
    this.#settle(sequence, undefined);
    const timer = this.#clock.after(this.#answerMs, () => this.#settle(sequence, undefined));
    this.#asked.set(sequence, { target, timer, done });
    const options = { sequence, direction: "clientToServer", disableDefaultResponse: true } as const;
    const payload = encodeGeneral(
      target.cluster,
      READ_ATTRIBUTES,
      { attributeIds: [...attributeIds] },
      options,
    );
    this.#sender.post({ ...target, payload }, (outcome) => {
      if (outcome !== "delivered") this.#settle(sequence, undefined);
    });
  }

  /** A general command from a server: true for the answer to a read, or an error instead of it. */
  answer(message: ApsMessage, frame: ZclFrame): boolean {
    const target = this.#asked.get(frame.sequence)?.target;
    if (target?.nodeId !== message.nodeId || target.cluster !== message.cluster) return false;
    const refused = frame.name === "DefaultResponse" && frame.fields.commandId === READ_ATTRIBUTES;
    if (frame.name !== "ReadAttributesResponse" && !refused) return false;
    this.#settle(frame.sequence, refused ? new Map() : valuesOf(frame));
    return true;
  }

  clear(): void {
    for (const sequence of [...this.#asked.keys()]) this.#settle(sequence, undefined);
  }

  #settle(sequence: number, outcome: ReadOutcome): void {
    const asked = this.#asked.get(sequence);
    if (asked === undefined) return;
    this.#asked.delete(sequence);
    asked.timer.cancel();
    asked.done(outcome);
  }
}

function valuesOf({ fields }: ZclFrame): ReadonlyMap<number, ZclValue> {
  const values = new Map<number, ZclValue>();
  const records = Array.isArray(fields.records) ? fields.records : [];
  for (const record of records)
    if (typeof record === "object" && record !== null && "value" in record)
      values.set(Number(record.attributeId), record.value);
  return values;
}
