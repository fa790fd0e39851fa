import { parseArgs } from "node:util";
import { brokerChaos } from "../src/lab/chaos/broker.ts";
import { killChaos } from "../src/lab/chaos/kill.ts";

/**
 * `npm run chaos -- [--seconds N] [--kills N] [--seed N] [--quiet]`: a whole hub under trouble, ten minutes of it and 200
 * kills where nothing else is said. Prints one JSON line per part; the exit code is 1 where a message was lost, came
 * out of its order, or twice without a kill. Needs mosquitto.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "600" },
    kills: { type: "string", default: "1000" },
    homes: { type: "string", default: "4" },
    seed: { type: "string", default: "1" },
    quiet: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const tell = (line: string) => {
  if (!values.quiet) console.error(line);
};
let good = true;

const seconds = Number(values.seconds);
if (seconds > 0) {
  const figures = await brokerChaos({ seed, seconds, rate: 20, troubleSeconds: 10, tell });
  const flat = figures.rssMb.late < figures.rssMb.early * 1.15;
  good &&= kept(figures) && figures.duplicates === 0 && flat;
  console.log(JSON.stringify({ chaos: "broker", seed, seconds, ...figures, flat }));
}
const kills = Number(values.kills);
if (kills > 0) {
  const figures = await killChaos({ seed, kills, homes: Number(values.homes), burst: 20, tell });
  good &&= kept(figures);
  console.log(JSON.stringify({ chaos: "kill", seed, ...figures }));
}
process.exitCode = good ? 0 : 1;

function kept(figures: { lost: number; outOfOrder: number; numberReused: number; unknown: number }): boolean {
  return figures.lost + figures.outOfOrder + figures.numberReused + figures.unknown === 0;
}
