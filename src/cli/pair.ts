import { toHex } from "../base/bytes.ts";
import { DEVICE_TYPES, type DeviceType } from "../base/device-type.ts";
import { Eui64 } from "../base/eui64.ts";
import type { JoinNews } from "../base/hub-control.ts";
import { InstallCode } from "../base/install-code.ts";
import { parseLabel } from "../base/label.ts";
import { command } from "./command.ts";
import { ControlClient, HUB_HELP, HUB_OPTIONS, socketPath } from "./control.ts";
import { argument, INTERRUPTED, type Io, numberOption, say, UsageError } from "./io.ts";

const HELP = `hanway pair: lets one device join a running hub, and shows how far it comes

Usage: hanway pair EUI64 INSTALLCODE [--type TYPE] [--seconds N] [options]
       hanway pair LABEL [--type TYPE] …

EUI64 and INSTALLCODE (with its CRC) as printed, with or without spaces, dashes or colons; LABEL is what the QR code of
a device says. The steps: window open, seen, associated, link key, key establishment, log updated.

  --type TYPE     ${DEVICE_TYPES.join(", ")} (default esme)
  --seconds N     how long the window stays open, 1 to 3600 (default 180)
${HUB_HELP}
  --json          one JSON object on standard output at the end

The hub must allow it: localPairing = true in [hub]. Pairing by the head-end (CCS01) needs no such setting.
Exit code 0 when the device has joined, 1 when not.

Example: hanway pair 00db1234567890a1 83FE-D340-7A93-9723-A5C6-39B2-6916-D505-C3B5 --type gsme`;

export const PAIRING_OFF =
  "local pairing is off; set localPairing = true in [hub] of the hub's settings, or let the head-end add the device (CCS01)";

const OPTIONS = {
  ...HUB_OPTIONS,
  type: { type: "string" },
  seconds: { type: "string" },
  json: { type: "boolean" },
} as const;

export const run = command(
  { help: HELP, options: OPTIONS, positionals: true },
  async ({ values, positionals }, io) => {
    const { eui64, installCode } = labelOf(positionals);
    const type = typeOf(values.type ?? "esme");
    const seconds = numberOption(values.seconds, "seconds", 1, 3_600) ?? 180;
    using hub = await ControlClient.connect(socketPath(values));
    const watch = new Watch(eui64, seconds, io);
    await hub.watch((news) => watch.news(news));
    const answer = await hub.ask({ do: "pair", eui64, type, installCode: toHex(installCode), seconds });
    if (answer !== "window-open") {
      if (values.json && answer !== "off")
        say(io.stdout, JSON.stringify({ device: eui64, type, joined: answer === "already-in", steps: [] }));
      return refused(String(answer), eui64, values.json === true, io);
    }
    const result = await watch.end(hub.closed);
    if (values.json) say(io.stdout, JSON.stringify({ device: eui64, type, ...result }));
    if (io.signal.aborted) return INTERRUPTED;
    return result.joined ? 0 : 1;
  },
);

function refused(answer: string, eui64: Eui64, json: boolean, io: Io): number {
  if (answer === "already-in") {
    say(
      json ? io.stderr : io.stdout,
      `${eui64} is in the Device Log and has its link key; it needs no window`,
    );
    return 0;
  }
  const full = "the Device Log has no room for another device of this type; unpair one first";
  say(io.stderr, `hanway: ${answer === "off" ? PAIRING_OFF : full}`);
  return answer === "off" ? 2 : 1;
}

interface Result {
  joined: boolean;
  steps: { step: string; ms: number }[];
  failure?: { step: string; cause: string; next: string };
}

/** Tells a person what happens to one device, until it is in or its window is over. */
class Watch {
  readonly #device: Eui64;
  readonly #io: Io;
  readonly #started = performance.now();
  readonly #seconds: number;
  readonly #end = Promise.withResolvers<void>();
  readonly #result: Result = { joined: false, steps: [] };
  readonly #live: boolean;

  constructor(device: Eui64, seconds: number, io: Io) {
    this.#device = device;
    this.#seconds = seconds;
    this.#io = io;
    this.#live = io.stderr.isTTY === true;
  }

  news(news: JoinNews): void {
    if (news.device !== this.#device) return;
    const ms = Math.round(performance.now() - this.#started);
    switch (news.news) {
      case "step":
        if (this.#result.steps.some(({ step }) => step === news.step)) return;
        this.#result.steps.push({ step: news.step, ms });
        this.#line(`${(ms / 1_000).toFixed(1).padStart(6)} s  ${news.step}`);
        return;
      case "joined":
        this.#result.joined = true;
        this.#line(`${(ms / 1_000).toFixed(1).padStart(6)} s  joined`);
        this.#end.resolve();
        return;
      case "failed":
        this.#trouble({ step: news.step, cause: news.cause, next: news.next });
        if (news.final) this.#end.resolve();
    }
  }

  /** Resolves when the device is in, has failed for good, the window is over, the hub is gone, or the person gives up. */
  async end(hubGone: AbortSignal): Promise<Result> {
    const { signal } = this.#io;
    const tick = setInterval(() => this.#countDown(), 1_000);
    const over = setTimeout(() => this.#end.resolve(), (this.#seconds + 5) * 1_000);
    const ends = AbortSignal.any([signal, hubGone]);
    const giveUp = () => this.#end.resolve();
    ends.addEventListener("abort", giveUp, { once: true });
    if (ends.aborted) giveUp();
    await this.#end.promise;
    clearInterval(tick);
    clearTimeout(over);
    ends.removeEventListener("abort", giveUp);
    if (this.#live) this.#io.stderr.write("\r\x1b[K");
    if (!this.#result.joined && !signal.aborted) {
      if (hubGone.aborted) this.#hubEnded();
      else if (this.#result.failure === undefined) this.#neverCame();
    }
    return this.#result;
  }

  #hubEnded(): void {
    const cause = "the hub closed the connection";
    this.#trouble({ step: this.#lastStep(), cause, next: "see that the hub runs, then pair it again" });
  }

  #lastStep(): string {
    return this.#result.steps.at(-1)?.step ?? "window open";
  }

  #neverCame(): void {
    const step = this.#lastStep();
    const seen = step !== "window open";
    this.#trouble({
      step,
      cause: seen ? "the window ended before the device was through" : "the device was never heard",
      next: seen
        ? "pair it again"
        : "wake the device or switch it to pairing, move it closer, then pair it again",
    });
  }

  /** Told once, however often a device with the same trouble tries. */
  #trouble(failure: NonNullable<Result["failure"]>): void {
    const told = this.#result.failure?.cause === failure.cause;
    this.#result.failure = failure;
    if (told) return;
    this.#line(`  trouble at "${failure.step}": ${failure.cause}`);
    this.#line(`  next: ${failure.next}`);
  }

  #line(text: string): void {
    if (this.#live) this.#io.stderr.write("\r\x1b[K");
    say(this.#io.stderr, text);
  }

  #countDown(): void {
    if (!this.#live) return;
    const left = this.#seconds - Math.floor((performance.now() - this.#started) / 1_000);
    if (left >= 0) this.#io.stderr.write(`\r\x1b[K         window open for ${left} s more`);
  }
}

function labelOf(positionals: readonly string[]): { eui64: Eui64; installCode: InstallCode } {
  const [first, ...rest] = positionals;
  if (first === undefined) throw new UsageError("pair needs EUI64 and INSTALLCODE; see hanway pair --help");
  if (rest.length === 0) return argument(() => parseLabel(first));
  return argument(() => ({
    eui64: Eui64(first, "EUI64"),
    installCode: InstallCode(rest.join(""), "INSTALLCODE"),
  }));
}

function typeOf(text: string): DeviceType {
  const type = DEVICE_TYPES.find((one) => one === text);
  if (type === undefined) throw new UsageError(`--type: allowed are ${DEVICE_TYPES.join(", ")}`);
  return type;
}
