import { ManualClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { SeededRandom } from "../../src/base/random.ts";
import {
  encodeKeyEstablishment,
  KEY_ESTABLISHMENT_COMMAND,
  type KeyEstablishmentMessage,
} from "../../src/cbke/commands.ts";
import type { KeyEstablishmentOutcome, KeyEstablishmentSettings, Partner } from "../../src/cbke/exchange.ts";
import { type InitiatorState, initiator } from "../../src/cbke/initiator.ts";
import { KeyEstablishment, keyEstablishmentSettings } from "../../src/cbke/key-establishment.ts";
import { type ResponderState, responder } from "../../src/cbke/responder.ts";
import { SoftwareCbkeEngine } from "../../src/cbke/software-engine.ts";
import type { SuiteBit } from "../../src/cbke/suite.ts";
import { TestAuthority } from "../../src/cbke/test-authority.ts";

export const METER: Partner = { eui64: Eui64("00db1234567890a0"), endpoint: 1 };
export const HUB: Partner = { eui64: Eui64("00db1234567890a2"), endpoint: 10 };

export interface Sent {
  readonly by: "meter" | "hub";
  readonly to: Partner;
  readonly message: KeyEstablishmentMessage;
}

/** What may be done to a message on its way: changed, doubled, or lost; `"unacknowledged"` loses it audibly. */
export type Tamper = (sent: Sent) => readonly KeyEstablishmentMessage[] | "unacknowledged";

/** A meter (initiator) and a hub (responder) with real engines, joined by a queue that a test can tamper with. */
export class Pair {
  readonly clock = new ManualClock();
  readonly sent: Sent[] = [];
  readonly outcomes: { meter: KeyEstablishmentOutcome[]; hub: KeyEstablishmentOutcome[] } = {
    meter: [],
    hub: [],
  };
  readonly keys: { meter?: Uint8Array | undefined; hub?: Uint8Array | undefined } = {};
  readonly meter: KeyEstablishment<Exclude<InitiatorState, { phase: "idle" }>>;
  readonly hub: KeyEstablishment<Exclude<ResponderState, { phase: "idle" }>>;
  readonly authority: TestAuthority;
  readonly settings: KeyEstablishmentSettings;
  keyTableFull = false;
  #apsCounter = 0;
  readonly #tamper: Tamper;

  constructor(suite: SuiteBit, tamper: Tamper = ({ message }) => [message], foreignMeter = false) {
    const random = new SeededRandom(42);
    this.#tamper = tamper;
    this.authority = new TestAuthority(suite, Eui64("7465737463610001"), random);
    const other = new TestAuthority(suite, Eui64("7465737463610002"), random);
    const engine = (self: Partner, authority: TestAuthority) =>
      new SoftwareCbkeEngine(self.eui64, [authority.issue(self.eui64)], random);
    const meterEngine = engine(METER, foreignMeter ? other : this.authority);
    const hubEngine = engine(HUB, this.authority);
    const issuers = [this.authority.trusted()];
    this.settings = keyEstablishmentSettings(hubEngine, issuers);
    this.meter = new KeyEstablishment(
      initiator,
      keyEstablishmentSettings(meterEngine, issuers),
      meterEngine,
      this.clock,
      this.#ports("meter"),
    );
    this.hub = new KeyEstablishment(responder, this.settings, hubEngine, this.clock, this.#ports("hub"));
  }

  #ports(self: "meter" | "hub") {
    return {
      send: async (to: Partner, message: KeyEstablishmentMessage) => {
        const sent = { by: self, to, message };
        this.sent.push(sent);
        const arriving = this.#tamper(sent);
        if (arriving === "unacknowledged") throw new Error("no APS acknowledgement");
        const apsCounter = ++this.#apsCounter;
        for (const one of arriving) this.deliver(self, one, apsCounter);
      },
      installKey: async (_: Partner, key: Uint8Array | undefined) => {
        if (this.keyTableFull) throw new Error("key table is full");
        this.keys[self] = key;
      },
      ended: (outcome: KeyEstablishmentOutcome) => {
        this.outcomes[self].push(outcome);
      },
      trustedTime: () => undefined,
    };
  }

  deliver(by: "meter" | "hub", message: KeyEstablishmentMessage, apsCounter = ++this.#apsCounter): void {
    const commandId = KEY_ESTABLISHMENT_COMMAND[message.kind];
    const payload = encodeKeyEstablishment(message);
    const frame = { from: by === "meter" ? METER : HUB, apsCounter, unicast: true, commandId, payload };
    (by === "meter" ? this.hub : this.meter).receive(frame);
  }

  /** The messages as `meter initiate`, `hub terminate 3` and so on. */
  get talk(): string[] {
    return this.sent.map(({ by, message }) =>
      message.kind === "terminate" ? `${by} terminate ${message.status}` : `${by} ${message.kind}`,
    );
  }
}

/** Lets everything happen that needs no time to pass. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve));
}
