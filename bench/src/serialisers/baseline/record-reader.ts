import { decodeText, recordTypeOfCode } from '@camflow/api';

/** Reads fields of records the usual way: by the methods of Buffer. */
export class RecordReader {
  readonly #bytes: Buffer;
  readonly #replace: boolean;

  /** @param replace - whether bytes that are not UTF-8 become U+FFFD, or stay readable by the rule of `decodeText` */
  constructor(memory: Uint8Array, replace: boolean) {
    this.#bytes = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
    this.#replace = replace;
  }

  u8(at: number): number {
    return this.#bytes[at]!;
  }

  u16(at: number): number {
    return this.#bytes.readUInt16LE(at);
  }

  u32(at: number): number {
    return this.#bytes.readUInt32LE(at);
  }

  be16(at: number): number {
    return this.#bytes.readUInt16BE(at);
  }

  be32(at: number): number {
    return this.#bytes.readUInt32BE(at);
  }

  u64(at: number): bigint {
    return this.#bytes.readBigUInt64LE(at);
  }

  i64(at: number): bigint {
    return this.#bytes.readBigInt64LE(at);
  }

  identifier(at: number): string {
    return this.#bytes.toString('base64', at, at + 32);
  }

  uuid(at: number): string {
    const digits = this.#bytes.toString('hex', at, at + 16);
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
  }

  text(at: number, size: number): string {
    const nul = this.#bytes.subarray(at, at + size).indexOf(0);
    return this.decode(this.#bytes.subarray(at, at + (nul < 0 ? size : nul)));
  }

  decode(bytes: Uint8Array): string {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
    return !this.#replace && /[\ufffd\uef80-\uefff]/.test(text) ? decodeText(bytes) : text;
  }

  base64(at: number, size: number, length: bigint): string {
    return this.#bytes.toString('base64', at, at + (length < BigInt(size) ? Number(length) : size));
  }

  bytes(at: number, size: number): Buffer {
    return Buffer.from(this.#bytes.subarray(at, at + size));
  }

  endpoint(address: number, port: number): string {
    const [a, b, c, d] = this.#bytes.subarray(address, address + 4);
    return `${a}.${b}.${c}.${d}:${this.be16(port)}`;
  }

  /** Shortens an address of IPv6 by the URL parser, which knows how to, if not how to write IPv4 inside one. */
  ipv6(at: number): string {
    const groups = Array.from({ length: 8 }, (_, i) => this.be16(at + 2 * i).toString(16));
    const host = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
    const inside = /^::(ffff:)?([0-9a-f]+):([0-9a-f]+)$/.exec(host);
    return inside ? `::${inside[1] ?? ''}${this.bytes(at + 12, 4).join('.')}` : host;
  }

  endpoint6(address: number, port: number): string {
    return `[${this.ipv6(address)}]:${this.be16(port)}`;
  }

  nodeType(at: number): string {
    const code = this.u64(at);
    const type = recordTypeOfCode(code);
    return type?.category === 'node' ? type.name : code.toString(16);
  }
}
