import { HanwayError } from "../base/error.ts";

// Names of places are put together only once something is wrong, because most frames are right.

function at(error: HanwayError, field: string): HanwayError {
  return new HanwayError(error.code, error.detail, {
    field,
    ...(error.offset === undefined ? {} : { offset: error.offset }),
  });
}

/** The same error with the place of the structure around it in front of its field. */
export function inside(error: unknown, place: string): unknown {
  if (!(error instanceof HanwayError)) return error;
  return at(error, error.field === undefined ? place : `${place}.${error.field}`);
}

/** The same error, which names the field `name` or something in it, for the element `index` of `name`. */
export function indexed(error: unknown, name: string, index: number): unknown {
  if (!(error instanceof HanwayError)) return error;
  const rest = error.field?.startsWith(name) ? error.field.slice(name.length) : "";
  return at(error, `${name}[${index}]${rest}`);
}
