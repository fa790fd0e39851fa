/** Communication with one device, as `active_devices` of the ZigBee network control shows it (CCS06). */
export interface DeviceFigures {
  /** {@link STATUS} bits, bit 0 being the highest of the octet. */
  readonly status: number;
  /** dBm. */
  readonly rssi: Range;
  readonly lqi: Range;
  /** Unix milliseconds; undefined where it was never heard. */
  readonly lastCommunication: number | undefined;
  readonly hops: number;
  readonly transmissionFailures: number;
  readonly transmissionSuccesses: number;
  readonly applicationVersion: number;
  readonly stackVersion: number;
}

export interface Range {
  readonly max: number;
  readonly average: number;
  readonly min: number;
}

/** Status bits of an active device (DLMS ZigBee network control). */
export const STATUS = {
  authorised: 0x80,
  reporting: 0x40,
  unauthorisedButReported: 0x20,
  authorisedAfterSwapOut: 0x10,
  smartEnergyTransmitting: 0x08,
} as const;

/** What was counted of a device since the hub started; the last time and the averages outlive a restart. */
export interface Tally {
  readonly rssi: Range | undefined;
  readonly lqi: Range | undefined;
  readonly frames: number;
  readonly lastCommunication: number | undefined;
  readonly failures: number;
  readonly successes: number;
  readonly hops: number;
  readonly applicationVersion: number;
  readonly stackVersion: number;
}

export const EMPTY_TALLY: Tally = {
  rssi: undefined,
  lqi: undefined,
  frames: 0,
  lastCommunication: undefined,
  failures: 0,
  successes: 0,
  hops: 1,
  applicationVersion: 0,
  stackVersion: 0,
};

/** Frames over which averages are taken: older ones fade. */
const WINDOW = 64;

/** The tally after one more frame; `at` is Unix milliseconds. */
export function frameHeard(tally: Tally, frame: { lqi: number; rssi: number; at: number }): Tally {
  const weight = Math.min(tally.frames + 1, WINDOW);
  return {
    ...tally,
    rssi: widened(tally.rssi, frame.rssi, weight),
    lqi: widened(tally.lqi, frame.lqi, weight),
    frames: tally.frames + 1,
    lastCommunication: frame.at,
  };
}

/** The tally after one more message to the device. */
export function transmitted(tally: Tally, delivered: boolean): Tally {
  return delivered
    ? { ...tally, successes: tally.successes + 1 }
    : { ...tally, failures: tally.failures + 1 };
}

function widened(range: Range | undefined, value: number, weight: number): Range {
  if (range === undefined) return { max: value, average: value, min: value };
  return {
    max: Math.max(range.max, value),
    average: range.average + (value - range.average) / weight,
    min: Math.min(range.min, value),
  };
}

const NO_RSSI: Range = { max: -128, average: -128, min: -128 };
const NO_LQI: Range = { max: 0, average: 0, min: 0 };

/**
 * The figures of a device. `reportingMs`: how long ago it may have been heard to count as actively reporting.
 */
export function figuresOf(
  tally: Tally,
  device: { readonly keyed: boolean; readonly restored: boolean },
  now: number,
  reportingMs: number,
): DeviceFigures {
  const reporting = tally.lastCommunication !== undefined && now - tally.lastCommunication <= reportingMs;
  let status = 0;
  if (device.keyed) status |= STATUS.authorised;
  if (reporting) status |= device.keyed ? STATUS.reporting : STATUS.unauthorisedButReported;
  if (device.keyed && device.restored) status |= STATUS.authorisedAfterSwapOut;
  if (device.keyed && reporting) status |= STATUS.smartEnergyTransmitting;
  return {
    status,
    rssi: bounded(tally.rssi ?? NO_RSSI, -128, 127),
    lqi: bounded(tally.lqi ?? NO_LQI, 0, 255),
    lastCommunication: tally.lastCommunication,
    hops: tally.hops,
    transmissionFailures: Math.min(tally.failures, 255),
    transmissionSuccesses: Math.min(tally.successes, 255),
    applicationVersion: tally.applicationVersion,
    stackVersion: tally.stackVersion,
  };
}

function bounded(range: Range, low: number, high: number): Range {
  const one = (value: number) => Math.min(high, Math.max(low, Math.round(value)));
  return { max: one(range.max), average: one(range.average), min: one(range.min) };
}
