import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fromHex } from "../../src/base/bytes.ts";
import { readAddress } from "../../src/gbcs/address.ts";
import { judgeDownlink, judgeFromHan } from "../../src/router/judge.ts";
import { describeShared } from "../shared-data.ts";

describeShared("router: published messages", "rtds.jsonl", (path) => {
  const messages = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => fromHex(JSON.parse(line).hex));

  it("every Command goes to its target, every Response and Alert to the WAN, HAN-only messages nowhere else", () => {
    const counts = { down: 0, hanOnly: 0, up: 0 };
    for (const message of messages) {
      const address = readAddress(message);
      if ("refused" in address) throw new Error(`not read: ${address.field}`);
      const hanOnly = address.messageCode === 0x009b || address.messageCode === 0x0090;
      if (address.cra === 1) {
        const verdict = judgeDownlink(address.target, message);
        expect(verdict).toMatchObject(
          hanOnly ? { reason: "han-only" } : { address: { target: address.target } },
        );
      } else {
        const verdict = judgeFromHan(address.originator, message);
        expect(verdict.to).toBe(hanOnly ? "han" : "wan");
      }
      counts[hanOnly ? "hanOnly" : address.cra === 1 ? "down" : "up"] += 1;
    }
    expect(counts.down).toBeGreaterThan(300);
    expect(counts.up).toBeGreaterThan(300);
    expect(counts.hanOnly).toBeGreaterThan(0);
  });
});
