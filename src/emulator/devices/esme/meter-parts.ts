import type { Account } from "./account.ts";
import type { MeterAlerts } from "./alerts.ts";
import type { MeterLog } from "./logs.ts";
import type { MeterTime } from "./meter-time.ts";
import type { ImportRegister } from "./registers.ts";
import type { LoadSwitch } from "./supply.ts";
import type { TopUps } from "./top-ups.ts";

/** What the COSEM objects of the meter stand for. */
export interface MeterParts {
  readonly register: ImportRegister;
  readonly account: MeterAccount;
  readonly supply: LoadSwitch;
  readonly time: MeterTime;
  readonly eventLog: MeterLog;
  readonly securityLog: MeterLog;
  readonly alerts: MeterAlerts;
  readonly topUps: TopUps;
}

/** The account as it is now. */
export interface MeterAccount {
  readonly now: Account;
  change(to: (now: Account) => Account): void;
  /** A top-up. */
  credit(amount: number): void;
}
