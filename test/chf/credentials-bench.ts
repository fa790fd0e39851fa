import type { ManualClock } from "../../src/base/clock.ts";
import type { Eui64 } from "../../src/base/eui64.ts";
import {
  decodeAsn1,
  GeneralizedTime,
  KEY_USAGE,
  type UpdateCredentialsResponse,
} from "../../src/gbcs/asn1/index.ts";
import type { Fields } from "../../src/gbcs/catalogue/index.ts";
import type { SecuredMessage } from "../../src/gbcs/envelope/envelope.ts";
import type { Keystore } from "../../src/gbcs/keystore.ts";
import { FarParty, type Wish } from "./far-end.ts";
import { CHF, TestHub, type TestHubOptions } from "./hub.ts";
import { type Issued, PARTY, TestPki } from "./pki.ts";

export const ROLE = {
  root: 0,
  recovery: 1,
  supplier: 2,
  acb: 4,
  transitionalCoS: 5,
  wanProvider: 6,
} as const;
export const { digitalSignature: DS, keyAgreement: KA, keyCertSign: CERT } = KEY_USAGE;

/** CS02b of each mode that a CHF takes: its name in the catalogue, its number, who sends it. */
export const MODE = {
  rootByWanProvider: { code: "CS02b-rootByWanProvider", mode: 1, by: PARTY.wanProvider, role: 6 },
  acbByAcb: { code: "CS02b-accessControlBrokerByACB", mode: 4, by: PARTY.acb, role: 4 },
  wanProviderByWanProvider: {
    code: "CS02b-wanProviderByWanProvider",
    mode: 5,
    by: PARTY.wanProvider,
    role: 6,
  },
  transCoSByTransCoS: { code: "CS02b-transCoSByTransCoS", mode: 6, by: PARTY.transitionalCoS, role: 5 },
  byRecovery: { code: "CS02b-anyExceptAbnormalRootByRecovery", mode: 8, by: PARTY.recovery, role: 1 },
} as const;
export type Mode = (typeof MODE)[keyof typeof MODE];

export interface Update {
  /** Certificate with role and key usage of its cell. */
  readonly replace: readonly (readonly [Uint8Array, number, number, number?])[];
  readonly path?: readonly Uint8Array[];
  readonly control?: Fields;
  /** Unix milliseconds. */
  readonly at?: number;
  readonly wish?: Wish;
}

/** A hub with keys of its own, in a PKI that makes more certificates. */
export class CredentialsBench implements Disposable {
  readonly pki = new TestPki();
  readonly far: FarParty;
  hub: TestHub;
  readonly #options: Partial<TestHubOptions>;
  #counter = 2_000n;

  constructor(options: Partial<TestHubOptions> = {}) {
    this.#options = { keystore: this.pki.keystore, root: this.pki.root, ownKeys: true, ...options };
    this.far = this.farEnd();
    this.hub = this.#start();
  }

  #start(changed: Partial<TestHubOptions> = {}): TestHub {
    const keystore = this.pki.keystore;
    const hub = new TestHub({ keystore, ...this.#options, ...changed });
    hub.scheduler.start();
    return hub;
  }

  /** The hub ends in order and starts again. */
  restart(changed: Partial<TestHubOptions> = {}): void {
    this.hub[Symbol.dispose]();
    this.hub = this.#start(changed);
  }

  /** Another hub than the one that runs, which is left as it is. */
  beside(changed: Partial<TestHubOptions>): TestHub {
    return this.#start(changed);
  }

  /** The far end with these in place of the keys that it had. */
  farEnd(...issued: readonly Issued[]): FarParty {
    const keystore: Keystore = issued.length === 0 ? this.pki.keystore : this.pki.keystoreWith(...issued);
    return new FarParty(keystore, PARTY.acb, CHF);
  }

  get clock(): ManualClock {
    return this.hub.clock;
  }

  /** A counter that nobody has used. */
  next(): bigint {
    this.#counter += 1n;
    return this.#counter;
  }

  /** The Command, with the counter in its header that its payload repeats. */
  command(mode: Mode, update: Update, far: FarParty = this.far): Uint8Array {
    const counter = update.wish?.counter ?? this.next();
    const fields = {
      control: {
        mode: mode.mode,
        authorisingCell: { role: mode.role, keyUsage: DS, cellUsage: 0 },
        authorisingSeqNumber: counter,
        ...update.control,
      },
      replacements: update.replace.map(([certificate, role, keyUsage, cellUsage = 0]) => ({
        certificate,
        targetCell: { role, keyUsage, cellUsage },
      })),
      certificationPath: update.path ?? [this.pki.issuing],
      ...(update.at === undefined ? {} : { executionTime: GeneralizedTime(update.at / 1_000) }),
    };
    const protection = mode === MODE.byRecovery ? "signature" : "signature-and-mac";
    return far.command(mode.code, fields, { originator: mode.by, protection, ...update.wish, counter });
  }

  /** The Response to a Command; throws where there is none, or it is not protected as it must be. */
  async update(mode: Mode, update: Update, far?: FarParty): Promise<UpdateCredentialsResponse> {
    return (await this.response(this.command(mode, update, far))).value;
  }

  async response(
    command: Uint8Array,
  ): Promise<{ envelope: SecuredMessage; value: UpdateCredentialsResponse }> {
    const answer = await this.hub.answer(command);
    if (answer === undefined) throw new Error("no Response");
    const envelope = this.far.verified(answer);
    return { envelope, value: decodeAsn1(0x0105, "response", envelope.content) };
  }

  async statuses(mode: Mode, update: Update): Promise<number[]> {
    const { outcome } = await this.update(mode, update);
    return (outcome?.replacements ?? []).map(({ status }) => status);
  }

  /** Alerts 00CB so far, with what they say. */
  alerts() {
    return this.hub.sent.flatMap(({ payload, lane }) => {
      const envelope = this.far.verified(payload);
      if (envelope.messageCode !== 0x00cb) return [];
      const value = decodeAsn1(0x00cb, "alert", envelope.content);
      return [
        { target: envelope.target, signed: envelope.signature !== null, mac: envelope.mac, lane, ...value },
      ];
    });
  }

  eventLog(): string[] {
    return this.hub.chf.logs
      .read("event", 0, 0xffff_ffff)
      .map(({ code, info }) => `${code.toString(16)} ${Buffer.from(info).toString("hex")}`.trim());
  }

  /** Whether the hub takes a Command signed with this key of a party, which replaces nothing. */
  async takes(mode: Mode, ...issued: readonly Issued[]): Promise<boolean> {
    const command = this.command(mode, { replace: [] }, this.farEnd(...issued));
    return (await this.hub.run(command)).failed === undefined;
  }

  counter(role: number): string | undefined {
    const [row] = this.hub.store.prepare("SELECT counter FROM chf_counter WHERE role = ?").all(role);
    return row === undefined ? undefined : String(row.counter);
  }

  [Symbol.dispose](): void {
    this.hub[Symbol.dispose]();
  }
}

/** A new certificate of the party that sends a mode, for its own cell. */
export function successor(bench: CredentialsBench, { by, role }: Mode, eui64: Eui64 = by): Issued {
  return bench.pki.issue({ eui64, role });
}
