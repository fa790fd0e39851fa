import { toHex } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { toJson } from "../../gbcs/json.ts";
import type { BuiltCommand } from "../../headend/command.ts";
import type { Outcome } from "../../headend/exchange.ts";
import type { Answer } from "../../headend/judge.ts";
import type { PartyStore } from "../../headend/party-store.ts";
import { namedObjects } from "../gbcs/objects.ts";
import { objectLines } from "../gbcs/text.ts";
import { treeLines } from "../gbcs/tree.ts";
import { inWords } from "./asn1-words.ts";
import type { Target } from "./connection.ts";

/** Exit codes of `hanway send` besides 0, 2 and 130; each stands for one way in which a Command can end. */
export const EXIT_CODES = [
  { code: 10, words: "the hub refused it; the receipt says why" },
  { code: 11, words: "no Response in time" },
  { code: 12, words: "a Response whose MAC or signature is wrong or missing" },
  { code: 13, words: "a second Response to the same counter" },
  { code: 14, words: "an answer from a device that was not asked" },
  { code: 15, words: "the device answered that it did not do it, or not all of it" },
  { code: 16, words: "a Response that cannot be read, or to another use case" },
  { code: 17, words: "a key or a certificate is missing" },
  { code: 18, words: "the use case does not allow the party, and --force is not given" },
  { code: 19, words: "a value does not fit its field, or a needed one is missing" },
] as const;

const OUTCOME_CODES: Readonly<Record<Exclude<Outcome["result"], "answered">, number>> = {
  refused: 10,
  "no-answer": 11,
  "not-authentic": 12,
  "second-response": 13,
  "wrong-device": 14,
  unreadable: 16,
};

/** Exit code of an outcome, or of an error before there was one; undefined for an error that is not of this table. */
export function exitCodeOf(outcome: Outcome | HanwayError): number | undefined {
  if (!(outcome instanceof HanwayError)) {
    if (outcome.result === "answered") return outcome.answer.failures.length === 0 ? 0 : 15;
    return OUTCOME_CODES[outcome.result];
  }
  switch (outcome.code) {
    case "headend/unknown":
      return 2;
    case "crypto/key":
      return 17;
    case "headend/role":
      return 18;
    case "headend/value":
      return 19;
    default:
      return undefined;
  }
}

/** What is told of one Command. */
export interface Report {
  readonly command: BuiltCommand;
  readonly target: Target;
  readonly outcome: Outcome;
  /** Stages that the hub reported, in order. */
  readonly stages: readonly string[];
  readonly tookMs: number;
  /** Whether the hub is online at the broker, where that is known. */
  readonly hubOnline: boolean | undefined;
}

/** What goes out, for people. */
export function sentLines(
  { useCase, message, counter, originator, onBehalfOf, target }: BuiltCommand,
  { kind }: Target,
  parties: PartyStore,
): string[] {
  const from = named(originator, parties);
  const behalf = onBehalfOf === undefined ? "" : ` on behalf of ${named(onBehalfOf, parties)}`;
  return [
    `${useCase.code} ${useCase.title}`,
    `  to    ${kind ?? "device"} ${target}`,
    `  from  ${from}${behalf}`,
    `  sent  ${message.length} octets under counter ${counter}`,
  ];
}

function named(eui64: string & BuiltCommand["originator"], parties: PartyStore): string {
  return `${parties.nameOf(eui64) ?? "party"} ${eui64}`;
}

/** What came of it, for people; `bad` lines go to standard error. */
export function reportLines(report: Report, parties: PartyStore): { line: string; bad: boolean }[] {
  const { outcome, command, tookMs } = report;
  const bad = (line: string) => [{ line, bad: true }];
  switch (outcome.result) {
    case "answered": {
      const { failures } = outcome.answer;
      const lines = answerLines(outcome.answer, command, tookMs).map((line) => ({ line, bad: false }));
      const places = failedPlaces(outcome.answer, command);
      const failed = failures.map(({ reason }, i) => `the device did not do it: ${places[i]}: ${reason}`);
      return [...lines, ...failed.flatMap(bad)];
    }
    case "refused":
      return bad(`the hub refused the Command: ${outcome.reason}`);
    case "no-answer":
      return bad(
        `no Response from ${command.target} in ${(tookMs / 1000).toFixed(1)} s (${lastWord(outcome.stage, report.hubOnline)})`,
      );
    case "not-authentic":
      return bad(`the Response is not authentic: ${outcome.reason}`);
    case "second-response":
      return bad(
        `a second Response to counter ${command.counter}, ${outcome.same ? "the same octets" : "not the same"} as the first`,
      );
    case "wrong-device":
      return bad(`an answer from ${named(outcome.device, parties)}, and ${command.target} was asked`);
    case "unreadable":
      return bad(`the Response cannot be read: ${outcome.reason}`);
  }
}

function lastWord(stage: string | undefined, hubOnline: boolean | undefined): string {
  if (stage !== undefined) return `the hub's last word: ${stage}`;
  return hubOnline === true ? "the hub said nothing" : "the hub is not online at this broker";
}

/** Names of what the device did not do, where each result of a DLMS Response is one object; else the fields. */
function failedPlaces(answer: Answer, command: BuiltCommand): string[] {
  const { payload } = answer.message;
  const objects = objectsOf(answer, command);
  const results =
    payload.format === "DLMS" && payload.apdu.type === "access-response" ? payload.apdu.results : [];
  return answer.failures.map(({ field }) => {
    const at = /^results\[(\d+)\]$/.exec(field)?.[1];
    const name =
      at === undefined || objects.length !== results.length ? undefined : objects[Number(at)]?.name;
    return name ?? field;
  });
}

function answerLines(answer: Answer, command: BuiltCommand, tookMs: number): string[] {
  const { message } = answer;
  const objects = objectsOf(answer, command);
  const body =
    objects.length > 0
      ? objects.flatMap(objectLines)
      : message.payload.format === "ASN.1"
        ? treeLines(inWords(message.payload.value, message.envelope.messageCode), "  ")
        : [];
  const protection = "mac" in message.envelope && message.envelope.mac !== null ? "MAC" : "signature";
  const head = `Response in ${(tookMs / 1000).toFixed(1)} s, ${answer.octets.length} octets, ${protection} verified`;
  const sealed = message.decrypted.filter(({ outcome }) => outcome !== "decrypted");
  return [head, ...body, ...sealed.map(({ field, outcome }) => `  ${field} stays encrypted (${outcome})`)];
}

function objectsOf(answer: Answer, { useCase, payload }: BuiltCommand) {
  const asked =
    payload.format === "DLMS" && payload.apdu.type === "access-request" ? payload.apdu : undefined;
  return namedObjects(answer.message, useCase, asked);
}

/** The whole of it for machines. */
export function reportJson({ command, outcome, stages, tookMs, target }: Report, exitCode: number): object {
  const { useCase, counter, originator, onBehalfOf, message } = command;
  const answer = "answer" in outcome ? outcome.answer : undefined;
  return {
    useCase: useCase.code,
    title: useCase.title,
    messageCode: useCase.messageCode,
    target: target.eui64,
    targetKind: target.kind ?? null,
    originator,
    onBehalfOf: onBehalfOf ?? null,
    counter: counter.toString(),
    outcome: outcome.result === "answered" && exitCode !== 0 ? "device-error" : outcome.result,
    exitCode,
    reason: reasonOf(outcome),
    stages,
    tookMs,
    command: toHex(message),
    response: answer === undefined ? null : toHex(answer.octets),
    objects: answer === undefined ? null : toJson(objectsOf(answer, command)),
    payload: answer?.message.payload.format === "ASN.1" ? toJson(answer.message.payload.value) : null,
    failures: answer?.failures ?? null,
  };
}

function reasonOf(outcome: Outcome): string | null {
  if ("reason" in outcome) return outcome.reason;
  if (outcome.result === "wrong-device") return outcome.device;
  if (outcome.result === "no-answer") return outcome.stage ?? null;
  return outcome.result === "answered" ? (outcome.answer.failures[0]?.reason ?? null) : null;
}
