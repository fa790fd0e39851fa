import { fromHex, toHex } from "../../../base/bytes.ts";
import { commands } from "../../ezsp/commands.ts";
import { EzspStatus, Status } from "../../ezsp/status.ts";
import { getConfiguration, setConfiguration } from "../configuration.ts";
import { type Handler, type NcpCore, on } from "../core.ts";
import { setPolicy } from "../policies.ts";
import { stackVersionWord } from "../profile.ts";
import { getExtendedValue, getValue, setValue } from "../values.ts";

const STACK_TYPE_MESH = 2;
const OK = { status: EzspStatus.SUCCESS };

/** LibraryId (UG100): which parts of the stack a stock image has; the rest are stubs, CBKE and ECC among them. */
const LIBRARIES: Readonly<Record<number, number>> = {
  0: 0x81, // Zigbee PRO with router
  1: 0x80, // binding
  3: 0x81, // security core with router
  4: 0x80, // link keys
  10: 0x81, // packet validation
  11: 0x80, // install codes
  16: 0x80, // NCP
};
const LIBRARY_COUNT = 0x15;

const MfgToken = { STRING: 1, BOARD_NAME: 2 } as const;
/** Lengths of the manufacturing tokens that can be read (UG100, getMfgToken). */
const MFG_TOKEN_LENGTHS: Readonly<Record<number, number>> = {
  0: 2,
  1: 16,
  2: 16,
  3: 2,
  4: 2,
  6: 40,
  9: 92,
  10: 20,
  12: 8,
  13: 2,
};

/** Text first, the rest unprogrammed flash; a text that fills the token has no end mark. */
function programmed(text: string, length: number): Uint8Array {
  const out = new Uint8Array(length).fill(0xff);
  out.set(Buffer.from(text, "latin1").subarray(0, length));
  return out;
}

function mfgToken(tokenId: number, ncp: NcpCore): Uint8Array {
  const stored = ncp.flash.mfgTokens[String(tokenId)];
  if (stored !== undefined) return fromHex(stored);
  const length = MFG_TOKEN_LENGTHS[tokenId] ?? 0;
  if (tokenId === MfgToken.STRING) return programmed(ncp.profile.manufacturer, length);
  if (tokenId === MfgToken.BOARD_NAME) return programmed(ncp.profile.board, length);
  return new Uint8Array(length).fill(0xff);
}

export const generalHandlers: readonly Handler[] = [
  on(commands.version, (_request, ncp) => {
    ncp.ram.negotiated = true;
    return {
      protocolVersion: ncp.profile.ezsp,
      stackType: STACK_TYPE_MESH,
      stackVersion: stackVersionWord(ncp.profile),
    };
  }),
  on(commands.nop, () => ({})),
  on(commands.echo, ({ data }) => ({ data })),
  on(commands.getLibraryStatus, ({ libraryId }) => ({
    status: libraryId < LIBRARY_COUNT ? (LIBRARIES[libraryId] ?? 0) : 0xff,
  })),
  on(commands.getConfigurationValue, ({ configId }, ncp) => getConfiguration(configId, ncp)),
  on(commands.setConfigurationValue, ({ configId, value }, ncp) => ({
    status: setConfiguration(configId, value, ncp),
  })),
  on(commands.setPolicy, ({ policyId, decisionId }, ncp) => ({
    status: setPolicy(policyId, decisionId, ncp),
  })),
  on(commands.getPolicy, ({ policyId }, ncp) => {
    const decisionId = ncp.ram.policies.get(policyId);
    return decisionId === undefined
      ? { status: EzspStatus.INVALID_ID, decisionId: 0 }
      : { status: EzspStatus.SUCCESS, decisionId };
  }),
  on(commands.getValue, ({ valueId }, ncp) => getValue(valueId, ncp)),
  on(commands.setValue, ({ valueId, value }, ncp) => ({ status: setValue(valueId, value, ncp) })),
  on(commands.getExtendedValue, ({ valueId, characteristics }, ncp) =>
    getExtendedValue(valueId, characteristics, ncp),
  ),
  on(commands.addEndpoint, ({ endpoint, profileId, deviceId, deviceVersion, clusters }, ncp) => {
    const { ram, stack } = ncp;
    if (ram.state !== "down") return { status: EzspStatus.INVALID_CALL };
    if (endpoint === 0 || endpoint > 254 || ram.endpoints.some((each) => each.endpoint === endpoint))
      return { status: EzspStatus.INVALID_VALUE };
    ram.endpoints.push({
      endpoint,
      profile: profileId,
      deviceId,
      deviceVersion,
      inputClusters: clusters.input,
      outputClusters: clusters.output,
    });
    ram.endpointFlags.set(endpoint, 1);
    stack.setEndpoints([...ram.endpoints]);
    return OK;
  }),
  on(commands.setManufacturerCode, ({ code }, ncp) => {
    ncp.ram.manufacturerCode = code;
    ncp.stack.setManufacturerCode(code);
    return {};
  }),
  on(commands.getManufacturerCode, (_request, ncp) => ({ code: ncp.ram.manufacturerCode ?? 0x1049 })),
  on(commands.setPowerDescriptor, () => ({ status: Status.OK })),
  on(commands.setPassiveAckConfig, () => ({ status: Status.OK })),
  on(commands.getEui64, (_request, ncp) => ({ eui64: ncp.stack.eui64 })),
  on(commands.getNodeId, (_request, ncp) => ({ nodeId: ncp.ram.state === "up" ? 0x0000 : 0xfffe })),
  on(commands.getPhyInterfaceCount, () => ({ count: 1 })),
  on(commands.getTrueRandomEntropySource, () => ({ source: 1 })),
  on(commands.getRandomNumber, (_request, ncp) => ({ status: Status.OK, value: ncp.random.below(0x10000) })),
  on(commands.getToken, ({ tokenId }, ncp) =>
    tokenId < 8
      ? { status: Status.OK, data: fromHex(ncp.flash.tokens[String(tokenId)] ?? "00".repeat(8)) }
      : { status: Status.INVALID_PARAMETER, data: new Uint8Array(8) },
  ),
  on(commands.setToken, ({ tokenId, data }, ncp) => {
    if (tokenId >= 8) return { status: Status.INVALID_PARAMETER };
    ncp.flash.tokens[String(tokenId)] = toHex(data);
    ncp.flashChanged();
    return { status: Status.OK };
  }),
  on(commands.getMfgToken, ({ tokenId }, ncp) => ({ data: mfgToken(tokenId, ncp) })),
  // Manufacturing tokens can be written once: a stick that left the factory refuses.
  on(commands.setMfgToken, () => ({ status: Status.INVALID_STATE })),
  on(commands.readCounters, (_request, ncp) => ({ values: [...ncp.ram.counters] })),
  on(commands.readAndClearCounters, (_request, ncp) => {
    const values = [...ncp.ram.counters];
    ncp.ram.counters.fill(0);
    return { values };
  }),
  on(commands.getStandaloneBootloaderVersion, () => ({
    bootloaderVersion: 0x2101,
    platform: 4,
    micro: 0x18,
    phy: 0x0f,
  })),
];
