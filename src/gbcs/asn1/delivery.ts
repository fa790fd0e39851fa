import { alertCode, entityIdentifier } from "./common.ts";
import { seq } from "./constructed.ts";
import { octets } from "./primitives.ts";
import type { Value } from "./schema.ts";
import { generalizedTime } from "./time.ts";

/** Alert 00D5: a Command that an ESME did not get, by its Grouping Header. No message of this form has been published. */
export const deliveryFailureAlert = seq({
  alertCode: alertCode(0x8f84),
  time: generalizedTime,
  message: seq({
    originator: entityIdentifier,
    target: entityIdentifier,
    cra: octets(1),
    /** Big-endian. */
    originatorCounter: octets(8),
  }),
});
export type DeliveryFailureAlert = Value<typeof deliveryFailureAlert>;
