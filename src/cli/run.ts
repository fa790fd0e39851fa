import { loadConfig } from "../app/config.ts";
import { Hub } from "../app/hub.ts";
import { makeLog } from "../app/log.ts";
import { SystemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { command } from "./command.ts";
import { stoppedCode, UsageError, untilAborted } from "./io.ts";
import { version } from "./version.ts";

const HELP = `hanway run: the hub alone, on a radio and a broker of yours

Usage: hanway run --config FILE

  --config FILE   TOML settings: [hub] tenant, chf, gpf, dataDir, joinSeconds; [radio] port;
                  [[wan.broker]] url, username, password, and for mqtts ca, certificate, key (PEM files);
                  [[device]] eui64, type, installCode, transferSize;
                  [security] credentials (files of the Smart Energy certificate authority), or
                  testAuthority (a seed, as hanway emulate --test-ca), cbke = "off";
                  [hub] localPairing = true lets hanway pair add devices on this machine

Optional sections:
  [clock] sources   who says that the clock is right, in order: "timesync", "command" (timedatectl),
                    "network" (the modem's); "machine" takes it as right, as in a container
  [power] input     a file that shows whether mains is there, such as a GPIO line's value
  [mailbox] lifeHours, depth, untilAcknowledged   how mail for the sleeping gas meter is kept
  [modem] port, apn, pin, dial   the cellular modem that hanway looks after, by AT commands
  [leds] SW, WAN, HAN, GAS       names of LEDs under /sys/class/leds

It logs one JSON object a line to standard output and runs until SIGINT or SIGTERM.

Example:
  hanway run --config hub.toml

  [hub]
  tenant = "desk"
  chf = "00db1234567890a2"
  dataDir = "/var/lib/hanway"
  [radio]
  port = "/dev/ttyUSB0"
  [[wan.broker]]
  url = "mqtt://127.0.0.1:1883"
  [[device]]
  eui64 = "00db1234567890a0"
  type = "esme"
  installCode = "83FED3407A939723A5C639B26916D505C3B5"`;

const OPTIONS = { config: { type: "string" } } as const;

export const run = command({ help: HELP, options: OPTIONS }, async ({ values }, io) => {
  if (values.config === undefined) throw new UsageError("run needs --config FILE; see hanway run --help");
  const config = loadConfig(values.config);
  const log = makeLog(config.log.level, io.stdout);
  // A hub that stops may wait for timers alone, which keep no process: until it has stopped, this one does.
  using _alive = setInterval(() => {}, 0x7fff_ffff);
  await using _hub = await Hub.start({
    config,
    log,
    clock: new SystemClock(),
    random: systemRandom,
    version: version(),
  });
  await untilAborted(io.signal);
  log.info({}, "stopping");
  return stoppedCode(io.signal);
});
