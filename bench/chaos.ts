import { parseArgs } from "node:util";
import { type BrokerChaosFigures, brokerChaos } from "../src/lab/chaos/broker.ts";
import { type ChfChaosFigures, chfChaos } from "../src/lab/chaos/chf.ts";
import type { ExchangeFigures } from "../src/lab/chaos/exchange.ts";
import { killChaos } from "../src/lab/chaos/kill.ts";

/**
 * `npm run chaos -- [--seconds N] [--kills N] [--chf-kills N] [--homes N] [--seed N] [--quiet]`: whole hubs under
 * trouble. Prints one JSON line per part:
 *
 * - `broker`: ten minutes of a broker killed, slowed, stalled and cut, with 20 messages a second each way
 * - `kill`: 1,000 kills of hubs that relay, in homes side by side
 * - `chf`: 400 kills of hubs that execute Commands of their own
 *
 * The exit code is 1 where a message was lost, came out of its order, or twice without a kill, where a Command was
 * executed twice or came to another end than its Response says, or where memory grew. Needs mosquitto.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "600" },
    kills: { type: "string", default: "1000" },
    "chf-kills": { type: "string", default: "400" },
    homes: { type: "string", default: "8" },
    seed: { type: "string", default: "1" },
    quiet: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const homes = Number(values.homes);
const tell = (line: string) => {
  if (!values.quiet) console.error(line);
};
/** Resident memory late in a run over that early in it, up to which it counts as flat. */
const FLAT = 1.15;
let good = true;

function report(chaos: string, figures: object, fine: boolean): void {
  good &&= fine;
  console.log(JSON.stringify({ chaos, seed, ...figures, good: fine }));
}

const seconds = Number(values.seconds);
if (seconds > 0) {
  const figures = await brokerChaos({ seed, seconds, rate: 20, troubleSeconds: 10, tell });
  const flat = isFlat(figures);
  const fine = kept(figures) && figures.duplicates + figures.commands.repeated === 0 && flat;
  report("broker", { seconds, ...figures, flat }, fine);
}
const kills = Number(values.kills);
if (kills > 0) {
  const figures = await killChaos({ seed, kills, homes, burst: 20, tell });
  report("kill", figures, kept(figures));
}
const chfKills = Number(values["chf-kills"]);
if (chfKills > 0) {
  const figures = await chfChaos({ seed, kills: chfKills, homes, burst: 12, tell });
  report("chf", figures, once(figures));
}
process.exitCode = good ? 0 : 1;

function isFlat({ rssMb }: BrokerChaosFigures): boolean {
  return rssMb.late < rssMb.early * FLAT;
}

function kept(figures: ExchangeFigures): boolean {
  const { commands, lost, acknowledgedLost, outOfOrder, numberReused, refused, unknown } = figures;
  const wrong = lost + acknowledgedLost + outOfOrder + numberReused + refused + unknown;
  return wrong === 0 && commands.executed === commands.offered;
}

function once(figures: ChfChaosFigures): boolean {
  const { unanswered, executedTwice, copiesDiffer, otherResult, alertsDiffer } = figures;
  const { receiptsWrong, numbersMissing, unknown, eventLogDiffers, deviceLogDiffers } = figures;
  const commands = unanswered + executedTwice + copiesDiffer + otherResult + alertsDiffer;
  return commands + receiptsWrong + numbersMissing + unknown + eventLogDiffers + deviceLogDiffers === 0;
}
