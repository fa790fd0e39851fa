import { parse } from "valibot";
import { PowerSchema } from "../../../src/app/power/config.ts";
import { Power } from "../../../src/app/power/power.ts";
import { recordSupply } from "../../../src/app/power/supply-record.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { CommunicationsHubFunction } from "../../../src/chf/chf.ts";
import { CHF_SETTINGS } from "../../../src/chf/ports.ts";
import type { Keystore } from "../../../src/gbcs/keystore.ts";
import { DeviceLog } from "../../../src/han/device-log/device-log.ts";
import { Scheduler } from "../../../src/scheduler/scheduler.ts";
import type { Store } from "../../../src/store/store.ts";
import { CHF, FakeHan } from "../../chf/hub.ts";
import { makeWan } from "../../wan/bench.ts";

export interface SupplyHubOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly keystore: Keystore;
  readonly settings?: object;
  /** Brokers of its WAN, which is not started. */
  readonly brokers?: readonly string[];
}

/** Power, the CHF and a WAN as the hub puts them together, over a store that may outlive them. */
export function supplyHub({ store, clock, keystore, settings = {}, brokers = [] }: SupplyHubOptions) {
  const config = parse(PowerSchema, settings);
  const agreementKey = keystore.privateKey(CHF, "KA");
  if (agreementKey === undefined) throw new Error("no key in the test keystore");
  const wan = makeWan(brokers.length === 0 ? ["mqtt://127.0.0.1:1"] : brokers, {}, store);
  const clockState = () => ({ state: "reliable", since: 0 }) as const;
  const chf = new CommunicationsHubFunction({
    self: CHF,
    ownKeys: { agreementKey, signingKey: keystore.privateKey(CHF, "DS") },
    certificates: keystore.certificates(),
    store,
    deviceLog: new DeviceLog(store, clock),
    han: new FakeHan(),
    uplink: wan,
    identity: { modelType: undefined, manufacturer: undefined, firmwareVersion: undefined },
    settings: CHF_SETTINGS,
    scheduler: new Scheduler({ store, clock, clockState, log: silentLog }),
    clock,
    clockState,
    log: silentLog,
  });
  const onEvent = (event: Parameters<typeof recordSupply>[0]) => recordSupply(event, config, chf);
  const ports = { store, clock, log: silentLog, presence: wan, onEvent };
  const power = new Power(ports, config.alertSeconds * 1_000);
  return { chf, power, wan, onEvent, log: () => eventLog(chf), alerts: () => alertsIn(store) };
}

/** Codes of the event log with the Unix milliseconds they are dated. */
function eventLog(chf: CommunicationsHubFunction): [number, number][] {
  const entries = chf.logs.read("event", 0, 0xffff_ffff);
  return entries.map(({ code, time }) => [code, (time + 946_684_800) * 1_000]);
}

/** Messages in the lane that is served first. */
function alertsIn(store: Store): Uint8Array[] {
  const rows = store.prepare("SELECT payload FROM wan_out_power_security ORDER BY n").all();
  return rows.map(({ payload }) => (payload instanceof Uint8Array ? payload : new Uint8Array()));
}
