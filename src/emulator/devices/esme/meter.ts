import type { Clock, Timer } from "../../../base/clock.ts";
import { HALF_HOUR_MS } from "../../../base/half-hour.ts";
import type { GbtSettings } from "../../../gbcs/gbt/index.ts";
import { CosemObjects } from "../../cosem/objects.ts";
import { type CosemName, cosemName, cosemTable } from "../../cosem/table.ts";
import { type Account, consumed, credited, isExhausted, NEW_ACCOUNT, PAYMENT_MODE } from "./account.ts";
import { Activations } from "./activation.ts";
import { METER_CODE, MeterAlerts } from "./alerts.ts";
import { MeterExecutor } from "./executor.ts";
import { Household } from "./household.ts";
import { JoinLog } from "./join-log.ts";
import { type MeterKeyOptions, MeterKeys } from "./keys.ts";
import { MeterLog } from "./logs.ts";
import { bindObjects } from "./meter-objects.ts";
import type { MeterAccount, MeterParts } from "./meter-parts.ts";
import { MeterTime } from "./meter-time.ts";
import { ImportRegister } from "./registers.ts";
import { LoadSwitch, SUPPLY } from "./supply.ts";
import { TEN_POUNDS, TopUps, type TopUpValue } from "./top-ups.ts";
import { MeterTransfers } from "./transfers.ts";

export interface ExecutingMeterOptions extends MeterKeyOptions {
  readonly clock: Clock;
  /** Seed of the household's load. */
  readonly seed: number;
  /** Where the import register stands at first, watt hours. */
  readonly registerWh?: number;
  readonly account?: Partial<Account>;
  readonly topUpValue?: TopUpValue;
  /** Octets that the tunnel takes at a time (GBCS 10.2.2). */
  readonly transferSize?: number;
  readonly gbt?: Partial<GbtSettings>;
}

const REGISTER_WH = 4_217_350;
const TRANSFER_OCTETS = 1_500;
/** An outage of this length is reported (GBCS 16.2, 0x8F36). */
const LONG_OUTAGE_MS = 180_000;
const PAYMENT_MODE_NAME = cosemName(111, "0-1:19.0.0.255", 2);
const THRESHOLD_NAME = cosemName(9000, "0-0:94.44.128.22", 4);
const THRESHOLD_ACTIVATION: CosemName = cosemName(9000, "0-0:94.44.128.22", 6);
const MODE_ACTIVATION: CosemName = cosemName(111, "0-1:19.0.0.255", 13);

/**
 * An emulated ESME that executes Commands: real keys, a table-driven COSEM object model, registers that count a seeded
 * household, and alerts of its own. Messages go in by {@link receive} and come out through `output`.
 */
export class ExecutingMeter {
  /** Where messages of the meter go: its tunnel. */
  output: (message: Uint8Array) => void = () => {};
  readonly parts: MeterParts;
  readonly #clock: Clock;
  readonly #executor: MeterExecutor;
  readonly #transfers: MeterTransfers;
  readonly #activations: Activations;
  #account: Account;
  #outageSince: number | undefined;
  /** The supply is off for want of credit, and not because the supplier wanted it. */
  #outOfCredit = false;
  #timer: Timer | undefined;

  constructor(options: ExecutingMeterOptions) {
    const { clock } = options;
    this.#clock = clock;
    this.#account = { ...NEW_ACCOUNT, ...options.account };
    this.#transfers = new MeterTransfers({
      clock,
      limit: options.transferSize ?? TRANSFER_OCTETS,
      ...(options.gbt === undefined ? {} : { settings: options.gbt }),
      send: (octets) => this.output(octets),
      received: (message) => this.#execute(message),
    });
    const keys = new MeterKeys(options);
    const alerts = new MeterAlerts(keys, clock, (message) => this.#transfers.send(message));
    const register = new ImportRegister(
      new Household(options.seed),
      clock,
      options.registerWh ?? REGISTER_WH,
      {
        consumed: (wh) => {
          this.#account = consumed(this.#account, wh);
        },
        closed: () => {},
      },
    );
    this.parts = {
      register,
      alerts,
      account: this.#makeAccount(),
      supply: new LoadSwitch((state) => {
        register.counting = state === SUPPLY.enabled;
      }),
      time: new MeterTime(clock),
      eventLog: new MeterLog("event", clock),
      securityLog: new MeterLog("security", clock),
      topUps: new TopUps(options.topUpValue ?? TEN_POUNDS),
    };
    const objects = new CosemObjects(cosemTable("ESME"));
    bindObjects(objects, this.parts);
    this.#activations = new Activations(objects, clock, {
      activated: (name) => {
        if (name === MODE_ACTIVATION) this.#setMode(objects);
        if (name === THRESHOLD_ACTIVATION) this.#setThreshold(objects);
      },
      done: (command, what) => {
        this.parts.eventLog.write(METER_CODE.futureDatedDone);
        alerts.futureDated(command, what);
      },
    });
    this.#executor = new MeterExecutor({
      keys,
      clock,
      objects,
      alerts,
      activations: this.#activations,
      securityLog: this.parts.securityLog,
      joins: new JoinLog(),
    });
    this.#tick();
  }

  /** Takes a message, or a block of one; what there is to say goes to `output`. */
  receive(message: Uint8Array): void {
    if (this.#outageSince !== undefined || this.#transfers.take(message)) return;
    this.#execute(message);
  }

  /** The mains fail: the meter is silent and counts nothing. */
  powerOff(): void {
    if (this.#outageSince !== undefined) return;
    this.parts.register.counting = false;
    this.#outageSince = this.#clock.now();
  }

  /** The mains are back: an outage of three minutes or more is reported to the network operator. */
  powerOn(): void {
    const since = this.#outageSince;
    if (since === undefined) return;
    this.#outageSince = undefined;
    const { register, supply, eventLog, alerts } = this.parts;
    register.counting = supply.state === SUPPLY.enabled;
    const now = this.#clock.now();
    eventLog.write(METER_CODE.supplyInterrupted);
    if (now - since < LONG_OUTAGE_MS) return;
    eventLog.write(METER_CODE.outageRestoredLong);
    alerts.outageRestored(since, now);
  }

  /** Somebody opens the cover. */
  tamper(): void {
    this.parts.securityLog.write(METER_CODE.tamper);
    this.parts.alerts.critical(METER_CODE.tamper);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#transfers.stop();
    this.#activations.stop();
  }

  #execute(message: Uint8Array): void {
    this.parts.register.settle();
    const response = this.#executor.execute(message);
    if (response !== undefined) this.#transfers.send(response);
  }

  #makeAccount(): MeterAccount {
    const now = () => {
      this.parts.register.settle();
      return this.#account;
    };
    const change = (to: (account: Account) => Account) => {
      this.#account = to(now());
      this.#checkCredit();
    };
    return {
      get now() {
        return now();
      },
      change,
      credit: (amount) => {
        change((account) => credited(account, amount));
        this.parts.eventLog.write(METER_CODE.creditAdded);
      },
    };
  }

  /** A prepayment meter that has run out disables the supply; with credit again it arms it, for somebody to switch on. */
  #checkCredit(): void {
    const { supply } = this.parts;
    const exhausted = isExhausted(this.#account);
    if (exhausted && supply.state === SUPPLY.enabled) {
      supply.set(SUPPLY.disabled);
      this.#outOfCredit = true;
    } else if (!exhausted && this.#outOfCredit) {
      this.#outOfCredit = false;
      if (supply.state === SUPPLY.disabled) supply.set(SUPPLY.armed);
    }
  }

  #setMode(objects: CosemObjects): void {
    const value = objects.value(PAYMENT_MODE_NAME);
    const [mode] = value?.type === "structure" ? value.value : [];
    if (
      mode?.type !== "enum" ||
      (mode.value !== PAYMENT_MODE.credit && mode.value !== PAYMENT_MODE.prepayment)
    )
      return;
    const wanted = mode.value;
    this.parts.account.change((account) => ({ ...account, mode: wanted }));
  }

  #setThreshold(objects: CosemObjects): void {
    const value = objects.value(THRESHOLD_NAME);
    if (value?.type !== "i32") return;
    const disablementThreshold = value.value;
    this.parts.account.change((account) => ({ ...account, disablementThreshold }));
  }

  /** Each half hour the registers are brought up to date and the credit is looked at, asked or not. */
  #tick(): void {
    const now = this.#clock.now();
    const next = (Math.floor(now / HALF_HOUR_MS) + 1) * HALF_HOUR_MS;
    this.#timer = this.#clock.after(next - now, () => {
      this.parts.register.settle();
      this.#checkCredit();
      this.#tick();
    });
  }
}
