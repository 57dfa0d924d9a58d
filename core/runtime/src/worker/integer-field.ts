import type { Field } from '@camflow/api';

/** Reads an integer of up to 64 bits from a record, as unsigned bits. */
export type ReadInteger = (view: DataView, record: number) => bigint;

/** How a field is read for comparison; undefined where it is no integer. */
export function integerReader(field: Field): ReadInteger | undefined {
  const at = field.offset;
  switch (field.type) {
    case 'u8':
      return (view, record) => BigInt(view.getUint8(record + at));
    case 'u16':
      return (view, record) => BigInt(view.getUint16(record + at, true));
    case 'u32':
      return (view, record) => BigInt(view.getUint32(record + at, true));
    case 'u64':
    case 'i64':
      return (view, record) => view.getBigUint64(record + at, true);
    case 'be16':
      return (view, record) => BigInt(view.getUint16(record + at));
    case 'be32':
    case 'ipv4':
      return (view, record) => BigInt(view.getUint32(record + at));
    default:
      return undefined;
  }
}
