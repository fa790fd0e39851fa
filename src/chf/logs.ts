import { type Clock, UtcSeconds } from "../base/clock.ts";
import type { ChfRepository, LogEntry, LogName } from "./repository.ts";

/** Codes of Table 16.2 that the hub writes into its logs or sends as alerts. */
export const CODE = {
  hanCommandDone: 0x8154,
  hanCommandNotDone: 0x8155,
  deviceJoined: 0x8183,
  deviceLogChanged: 0x8f12,
  contentIntegrity: 0x8f1e,
  noAuthority: 0x8f30,
  supplyRestored: 0x8f35,
  supplyRestoredAfterLong: 0x8f36,
  trustedSourceAuthentication: 0x8f3d,
  unauthorisedCommunication: 0x8f3e,
  firmwareChanged: 0x8f43,
  authenticationFailed: 0x8f53,
  supplyInterrupted: 0x8f57,
  deliveryFailed: 0x8f84,
  credentialsUpdated: 0x8f70,
} as const;

const NOTHING = new Uint8Array(0);

/** The CHF Event Log and the CHF Security Log (communications-hub A11): circular, the oldest entry goes first. */
export class ChfLogs {
  readonly #repository: ChfRepository;
  readonly #clock: Clock;
  readonly #limit: number;

  constructor(repository: ChfRepository, clock: Clock, limit: number) {
    this.#repository = repository;
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Writes into the event log, as of `at` (Unix milliseconds); joins the store transaction that is open. */
  event(code: number, info: Uint8Array = NOTHING, at: number = this.#clock.now()): void {
    this.#write("event", code, info, at);
  }

  /** Writes into the security log; joins the store transaction that is open. */
  security(code: number): void {
    this.#write("security", code, NOTHING, this.#clock.now());
  }

  /** Entries of a period, both ends included, in seconds since 2000-01-01; oldest first. */
  read(log: LogName, from: number, to: number): LogEntry[] {
    return this.#repository.entries(log, from, to);
  }

  /** Puts both logs into a known state: for conformance runs. */
  seed(state: { readonly event: readonly LogEntry[]; readonly security: readonly LogEntry[] }): void {
    this.#repository.store.transaction(() => {
      this.#repository.clearLogs();
      for (const entry of state.event) this.#repository.append("event", entry, this.#limit);
      for (const entry of state.security) this.#repository.append("security", entry, this.#limit);
    });
  }

  #write(log: LogName, code: number, info: Uint8Array, at: number): void {
    const entry = { time: UtcSeconds(at), code, info };
    this.#repository.store.transaction(() => this.#repository.append(log, entry, this.#limit));
  }
}
