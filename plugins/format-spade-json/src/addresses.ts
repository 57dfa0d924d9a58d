import type { AddressAttributes } from '@camflow/format-compiler';

const unresolved = 'could not resolve';

/** CamFlow's attributes. SPADE overwrites `type` with its own on import. */
export const camflowAddress: AddressAttributes = {
  kind: 'address',
  keys: ['type', 'host', 'service', 'path', 'error'],
  about: 'the socket address',
  entries: (address) => {
    switch (address.family) {
      case 'AF_UNIX':
        return [['type', address.family], ...(address.path === '' ? [] : [['path', address.path] as const])];
      case 'other':
        return [
          ['type', address.name === String(address.number) ? address.number : address.name],
          ['host', unresolved],
          ['service', unresolved],
          ['error', 'ai_family not supported'],
        ];
      default:
        return [
          ['type', address.family],
          ['host', address.host],
          ['service', address.service],
        ];
    }
  },
};

/** The default attributes: the family keeps out of the way of SPADE's own `type`, nothing is lost. */
export const address: AddressAttributes = {
  kind: 'address',
  keys: ['address_family', 'host', 'service', 'path', 'address_bytes'],
  about: 'the socket address: `@name` as path for an abstract socket; otherwise its bytes, hexadecimal',
  entries: (address) => {
    switch (address.family) {
      case 'AF_UNIX':
        return [
          ['address_family', address.family],
          ['path', address.abstract === undefined ? address.path : `@${address.abstract}`],
        ];
      case 'other':
        return [
          ['address_family', address.name],
          ['address_bytes', Buffer.from(address.bytes).toString('hex')],
        ];
      default:
        return [
          ['address_family', address.family],
          ['host', address.host],
          ['service', address.service],
        ];
    }
  },
};
