export * from "./block.ts";
export * from "./receiver.ts";
export * from "./sender.ts";
export * from "./settings.ts";
export * from "./split.ts";
