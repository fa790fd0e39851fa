import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { type FSWatcher, readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock, Timer } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { TlsMaterial } from "./broker-settings.ts";
import { tlsFault } from "./dial.ts";

/** Paths of PEM files for one `mqtts` broker. */
export interface TlsPaths {
  /** Authorities trusted instead of the system's. */
  ca?: string;
  /** The hub's own certificate, with those between it and the authority behind it, and its key. */
  certificate?: string;
  key?: string;
}

export interface CertificateSettings {
  /** The common name that the hub's certificate must have. */
  hub: Eui64;
  /** Where the settings name the files, for error messages: `wan.broker[0]`. */
  field: string;
  /** How long before its end a certificate is warned of, in days. */
  warnDays: number;
}

const DAY_MS = 24 * 3_600_000;
/** How often the files are looked at besides the file system's own notices, in milliseconds. */
const LOOK_MS = 60_000;

/**
 * The TLS files of one broker. They are read again for every connection and whenever they change; what cannot be used
 * (half written, of another hub) is told once and leaves the last good ones in force.
 */
export class BrokerCertificate {
  readonly #paths: TlsPaths;
  readonly #settings: CertificateSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #watchers: FSWatcher[] = [];
  #material: TlsMaterial;
  #expires: number | undefined;
  #timer: Timer | undefined;
  #told = "";
  #warnedAt = Number.NEGATIVE_INFINITY;
  #expiryTold = false;
  #changed: () => void = () => {};

  /**
   * Throws `config/unreadable` for a file that cannot be read and `config/invalid` for one that is not what it should
   * be, both with the setting's name.
   */
  constructor(paths: TlsPaths, settings: CertificateSettings, ports: { clock: Clock; log: Log }) {
    this.#paths = paths;
    this.#settings = settings;
    this.#clock = ports.clock;
    this.#log = ports.log;
    this.#material = readFiles(paths, settings.field);
    this.#expires = this.#check(this.#material);
  }

  /** Unix milliseconds at which the hub's certificate ends; undefined without one. */
  get expires(): number | undefined {
    return this.#expires;
  }

  /** What the next connection is to use. */
  current(): TlsMaterial {
    this.refresh();
    return this.#material;
  }

  /** `changed` is called when other files are in force. */
  start(changed: () => void): void {
    this.#changed = changed;
    const files = [this.#paths.ca, this.#paths.certificate, this.#paths.key].filter(
      (one) => one !== undefined,
    );
    for (const folder of new Set(files.map(dirname))) {
      const names = new Set(files.filter((file) => dirname(file) === folder).map((file) => basename(file)));
      try {
        // The folder, because a file that is replaced is another file; what comes of it is all checked again.
        const watcher = watch(folder, (_event, name) => {
          if (name === null || names.has(name)) this.refresh();
        });
        watcher.on("error", () => watcher.close());
        watcher.unref();
        this.#watchers.push(watcher);
      } catch {
        // Not every file system can be watched: then the clock's look must do.
      }
    }
    this.#look();
  }

  stop(): void {
    this.#timer?.cancel();
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  /** Takes the files as they are now, where they are good. */
  refresh(): void {
    try {
      const material = readFiles(this.#paths, this.#settings.field);
      if (same(material, this.#material)) return;
      this.#expires = this.#check(material);
      this.#material = material;
      this.#told = "";
      this.#warnedAt = Number.NEGATIVE_INFINITY;
      this.#expiryTold = false;
      this.#log.info({ broker: this.#settings.field, expires: this.#date() }, "TLS files read anew");
      this.#changed();
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      if (this.#told !== error.message)
        this.#log.warn(
          { err: error },
          `TLS files cannot be used, the earlier ones stay in force: ${error.message}`,
        );
      this.#told = error.message;
    }
    this.#warn();
  }

  #look(): void {
    this.refresh();
    this.#warn();
    this.#timer = this.#clock.after(LOOK_MS, () => this.#look());
  }

  /** Once a day, while the end is near or past, and when it has come. */
  #warn(): void {
    if (this.#expires === undefined) return;
    const left = this.#expires - this.#clock.now();
    if (left > this.#settings.warnDays * DAY_MS) return;
    const news = left <= 0 && !this.#expiryTold;
    if (!news && this.#clock.elapsed() - this.#warnedAt < DAY_MS) return;
    this.#warnedAt = this.#clock.elapsed();
    this.#expiryTold = left <= 0;
    const fields = { broker: this.#settings.field, expires: this.#date() };
    if (left <= 0) this.#log.warn(fields, "the hub's certificate has expired; the broker will refuse it");
    else {
      const days = Math.floor(left / DAY_MS);
      this.#log.warn({ ...fields, days }, `the hub's certificate ends in ${days} days; give it a new one`);
    }
  }

  #date(): string | undefined {
    return this.#expires === undefined ? undefined : new Date(this.#expires).toISOString();
  }

  /** Returns when the hub's own certificate ends. */
  #check(material: TlsMaterial): number | undefined {
    const expires = this.#checkEach(material);
    // What each file holds may be in order and still not be taken: a key too short, a chain broken off.
    const ca = material.ca === undefined ? undefined : tlsFault({ ca: material.ca });
    const fault = ca ?? tlsFault(material);
    if (fault === undefined) return expires;
    const field = `${this.#settings.field}.${ca === undefined ? "certificate" : "ca"}`;
    throw new HanwayError("config/invalid", `TLS cannot use it: ${fault}`, { field });
  }

  #checkEach({ ca, certificate, key }: TlsMaterial): number | undefined {
    const { field, hub } = this.#settings;
    if (ca !== undefined) parsed(ca, `${field}.ca`);
    if (certificate === undefined || key === undefined) return undefined;
    const own = parsed(certificate, `${field}.certificate`);
    const name = /^CN=(.*)$/m.exec(own.subject)?.[1] ?? "";
    if (name.replaceAll(/[:-]/g, "").toLowerCase() !== hub) {
      const detail = `it is made out to "${name.slice(0, 64)}"; the common name must be the hub's EUI-64, ${hub}`;
      throw new HanwayError("config/invalid", detail, { field: `${field}.certificate` });
    }
    if (!own.checkPrivateKey(privateKey(key, `${field}.key`))) {
      throw new HanwayError("config/invalid", "it is not the key of the certificate", {
        field: `${field}.key`,
      });
    }
    return own.validToDate.getTime();
  }
}

function readFiles(paths: TlsPaths, field: string): TlsMaterial {
  const read = (name: keyof TlsPaths) => {
    const path = paths[name];
    if (path === undefined) return {};
    try {
      return { [name]: readFileSync(path, "utf8") };
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
      const why = code === "ENOENT" ? "there is no such file" : "it cannot be read";
      throw new HanwayError("config/unreadable", `${path}: ${why}`, { field: `${field}.${name}`, cause });
    }
  };
  return { ...read("ca"), ...read("certificate"), ...read("key") };
}

/** The first certificate of a PEM text. */
function parsed(pem: string, field: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new HanwayError("config/invalid", "it holds no certificate in PEM form", { field, cause });
  }
}

function privateKey(pem: string, field: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // Without the cause: nothing of a key may get into a log.
    throw new HanwayError("config/invalid", "it holds no private key in PEM form without a password", {
      field,
    });
  }
}

function same(a: TlsMaterial, b: TlsMaterial): boolean {
  return a.ca === b.ca && a.certificate === b.certificate && a.key === b.key;
}
