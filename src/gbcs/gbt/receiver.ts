import { concatBytes } from "../../base/bytes.ts";
import { type GbtBlock, sameTransfer, type TransferHeader } from "./block.ts";
import type { GbtSettings } from "./settings.ts";
import { carries } from "./split.ts";

export type ReceiveFailure =
  /** The other end fell silent. */
  | "no-answer"
  /** More blocks or octets than the settings allow. */
  | "too-large"
  /** A block after the last one, or two last ones. */
  | "inconsistent"
  /** What the blocks carry is not the message that their header names. */
  | "not-the-message";

/** The receiving end of one block transfer. It holds at most `maxMessageOctets` of data. */
export type ReceiverState =
  | {
      readonly phase: "receiving";
      readonly header: TransferHeader;
      /** Data by block number. */
      readonly parts: ReadonlyMap<number, Uint8Array>;
      readonly octets: number;
      /** The number up to which no block is missing. */
      readonly complete: number;
      /** Number of the last block, once it has come. */
      readonly last: number | undefined;
      /** Number of the last confirmation. It goes up only when that said something new: see {@link receiver}. */
      readonly confirmations: number;
      /** Whether blocks have come in since the last confirmation. */
      readonly news: boolean;
      readonly retries: number;
    }
  /** Kept for a while, so that a sender whose confirmation was lost hears it again. */
  | {
      readonly phase: "received";
      readonly header: TransferHeader;
      readonly last: number;
      readonly confirmations: number;
    }
  | { readonly phase: "failed"; readonly reason: ReceiveFailure };

export type ReceiverInput =
  | { readonly type: "block"; readonly block: GbtBlock }
  | { readonly type: "timeout" };

/** `timer` starts the one timer over; it is stopped when the phase is no longer `receiving`. */
export type ReceiverEffect =
  | { readonly type: "send"; readonly block: GbtBlock }
  | { readonly type: "deliver"; readonly message: Uint8Array }
  | { readonly type: "timer"; readonly ms: number };

type Step = readonly [ReceiverState, readonly ReceiverEffect[]];
type Receiving = Extract<ReceiverState, { phase: "receiving" }>;

/** The state before the first block, which may be any block of the message, has been taken. */
export function newReceiver(block: TransferHeader): ReceiverState {
  const { cra, counter, originator, target, messageCode } = block;
  const header = { cra, counter, originator, target, messageCode };
  const none = {
    parts: new Map(),
    octets: 0,
    complete: 0,
    last: undefined,
    confirmations: 0,
    news: true,
    retries: 0,
  };
  return { phase: "receiving", header, ...none };
}

/**
 * One step of the receiving end. Blocks may come in any order and more than once; the confirmation after each window
 * names the number up to which none is missing, which asks for what is lost. Blocks of another transfer change
 * nothing. Each block's data is copied. A block that comes twice is confirmed twice under one number: the sender must
 * not take the second confirmation for a request to send the window again.
 */
export function receiver(state: ReceiverState, input: ReceiverInput, settings: GbtSettings): Step {
  if (state.phase === "failed") return [state, []];
  if (input.type === "timeout") {
    if (state.phase === "received") return [state, []];
    if (state.retries >= settings.maxRetries) return [{ phase: "failed", reason: "no-answer" }, []];
    return confirm({ ...state, news: true, retries: state.retries + 1 }, settings);
  }
  const { block } = input;
  if (!sameTransfer(state.header, block) || block.originator !== state.header.originator) return [state, []];
  if (state.phase === "receiving") return take(state, block, settings);
  if (block.streaming) return [state, []];
  return [state, [confirmation(state.header, state.confirmations, state.last, settings)]];
}

function take(state: Receiving, block: GbtBlock, settings: GbtSettings): Step {
  const { number, data } = block;
  const last = block.last ? number : state.last;
  if (number === 0 || number > settings.maxBlocks) return failed("too-large");
  if (state.last !== undefined && (number > state.last || last !== state.last)) return failed("inconsistent");
  if (block.last && [...state.parts.keys()].some((other) => other > number)) return failed("inconsistent");
  if (state.parts.has(number)) return answer(state, block, settings);
  const octets = state.octets + data.length;
  if (octets > settings.maxMessageOctets) return failed("too-large");
  const parts = new Map(state.parts).set(number, data.slice());
  let complete = state.complete;
  while (parts.has(complete + 1)) complete++;
  return answer({ ...state, parts, octets, complete, last, news: true, retries: 0 }, block, settings);
}

function answer(state: Receiving, block: GbtBlock, settings: GbtSettings): Step {
  if (state.complete === state.last) return deliver(state, state.last, settings);
  if (!block.streaming) return confirm(state, settings);
  return [state, [{ type: "timer", ms: settings.timeoutMs }]];
}

function confirm(state: Receiving, settings: GbtSettings): Step {
  const confirmations = state.confirmations + (state.news ? 1 : 0);
  return [
    { ...state, confirmations, news: false },
    [
      confirmation(state.header, confirmations, state.complete, settings),
      { type: "timer", ms: settings.timeoutMs },
    ],
  ];
}

function deliver(state: Receiving, last: number, settings: GbtSettings): Step {
  const { header } = state;
  const ordered = Array.from({ length: last }, (_, i) => state.parts.get(i + 1) ?? new Uint8Array(0));
  const message = concatBytes(...ordered);
  if (!carries(message, header)) return failed("not-the-message");
  const confirmations = state.confirmations + 1;
  return [
    { phase: "received", header, last, confirmations },
    [confirmation(header, confirmations, last, settings), { type: "deliver", message }],
  ];
}

function failed(reason: ReceiveFailure): Step {
  return [{ phase: "failed", reason }, []];
}

/** A block without data. It is the last of its kind so far, numbered on so that a duplicate can be told. */
function confirmation(
  header: TransferHeader,
  number: number,
  confirmed: number,
  settings: GbtSettings,
): ReceiverEffect {
  const swapped = settings.confirmationParties === "swapped";
  const block: GbtBlock = {
    ...header,
    originator: swapped ? header.target : header.originator,
    target: swapped ? header.originator : header.target,
    securityControl: settings.securityControl,
    invocationCounter: settings.invocationCounter,
    last: true,
    streaming: false,
    window: settings.window,
    number: number & 0xffff,
    confirmed,
    data: new Uint8Array(0),
  };
  return { type: "send", block };
}
