export * from "./check-certificate.ts";
export * from "./commands.ts";
export * from "./engine.ts";
export * from "./implicit-certificate.ts";
export * from "./software-engine.ts";
export * from "./suite.ts";
export * from "./terminate-status.ts";
export * from "./test-authority.ts";
