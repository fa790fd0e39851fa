/**
 * Sending one APS message as blocks (Zigbee PRO 2.2.8.4.5). EmberZNet leaves this to the host: each block is a
 * unicast of its own, answered by one messageSent. A message of one block takes the same way.
 *
 * Pure: the caller sends, keeps the time and tells what happened.
 */
export interface FragmentOutSettings {
  /** Blocks outstanding at once; FRAGMENT_WINDOW_SIZE of the coordinator, 1 on stock sticks, 8 at most. */
  window: number;
  /** How often one block is sent again after the coordinator's own APS retries are used up. */
  blockRetries: number;
}

export interface FragmentOut {
  readonly total: number;
  readonly settings: FragmentOutSettings;
  /** First block of the present window. */
  readonly base: number;
  /** Blocks of the present window which are acknowledged, and those in flight. */
  readonly acknowledged: readonly number[];
  readonly inFlight: readonly number[];
  /** Retries used by each block of the present window. */
  readonly retries: Readonly<Record<number, number>>;
  readonly result: "open" | "delivered" | "failed";
}

export type FragmentOutInput =
  /** The coordinator's messageSent for this block, or the lack of one for too long (`delivered` false). */
  { type: "sent"; block: number; delivered: boolean } | { type: "abort" };

export type FragmentOutEffect = { type: "send"; block: number } | { type: "done"; delivered: boolean };

type Step = [FragmentOut, FragmentOutEffect[]];

/** The blocks of a payload; an empty payload is one empty block. `size` in octets. */
export function splitBlocks(payload: Uint8Array, size: number): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += size) blocks.push(payload.subarray(at, at + size));
  return blocks;
}

/** The group field of block `block` in an EZSP APS frame: low octet the index, high octet the count. */
export function fragmentGroup(block: number, total: number): number {
  return (total << 8) | block;
}

export function startFragmentOut(total: number, settings: FragmentOutSettings): Step {
  return openWindow({
    total,
    settings,
    base: 0,
    acknowledged: [],
    inFlight: [],
    retries: {},
    result: "open",
  });
}

/**
 * The sends must be carried out one after the other: the coordinator gives the APS counter, which all blocks
 * share, in its answer to block 0.
 */
function openWindow(state: FragmentOut): Step {
  const end = Math.min(state.total, state.base + state.settings.window);
  const inFlight = Array.from({ length: end - state.base }, (_, i) => state.base + i);
  return [
    { ...state, acknowledged: [], inFlight, retries: {} },
    inFlight.map((block) => ({ type: "send", block })),
  ];
}

export function fragmentOut(state: FragmentOut, input: FragmentOutInput): Step {
  if (state.result !== "open") return [state, []];
  if (input.type === "abort") return finish(state, false);
  if (!state.inFlight.includes(input.block)) return [state, []];
  return input.delivered ? acknowledge(state, input.block) : repeat(state, input.block);
}

function acknowledge(state: FragmentOut, block: number): Step {
  const next: FragmentOut = {
    ...state,
    acknowledged: [...state.acknowledged, block],
    inFlight: state.inFlight.filter((other) => other !== block),
  };
  if (next.inFlight.length > 0) return [next, []];
  const base = next.base + next.acknowledged.length;
  return base >= next.total ? finish(next, true) : openWindow({ ...next, base });
}

function repeat(state: FragmentOut, block: number): Step {
  const used = state.retries[block] ?? 0;
  // A message of one block has had its APS retries; sent again it would have a new APS counter and could arrive twice.
  if (state.total === 1 || used >= state.settings.blockRetries) return finish(state, false);
  return [{ ...state, retries: { ...state.retries, [block]: used + 1 } }, [{ type: "send", block }]];
}

function finish(state: FragmentOut, delivered: boolean): Step {
  return [
    { ...state, inFlight: [], result: delivered ? "delivered" : "failed" },
    [{ type: "done", delivered }],
  ];
}
