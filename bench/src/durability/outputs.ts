import path from 'node:path';
import { Broker } from '@camflow/tests';
import { startReader } from './reader.ts';

/** An output whose other end is there. */
export interface ReadyOutput {
  /** Options of the recorder, as for `--set`. */
  readonly settings: readonly string[];
  /** Ends whatever is at the other end. */
  stop(): Promise<void>;
}

/** What is measured with a spool and without. */
export interface MeasuredOutput {
  readonly title: string;
  /** Sections of the outputs: each is spooled, or none. */
  readonly sections: readonly string[];
  /**
   * Whether the output does nothing with the bytes of units, so that writing each of them to a spool first
   * (`spool_delay_ms=0`) cannot be a small part of the cost.
   */
  readonly doesNothing?: true;
  /** Whether one of them stalls: all that it is given goes to the disk and back, which without a spool nothing does. */
  readonly stalls?: true;
  /** Sees to the other end. @param folder - where files, pipes and sockets go */
  start(folder: string): Promise<ReadyOutput>;
}

/** How long the slow reader does not read, in milliseconds: longer than all records take to the other output. */
export const stallMs = 2500;

const log = (folder: string, sync: 'none' | 'batch'): string[] => [
  `log.path=${path.join(folder, 'log')}`,
  `log.sync=${sync}`,
];
const socket = (address: string): string[] => [
  `unix_socket.address=${address}`,
  'unix_socket.type=stream',
  'unix_socket.ack=true',
];
const nobody = async (): Promise<void> => {};

/** The rows of the table. */
export const measuredOutputs: readonly MeasuredOutput[] = [
  {
    title: 'null',
    sections: ['null'],
    doesNothing: true,
    start: async () => ({ settings: [], stop: nobody }),
  },
  ...(['none', 'batch'] as const).map(
    (sync): MeasuredOutput => ({
      title: `log, sync=${sync}`,
      sections: ['log'],
      start: async (folder) => ({ settings: log(folder, sync), stop: nobody }),
    }),
  ),
  {
    title: 'mqtt, qos=1',
    sections: ['mqtt'],
    start: async (folder) => {
      const broker = await Broker.start(folder, 1, 'discard');
      const address = `mqtt.address=127.0.0.1:${broker.port}`;
      return { settings: [address, 'mqtt.qos=1', 'mqtt.payload=json'], stop: () => broker.kill() };
    },
  },
  {
    title: 'unix_socket, ack=true',
    sections: ['unix_socket'],
    start: async (folder) => {
      const address = path.join(folder, 'socket');
      return { settings: socket(address), stop: await startReader('socket', address) };
    },
  },
  {
    title: 'fifo',
    sections: ['fifo'],
    start: async (folder) => {
      const pipe = path.join(folder, 'fifo');
      return { settings: [`fifo.path=${pipe}`], stop: await startReader('fifo', pipe) };
    },
  },
  {
    title: 'log, beside unix_socket that stalls',
    sections: ['log', 'unix_socket'],
    stalls: true,
    start: async (folder) => {
      const address = path.join(folder, 'slow-socket');
      return {
        settings: [...log(folder, 'none'), ...socket(address)],
        stop: await startReader('socket', address, stallMs),
      };
    },
  },
];
