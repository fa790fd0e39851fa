import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fromHex } from "../../src/base/bytes.ts";
import { useCases } from "../../src/gbcs/catalogue/index.ts";
import { decodeMessage } from "../../src/gbcs/message.ts";
import type { BuiltCommand } from "../../src/headend/command.ts";
import { type Judgement, judgeResponse } from "../../src/headend/judge.ts";
import { PartyStore } from "../../src/headend/party-store.ts";
import { describeShared, sharedData } from "../shared-data.ts";

interface Recorded {
  readonly name: string;
  readonly kind: string;
  readonly hex: string;
}

/** A future-dated DER Command is accepted now; what comes of it is told by an Alert. */
function isLater(name: string): boolean {
  return /^CS0.*FUTURE_DATED/.test(name);
}

/** A recorded Command as the head-end would remember it. */
function remembered(hex: string): BuiltCommand | undefined {
  const message = fromHex(hex);
  const { envelope, payload } = decodeMessage(message);
  const { messageCode, counter, originator, target, supplementary } = envelope;
  const useCase = useCases().find((one) => one.messageCode === messageCode);
  if (useCase === undefined) return undefined;
  return { useCase, message, counter, originator, target, onBehalfOf: supplementary?.remoteParty, payload };
}

describeShared("published Responses", "rtds.jsonl", (path) => {
  const parties = PartyStore.open(sharedData("rtds-keystore.json") ?? "");
  const all: Recorded[] = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const commands = new Map(all.filter(({ kind }) => kind === "COMMAND").map(({ name, hex }) => [name, hex]));
  const judged = all.flatMap((response): { name: string; judgement: Judgement }[] => {
    if (response.kind !== "RESPONSE") return [];
    const hex = commands.get(response.name.replace("RESPONSE", "COMMAND"));
    const command = hex === undefined ? undefined : remembered(hex);
    // PCS01 and PCS02 stay on the HAN; no key of theirs is published.
    if (command === undefined || command.useCase.hanOnly) return [];
    return [{ name: response.name, judgement: judgeResponse(fromHex(response.hex), command, parties) }];
  });

  it("are authentic and readable, every one, with everything encrypted opened", () => {
    expect(judged.length).toBeGreaterThan(350);
    const bad = judged.filter(({ judgement }) => judgement.is !== "answer");
    expect(bad.map(({ name, judgement }) => [name, judgement])).toEqual([]);
    const sealed = judged.filter(
      ({ judgement }) =>
        judgement.is === "answer" &&
        judgement.answer.message.decrypted.some(({ outcome }) => outcome !== "decrypted"),
    );
    expect(sealed.map(({ name }) => name)).toEqual([]);
  });

  it("are told apart as done and not done", () => {
    const failures = judged.map(({ name, judgement }) => ({
      name,
      failed: judgement.is === "answer" && judgement.answer.failures.length > 0,
    }));
    expect(
      failures.filter(({ name, failed }) => failed && !name.includes("ERROR")).map(({ name }) => name),
    ).toEqual([]);
    expect(
      failures
        .filter(({ name, failed }) => !failed && /ERROR/.test(name) && !isLater(name))
        .map(({ name }) => name),
    ).toEqual([]);
  });

  it("are refused with one bit changed anywhere, and nothing is thrown", () => {
    for (const { name, hex } of all.filter(({ kind }) => kind === "RESPONSE").slice(0, 40)) {
      const command = remembered(commands.get(name.replace("RESPONSE", "COMMAND")) ?? "");
      if (command === undefined) continue;
      const octets = fromHex(hex);
      for (let bit = 0; bit < octets.length * 8; bit += 13) {
        const changed = octets.slice();
        changed[bit >>> 3] = (changed[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
        expect(judgeResponse(changed, command, parties).is, `${name} bit ${bit}`).not.toBe("answer");
      }
    }
  });
});
