import { type GbtBlock, sameTransfer } from "./block.ts";
import type { GbtSettings } from "./settings.ts";
import { splitMessage } from "./split.ts";

/** The sending end of one block transfer. */
export type SenderState =
  | {
      readonly phase: "sending";
      readonly blocks: readonly GbtBlock[];
      /** Blocks that the other end has, from the first on. */
      readonly confirmed: number;
      /** Number of the last block sent since. */
      readonly sent: number;
      /** Blocks that may go out before a confirmation. */
      readonly window: number;
      readonly retries: number;
      /** Number and confirmed number of the last confirmation, to know its duplicate by. */
      readonly heard: readonly [number: number, confirmed: number] | undefined;
    }
  | { readonly phase: "sent" }
  | { readonly phase: "failed"; readonly reason: "no-answer" };

export type SenderInput =
  | { readonly type: "start" }
  | { readonly type: "block"; readonly block: GbtBlock }
  | { readonly type: "timeout" };

/** `timer` starts the one timer over; it is stopped when the phase is no longer `sending`. */
export type SenderEffect =
  | { readonly type: "send"; readonly block: GbtBlock }
  | { readonly type: "timer"; readonly ms: number };

type Step = readonly [SenderState, readonly SenderEffect[]];
type Sending = Extract<SenderState, { phase: "sending" }>;

/** The state before the first block goes out. Throws as {@link splitMessage}. */
export function newSender(message: Uint8Array, settings: GbtSettings): SenderState {
  const blocks = splitMessage(message, settings);
  const { window } = settings;
  return { phase: "sending", blocks, confirmed: 0, sent: 0, window, retries: 0, heard: undefined };
}

/**
 * One step of the sending end: windows of blocks, each confirmed by the number up to which none is missing; what
 * comes after that number is sent again. Blocks that are no confirmation of this transfer change nothing.
 */
export function sender(state: SenderState, input: SenderInput, settings: GbtSettings): Step {
  if (state.phase !== "sending") return [state, []];
  if (input.type === "start") return sendWindow(state, settings);
  if (input.type === "timeout") return again(state, settings);
  return confirmation(state, input.block, settings);
}

function confirmation(state: Sending, block: GbtBlock, settings: GbtSettings): Step {
  const { blocks, confirmed, sent, heard } = state;
  const [first] = blocks;
  if (first === undefined || !sameTransfer(first, block)) return [state, []];
  if (block.confirmed < confirmed || block.confirmed > sent) return [state, []];
  if (heard?.[0] === block.number && heard[1] === block.confirmed) return [state, []];
  if (block.confirmed === blocks.length) return [{ phase: "sent" }, []];
  const next: Sending = {
    ...state,
    heard: [block.number, block.confirmed],
    window: Math.max(1, Math.min(settings.window, block.window)),
  };
  if (block.confirmed === confirmed) return again(next, settings);
  return sendWindow({ ...next, confirmed: block.confirmed, retries: 0 }, settings);
}

function again(state: Sending, settings: GbtSettings): Step {
  if (state.retries >= settings.maxRetries) return [{ phase: "failed", reason: "no-answer" }, []];
  return sendWindow({ ...state, retries: state.retries + 1 }, settings);
}

function sendWindow(state: Sending, settings: GbtSettings): Step {
  const { blocks, confirmed, window } = state;
  const outgoing = blocks.slice(confirmed, confirmed + window);
  const effects: SenderEffect[] = outgoing.map((block, i) => ({
    type: "send",
    block: { ...block, streaming: i < outgoing.length - 1 },
  }));
  effects.push({ type: "timer", ms: settings.timeoutMs });
  return [{ ...state, sent: Math.max(state.sent, confirmed + outgoing.length) }, effects];
}
