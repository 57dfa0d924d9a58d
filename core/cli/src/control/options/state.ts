import { policyJson, stateJson } from '@camflow/kernel';
import type { OutputLosses } from '@camflow/runtime';
import { version } from '../../version.ts';
import { type ControlOption, done, option } from '../control-option.ts';
import { configurationText } from '../text/configuration-text.ts';
import { hashText, stateText } from '../text/state-text.ts';

/** Options that show the state of capture as a whole. */
export const stateOptions: readonly ControlOption[] = [
  option('State', '-v', 'version.', [], ({ control }) => {
    const captures = control.recording.version();
    const kernel = control.backend === 'securityfs' ? 'https://github.com/camflow/camflow-dev/commit/' : '';
    return {
      text: [`CamFlow ${captures.version}`, `${kernel}${captures.commit}`, '', `camflow ${version}`, ''].join(
        '\n',
      ),
      json: { backend: control.backend, kernel: captures, camflow: version },
    };
  }),
  option('State', '-s', 'print provenance capture state.', [], ({ control, accounts }) => {
    const policy = control.policy.read();
    const state = {
      machineId: control.recording.machineId(),
      policy,
      policyHash: control.policy.hash(),
      captured: control.switches.captured(),
      hasIpv6: control.backend === 'bpf',
    };
    return { text: stateText(state, accounts), json: stateJson(control, accounts) };
  }),
  option(
    'State',
    '-c',
    'print out current configuration (can copy content in /etc/camflow.ini).',
    [],
    ({ control, accounts }) => {
      const policy = control.policy.read();
      return { text: configurationText(policy, accounts), json: policyJson(policy, accounts) };
    },
  ),
  option('State', '-p', 'print the policy hash.', [], ({ control }) => {
    const policyHash = hashText(control.policy.hash());
    return { text: policyHash, json: { policyHash } };
  }),
  option('State', '--drop', 'display information about dropped graph elements.', [], (context) => {
    const drops = context.control.recording.drops();
    // What the kernel had no room for, as CamFlow has it; then what was lost behind it.
    const line = (output: string, cause: string, count: number | string): string =>
      `Records lost by ${output}, ${cause}: \t\t${count}`;
    const lost = [...context.lostBy].flatMap(([output, { records, unknownGaps }]) => [
      ...Object.entries(records).map(([cause, count]) => line(output, cause, count)),
      ...Object.entries(unknownGaps).map(([cause, gaps]) => line(output, cause, `unknown, ${gaps} times`)),
    ]);
    const by = (part: keyof OutputLosses): object =>
      Object.fromEntries([...context.lostBy].map(([output, losses]) => [output, losses[part]]));
    return {
      text: [`Graph elements dropped: \t\t${drops.total}`, ...lost].join('\n'),
      json: { ...drops, outputs: by('records'), gapsOfUnknownSize: by('unknownGaps') },
    };
  }),
  option('State', '--change-epoch', 'change epoch.', [], ({ control }) => {
    control.recording.changeEpoch();
    return done('--change-epoch', {});
  }),
];
