import { Eui64 } from "../../src/base/eui64.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { checkCertificate } from "../../src/cbke/check-certificate.ts";
import { SoftwareCbkeEngine } from "../../src/cbke/software-engine.ts";
import { SUITE_1, SUITE_2, type Suite } from "../../src/cbke/suite.ts";
import { TestAuthority } from "../../src/cbke/test-authority.ts";
import { type Figure, median, round } from "../figure.ts";

const RUNS = 100;
const WARM_UP = 20;

/** Milliseconds of one side of an exchange: certificate check, ephemeral key, ECQV, ECMQV, key derivation, both proofs. */
async function oneSide(suite: Suite): Promise<{ first: number; warm: number; field: number }> {
  const random = new SeededRandom(suite.bit);
  const authority = new TestAuthority(suite.bit, Eui64("7465737463610001"), random);
  const issuers = [authority.trusted()];
  const engines = [Eui64("00db1234567890a0"), Eui64("00db1234567890a2")].map(
    (subject) => new SoftwareCbkeEngine(subject, [authority.issue(subject)], random),
  );
  const [own, partner] = engines;
  if (own === undefined || partner === undefined) throw new Error("two engines");
  const samples: number[] = [];
  for (let i = 0; i < WARM_UP + RUNS; i++) {
    const theirs = await partner.begin(suite.bit);
    const start = performance.now();
    const certificate = checkCertificate(
      suite,
      partner.certificate(suite.bit),
      partner.eui64,
      issuers,
      undefined,
    );
    if ("status" in certificate) throw new Error(certificate.reason);
    const session = await own.begin(suite.bit);
    await session.calculateSmacs("responder", { certificate, ephemeral: theirs.ephemeral });
    await session.finish(true);
    samples.push(performance.now() - start);
  }
  return {
    first: samples[0] ?? Number.NaN,
    warm: median(samples.slice(WARM_UP)),
    field: microsecondsPerProduct(suite),
  };
}

function microsecondsPerProduct({ curve }: Suite): number {
  const { x, y } = curve.generator;
  const out = curve.field.zero();
  const samples: number[] = [];
  for (let i = 0; i < 60; i++) {
    const start = performance.now();
    for (let k = 0; k < 2_000; k++) curve.field.multiply(x, y, out);
    samples.push((performance.now() - start) / 2);
  }
  return median(samples.slice(20));
}

export async function bench(print: (figure: Figure) => void): Promise<void> {
  for (const [name, suite, reach] of [
    ["suite 1", SUITE_1, undefined],
    ["suite 2", SUITE_2, 10],
  ] as const) {
    const { first, warm, field } = await oneSide(suite);
    print({
      figure: `one side of key establishment, ${name}, warm`,
      value: round(warm),
      unit: "ms",
      better: "less",
      ...(reach === undefined ? {} : { reach }),
    });
    print({
      figure: `one side of key establishment, ${name}, first`,
      value: round(first),
      unit: "ms",
      better: "less",
    });
    print({
      figure: `field product, ${suite.curve.name}`,
      value: round(field),
      unit: "us",
      better: "less",
    });
  }
}
