import { CLUSTERS } from "./data/commands.ts";
import { FOUNDATION } from "./foundation.ts";
import type { Direction } from "./header.ts";
import { type Field, parseLayout } from "./layout.ts";

/** A command as the tables have it. Its layout is read from its notation when it is first asked for. */
export class CommandDefinition {
  /** Command id, 8 bits. */
  readonly id: number;
  readonly name: string;
  /** Undefined for the general commands, which either side sends. */
  readonly direction: Direction | undefined;
  /** Name of the command that answers it; a Default Response otherwise. */
  readonly answer: string | undefined;
  readonly #notation: string;
  #layout: readonly Field[] | undefined;

  constructor(
    id: number,
    name: string,
    direction: Direction | undefined,
    answer: string | undefined,
    notation: string,
  ) {
    this.id = id;
    this.name = name;
    this.direction = direction;
    this.answer = answer;
    this.#notation = notation;
  }

  get layout(): readonly Field[] {
    this.#layout ??= parseLayout(this.#notation);
    return this.#layout;
  }
}

/** A cluster: its name and commands. Attributes and enumerations are in `attributes.ts` and `value-names.ts`. */
export interface ClusterDefinition {
  /** Cluster id, 16 bits. */
  readonly id: number;
  readonly name: string;
  /** `aps`: encrypted with the link key on a Smart Energy endpoint; `network`: by the network key alone. */
  readonly security: "aps" | "network";
  readonly commands: readonly CommandDefinition[];
}

const LINE = /^(?:([<>]) )?([0-9A-F]{2}) (\w+)(?: \/ (\w+))? :(.*)$/gm;

function parseCommands(text: string): CommandDefinition[] {
  return Array.from(text.matchAll(LINE), ([, arrow, id = "", name = "", answer, notation = ""]) => {
    const direction =
      arrow === undefined ? undefined : arrow === ">" ? "clientToServer" : ("serverToClient" as const);
    return new CommandDefinition(Number.parseInt(id, 16), name, direction, answer, notation);
  });
}

type Entry = ClusterDefinition & { readonly byKey: ReadonlyMap<number, CommandDefinition> };

const ROWS = new Map(CLUSTERS.map((row) => [row[0], row]));
const parsed = new Map<number, Entry>();
let general: readonly (CommandDefinition | undefined)[] | undefined;

const keyOf = (direction: Direction | undefined, id: number) =>
  direction === "serverToClient" ? id | 0x100 : id;

function entry(id: number): Entry | undefined {
  const known = parsed.get(id);
  if (known) return known;
  const row = ROWS.get(id);
  if (!row) return undefined;
  const commands = parseCommands(row[3]);
  const byKey = new Map(commands.map((command) => [keyOf(command.direction, command.id), command]));
  const made = { id, name: row[1], security: row[2], commands, byKey };
  parsed.set(id, made);
  return made;
}

/** The cluster of an id, undefined where the tables have none. */
export function cluster(id: number): ClusterDefinition | undefined {
  return entry(id);
}

/** Ids of all clusters in the tables. */
export function clusterIds(): number[] {
  return [...ROWS.keys()];
}

/** A cluster specific command by cluster, direction and id; undefined where the tables have none. */
export function clusterCommand(
  clusterId: number,
  direction: Direction,
  id: number,
): CommandDefinition | undefined {
  return entry(clusterId)?.byKey.get(keyOf(direction, id));
}

/** A cluster specific command by name, as the tables spell it. */
export function clusterCommandNamed(
  clusterId: number,
  name: string,
  direction?: Direction,
): CommandDefinition | undefined {
  return entry(clusterId)?.commands.find(
    (command) => command.name === name && (direction === undefined || command.direction === direction),
  );
}

/** A general command (ZCL 2.5) by its id. */
export function generalCommand(id: number): CommandDefinition | undefined {
  general ??= generalCommands().reduce<(CommandDefinition | undefined)[]>((table, command) => {
    table[command.id] = command;
    return table;
  }, new Array<CommandDefinition | undefined>(256).fill(undefined));
  return general[id];
}

/** Every general command (ZCL 2.5). */
export function generalCommands(): CommandDefinition[] {
  return parseCommands(FOUNDATION);
}
