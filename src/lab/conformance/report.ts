import { toHex } from "../../base/bytes.ts";
import { readLayout } from "../../gbcs/envelope/layout.ts";

export type Level = "relay" | "execute";

/** One thing that was not as recorded. */
export interface Failure {
  readonly name: string;
  readonly useCase: string;
  /** COMMAND: on its way to the device. RESPONSE and ALERT: on their way to the far end. */
  readonly kind: "COMMAND" | "RESPONSE" | "ALERT";
  /** The part of the message that differs, or `message` where none came. */
  readonly field: string;
  /** Hex of the octets wanted from the first that differs, or a word. */
  readonly expected: string;
  readonly got: string;
}

/** Outcome of a run. `total = passed + failed + notYet`, all three of them pairs. */
export interface ConformanceReport {
  readonly level: Level;
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  /** Pairs that nothing in the hub can run yet; `notYetNames` names them. */
  readonly notYet: number;
  /** Alerts that the far end received exactly as the device sent them. */
  readonly alerts: number;
  /** Commands without a Response and Responses without a Command; they are not part of the total. */
  readonly unpaired: number;
  readonly failures: readonly Failure[];
  readonly notYetNames: readonly string[];
}

/** Counts the cases of a run as they end. */
export class Tally {
  readonly #failures: Failure[] = [];
  readonly #notYet: string[] = [];
  #passed = 0;
  #failed = 0;
  #alerts = 0;
  #waitingAlerts = 0;

  pair(failures: readonly Failure[]): void {
    if (failures.length === 0) this.#passed += 1;
    else this.#failed += 1;
    this.#failures.push(...failures);
  }

  alert(failures: readonly Failure[]): void {
    if (failures.length === 0) this.#alerts += 1;
    this.#failures.push(...failures);
  }

  pairNotYet(name: string): void {
    this.#notYet.push(name);
  }

  /** An Alert that cannot be run yet: named like a pair, counted in no figure. */
  alertNotYet(name: string): void {
    this.#waitingAlerts += 1;
    this.#notYet.push(name);
  }

  report(level: Level, unpaired: number): ConformanceReport {
    const notYet = this.#notYet.length - this.#waitingAlerts;
    return {
      level,
      total: this.#passed + this.#failed + notYet,
      passed: this.#passed,
      failed: this.#failed,
      notYet,
      alerts: this.#alerts,
      unpaired,
      failures: this.#failures,
      notYetNames: this.#notYet,
    };
  }
}

/** How two messages differ, or undefined where they do not. `got` undefined: none came. */
export function difference(
  expected: Uint8Array,
  got: Uint8Array | undefined,
  silence = "nothing",
): Pick<Failure, "field" | "expected" | "got"> | undefined {
  if (got === undefined) return { field: "message", expected: toHex(expected), got: silence };
  const length = Math.max(expected.length, got.length);
  let at = 0;
  while (at < length && expected[at] === got[at]) at++;
  if (at === length) return undefined;
  return {
    field: `${partAt(expected, at)} at octet ${at}`,
    expected: toHex(expected.subarray(at)),
    got: toHex(got.subarray(at)),
  };
}

/** The part of a message in which an octet lies. */
export function partAt(message: Uint8Array, at: number): string {
  const layout = readLayout(message);
  if ("refused" in layout) return "message";
  const ends: readonly (readonly [number, string])[] = [
    [layout.grouping, "macHeader"],
    [layout.otherInfo - 1, "groupingHeader"],
    [layout.otherInfoEnd, "otherInformation"],
    [layout.contentEnd, "content"],
    [layout.signatureEnd, "signature"],
  ];
  return ends.find(([end]) => at < end)?.[1] ?? "mac";
}
