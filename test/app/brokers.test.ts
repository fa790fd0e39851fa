import { expect, it } from "vitest";
import { Brokers } from "../../src/app/brokers.ts";
import { parseConfig } from "../../src/app/config.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";

const LEAST = `[hub]
chf = "00db1234567890a2"
dataDir = "/tmp/x"
[radio]
port = "/dev/ttyUSB0"
`;
const PORTS = { clock: new ManualClock(), log: silentLog };

it.each([
  ["a password in the URL", 'url = "mqtt://hub:hunter2@broker.example"', "url"],
  ["a port that is none", 'url = "mqtt://broker.example:99999"', "url"],
  ["an address that is none", 'url = "mqtt://[::1"', "url"],
  ["a password without a user name", 'url = "mqtt://broker.example"\npassword = "hunter2"', "username"],
])("%s is refused with the setting's name, and is not repeated", (_what, lines, field) => {
  const config = parseConfig(`${LEAST}[[wan.broker]]\n${lines}\n`);
  const make = () => new Brokers(config, PORTS);
  expect(make).toThrow(expect.objectContaining({ field: `wan.broker[0].${field}` }));
  expect(make).toThrow(/^(?!.*hunter2)/s);
});

it("host names, addresses of both kinds and ports are taken", () => {
  const urls = ["mqtt://broker.example", "mqtts://[2001:db8::1]:8884", "mqtt://192.0.2.1:1883/"];
  const sections = urls.map((url) => `[[wan.broker]]\nurl = "${url}"\n`).join("");
  expect(new Brokers(parseConfig(LEAST + sections), PORTS).settings.map(({ url }) => url)).toEqual(urls);
});
