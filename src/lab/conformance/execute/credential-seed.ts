import { equalBytes } from "../../../base/bytes.ts";
import { decodeAsn1, encodeAsn1, KEY_USAGE, STATUS_CODE } from "../../../gbcs/asn1/index.ts";
import type { Certificate } from "../../../gbcs/certificate/certificate.ts";
import type { Keystore } from "../../../gbcs/keystore.ts";
import type { HubState } from "./hub-state.ts";

const CS02A = 0x0008;

/**
 * The trust anchors and counters that CS02a told of: certificates by their subject key identifiers, and the last counter
 * of each role. `altered` is the state with one counter on, and what is told then.
 */
export function credentialSeed(
  content: Uint8Array,
  base: HubState,
  keystore: Keystore,
): {
  readonly state: HubState;
  readonly altered: { readonly state: HubState; readonly content: Uint8Array };
} {
  const details = decodeAsn1(CS02A, "response", content);
  const counters = new Map(base.counters);
  const anchors: Certificate[] = [];
  for (const { role, status, currentSeqNumber, cells } of details) {
    if (status !== STATUS_CODE.success) continue;
    if (currentSeqNumber !== undefined) counters.set(role, BigInt(currentSeqNumber));
    for (const { keyUsage, subjectUniqueId, subjectKeyId } of cells ?? []) {
      const usage = keyUsage === KEY_USAGE.digitalSignature ? "DS" : "KA";
      const certificate = keystore.certificate(subjectUniqueId, usage);
      if (certificate !== undefined && equalBytes(certificate.subjectKeyIdentifier, subjectKeyId))
        anchors.push(certificate);
    }
  }
  const state: HubState = { ...base, counters, anchors: anchors.length > 0 ? anchors : base.anchors };
  const told = details.find(({ currentSeqNumber }) => currentSeqNumber !== undefined);
  if (told?.currentSeqNumber === undefined) return { state, altered: { state, content } };
  const next = BigInt(told.currentSeqNumber) + 1n;
  const alteredDetails = details.map((one) => (one === told ? { ...one, currentSeqNumber: next } : one));
  return {
    state,
    altered: {
      state: { ...state, counters: new Map([...counters, [told.role, next]]) },
      content: encodeAsn1(CS02A, "response", alteredDetails),
    },
  };
}
