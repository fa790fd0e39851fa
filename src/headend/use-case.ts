import { HanwayError } from "../base/error.ts";
import {
  type DeviceKind,
  search,
  serviceByVariant,
  type UseCase,
  useCase as useCaseByName,
  useCasesByCode,
} from "../gbcs/catalogue/index.ts";

/**
 * A use case by its code (`ECS17b`), its message code (`0x0027`) or a service reference variant (`4.1.1`), for which
 * the kind of the target decides between electricity, gas and hub. Throws `headend/unknown`, naming what comes near.
 */
export function findUseCase(name: string, target: DeviceKind | undefined): UseCase {
  const candidates = candidatesOf(name).filter(isCommand);
  const fitting = candidates.filter(({ targets }) => target === undefined || targets.includes(target));
  const current = fitting.filter(({ superseded }) => !superseded);
  const [found, ...others] = current.length > 0 ? current : fitting;
  if (found !== undefined && others.length === 0) return found;
  if (found !== undefined)
    unknown(name, `several use cases: ${[found, ...others].map(({ code }) => code).join(", ")}`);
  const [other] = candidates;
  if (other !== undefined)
    unknown(name, `${other.code} is for ${other.targets.join(", ")}, not for a ${target}`);
  const near = search(name).filter(isCommand).slice(0, 5);
  const hint =
    near.length === 0 ? "see hanway catalogue" : `near it: ${near.map(({ code }) => code).join(", ")}`;
  return unknown(name, `no such use case; ${hint}`);
}

function candidatesOf(name: string): readonly UseCase[] {
  const exact = useCaseByName(name);
  if (exact !== undefined) return [exact];
  if (/^0x[0-9a-fA-F]{1,4}$/.test(name)) return useCasesByCode(Number(name));
  return (serviceByVariant(name)?.useCases ?? []).flatMap((code) => useCaseByName(code) ?? []);
}

/** Whether a head-end can send it: a Command of a remote party. */
export function isCommand({ kind, messageCode, format, hanOnly }: UseCase): boolean {
  return kind === "command" && messageCode !== null && format !== "ZSE" && format !== null && !hanOnly;
}

function unknown(name: string, detail: string): never {
  throw new HanwayError("headend/unknown", detail, { field: name.slice(0, 40) });
}
