import { HanwayError } from "./error.ts";
import { Eui64 } from "./eui64.ts";
import { InstallCode } from "./install-code.ts";

/** What a device's label says. */
export interface Label {
  readonly eui64: Eui64;
  readonly installCode: InstallCode;
}

const EUI64 = "((?:[0-9a-f]{2}[:-]?){7}[0-9a-f]{2})";
const CODE = "([0-9a-f][0-9a-f\\s-]*[0-9a-f])";

/** The forms that installers meet; each names the EUI-64 and the install code with its CRC, case not mattering. */
const FORMS: readonly RegExp[] = [
  // Zigbee QR code: Z:…$I:…, other fields between and behind.
  new RegExp(`(?:^|\\$)Z:${EUI64}(?:\\$.*)?\\$I:${CODE}(?:\\$|%|$)`, "i"),
  // The same with the fields the other way round.
  new RegExp(`(?:^|\\$)I:${CODE}\\$(?:.*\\$)?Z:${EUI64}(?:\\$|%|$)`, "i"),
  // Two fields with a separator.
  new RegExp(`^\\s*${EUI64}\\s*[|;,]\\s*${CODE}\\s*$`, "i"),
  // Printed words in front of each.
  new RegExp(
    `(?:EUI-?64|IEEE|MAC)[^0-9a-f]*?${EUI64}.*?(?:install(?:ation)?\\s*code|IC|code)\\s*[:=]?\\s*${CODE}\\s*$`,
    "is",
  ),
  // The same without words.
  new RegExp(`^\\s*${EUI64}\\s+${CODE}\\s*$`, "i"),
];

/** Which form has the install code first. */
const CODE_FIRST = 1;

/**
 * Reads a label's text or the content of its QR code. The install code's CRC must be right, as everywhere. Throws
 * `decode/value`, `decode/length` or `decode/checksum`; the text itself is in no message.
 */
export function parseLabel(text: string): Label {
  for (const [i, form] of FORMS.entries()) {
    const match = form.exec(text);
    if (match === null) continue;
    const [, first = "", second = ""] = match;
    const [eui64, code] = i === CODE_FIRST ? [second, first] : [first, second];
    return { eui64: Eui64(eui64.replace(/[:-]/g, "")), installCode: InstallCode(code) };
  }
  throw new HanwayError(
    "decode/value",
    "no EUI-64 and install code in it; give both as two words, or the text of the QR code",
    { field: "label" },
  );
}
