import { runCamflow } from './camflow-program.ts';

process.exitCode = await runCamflow(process.argv.slice(2));
