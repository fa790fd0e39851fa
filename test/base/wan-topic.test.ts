import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Eui64 } from "../../src/base/eui64.ts";
import {
  formatFilter,
  formatTopic,
  isMessageId,
  isTenant,
  type MessageId,
  parseTopic,
  type Tenant,
  type WanTopic,
} from "../../src/base/wan-topic.ts";

const hex = fc.stringMatching(/^[0-9a-f]{16}$/).map((text) => Eui64(text));
const tenant = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/).map((text) => text as Tenant);
const id = fc.stringMatching(/^[A-Za-z0-9._:~-]{1,64}$/).map((text) => text as MessageId);
const topic: fc.Arbitrary<WanTopic> = fc.oneof(
  fc.record({ kind: fc.constant("down" as const), device: hex, id }),
  fc.record({ kind: fc.constant("up" as const), device: hex, seq: fc.maxSafeNat().filter((n) => n > 0) }),
  fc.record({ kind: fc.constant("receipt" as const), id }),
  fc.record({ kind: fc.constant("state" as const) }),
  fc.record({ kind: fc.constant("device" as const), device: hex }),
  fc.record({ kind: fc.constant("image" as const), id }),
);
const root = fc.record({ tenant, hub: hex });

describe("WAN contract: topics", () => {
  it("every topic parses back to what it was built from", () => {
    fc.assert(
      fc.property(root, topic, (root, topic) => {
        expect(parseTopic(formatTopic(root, topic))).toEqual({ root, topic });
      }),
    );
  });

  it("any text is either refused or the one spelling of its topic", () => {
    const level = fc.oneof(
      fc.constantFrom(
        "hanway",
        "v1",
        "down",
        "up",
        "state",
        "+",
        "#",
        "",
        "00DB1234567890A2",
        "00db1234567890a2",
      ),
      fc.string({ unit: "binary", maxLength: 20 }),
      id,
      hex,
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(level, { maxLength: 9 }).map((levels) => levels.join("/")),
      fc
        .tuple(root, topic, fc.nat(300), fc.string({ unit: "binary", maxLength: 2 }))
        .map(([root, topic, at, junk]) => {
          const good = formatTopic(root, topic);
          return good.slice(0, at) + junk + good.slice(at);
        }),
    );
    fc.assert(
      fc.property(text, (text) => {
        const parsed = parseTopic(text);
        if (!("refused" in parsed)) expect(formatTopic(parsed.root, parsed.topic)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["", "form"],
    ["hanway/v1/t", "form"],
    ["hanway/v1/t/00db1234567890a2", "form"],
    ["hanway/v2/t/00db1234567890a2/state", "form"],
    ["hanway/v1/t/00db1234567890a2/state/x", "form"],
    ["hanway/v1/t/00db1234567890a2/constructor/x", "form"],
    ["/hanway/v1/t/00db1234567890a2/state", "form"],
    ["hanway/v1//00db1234567890a2/state", "tenant"],
    ["hanway/v1/+/00db1234567890a2/state", "tenant"],
    [`hanway/v1/${"t".repeat(65)}/00db1234567890a2/state`, "tenant"],
    ["hanway/v1/t/00DB1234567890A2/state", "hub"],
    ["hanway/v1/t/00db1234567890a/state", "hub"],
    ["hanway/v1/t/00db1234567890a2/device/00DB1234567890A2", "device"],
    ["hanway/v1/t/00db1234567890a2/up/00db1234567890a2/0", "seq"],
    ["hanway/v1/t/00db1234567890a2/up/00db1234567890a2/01", "seq"],
    ["hanway/v1/t/00db1234567890a2/up/00db1234567890a2/1e3", "seq"],
    ["hanway/v1/t/00db1234567890a2/up/00db1234567890a2/9007199254740992", "seq"],
    ["hanway/v1/t/00db1234567890a2/receipt/", "id"],
    [`hanway/v1/t/00db1234567890a2/receipt/${"i".repeat(65)}`, "id"],
    ["hanway/v1/t/00db1234567890a2/receipt/a b", "id"],
    ["hanway/v1/t/00db1234567890a2/receipt/a\n", "id"],
  ])("%j is refused for its %s", (text, refused) => {
    expect(parseTopic(text)).toMatchObject({ refused });
  });

  it("a down topic with a bad device still names the message to answer", () => {
    expect(parseTopic("hanway/v1/t/00db1234567890a2/down/00DB1234567890A2/m1")).toEqual({
      refused: "device",
      id: "m1",
    });
  });

  it("filters match one hub's topics of one kind", () => {
    const root = { tenant: "t" as Tenant, hub: Eui64("00db1234567890a2") };
    expect(formatFilter(root, "down")).toBe("hanway/v1/t/00db1234567890a2/down/+/+");
    expect(formatFilter(root, "state")).toBe("hanway/v1/t/00db1234567890a2/state");
  });

  it("wildcards and separators are no characters of a tenant or an id", () => {
    for (const char of ["/", "+", "#", "$", " ", "\0", "é", "%"]) {
      expect(isTenant(`a${char}`)).toBe(false);
      expect(isMessageId(`a${char}`)).toBe(false);
    }
  });
});
