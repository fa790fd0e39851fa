import type { ModemCore, Reply } from "./core.ts";
import { cesqOf, csqOf, localTime } from "./network.ts";

type Handler = (core: ModemCore, match: RegExpExecArray) => Reply;

const DONE: Reply = [];
const NO_SIM = 10;
const PIN_NEEDED = 11;
const PUK_NEEDED = 12;
const WRONG_PIN = 16;

/** The commands of a plain LTE modem, by 3GPP TS 27.007 where it has them. Matched in upper case, in this order. */
const COMMANDS: readonly (readonly [RegExp, Handler])[] = [
  [/^AT$/, () => DONE],
  [/^ATE([01])(?:V1)?$/, (core, [, echo]) => core.set(() => (core.echo = echo === "1"))],
  [/^AT\+CMEE=[012]$/, () => DONE],
  [/^AT\+CGSN$/, (core) => [core.imei]],
  [/^AT\+CCID$/, (core) => (core.sim === undefined ? { error: NO_SIM } : [`+CCID: ${core.sim.iccid}`])],
  [/^AT\+CIMI$/, withSim((core) => [core.sim?.imsi ?? ""])],
  [/^AT\+CPIN\?$/, (core) => (core.sim === undefined ? { error: NO_SIM } : [`+CPIN: ${core.sim.state}`])],
  [/^AT\+CPIN="?(\d{4,8})"?$/, (core, [, pin]) => enterPin(core, pin ?? "")],
  [/^AT\+CPINR$/, (core) => triesLeft(core)],
  [/^AT\+(CREG|CEREG)=([0-2])$/, (core, [, which, n]) => core.set(() => core.report(which ?? "", Number(n)))],
  [/^AT\+(CREG|CEREG)\?$/, (core, [, which]) => [core.registrationLine(which ?? "")]],
  [/^AT\+COPS=3,[0-2]$/, () => DONE],
  [/^AT\+COPS\?$/, (core) => [operatorLine(core)]],
  [/^AT\+CSQ$/, (core) => [`+CSQ: ${core.onAir ? csqOf(core.cell) : 99},99`]],
  [
    /^AT\+CESQ$/,
    (core) => [`+CESQ: 99,99,255,255,${core.onAir ? 20 : 255},${core.onAir ? cesqOf(core.cell) : 255}`],
  ],
  [/^AT\+CTZ[UR]=[0-3]$/, () => DONE],
  [/^AT\+CCLK\?$/, (core) => [clockLine(core)]],
  [/^AT\+CGDCONT=(\d),"IP","([A-Z0-9.-]+)"$/, (core, [, , apn]) => core.set(() => (core.apn = apn ?? ""))],
  [/^AT\+CGATT=1$/, (core) => (core.registered ? DONE : { error: 30 })],
  [/^AT\+CGACT=1,\d$/, (core) => (core.dial() ? DONE : { error: 30 })],
  [/^AT\+CGACT\?$/, (core) => [`+CGACT: 1,${core.bearer ? 1 : 0}`]],
  [/^AT\+CFUN=1,1$/, (core) => core.set(() => core.restart())],
];

/** Answers one command line; what the modem does not know is an error. */
export function answerTo(core: ModemCore, line: string): Reply {
  const upper = line.toUpperCase();
  for (const [form, handle] of COMMANDS) {
    const match = form.exec(upper);
    if (match !== null) return handle(core, match);
  }
  return { error: "plain" };
}

function withSim(handler: (core: ModemCore) => Reply): Handler {
  return (core) => {
    if (core.sim === undefined) return { error: NO_SIM };
    if (core.sim.state === "SIM PIN") return { error: PIN_NEEDED };
    return core.sim.state === "SIM PUK" ? { error: PUK_NEEDED } : handler(core);
  };
}

function enterPin(core: ModemCore, pin: string): Reply {
  if (core.sim === undefined) return { error: NO_SIM };
  if (core.sim.state === "SIM PUK") return { error: PUK_NEEDED };
  core.pinsSeen += 1;
  if (!core.sim.enter(pin)) return { error: WRONG_PIN };
  core.search();
  return DONE;
}

function triesLeft(core: ModemCore): Reply {
  if (core.sim === undefined) return { error: NO_SIM };
  return core.tellsTries ? [`+CPINR: SIM PIN,${core.sim.triesLeft},3`] : { error: "plain" };
}

function operatorLine(core: ModemCore): string {
  return core.registered ? `+COPS: 0,0,"${core.cell.operator}",${core.cell.act}` : "+COPS: 0";
}

/** Until the network gives the time the clock starts where such modems do. */
function clockLine(core: ModemCore): string {
  const time = core.networkTime;
  return `+CCLK: "${time === undefined ? "80/01/06,00:00:19+00" : localTime(time, core.cell.quarters)}"`;
}
