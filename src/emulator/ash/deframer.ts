import { MAX_CONTENT } from "./frame.ts";

/** Octets of the frame under way; at most one frame long, whatever the line brings. */
export interface DeframerState {
  readonly held: readonly number[];
  readonly escaped: boolean;
  /** Set by the substitute octet or by a frame that grows past the limit: the rest up to the flag is void. */
  readonly spoilt: boolean;
}

export const emptyDeframer: DeframerState = { held: [], escaped: false, spoilt: false };

/** What a stretch of octets contained: whole unstuffed frames (CRC not yet checked) and ruined ones. */
export type Deframed = { type: "frame"; bytes: Uint8Array } | { type: "spoilt" };

/**
 * Undoes flags and stuffing (UG101 section 4.2). Frames may be split over any number of reads and several may come
 * in one. XON and XOFF are flow control and never data; CANCEL drops what was before it without a complaint.
 */
export function deframe(state: DeframerState, input: Uint8Array): [DeframerState, Deframed[]] {
  let held = [...state.held];
  let { escaped, spoilt } = state;
  const found: Deframed[] = [];
  for (const octet of input) {
    switch (octet) {
      case 0x7e:
        if (spoilt) found.push({ type: "spoilt" });
        else if (held.length > 0) found.push({ type: "frame", bytes: Uint8Array.from(held) });
        held = [];
        escaped = false;
        spoilt = false;
        break;
      case 0x1a:
        held = [];
        escaped = false;
        spoilt = false;
        break;
      case 0x18:
        held = [];
        spoilt = true;
        break;
      case 0x7d:
        escaped = true;
        break;
      case 0x11:
      case 0x13:
        break;
      default:
        // 0xFF between frames only wakes a sleeping receiver.
        if (spoilt || (octet === 0xff && held.length === 0 && !escaped)) break;
        held.push(escaped ? octet ^ 0x20 : octet);
        escaped = false;
        if (held.length > MAX_CONTENT) {
          held = [];
          spoilt = true;
        }
    }
  }
  return [{ held, escaped, spoilt }, found];
}
