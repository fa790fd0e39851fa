import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { ESME, FarEnd, makeWan } from "./bench.ts";
import { selfSigned } from "./certificate.ts";
import { describeMosquitto, startMosquitto } from "./mosquitto.ts";

describeMosquitto("broker link over TLS", () => {
  const { key, certificate } = selfSigned();
  const folder = mkdtempSync(join(tmpdir(), "hanway-tls-"));
  writeFileSync(join(folder, "key.pem"), key);
  writeFileSync(join(folder, "certificate.pem"), certificate);
  afterAll(() => rmSync(folder, { recursive: true }));
  const lines = [`certfile ${join(folder, "certificate.pem")}`, `keyfile ${join(folder, "key.pem")}`];
  const secure = (url: string) => url.replace("mqtt:", "mqtts:");

  it("a broker that shows a certificate of the given authority is used", async () => {
    await using broker = await startMosquitto(lines);
    await using far = await FarEnd.connect(secure(broker.url), undefined, { ca: certificate });
    const wan = makeWan([], { brokers: [{ url: secure(broker.url), ca: certificate }] });
    wan.start(() => {});
    await wan.send({ device: ESME, lane: "response", payload: Uint8Array.of(1) });
    await far.until(() => far.on("up").length === 1);
    await wan.stop();
  });

  it("a broker whose certificate nobody vouches for is passed over", async () => {
    await using stranger = await startMosquitto(lines);
    await using broker = await startMosquitto(lines);
    await using far = await FarEnd.connect(secure(broker.url), undefined, { ca: certificate });
    const wan = makeWan([], {
      brokers: [{ url: secure(stranger.url) }, { url: secure(broker.url), ca: certificate }],
    });
    wan.start(() => {});
    await far.online();
    expect(wan.status.broker).toBe(1);
    await wan.stop();
  });
});
