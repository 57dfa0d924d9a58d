import { apiVersion, definePlugin, type PluginContext, type SourceDefinition } from '@camflow/api';
import { type KernelOptions, kernelOptions } from './kernel-options.ts';
import { KernelSource } from './kernel-source.ts';

const sourceKernel: SourceDefinition<KernelOptions> = definePlugin({
  kind: 'source',
  name: 'kernel',
  summary: 'The running kernel: the relay files of CamFlow.',
  apiVersion,
  options: kernelOptions,
  create: (options: KernelOptions, context: PluginContext) => new KernelSource(options, context),
});

export default sourceKernel;
