import { existsSync } from 'node:fs';
import { CamflowError } from '@camflow/api';
import { defaultSecurityfsFolder } from '../securityfs/provenance-securityfs.ts';
import type { ProvenanceControl } from './provenance-control.ts';
import { controlFilesIn } from './securityfs/control-files.ts';
import { createSecurityfsControl } from './securityfs/securityfs-control.ts';

/** Which kernel is to be controlled. */
export interface ControlRequest {
  /** Folder that stands in for CamFlow's control files; the back end is theirs then. */
  readonly securityfsFolder?: string | undefined;
  /** Whether to load the BPF programs where they are needed and not loaded. Default false. */
  readonly load?: boolean;
  /** Size of the ring of each CPU where programs are loaded: a power of two. Default 8 MiB. */
  readonly ringBytes?: number;
}

/**
 * Control of the running kernel: a CamFlow kernel through its control files, any other through the BPF programs.
 * @throws CamflowError `SOURCE_UNAVAILABLE` where there is nothing to control
 */
export function openControl(request: ControlRequest = {}): ProvenanceControl {
  const folder = request.securityfsFolder ?? defaultSecurityfsFolder;
  if (existsSync(folder)) return createSecurityfsControl({ files: controlFilesIn(folder) });
  throw new CamflowError('SOURCE_UNAVAILABLE', `${folder} does not exist`, {
    hint: 'Boot a CamFlow kernel.',
  });
}
