import { isAsn1 } from "../../gbcs/asn1/index.ts";
import type { Fields, UseCase } from "../../gbcs/catalogue/index.ts";
import { asn1FieldInfo, asn1FieldsOf } from "./asn1.ts";
import type { Asn1Context } from "./asn1-context.ts";
import { dlmsFieldInfo, dlmsFieldsOf } from "./dlms.ts";
import type { FieldInfo, Given } from "./field.ts";
import { gbzFieldInfo, gbzFieldsOf } from "./gbz.ts";

export type { FieldInfo, Given } from "./field.ts";

/** The values that a use case's Command takes, under names that are accepted. */
export function fieldInfo(useCase: UseCase): readonly FieldInfo[] {
  if (isAsn1(useCase.messageCode ?? -1, "command")) return asn1FieldInfo(useCase);
  return useCase.format === "GBZ" ? gbzFieldInfo(useCase) : dlmsFieldInfo(useCase);
}

/**
 * The fields of a Command from what a person gives: names in any case and without the marks of the tables, as short as
 * they mean one place; texts become what the field wants. Throws `headend/unknown` for a name, `headend/value` for a
 * value, `crypto/key` for a certificate that is not there.
 */
export function fieldsOf(useCase: UseCase, given: Given, context: Asn1Context): Fields {
  if (isAsn1(useCase.messageCode ?? -1, "command")) return asn1FieldsOf(useCase, given, context);
  return useCase.format === "GBZ" ? gbzFieldsOf(useCase, given) : dlmsFieldsOf(useCase, given);
}
