import { describe, expect, it } from "vitest";
import { clockSettings, timeSources } from "../../../src/app/clock/config.ts";
import { parseConfig } from "../../../src/app/config.ts";
import { ManualClock } from "../../../src/base/clock.ts";

const HUB = `
[hub]
chf = "00DB1234567890A2"
dataDir = "data"
[radio]
port = "tcp://127.0.0.1:4900"
[[wan.broker]]
url = "mqtt://127.0.0.1:1883"
`;

const clock = (text: string) => parseConfig(`${HUB}\n[clock]\n${text}`).clock;

describe("section [clock]", () => {
  it("left out, nobody is believed but time services and the network", () => {
    const config = parseConfig(HUB).clock;
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
