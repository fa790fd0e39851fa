/** Kinds of HAN device, by the names GBCS and SMETS use (IHD and CAD are both "Type 2"). */
export const DEVICE_TYPES = ["esme", "gsme", "ppmid", "ihd", "hcalcs", "cad", "sapc"] as const;

export type DeviceType = (typeof DEVICE_TYPES)[number];
