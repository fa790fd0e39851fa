import type { Shape } from "./types.ts";

const eui64: Shape = { type: "octet-string", name: "deviceIdentifier" };

/** Bodies of the Alerts of which the tables have no rows, behind alert code and time; by use case. */
export const ALERT_BODIES: Readonly<Record<string, readonly Shape[]>> = {
  FTDA: [{ type: "octet-string", name: "originatorTargetCraAndCounter" }],
  "FDEI-DLMS": [{ type: "octet-string", name: "messageCodeCounterAndAttribute" }],
  "FDRA-DLMS": [{ type: "octet-string", name: "imageHash" }],
  "MIIWA-DLMS": [{ type: "u16", name: "cause" }],
  DBCH06: [eui64],
  DBCH07: [
    {
      type: "structure",
      name: "channelChange",
      members: [
        { type: "bit-string", name: "channel" },
        { type: "octet-string", name: "reason" },
      ],
    },
  ],
  DBCH08: [
    {
      type: "structure",
      name: "scanRequest",
      members: [
        { type: "octet-string", name: "assessmentOutcome" },
        { type: "octet-string", name: "detail" },
      ],
    },
  ],
  DBCH10: [{ type: "octet-string", name: "originatorTargetCraAndCounter" }],
  DBCH11: [eui64],
  ECS100: [{ type: "octet-string", name: "messageCodeAndCounter" }],
  ECS102: [
    { type: "u8", name: "apc_direction_and_number" },
    { type: "u8", name: "resulting_level" },
  ],
  ECS200: [{ type: "utf8-string", name: "operationalUpdate" }],
};
