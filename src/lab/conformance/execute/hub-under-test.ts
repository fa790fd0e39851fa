import { HanwayError } from "../../../base/error.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import { silentLog } from "../../../base/log.ts";
import { systemRandom } from "../../../base/random.ts";
import { isMessageId, isTenant } from "../../../base/wan-topic.ts";
import { CommunicationsHubFunction } from "../../../chf/chf.ts";
import { CHF_SETTINGS, type ChfReads, type HanControl } from "../../../chf/ports.ts";
import type { KeyAgreement } from "../../../gbcs/security/key-agreement.ts";
import type { Signer } from "../../../gbcs/security/signature.ts";
import { DeviceLog } from "../../../han/device-log/device-log.ts";
import { Router } from "../../../router/router.ts";
import { Store } from "../../../store/store.ts";
import { LINK_TIMING } from "../../../wan/link-state.ts";
import { WAN_DEFAULTS, Wan } from "../../../wan/wan.ts";
import { startBroker } from "../../broker.ts";
import { FarEnd } from "../../far-end.ts";
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

/** The broker of the run is there from the first moment: nothing is gained by waiting before the next try. */
const LINK = { ...LINK_TIMING, backOffMs: 1 };
const PATIENCE_MS = 10_000;
const TENANT = "conformance";

/**
 * A hub in a state of its own behind a broker: WAN, store, router and Communications Hub Function. It comes into that
 * state only through the doors that these have in service.
 */
export async function startHubUnderTest(self: Eui64, state: HubState, keys: RunKeys): Promise<HubUnderTest> {
  const scope = new AsyncDisposableStack();
  try {
    // Each hub has a broker of its own, for a broker keeps the session of a hub that comes again.
    const broker = scope.use(await startBroker());
    const clock = new SetClock(state.now);
    const store = scope.use(new Store(":memory:", clock));
    if (!isTenant(TENANT)) throw new TypeError(`${TENANT} is no tenant`);
    const root = { tenant: TENANT, hub: self };
    const ports = { store, clock, random: systemRandom, log: silentLog };
    const wan = new Wan(
      { ...WAN_DEFAULTS, root, version: "conformance", brokers: [{ url: broker.url }], timing: LINK },
      ports,
    );
    const deviceLog = new DeviceLog(store, clock);
    const { modelType, manufacturer, firmwareVersion, faults } = state;
    const chf = new CommunicationsHubFunction({
      ...ports,
      self,
      ownKeys: keys,
      certificates: state.anchors,
      deviceLog,
      han: radio(faults),
      uplink: wan,
      identity: { modelType, manufacturer, firmwareVersion },
      settings: CHF_SETTINGS,
      reads: (reads) => failing(reads, faults),
    });
    seed(chf, state);
    const router = new Router({
      ...ports,
      inbox: wan.inbox,
      uplink: wan,
      receipts: wan,
      destinations: {
        han: () => undefined,
        own: (device) => (device === self ? chf.executor : undefined),
      },
    });
    scope.defer(() => chf.stop());
    const ear = new Ear();
    const farEnd = scope.use(
      await FarEnd.connect(broker.url, root, {
        up: (_device, payload) => ear.up(payload),
        receipt: ({ id, stage, reason }) => ear.receipt(id, stage, reason),
        state: (told) => ear.state(told),
      }),
    );
    scope.defer(() => wan.stop());
    scope.defer(() => router.stop());
    wan.start(() => router.wake());
    await ear.online();
    let sent = 0;
    return {
      send: async (command, wanted) => {
        const id = `command-${sent++}`;
        if (!isMessageId(id)) throw new TypeError(`${id} is no message id`);
        const heard = ear.hear(id, wanted);
        await farEnd.offer(self, id, command);
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

  state(told: unknown): void {
    if (typeof told === "object" && told !== null && Reflect.get(told, "online") === true) {
      this.#online.resolve();
    }
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

/** A radio that does what it is asked to, or refuses where the state says so. */
function radio(faults: ReadonlySet<Fault>): HanControl {
  const call = async (fault: Fault) => {
    if (faults.has(fault)) throw new HanwayError("radio/refused", "as the run wants it");
  };
  return {
    setJoinTimeout: () => call("join-timeout-refused"),
    openJoining: () => call("joining-refused"),
    closeJoining: async () => {},
    removeDevice: () => call("leaving-refused"),
    reform: () => call("forming-refused"),
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
