import { type Eui64, eui64FromBytes } from "../base/eui64.ts";
import {
  COUNTER_AT,
  MAX_MESSAGE,
  ORIGINATOR_AT,
  packedLength,
  type Refusal,
  readLayout,
  readParties,
  TARGET_AT,
} from "./envelope/layout.ts";

/** What is written on the outside of a message: enough to route it, nothing that needs a key or a payload codec. */
export interface Address {
  /** A whole message, or one block of a large one (General Block Transfer). */
  readonly form: "message" | "block";
  /** Whether a MAC header is there. A block has none of its own. */
  readonly hasMac: boolean;
  readonly hasSignature: boolean;
  /** CRA flag: 1 Command, 2 Response, 3 Alert. */
  readonly cra: 1 | 2 | 3;
  /** Originator Counter, 64 bits. */
  readonly counter: bigint;
  /** Business Originator ID. */
  readonly originator: Eui64;
  /** Business Target ID. */
  readonly target: Eui64;
  readonly messageCode: number;
  /** Supplementary Remote Party ID, where the message is on behalf of a party that the device does not know. */
  readonly supplementaryRemoteParty: Eui64 | undefined;
}

/**
 * Reads the outer layers of a message or of a General Block Transfer block (GBCS 7.2): parties, counter, message code.
 *
 * Every length is checked up to the last octet, the payload is not looked at. Never throws: octets that are not GBCS
 * come back as a {@link Refusal} with the reason, the field and the offset. Costs no more than the two EUI-64 strings.
 */
export function readAddress(message: Uint8Array): Address | Refusal {
  if (message[0] === 0xdd && message[1] === 0x09) return readBlockAddress(message);
  const layout = readLayout(message);
  if ("refused" in layout) return layout;
  const supplementary = layout.otherInfoEnd - layout.otherInfo >= 10;
  return {
    form: "message",
    hasMac: layout.hasMac,
    hasSignature: layout.signature === "present",
    cra: layout.cra,
    counter: counterAt(message, layout.grouping + COUNTER_AT),
    originator: eui64FromBytes(message, layout.grouping + ORIGINATOR_AT),
    target: eui64FromBytes(message, layout.grouping + TARGET_AT),
    messageCode: codeAt(message, layout.otherInfo),
    supplementaryRemoteParty: supplementary ? eui64FromBytes(message, layout.otherInfo + 2) : undefined,
  };
}

/** Offset of the length of what follows the fixed header of a block, from its tag `DD`. */
const BLOCK_DATE_TIME_AT = 29;

/** One block (GBCS 7.2.11): `DD`, transaction id and parties, no date-time, the message code, no key-info, a length. */
function readBlockAddress(block: Uint8Array): Address | Refusal {
  const end = block.length;
  if (end > MAX_MESSAGE) return { refused: "decode/size", field: "block", offset: MAX_MESSAGE };
  const misplaced = readParties(block, 0, end);
  if (misplaced !== undefined) return misplaced;
  const cra = block[2];
  if (cra !== 1 && cra !== 2 && cra !== 3) return { refused: "decode/value", field: "cra", offset: 2 };
  const at = BLOCK_DATE_TIME_AT;
  if (at + 5 > end) return { refused: "decode/truncated", field: "otherInformation", offset: end };
  if (block[at] !== 0) return { refused: "decode/length", field: "dateTime", offset: at };
  if (block[at + 1] !== 2) return { refused: "decode/length", field: "otherInformation", offset: at + 1 };
  if (block[at + 4] !== 0) return { refused: "decode/value", field: "keyInfo", offset: at + 4 };
  const packed = packedLength(block, at + 5, end);
  if (packed < 0) return { refused: "decode/length", field: "block.length", offset: at + 5 };
  const blockEnd = at + 5 + (packed & 7) + (packed >> 3);
  if (blockEnd > end) return { refused: "decode/truncated", field: "block.length", offset: at + 5 };
  if (blockEnd < end) return { refused: "decode/trailing", field: "block", offset: blockEnd };
  return {
    form: "block",
    hasMac: false,
    hasSignature: false,
    cra,
    counter: counterAt(block, COUNTER_AT),
    originator: eui64FromBytes(block, ORIGINATOR_AT),
    target: eui64FromBytes(block, TARGET_AT),
    messageCode: codeAt(block, at + 2),
    supplementaryRemoteParty: undefined,
  };
}

function codeAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function counterAt(bytes: Uint8Array, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, false);
}
