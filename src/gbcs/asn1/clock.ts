import { seq } from "./constructed.ts";
import { int } from "./primitives.ts";
import { generalizedTime } from "./time.ts";

/** GCS28 Set Clock: Command, the window in which the sender believes the present to be. */
export const setClockCommand = seq({ validityStart: generalizedTime, validityEnd: generalizedTime });

export const DEVICE_TIME_STATUS = { reliable: 0, invalid: 1, unreliable: 2 } as const;
/** GCS28: Response. */
export const setClockResponse = seq({ deviceTime: generalizedTime, status: int(0, 2) });
