export * from "./alerts.ts";
export * from "./build.ts";
export * from "./describe.ts";
export * from "./lookup.ts";
export { type Plain, toPlain } from "./plain.ts";
export { dlmsTemplate, gbzTemplate, services, useCases } from "./tables.ts";
export type * from "./types.ts";
export { unitName } from "./units.ts";
