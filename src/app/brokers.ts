import type { Clock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Log } from "../base/log.ts";
import { BrokerCertificate } from "../wan/broker-certificate.ts";
import type { BrokerSettings } from "../wan/broker-settings.ts";
import { brokerAddress } from "../wan/dial.ts";
import type { HubConfig } from "./config.ts";

/** The brokers of the settings with their TLS files, which are watched while the hub runs. */
export class Brokers {
  readonly settings: readonly BrokerSettings[];
  readonly #certificates: BrokerCertificate[] = [];

  /** Reads the files; throws `config/unreadable` or `config/invalid` with the setting's name. */
  constructor({ hub, wan }: HubConfig, ports: { clock: Clock; log: Log }) {
    this.settings = wan.broker.map(({ url, username, password, ca, certificate, key }, i) => {
      const field = `wan.broker[${i}]`;
      brokerAddress(url, `${field}.url`);
      if (password !== undefined && username === undefined)
        throw new HanwayError("config/missing", "a password needs a user name", {
          field: `${field}.username`,
        });
      const files = {
        ...(ca === undefined ? {} : { ca }),
        ...(certificate === undefined ? {} : { certificate }),
        ...(key === undefined ? {} : { key }),
      };
      const broker: BrokerSettings = {
        url,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
      };
      if (Object.keys(files).length === 0) return broker;
      const settings = { hub: hub.chf, field, warnDays: wan.certificateWarningDays };
      const own = new BrokerCertificate(files, settings, ports);
      this.#certificates.push(own);
      return { ...broker, tls: () => own.current() };
    });
  }

  /** When the first of the hub's own certificates ends, in Unix milliseconds; undefined where it has none. */
  certificateEnds(): number | undefined {
    const ends = this.#certificates.flatMap(({ expires }) => (expires === undefined ? [] : [expires]));
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  /** `changed` is called when files of another content are in force. */
  start(changed: () => void): void {
    for (const certificate of this.#certificates) certificate.start(changed);
  }

  stop(): void {
    for (const certificate of this.#certificates) certificate.stop();
  }
}
