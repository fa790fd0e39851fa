import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReader, fromHex, toHex } from "../../../src/base/bytes.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { aesMmo, hmacAesMmo } from "../../../src/cbke/aes-mmo.ts";
import type { TapFrame } from "../../../src/emulator/air/air.ts";
import { ccmOpen, ccmSeal } from "../../../src/emulator/stack/security/ccm.ts";
import {
  decodeAuxiliary,
  keyLoadKey,
  keyTransportKey,
  openFrame,
  secureFrame,
} from "../../../src/emulator/stack/security/security.ts";
import { Home, HUB, LINK_KEY, METER, seMessage } from "../home.ts";

/** CCM* by the book (Zigbee A.2), one AES block at a time, with a MIC of any length. */
function ccmStar(key: Uint8Array, nonce: Uint8Array, auth: Uint8Array, plain: Uint8Array, mic: number) {
  const block = (bytes: Uint8Array) =>
    new Uint8Array(createCipheriv("aes-128-ecb", key, null).setAutoPadding(false).update(bytes));
  const pad = (bytes: Uint8Array) => {
    const out = new Uint8Array(Math.ceil(bytes.length / 16) * 16);
    out.set(bytes);
    return out;
  };
  const flags = (auth.length > 0 ? 0x40 : 0) | (((mic - 2) / 2) << 3) | 1;
  const first = Uint8Array.of(flags, ...nonce, plain.length >> 8, plain.length & 0xff);
  const header = pad(Uint8Array.of(auth.length >> 8, auth.length & 0xff, ...auth));
  const input = Uint8Array.of(...first, ...header, ...pad(plain));
  let tag: Uint8Array = new Uint8Array(16);
  for (let at = 0; at < input.length; at += 16)
    tag = block(tag.map((octet, i) => octet ^ (input[at + i] ?? 0)));
  const stream = (counter: number) => block(Uint8Array.of(1, ...nonce, counter >> 8, counter & 0xff));
  const cipher = plain.map((octet, i) => octet ^ (stream(1 + (i >> 4))[i & 15] ?? 0));
  const zero = stream(0);
  return Uint8Array.of(...cipher, ...tag.slice(0, mic).map((octet, i) => octet ^ (zero[i] ?? 0)));
}

describe("keys and cipher against the Zigbee specification", () => {
  test("C.5.1: the hash of one octet", () => {
    expect(toHex(aesMmo(fromHex("c0")))).toBe("ae3a102a28d43ee0d4a09e22788b206c");
  });

  test("C.6.1: the keyed hash of one octet", () => {
    const key = fromHex("404142434445464748494a4b4c4d4e4f");
    expect(toHex(hmacAesMmo(key, fromHex("c0")))).toBe("4512807bf94cb3400f0e2c25fb76e999");
  });

  test("4.5.3: key-transport and key-load keys are the keyed hashes of 0x00 and 0x02", () => {
    const wellKnown = new TextEncoder().encode("ZigBeeAlliance09");
    expect(toHex(keyTransportKey(wellKnown))).toBe("4bab0f173e1434a2d572e1c1ef478782");
    expect(keyLoadKey(wellKnown)).toEqual(hmacAesMmo(wellKnown, Uint8Array.of(2)));
    expect(keyLoadKey(wellKnown)).not.toEqual(keyTransportKey(wellKnown));
  });

  test("C.3: CCM* of the annex, and at level 5 the same octets as CCM* by the book", () => {
    const key = fromHex("c0c1c2c3c4c5c6c7c8c9cacbcccdcecf");
    const nonce = fromHex("a0a1a2a3a4a5a6a70302010006");
    const auth = fromHex("0001020304050607");
    const plain = fromHex("08090a0b0c0d0e0f101112131415161718191a1b1c1d1e");
    expect(toHex(ccmStar(key, nonce, auth, plain, 8))).toBe(
      "1a55a36abb6c610d066b3375649cef10d4664ecad854a80a895cc1d8ff9469",
    );
    const bytes = fc.uint8Array({ maxLength: 90 });
    const fixed = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(
        fixed(16),
        fixed(13),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        bytes,
        (k, n, a, m) => {
          const sealed = ccmSeal(k, n, a, m);
          expect(toHex(sealed)).toBe(toHex(ccmStar(k, n, a, m, 4)));
          expect(ccmOpen(k, n, a, sealed)).toEqual(m);
        },
      ),
    );
  });

  test("a frame with any bit changed does not open, nor one that is too short", () => {
    const key = LINK_KEY;
    const head = fromHex("2108");
    const auxiliary = { keyIdentifier: "network", frameCounter: 77, source: HUB, keySequence: 1 } as const;
    const frame = secureFrame(key, head, auxiliary, HUB, fromHex("0102030405"));
    const open = (bytes: Uint8Array) => {
      const reader = new ByteReader(bytes, head.length);
      const header = decodeAuxiliary(reader, "test");
      if (header.keyIdentifier !== "network") return undefined;
      return openFrame(key, bytes.slice(0, head.length), header, header.source ?? METER, reader.rest());
    };
    expect(open(frame)).toEqual(fromHex("0102030405"));
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const at = bit >> 3;
      const level = at === head.length && bit % 8 < 3;
      const reserved = at === head.length && bit % 8 > 5;
      // Level bits are overwritten on reception (4.3.1.2); reserved bits carry nothing.
      if (level || reserved) continue;
      const bent = Uint8Array.from(frame);
      bent[at] = (bent[at] ?? 0) ^ (1 << (bit % 8));
      let opened: Uint8Array | undefined;
      try {
        opened = open(bent);
      } catch {
        opened = undefined;
      }
      expect(opened).toBeUndefined();
    }
    expect(ccmOpen(key, new Uint8Array(13), head, new Uint8Array(3))).toBeUndefined();
  });
});

describe("security on the air", () => {
  async function tapped() {
    const home = new Home();
    const device = await home.joined();
    home.hub.importLinkKey(-1, METER, LINK_KEY);
    const frames: TapFrame[] = [];
    home.air.tap((frame) => frames.push(frame));
    const intruder = home.air.attach(Eui64("ffffffffffff0001"));
    intruder.channel = 15;
    intruder.receiving = false;
    return { home, frames, intruder, ...device };
  }

  test("no payload octet is readable and a message under the link key is sealed twice", async () => {
    const { home, frames, node, messages } = await tapped();
    const secret = new TextEncoder().encode("consumption 42 kWh");
    home.hub.unicast(seMessage(node.nodeId, secret));
    await home.run(100);
    expect(messages[0]?.payload).toEqual(secret);
    for (const { bytes } of frames) expect(Buffer.from(bytes).includes(Buffer.from(secret))).toBe(false);
  });

  test("a recorded frame played again is dropped, and so is one with a bit changed", async () => {
    const { home, frames, intruder, node, messages } = await tapped();
    home.hub.unicast(seMessage(node.nodeId, Uint8Array.of(1), { apsAck: false }));
    await home.run(100);
    const recorded = frames.find(({ from, bytes }) => from === HUB && bytes.length > 20);
    expect(recorded).toBeDefined();
    if (!recorded) return;
    intruder.transmit(recorded.bytes);
    await home.run(100);
    expect(node.nwk.drops.replayed).toBe(1);
    const bent = Uint8Array.from(recorded.bytes);
    const counterAt = 9 + 8 + 1;
    bent[counterAt + 2] = 0x7f;
    intruder.transmit(bent);
    await home.run(100);
    expect(node.nwk.drops.unauthentic).toBe(1);
    expect(messages).toHaveLength(1);
  });

  test("octets that are no frame are counted and dropped, whatever they are", async () => {
    const { home, intruder, node, messages } = await tapped();
    const to = Uint8Array.of(0x41, 0x88, 1, 0x62, 0x1a, node.nodeId & 0xff, node.nodeId >> 8, 0, 0);
    const toHub = Uint8Array.of(0x41, 0x88, 1, 0x62, 0x1a, 0, 0, node.nodeId & 0xff, node.nodeId >> 8);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (noise) => {
        intruder.transmit(Uint8Array.of(...to, ...noise));
        intruder.transmit(Uint8Array.of(...toHub, ...noise));
        intruder.transmit(
          Uint8Array.of(...to, 0x08, 0x00, node.nodeId & 0xff, node.nodeId >> 8, 0, 0, 1, 1, ...noise),
        );
        intruder.transmit(noise);
        await home.air.idle();
      }),
      { seed: 5 },
    );
    expect(messages).toEqual([]);
    expect(node.state).toBe("joined");
    home.hub.unicast(seMessage(node.nodeId, Uint8Array.of(1)));
    await home.run(100);
    expect(messages).toHaveLength(1);
  });

  test("data and leave requests in clear are not listened to", async () => {
    const { home, intruder, node, messages, events } = await tapped();
    const mac = [0x41, 0x88, 1, 0x62, 0x1a, node.nodeId & 0xff, node.nodeId >> 8, 0, 0];
    const nwk = (control: number) => [control, 0, node.nodeId & 0xff, node.nodeId >> 8, 0, 0, 30, 200];
    intruder.transmit(Uint8Array.of(...mac, ...nwk(0x08), 0x00, 1, 0x04, 0x07, 0x09, 0x01, 1, 200, 1, 2, 3));
    intruder.transmit(Uint8Array.of(...mac, ...nwk(0x09), 0x04, 0x40));
    await home.run(100);
    expect(messages).toEqual([]);
    expect(node.nwk.drops.unsecured).toBe(1);
    expect(events).toHaveLength(1);
  });

  test("a frame under a wrong link key is dropped and not acknowledged", async () => {
    const home = new Home();
    const { node, messages } = await home.joined();
    home.hub.importLinkKey(-1, METER, new Uint8Array(16).fill(0x66));
    home.hub.unicast(seMessage(node.nodeId, Uint8Array.of(1)));
    await home.run(30_000);
    expect(messages).toEqual([]);
    expect(node.aps.drops.unauthentic).toBe(4);
    expect(home.of("sent").at(-1)?.delivered).toBe(false);
    const up = node.send(seMessage(0, Uint8Array.of(2)));
    await home.run(30_000);
    expect(await up).toBe("not-delivered");
    expect(home.of("incoming").filter(({ message }) => message.profile === 0x0109)).toEqual([]);
  });

  test("without a link key nothing is sent under one", async () => {
    const home = new Home();
    const { node } = await home.joined();
    home.hub.clearTransientKeys();
    expect(home.hub.unicast(seMessage(node.nodeId, Uint8Array.of(1)))).toBe("no-link-key");
    expect(home.hub.unicast(seMessage(node.nodeId, new Uint8Array(83), { apsSecurity: false }))).toBe(
      "message-too-long",
    );
    expect(home.hub.unicast(seMessage(node.nodeId, new Uint8Array(82), { apsSecurity: false }))).toBe("ok");
  });

  test("the link key table is limited and replaces a device's own entry", () => {
    const { hub } = new Home();
    hub.setKeyTableSize(2);
    const eui = (n: number) => Eui64(n.toString(16).padStart(16, "0"));
    expect(hub.importLinkKey(-1, eui(1), LINK_KEY)).toBe("ok");
    expect(hub.importLinkKey(-1, eui(2), LINK_KEY)).toBe("ok");
    expect(hub.importLinkKey(-1, eui(3), LINK_KEY)).toBe("table-full");
    expect(hub.importLinkKey(-1, eui(1), new Uint8Array(16))).toBe("ok");
    expect(hub.importLinkKey(2, eui(3), LINK_KEY)).toBe("invalid-index");
    expect(hub.linkKeys().map(({ index, eui64 }) => [index, eui64])).toEqual([
      [0, eui(1)],
      [1, eui(2)],
    ]);
    expect(hub.eraseLinkKey(0)).toBe(true);
    expect(hub.eraseLinkKey(0)).toBe(false);
    hub.clearLinkKeys();
    expect(hub.linkKeys()).toEqual([]);
  });
});
