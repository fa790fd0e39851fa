/**
 * Takes octets out of a driver message: a run of more than 16 hex digits (an EUI-64 has 16, a key 32, a payload
 * any number), everything after `messageContents=` or `payload=`, and arrays of numbers as JSON writes a Buffer.
 */
export function redact(message: string): string {
  return message
    .replace(/\b(messageContents|payload|data)=[0-9a-fA-F]+/g, (_, name: string) => `${name}=<octets>`)
    .replace(/(?<![0-9a-fA-F])(?:0x)?[0-9a-fA-F]{17,}/g, "<octets>")
    .replace(/"data":\[[\d,\s]*\]/g, '"data":"<octets>"')
    .replace(/"(networkKey|preconfiguredKey|key|contents)":\[[\d,\s]*\]/g, '"$1":"<octets>"');
}
