import * as v from "valibot";
import { fromHex } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { Eui64 } from "../base/eui64.ts";

/** Pieces that the sections of the settings file share. */
export function wholeNumber(least: number, most: number) {
  const message = `a whole number from ${least} to ${most} is needed`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
}

export const path = v.pipe(v.string("text is needed"), v.minLength(1, "a path is needed"));

/** A regular expression, as text; `m` is on, so that ^ and $ are the ends of a line. */
export const pattern = v.pipe(
  v.string("text is needed"),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return new RegExp(dataset.value, "m");
    } catch {
      addIssue({ message: "it is no regular expression" });
      return NEVER;
    }
  }),
);

export const filePath = v.pipe(v.string("text is needed"), v.minLength(1, "the path of a file is needed"));

/** A text that one of our own parsers turns into a branded value; its sentence becomes the setting's. */
export function parsedBy<T>(parse: (text: string) => T) {
  return v.pipe(
    v.string("text is needed"),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return parse(dataset.value);
      } catch (error) {
        addIssue({ message: error instanceof HanwayError ? error.message : "not understood" });
        return NEVER;
      }
    }),
  );
}

export const eui64 = parsedBy((text) => Eui64(text));

/** So many octets in hex. */
export function octets(count: number) {
  return parsedBy((text) => {
    if (!new RegExp(`^[0-9a-fA-F]{${count * 2}}$`).test(text))
      throw new HanwayError("config/invalid", `${count * 2} hex digits are needed`);
    return fromHex(text);
  });
}

/** A serial device, or a socket that stands for one. */
export const portUrl = v.pipe(
  v.string("text is needed"),
  v.regex(
    /^(?:tcp:\/\/(?:\[[0-9a-fA-F:]+\]|[^\s/:]+):\d{1,5}|\/\S+)$/,
    'allowed are "tcp://host:port" and the path of a serial device such as "/dev/ttyUSB0"',
  ),
);
