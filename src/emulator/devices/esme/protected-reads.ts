import { concatBytes } from "../../../base/bytes.ts";
import { HanwayError } from "../../../base/error.ts";
import { eui64ToBytes } from "../../../base/eui64.ts";
import {
  type Data,
  encodeData,
  OBJECT_UNDEFINED,
  obisText,
  protectedAnswer,
  SUCCESS,
} from "../../../gbcs/dlms/index.ts";
import type { SecuredMessage } from "../../../gbcs/envelope/envelope.ts";
import type { CosemObjects, ItemResult } from "../../cosem/objects.ts";
import { cosemName } from "../../cosem/table.ts";

/** Restriction by date of class 30. */
const BY_DATE = 1;
/** First octet of the transaction id in protection parameters: the KDF mode of encryption. */
const ENCRYPTION = 0x04;

/** What the answer of one Command is encrypted with. */
export interface Sealing {
  readonly seal: ((plaintext: Uint8Array) => Uint8Array) | undefined;
  readonly command: Pick<SecuredMessage, "counter" | "originator" | "target">;
}

/**
 * get_protected_attributes (class 30, GBCS 8.5): the attributes asked for, in one structure, encrypted for the party
 * that asks. Throws `crypto/key` without a key of that party.
 */
export function readProtected(objects: CosemObjects, argument: Data, { seal, command }: Sealing): ItemResult {
  if (seal === undefined)
    throw new HanwayError("crypto/key", "no key of the party that asks", { field: "class 30" });
  const [asked] = members(argument);
  if (asked?.type !== "array") return refuse();
  const values: Data[] = [];
  for (const one of asked.value) {
    const value = attribute(objects, one);
    if (value === undefined) return { result: OBJECT_UNDEFINED };
    values.push(value);
  }
  const counter = new Uint8Array(8);
  new DataView(counter.buffer).setBigUint64(0, command.counter);
  const parameters = {
    transactionId: concatBytes(Uint8Array.of(ENCRYPTION), counter),
    originator: eui64ToBytes(command.target),
    recipient: eui64ToBytes(command.originator),
  };
  const plaintext = encodeData({ type: "structure", value: values });
  return { result: SUCCESS, data: protectedAnswer(parameters, seal(plaintext)) };
}

function attribute(objects: CosemObjects, asked: Data): Data | undefined {
  const [classId, obis, index, , restriction] = members(asked);
  if (classId?.type !== "u16" || obis?.type !== "octet-string" || index?.type !== "i8") return refuse();
  const [type, dates] = members(restriction);
  const selection = type?.type === "enum" && type.value === BY_DATE ? dates : undefined;
  return objects.value(cosemName(classId.value, obisText(obis.value), index.value), selection);
}

function members(data: Data | undefined): readonly (Data | undefined)[] {
  return data?.type === "structure" ? data.value : [];
}

function refuse(): never {
  throw new HanwayError("decode/value", "not protected attributes", { field: "class 30" });
}
