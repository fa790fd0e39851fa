import { HanwayError } from "../base/error.ts";
import {
  type AccessOperation,
  type AccessRequest,
  type AccessResponse,
  type AccessSpecification,
  type Data,
  HARDWARE_FAULT,
  OTHER_REASON,
  obisText,
  SUCCESS,
} from "../gbcs/dlms/index.ts";

/** One object that a use case reads, sets or calls. */
export interface Target {
  readonly operation: AccessOperation;
  readonly classId: number;
  readonly obis: string;
  readonly index: number;
  /** Whether it is read by selective access. */
  readonly selected?: true;
}

/** How one item of an Access-Request ended. */
export interface ItemOutcome {
  /** data-access-result or action-result. */
  readonly result: number;
  readonly data?: Data;
}

/** What the ports said, item by item: `SUCCESS` where an item asks nothing of them. */
export type PortResults = readonly number[];

/** What executing a Command comes to. */
export interface Executed {
  readonly outcomes: readonly ItemOutcome[];
  /** What is written with the Response, in one transaction. */
  readonly writes: readonly (() => void)[];
}

/** One Command whose arguments were read. */
export interface Attempt {
  /** Port calls that the Response reports, in order of the items; idempotent, and before anything is written. */
  prepare?(): Promise<PortResults>;
  /** Without waiting for anything, and without changing anything: changes are in `writes`. */
  execute(ports: PortResults): Executed;
}

/** A DLMS use case of the CHF: the items it always has, in order, and what it does. */
export interface DlmsUseCase {
  readonly messageCodes: readonly number[];
  readonly targets: readonly Target[];
  /** Reads the arguments; throws `decode/*` for what the use case does not allow. */
  begin(request: AccessRequest): Attempt;
}

export const NULL: Data = { type: "null" };
const DONE: ItemOutcome = { result: SUCCESS };

/** Throws `decode/value` where a request does not ask for exactly the use case's items. */
export function checkTargets(useCase: DlmsUseCase, { specifications, data }: AccessRequest): void {
  const { targets } = useCase;
  const fits =
    specifications.length === targets.length &&
    targets.every((target, i) => isTarget(target, specifications[i], data[i]));
  if (!fits)
    throw new HanwayError("decode/value", "not the items of the use case", { field: "specifications" });
}

function isTarget(target: Target, asked: AccessSpecification | undefined, data: Data | undefined): boolean {
  return (
    asked !== undefined &&
    asked.operation === target.operation &&
    asked.classId === target.classId &&
    asked.index === target.index &&
    (asked.selection !== undefined) === (target.selected === true) &&
    obisText(asked.obis) === target.obis &&
    (target.operation !== "get" || data?.type === "null")
  );
}

/**
 * Runs items in order, break on error: after the first that fails nothing is executed, and each later one reports
 * other-reason. A fault of a port or the store is a hardware-fault of the item.
 */
export function inOrder(items: readonly (() => ItemOutcome)[]): ItemOutcome[] {
  let failed = false;
  return items.map((item) => {
    if (failed) return { result: OTHER_REASON };
    const outcome = guarded(item);
    failed = outcome.result !== SUCCESS;
    return outcome;
  });
}

/** The same for port calls, which take their time. */
export async function portsInOrder(calls: readonly (() => Promise<number>)[]): Promise<number[]> {
  const results: number[] = [];
  for (const call of calls) {
    const failed = results.some((result) => result !== SUCCESS);
    results.push(failed ? OTHER_REASON : await guardedPort(call));
  }
  return results;
}

export function done(data?: Data): ItemOutcome {
  return data === undefined ? DONE : { result: SUCCESS, data };
}

function guarded(item: () => ItemOutcome): ItemOutcome {
  try {
    return item();
  } catch (error) {
    if (!(error instanceof HanwayError) || error.code === "internal") throw error;
    return { result: HARDWARE_FAULT };
  }
}

async function guardedPort(call: () => Promise<number>): Promise<number> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof HanwayError) || error.code === "internal") throw error;
    return HARDWARE_FAULT;
  }
}

/** The Access-Response to a request. */
export function responseTo(request: AccessRequest, outcomes: readonly ItemOutcome[]): AccessResponse {
  return {
    type: "access-response",
    invokeId: request.invokeId,
    dateTime: new Uint8Array(0),
    data: outcomes.map(({ data }) => data ?? NULL),
    results: request.specifications.map(({ operation }, i) => ({
      operation,
      result: outcomes[i]?.result ?? OTHER_REASON,
    })),
  };
}
