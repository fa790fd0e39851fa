export * from "./apdu.ts";
export * from "./data.ts";
export * from "./date-time.ts";
export * from "./obis.ts";
export * from "./protected.ts";
export * from "./result.ts";
