import { concatBytes } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { readAddress } from "../address.ts";
import { refusalError } from "../envelope/decode.ts";
import { type GbtBlock, sameTransfer, type TransferHeader } from "./block.ts";
import type { GbtSettings } from "./settings.ts";

/** The header of the blocks of a message, from its own Grouping Header. Throws `decode/*` where it has none. */
export function transferHeader(message: Uint8Array): TransferHeader {
  const address = readAddress(message);
  if ("refused" in address) throw refusalError(address);
  if (address.form !== "message")
    throw new HanwayError("decode/value", "a block, not a whole message", { field: "message", offset: 1 });
  const { cra, counter, originator, target, messageCode } = address;
  return { cra, counter, originator, target, messageCode };
}

/**
 * All blocks of a whole message (with MAC header and MAC), in order. The data are views into it. Throws `decode/*` for
 * what is no message and `decode/size` for one that is too large for the settings.
 */
export function splitMessage(message: Uint8Array, settings: GbtSettings): GbtBlock[] {
  const header = transferHeader(message);
  const count = Math.ceil(message.length / settings.blockOctets);
  if (count > settings.maxBlocks || message.length > settings.maxMessageOctets)
    throw new HanwayError("decode/size", `${count} blocks of ${settings.blockOctets} octets`, {
      field: "message",
    });
  const blocks: GbtBlock[] = [];
  for (let i = 0; i < count; i++) {
    const last = i === count - 1;
    blocks.push({
      ...header,
      securityControl: settings.securityControl,
      invocationCounter: settings.invocationCounter,
      last,
      streaming: !last && (i + 1) % settings.window !== 0,
      window: settings.window,
      number: i + 1,
      confirmed: 0,
      data: message.subarray(i * settings.blockOctets, (i + 1) * settings.blockOctets),
    });
  }
  return blocks;
}

/**
 * The message of a complete set of blocks in any order, duplicates allowed. Throws `decode/value` when blocks are
 * missing, belong to several messages, or do not carry the message that their header names.
 */
export function joinBlocks(blocks: readonly GbtBlock[]): Uint8Array {
  const ordered = [...blocks].sort((a, b) => a.number - b.number);
  const distinct = ordered.filter((block, i) => block.number !== ordered[i - 1]?.number);
  const final = distinct.at(-1);
  if (!final?.last || final.number !== distinct.length || distinct[0]?.number !== 1)
    throw new HanwayError("decode/value", "blocks are missing", { field: "blocks" });
  if (distinct.some((block) => block.last !== (block === final) || !sameTransfer(block, final)))
    throw new HanwayError("decode/value", "blocks of several messages", { field: "blocks" });
  const message = concatBytes(...distinct.map((block) => block.data));
  if (!carries(message, final))
    throw new HanwayError("decode/value", "not the message that the blocks name", { field: "message" });
  return message;
}

/** Whether a message is the one that a header names. */
export function carries(message: Uint8Array, header: TransferHeader): boolean {
  const address = readAddress(message);
  if ("refused" in address || address.form !== "message") return false;
  return (
    sameTransfer(address, header) &&
    address.originator === header.originator &&
    address.target === header.target
  );
}
