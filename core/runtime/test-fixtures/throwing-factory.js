import { apiVersion, definePlugin } from '@camflow/api';

export default definePlugin({
  kind: 'format',
  name: 'throwing',
  summary: 'Cannot be made',
  apiVersion,
  mediaType: 'text/plain',
  framing: 'lines',
  create: () => {
    throw new Error('the factory was told to throw');
  },
});
