import type { AddressAttributes, SocketAddress } from '@camflow/format-compiler';

const unresolved = 'could not resolve';
const notSupported = 'ai_family not supported';

/** CamFlow's form: one nested object, which is no PROV-JSON. */
export const camflowAddress: AddressAttributes = {
  kind: 'address',
  keys: ['cf:address', 'prov:label'],
  about: 'the socket address: family, host and service, or path',
  entries: (address) => [
    ['cf:address', camflowObject(address)],
    ['prov:label', camflowLabel(address)],
  ],
};

function camflowObject(address: SocketAddress): { readonly [key: string]: string | number } {
  switch (address.family) {
    case 'AF_UNIX':
      return { type: address.family, path: address.path };
    case 'other': {
      const type = address.name === String(address.number) ? address.number : address.name;
      return { type, host: unresolved, service: unresolved, error: notSupported };
    }
    default:
      return { type: address.family, host: address.host, service: address.service };
  }
}

const labelFamilies: Readonly<Record<string, string>> = { AF_INET: 'IPV4', AF_INET6: 'IPV6' };

function camflowLabel(address: SocketAddress): string {
  switch (address.family) {
    case 'AF_UNIX':
      return `[address] UNIX ${address.path}`;
    case 'other':
      return `[address] ${labelFamilies[address.name] ?? address.number} ${unresolved} (${notSupported})`;
    default:
      return `[address] ${labelFamilies[address.family]} ${address.host} (${address.service})`;
  }
}

/** Attributes of plain literals: the address as one would write it, and its parts. */
export const address: AddressAttributes = {
  kind: 'address',
  keys: [
    'cf:address',
    'cf:address_family',
    'cf:address_host',
    'cf:address_service',
    'cf:address_path',
    'prov:label',
  ],
  about:
    'the socket address: `host:port`, a path, `@name` for an abstract socket; otherwise its bytes, hexadecimal',
  entries: (socket) => {
    switch (socket.family) {
      case 'AF_UNIX': {
        const path = socket.abstract === undefined ? socket.path : `@${socket.abstract}`;
        return [
          ['cf:address', path],
          ['cf:address_family', socket.family],
          ['cf:address_path', path],
          ['prov:label', `[address] UNIX ${path}`],
        ];
      }
      case 'other': {
        const bytes = Buffer.from(socket.bytes).toString('hex');
        return [
          ['cf:address', bytes],
          ['cf:address_family', socket.name],
          ['prov:label', `[address] ${labelFamilies[socket.name] ?? socket.name} ${bytes}`],
        ];
      }
      default: {
        const host = socket.family === 'AF_INET6' ? `[${socket.host}]` : socket.host;
        return [
          ['cf:address', `${host}:${socket.service}`],
          ['cf:address_family', socket.family],
          ['cf:address_host', socket.host],
          ['cf:address_service', socket.service],
          ['prov:label', `[address] ${labelFamilies[socket.family]} ${socket.host} (${socket.service})`],
        ];
      }
    }
  },
};
