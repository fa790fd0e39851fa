import { HanwayError } from "../base/error.ts";
import { decodeBlock, type GbtBlock, isBlock, joinBlocks } from "../gbcs/gbt/index.ts";

/** Transfers put together at a time; the oldest is forgotten first. */
const MAX_TRANSFERS = 64;
const MAX_BLOCKS = 4096;

/** Puts messages together from the blocks that pass by, for one who only listens and confirms nothing. */
export class BlockAssembly {
  readonly #transfers = new Map<string, GbtBlock[]>();

  /** A whole message: the one given, or the one that this block completes. Undefined while blocks are missing. */
  take(octets: Uint8Array): Uint8Array | undefined {
    if (!isBlock(octets)) return octets;
    const block = readBlock(octets);
    // A confirmation says nothing that a listener wants.
    if (block === undefined || block.data.length === 0) return undefined;
    const key = [block.cra, block.counter, block.originator, block.target, block.messageCode].join(" ");
    const blocks = [...(this.#transfers.get(key) ?? []), { ...block, data: block.data.slice() }];
    this.#transfers.delete(key);
    if (blocks.length > MAX_BLOCKS) return undefined;
    const message = joined(blocks);
    if (message !== undefined) return message;
    this.#transfers.set(key, blocks);
    const oldest = this.#transfers.keys().next().value;
    if (this.#transfers.size > MAX_TRANSFERS && oldest !== undefined) this.#transfers.delete(oldest);
    return undefined;
  }
}

function readBlock(octets: Uint8Array): GbtBlock | undefined {
  return attempt(() => decodeBlock(octets));
}

function joined(blocks: readonly GbtBlock[]): Uint8Array | undefined {
  const last = blocks.find((block) => block.last);
  if (last === undefined || blocks.length < last.number) return undefined;
  return attempt(() => joinBlocks(blocks));
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof HanwayError) return undefined;
    throw error;
  }
}
