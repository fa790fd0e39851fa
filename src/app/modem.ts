import type { Store } from "../store/store.ts";
import { MODEM_DEFAULTS, Modem, type ModemPorts, type ModemSettings } from "../wan/modem/modem.ts";
import { StoredPinLedger } from "../wan/modem/pin-ledger.ts";
import type { HubConfig } from "./config.ts";

const OPEN_MS = 5_000;

/** A modem with these settings, not yet started. */
export function makeModem(
  settings: NonNullable<HubConfig["modem"]>,
  store: Store,
  ports: Omit<ModemPorts, "pins">,
): Modem {
  return new Modem(modemSettings(settings), { ...ports, pins: new StoredPinLedger(store) });
}

/** The modem's settings from the hub's. */
export function modemSettings(modem: NonNullable<HubConfig["modem"]>): ModemSettings {
  return {
    ...MODEM_DEFAULTS,
    port: { port: modem.port, baudRate: modem.baudRate, rtscts: modem.rtscts, openMs: OPEN_MS },
    profile: {
      pin: modem.pin,
      apn: modem.apn,
      context: modem.context,
      activate: modem.dial,
      networkTime: modem.networkTime,
    },
    bearer: { up: modem.bearer.up, down: modem.bearer.down, limitMs: modem.bearer.seconds * 1_000 },
    reset: modem.reset,
  };
}
