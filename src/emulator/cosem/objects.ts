import { HanwayError } from "../../base/error.ts";
import {
  type AccessRequest,
  type AccessResponse,
  type AccessSpecification,
  type Data,
  HARDWARE_FAULT,
  OBJECT_UNDEFINED,
  OTHER_REASON,
  SUCCESS,
} from "../../gbcs/dlms/index.ts";
import { askedName, type CosemName, type CosemTable } from "./table.ts";

const TYPE_UNMATCHED = 12;
const READ_WRITE_DENIED = 3;

/** What one item comes to: a result code of DLMS, and data where there are any. */
export interface ItemResult {
  readonly result: number;
  readonly data?: Data;
}

/** The times that an item asks for; undefined for all of a log. Selection parameters or class 30 restrictions. */
export type Selection = Data | undefined;

export type Reader = (selection: Selection) => Data;
export type Method = (argument: Data) => ItemResult;
/** Told of a value that was written, after it was. */
export type Written = (value: Data) => void;

const NULL: Data = { type: "null" };

/**
 * The COSEM objects of a device: the attributes of a table with their values, some of which are computed when they are
 * read, and the methods that the device has behaviour for.
 */
export class CosemObjects {
  readonly #values: Map<CosemName, Data>;
  readonly #writable: ReadonlySet<CosemName>;
  readonly #readers = new Map<CosemName, Reader>();
  readonly #methods = new Map<CosemName, Method>();
  readonly #written = new Map<CosemName, Written[]>();

  constructor(table: CosemTable) {
    this.#values = new Map(table.attributes);
    this.#writable = table.writable;
  }

  /** From now on the attribute is computed whenever it is read. */
  compute(name: CosemName, reader: Reader): void {
    this.#readers.set(name, reader);
  }

  method(name: CosemName, method: Method): void {
    this.#methods.set(name, method);
  }

  onWrite(name: CosemName, written: Written): void {
    this.#written.set(name, [...(this.#written.get(name) ?? []), written]);
  }

  /** The attribute's value; undefined where the device has none of that name. */
  value(name: CosemName, selection?: Selection): Data | undefined {
    return this.#readers.get(name)?.(selection) ?? this.#values.get(name);
  }

  /** Sets a value from inside the device, without asking whether anybody may write it. */
  put(name: CosemName, value: Data): void {
    this.#values.set(name, value);
  }

  /** The names that the table has. */
  names(): IterableIterator<CosemName> {
    return this.#values.keys();
  }

  /** Executes a request, break on error: after the first item that fails, each later one reports other-reason. */
  execute(request: AccessRequest): AccessResponse {
    let failed = false;
    const items = request.specifications.map((asked, i): ItemResult => {
      if (failed) return { result: OTHER_REASON };
      const item = this.#item(asked, request.data[i] ?? NULL);
      failed = item.result !== SUCCESS;
      return item;
    });
    return {
      type: "access-response",
      invokeId: request.invokeId,
      dateTime: new Uint8Array(0),
      data: items.map(({ data }) => data ?? NULL),
      results: request.specifications.map(({ operation }, i) => ({
        operation,
        result: items[i]?.result ?? OTHER_REASON,
      })),
    };
  }

  #item(asked: AccessSpecification, data: Data): ItemResult {
    const name = askedName(asked);
    try {
      switch (asked.operation) {
        case "get":
          return this.#get(name, asked.selection?.parameters);
        case "set":
          return this.#set(name, data);
        case "action":
          return this.#methods.get(name)?.(data) ?? { result: OBJECT_UNDEFINED };
      }
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      return { result: HARDWARE_FAULT };
    }
  }

  #get(name: CosemName, selection: Selection): ItemResult {
    const data = this.value(name, selection);
    return data === undefined ? { result: OBJECT_UNDEFINED } : { result: SUCCESS, data };
  }

  #set(name: CosemName, value: Data): ItemResult {
    const former = this.value(name);
    if (former === undefined) return { result: OBJECT_UNDEFINED };
    if (!this.#writable.has(name)) return { result: READ_WRITE_DENIED };
    if (former.type !== "null" && former.type !== value.type) return { result: TYPE_UNMATCHED };
    this.#values.set(name, value);
    for (const written of this.#written.get(name) ?? []) written(value);
    return { result: SUCCESS };
  }
}
