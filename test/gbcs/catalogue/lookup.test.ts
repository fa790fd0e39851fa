import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  alertCodes,
  alertName,
  dlmsTemplate,
  gbzTemplate,
  messageProtection,
  search,
  serviceByVariant,
  useCase,
  useCaseByMessageCode,
  useCases,
  useCasesByCode,
} from "../../../src/gbcs/catalogue/index.ts";
import { describeShared } from "../../shared-data.ts";
import { readVectors } from "../vectors.ts";

describe("use-case catalogue (GBCS section 20)", () => {
  it("finds a use case by message code, and only for its targets", () => {
    expect(useCaseByMessageCode(0x0001)).toMatchObject({ code: "CCS01", targets: ["CHF"], format: "DLMS" });
    expect(useCaseByMessageCode(0x0074, "GPF")?.code).toBe("GCS13a");
    expect(useCaseByMessageCode(0x0074, "CHF")).toBeUndefined();
    expect(useCaseByMessageCode(0x1000, "CHF")?.code).toBe("GCA");
    expect(useCaseByMessageCode(0xfffe)).toBeUndefined();
    expect(useCasesByCode(0x0008).map((one) => one.code)).toEqual(["CS02a"]);
  });

  it("finds a use case by name, whatever its case, and not by a name that several have", () => {
    expect(useCase("ecs17B")?.messageCode).toBe(0x0027);
    expect(useCase("CS02b-wanProviderByWanProvider")?.messageCode).toBe(0x0105);
    expect(useCase("CCS05")?.messageCode).toBe(0x0004);
    expect(useCase("CS02b")).toBeUndefined();
    expect(useCase("toString")).toBeUndefined();
  });

  it("has unique names, and one use case for each message code", () => {
    const codes = useCases().map((one) => one.code);
    expect(new Set(codes).size).toBe(codes.length);
    const numbers = useCases().flatMap((one) => one.messageCode ?? []);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it("is searched by all words, in code, title, message code, service and target", () => {
    expect(search("chf event log").map((one) => one.code)).toEqual(["ECS35c"]);
    expect(search("0x0074").map((one) => one.code)).toEqual(["GCS13a"]);
    expect(search("no such words")).toEqual([]);
  });

  it("has templates only of use cases that it knows", () => {
    expect(dlmsTemplate("CCS02")?.access?.[0]).toMatchObject({
      class: 104,
      obis: "0-0:30.3.0.255",
      index: 2,
    });
    expect(gbzTemplate("GCS13a")?.commands?.[0]).toMatchObject({
      cluster: 0x0702,
      attributes: [770, 769, 768, 0],
    });
    for (const name of ["constructor", "GCS13a", "nothing"]) expect(dlmsTemplate(name)).toBeUndefined();
    for (const name of ["constructor", "CCS02"]) expect(gbzTemplate(name)).toBeUndefined();
  });

  it("names every item of a use case differently", () => {
    for (const { code } of useCases()) {
      const names = (dlmsTemplate(code)?.access ?? []).map((item) => item.name);
      expect(new Set(names).size, code).toBe(names.length);
      expect(
        names.filter((name) => /^\d+\//.test(name)),
        code,
      ).toEqual([]);
    }
  });

  it("knows services and alerts", () => {
    expect(serviceByVariant("8.11")?.useCases).toContain("CCS01");
    expect(alertName(0x8f12)).toBe("CHF device log changed");
    expect(alertName(0x0001)).toBeUndefined();
    expect(alertCodes().length).toBeGreaterThan(60);
  });
});

describe("protection by message code (GBCS message categories)", () => {
  const categories: [codes: number[], command: string, response: string][] = [
    [
      [0x0019, 0x006b, 0x000a, 0x000d, 0x00ab, 0x00af, 0x000f, 0x0012, 0x007f],
      "signature-and-mac",
      "signature",
    ],
    [[0x0001, 0x0074, 0x000e, 0x0010, 0x0013, 0x008c, 0x0129, 0x0090], "mac", "mac"],
    [
      [0x0100, 0x0101, 0x0102, 0x0103, 0x0105, 0x0106, 0x0107, 0x0125, 0x0126],
      "signature-and-mac",
      "signature",
    ],
    [[0x0104], "mac", "signature"],
    [[0x0108, 0x0109], "signature", "signature"],
    [[0x0008, 0x011b], "signature-or-mac", "signature-or-mac"],
  ];
  for (const [codes, command, response] of categories) {
    for (const code of codes) {
      it(`of ${code.toString(16).padStart(4, "0")} is ${command}, of the answer ${response}`, () => {
        expect(messageProtection(code, "COMMAND")).toBe(command);
        expect(messageProtection(code, "RESPONSE")).toBe(response);
      });
    }
  }

  it("of Alerts is the signature when critical and the MAC when not", () => {
    for (const code of [0x00ca, 0x00cb, 0x00cc, 0x00cd, 0x00ce, 0x00cf, 0x0124, 0x0128, 0x012b, 0x1000])
      expect(messageProtection(code, "ALERT"), code.toString(16)).toBe("signature");
    for (const code of [0x0018, 0x00b2, 0x00f0, 0x00f2, 0x0110, 0x0115, 0x1001])
      expect(messageProtection(code, "ALERT"), code.toString(16)).toBe("mac");
  });

  it("of the variant messages is decided by the authorising cell", () => {
    for (const code of [0x0008, 0x011b]) {
      expect(messageProtection(code, "COMMAND", "keyAgreement")).toBe("mac");
      expect(messageProtection(code, "RESPONSE", "digitalSignature")).toBe("signature");
    }
  });

  it("of a code that does not exist is unknown", () => {
    expect(messageProtection(0x0005, "COMMAND")).toBeUndefined();
  });
});

describeShared("catalogue and published messages", "rtds.jsonl", (path) => {
  it("agree on message code, use case, and which protections are there", () => {
    for (const { envelope, name } of readVectors(path)) {
      expect(useCaseByMessageCode(envelope.messageCode), name).toBeDefined();
      if (envelope.kind === "PRECOMMAND") continue;
      const has = [envelope.signature && "signature", envelope.mac && "mac"].filter(Boolean).join("-and-");
      const required = messageProtection(envelope.messageCode, envelope.kind);
      if (required === "signature-or-mac") expect(["signature", "mac"], name).toContain(has);
      else expect(has, name).toBe(required);
    }
  });
});

describeShared("catalogue and the fact tables", "gbcs-use-cases.json", (path) => {
  it("have the same use cases, codes and targets", () => {
    const rows: { code: string; messageCode: number | null; target: string[] | null }[] = JSON.parse(
      readFileSync(path, "utf8"),
    );
    expect(useCases().map((one) => [one.code, one.messageCode, one.targets])).toEqual(
      rows.map((row) => [row.code, row.messageCode, row.target ?? []]),
    );
  });
});
