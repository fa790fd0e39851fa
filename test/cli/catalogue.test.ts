import { describe, expect, it } from "vitest";
import { hanway } from "./streams.ts";

async function found(args: string[]): Promise<string[]> {
  const { out } = await hanway(["catalogue", "--json", ...args]);
  const { useCases }: { useCases: { code: string }[] } = JSON.parse(out);
  return useCases.map(({ code }) => code);
}

describe("hanway catalogue", () => {
  it("finds by words, in titles and in the names of service requests", async () => {
    expect(await found(["top", "up"])).toEqual(expect.arrayContaining(["CS01a", "CS01b"]));
    expect(await found(["disable", "supply"])).toEqual(expect.arrayContaining(["ECS43", "GCS32"]));
  });

  it("finds by code, message code, service reference and device", async () => {
    expect(await found(["ecs17b"])).toEqual(["ECS17b"]);
    expect(await found(["0x0027"])).toEqual(["ECS17b"]);
    expect(await found(["4.1.1"])).toEqual(["ECS17b", "GCS13a"]);
    expect(await found(["4.1.1", "--device", "gpf"])).toEqual(["GCS13a"]);
  });

  it("shows the values a use case takes, by names that send takes", async () => {
    const { out, code } = await hanway(["catalogue", "CCS01"]);
    expect(code).toBe(0);
    for (const name of ["ieee_address", "key", "device_type", "join_timeout"])
      expect(out).toContain(`--set ${name}`);
    expect((await hanway(["catalogue", "CS01a"])).out).toContain("--set utrn");
  });

  it("ends with 1 where nothing fits, with 2 where it is called wrong", async () => {
    expect((await hanway(["catalogue", "perpetuum", "mobile"])).code).toBe(1);
    expect((await hanway(["catalogue", "--device", "toaster"])).code).toBe(2);
  });

  it("lists everything there is", async () => {
    expect((await found([])).length).toBeGreaterThan(200);
  });
});
