import { apiVersion, definePlugin, type PluginContext, type SourceDefinition } from '@camflow/api';
import { chooseBackend } from './choose-backend.ts';
import { type KernelOptions, kernelOptions } from './kernel-options.ts';

const sourceKernel: SourceDefinition<KernelOptions> = definePlugin({
  kind: 'source',
  name: 'kernel',
  summary: 'The running kernel: BPF programs on any recent one, or the relay files of a CamFlow kernel.',
  apiVersion,
  options: kernelOptions,
  create: (options: KernelOptions, context: PluginContext) => chooseBackend(options, context),
});

export default sourceKernel;
