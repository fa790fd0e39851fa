import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/app/config.ts";
import { mainsFileSettings } from "../../../src/app/power/config.ts";

const HUB = `
[hub]
chf = "00DB1234567890A2"
dataDir = "data"
[radio]
port = "tcp://127.0.0.1:4900"
[[wan.broker]]
url = "mqtt://127.0.0.1:1883"
`;

const power = (text: string) => parseConfig(`${HUB}\n[power]\n${text}`).power;

describe("section [power]", () => {
  it("left out, there is no input, and the alert would come after 3 minutes (A9.1)", () => {
    const config = parseConfig(HUB).power;
    expect(mainsFileSettings(config)).toBeUndefined();
    expect(config.alertSeconds).toBe(180);
  });

  it("a path alone is a GPIO line that is high while mains is there", () => {
    const settings = mainsFileSettings(power('input = "/sys/class/gpio/gpio17/value"'));
    expect(settings?.present.test("1")).toBe(true);
    expect(settings?.lost.test("0")).toBe(true);
    expect(settings?.lost.test("10")).toBe(false);
  });

  it("patterns match within the lines of a status file", () => {
    const settings = mainsFileSettings(
      power(`input = "ups"\npresent = '^STATUS.*ONLINE'\nlost = '^STATUS.*ONBATT'`),
    );
    expect(settings?.lost.test("APC : 1\nSTATUS : ONBATT\n")).toBe(true);
  });

  it.each([
    ["an empty path", 'input = ""', "power.input"],
    ["a broken pattern", 'lost = "["', "power.lost"],
    ["no time at all before the alert", "alertSeconds = 0", "power.alertSeconds"],
    ["a setting that does not exist", "gpio = 17", "power.gpio"],
  ])("refuses %s with the path of the field", (_what, text, field) => {
    expect(() => power(text)).toThrow(expect.objectContaining({ code: "config/invalid", field }));
  });
});
