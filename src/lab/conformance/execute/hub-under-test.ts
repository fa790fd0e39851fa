import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../../app/config.ts";
import { Hub } from "../../../app/hub.ts";
import { wanRoot } from "../../../app/settings.ts";
import { HanwayError } from "../../../base/error.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import { silentLog } from "../../../base/log.ts";
import { systemRandom } from "../../../base/random.ts";
import { isMessageId } from "../../../base/wan-topic.ts";
import type { CommunicationsHubFunction } from "../../../chf/chf.ts";
import type { ChfReads, HanControl } from "../../../chf/ports.ts";
import { createEmulatedCoordinator } from "../../../emulator/coordinator.ts";
import type { KeyAgreement } from "../../../gbcs/security/key-agreement.ts";
import type { Signer } from "../../../gbcs/security/signature.ts";
import { HeadEndLink } from "../../../headend/link.ts";
import { atExit } from "../../at-exit.ts";
import { startBroker } from "../../broker.ts";
import { DEFAULT_COORDINATOR } from "../../emulator.ts";
import { hubSettings } from "../../hub-settings.ts";
import type { Fault, HubState } from "./hub-state.ts";
import { SetClock } from "./set-clock.ts";

/** The own keys of the hub in a run: the key agreement of the published parties, and a signer made for the run. */
export interface RunKeys {
  readonly agreement: KeyAgreement;
  readonly signer: Signer;
}

/** What the far end heard after a Command. */
export interface Heard {
  /** Everything that came up, in order. */
  readonly messages: readonly Uint8Array[];
  readonly stage: string;
  readonly reason: string | undefined;
}

export interface HubUnderTest extends AsyncDisposable {
  /** Sends one Command; resolves when its receipt and `wanted` messages have come up, at once where it was refused. */
  send(command: Uint8Array, wanted: number): Promise<Heard>;
}

const SEED = 1;
const PATIENCE_MS = 10_000;

/**
 * A whole hub in a state of its own, with a broker and an emulated radio of its own: a broker keeps the session of a hub
 * that comes again, and a radio its network. The hub comes into its state only through the doors that it has in service.
 */
export async function startHubUnderTest(self: Eui64, state: HubState, keys: RunKeys): Promise<HubUnderTest> {
  const scope = new AsyncDisposableStack();
  try {
    const dataDir = mkdtempSync(join(tmpdir(), "hanway-execute-"));
    scope.use(atExit(() => rmSync(dataDir, { recursive: true, force: true })));
    const broker = scope.use(await startBroker());
    const emulator = await createEmulatedCoordinator({
      listen: "tcp://127.0.0.1:0",
      eui64: DEFAULT_COORDINATOR,
      seed: SEED,
    });
    scope.defer(() => emulator.stop());
    const named = { tenant: "conformance", chf: self, gpf: DEFAULT_COORDINATOR, joinSeconds: 0 };
    const config = parseConfig(hubSettings(named, { dataDir, broker: broker.url, radio: emulator.url }));
    const ear = new Ear();
    const farEnd = scope.use(
      await HeadEndLink.connect(broker.url, wanRoot(config), {
        up: ({ payload }) => ear.up(payload),
        receipt: ({ id, stage, reason }) => ear.receipt(id, stage, reason),
        state: (online) => ear.state(online),
      }),
    );
    const { modelType, manufacturer, firmwareVersion, faults } = state;
    const hub = scope.use(
      await Hub.start({
        config,
        version: "conformance",
        clock: new SetClock(state.now),
        clockAsGiven: state.clock,
        random: systemRandom,
        log: silentLog,
        chf: (parts) => ({
          ...parts,
          ownKeys: keys,
          certificates: state.anchors,
          root: state.root,
          identity: { modelType, manufacturer, firmwareVersion },
          han: refusing(parts.han, faults),
          reads: (reads) => failing(reads, faults),
        }),
      }),
    );
    await ear.online();
    if (hub.chf === undefined) throw new HanwayError("internal", "a hub without its function");
    seed(hub.chf, state);
    let sent = 0;
    return {
      send: async (command, wanted) => {
        const id = `command-${sent++}`;
        if (!isMessageId(id)) throw new TypeError(`${id} is no message id`);
        const heard = ear.hear(id, wanted);
        await farEnd.send(self, id, command);
        return heard;
      },
      [Symbol.asyncDispose]: () => scope.disposeAsync(),
    };
  } catch (error) {
    await scope.disposeAsync();
    throw error;
  }
}

/** What the far end hears, gathered until a Command is done with. */
class Ear {
  readonly #online = Promise.withResolvers<void>();
  #messages: Uint8Array[] = [];
  #awaited: string | undefined;
  #receipt: { stage: string; reason: string | undefined } | undefined;
  #wanted = 0;
  #done: (heard: Heard) => void = () => {};

  online(): Promise<void> {
    return this.#online.promise;
  }

  state(online: boolean): void {
    if (online) this.#online.resolve();
  }

  up(payload: Uint8Array): void {
    this.#messages.push(payload);
    this.#check();
  }

  receipt(id: string, stage: string, reason: string | undefined): void {
    if (id !== this.#awaited || (stage !== "executed" && stage !== "failed")) return;
    this.#receipt = { stage, reason };
    this.#check();
  }

  /** Resolves when the Command has its last receipt and `wanted` messages have come, or after a while all the same. */
  hear(id: string, wanted: number): Promise<Heard> {
    this.#messages = [];
    this.#receipt = undefined;
    this.#awaited = id;
    this.#wanted = wanted;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end(), PATIENCE_MS);
      this.#done = (heard) => {
        clearTimeout(timer);
        resolve(heard);
      };
    });
  }

  #check(): void {
    if (this.#receipt === undefined) return;
    if (this.#receipt.stage === "failed" || this.#messages.length >= this.#wanted) this.#end();
  }

  #end(): void {
    const { stage, reason } = this.#receipt ?? { stage: "none", reason: undefined };
    this.#done({ messages: [...this.#messages], stage, reason });
    this.#done = () => {};
  }
}

function seed(chf: CommunicationsHubFunction, state: HubState): void {
  const { extendedPanId, deviceLog, historicLog, eventLog, securityLog, counters, alertCounter } = state;
  chf.seed({
    deviceLog: {
      entries: deviceLog.map(({ eui64, keyHash, figures }) => ({
        eui64,
        kind: undefined,
        startKey: undefined,
        linkKey: undefined,
        keyHash,
        ...(figures === undefined ? {} : { figures }),
      })),
      historic: historicLog.map((entry) => ({ ...entry, linkKey: undefined })),
      ...(extendedPanId === undefined ? {} : { extendedPanId }),
    },
    eventLog,
    securityLog,
    counters,
    ...(alertCounter === undefined ? {} : { alertCounter }),
  });
}

/** The hub's own radio, which refuses where the state says so. */
function refusing(han: HanControl, faults: ReadonlySet<Fault>): HanControl {
  const check = async (fault: Fault) => {
    if (faults.has(fault)) throw new HanwayError("radio/refused", "as the run wants it");
  };
  return {
    setJoinTimeout: async (seconds) => {
      await check("join-timeout-refused");
      await han.setJoinTimeout(seconds);
    },
    openJoining: async (device, seconds) => {
      await check("joining-refused");
      await han.openJoining(device, seconds);
    },
    closeJoining: (eui64) => han.closeJoining(eui64),
    removeDevice: async (eui64) => {
      await check("leaving-refused");
      await han.removeDevice(eui64);
    },
    reform: async (extendedPanId) => {
      await check("forming-refused");
      await han.reform(extendedPanId);
    },
  };
}

function failing({ deviceLog, logs, identity }: ChfReads, faults: ReadonlySet<Fault>): ChfReads {
  const check = (fault: Fault) => {
    if (faults.has(fault)) throw new HanwayError("store/failed", "as the run wants it");
  };
  return {
    identity,
    deviceLog: {
      entries: () => {
        check("device-log-unreadable");
        return deviceLog.entries();
      },
      historic: () => {
        check("historic-log-unreadable");
        return deviceLog.historic();
      },
      figures: (eui64) => deviceLog.figures(eui64),
      get extendedPanId() {
        return deviceLog.extendedPanId;
      },
    },
    logs: {
      read: (log, from, to) => {
        check(log === "event" ? "event-log-unreadable" : "security-log-unreadable");
        return logs.read(log, from, to);
      },
    },
  };
}
