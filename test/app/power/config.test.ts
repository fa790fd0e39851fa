import { describe, expect, it } from "vitest";
import { mainsFileSettings } from "../../../src/app/power/config.ts";
import { configOf } from "../least-config.ts";

const power = (text: string) => configOf(`[power]\n${text}`).power;

describe("section [power]", () => {
  it("left out, there is no input, and the alert would come after 3 minutes (A9.1)", () => {
    const config = configOf().power;
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
