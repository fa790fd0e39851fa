import { concatBytes } from "../../base/bytes.ts";

/**
 * Joining incoming blocks (Zigbee PRO 2.2.8.4.5). EmberZNet hands every block up and expects one sendReply for
 * each window, with the window's bitmap in the group field; without it the sender repeats, and at last gives up.
 *
 * Pure: time comes in, replies and finished messages go out. Bounded: so many open messages altogether and for
 * each sender, so many octets each; what is above is not acknowledged, and the sender comes again.
 */
export interface FragmentInSettings {
  /** FRAGMENT_WINDOW_SIZE of the coordinator and of the senders; 1 on stock sticks, 8 at most. */
  window: number;
  /** Largest message, in octets. */
  maxOctets: number;
  maxOpen: number;
  maxOpenPerSender: number;
  /** An open message without a new block for so long is forgotten. */
  blockTimeoutMs: number;
  /** How long a finished message answers repeated blocks (its last acknowledgement may have been lost). */
  finishedMs: number;
}

export interface FragmentBlock {
  nodeId: number;
  profile: number;
  cluster: number;
  sourceEndpoint: number;
  destinationEndpoint: number;
  secured: boolean;
  apsCounter: number;
  /** As EZSP gives it: low octet the block's index, high octet the number of blocks (valid in block 0). */
  group: number;
  payload: Uint8Array;
}

interface Reassembly {
  readonly first: Omit<FragmentBlock, "group" | "payload">;
  readonly total: number | undefined;
  readonly blocks: readonly (Uint8Array | undefined)[];
  readonly octets: number;
  readonly finished: boolean;
  /** Digest of each block of a finished message, whose octets are given away. */
  readonly digests: readonly number[];
  readonly until: number;
}

export type FragmentIn = ReadonlyMap<string, Reassembly>;

export type FragmentInEffect =
  /** Acknowledge: sendReply with the block's own APS frame and this group (bitmap in the high octet, window base low). */
  | { type: "reply"; group: number }
  | { type: "deliver"; payload: Uint8Array }
  | { type: "drop"; reason: "full" | "too-large" | "no-start" | "mismatch" | "bad-index" };

export const NO_FRAGMENTS: FragmentIn = new Map();

type Step = [FragmentIn, FragmentInEffect[]];

/** Takes one block at `now` (elapsed milliseconds). */
export function fragmentIn(
  before: FragmentIn,
  block: FragmentBlock,
  now: number,
  settings: FragmentInSettings,
): Step {
  const state = expireFragments(before, now);
  const key = `${block.nodeId}/${block.apsCounter}`;
  const index = block.group & 0xff;
  const known = sameBlock(state.get(key), index, block.payload);
  const drop = (reason: (FragmentInEffect & { type: "drop" })["reason"]): Step => [
    state,
    [{ type: "drop", reason }],
  ];

  if (known === undefined) {
    // An acknowledged middle of a message whose start is unknown would make the sender believe in a delivery.
    if (index >= settings.window) return drop("no-start");
    if (open(state) >= settings.maxOpen || open(state, block.nodeId) >= settings.maxOpenPerSender)
      return drop("full");
  } else if (!sameMessage(known.first, block)) return drop("mismatch");

  const total = index === 0 ? block.group >> 8 : known?.total;
  if (known?.total !== undefined && total !== known.total) return drop("mismatch");
  if (total === 0 || (total !== undefined && index >= total)) return drop("bad-index");
  if (total !== undefined && known?.blocks.slice(total).some((other) => other !== undefined))
    return drop("bad-index");
  if (known?.finished) return [state, replies(known.blocks, known.total, index, settings.window)];

  const blocks = known ? [...known.blocks] : [];
  const repeated = blocks[index] !== undefined;
  const octets = (known?.octets ?? 0) + (repeated ? 0 : block.payload.length);
  if (octets > settings.maxOctets) {
    const without = new Map(state);
    without.delete(key);
    return [without, [{ type: "drop", reason: "too-large" }]];
  }
  if (!repeated) blocks[index] = block.payload;

  const complete = total !== undefined && present(blocks, 0, total);
  const next: Reassembly = {
    first: known?.first ?? identity(block),
    total,
    blocks: complete ? blocks.map(() => EMPTY) : blocks,
    octets: complete ? 0 : octets,
    finished: complete,
    digests: complete ? blocks.map((octets) => digest(octets ?? EMPTY)) : [],
    until: now + (complete ? settings.finishedMs : settings.blockTimeoutMs),
  };
  const effects = replies(blocks, total, index, settings.window);
  if (complete) effects.push({ type: "deliver", payload: concatBytes(...blocks.map((b) => b ?? EMPTY)) });
  return [new Map(state).set(key, next), effects];
}

/** Forgets what is older than its time; the same map when nothing is. */
export function expireFragments(state: FragmentIn, now: number): FragmentIn {
  const late = [...state].filter(([, entry]) => entry.until <= now);
  if (late.length === 0) return state;
  const next = new Map(state);
  for (const [key] of late) next.delete(key);
  return next;
}

const EMPTY = new Uint8Array(0);

function identity(block: FragmentBlock): Reassembly["first"] {
  const { nodeId, profile, cluster, sourceEndpoint, destinationEndpoint, secured, apsCounter } = block;
  return { nodeId, profile, cluster, sourceEndpoint, destinationEndpoint, secured, apsCounter };
}

/**
 * The entry, unless it is finished and this block is not one of its own: the APS counter has 8 bits, and a sender that
 * is busy uses it again for another message while the old one is still remembered.
 */
function sameBlock(
  known: Reassembly | undefined,
  index: number,
  payload: Uint8Array,
): Reassembly | undefined {
  return known?.finished && known.digests[index] !== digest(payload) ? undefined : known;
}

/** FNV-1a, 32 bits: enough to tell a repeated block from another message's, and no guard against anybody. */
function digest(octets: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const octet of octets) hash = Math.imul(hash ^ octet, 0x01000193);
  return hash >>> 0;
}

/** Every block must have the first one's addressing and security: a block in clear never joins a secured message. */
function sameMessage(first: Reassembly["first"], block: FragmentBlock): boolean {
  return (
    first.profile === block.profile &&
    first.cluster === block.cluster &&
    first.sourceEndpoint === block.sourceEndpoint &&
    first.destinationEndpoint === block.destinationEndpoint &&
    first.secured === block.secured
  );
}

function open(state: FragmentIn, nodeId?: number): number {
  let count = 0;
  for (const entry of state.values())
    if (!entry.finished && (nodeId === undefined || entry.first.nodeId === nodeId)) count++;
  return count;
}

function present(blocks: readonly (Uint8Array | undefined)[], from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (blocks[at] === undefined) return false;
  return true;
}

/** One reply when the window is complete or when the sender, at its last block, waits for the bitmap. */
function replies(
  blocks: readonly (Uint8Array | undefined)[],
  total: number | undefined,
  index: number,
  window: number,
): FragmentInEffect[] {
  const base = index - (index % window);
  const end = Math.min(base + window, total ?? Number.POSITIVE_INFINITY);
  let bitmap = 0xff;
  for (let bit = 0; bit < window; bit++)
    if (base + bit < end && blocks[base + bit] === undefined) bitmap &= ~(1 << bit);
  const lastOfWindow = index === end - 1;
  return bitmap === 0xff || lastOfWindow ? [{ type: "reply", group: (bitmap << 8) | base }] : [];
}
