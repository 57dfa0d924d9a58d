import { runCamconfd } from './camconfd-program.ts';

process.exitCode = await runCamconfd(process.argv.slice(2));
