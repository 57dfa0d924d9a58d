import { firstExtensionBit, type RecordType } from '@camflow/api';

/**
 * How attributes are written: `camflow` in exactly the forms of CamFlow 0.9, `default` in forms that are alike
 * throughout and valid for what reads them. Both are free of CamFlow's defects.
 */
export type Dialect = 'default' | 'camflow';

/** Whether a dialect has words for a type of record: CamFlow's has none for types of the extension range. */
export function isExpressible(type: RecordType, dialect: Dialect): boolean {
  const extensionBits = (type.code & 0xffff_ffff_ffffn) >> BigInt(firstExtensionBit);
  return dialect === 'default' || extensionBits === 0n;
}
