import * as v from "valibot";
import { DEVICE_TYPES } from "../../base/device-type.ts";
import { InstallCode } from "../../base/install-code.ts";
import { eui64, parsedBy, wholeNumber } from "../schema.ts";

/** The [[device]] sections. */
export const DeviceSchema = v.optional(
  v.array(
    v.strictObject({
      eui64,
      type: v.picklist(DEVICE_TYPES, `allowed are ${DEVICE_TYPES.join(", ")}`),
      installCode: v.optional(parsedBy((text) => InstallCode(text))),
      transferSize: v.optional(wholeNumber(64, 4_096), 1_500),
    }),
    "[[device]] sections are needed",
  ),
  [],
);
