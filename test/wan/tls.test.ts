import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { type Log, silentLog } from "../../src/base/log.ts";
import { BrokerCertificate } from "../../src/wan/broker-certificate.ts";
import type { BrokerSettings } from "../../src/wan/broker-settings.ts";
import { BASE, ESME, FarEnd, HUB, makeWan } from "./bench.ts";
import { issue, selfSigned, type TestCertificate } from "./certificate.ts";
import { describeMosquitto, startMosquitto } from "./mosquitto.ts";

const folder = mkdtempSync(join(tmpdir(), "hanway-tls-"));
afterAll(() => rmSync(folder, { recursive: true }));

const authority = issue("WAN authority");
const server = issue("broker", authority);
const hub = issue(HUB, authority);
const EXPIRED: [string, string] = ["200101000000Z", "210101000000Z"];
const secure = (url: string) => url.replace("mqtt:", "mqtts:");

let files = 0;
/** Writes a PEM text and returns its path. */
function file(pem: string): string {
  files += 1;
  const path = join(folder, `${files}.pem`);
  writeFileSync(path, pem);
  return path;
}

/** Lines of a mosquitto that shows this certificate; `clients`: it wants one of this authority from whoever connects. */
function listener(shown: TestCertificate, clients?: TestCertificate): string[] {
  const own = [`certfile ${file(shown.certificate)}`, `keyfile ${file(shown.key)}`];
  return clients === undefined
    ? own
    : [...own, `cafile ${file(clients.certificate)}`, "require_certificate true"];
}

/** Starts a hub's WAN side; resolves with the first warning. */
function warned(broker: BrokerSettings): Promise<string> {
  return new Promise((resolve) => {
    const log: Log = {
      ...silentLog,
      warn: (_fields, sentence) => void wan.stop().then(() => resolve(sentence)),
    };
    const wan = makeWan([], { brokers: [broker] }, undefined, log);
    wan.start(() => {});
  });
}

describeMosquitto("broker link over TLS", () => {
  it("a broker of the pinned authority is used, and takes the hub by its certificate", async () => {
    await using broker = await startMosquitto([
      ...listener(server, authority),
      "use_identity_as_username true",
    ]);
    const url = secure(broker.url);
    const own = { ca: authority.certificate, cert: hub.certificate, key: hub.key };
    await using far = await FarEnd.connect(url, undefined, own);
    const { certificate, key } = hub;
    const wan = makeWan([], { brokers: [{ url, ca: authority.certificate, certificate, key }] });
    wan.start(() => {});
    await wan.send({ device: ESME, lane: "response", payload: Uint8Array.of(1) });
    await far.until(() => far.on("up").length === 1);
    await wan.stop();
  });

  it("a broker whose certificate nobody vouches for is passed over", async () => {
    await using stranger = await startMosquitto(listener(selfSigned()));
    await using broker = await startMosquitto(listener(server));
    const ca = authority.certificate;
    await using far = await FarEnd.connect(secure(broker.url), undefined, { ca });
    const wan = makeWan([], { brokers: [{ url: secure(stranger.url) }, { url: secure(broker.url), ca }] });
    wan.start(() => {});
    await far.online();
    expect(wan.status.broker).toBe(1);
    await wan.stop();
  });

  const other = issue("other authority");
  const cases: [string, string[], Partial<BrokerSettings>, RegExp][] = [
    [
      "an authority that is not its own",
      listener(server),
      { ca: other.certificate },
      /not from the trusted auth/,
    ],
    [
      "an expired certificate of the broker",
      listener(issue("broker", authority, EXPIRED)),
      { ca: authority.certificate },
      /its certificate has expired/,
    ],
    [
      "a certificate of the hub from a foreign authority",
      listener(server, authority),
      { ca: authority.certificate, ...pick(issue(HUB, other)) },
      /(?:does|probably does) not accept the hub's certificate/,
    ],
    [
      "an expired certificate of the hub",
      listener(server, authority),
      { ca: authority.certificate, ...pick(issue(HUB, authority, EXPIRED)) },
      /(?:does|probably does) not accept the hub's certificate/,
    ],
    [
      "no certificate of the hub where one is wanted",
      listener(server, authority),
      { ca: authority.certificate },
      /wants a certificate of the hub/,
    ],
    ["a broker without TLS", [], { ca: authority.certificate }, /not speak TLS/],
  ];
  it.each(cases)("%s is told in one clear line", async (_what, lines, tls, sentence) => {
    await using broker = await startMosquitto(lines);
    expect(await warned({ url: secure(broker.url), ...tls })).toMatch(sentence);
  });

  it("a broker that refuses the password is told in one line, however often it does", async () => {
    const passwords = file("");
    await using broker = await startMosquitto([`password_file ${passwords}`, "allow_anonymous false"]);
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (_fields, sentence) => warnings.push(sentence) };
    const timing = { backOffMs: 1, backOffMaxMs: 2, steadyMs: 60_000 };
    const brokers = [{ url: broker.url, username: "hub", password: "wrong" }];
    const wan = makeWan([], { brokers, timing }, undefined, log);
    wan.start(() => {});
    const stored = await wan.send({ device: ESME, lane: "response", payload: Uint8Array.of(1) });
    await new Promise((wake) => setTimeout(wake, 300));
    expect(warnings).toEqual([expect.stringMatching(/broker link ended: .*[Nn]ot authorized/)]);
    expect([stored, wan.counts().up.waiting.response]).toEqual(["safe", 1]);
    await wan.stop();
  });

  it("files that were replaced are used for the next connection", async () => {
    const lines = listener(server, authority);
    await using broker = await startMosquitto(lines);
    const url = secure(broker.url);
    const own = { ca: authority.certificate, cert: hub.certificate, key: hub.key };
    await using far = await FarEnd.connect(url, `${BASE}/#`, own);
    const foreign = issue(HUB, other);
    const paths = {
      ca: file(authority.certificate),
      certificate: file(foreign.certificate),
      key: file(foreign.key),
    };
    const settings = { hub: HUB, field: "wan.broker[0]", warnDays: 30 };
    const certificate = new BrokerCertificate(paths, settings, { clock: new SystemClock(), log: silentLog });
    const refused = Promise.withResolvers<string>();
    const log: Log = { ...silentLog, warn: (_fields, sentence) => refused.resolve(sentence) };
    const wan = makeWan([], { brokers: [{ url, tls: () => certificate.current() }] }, undefined, log);
    wan.start(() => {});
    expect(await refused.promise).toMatch(/does not accept/);
    for (const [path, pem] of [
      [paths.key, hub.key],
      [paths.certificate, hub.certificate],
    ] as const) {
      renameSync(file(pem), path);
    }
    await far.online();
    await wan.stop();
  });
});

function pick({ certificate, key }: TestCertificate): { certificate: string; key: string } {
  return { certificate, key };
}
