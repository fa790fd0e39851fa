import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { HanwayError } from "../../../base/error.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import { readAddress } from "../../../gbcs/address.ts";
import { readLayout } from "../../../gbcs/envelope/layout.ts";
import type { Keystore } from "../../../gbcs/keystore.ts";
import { signedOctets } from "../../../gbcs/security/mac.ts";
import { keystoreAgreement } from "../../../gbcs/security/recorded.ts";
import { checkSignature, SoftwareSigner } from "../../../gbcs/security/signature.ts";
import type { AlertCase, PairCase } from "../cases.ts";
import { difference, type Failure } from "../report.ts";
import { alertScenarioOf } from "./alert-scenario.ts";
import { type Heard, type RunKeys, startHubUnderTest } from "./hub-under-test.ts";
import { scenarioOf } from "./scenario.ts";
import type { Parties, Scenario, Step } from "./step.ts";

/** Failures of one pair; `not-yet` where nothing in the hub executes it. */
export type Executed = readonly Failure[] | "not-yet";

/** Runs pairs of the hub's own Commands, each on a hub in a state of its own. */
export class ExecuteRun {
  readonly #parties: Parties;
  readonly #keys: RunKeys;
  readonly #publicKey: KeyObject;

  constructor(keystore: Keystore) {
    const agreement = keystoreAgreement(keystore);
    this.#parties = { keystore, agreement };
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#keys = { agreement, signer: new SoftwareSigner(privateKey) };
    this.#publicKey = publicKey;
  }

  /** As recorded; with one bit of the MAC wrong, then as recorded after all; and changed. */
  async pair(pair: PairCase): Promise<Executed> {
    let scenario: Scenario | undefined;
    try {
      scenario = scenarioOf(pair, this.#parties);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      return [
        failure(pair, "RESPONSE", { field: "seed", expected: "a state of the hub", got: error.message }),
      ];
    }
    if (scenario === undefined) return "not-yet";
    const { recorded, changed } = scenario;
    const first = await this.#run(pair.device, recorded, recorded.command);
    if (first.reason === "unsupported") return "not-yet";
    return [
      ...this.#judge(pair, "", recorded, first),
      ...(await this.#damaged(pair, recorded)),
      ...this.#judge(pair, "changed: ", changed, await this.#run(pair.device, changed, changed.command)),
    ];
  }

  /** The same of an Alert, with a Command that makes the hub raise it. */
  async alert(alert: AlertCase): Promise<Executed> {
    const scenario = alertScenarioOf(alert, this.#parties);
    if (scenario === undefined) return "not-yet";
    const { recorded, changed } = scenario;
    const first = await this.#run(alert.device, recorded, recorded.command, 2);
    const damage = await this.#run(alert.device, recorded, damaged(recorded.command), 0);
    const unwanted = damage.messages.find((message) => isAlike(message, recorded.response));
    return [
      ...this.#judge(alert, "", recorded, first),
      ...(unwanted === undefined
        ? []
        : [failure(alert, "ALERT", { field: "wrong MAC", expected: "no such Alert", got: "one" })]),
      ...this.#judge(alert, "changed: ", changed, await this.#run(alert.device, changed, changed.command, 2)),
    ];
  }

  async #run(device: Eui64, { state }: Step, command: Uint8Array, wanted = 1): Promise<Heard> {
    await using hub = await startHubUnderTest(device, state, this.#keys);
    // Awaited here: the hub is put away when this function ends.
    return await hub.send(command, wanted);
  }

  /** A damaged Command must not be answered and must change nothing: the whole one is answered as recorded after it. */
  async #damaged(pair: PairCase, step: Step): Promise<Failure[]> {
    await using hub = await startHubUnderTest(pair.device, step.state, this.#keys);
    const { messages, stage } = await hub.send(damaged(step.command), 0);
    const answer = messages.find(isResponse);
    if (answer !== undefined || stage !== "failed") {
      const got = answer === undefined ? `receipt ${stage}` : "a Response";
      return [failure(pair, "COMMAND", { field: "wrong MAC", expected: "no Response", got })];
    }
    return this.#judge(pair, "after a wrong MAC: ", step, await hub.send(step.command, 1));
  }

  #judge(one: Named, run: string, { response }: Step, heard: Heard): Failure[] {
    const got = heard.messages.find((message) => isAlike(message, response));
    const kind = isResponse(response) ? "RESPONSE" : "ALERT";
    const silence = heard.reason === undefined ? heard.stage : `${heard.stage}: ${heard.reason}`;
    const unsigned = got && this.#withSignatureOf(response, got);
    if (unsigned === "wrong") {
      const wrong = { field: `${run}signature`, expected: "made with the hub's key", got: "another" };
      return [failure(one, kind, wrong)];
    }
    const found = difference(response, unsigned, `receipt ${silence}`);
    return found === undefined ? [] : [failure(one, kind, { ...found, field: `${run}${found.field}` })];
  }

  /** The 64 octets of a signature differ each time: verified with the run's key, the recorded ones take their place. */
  #withSignatureOf(recorded: Uint8Array, got: Uint8Array): Uint8Array | "wrong" {
    const layout = readLayout(got);
    const wanted = readLayout(recorded);
    if ("refused" in layout || "refused" in wanted) return got;
    if (layout.signature !== "present" || wanted.signature !== "present") return got;
    const signature = got.subarray(layout.contentEnd + 1, layout.signatureEnd);
    if (!checkSignature(this.#publicKey, signedOctets(got, layout), signature)) return "wrong";
    const copy = got.slice();
    copy.set(recorded.subarray(wanted.contentEnd + 1, wanted.signatureEnd), layout.contentEnd + 1);
    return copy;
  }
}

type Named = Pick<PairCase, "name" | "useCase">;

function failure(
  { name, useCase }: Named,
  kind: Failure["kind"],
  found: Pick<Failure, "field" | "expected" | "got">,
): Failure {
  return { name, useCase, kind, ...found };
}

/** One bit wrong in the last octet: of the MAC, or of the signature where there is no MAC. */
function damaged(command: Uint8Array): Uint8Array {
  const copy = command.slice();
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1;
  return copy;
}

/** Whether it is the same kind of message of the same message code. */
function isAlike(a: Uint8Array, b: Uint8Array): boolean {
  const one = readAddress(a);
  const other = readAddress(b);
  if ("refused" in one || "refused" in other) return false;
  return one.cra === other.cra && one.messageCode === other.messageCode;
}

function isResponse(message: Uint8Array): boolean {
  const layout = readLayout(message);
  return !("refused" in layout) && layout.cra === 2;
}
