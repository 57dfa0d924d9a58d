/** Where a broker listens. */
export interface BrokerAddress {
  /** Name or IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

const pattern = /^(?:(mqtts?|tcp|ssl|tls):\/\/)?(\[[0-9a-f:.]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?\/?$/i;

/**
 * Reads an address as Paho, and so CamFlow, took it: `host`, `host:port`, or one of these after `mqtt://`,
 * `tcp://`, `mqtts://`, `ssl://` or `tls://`. The port is 1883, with TLS 8883, where none is given.
 *
 * @returns undefined where the text is no such address
 */
export function parseBrokerAddress(text: string): BrokerAddress | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, scheme = 'mqtt', host = '', portText] = match;
  const tls = ['mqtts', 'ssl', 'tls'].includes(scheme.toLowerCase());
  const port = portText === undefined ? (tls ? 8883 : 1883) : Number(portText);
  if (port < 1 || port > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port, tls };
}
