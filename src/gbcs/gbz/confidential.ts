import { useCasesByCode } from "../catalogue/lookup.ts";
import { gbzTemplate } from "../catalogue/tables.ts";
import type { GbzComponent } from "./component.ts";

/**
 * Whether a component of a Response or an Alert of this message code must be encrypted (GBCS 8.2.4), as the tables of
 * its use case say. Default Responses never are.
 */
export function isConfidential(
  messageCode: number,
  { cluster, header }: Pick<GbzComponent, "cluster" | "header">,
): boolean {
  return useCasesByCode(messageCode).some(({ code }) => {
    const template = gbzTemplate(code);
    return [...(template?.responses ?? []), ...(template?.alerts ?? [])].some(
      (row) =>
        row.encrypted === true &&
        row.cluster === cluster &&
        row.command === header.command &&
        row.clusterSpecific === (header.frameType === "cluster"),
    );
  });
}
