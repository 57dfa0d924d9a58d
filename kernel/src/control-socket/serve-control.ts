import { CamflowError, type Logger } from '@camflow/api';
import type { Channel } from '../bpf/channel.ts';
import { readSettings } from '../bpf/use-settings.ts';
import { using } from '../bpf/using.ts';
import { type ControlRequest, openControl } from '../control/open-control.ts';
import { stateJson } from '../control/state-json.ts';
import { systemAccounts } from '../libc/accounts.ts';
import { ControlSocket } from './control-socket.ts';
import type { OpenProcess } from './peer-process.ts';
import { type Identity, processActivity } from './process-activity.ts';
import { RecordDiscloser } from './record-discloser.ts';

/** The socket of a recorder that captures by BPF programs. */
export interface ServedControl {
  /** What programs disclosed, as records that wait to be read. */
  readonly disclosed: RecordDiscloser;
  /** Legal twice. */
  close(): Promise<void>;
}

/**
 * Serves programs of any user while the BPF programs of a channel are loaded.
 * @param identity - what the records of this recorder carry
 * @param arrived - called whenever something was disclosed
 * @throws CamflowError where the socket cannot be made
 */
export async function serveControl(
  channel: Channel,
  path: string,
  identity: Identity,
  log: Logger,
  arrived: () => void,
): Promise<ServedControl> {
  const kernel = {
    ...identity,
    epoch: () => epochOf(channel),
    processRecord: (process: OpenProcess) => processActivity(channel, process, identity, epochOf(channel)),
  };
  const disclosed = new RecordDiscloser(kernel, arrived);
  const socket = await ControlSocket.open(
    { state: () => state({ channel }), discloser: disclosed },
    { path, log },
  );
  return { disclosed, close: () => socket.close() };
}

function epochOf(channel: Channel): number {
  return Number(readSettings(channel).epoch);
}

/**
 * Serves programs of any user on a CamFlow kernel: the state, and no disclosure, which there is the kernel's.
 * @param securityfsFolder - its control files
 * @throws CamflowError where the socket cannot be made
 */
export async function serveState(
  path: string,
  securityfsFolder: string,
  log: Logger,
): Promise<{ close(): Promise<void> }> {
  const refuse = (): never => {
    throw new CamflowError('UNSUPPORTED', 'On a CamFlow kernel the recorder takes no disclosures', {
      hint: `Programs write to ${securityfsFolder}/node and relation there, as libprovenance does.`,
    });
  };
  const discloser = { process: refuse, node: refuse, relation: refuse };
  return await ControlSocket.open({ state: () => state({ securityfsFolder }), discloser }, { path, log });
}

function state(request: ControlRequest): unknown {
  return using(openControl(request), (control) => stateJson(control, systemAccounts));
}
