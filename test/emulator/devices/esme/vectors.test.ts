import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ManualClock } from "../../../../src/base/clock.ts";
import { Eui64 } from "../../../../src/base/eui64.ts";
import type { OwnKey } from "../../../../src/emulator/devices/esme/keys.ts";
import { ExecutingMeter } from "../../../../src/emulator/devices/esme/meter.ts";
import { decodeDlms } from "../../../../src/gbcs/dlms/index.ts";
import { decodeEnvelope } from "../../../../src/gbcs/envelope/decode.ts";
import type { SecuredMessage } from "../../../../src/gbcs/envelope/envelope.ts";
import { readKeystore } from "../../../../src/gbcs/keystore.ts";
import { keystoreAgreement } from "../../../../src/gbcs/security/recorded.ts";
import { casesOf } from "../../../../src/lab/conformance/cases.ts";
import { readVectors } from "../../../../src/lab/vectors.ts";
import { describeShared, sharedData } from "../../../shared-data.ts";

const METER = Eui64("00db1234567890a0");
const PARTIES = ["90b3d51f30010000", "90b3d51f30020000", "90b3d51f30000002", "90b3d51f30000004"].map((one) =>
  Eui64(one),
);
/** Of a meter with auxiliary controllers, which this one has not; its log is empty before the run. */
const BEYOND = /^(ECS15c|ECS47|CS04AC)/;
const EXECUTED = /^(ECS|CS01|CS02a|CS02f|CS02e|CS03A1)/;

describeShared("an executing ESME against published Commands (RTDS)", "rtds.jsonl", (path) => {
  const keystorePath = sharedData("rtds-keystore.json");
  if (keystorePath === undefined) throw new Error("the keystore belongs to the vectors");
  const keystore = readKeystore(readFileSync(keystorePath, "utf8"));
  const recorded = keystoreAgreement(keystore);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const own = (usage: "DS" | "KA"): OwnKey => {
    const certificate = keystore.certificate(METER, usage);
    if (certificate === undefined) throw new Error("the meter has certificates");
    return { privateKey, certificate };
  };
  const trusted = PARTIES.flatMap((party) =>
    (["DS", "KA"] as const).flatMap((usage) => keystore.certificate(party, usage) ?? []),
  );
  const pairs = casesOf(readVectors(path)).pairs.filter(
    ({ device, name }) =>
      device === METER && name.includes("SUCCESS") && EXECUTED.test(name) && !BEYOND.test(name),
  );

  /** What the meter's own state has no part in. */
  function shape(message: Uint8Array) {
    const envelope = decodeEnvelope(message);
    if (envelope.kind === "PRECOMMAND") throw new Error("protected messages only");
    const { content, dateTime, signature, mac, supplementary, ...header } = envelope;
    return {
      ...header,
      timed: dateTime !== null,
      signed: signature !== null,
      maced: mac !== null,
      supplementary: Object.keys(supplementary ?? {}),
      results: resultsOf(envelope, content),
    };
  }

  function resultsOf({ messageCode }: SecuredMessage, content: Uint8Array) {
    if (content[0] !== 0xda) return messageCode;
    const apdu = decodeDlms(content);
    return apdu.type === "access-response" ? apdu.results : undefined;
  }

  it.each(pairs)("$name: the same results under the same protection", ({ command, response }) => {
    const meter = new ExecutingMeter({
      eui64: METER,
      agreement: own("KA"),
      signing: own("DS"),
      trusted,
      recorded,
      clock: new ManualClock(Date.UTC(2015, 0, 1)),
      seed: 1,
    });
    const sent: Uint8Array[] = [];
    meter.output = (message) => sent.push(message);
    meter.receive(command);
    meter.stop();
    const answer = sent.map((message) => shape(message)).find(({ kind }) => kind === "RESPONSE");
    expect(answer).toEqual(shape(response));
  });
});
