import { CamflowError } from '@camflow/api';
import { type ControlOption, option } from '../control-option.ts';
import { channelName } from '../parameters.ts';

/** Options about how records are handed over. */
export const recordingOptions: readonly ControlOption[] = [
  option(
    'Recording',
    '--channel',
    'make a further channel; with another option: ask or tell that channel.',
    [channelName],
    ({ control }, channel) => {
      // Where it is not there the programs are loaded for it.
      if (!control.recording.isThere()) {
        throw new CamflowError('SOURCE_UNAVAILABLE', `There is no channel ${channel}`);
      }
      return { text: '', json: { channel } };
    },
  ),
];
