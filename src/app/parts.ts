import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { QuietLog } from "../base/quiet-log.ts";
import type { Random } from "../base/random.ts";
import type { Destinations } from "../base/routing.ts";
import { type ChfParts, CommunicationsHubFunction } from "../chf/chf.ts";
import { DeviceLog } from "../han/device-log/device-log.ts";
import { HanOnlyMessages } from "../han/mailbox/han-only.ts";
import { MAILBOX_SETTINGS, Mailbox, type MailboxSettings } from "../han/mailbox/mailbox.ts";
import { type HanEvent, HomeAreaNetwork } from "../han/network.ts";
import { EmberRadio } from "../han/radio/ember-radio.ts";
import { TunnelRepository } from "../han/tunnel/repository.ts";
import { Router } from "../router/router.ts";
import { LastCopy } from "../store/last-copy.ts";
import { ROUTE_DEFAULTS } from "../wan/route-watch.ts";
import { WAN_DEFAULTS, Wan } from "../wan/wan.ts";
import { Brokers } from "./brokers.ts";
import { type ChfCredentials, chfCredentials, chfIdentity, chfSettings } from "./chf.ts";
import type { HubConfig } from "./config.ts";
import { ControlSocket } from "./control-socket.ts";
import { DeviceLogKeeper } from "./device-log-keeper.ts";
import { listedDevices } from "./devices.ts";
import { Lamps } from "./lamps.ts";
import { makeMains } from "./mains.ts";
import { openStore } from "./open-store.ts";
import { Operator } from "./operator.ts";
import { securitySource } from "./security.ts";
import { radioSettings, wanRoot } from "./settings.ts";
import { type GivenState, givenTime, keptTime, Schedule } from "./time.ts";
import { WanSide } from "./wan-side.ts";

export interface HubOptions {
  config: HubConfig;
  version: string;
  /** The machine's clock, which the hub's own follows where [clock] says that it is right. */
  clock: Clock;
  /** Takes `clock` as it is, and as so good: for conformance runs, which set the time of day themselves. */
  clockAsGiven?: GivenState;
  random: Random;
  log: Log;
  /** What happens on the HAN, for whoever shows it. */
  onEvent?: (event: HanEvent) => void;
  /** Gives the CHF its keys, and may stand between it and its ports, in place of the settings: for conformance runs. */
  chf?: (parts: Omit<ChfParts, keyof ChfCredentials>) => ChfParts;
}

export type HubParts = ReturnType<typeof makeParts>;

/**
 * The composition root: makes every part of a hub and gives each what it needs, here and nowhere else. Nothing runs yet.
 * `onHan` hears what happens on the HAN.
 */
export function makeParts(options: HubOptions, onHan: (event: HanEvent) => void) {
  const { config, random, log } = options;
  const time =
    options.clockAsGiven === undefined
      ? keptTime(config.clock, options.clock, log)
      : givenTime(options.clock, options.clockAsGiven);
  const { clock } = time;
  const brokers = new Brokers(config, { clock, log });
  const store = openStore(config, clock, log);
  const schedule = new Schedule(time, store, log);
  const copies = new LastCopy(store, config.hub.copyMinutes * 60_000, { clock, log });
  const deviceLog = new DeviceLog(store, clock);
  const radio = new EmberRadio(radioSettings(config), clock, random, log);
  const wan: Wan = new Wan(
    {
      ...WAN_DEFAULTS,
      root: wanRoot(config),
      version: options.version,
      brokers: brokers.settings,
      certificateEnds: () => brokers.certificateEnds(),
      bornAt: () => wanSide.bornAt,
      keepAliveSeconds: config.wan.keepAliveSeconds,
      route: { ...ROUTE_DEFAULTS, everyMs: config.wan.routeCheckSeconds * 1_000 },
    },
    { store, clock, random, log, linked: (up) => wanSide.link(up) },
  );
  const security = securitySource(config, random, log);
  const identity = { manufacturer: "hanway", model: "Communications Hub", version: options.version };
  const mailbox: Mailbox = new Mailbox(mailboxSettings(config), {
    store,
    clock,
    log,
    receipts: wan,
    limit: (device) => han.transferLimit(device),
    transfer: (device, data) => han.transfer(device, data),
    fromDevice: (device, message) => router.fromHan(device, message),
    event: (code) => chf?.logs.event(code),
    changed: (device, waiting) => onHan({ type: "mailbox", device, waiting }),
  });
  const hanOnly = new HanOnlyMessages(mailboxSettings(config), {
    store,
    clock,
    log,
    send: (device, message) => han.throughTunnel(device, message),
  });
  const han: HomeAreaNetwork = new HomeAreaNetwork(
    {
      radio,
      clock,
      log,
      records: deviceLog,
      clockState: time.state,
      identity,
      security,
      mailbox,
      hanOnly,
      tunnels: new TunnelRepository(store),
      emit: onHan,
    },
    [],
  );
  // Until the radio tells what the network really has.
  if (config.hub.gpf !== undefined && deviceLog.extendedPanId === undefined)
    deviceLog.networkIs(config.hub.gpf);
  const chf: CommunicationsHubFunction | undefined = makeChf(options, {
    store,
    deviceLog,
    han,
    uplink: wan,
    scheduler: schedule.scheduler,
    clock,
    clockState: time.state,
    log,
  });
  // After the CHF is there, which tells the far end of every change of the log.
  for (const spec of listedDevices(config, deviceLog, log)) han.add(spec);
  const deviceLogKeeper = new DeviceLogKeeper({ deviceLog, han, windows: chf?.windows, clock, log });
  const { localPairing, dataDir } = config.hub;
  const operator = new Operator({ localPairing, deviceLog, han });
  if (localPairing) log.warn({}, "local pairing is on: an operator on this machine can add devices");
  const mains = makeMains(config, { store, clock, presence: wan, log, chf });
  const wanSide: WanSide = new WanSide(config, {
    store,
    clock,
    log,
    presence: wan,
    networkTime: (unixMs) => time.networkTime(unixMs),
    changed: () => lamps.show(),
  });
  const lamps = new Lamps(config, { clock, log, facts: () => lampFacts(han, wanSide) });
  const router: Router = new Router({
    store,
    inbox: wan.inbox,
    uplink: wan,
    receipts: wan,
    destinations: destinations(config, { han, chf, radio }),
    clock,
    log: new QuietLog(log, clock, 20),
    undelivered: (command, reason) => chf?.undelivered.report(command, reason),
  });
  return {
    time,
    brokers,
    store,
    schedule,
    copies,
    deviceLog,
    radio,
    wan,
    han,
    mailbox,
    hanOnly,
    /** Undefined where the hub was given no keys for it. */
    chf,
    deviceLogKeeper,
    operator,
    control: new ControlSocket(dataDir, operator, log),
    mains,
    wanSide,
    lamps,
    router,
    keyEstablishment: security !== undefined,
  };
}

function mailboxSettings({ mailbox }: HubConfig): MailboxSettings {
  const { lifeHours, ...others } = mailbox;
  return { ...MAILBOX_SETTINGS, ...others, lifeMs: lifeHours * 3_600_000 };
}

function makeChf(
  { config, chf }: HubOptions,
  ports: Pick<
    ChfParts,
    "store" | "deviceLog" | "han" | "uplink" | "scheduler" | "clock" | "clockState" | "log"
  >,
): CommunicationsHubFunction | undefined {
  const parts = {
    ...ports,
    self: config.hub.chf,
    identity: chfIdentity(config),
    settings: chfSettings(config),
  };
  if (chf !== undefined) return new CommunicationsHubFunction(chf(parts));
  const credentials = chfCredentials(config);
  return credentials && new CommunicationsHubFunction({ ...parts, ...credentials });
}

function destinations(
  { hub }: HubConfig,
  parts: { han: HomeAreaNetwork; chf: CommunicationsHubFunction | undefined; radio: EmberRadio },
): Destinations {
  const { han, chf, radio } = parts;
  return {
    han: (device) => han.way(device),
    // The radio's own EUI-64 is the GPF's identifier (A1.2), also where the settings name another.
    own: (device) => {
      if (device === chf?.self) return chf.executor;
      return device === hub.chf || device === hub.gpf || device === radio.network?.eui64
        ? "absent"
        : undefined;
    },
  };
}

function lampFacts(han: HomeAreaNetwork, { phase, modem }: WanSide) {
  const devices = han.views();
  return {
    wan: phase,
    modem: modem && { bars: modem.signal?.bars, technology: modem.technology },
    devices,
    joinOpen: devices.some((device) => device.window),
  };
}
