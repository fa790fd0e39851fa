import * as v from "valibot";
import { HanwayError } from "../../base/error.ts";
import { wholeNumber } from "../schema.ts";

/** Key establishment (CBKE) with the devices of the HAN. */
export const SecuritySchema = v.optional(
  v.strictObject({
    /** `required` unless neither credentials nor a test authority are given; `off`: install codes alone. */
    cbke: v.optional(v.picklist(["required", "off"], "allowed are required, off")),
    /** The certificate authority's files for this hub's radio, one for each suite, or `zigbee.json` of a test PKI. */
    credentials: v.optional(
      v.array(v.pipe(v.string("text is needed"), v.minLength(1, "a path is needed")), "a list is needed"),
      [],
    ),
    /** Seed of the project's own authority, whose certificates emulated devices carry. For a desk only. */
    testAuthority: v.optional(wholeNumber(0, 0xffff_ffff)),
  }),
  {},
);

/** What no schema can say of the section. Throws `config/invalid`, `config/missing`. */
export function checkSecurity(security: v.InferOutput<typeof SecuritySchema>): void {
  const { cbke, credentials, testAuthority } = security;
  if (credentials.length > 0 && testAuthority !== undefined)
    throw new HanwayError("config/invalid", "it cannot be used together with security.credentials", {
      field: "security.testAuthority",
    });
  if (cbke === "required" && credentials.length === 0 && testAuthority === undefined)
    throw new HanwayError("config/missing", "key establishment needs the hub's certificates", {
      field: "security.credentials",
    });
}
