import { type Protection, type ProtectionFacts, requiredProtection } from "../security/protection.ts";
import { services, useCases, useCasesOfCodes } from "./tables.ts";
import type { DeviceKind, Service, UseCase } from "./types.ts";

/** Every use case of a message code. */
export function useCasesByCode(messageCode: number): readonly UseCase[] {
  return useCasesOfCodes().get(messageCode) ?? [];
}

/** The use case of a message code, on this target where one is given; undefined where there is none. */
export function useCaseByMessageCode(messageCode: number, target?: DeviceKind): UseCase | undefined {
  return useCasesByCode(messageCode).find(
    ({ targets }) => target === undefined || targets.includes(target) || targets.includes("ANY"),
  );
}

/** A use case by its code, upper or lower case; also by a GBCS code that it shares with no other. */
export function useCase(name: string): UseCase | undefined {
  const wanted = name.toLowerCase();
  const exact = useCases().find((one) => one.code.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const shared = useCases().filter(
    (one) => one.useCase.toLowerCase() === wanted || one.code.toLowerCase().split("/").includes(wanted),
  );
  return shared.length === 1 ? shared[0] : undefined;
}

/** Use cases whose code, title, message code (`0x0074`), services or targets have all the words, whatever their case. */
export function search(words: string): UseCase[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return useCases().filter((one) => {
    const code = one.messageCode === null ? "" : `0x${one.messageCode.toString(16).padStart(4, "0")}`;
    const text = [one.code, one.title, code, ...one.services, ...one.targets].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** What decides the protection of a message code; undefined for a code that does not exist. */
export function protectionFacts(messageCode: number): ProtectionFacts | undefined {
  const [first] = useCasesByCode(messageCode);
  return first && { messageCode, critical: first.critical };
}

/**
 * The protection that a message of this kind and code must carry; undefined for a code that does not exist.
 *
 * `authorisingKey` is the key usage of the authorising cell in the payload of the variant messages CS02a and CS02f: key
 * agreement makes it the MAC form, digital signature the signature form.
 */
export function messageProtection(
  messageCode: number,
  kind: Parameters<typeof requiredProtection>[0],
  authorisingKey?: "digitalSignature" | "keyAgreement",
): Protection | undefined {
  const facts = protectionFacts(messageCode);
  if (facts === undefined) return undefined;
  const required = requiredProtection(kind, facts);
  if (required !== "signature-or-mac" || authorisingKey === undefined) return required;
  return authorisingKey === "keyAgreement" ? "mac" : "signature";
}

/** The service request of a reference variant such as `4.6.1`. */
export function serviceByVariant(variant: string): Service | undefined {
  return services().find((service) => service.variant === variant);
}
