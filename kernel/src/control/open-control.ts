import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { CamflowError } from '@camflow/api';
import { Channel, requireMainChannel } from '../bpf/channel.ts';
import { ensureLoaded } from '../bpf/ensure-loaded.ts';
import { requireMachine } from '../bpf/machine-checks.ts';
import { isCapturePinned } from '../bpf/pin-folder.ts';
import { defaultSecurityfsFolder } from '../securityfs/provenance-securityfs.ts';
import { createBpfControl } from './bpf/bpf-control.ts';
import { createUnloadedControl } from './bpf/unloaded-control.ts';
import type { ProvenanceControl } from './provenance-control.ts';
import { controlFilesIn } from './securityfs/control-files.ts';
import { createSecurityfsControl } from './securityfs/securityfs-control.ts';

/** Which kernel is to be controlled. */
export interface ControlRequest {
  /** Folder that stands in for CamFlow's control files; the back end is theirs then. */
  readonly securityfsFolder?: string | undefined;
  /** Whose programs: `Channel.named('audit')`, which with `load` is made where it is not there. Default: the main ones. */
  readonly channel?: Channel;
  /**
   * Whether to load the BPF programs where they are needed and not loaded, which takes seconds; capture stays disabled.
   * Default false: then there is nothing to change, and what holds after loading is shown.
   */
  readonly load?: boolean;
  /** Size of the ring of each CPU where programs are loaded: a power of two. Default 8 MiB. */
  readonly ringBytes?: number;
}

const bpfFolder = '/sys/fs/bpf';

/**
 * Control of the running kernel: a CamFlow kernel through its control files, any other through the BPF programs.
 * @throws CamflowError `SOURCE_UNAVAILABLE` where this machine cannot capture, `PERMISSION_DENIED`
 */
export function openControl(request: ControlRequest = {}): ProvenanceControl {
  const { securityfsFolder, channel = Channel.main, load = false, ringBytes } = request;
  const folder = securityfsFolder ?? defaultSecurityfsFolder;
  if (existsSync(folder)) {
    requireMainChannel(channel);
    return createSecurityfsControl({ files: controlFilesIn(folder) });
  }
  if (securityfsFolder !== undefined) {
    throw new CamflowError('SOURCE_UNAVAILABLE', `${folder} does not exist`, {
      hint: 'Name a folder that holds the control files of CamFlow.',
    });
  }
  requireAccess(channel);
  if (load) loadWhereNeeded(channel, ringBytes);
  return isCapturePinned(channel) ? createBpfControl(channel) : createUnloadedControl();
}

function loadWhereNeeded(channel: Channel, ringBytes: number | undefined): void {
  if (isCapturePinned(channel)) return;
  requireMachine();
  ensureLoaded(channel, ringBytes);
}

/** Without it nothing could be told from something that is not there. */
function requireAccess({ folder: pinFolder }: Channel): void {
  try {
    for (const folder of [bpfFolder, path.dirname(pinFolder), pinFolder]) {
      if (existsSync(folder)) accessSync(folder, constants.R_OK | constants.X_OK);
    }
  } catch (cause) {
    throw new CamflowError('PERMISSION_DENIED', `May not look into ${bpfFolder}`, {
      cause,
      hint: 'Run as root; programs of other users ask camflowd, with @camflow/disclose.',
    });
  }
}
