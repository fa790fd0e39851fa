import fc from "fast-check";

/**
 * Property tests draw the same cases every time, so that a red run is red again. HANWAY_SEED=random (or a number)
 * draws others; `npm run test:fuzz` does that.
 */
const wanted = process.env.HANWAY_SEED;
const seed = wanted === "random" ? Math.trunc(Math.random() * 0x7fffffff) : Number(wanted ?? 20_261);
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
