import * as v from "valibot";

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
