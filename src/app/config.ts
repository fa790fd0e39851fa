import { readFileSync } from "node:fs";
import { parse as parseToml, TomlError } from "smol-toml";
import * as v from "valibot";
import { fromHex } from "../base/bytes.ts";
import { DEVICE_TYPES } from "../base/device-type.ts";
import { HanwayError } from "../base/error.ts";
import { Eui64 } from "../base/eui64.ts";
import { InstallCode } from "../base/install-code.ts";
import { ClockSchema } from "./clock/config.ts";
import { PowerSchema } from "./power/config.ts";
import { wholeNumber } from "./schema.ts";

/** Everything `hanway run` can be told, with its defaults. One table per TOML section. */
export type HubConfig = v.InferOutput<typeof ConfigSchema>;

const TENANT = /^[A-Za-z0-9_-]{1,64}$/;

/** A text that one of our own parsers turns into a branded value; its sentence becomes the setting's. */
function parsedBy<T>(parse: (text: string) => T) {
  return v.pipe(
    v.string("text is needed"),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return parse(dataset.value);
      } catch (error) {
        addIssue({ message: error instanceof HanwayError ? error.message : "not understood" });
        return NEVER;
      }
    }),
  );
}

const eui64 = parsedBy((text) => Eui64(text));

/** So many octets in hex. */
function octets(count: number) {
  return parsedBy((text) => {
    if (!new RegExp(`^[0-9a-fA-F]{${count * 2}}$`).test(text))
      throw new HanwayError("config/invalid", `${count * 2} hex digits are needed`);
    return fromHex(text);
  });
}

const PortUrl = v.pipe(
  v.string("text is needed"),
  v.regex(
    /^(?:tcp:\/\/(?:\[[0-9a-fA-F:]+\]|[^\s/:]+):\d{1,5}|\/\S+)$/,
    'allowed are "tcp://host:port" and the path of a serial device such as "/dev/ttyUSB0"',
  ),
);

const filePath = v.pipe(v.string("text is needed"), v.minLength(1, "the path of a file is needed"));

const BrokerUrl = v.pipe(
  v.string("text is needed"),
  v.regex(/^mqtts?:\/\/\S+$/, 'allowed are "mqtt://host:port" and "mqtts://host:port"'),
);

const path = v.pipe(v.string("text is needed"), v.minLength(1, "a path is needed"));

/** A program and its arguments; no shell comes between. */
const command = v.optional(
  v.array(v.string("a list of texts is needed"), 'a list is needed, as in ["/usr/bin/pon", "hub"]'),
  [],
);

/** The cellular modem, where hanway is to look after it. Its IP interface stays the system's. */
const ModemSchema = v.strictObject({
  port: PortUrl,
  baudRate: v.optional(wholeNumber(9_600, 4_000_000), 115_200),
  rtscts: v.optional(v.boolean("true or false is needed"), false),
  /** The SIM's. A secret: what is put in here is never repeated in a sentence. */
  pin: v.optional(v.pipe(v.string("text is needed"), v.regex(/^\d{4,8}$/, "4 to 8 digits are needed"))),
  apn: v.optional(
    v.pipe(
      v.string("text is needed"),
      v.regex(/^[A-Za-z0-9.-]{1,100}$/, "letters, digits, dots and dashes are allowed"),
    ),
  ),
  /** Number of the PDP context that carries the WAN. */
  context: v.optional(wholeNumber(1, 16), 1),
  /** Bring the context up by AT command; false where the system's dialler does that. */
  dial: v.optional(v.boolean("true or false is needed"), false),
  /** What the modem's clock holds once the network has set it. */
  networkTime: v.optional(v.picklist(["local", "utc", "off"], "allowed are local, utc, off"), "local"),
  /**
   * Commands of the system, run when there is a network to dial and when it is gone. A dialler needs a port of its own:
   * `port` stays with hanway.
   */
  bearer: v.optional(
    v.strictObject({ up: command, down: command, seconds: v.optional(wholeNumber(1, 600), 60) }),
    {},
  ),
  /** A file that resets the modem: a GPIO line's value, or `authorized` or `disable` of its USB port. */
  reset: v.optional(
    v.strictObject({
      file: path,
      assert: v.optional(v.string("text is needed"), "1"),
      release: v.optional(v.string("text is needed"), "0"),
      holdMs: v.optional(wholeNumber(1, 60_000), 1_000),
    }),
  ),
});

/** Names of LEDs under `folder`; a lamp without one stays dark. */
const led = v.optional(
  v.pipe(v.string("text is needed"), v.regex(/^[^/]+$/, "the name of an LED, without a folder, is needed")),
);
const LedsSchema = v.strictObject({
  folder: v.optional(path, "/sys/class/leds"),
  SW: led,
  WAN: led,
  HAN: led,
  MESH: led,
  GAS: led,
});

export const ConfigSchema = v.strictObject({
  hub: v.strictObject({
    tenant: v.optional(
      v.pipe(v.string("text is needed"), v.regex(TENANT, "1 to 64 letters, digits, _ or - are allowed")),
      "default",
    ),
    chf: eui64,
    /** The radio's own EUI-64 (GBCS: the GPF's identifier). Left out, it is read from the radio. */
    gpf: v.optional(eui64),
    dataDir: v.pipe(v.string("text is needed"), v.minLength(1, "the path of a folder is needed")),
    /** How often a copy of the store is made beside it; 0 never. */
    copyMinutes: v.optional(wholeNumber(0, 10_080), 360),
    /**
     * Goes on with the last good copy where the store is damaged, which is kept aside. What was stored since is lost:
     * messages, and the counters that tell a repeated Command from a new one. Without it the hub does not start then.
     */
    restoreOnCorrupt: v.optional(v.boolean("true or false is needed"), false),
    /** How long the network opens at start for the devices below; 0 keeps it shut. */
    joinSeconds: v.optional(wholeNumber(0, 3_600), 180),
    /** Lets an operator on this machine add and remove devices (`hanway pair`), without a head-end. */
    localPairing: v.optional(v.boolean("true or false is needed"), false),
  }),
  radio: v.strictObject({
    port: PortUrl,
    baudRate: v.optional(wholeNumber(9_600, 1_000_000), 115_200),
    rtscts: v.optional(v.boolean("true or false is needed"), false),
    /** 2.4 GHz channel of a newly formed network. */
    channel: v.optional(wholeNumber(11, 26)),
    /** Without `channel`: measure the energy on all of them first (about 2 s, once) and take the quietest. */
    quietChannel: v.optional(v.boolean("true or false is needed"), true),
    keepAliveSeconds: v.optional(wholeNumber(1, 60), 3),
  }),
  wan: v.strictObject({
    broker: v.pipe(
      v.array(
        v.strictObject({
          url: BrokerUrl,
          username: v.optional(v.string("text is needed")),
          password: v.optional(v.string("text is needed")),
          /** With mqtts: PEM file of the authorities trusted instead of the system's. */
          ca: v.optional(filePath),
          /** With mqtts: PEM files of the hub's certificate (common name: `hub.chf`) and its key. */
          certificate: v.optional(filePath),
          key: v.optional(filePath),
        }),
        "[[wan.broker]] sections are needed",
      ),
      v.minLength(1, "at least one [[wan.broker]] with a url is needed"),
    ),
    /**
     * Seldom enough to cost a cellular contract about 4 MB a month, often enough for the shortest memories of
     * operators' address translation (5 minutes).
     */
    keepAliveSeconds: v.optional(wholeNumber(5, 3_600), 120),
    /** How long before its end the hub's certificate is warned of. */
    certificateWarningDays: v.optional(wholeNumber(0, 3_650), 30),
    /** How often the machine's default route is looked at; 0 never. */
    routeCheckSeconds: v.optional(wholeNumber(0, 3_600), 5),
    /** Without network and broker for so long, the hub says that it has no WAN. */
    noWanSeconds: v.optional(wholeNumber(10, 86_400), 600),
  }),
  modem: v.optional(ModemSchema),
  leds: v.optional(LedsSchema),
  device: v.optional(
    v.array(
      v.strictObject({
        eui64,
        type: v.picklist(DEVICE_TYPES, `allowed are ${DEVICE_TYPES.join(", ")}`),
        installCode: v.optional(parsedBy((text) => InstallCode(text))),
        transferSize: v.optional(wholeNumber(64, 4_096), 1_500),
      }),
      "[[device]] sections are needed",
    ),
    [],
  ),
  /** The Communications Hub Function: its keys, whom it trusts, and who it says it is. */
  chf: v.optional(
    v.strictObject({
      /**
       * Keystore with the CHF's private keys and the certificates of the remote parties (`hanway pki` makes one for
       * a desk). Without it the hub relays, and executes no Command addressed to itself.
       */
      keystore: v.optional(v.pipe(v.string("text is needed"), v.minLength(1, "a path is needed"))),
      /**
       * Certificate of the organisations' root (PEM or DER), at which new certificates for remote parties have to end.
       * Left out, `organisation-root.pem` beside the keystore; without that either, CS02b replaces nothing.
       */
      root: v.optional(filePath),
      /** Model type, 8 octets in hex. */
      modelType: v.optional(octets(8)),
      /** CH manufacturer identifier, 4 octets in hex. */
      manufacturer: v.optional(octets(4)),
      /** Version of the running firmware as an OTA header gives it, 4 octets in hex. */
      firmwareVersion: v.optional(octets(4)),
      /** Entries of one kind that devices of the HAN may cause in the event log in an hour: each one, and all together. */
      hanEvents: v.optional(
        v.strictObject({
          perDevice: v.optional(wholeNumber(0, 100), 4),
          perHour: v.optional(wholeNumber(0, 100), 20),
        }),
        {},
      ),
      /** Alert 0x8F84, a Command that an ESME did not get. No message of this kind has been published. */
      undelivered: v.optional(
        v.strictObject({
          form: v.optional(v.picklist(["dlms", "der"], "allowed are dlms, der"), "dlms"),
          protection: v.optional(v.picklist(["mac", "signature"], "allowed are mac, signature"), "mac"),
          perHour: v.optional(wholeNumber(0, 10_000), 100),
        }),
        {},
      ),
    }),
    {},
  ),
  /** Key establishment (CBKE) with the devices of the HAN. */
  security: v.optional(
    v.strictObject({
      /** `required` unless neither credentials nor a test authority are given; `off`: install codes alone. */
      cbke: v.optional(v.picklist(["required", "off"], "allowed are required, off")),
      /** The certificate authority's files for this hub's radio, one for each suite, or `zigbee.json` of a test PKI. */
      credentials: v.optional(
        v.array(v.pipe(v.string("text is needed"), v.minLength(1, "a path is needed")), "a list is needed"),
        [],
      ),
      /** Seed of the project's own authority, whose certificates emulated devices carry. For a desk only. */
      testAuthority: v.optional(wholeNumber(0, 0xffff_ffff)),
    }),
    {},
  ),
  /** Messages that wait for the sleeping gas meter; life and depth also of HAN-only messages to a PPMID. */
  mailbox: v.optional(
    v.strictObject({
      /** How long one waits before it is dropped, event 0x819D logged and `expired` told to its sender. */
      lifeHours: v.optional(wholeNumber(1, 480), 24),
      /** How many wait for one device; the next is refused with `mailbox-full`. */
      depth: v.optional(wholeNumber(1, 255), 32),
      /** Refuse messages for a meter that has no mirror at the Gas Proxy Function to learn of them from. */
      needsMirror: v.optional(v.boolean("true or false is needed"), false),
      /**
       * Keep a message that was handed out until the meter has acknowledged all of it; where only the last acknowledgement
       * is lost it gets it a second time, which its replay protection knows. False: gone as it is handed out, whatever
       * the meter made of it, and only its sender sends it again.
       */
      untilAcknowledged: v.optional(v.boolean("true or false is needed"), true),
    }),
    {},
  ),
  clock: v.optional(ClockSchema, {}),
  power: v.optional(PowerSchema, {}),
  log: v.optional(
    v.strictObject({
      level: v.optional(
        v.picklist(["debug", "info", "warn", "error"], "allowed are debug, info, warn, error"),
        "info",
      ),
    }),
    {},
  ),
});

/** Reads and checks a TOML file. Throws `config/unreadable`, `config/missing` or `config/invalid` with the field. */
export function loadConfig(path: string): HubConfig {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new HanwayError("config/unreadable", `${path}: ${reasonOf(cause)}`, { cause });
  }
  return parseConfig(text, path);
}

/** Checks the text of a TOML file; `name` is only for the sentence. */
export function parseConfig(text: string, name = "config"): HubConfig {
  let raw: unknown;
  try {
    raw = parseToml(text);
  } catch (cause) {
    const where = cause instanceof TomlError ? ` line ${cause.line}, column ${cause.column}` : "";
    throw new HanwayError("config/unreadable", `${name}${where} is not TOML`, { cause });
  }
  const result = v.safeParse(ConfigSchema, raw);
  if (!result.success) throw fault(result.issues[0]);
  unique(result.output);
  checkSecurity(result.output);
  result.output.wan.broker.forEach(checkTls);
  return result.output;
}

function fault(issue: v.BaseIssue<unknown>): HanwayError {
  const field = (issue.path ?? [])
    .map((item) => (typeof item.key === "number" ? `[${item.key}]` : `.${String(item.key)}`))
    .join("")
    .replace(/^\./, "");
  if (issue.type === "strict_object" && issue.expected === "never") {
    return new HanwayError("config/invalid", "no such setting", { field });
  }
  if (issue.input === undefined) {
    const what = issue.type === "strict_object" ? "it must be given" : issue.message;
    return new HanwayError("config/missing", what, { field });
  }
  return new HanwayError("config/invalid", issue.message, { field });
}

function checkSecurity({ security }: HubConfig): void {
  const { cbke, credentials, testAuthority } = security;
  if (credentials.length > 0 && testAuthority !== undefined)
    throw new HanwayError("config/invalid", "it cannot be used together with security.credentials", {
      field: "security.testAuthority",
    });
  if (cbke === "required" && credentials.length === 0 && testAuthority === undefined)
    throw new HanwayError("config/missing", "key establishment needs the hub's certificates", {
      field: "security.credentials",
    });
}

function unique(config: HubConfig): void {
  const seen = new Map<string, string>([[config.hub.chf, "hub.chf"]]);
  if (config.hub.gpf !== undefined) note(seen, config.hub.gpf, "hub.gpf");
  config.device.forEach((device, i) => {
    note(seen, device.eui64, `device[${i}].eui64`);
  });
}

function checkTls({ url, ca, certificate, key }: HubConfig["wan"]["broker"][number], i: number): void {
  const given = Object.entries({ ca, certificate, key }).find(([, file]) => file !== undefined)?.[0];
  if (given !== undefined && !url.startsWith("mqtts:"))
    throw new HanwayError("config/invalid", "only a mqtts broker has it", {
      field: `wan.broker[${i}].${given}`,
    });
  if ((certificate === undefined) === (key === undefined)) return;
  const missing = key === undefined ? "key" : "certificate";
  const detail = "certificate and key belong together";
  throw new HanwayError("config/missing", detail, { field: `wan.broker[${i}].${missing}` });
}

function note(seen: Map<string, string>, value: string, field: string): void {
  const first = seen.get(value);
  if (first !== undefined) throw new HanwayError("config/invalid", `${value} is already ${first}`, { field });
  seen.set(value, field);
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "no permission to read it";
  if (code === "EISDIR") return "it is a folder";
  return "it cannot be read";
}
