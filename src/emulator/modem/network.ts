/** The cell an emulated modem finds. */
export interface CellConfig {
  operator?: string;
  /** <AcT> of 3GPP TS 27.007 clause 7.3; 7 is LTE. */
  act?: number;
  roaming?: boolean;
  /** dBm. */
  rssi?: number;
  /** dBm; null where the modem has no measure of it. */
  rsrp?: number | null;
  /** UTC that the network gives on registering; none where left out. */
  time?: () => number;
  /** Zone that the network gives with it, in quarters of an hour. */
  quarters?: number;
}

export interface Cell {
  operator: string;
  act: number;
  roaming: boolean;
  rssi: number;
  rsrp: number | null;
  time: (() => number) | undefined;
  quarters: number;
}

export function cellOf(config: CellConfig): Cell {
  const { operator = "Test Mobile", act = 7, roaming = false, rssi = -71, rsrp = -97 } = config;
  return { operator, act, roaming, rssi, rsrp, time: config.time, quarters: config.quarters ?? 4 };
}

/** +CSQ: 0 to 31 in steps of 2 dB. */
export function csqOf(cell: Cell): number {
  return Math.max(0, Math.min(31, Math.round((cell.rssi + 113) / 2)));
}

/** The sixth field of +CESQ. */
export function cesqOf(cell: Cell): number {
  return cell.rsrp === null ? 255 : Math.max(0, Math.min(97, cell.rsrp + 141));
}

/** `yy/MM/dd,hh:mm:ss+zz` in the network's local time. */
export function localTime(unixMs: number, quarters: number): string {
  const [date = "", time = ""] = new Date(unixMs + quarters * 15 * 60_000).toISOString().split("T");
  const zone = `${quarters < 0 ? "-" : "+"}${String(Math.abs(quarters)).padStart(2, "0")}`;
  return `${date.slice(2).replaceAll("-", "/")},${time.slice(0, 8)}${zone}`;
}
