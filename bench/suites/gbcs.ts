import { createCipheriv, hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fromHex } from "../../src/base/bytes.ts";
import { decodeMessage } from "../../src/gbcs/message.ts";
import { keystoreAgreement } from "../../src/gbcs/security/recorded.ts";
import { verifyMessage } from "../../src/gbcs/security/verify.ts";
import { goldenKeystore, goldenMessages } from "../../test/gbcs/golden/load.ts";
import { PARTY } from "../../test/gbcs/golden/parties.ts";
import { type Figure, median, round } from "../figure.ts";

const BATCH = 50;
const BATCHES = 300;

/** Median microseconds of one call, over batches after a warm-up. */
function microseconds(run: () => void, batch = BATCH): number {
  for (let i = 0; i < 40 * batch; i++) run();
  const samples: number[] = [];
  for (let i = 0; i < BATCHES; i++) {
    const start = process.hrtime.bigint();
    for (let call = 0; call < batch; call++) run();
    samples.push(Number(process.hrtime.bigint() - start) / 1000 / batch);
  }
  return median(samples);
}

/** The node:crypto calls that one MAC cannot do without: one SHA-256 for the key, one GMAC. */
function bareCrypto(message: Uint8Array): () => void {
  const kdfInput = new Uint8Array(4 + 32 + 33);
  const iv = new Uint8Array(12);
  const authenticated = message.subarray(7, -12);
  return () => {
    const key = hash("sha256", kdfInput, "buffer").subarray(0, 16);
    const cipher = createCipheriv("aes-128-gcm", key, iv, { authTagLength: 12 });
    cipher.setAAD(authenticated);
    cipher.final();
    cipher.getAuthTag();
  };
}

/** The published messages where they are beside the checkout, the golden ones else. */
function decodeSet(): { messages: Uint8Array[]; note: string } {
  const path = new URL("../../../shared/data/rtds.jsonl", import.meta.url);
  if (!existsSync(path)) {
    return { messages: goldenMessages().map(({ message }) => message), note: "golden messages" };
  }
  const lines = readFileSync(path, "utf8").trim().split("\n");
  return { messages: lines.map((line) => fromHex(JSON.parse(line).hex)), note: "published messages" };
}

/** Speed of the message library on one core. */
export async function bench(print: (figure: Figure) => void): Promise<void> {
  const context = {
    keys: keystoreAgreement(goldenKeystore()),
    signatureKeyOf: () => undefined,
    accessControlBroker: PARTY.accessControlBroker,
    factsOf: (messageCode: number) => ({ messageCode, critical: false }),
  };
  const command = goldenMessages().find(({ name }) => name === "CCS02 remove device")?.message;
  if (command === undefined || verifyMessage(command, context).outcome !== "verified") {
    throw new Error("the golden message does not verify");
  }
  const verify = microseconds(() => verifyMessage(command, context));
  const bare = microseconds(bareCrypto(command));
  print({
    figure: "parse and verify of a MAC-only message, warm keys",
    value: round(verify),
    unit: "us",
    reach: 30,
    better: "less",
  });
  print({
    figure: "parse and verify against its node:crypto calls alone",
    value: round(verify / bare),
    unit: "x",
    reach: 2,
    better: "less",
    note: `${round(bare)} us for one SHA-256 and one GMAC`,
  });
  const { messages, note } = decodeSet();
  const each = microseconds(() => {
    for (const message of messages) decodeMessage(message);
  }, 1);
  print({
    figure: "decode of the whole payload tree",
    value: Math.round((messages.length * 1e6) / each),
    unit: "messages/s",
    reach: 50_000,
    better: "more",
    note,
  });
}
