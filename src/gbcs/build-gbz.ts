export { buildGbzCommand } from "./gbz/build.ts";
