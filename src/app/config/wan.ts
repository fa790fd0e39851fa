import * as v from "valibot";
import { HanwayError } from "../../base/error.ts";
import { filePath, wholeNumber } from "../schema.ts";

const BrokerUrl = v.pipe(
  v.string("text is needed"),
  v.regex(/^mqtts?:\/\/\S+$/, 'allowed are "mqtt://host:port" and "mqtts://host:port"'),
);

/** Section [wan] with its [[wan.broker]]. */
export const WanSchema = v.strictObject({
  broker: v.pipe(
    v.array(
      v.strictObject({
        url: BrokerUrl,
        username: v.optional(v.string("text is needed")),
        password: v.optional(v.string("text is needed")),
        /** With mqtts: PEM file of the authorities trusted instead of the system's. */
        ca: v.optional(filePath),
        /** With mqtts: PEM files of the hub's certificate (common name: `hub.chf`) and its key. */
        certificate: v.optional(filePath),
        key: v.optional(filePath),
      }),
      "[[wan.broker]] sections are needed",
    ),
    v.minLength(1, "at least one [[wan.broker]] with a url is needed"),
  ),
  /**
   * Seldom enough to cost a cellular contract about 4 MB a month, often enough for the shortest memories of
   * operators' address translation (5 minutes).
   */
  keepAliveSeconds: v.optional(wholeNumber(5, 3_600), 120),
  /** How long before its end the hub's certificate is warned of. */
  certificateWarningDays: v.optional(wholeNumber(0, 3_650), 30),
  /** How often the machine's default route is looked at; 0 never. */
  routeCheckSeconds: v.optional(wholeNumber(0, 3_600), 5),
  /** Without network and broker for so long, the hub says that it has no WAN. */
  noWanSeconds: v.optional(wholeNumber(10, 86_400), 600),
});

export type WanConfig = v.InferOutput<typeof WanSchema>;

/** What no schema can say of a broker's files. Throws `config/invalid`, `config/missing`. */
export function checkTls({ url, ca, certificate, key }: WanConfig["broker"][number], i: number): void {
  const given = Object.entries({ ca, certificate, key }).find(([, file]) => file !== undefined)?.[0];
  if (given !== undefined && !url.startsWith("mqtts:"))
    throw new HanwayError("config/invalid", "only a mqtts broker has it", {
      field: `wan.broker[${i}].${given}`,
    });
  if ((certificate === undefined) === (key === undefined)) return;
  const missing = key === undefined ? "key" : "certificate";
  const detail = "certificate and key belong together";
  throw new HanwayError("config/missing", detail, { field: `wan.broker[${i}].${missing}` });
}
