import {
  apiVersion,
  CamflowError,
  definePlugin,
  type PolicyDefinition,
  programOf,
  type SourceCapabilities,
} from '@camflow/api';
import type { ControlSettings } from '@camflow/config';
import { type CamflowPolicyOptions, camflowPolicyOptions } from './camflow-policy-options.ts';
import { recordRules } from './record-rules.ts';

export { recordRules } from './record-rules.ts';

const policyCamflow: PolicyDefinition<CamflowPolicyOptions> = definePlugin({
  kind: 'policy',
  name: 'camflow',
  summary: 'The filters of a camflow.ini; what is tracked is for camconfd to tell the kernel.',
  apiVersion,
  options: camflowPolicyOptions,
  create: ({ path, settings }: CamflowPolicyOptions) => ({
    compile: ({ pushDown }: SourceCapabilities) => programOf(recordRules(existing(settings, path)), pushDown),
  }),
});

function existing(settings: ControlSettings | undefined, path: string): ControlSettings {
  if (settings !== undefined) return settings;
  throw new CamflowError('CONFIG_UNREADABLE', `${path} does not exist`, {
    hint: 'Name another file with path in the section of the policy.',
  });
}

export default policyCamflow;
