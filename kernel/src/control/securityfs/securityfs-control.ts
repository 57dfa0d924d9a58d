import { defaultSecurityfsFolder } from '../../securityfs/provenance-securityfs.ts';
import type { ProvenanceControl } from '../provenance-control.ts';
import { wholePolicy } from '../whole-policy.ts';
import { type ControlFiles, controlFilesIn } from './control-files.ts';
import { SecurityfsDisclosure } from './disclosure.ts';
import { type FileAttribute, fileAttribute, provenanceAttribute } from './file-attribute.ts';
import { SecurityfsFiles } from './files.ts';
import { SecurityfsFilters } from './filters.ts';
import { SecurityfsProcesses } from './processes.ts';
import { SecurityfsRecording } from './recording.ts';
import { refusalsOfCamflow } from './refusals.ts';
import { SecurityfsRules } from './rules.ts';
import { SecurityfsSwitches } from './switches.ts';

/** What the back end works on; the running kernel unless something stands in for it. */
export interface SecurityfsParts {
  readonly files?: ControlFiles;
  readonly attribute?: FileAttribute;
}

/** Control of a CamFlow 0.9 kernel. Nothing is opened: every call opens, uses and closes one file. */
export function createSecurityfsControl(parts: SecurityfsParts = {}): ProvenanceControl {
  const files = parts.files ?? controlFilesIn(defaultSecurityfsFolder);
  const concerns = {
    switches: new SecurityfsSwitches(files),
    filters: new SecurityfsFilters(files),
    rules: new SecurityfsRules(files),
    recording: new SecurityfsRecording(files),
  };
  return {
    backend: 'securityfs',
    ...concerns,
    files: new SecurityfsFiles(parts.attribute ?? fileAttribute(provenanceAttribute)),
    processes: new SecurityfsProcesses(files),
    policy: wholePolicy(concerns),
    disclosure: new SecurityfsDisclosure(files),
    refusals: refusalsOfCamflow,
    close() {},
  };
}
