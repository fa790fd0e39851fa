import * as v from "valibot";

/** Section [log]. */
export const LogSchema = v.optional(
  v.strictObject({
    level: v.optional(
      v.picklist(["debug", "info", "warn", "error"], "allowed are debug, info, warn, error"),
      "info",
    ),
  }),
  {},
);
