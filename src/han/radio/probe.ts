import type { Driver } from "./driver.ts";
import { EmberLibraryId, EmberLibraryStatus, EzspConfigId, EzspError, SLStatus } from "./herdsman.ts";
import type { RadioCapabilities } from "./port.ts";

/** Index of the second radio (sub-GHz) in the multi-PHY commands. */
const SECOND_PHY = 1;

/** Asks the firmware what it can do. What it refuses or does not know it cannot do. */
export async function probe(driver: Driver): Promise<RadioCapabilities> {
  const { ezsp } = driver;
  /** A refusal means no; a link that goes down in between means nothing. */
  const asked = async <T>(ask: () => Promise<T>, refused: T): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      if (!driver.closed && (error instanceof EzspError || error instanceof RangeError)) return refused;
      throw error;
    }
  };
  return {
    ezspVersion: driver.ezspVersion,
    firmware: await driver.firmware(),
    keyTableSize: await asked(async () => {
      const [status, size] = await ezsp.ezspGetConfigurationValue(EzspConfigId.KEY_TABLE_SIZE);
      return status === SLStatus.OK ? size : 0;
    }, 0),
    cbke163k1: await asked(async () => present(await ezsp.ezspGetLibraryStatus(EmberLibraryId.CBKE)), false),
    cbke283k1: await asked(
      async () => present(await ezsp.ezspGetLibraryStatus(EmberLibraryId.CBKE_283K1)),
      false,
    ),
    multiPhy: await asked(async () => {
      const [status] = await ezsp.ezspGetRadioParameters(SECOND_PHY);
      return status === SLStatus.OK;
    }, false),
  };
}

function present(status: number): boolean {
  return (
    status !== EmberLibraryStatus.LIBRARY_ERROR && (status & EmberLibraryStatus.LIBRARY_PRESENT_MASK) !== 0
  );
}
