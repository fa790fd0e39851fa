/** One line of a modem, as 3GPP TS 27.007 and ITU-T V.250 tell them apart before one knows which command runs. */
export type ModemLine =
  | { readonly type: "empty" }
  | { readonly type: "prompt" }
  /** Cut, or with octets that no modem sends as text. */
  | { readonly type: "garbage" }
  | { readonly type: "ok" }
  /** `code` is the number of +CME ERROR or +CMS ERROR, where one stands there. */
  | { readonly type: "error"; readonly code: number | undefined; readonly words: string }
  /** A final result of a call, which may also come unasked. */
  | { readonly type: "call"; readonly words: string }
  | { readonly type: "text"; readonly text: string };

const CALL = new Set(["NO CARRIER", "NO DIALTONE", "NO DIAL TONE", "BUSY", "NO ANSWER"]);
const COMPLAINTS = new Set(["ERROR", "COMMAND NOT SUPPORT", "COMMAND NOT SUPPORTED"]);
const NUMBERED = /^\+CM[ES] ERROR:\s*(.*)$/;

/** Longest of a modem's own words that is kept of an error. */
const WORDS = 60;

export function readLine(raw: Uint8Array): ModemLine {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString("latin1").trim();
  if (text === "") return { type: "empty" };
  if (text === ">") return { type: "prompt" };
  if (/[^\x20-\x7e\t\r]/.test(text)) return { type: "garbage" };
  if (text === "OK") return { type: "ok" };
  if (COMPLAINTS.has(text)) return { type: "error", code: undefined, words: "refused" };
  const numbered = NUMBERED.exec(text);
  if (numbered !== null) return complaint(numbered[1] ?? "");
  if (CALL.has(text)) return { type: "call", words: text.toLowerCase() };
  return { type: "text", text };
}

function complaint(what: string): ModemLine {
  const code = /^\d{1,5}$/.test(what) ? Number(what) : undefined;
  const words = code === undefined ? what.slice(0, WORDS) : (CME_ERRORS[code] ?? `error ${code}`);
  return { type: "error", code: code ?? codeOfWords(what), words };
}

/** The numbers of 3GPP TS 27.007 clause 9.2 that mean something here. */
export const CME_ERRORS: Readonly<Record<number, string>> = {
  3: "operation not allowed",
  4: "operation not supported",
  10: "SIM not inserted",
  11: "SIM PIN required",
  12: "SIM PUK required",
  13: "SIM failure",
  14: "SIM busy",
  15: "SIM wrong",
  16: "incorrect password",
  30: "no network service",
  32: "network not allowed, emergency calls only",
};

function codeOfWords(what: string): number | undefined {
  const wanted = what.toLowerCase();
  const found = Object.entries(CME_ERRORS).find(([, words]) => words.toLowerCase() === wanted);
  return found === undefined ? undefined : Number(found[0]);
}
