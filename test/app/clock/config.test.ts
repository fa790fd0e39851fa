import { describe, expect, it } from "vitest";
import { clockSettings, timeSources } from "../../../src/app/clock/config.ts";
import { ManualClock } from "../../../src/base/clock.ts";
import { configOf } from "../least-config.ts";

const clock = (text: string) => configOf(`[clock]\n${text}`).clock;

describe("section [clock]", () => {
  it("left out, nobody is believed but time services and the network", () => {
    const config = configOf().clock;
    expect(clockSettings(config)).toMatchObject({ checkMs: 30_000, holdoverMs: 86_400_000, network: true });
    expect(timeSources(config, new ManualClock()).map(({ name }) => name)).toEqual([
      "/run/systemd/timesync/synchronized",
      "timedatectl",
    ]);
  });

  it("names the sources in order of trust", () => {
    const config = clock('sources = ["command", "machine"]\ncommand = ["ntp-ok"]\ncommandYes = "^0$"');
    expect(clockSettings(config).network).toBe(false);
    expect(timeSources(config, new ManualClock()).map(({ name }) => name)).toEqual(["ntp-ok", "machine"]);
  });

  it.each([
    ["a source that is none", 'sources = ["gps"]', "clock.sources[0]"],
    ["no source", "sources = []", "clock.sources"],
    ["an empty command", "command = []", "clock.command"],
    ["a broken pattern", 'commandYes = "("', "clock.commandYes"],
    ["a holdover below nothing", "holdoverHours = -1", "clock.holdoverHours"],
    ["a setting that does not exist", "ntp = true", "clock.ntp"],
  ])("refuses %s with the path of the field", (_what, text, field) => {
    expect(() => clock(text)).toThrow(expect.objectContaining({ code: "config/invalid", field }));
  });
});
