import {
  search,
  services,
  type UseCase,
  useCase as useCaseByName,
  useCases,
} from "../gbcs/catalogue/index.ts";
import { type FieldInfo, fieldInfo } from "../headend/fields/index.ts";
import { isCommand } from "../headend/use-case.ts";
import { command } from "./command.ts";
import { say, UsageError } from "./io.ts";

const HELP = `hanway catalogue: use cases, and the values they take

Usage: hanway catalogue [WORD…] [--device TYPE] [--commands | --alerts] [--fields] [--json]

Finds use cases by words of their title or of a service request's name, by code (ECS17b), message code (0x0027) or
service reference (4.1.1); all words must fit. Few finds are shown with the values that "hanway send --set" takes.

  --device TYPE   only those of one device: esme, gsme, chf, gpf, ppmid, hcalcs, sapc
  --commands      only Commands
  --alerts        only Alerts
  --fields        show the values of every find
  --json          {"useCases": [{"code", "title", "messageCode", "targets", "fields", …}]}

Examples
  hanway catalogue top up
  hanway catalogue 4.1.1
  hanway catalogue log --device gpf`;

const OPTIONS = {
  json: { type: "boolean" },
  device: { type: "string" },
  commands: { type: "boolean" },
  alerts: { type: "boolean" },
  fields: { type: "boolean" },
} as const;

/** Up to so many finds are shown whole. */
const SHOWN_WHOLE = 3;

export const run = command(
  { help: HELP, options: OPTIONS, positionals: true },
  async ({ values, positionals }, io) => {
    if (values.commands && values.alerts) throw new UsageError("--commands and --alerts exclude each other");
    const device = deviceKind(values.device);
    const found = find(positionals).filter(
      (one) =>
        (device === undefined || one.targets.some((target) => target === device || target === "ANY")) &&
        (!values.commands || one.kind === "command") &&
        (!values.alerts || one.kind === "alert"),
    );
    if (values.json) {
      say(io.stdout, JSON.stringify({ useCases: found.map(whole) }));
      return found.length === 0 ? 1 : 0;
    }
    if (found.length === 0) {
      say(io.stderr, `hanway: no use case fits "${positionals.join(" ").slice(0, 60)}"`);
      return 1;
    }
    const withFields = values.fields === true || found.length <= SHOWN_WHOLE;
    for (const one of found) for (const line of lines(one, withFields)) say(io.stdout, line);
    return 0;
  },
);

function deviceKind(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const kind = text.toUpperCase();
  const known = [...new Set(useCases().flatMap(({ targets }) => targets))];
  if (!known.some((target) => target === kind))
    throw new UsageError(`--device takes ${known.join(", ").toLowerCase()}`);
  return kind;
}

/** A code alone means its use case; else every word has to fit the use case or one service request that asks for it. */
function find(words: readonly string[]): readonly UseCase[] {
  const [first] = words;
  const exact = words.length === 1 && first !== undefined ? useCaseByName(first) : undefined;
  if (exact !== undefined) return [exact];
  const references = words.filter((word) => /^\d+(?:\.\d+)+$/.test(word));
  const rest = words.filter((word) => !references.includes(word));
  const inTitles = new Set(search(rest.join(" ")));
  const wanted = rest.map((word) => word.toLowerCase());
  const asked = new Set(
    services()
      .filter(({ name, element }) =>
        wanted.every((word) => `${name} ${element}`.toLowerCase().includes(word)),
      )
      .flatMap((service) => service.useCases),
  );
  return useCases().filter(
    (one) =>
      (inTitles.has(one) || asked.has(one.code)) &&
      references.every((reference) => one.services.some((own) => isOf(own, reference))),
  );
}

/** `4.1` also means 4.1.1, but 4.1.1 does not mean 4.1.10. */
function isOf(variant: string, reference: string): boolean {
  return variant === reference || variant.startsWith(`${reference}.`);
}

function whole(one: UseCase): object {
  return { ...one, fields: isCommand(one) ? fieldInfo(one) : null };
}

function lines(one: UseCase, withFields: boolean): string[] {
  const code = one.messageCode === null ? "      " : `0x${one.messageCode.toString(16).padStart(4, "0")}`;
  const head = `${one.code.padEnd(10)} ${code}  ${one.targets.join(", ").padEnd(12)} ${one.title}`;
  if (!withFields) return [head];
  const facts = [
    one.kind === "alert" ? "Alert" : one.hanOnly ? "HAN only" : "Command",
    one.format,
    one.critical === null ? undefined : one.critical ? "critical" : "not critical",
    one.roles === null || one.roles.length === 0 ? undefined : `by ${one.roles.join(", ")}`,
    one.services.length === 0 ? undefined : `service ${one.services.join(", ")}`,
    one.superseded ? "superseded" : undefined,
  ];
  return [
    head,
    `  ${facts.filter(Boolean).join("; ")}`,
    ...(isCommand(one) ? fieldLines(fieldInfo(one)) : []),
  ];
}

function fieldLines(fields: readonly FieldInfo[]): string[] {
  const shown = fields.filter(({ need }) => need !== "fixed");
  if (shown.length === 0) return ["  takes no values"];
  const width = Math.min(48, Math.max(...shown.map(({ name }) => name.length)));
  return shown.map(({ name, type, need, choices }) => {
    const list = choices === undefined ? "" : `: ${choices.join(", ")}`;
    return `  --set ${name.padEnd(width)}  ${type}${list}${need === "optional" ? " (optional)" : ""}`;
  });
}
