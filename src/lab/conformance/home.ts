import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../app/config.ts";
import { Hub } from "../../app/hub.ts";
import { wanRoot } from "../../app/settings.ts";
import { SystemClock } from "../../base/clock.ts";
import type { DeviceType } from "../../base/device-type.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import { installCodeFromBare } from "../../base/install-code.ts";
import { silentLog } from "../../base/log.ts";
import { SeededRandom, systemRandom } from "../../base/random.ts";
import { createEmulatedCoordinator } from "../../emulator/coordinator.ts";
import type { EmulatedDevice } from "../../emulator/devices/device.ts";
import { HeadEndLink, type LinkEvents } from "../../headend/link.ts";
import { atExit } from "../at-exit.ts";
import { startBroker } from "../broker.ts";
import { VECTOR_TRANSFER_SIZE } from "../emulator.ts";
import { deviceSettings, type HubPlaces, hubSettings, MACHINE_CLOCK } from "../hub-settings.ts";

export interface HomeOptions {
  readonly chf: Eui64;
  readonly gpf: Eui64;
  readonly devices: readonly { readonly eui64: Eui64; readonly type: DeviceType }[];
  readonly loss: number;
  readonly seed: number;
  readonly version: string;
  readonly farEnd: Pick<LinkEvents, "up" | "receipt">;
}

/** A whole home for one run: broker, emulated radio with devices, hub and far end in this process. */
export interface Home extends AsyncDisposable {
  readonly farEnd: HeadEndLink;
  readonly devices: ReadonlyMap<Eui64, EmulatedDevice>;
}

/** How long the devices may take to join and to have their tunnels opened, in milliseconds. */
const READY_MS = 90_000;
/** How often a sleeping meter that is awake polls, in milliseconds: faster than a real one, for its pairs are many. */
const FAST_POLL_MS = 10;
/** How often a sleeping meter is woken, in milliseconds. */
const NUDGE_MS = 1_000;

/**
 * Starts everything and resolves once each device can be reached through its tunnel. Throws `radio/timeout` naming the
 * device that cannot, and what the parts throw; nothing is left running then.
 */
export async function startHome(options: HomeOptions): Promise<Home> {
  const scope = new AsyncDisposableStack();
  try {
    const dataDir = mkdtempSync(join(tmpdir(), "hanway-conformance-"));
    scope.use(atExit(() => rmSync(dataDir, { recursive: true, force: true })));
    const broker = scope.use(await startBroker());
    const codes = new SeededRandom(options.seed);
    const devices = options.devices.map(({ eui64, type }) => ({
      eui64,
      type,
      installCode: installCodeFromBare(codes.bytes(16)),
      fastPollMs: FAST_POLL_MS,
    }));
    const emulator = await createEmulatedCoordinator({
      listen: "tcp://127.0.0.1:0",
      eui64: options.gpf,
      seed: options.seed,
      loss: options.loss,
      devices,
      transferSize: VECTOR_TRANSFER_SIZE,
    });
    scope.defer(() => emulator.stop());
    const sleepers = devices.filter(({ type }) => type === "gsme").map(({ eui64 }) => eui64);
    const wake = (eui64: Eui64) => emulator.devices.find((device) => device.eui64 === eui64)?.wake();
    const config = parseConfig(
      hubToml(options, { dataDir, broker: broker.url, radio: emulator.url }, devices),
    );
    const farEnd = scope.use(await HeadEndLink.connect(broker.url, wanRoot(config), options.farEnd));
    const reached = new Set<Eui64>();
    const ready = Promise.withResolvers<void>();
    scope.use(
      await Hub.start({
        config,
        version: options.version,
        clock: new SystemClock(),
        random: systemRandom,
        log: silentLog,
        onEvent: (event) => {
          // The button on the meter: nobody waits for its half hour.
          if (event.type === "mailbox" && event.waiting > 0) wake(event.device);
          if (event.type !== "tunnel-open") return;
          reached.add(event.device);
          if (devices.every(({ eui64 }) => reached.has(eui64))) ready.resolve();
        },
      }),
    );
    // What a wake did not bring, where frames are lost, the next one does.
    const nudge = setInterval(() => sleepers.forEach(wake), NUDGE_MS);
    scope.defer(() => clearInterval(nudge));
    await within(ready.promise, devices, reached);
    return {
      farEnd,
      devices: new Map(emulator.devices.map((device) => [device.eui64, device])),
      [Symbol.asyncDispose]: () => scope.disposeAsync(),
    };
  } catch (error) {
    await scope.disposeAsync();
    throw error;
  }
}

async function within(
  ready: Promise<void>,
  devices: HomeOptions["devices"],
  reached: ReadonlySet<Eui64>,
): Promise<void> {
  if (devices.length === 0) return;
  const timeout = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    const missing = devices.find(({ eui64 }) => !reached.has(eui64));
    const which = missing === undefined ? "a device" : `the ${missing.type} ${missing.eui64}`;
    timeout.reject(new HanwayError("radio/timeout", `${which} was not reached within ${READY_MS / 1_000} s`));
  }, READY_MS);
  try {
    await Promise.race([ready, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function hubToml(
  { chf, gpf }: HomeOptions,
  places: HubPlaces,
  devices: readonly { eui64: Eui64; type: DeviceType; installCode: Uint8Array }[],
): string {
  const sections = devices.map((device) => deviceSettings(device, VECTOR_TRANSFER_SIZE)).join("");
  return hubSettings(
    { tenant: "conformance", chf, gpf, joinSeconds: 120 },
    places,
    `${MACHINE_CLOCK}${sections}`,
  );
}
