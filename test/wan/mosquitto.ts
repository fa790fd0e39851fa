import { describe } from "vitest";
import { mosquittoInstalled } from "../../src/lab/mosquitto.ts";

export { startMosquitto } from "../../src/lab/mosquitto.ts";

/** A suite that needs the mosquitto broker. In CI a missing one is a failure; a user without it is told so in one line. */
export function describeMosquitto(name: string, suite: () => void): void {
  if (mosquittoInstalled() || process.env.CI === "true") describe(name, suite);
  else {
    console.info(`skipped "${name}": mosquitto is not installed`);
    describe.skip(name, suite);
  }
}

export interface TestBroker extends AsyncDisposable {
  readonly url: string;
  /** Kills it without a farewell. */
  close(): Promise<void>;
  /** Starts it again on its port; what was queued is as durable as this broker makes it. */
  again(): Promise<void>;
}
