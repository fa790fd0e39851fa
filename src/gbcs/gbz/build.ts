import { equalBytes } from "../../base/bytes.ts";
import type { ZclFields, ZclValue } from "../../zcl/value.ts";
import type { UseCase } from "../catalogue/types.ts";
import type { PlainComponent } from "./component.ts";
import { componentsOf } from "./encryption.ts";
import type { Gbz } from "./gbz.ts";
import { bareName, fromPlain, plainTime, refuse, seconds, toPlain } from "./plain.ts";
import { commandTemplate, type TemplateComponent, type TemplateField } from "./template.ts";

/** Fields of a Command by name; see {@link buildGbzCommand}. */
export type GbzFields = Readonly<Record<string, unknown>>;

const FROM_DATE_TIME = "fromDateTime";

/**
 * The GBZ payload of a use case's Command from plain fields, with what the tables fix filled in.
 *
 * A field is named as the ZCL command or the use case names it. At the top level it goes into every component that has
 * it and where the tables do not fix it; under the name of a ZCL command into the components of that command: an object into all of them, a list of
 * objects one into each, which also says how many there are. `true` and `false` ask for an optional component or none.
 * `{components: […]}` gives the components as the codec has them.
 *
 * Throws `encode/value` naming the field that is missing, unknown or not what the use case allows.
 */
export function buildGbzCommand(useCase: UseCase | string, fields: GbzFields): Gbz {
  if (Array.isArray(fields.components)) return { kind: "command", components: fields.components };
  const template = commandTemplate(useCase);
  const given = new Given(template, fields);
  const components: PlainComponent[] = [];
  for (const [at, part] of template.entries()) {
    given.copies(at).forEach((own, copy) => {
      components.push(componentOf(part, own, given.shared, copy, components.length));
    });
  }
  given.checkUsed();
  return { kind: "command", components };
}

/** The fields as given, told apart by component. */
class Given {
  /** Top-level fields, which go wherever they fit. */
  readonly shared: Names;
  readonly #template: readonly TemplateComponent[];
  readonly #byCommand = new Map<string, { place: string; value: unknown }>();
  /** Items of a list already handed out, by command. */
  readonly #taken = new Map<string, number>();

  constructor(template: readonly TemplateComponent[], fields: GbzFields) {
    this.#template = template;
    const commands = new Set(template.map(({ definition }) => bareName(definition.name)));
    const shared: [string, unknown][] = [];
    for (const [place, value] of Object.entries(fields)) {
      if (commands.has(bareName(place))) this.#byCommand.set(bareName(place), { place, value });
      else shared.push([place, value]);
    }
    this.shared = new Names("", Object.fromEntries(shared));
  }

  /** What is given for each copy of a component of the template. */
  copies(at: number): Names[] {
    const part = this.#template[at];
    if (part === undefined) return [];
    const key = bareName(part.definition.name);
    const own = this.#byCommand.get(key);
    if (own === undefined || own.value === true) {
      const count = own === undefined ? part.min : Math.max(1, part.min);
      return Array.from({ length: count }, () => new Names("", {}));
    }
    const { place, value } = own;
    if (value === false) return part.min === 0 ? [] : refuse(place, "the use case needs it");
    if (!Array.isArray(value)) {
      const count = Math.max(1, part.min);
      return Array.from({ length: count }, () => new Names(place, value));
    }
    const taken = this.#taken.get(key) ?? 0;
    const later = this.#template
      .slice(at + 1)
      .filter((other) => other.definition === part.definition)
      .reduce((sum, other) => sum + other.min, 0);
    const count = Math.min(part.max, value.length - taken - later);
    if (count < part.min) return refuse(place, `at least ${part.min + taken + later} are needed`);
    this.#taken.set(key, taken + count);
    return value.slice(taken, taken + count).map((one, i) => new Names(`${place}[${taken + i}]`, one));
  }

  checkUsed(): void {
    this.shared.checkUsed();
    for (const [key, taken] of this.#taken) {
      const own = this.#byCommand.get(key);
      if (own !== undefined && Array.isArray(own.value) && taken < own.value.length)
        refuse(`${own.place}[${taken}]`, "more than the use case allows");
    }
  }
}

/** Named values at one place, which knows which of them were used. */
class Names {
  readonly place: string;
  readonly #values = new Map<string, { name: string; value: unknown }>();
  readonly #used = new Set<string>();

  constructor(place: string, value: unknown) {
    this.place = place;
    if (typeof value !== "object" || value === null || Array.isArray(value))
      refuse(place, "named fields are needed");
    for (const [name, one] of Object.entries(value ?? {}))
      this.#values.set(bareName(name), { name, value: one });
  }

  take(names: readonly string[]): { place: string; value: unknown } | undefined {
    for (const name of names) {
      const found = this.#values.get(bareName(name));
      if (found === undefined) continue;
      this.#used.add(bareName(name));
      return { place: this.place === "" ? found.name : `${this.place}.${found.name}`, value: found.value };
    }
    return undefined;
  }

  checkUsed(): void {
    for (const [key, { name }] of this.#values)
      if (!this.#used.has(key))
        refuse(
          this.place === "" ? name : `${this.place}.${name}`,
          "the use case has no such field, or fixes it",
        );
  }
}

function componentOf(
  part: TemplateComponent,
  own: Names,
  shared: Names,
  copy: number,
  sequence: number,
): PlainComponent {
  const { cluster, definition } = part;
  const fields: ZclFields = {};
  for (const wanted of part.fields) {
    const value = fieldValue(wanted, own, shared, copy, cluster);
    if (value !== undefined) fields[wanted.field.name] = value;
  }
  const fromDateTime = fromDateTimeOf(part, own, shared);
  own.checkUsed();
  const header = { ...part.header, sequence };
  const common = { cluster, header, name: definition.name, fields };
  return fromDateTime === undefined ? common : { ...common, fromDateTime };
}

/** What is given for the component, else what the tables fix, else what is given for all. */
function fieldValue(
  wanted: TemplateField,
  own: Names,
  shared: Names,
  copy: number,
  cluster: number,
): ZclValue | undefined {
  const given = own.take(wanted.names);
  if (given !== undefined) return givenValue(wanted, given, cluster);
  const fixed = fixedValue(wanted, copy);
  if (fixed !== undefined) return fixed;
  const common = shared.take(wanted.names);
  return common && givenValue(wanted, common, cluster);
}

function fixedValue(
  { field, allowed, countsFrom, attributeIds }: TemplateField,
  copy: number,
): ZclValue | undefined {
  if (attributeIds !== undefined) return attributeIds;
  if (countsFrom !== undefined) return countsFrom + copy;
  const [only, ...others] = allowed ?? [];
  // A constant of an octet string is its length octet, 00.
  if (only === undefined || others.length > 0) return undefined;
  return field.kind === "scalar" && field.type.shape === "octets" ? new Uint8Array(only) : only;
}

function givenValue(
  { field, allowed }: TemplateField,
  { place, value }: { place: string; value: unknown },
  cluster: number,
): ZclValue {
  const made = fromPlain(value, field, cluster, place);
  const checked = made instanceof Uint8Array ? made.length : made;
  if (allowed !== undefined && (typeof checked !== "number" || !allowed.includes(checked)))
    refuse(place, `the use case allows ${allowed.join(" or ")} only`);
  return made;
}

function fromDateTimeOf(part: TemplateComponent, own: Names, shared: Names): number | undefined {
  if (part.fromDateTime === "none") return undefined;
  const given = own.take([FROM_DATE_TIME]) ?? shared.take([FROM_DATE_TIME]);
  if (given === undefined)
    return part.fromDateTime === "needed" ? refuse(FROM_DATE_TIME, "a value is needed") : undefined;
  const { place, value } = given;
  if (typeof value === "number") return value;
  return typeof value === "string" ? seconds(value, place) : refuse(place, "a time is needed");
}

/**
 * The fields by which {@link buildGbzCommand} makes a given Command again, as lists by ZCL command, what the tables fix
 * left out. Undefined when the Command is not one of the use case.
 */
export function gbzFields(useCase: UseCase | string, gbz: Gbz): GbzFields | undefined {
  const components = componentsOf(gbz);
  const fields: Record<string, object[]> = {};
  let next = 0;
  for (const part of commandTemplate(useCase)) {
    let copy = 0;
    for (; copy < part.max; copy++, next++) {
      const component = components[next];
      if (component === undefined || !("fields" in component) || !isOf(component, part)) break;
      const { name } = part.definition;
      fields[name] = [...(fields[name] ?? []), plainFields(part, component, copy)];
    }
    if (copy < part.min) return undefined;
  }
  return next === components.length ? fields : undefined;
}

function isOf({ cluster, header }: PlainComponent, part: TemplateComponent): boolean {
  const { frameType, direction, command } = part.header;
  return (
    cluster === part.cluster &&
    header.frameType === frameType &&
    header.direction === direction &&
    header.command === command
  );
}

function plainFields(part: TemplateComponent, component: PlainComponent, copy: number): object {
  const plain: Record<string, unknown> = {};
  if (component.fromDateTime !== undefined) plain[FROM_DATE_TIME] = plainTime(component.fromDateTime);
  for (const wanted of part.fields) {
    const value = component.fields[wanted.field.name];
    if (value === undefined || isFixed(value, fixedValue(wanted, copy))) continue;
    plain[wanted.field.name] = toPlain(value, wanted.field);
  }
  return plain;
}

function isFixed(value: ZclValue, fixed: ZclValue | undefined): boolean {
  if (value instanceof Uint8Array) return fixed instanceof Uint8Array && equalBytes(value, fixed);
  return Array.isArray(value) ? Array.isArray(fixed) && String(value) === String(fixed) : value === fixed;
}
