import { describe, expect, it } from "vitest";
import { loadConfig, parseConfig } from "../../src/app/config.ts";

const GOOD = `
[hub]
tenant = "desk"
chf = "00DB1234567890A2"
gpf = "00:db:12:34:56:78:90:a3"
dataDir = "data"
joinSeconds = 120
[radio]
port = "tcp://127.0.0.1:4900"
[[wan.broker]]
url = "mqtt://127.0.0.1:1883"
[[device]]
eui64 = "00DB1234567890A0"
type = "esme"
installCode = "83FED3407A939723A5C639B26916D505C3B5"
`;

function edited(from: string, to: string): string {
  expect(GOOD).toContain(from);
  return GOOD.replace(from, to);
}

describe("hub configuration", () => {
  it("reads every section and fills in the defaults", () => {
    const config = parseConfig(GOOD);
    expect(config.hub).toMatchObject({ tenant: "desk", gpf: "00db1234567890a3", joinSeconds: 120 });
    expect(config.device[0]).toMatchObject({ eui64: "00db1234567890a0", transferSize: 1500 });
    expect(config.radio).toMatchObject({ baudRate: 115200, keepAliveSeconds: 3 });
  });

  it.each([
    ["a missing setting", 'dataDir = "data"', "", "config/missing", "hub.dataDir"],
    ["a missing section", '[radio]\nport = "tcp://127.0.0.1:4900"', "", "config/missing", "radio"],
    ["a mistyped EUI-64", "00DB1234567890A2", "00DB123456789", "config/invalid", "hub.chf"],
    ["an unknown device type", '"esme"', '"toaster"', "config/invalid", "device[0].type"],
    ["a wrong install code CRC", "05C3B5", "05C3B6", "config/invalid", "device[0].installCode"],
    ["a port that is neither", "tcp://127.0.0.1:4900", "udp://x", "config/invalid", "radio.port"],
    ["a broker that is not MQTT", "mqtt://", "http://", "config/invalid", "wan.broker[0].url"],
    ["a setting that does not exist", 'tenant = "desk"', "tennant = 1", "config/invalid", "hub.tennant"],
    ["a number out of range", "joinSeconds = 120", "joinSeconds = -1", "config/invalid", "hub.joinSeconds"],
    ["the same EUI-64 twice", "00DB1234567890A0", "00DB1234567890A2", "config/invalid", "device[0].eui64"],
  ])("refuses %s with the path of the field", (_what, from, to, code, field) => {
    expect(() => parseConfig(edited(from, to))).toThrow(expect.objectContaining({ code, field }));
  });

  it("reads TLS files of a mqtts broker", () => {
    const files = 'ca = "ca.pem"\ncertificate = "hub.pem"\nkey = "hub.key"';
    const config = parseConfig(edited('"mqtt://127.0.0.1:1883"', `"mqtts://broker"\n${files}`));
    expect(config.wan.broker[0]).toMatchObject({ ca: "ca.pem", certificate: "hub.pem", key: "hub.key" });
    expect(config.wan).toMatchObject({
      keepAliveSeconds: 120,
      certificateWarningDays: 30,
      routeCheckSeconds: 5,
    });
  });

  it.each([
    ["mqtt://b", 'ca = "ca.pem"', "config/invalid", "wan.broker[0].ca"],
    ["mqtts://b", 'certificate = "hub.pem"', "config/missing", "wan.broker[0].key"],
    ["mqtts://b", 'key = "hub.key"', "config/missing", "wan.broker[0].certificate"],
    ["mqtts://b", 'ca = ""', "config/invalid", "wan.broker[0].ca"],
  ])("refuses a broker %s with only %s", (url, files, code, field) => {
    const text = edited('"mqtt://127.0.0.1:1883"', `"${url}"\n${files}`);
    expect(() => parseConfig(text)).toThrow(expect.objectContaining({ code, field }));
  });

  it("says what is allowed", () => {
    expect(() => parseConfig(edited('"esme"', '"toaster"'))).toThrow(/allowed are esme, gsme, ppmid/);
  });

  it("never repeats an install code in the sentence", () => {
    expect(() => parseConfig(edited("05C3B5", "05C3B6"))).toThrow(/^(?!.*83FED).*$/s);
  });

  it("a modem needs its port and nothing else; without the section there is none", () => {
    const plain = parseConfig(GOOD);
    expect([plain.modem, plain.leds, plain.wan.noWanSeconds]).toEqual([undefined, undefined, 600]);
    expect(parseConfig(`${GOOD}[modem]\nport = "/dev/ttyUSB2"`).modem).toEqual({
      port: "/dev/ttyUSB2",
      baudRate: 115200,
      rtscts: false,
      context: 1,
      dial: false,
      networkTime: "local",
      bearer: { up: [], down: [], seconds: 60 },
    });
    expect(parseConfig(`${GOOD}[leds]\nWAN = "green:wan"`).leds).toEqual({
      folder: "/sys/class/leds",
      WAN: "green:wan",
    });
  });

  it.each([
    ["a modem without its port", "", "config/missing", "modem.port"],
    ["a PIN that is a number", "pin = 1234", "config/invalid", "modem.pin"],
    ["a PIN of three digits", 'pin = "123"', "config/invalid", "modem.pin"],
    ["an APN with a quote", 'apn = "a\\"b"', "config/invalid", "modem.apn"],
    ["a command that is one text", 'bearer.up = "pon hub"', "config/invalid", "modem.bearer.up"],
    ["a reset without its file", "reset.holdMs = 5", "config/missing", "modem.reset.file"],
    ["a clock that is neither", 'networkTime = "gmt"', "config/invalid", "modem.networkTime"],
  ])("refuses %s with the path of the field", (what, line, code, field) => {
    const port = what.includes("without its port") ? "" : 'port = "/dev/ttyUSB2"';
    expect(() => parseConfig(`${GOOD}[modem]\n${port}\n${line}`)).toThrow(
      expect.objectContaining({ code, field }),
    );
  });

  it("never repeats a PIN in the sentence", () => {
    const wrong = 'port = "/dev/ttyUSB2"\npin = "123456789"';
    expect(() => parseConfig(`${GOOD}[modem]\n${wrong}`)).toThrow(/^(?!.*123456789).*4 to 8 digits.*$/s);
  });

  it("key establishment is required as soon as there are credentials or a test authority, else off", () => {
    expect(parseConfig(GOOD).security).toEqual({ credentials: [] });
    expect(parseConfig(`${GOOD}[security]\ntestAuthority = 7`).security.testAuthority).toBe(7);
    expect(parseConfig(`${GOOD}[security]\ncredentials = ["a", "b"]\ncbke = "off"`).security).toEqual({
      credentials: ["a", "b"],
      cbke: "off",
    });
  });

  it.each([
    ["required without certificates", 'cbke = "required"', "config/missing", "security.credentials"],
    ["two sources", 'credentials = ["a"]\ntestAuthority = 1', "config/invalid", "security.testAuthority"],
    ["a seed that is none", "testAuthority = -1", "config/invalid", "security.testAuthority"],
    ["an unknown word", 'cbke = "maybe"', "config/invalid", "security.cbke"],
    ["a path that is none", 'credentials = [""]', "config/invalid", "security.credentials[0]"],
  ])("refuses key establishment %s", (_, line, code, field) => {
    expect(() => parseConfig(`${GOOD}[security]\n${line}`)).toThrow(expect.objectContaining({ code, field }));
  });

  it("refuses text that is not TOML with the line", () => {
    expect(() => parseConfig("[hub\n")).toThrow(/line 1/);
  });

  it("refuses a file that is not there", () => {
    expect(() => loadConfig("/nonexistent/hub.toml")).toThrow(/there is no such file/);
  });
});
