import { toHex } from "../base/bytes.ts";
import { SystemClock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import { toJson } from "../gbcs/json.ts";
import { BlockAssembly } from "../headend/assembly.ts";
import { HeadEndLink, type Upward } from "../headend/link.ts";
import type { PartyStore } from "../headend/party-store.ts";
import { command } from "./command.ts";
import { type Described, describe } from "./gbcs/describe.ts";
import { objectLines } from "./gbcs/text.ts";
import { treeLines } from "./gbcs/tree.ts";
import { inWords } from "./headend/asn1-words.ts";
import { CONNECTION_HELP, CONNECTION_OPTIONS, connectionOf } from "./headend/connection.ts";
import { durationOption, numberOption, say, stoppedCode, UsageError, untilAborted } from "./io.ts";

const HELP = `hanway listen: alerts and Responses as they come up from the hub

Usage: hanway listen [--count N] [--for TIME] [--json] [options]

Shows every message that the hub sends up: who sent it, whether MAC and signature are right, and what it says. Blocks
of a large message are put together. It runs until Ctrl-C.

  --count N         end after N messages
  --for TIME        end after this time (30s, 5m)
${CONNECTION_HELP}
  --json            one JSON object a line

Example: hanway listen --json`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  json: { type: "boolean" },
  count: { type: "string" },
  for: { type: "string" },
} as const;

export const run = command(
  { help: HELP, options: OPTIONS, positionals: true },
  async ({ values, positionals }, io) => {
    if (positionals.length > 0) throw new UsageError("listen takes options only; see hanway listen --help");
    const count = numberOption(values.count, "count", 1, 1_000_000_000) ?? Number.POSITIVE_INFINITY;
    const forMs = durationOption(values.for, "for");
    const { broker, root, parties } = connectionOf(values);
    const clock = new SystemClock();
    const assembly = new BlockAssembly();
    const end = Promise.withResolvers<void>();
    let left = count;
    await using _link = await HeadEndLink.connect(broker, root, {
      up: (message) => {
        const octets = left > 0 ? assembly.take(message.payload) : undefined;
        if (octets === undefined) return;
        const heard = { ...message, payload: octets };
        const at = new Date(clock.now()).toISOString();
        if (values.json) say(io.stdout, JSON.stringify({ at, ...heardJson(heard, parties) }));
        else for (const line of heardLines(heard, parties, at)) say(io.stdout, line);
        left--;
        if (left === 0) end.resolve();
      },
      connection: (up) =>
        say(io.stderr, up ? "the broker is there again" : "the broker is lost; trying again"),
    });
    say(io.stderr, `listening to ${root.tenant}/${root.hub}`);
    if (forMs !== undefined) setTimeout(() => end.resolve(), forMs).unref();
    await Promise.race([end.promise, untilAborted(io.signal)]);
    return io.signal.aborted ? stoppedCode(io.signal) : 0;
  },
);

function heardJson({ device, seq, payload }: Upward, parties: PartyStore): object {
  const hex = toHex(payload);
  const described = read(payload, parties);
  if ("reason" in described) return { kind: "unreadable", device, seq, reason: described.reason, hex };
  const { envelope, useCase, protection, objects } = described;
  return {
    kind: envelope.kind,
    device,
    seq,
    useCase: useCase?.code ?? null,
    messageCode: envelope.messageCode,
    originator: envelope.originator,
    target: envelope.target,
    counter: envelope.counter.toString(),
    mac: protection.mac,
    signature: protection.signature,
    objects: toJson(objects),
    payload: described.payload.format === "ASN.1" ? toJson(described.payload.value) : null,
    hex,
  };
}

function heardLines({ device, payload }: Upward, parties: PartyStore, at: string): string[] {
  const described = read(payload, parties);
  if ("reason" in described) return [`${at} ${device} something that cannot be read: ${described.reason}`];
  const { envelope, useCase, protection, objects } = described;
  const title = useCase === null ? "unknown message code" : `${useCase.code} ${useCase.title}`;
  const to = parties.nameOf(envelope.target) ?? envelope.target;
  const from = parties.nameOf(envelope.originator) ?? "device";
  const checks = [`MAC ${protection.mac}`, `signature ${protection.signature}`].filter(
    (one) => !one.endsWith("absent"),
  );
  return [
    `${at} ${envelope.kind} ${title}`,
    `  ${from} ${envelope.originator} to ${to}, counter ${envelope.counter}, ${checks.join(", ") || "no protection"}`,
    ...objects.flatMap(objectLines),
    ...(described.payload.format === "ASN.1"
      ? treeLines(inWords(described.payload.value, envelope.messageCode), "  ")
      : []),
  ];
}

/** What is known of a message; somebody else's mistake on the broker must not end the listening. */
function read(octets: Uint8Array, parties: PartyStore): Described | { reason: string } {
  try {
    return describe(octets, parties.keystore);
  } catch (error) {
    if (error instanceof HanwayError) return { reason: error.message };
    throw error;
  }
}
