import { UtcSeconds } from "../../../base/clock.ts";
import { DAY_MS } from "../../../base/half-hour.ts";
import { type Data, SUCCESS, type TypeDescription } from "../../../gbcs/dlms/index.ts";
import type { CosemObjects, ItemResult, Selection } from "../../cosem/objects.ts";
import { cosemName } from "../../cosem/table.ts";
import type { Account } from "./account.ts";
import { METER_CODE } from "./alerts.ts";
import type { MeterParts } from "./meter-parts.ts";
import type { HalfHourReading } from "./registers.ts";
import { periodOf } from "./selection.ts";

const REJECTED: ItemResult = { result: 1 };
const DONE: ItemResult = { result: SUCCESS };
const WH = 30;
const VARH = 32;
const W = 27;
/** Script of ECS05. */
const RESET_BLOCKS = 99;
/** Registers by time of use, and by block and time of use. */
const TOU_REGISTERS = 48;
const BLOCK_REGISTERS = 32;

const TIME_AND_ENERGY: readonly TypeDescription[] = [{ type: "u32" }, { type: "u32" }];

const u32 = (value: number): Data => ({ type: "u32", value: value >>> 0 });
const i32 = (value: number): Data => ({ type: "i32", value: Math.trunc(value) | 0 });
const structure = (...value: Data[]): Data => ({ type: "structure", value });
const scalerUnit = (unit: number): Data => structure({ type: "i8", value: 0 }, { type: "enum", value: unit });
const only = (first: number, count: number): Data => ({
  type: "array",
  value: Array.from({ length: count }, (_, i) => u32(i === 0 ? first : 0)),
});

/** Ties the COSEM objects to what the meter measures, holds and does. */
export function bindObjects(objects: CosemObjects, parts: MeterParts): void {
  bindRegisters(objects, parts);
  bindLogs(objects, parts);
  bindAccount(objects, parts);
  bindSupply(objects, parts);
  bindTime(objects, parts);
  bindResets(objects);
}

/** Counters and demand registers that go back to zero: class 3 and 4, method 1. */
function bindResets(objects: CosemObjects): void {
  for (const name of objects.names()) {
    const [classId, obis = "", index] = name.split("/");
    if ((classId !== "3" && classId !== "4") || index !== "2") continue;
    objects.method(cosemName(Number(classId), obis, 1), () => {
      objects.put(name, u32(0));
      return DONE;
    });
  }
}

function bindRegisters(objects: CosemObjects, { register }: MeterParts): void {
  objects.compute(cosemName(1, "0-0:94.44.34.10", 2), () =>
    structure(u32(register.wh), scalerUnit(WH), u32(0), scalerUnit(VARH)),
  );
  objects.compute(cosemName(1, "0-0:94.44.34.1", 2), () => structure(only(register.wh, TOU_REGISTERS)));
  objects.compute(cosemName(1, "0-0:94.44.34.2", 2), () =>
    structure(only(register.blockWh, BLOCK_REGISTERS)),
  );
  objects.compute(cosemName(1, "0-0:94.44.34.20", 2), () =>
    structure(u32(register.power), scalerUnit(W), u32(0)),
  );
  objects.method(cosemName(9, "0-0:10.0.100.255", 1), (script) => {
    if (script.type !== "u16" || script.value !== RESET_BLOCKS) return REJECTED;
    register.resetBlocks();
    return DONE;
  });
  objects.compute(cosemName(7, "0-0:99.1.0.255", 2), (selection) =>
    compact(
      TIME_AND_ENERGY,
      within(register.log, selection).map(({ at, periodWh }) => [u32(UtcSeconds(at)), u32(periodWh)]),
    ),
  );
  objects.compute(cosemName(7, "0-0:99.1.3.255", 2), (selection) =>
    dailyConsumption(register.log, selection),
  );
  objects.compute(cosemName(7, "0-0:98.1.9.255", 2), (selection) => ({
    type: "array",
    value: within(register.log, selection)
      .filter(({ at }) => at % DAY_MS === 0)
      .map(({ at, registerWh }) => dailyRead(at, registerWh)),
  }));
}

/** One entry of the Daily Read Log: the register, by time of use, and by four blocks. */
function dailyRead(at: number, registerWh: number): Data {
  const blocks = Array.from({ length: 4 }, () => only(0, 8));
  return structure(u32(UtcSeconds(at)), u32(registerWh), only(registerWh, TOU_REGISTERS), ...blocks);
}

function dailyConsumption(log: readonly HalfHourReading[], selection: Selection): Data {
  const days = new Map<number, number>();
  for (const { at, periodWh } of log) {
    const end = Math.ceil(at / DAY_MS) * DAY_MS;
    days.set(end, (days.get(end) ?? 0) + periodWh);
  }
  const { from, to } = periodOf(selection);
  const wanted = [...days].filter(([end]) => UtcSeconds(end) >= from && UtcSeconds(end) <= to);
  return compact(
    TIME_AND_ENERGY,
    wanted.map(([end, wh]) => [u32(UtcSeconds(end)), u32(wh)]),
  );
}

function within(log: readonly HalfHourReading[], selection: Selection): HalfHourReading[] {
  const { from, to } = periodOf(selection);
  return log.filter(({ at }) => UtcSeconds(at) >= from && UtcSeconds(at) <= to);
}

function compact(columns: readonly TypeDescription[], rows: readonly Data[][]): Data {
  return {
    type: "compact-array",
    element: { type: "structure", elements: columns },
    value: rows.map((row) => structure(...row)),
  };
}

function bindLogs(objects: CosemObjects, { eventLog, securityLog }: MeterParts): void {
  for (const [obis, log] of [
    ["0-0:99.98.0.255", eventLog],
    ["0-0:99.98.1.255", securityLog],
  ] as const) {
    objects.compute(cosemName(7, obis, 2), (selection) => {
      const { from, to } = periodOf(selection);
      return log.buffer(from, to);
    });
  }
  objects.method(cosemName(7, "0-0:99.98.0.255", 1), () => {
    eventLog.clear();
    securityLog.write(METER_CODE.eventLogCleared);
    return DONE;
  });
}

function bindAccount(objects: CosemObjects, parts: MeterParts): void {
  const { account } = parts;
  const balance = cosemName(112, "0-0:19.10.0.255", 2);
  objects.compute(balance, () => i32(account.now.balance));
  objects.compute(cosemName(1, "0-0:94.44.34.30", 2), () => balances(account.now));
  objects.compute(cosemName(111, "0-0:19.0.0.255", 2), () =>
    structure({ type: "enum", value: account.now.mode }, { type: "enum", value: 2 }),
  );
  objects.compute(cosemName(3, "0-0:94.44.1.7", 2), () => u32(account.now.price));
  const amount = (name: ReturnType<typeof cosemName>, change: (now: Account, value: number) => Account) =>
    objects.method(name, (argument) => {
      if (argument.type !== "i32" && argument.type !== "i8") return { result: 12 };
      account.change((now) => change(now, argument.value));
      return DONE;
    });
  amount(cosemName(112, "0-0:19.10.0.255", 1), (now, by) => ({ ...now, balance: now.balance + by }));
  amount(cosemName(112, "0-0:19.10.0.255", 2), (now, to) => ({ ...now, balance: to }));
  amount(cosemName(112, "0-0:19.10.1.255", 2), (now, to) => ({ ...now, emergencyCredit: to }));
  amount(cosemName(112, "0-0:19.10.1.255", 3), (now) => ({
    ...now,
    emergencyCredit: now.emergencyCreditLimit,
  }));
  amount(cosemName(112, "0-0:19.10.2.255", 2), (now, to) => ({ ...now, accumulatedDebt: to }));
  amount(cosemName(113, "0-0:19.20.1.255", 4), (now, by) => ({ ...now, timeDebt1: now.timeDebt1 + by }));
  amount(cosemName(113, "0-0:19.20.2.255", 4), (now, by) => ({ ...now, timeDebt2: now.timeDebt2 + by }));
  amount(cosemName(113, "0-0:19.20.3.255", 4), (now, by) => ({ ...now, paymentDebt: now.paymentDebt + by }));
  amount(cosemName(113, "0-0:19.20.1.255", 2), (now) => now);
  amount(cosemName(113, "0-0:19.20.2.255", 2), (now) => now);
  objects.method(cosemName(115, "0-0:19.40.0.255", 1), (code) => {
    const credit = code.type === "octet-string" ? parts.topUps.enter(code.value) : undefined;
    if (credit === undefined) return REJECTED;
    account.credit(credit);
    return DONE;
  });
}

function balances(account: Account): Data {
  const { balance, emergencyCredit, accumulatedDebt, timeDebt1, timeDebt2, paymentDebt } = account;
  return structure(
    ...[balance, emergencyCredit, accumulatedDebt, timeDebt1, timeDebt2, paymentDebt].map((value) =>
      i32(value),
    ),
  );
}

function bindSupply(objects: CosemObjects, { supply }: MeterParts): void {
  objects.compute(cosemName(70, "0-0:96.3.10.255", 3), () => ({ type: "enum", value: supply.state }));
  objects.method(cosemName(9, "0-0:10.0.106.255", 1), (script) =>
    script.type === "u16" && supply.run(script.value) ? DONE : REJECTED,
  );
}

function bindTime(objects: CosemObjects, { time, alerts, eventLog }: MeterParts): void {
  objects.compute(cosemName(8, "0-0:1.0.0.255", 2), () => time.now());
  objects.compute(cosemName(8, "0-0:1.0.0.255", 4), () => ({ type: "u8", value: time.status }));
  objects.method(cosemName(8, "0-0:1.0.0.255", 5), (argument) => {
    time.preset(argument);
    return DONE;
  });
  objects.method(cosemName(8, "0-0:1.0.0.255", 4), () => {
    if (time.adjust()) eventLog.write(METER_CODE.clockAdjusted);
    else {
      eventLog.write(METER_CODE.clockNotAdjusted);
      alerts.critical(METER_CODE.clockNotAdjusted);
    }
    return DONE;
  });
}
