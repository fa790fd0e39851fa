import { cluster } from "../../zcl/cluster.ts";
import { describeFields } from "../../zcl/describe.ts";
import type { ZclFields } from "../../zcl/value.ts";
import type { GbzComponent } from "./component.ts";
import { componentsOf } from "./encryption.ts";
import type { Gbz } from "./gbz.ts";
import { plainTime } from "./plain.ts";
import { type ScaledField, type Scales, scaleField, scalesOf } from "./scale.ts";

/** A component in words. */
export interface DescribedComponent {
  /** Where it stands, as errors name it, e.g. `components[0]`. */
  readonly field: string;
  /** Names, or hex ids where the tables have none. */
  readonly cluster: string;
  readonly command: string;
  readonly encrypted: boolean;
  /** ISO 8601, or the number where it is no time. */
  readonly fromDateTime?: string | number;
  /** Empty for an encrypted component that is not opened. */
  readonly fields: readonly ScaledField[];
}

/** Fields of an encrypted component that has been opened, by its place (`components[1]`). */
export type Opened = (field: string) => ZclFields | undefined;

/**
 * The components of a payload with the names of clusters, commands, fields, attributes and values, units and scale as
 * far as ZCL or the payload itself (multiplier and divisor, trailing digits and currency) tells them.
 */
export function describeGbz(gbz: Gbz, opened: Opened = () => undefined): DescribedComponent[] {
  const parts = componentsOf(gbz).map((component, i) => {
    const field = `components[${i}]`;
    const fields = "fields" in component ? component.fields : opened(field);
    return { component, field, fields };
  });
  const clear = parts.flatMap(({ component, fields }) => (fields ? [{ component, fields }] : []));
  const scales = scalesOf(clear);
  return parts.map(({ component, field, fields }) => describeComponent(component, field, fields, scales));
}

function describeComponent(
  component: GbzComponent,
  field: string,
  fields: ZclFields | undefined,
  scales: Scales,
): DescribedComponent {
  const { cluster: id, header, name, fromDateTime } = component;
  const described = fields === undefined ? [] : describeFields({ ...header, cluster: id, fields });
  return {
    field,
    cluster: cluster(id)?.name ?? `0x${id.toString(16).padStart(4, "0")}`,
    command: name ?? `0x${header.command.toString(16).padStart(2, "0")}`,
    encrypted: "encrypted" in component,
    ...(fromDateTime === undefined ? {} : { fromDateTime: plainTime(fromDateTime) }),
    fields: described.map((one) => scaleField(one, component, fields ?? {}, scales)),
  };
}
