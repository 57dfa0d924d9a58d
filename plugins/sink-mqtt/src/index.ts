import { apiVersion, definePlugin, type SinkDefinition } from '@camflow/api';
import { MqttSink } from './mqtt-sink.ts';
import { type MqttOptions, mqttOptions } from './options.ts';

export type { BrokerAddress } from './address.ts';
export type { MqttOptions, PayloadForm } from './options.ts';

/** `output=mqtt`: publishes units to a broker. */
const sinkMqtt: SinkDefinition<MqttOptions> = definePlugin({
  kind: 'sink',
  name: 'mqtt',
  summary: 'Publishes every unit to an MQTT broker.',
  apiVersion,
  options: mqttOptions,
  create: (options, context) => new MqttSink(options, context),
});

export default sinkMqtt;
