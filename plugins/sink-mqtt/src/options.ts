import type { OptionsDefinition } from '@camflow/api';
import * as v from 'valibot';
import { type BrokerAddress, parseBrokerAddress } from './address.ts';

/** How units become the payload of a message: as CamFlow (base64 of a zlib stream), or as they are. */
export type PayloadForm = 'camflow' | 'json';

/** Options of the MQTT output. */
export interface MqttOptions {
  readonly address: BrokerAddress;
  /** Empty for none. */
  readonly username: string;
  /** Empty for none. */
  readonly password: string;
  readonly qos: 0 | 1 | 2;
  /** What stands before the machine identifier in the topic. */
  readonly topic: string;
  readonly payload: PayloadForm;
  /** Size up to which lines are joined into one message, in bytes before compression. */
  readonly maxPayloadBytes: number;
  /** Messages that may wait for their acknowledgement. */
  readonly maxInFlight: number;
  /** Undefined for the machine identifier in decimal. */
  readonly clientId: string | undefined;
  readonly reconnectMs: number;
  /** Paths of PEM files. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Name that the certificate of the broker must bear; undefined for the host of the address. */
  readonly servername: string | undefined;
  readonly rejectUnauthorized: boolean;
  /** Whether messages name their units, in properties of MQTT 5. */
  readonly unitIds: boolean;
}

const integer = (least: number, most: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,10}$/, 'expected a whole number'),
    v.transform(Number),
    v.minValue(least, `expected at least ${least}`),
    v.maxValue(most, `expected at most ${most}`),
  );
const file = v.pipe(v.string(), v.startsWith('/', 'expected an absolute path'));
/** The protocol counts the length of a text in 16 bits. */
const shortText = v.pipe(v.string(), v.maxBytes(60_000, 'is too long'));

const entries = v.object({
  address: v.pipe(
    v.optional(v.string(), 'localhost:1883'),
    v.rawTransform(({ dataset, addIssue, NEVER }): BrokerAddress => {
      const address = parseBrokerAddress(dataset.value);
      if (address) return address;
      addIssue({ message: 'expected host:port, mqtt://host:port or mqtts://host:port, without credentials' });
      return NEVER;
    }),
  ),
  username: v.optional(shortText, ''),
  password: v.optional(shortText, ''),
  qos: v.pipe(
    v.optional(v.picklist(['0', '1', '2'], 'expected 0, 1 or 2'), '2'),
    v.transform((text) => Number(text) as 0 | 1 | 2),
  ),
  topic: v.optional(
    v.pipe(shortText, v.regex(/^[^#+\0]*$/, 'expected a topic without wildcards')),
    'camflow/provenance/',
  ),
  payload: v.optional(v.picklist(['camflow', 'json'], 'expected camflow or json'), 'camflow'),
  max_payload: v.optional(integer(1, 1 << 26), '8192'),
  max_in_flight: v.optional(integer(1, 1000), '16'),
  client_id: v.optional(v.pipe(shortText, v.minLength(1, 'expected a name'))),
  reconnect_ms: v.optional(integer(10, 600_000), '1000'),
  ca: v.optional(file),
  cert: v.optional(file),
  key: v.optional(file),
  servername: v.optional(v.pipe(shortText, v.minLength(1, 'expected a name'))),
  reject_unauthorized: v.pipe(
    v.optional(v.picklist(['true', 'false'], 'expected true or false'), 'true'),
    v.transform((text) => text === 'true'),
  ),
  unit_ids: v.pipe(
    v.optional(v.picklist(['true', 'false'], 'expected true or false'), 'false'),
    v.transform((text) => text === 'true'),
  ),
});

const schema = v.pipe(
  entries,
  v.forward(
    v.check(
      ({ address, ca, cert, key }) => address.tls || (ca ?? cert ?? key) === undefined,
      'is only used with TLS: expected mqtts:// where ca, cert or key is set',
    ),
    ['address'],
  ),
  v.forward(
    v.check(
      ({ cert, key }) => (cert === undefined) === (key === undefined),
      'goes with cert: expected both or none',
    ),
    ['key'],
  ),
  v.forward(
    v.check(
      ({ username, password }) => username !== '' || password === '',
      'goes with a password: expected a name',
    ),
    ['username'],
  ),
  v.transform(
    (text): MqttOptions => ({
      address: text.address,
      username: text.username,
      password: text.password,
      qos: text.qos,
      topic: text.topic,
      payload: text.payload,
      maxPayloadBytes: text.max_payload,
      maxInFlight: text.max_in_flight,
      clientId: text.client_id,
      reconnectMs: text.reconnect_ms,
      ca: text.ca,
      cert: text.cert,
      key: text.key,
      servername: text.servername,
      rejectUnauthorized: text.reject_unauthorized,
      unitIds: text.unit_ids,
    }),
  ),
);

/** The keys of `[mqtt]`. */
export const mqttOptions: OptionsDefinition<MqttOptions> = {
  schema,
  keys: {
    address: {
      summary: 'Broker: host:port, or mqtt://host:port (tcp), or mqtts://host:port (ssl) for TLS.',
      default: 'localhost:1883',
    },
    username: { summary: 'Name to log in with; empty for none.', default: '' },
    password: { summary: 'Password to log in with; empty for none.', default: '', secret: true },
    qos: {
      summary:
        'Quality of service: 0 is handed to the socket and may be lost, 1 and 2 are acknowledged by the broker. The default is that of the configuration file CamFlow comes with.',
      default: '2',
    },
    topic: {
      summary: 'What stands before the machine identifier in the topic; no separator is added.',
      default: 'camflow/provenance/',
    },
    payload: {
      summary: 'Form of the payload: camflow (base64 of a zlib stream) or json (the text as it is).',
      default: 'camflow',
    },
    max_payload: {
      summary: 'Size up to which lines are joined into one message, in bytes before compression.',
      default: '8192',
    },
    max_in_flight: {
      summary: 'Messages that may wait for their acknowledgement at the same time.',
      default: '16',
    },
    client_id: {
      summary:
        'Client identifier; where it is not given, the machine identifier in decimal. A broker allows one client of a name.',
    },
    reconnect_ms: {
      summary: 'Pause before a lost connection is made anew, in milliseconds.',
      default: '1000',
    },
    ca: {
      summary: 'PEM file of the authorities that the broker may be certified by; else those Node brings.',
    },
    cert: { summary: 'PEM file of the certificate to show to the broker.' },
    key: { summary: 'PEM file of the private key of cert.' },
    servername: {
      summary: 'Name that the certificate of the broker must bear; else the host of the address.',
    },
    reject_unauthorized: {
      summary: 'Whether a broker whose certificate cannot be verified is refused (true or false).',
      default: 'true',
    },
    unit_ids: {
      summary:
        'Whether each message has a name that only one of the same units has (`unit`), and says how many it holds (`units`), in user properties, by which repeats can be told: needs a broker of MQTT 5.',
      default: 'false',
    },
  },
};
