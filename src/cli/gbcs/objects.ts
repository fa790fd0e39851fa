import { alertName, describeDlms, type NamedValue, type UseCase } from "../../gbcs/catalogue/index.ts";
import type { DecryptedPart } from "../../gbcs/decrypt.ts";
import { type AccessRequest, type DlmsApdu, findProtected, type OpenedData } from "../../gbcs/dlms/index.ts";
import type { DecodedMessage } from "../../gbcs/message.ts";
import { gbzObjects, type ZclObject } from "./objects-gbz.ts";

/** One thing that a message reads, writes, does or reports, under the name of the tables. */
export type NamedObject = NamedValue | ZclObject;

/**
 * The objects of a message in the order of its payload; those of encrypted parts where they could be opened. `request`
 * is what a DLMS Response answers, where it is known.
 */
export function namedObjects(
  message: DecodedMessage,
  useCase: UseCase | undefined,
  request?: AccessRequest,
): NamedObject[] {
  const { payload, decrypted } = message;
  switch (payload.format) {
    case "DLMS":
      return describeDlms(payload.apdu, useCase, {
        opened: openedData(payload.apdu, decrypted),
        ...(request === undefined ? {} : { request }),
      });
    case "GBZ":
      return gbzObjects(payload.gbz, decrypted);
    case "ASN.1":
      return asn1Objects(payload.value);
    case "unknown":
      return [];
  }
}

function openedData(apdu: DlmsApdu, decrypted: readonly DecryptedPart[]): OpenedData[] {
  return findProtected(apdu).flatMap((data) => {
    const part = decrypted.find(({ field }) => field === data.field);
    if (part?.outcome !== "decrypted" || !("attributes" in part)) return [];
    return [{ ...data, attributes: part.attributes }];
  });
}

/** An ASN.1 payload names its own fields; only its alert code needs words. */
function asn1Objects(value: unknown): NamedObject[] {
  if (typeof value !== "object" || value === null || !("alertCode" in value)) return [];
  const { alertCode } = value;
  if (typeof alertCode !== "number") return [];
  const meaning = alertName(alertCode);
  return [{ name: "alertCode", value: alertCode, ...(meaning === undefined ? {} : { meaning }) }];
}
