import { runCamflowd } from './camflowd-program.ts';

process.exitCode = await runCamflowd(process.argv.slice(2));
