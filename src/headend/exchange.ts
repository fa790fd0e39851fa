import { equalBytes } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { MessageId } from "../base/wan-topic.ts";
import { readAddress } from "../gbcs/address.ts";
import {
  decodeBlock,
  encodeBlock,
  type GbtBlock,
  type GbtSettings,
  newReceiver,
  newSender,
  type ReceiverState,
  receiver,
  type SenderState,
  sender,
} from "../gbcs/gbt/index.ts";
import type { BuiltCommand } from "./command.ts";
import { type Answer, belongsTo, judgeResponse } from "./judge.ts";
import type { Receipt, Upward } from "./link.ts";
import type { PartyStore } from "./party-store.ts";

/** How an exchange ended. */
export type Outcome =
  | { readonly result: "answered"; readonly answer: Answer }
  /** The hub did not deliver it, and says why. */
  | { readonly result: "refused"; readonly reason: string }
  /** `stage` is the last that the hub reported, where it reported any. */
  | { readonly result: "no-answer"; readonly stage: string | undefined }
  | { readonly result: "not-authentic"; readonly reason: string }
  | { readonly result: "second-response"; readonly answer: Answer; readonly same: boolean }
  | { readonly result: "wrong-device"; readonly device: Eui64 }
  | { readonly result: "unreadable"; readonly reason: string };

/** One Command on its way and back. */
export interface ExchangeState {
  readonly phase: "waiting" | "answered" | "over";
  readonly command: BuiltCommand;
  /** Ids under which parts of it went out. */
  readonly ids: ReadonlySet<MessageId>;
  readonly stage: string | undefined;
  readonly answer: Answer | undefined;
  /** Numbers of messages that have been dealt with, to know those that the broker delivers twice. */
  readonly seen: ReadonlySet<number>;
  /** The transfer of a Command that is too large for one message. */
  readonly sending: SenderState | undefined;
  /** The transfer of a Response that comes in blocks. */
  readonly receiving: ReceiverState | undefined;
}

export type ExchangeInput =
  | { readonly type: "start" }
  | { readonly type: "published"; readonly id: MessageId }
  | { readonly type: "receipt"; readonly receipt: Receipt }
  | { readonly type: "up"; readonly message: Upward }
  | { readonly type: "timeout" }
  /** The time in which a second Response would come is over. */
  | { readonly type: "lingered" }
  | { readonly type: "block-timeout"; readonly end: "sending" | "receiving" };

export type ExchangeEffect =
  | { readonly type: "publish"; readonly payload: Uint8Array }
  | { readonly type: "stage"; readonly stage: string }
  | { readonly type: "linger" }
  | { readonly type: "block-timer"; readonly end: "sending" | "receiving"; readonly ms: number }
  | { readonly type: "end"; readonly outcome: Outcome };

/** What an exchange needs to know besides its Command. */
export interface ExchangeContext {
  readonly parties: PartyStore;
  readonly gbt: GbtSettings;
  /** Octets that the device takes in one message; undefined for no limit. */
  readonly transferSize: number | undefined;
}

type Step = readonly [ExchangeState, readonly ExchangeEffect[]];

export function newExchange(command: BuiltCommand): ExchangeState {
  return {
    phase: "waiting",
    command,
    ids: new Set(),
    stage: undefined,
    answer: undefined,
    seen: new Set(),
    sending: undefined,
    receiving: undefined,
  };
}

/** One step of an exchange (GBCS 6.2 from the remote party's side, block transfer of 7.2.11 at both ends). */
export function exchange(state: ExchangeState, input: ExchangeInput, context: ExchangeContext): Step {
  if (state.phase === "over") return [state, []];
  switch (input.type) {
    case "start":
      return start(state, context);
    case "published":
      return [{ ...state, ids: new Set(state.ids).add(input.id) }, []];
    case "receipt":
      return receipt(state, input.receipt);
    case "up":
      return up(state, input.message, context);
    case "timeout":
      return state.phase === "answered"
        ? [state, []]
        : end(state, { result: "no-answer", stage: state.stage });
    case "lingered":
      return state.answer === undefined
        ? [state, []]
        : end(state, { result: "answered", answer: state.answer });
    case "block-timeout":
      return input.end === "sending"
        ? stepSending(state, { type: "timeout" }, context)
        : stepReceiving(state, { type: "timeout" }, context, 0);
  }
}

function start(state: ExchangeState, context: ExchangeContext): Step {
  const { message } = state.command;
  if (context.transferSize === undefined || message.length <= context.transferSize) {
    return [state, [{ type: "publish", payload: message }]];
  }
  return stepSending({ ...state, sending: newSender(message, context.gbt) }, { type: "start" }, context);
}

function receipt(state: ExchangeState, { id, stage, reason }: Receipt): Step {
  if (!state.ids.has(id) || state.phase !== "waiting") return [state, []];
  // A block that the broker delivered twice is no failure of the message.
  if (stage === "failed" && reason === "duplicate") return [state, []];
  if (stage === "failed" || stage === "expired")
    return end(state, { result: "refused", reason: reason ?? stage });
  if (stage === state.stage) return [state, []];
  return [{ ...state, stage }, [{ type: "stage", stage }]];
}

function up(state: ExchangeState, message: Upward, context: ExchangeContext): Step {
  const address = readAddress(message.payload);
  if ("refused" in address) return [state, []];
  if (address.form === "block") return block(state, message, context);
  switch (belongsTo(state.command, address, message.device)) {
    case "not-ours":
      return [state, []];
    case "other-device":
      return end(state, { result: "wrong-device", device: message.device });
    case "ours":
      return response(state, message.payload, message.seq, context);
  }
}

function response(state: ExchangeState, octets: Uint8Array, seq: number, context: ExchangeContext): Step {
  if (state.seen.has(seq)) return [state, []];
  const { answer } = state;
  if (answer !== undefined) {
    return end(state, { result: "second-response", answer, same: equalBytes(answer.octets, octets) });
  }
  const judged = judgeResponse(octets, state.command, context.parties);
  if (judged.is === "not-authentic") return end(state, { result: "not-authentic", reason: judged.reason });
  if (judged.is === "unreadable") return end(state, { result: "unreadable", reason: judged.reason });
  const seen = new Set(state.seen).add(seq);
  return [{ ...state, phase: "answered", answer: judged.answer, seen }, [{ type: "linger" }]];
}

function block(state: ExchangeState, message: Upward, context: ExchangeContext): Step {
  const decoded = readBlock(message.payload);
  const { command } = state;
  if (decoded === undefined || decoded.counter !== command.counter || message.device !== command.target)
    return [state, []];
  if (decoded.cra === 1) return stepSending(state, { type: "block", block: decoded }, context);
  if (belongsTo(command, { ...decoded, form: "block", ...BARE }, message.device) !== "ours")
    return [state, []];
  const receiving = state.receiving ?? newReceiver(decoded);
  return stepReceiving({ ...state, receiving }, { type: "block", block: decoded }, context, message.seq);
}

/** What a block's address has of a whole message's. */
const BARE = { hasMac: false, hasSignature: false, supplementaryRemoteParty: undefined } as const;

function readBlock(payload: Uint8Array): GbtBlock | undefined {
  try {
    return decodeBlock(payload);
  } catch (error) {
    if (error instanceof HanwayError) return undefined;
    throw error;
  }
}

function stepSending(
  state: ExchangeState,
  input: Parameters<typeof sender>[1],
  context: ExchangeContext,
): Step {
  if (state.sending === undefined) return [state, []];
  const [sending, effects] = sender(state.sending, input, context.gbt);
  const next = { ...state, sending };
  if (sending.phase === "failed") return end(next, { result: "no-answer", stage: state.stage });
  return [
    next,
    effects.map((effect) =>
      effect.type === "send"
        ? { type: "publish", payload: encodeBlock(effect.block) }
        : { type: "block-timer", end: "sending", ms: effect.ms },
    ),
  ];
}

function stepReceiving(
  state: ExchangeState,
  input: Parameters<typeof receiver>[1],
  context: ExchangeContext,
  seq: number,
): Step {
  if (state.receiving === undefined) return [state, []];
  const [receiving, effects] = receiver(state.receiving, input, context.gbt);
  let next: ExchangeState = { ...state, receiving };
  const out: ExchangeEffect[] = [];
  for (const effect of effects) {
    if (effect.type === "send") out.push({ type: "publish", payload: encodeBlock(effect.block) });
    else if (effect.type === "timer") out.push({ type: "block-timer", end: "receiving", ms: effect.ms });
    else {
      const [after, more] = response(next, effect.message, seq, context);
      next = after;
      out.push(...more);
    }
  }
  if (receiving.phase === "failed" && next.phase === "waiting")
    return end(next, {
      result: "unreadable",
      reason: `its blocks do not make a message: ${receiving.reason}`,
    });
  return [next, out];
}

function end(state: ExchangeState, outcome: Outcome): Step {
  return [{ ...state, phase: "over" }, [{ type: "end", outcome }]];
}
