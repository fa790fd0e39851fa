import { HanwayError } from "../../base/error.ts";
import { type Eui64, eui64ToBytes } from "../../base/eui64.ts";
import type { ChfIdentity } from "../ports.ts";
import { type DlmsUseCase, done, type ItemOutcome, inOrder } from "../use-case.ts";

type Read = () => Uint8Array | undefined;

/** ECS26i, ECS26n Read CHF Configuration Data Device Information; ECS52 Read Firmware Version. */
export function identityUseCases(self: Eui64, identity: ChfIdentity): DlmsUseCase[] {
  const device = { obis: "0-0:96.1.1.255", read: () => eui64ToBytes(self) };
  const modelType = { obis: "0-0:96.1.4.255", read: () => identity.modelType };
  const manufacturer = { obis: "0-0:96.1.6.255", read: () => identity.manufacturer };
  const firmwareVersion = { obis: "0-0:0.2.1.255", read: () => identity.firmwareVersion };
  return [
    readOctets(0x0092, [device, modelType, manufacturer]),
    readOctets(0x00fa, [modelType, manufacturer]),
    readOctets(0x0059, [firmwareVersion]),
  ];
}

function readOctets(
  messageCode: number,
  objects: readonly { readonly obis: string; readonly read: Read }[],
): DlmsUseCase {
  return {
    messageCodes: [messageCode],
    targets: objects.map(({ obis }) => ({ operation: "get", classId: 1, obis, index: 2 })),
    begin: () => ({
      execute: () => ({
        outcomes: inOrder(
          objects.map(
            ({ read }) =>
              () =>
                octets(read()),
          ),
        ),
        writes: [],
      }),
    }),
  };
}

function octets(value: Uint8Array | undefined): ItemOutcome {
  if (value === undefined) throw new HanwayError("config/missing", "the hub was not told who it is");
  return done({ type: "octet-string", value });
}
