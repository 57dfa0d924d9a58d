import { CamflowError } from '@camflow/api';
import { type ControlOption, option } from '../control-option.ts';
import { channelName } from '../parameters.ts';

/** Options about how records are handed over. */
export const recordingOptions: readonly ControlOption[] = [
  option('Recording', '--channel', 'make a further channel.', [channelName], ({ control }, name) => {
    throw new CamflowError(
      'UNSUPPORTED',
      control.backend === 'securityfs'
        ? `Channel ${name} cannot be made: CamFlow has had no extra channels since 0.8`
        : `Channel ${name} cannot be made: of each node the BPF programs keep one version and know once what was published of it, for one set of rings`,
      { hint: 'Give camflowd several outputs instead: output=log,mqtt.' },
    );
  }),
];
